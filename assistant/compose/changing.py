"""What another choice, or another day, would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from assistant.compose.material import Material
from assistant.compose.wording import counted, dated, many, place
from assistant.model import Claim, ClaimKind
from assistant.verify.dates import long_form
from kg_service.applicability.compare import Change, DatedChange
from kg_service.applicability.evaluate import Status
from kg_service.model import DatedBy, Norm

_IN_ONE: Final = 5
GAINED: Final = "Would be added"
LOST: Final = "Would fall away"
OTHER: Final = "Would change otherwise"


def options(material: Material) -> Iterator[Claim]:
    """What the changed facts add, take away, and change otherwise."""
    comparison = material.ground.comparison
    if comparison is None:
        return
    for option in comparison.options:
        parts = (
            (option.gained, "would be added", GAINED),
            (option.lost, "would fall away", LOST),
            (option.changed, "would change", OTHER),
        )
        for changes, word, heading in parts:
            if heading == OTHER:
                changes = tuple(one for one in changes if _matters(one))
            shown = [one.norm for one in changes if material.has(one.norm)]
            if not shown:
                continue
            if heading != OTHER:
                yield material.claim(f"{counted(len(changes), 'provision')} {word}.", shown[:3], ClaimKind.SUMMARY, None)
            for batch in _batches(shown):
                names = "; ".join(f"{place(material.law, norm)} – {norm.title}" for norm in batch)
                before_after = f" ({_way(changes, batch)})" if heading == OTHER and len(batch) == 1 else ""
                yield material.claim(f"{names} {word}{before_after}.", batch, ClaimKind.CHANGE, heading)
        if not (option.gained or option.lost or any(_matters(one) for one in option.changed)):
            same = material.norms(Status.APPLIES)
            if same:
                noun, verb = ("provision", "applies") if len(same) == 1 else ("provisions", "apply")
                text = f"The same {len(same)} {noun} {verb} as of {long_form(material.as_of)}."
                yield material.claim(text, same[:3], ClaimKind.SUMMARY, None)


def days(material: Material) -> Iterator[Claim]:
    """What begins and ends between the two days, by day."""
    difference = material.ground.difference
    if difference is None:
        return
    if not day_changes(material):
        every = [one.norm for one in difference.start.verdicts if one.status is Status.APPLIES]
        same = [norm for norm in every if material.has(norm)]
        if same:
            noun, verb = ("provision", "applies") if len(every) == 1 else ("provisions", "apply")
            days_named = f"{long_form(difference.start.as_of)} and {long_form(difference.end.as_of)}"
            text = f"The same {len(every)} {noun} {verb} as of {days_named}."
            yield material.claim(text, same[:3], ClaimKind.CHANGE, None)
        return
    for changes, word, heading in (
        (difference.begins, "begin", "Begins"),
        (difference.ends, "end", "Ends"),
    ):
        groups: dict[tuple[object, ...], list[tuple[Norm, DatedBy | None]]] = {}
        for one in sorted(changes, key=lambda c: c.cause.day.isoformat() if c.cause else ""):
            if material.has(one.change.norm):
                groups.setdefault((one.cause, one.change.norm.instrument), []).append((one.change.norm, one.cause))
        for group in groups.values():
            for batch in _batches([norm for norm, _ in group]):
                yield _turn(material, batch, group[0][1], word, heading)


def _turn(material: Material, norms: Sequence[Norm], cause: DatedBy | None, word: str, heading: str) -> Claim:
    plural = many(norms)
    day = "" if cause is None else dated(material.law, cause, norms[0].instrument)
    verb = {"begin": "begin to bind on" if plural else "begins to bind on", "end": "end after" if plural else "ends after"}[word]
    names = "; ".join(f"{place(material.law, norm)} – {norm.title}" for norm in norms)
    return material.claim(f"{names} {verb} {day}.", norms, ClaimKind.CHANGE, heading)


def day_changes(material: Material) -> list[DatedChange]:
    difference = material.ground.difference
    return [] if difference is None else [*difference.begins, *difference.ends]


def _matters(change: Change) -> bool:
    """Whether more is known, or less, or something is freed; not a move between two ways of not applying."""
    quiet = {Status.DOES_NOT_APPLY, Status.ENDED, Status.EXEMPT}
    return not {change.before, change.after} <= quiet


def _way(changes: Sequence[Change], batch: Sequence[Norm]) -> str:
    change = next(one for one in changes if one.norm.id == batch[0].id)
    words = {Status.UNDETERMINED: "open", Status.DOES_NOT_APPLY: "ruled out", Status.EXEMPT: "set free", Status.ENDED: "over"}
    return f"{words.get(change.before, change.before)} → {words.get(change.after, change.after)}"


def _batches(norms: Sequence[Norm]) -> Iterator[list[Norm]]:
    by_instrument: dict[str, list[Norm]] = {}
    for norm in norms:
        by_instrument.setdefault(norm.instrument, []).append(norm)
    for group in by_instrument.values():
        for start in range(0, len(group), _IN_ONE):
            yield group[start : start + _IN_ONE]


def beginnings(material: Material, norms: Sequence[Norm]) -> Iterator[Claim]:
    """What is set to begin, for whoever comes under it, by day."""
    groups: dict[tuple[DatedBy, str], list[Norm]] = {}
    for norm in norms:
        if norm.applies_from is not None:
            groups.setdefault((norm.applies_from, norm.instrument), []).append(norm)
    for (day, _), group in sorted(groups.items(), key=lambda pair: pair[0][0].day):
        for batch in _batches(group):
            names = "; ".join(f"{place(material.law, norm)} – {norm.title}" for norm in batch)
            text = f"Where they apply, the first day of {names} is {dated(material.law, day, group[0].instrument)}."
            yield material.claim(
                text, batch, ClaimKind.DATE, f"Begins: {material.law.instruments[group[0].instrument].short_title}"
            )
