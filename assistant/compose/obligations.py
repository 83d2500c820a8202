"""What applies and will apply: the most important first and in full, the rest by decision, each with its day and pinpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from assistant.compose import reasons
from assistant.compose.material import Material
from assistant.compose.wording import DECISIONS, counted, dated, doubt, ended, kind, listed, many, place, verdict
from assistant.model import Claim, ClaimKind, PassageKind
from assistant.verify.dates import long_form
from kg_service.applicability.evaluate import Status
from kg_service.applicability.hinges import Hinge
from kg_service.model import FactId, Norm, NormKind, TermId

_SEAT: Final = FactId("established_in")
_PLACES: Final = (_SEAT, FactId("persons_in"), FactId("marketed_in"))
IN_FULL: Final = 14  # up to so many obligations each stands in its own sentence
FIRST: Final = 6  # of more: so many in full, before the lists
IN_ONE: Final = 6  # provisions in one sentence of a list
HANGING: Final = 3  # provisions named of those that hang on one open conclusion
OPEN: Final = 4  # provisions named beside a missing fact
IMPORTANT: Final = "What matters most"
FREED: Final = "Exempt"
OPEN_HEAD: Final = "Cannot be told yet"


def obligations(material: Material) -> Iterator[Claim]:
    """All norms at hand that apply or will."""
    found = material.norms(Status.APPLIES, Status.UPCOMING)
    if not found:
        return
    yield from summary(material)
    yield from hinging(material)
    if len(found) <= IN_FULL:
        for norm in sorted(found, key=_decision):
            yield full(material, norm, DECISIONS.get(_decision(norm)))
        return
    first = found[:FIRST]
    for norm in first:
        yield full(material, norm, IMPORTANT)
    rest = found[FIRST:]
    for number in sorted({_decision(norm) for norm in rest}):
        yield from _listed(material, [norm for norm in rest if _decision(norm) == number], DECISIONS.get(number))


def summary(material: Material) -> Iterator[Claim]:
    """How many provisions apply and will, of what is at hand, with the first of them."""
    everything = material.ground.assessment.verdicts
    now, later = material.norms(Status.APPLIES), material.norms(Status.UPCOMING)
    day = long_form(material.as_of)
    if now:
        scope = _scope(material, now, sum(1 for v in everything if v.status is Status.APPLIES))
        verb = "applies" if len(now) == 1 else "apply"
        text = f"{counted(len(now), 'provision')}{scope} {verb} to what you described as of {day}."
        yield _about(material, text, now)
        banned = [norm for norm in now if norm.kind is NormKind.PROHIBITION]
        if banned and len(now) > IN_FULL:
            verb = "applies" if len(banned) == 1 else "apply"
            such = f"{counted(len(banned), 'prohibition')} {verb} among them, such as {place(material.law, banned[0])}."
            yield _about(material, such, banned)
    if later:
        scope = _scope(material, later, sum(1 for v in everything if v.status is Status.UPCOMING))
        verb = "is" if len(later) == 1 else "are"
        yield _about(material, f"{counted(len(later), 'provision')}{scope} {verb} upcoming.", later)
        soon = min(
            (n for n in later if n.applies_from),
            key=lambda n: n.applies_from.day if n.applies_from else material.as_of,
            default=None,
        )
        if soon is not None and len(later) > 1:
            same = [n for n in later if n.applies_from and soon.applies_from and n.applies_from.day == soon.applies_from.day]
            names = listed([place(material.law, norm) for norm in same[:3]])
            begins = f"The next upcoming day is {long_form(soon.applies_from.day) if soon.applies_from else ''}, for {names}."
            yield material.claim(begins, same[:3], ClaimKind.SUMMARY, None)


def hinging(material: Material) -> Iterator[Claim]:
    """The conclusions that are open and on which many provisions hang, with the facts that settle them and the first day."""
    law = material.law
    for hinge in material.ground.hinges:
        settle = [law.facts[name] for name in hinge.missing]
        number = material.number(PassageKind.QUALIFICATION, hinge.qualification)
        if number is None or all(fact.terms.keys() <= law.jurisdictions.keys() for fact in settle) or _elsewhere(material, hinge):
            continue  # a matter of place alone is asked back
        hanging = {law.norms[name] for name in hinge.norms}
        titles = list(dict.fromkeys(law.instruments[law.norms[name].instrument].short_title for name in hinge.norms))
        shown = [norm for norm in material.norms(Status.UNDETERMINED) if norm in hanging][:HANGING]
        cited = {law.instruments[norm.instrument].short_title for norm in shown}
        of = f" of {listed(titles)}" if cited.issuperset(titles) else ""
        label, facts = law.qualifications[hinge.qualification].label, listed([fact.labels.label for fact in settle])
        text = f"{counted(len(hinge.norms), 'provision')}{of} cannot be told yet: {label} is open, and it depends on {facts}."
        yield material.claim(text, shown, ClaimKind.SUMMARY, None, number)
        begins = [norm for norm in shown if norm.applies_from is not None and norm.applies_from == shown[0].applies_from]
        if begins and begins[0].applies_from is not None:
            day = dated(law, begins[0].applies_from, begins[0].instrument)
            names, they = listed([place(law, norm) for norm in begins]), "they apply" if many(begins) else "it applies"
            yield material.claim(f"Where {they}, the first day of {names} is {day}.", begins, ClaimKind.DATE, None)


def _elsewhere(material: Material, hinge: Hinge) -> bool:
    """Whether the law of the norms that hang on ``hinge`` is that of no place that was named."""
    law, facts = material.law, material.ground.facts
    above = law.facts[_SEAT].ancestors
    answers = [facts.get(fact) for fact in _PLACES]
    named = {term for answer in answers if isinstance(answer, frozenset) for term in answer}
    homes = {TermId(law.instruments[law.norms[name].instrument].jurisdiction) for name in hinge.norms}
    return bool(named) and not any(
        home not in above or any(home == one or home in above[one] or one in above[home] for one in named) for home in homes
    )


def _scope(material: Material, norms: Sequence[Norm], all_of_them: int) -> str:
    """`` of the AI Act`` where only its provisions are at hand."""
    if len(norms) == all_of_them:
        return ""
    titles = list(dict.fromkeys(material.law.instruments[norm.instrument].short_title for norm in norms))
    return f" of {listed(titles)}" if len(titles) <= 3 else ""


def _about(material: Material, text: str, norms: Sequence[Norm]) -> Claim:
    """A count, resting on the first three of what it counts."""
    return material.claim(text, norms[:3], ClaimKind.SUMMARY, None)


def full(material: Material, norm: Norm, heading: str | None) -> Claim:
    """One norm in a sentence: where it stands, since when, what it asks, for what it waits, how sure we are."""
    law = material.law
    status = material.verdicts[norm.id].status
    event = "" if norm.on_event is None else f" Waits for: {law.events[norm.on_event].labels.label}."
    text = f"{place(law, norm)} {verdict(law, [norm], status, material.as_of)}{kind(norm)}: {ended(norm.summary)}{event}"
    return material.claim(text.removesuffix(".") + f"{doubt(norm)}.", [norm], ClaimKind.VERDICT, heading)


def _listed(material: Material, norms: Sequence[Norm], heading: str | None) -> Iterator[Claim]:
    """Norms of one decision, those that share instrument, days, kind and certainty in one sentence."""
    groups: dict[tuple[object, ...], list[Norm]] = {}
    for norm in norms:
        status = material.verdicts[norm.id].status
        key = (norm.instrument, status, norm.applies_from, norm.applies_until, norm.kind, norm.sureness.level, norm.on_event)
        groups.setdefault(key, []).append(norm)
    for group in groups.values():
        members = iter(group)
        while batch := list(islice(members, IN_ONE)):
            yield _one_list(material, batch, heading)


def _one_list(material: Material, norms: Sequence[Norm], heading: str | None) -> Claim:
    law, first = material.law, norms[0]
    status = material.verdicts[first.id].status
    event = "" if first.on_event is None else f"; waits for: {law.events[first.on_event].labels.label}"
    said = f"{verdict(law, norms, status, material.as_of)}{kind(first)}{doubt(first)}"
    if len(norms) == 1:
        text = f"{place(law, first)} {said}: {first.title}{event}."
    else:
        parts = "; ".join(f"{norm.provision} – {norm.title}" for norm in norms)
        text = f"{law.instruments[first.instrument].short_title}, {len(norms)} provisions {said}: {parts}{event}."
    return material.claim(text, norms, ClaimKind.VERDICT, heading)


def exempt(material: Material) -> Iterator[Claim]:
    """What the deployment is freed from, and why."""
    for norm in material.norms(Status.EXEMPT)[:8]:
        why = reasons.freed(material, norm)
        text = f"{place(material.law, norm)} {verdict(material.law, [norm], Status.EXEMPT, material.as_of)} – {norm.title}{why}."
        yield material.claim(text, [norm], ClaimKind.VERDICT, FREED)


def undetermined(material: Material) -> Iterator[Claim]:
    """What cannot be told, by the facts that are asked next."""
    open_norms = material.norms(Status.UNDETERMINED)
    if not open_norms:
        return
    total = sum(1 for v in material.ground.assessment.verdicts if v.status is Status.UNDETERMINED)
    shown: list[Norm] = []
    for question in material.ground.questions:
        waiting = [n for n in open_norms if question.fact.id in material.verdicts[n.id].missing_facts and n not in shown][:OPEN]
        if waiting:
            shown += waiting
            names = listed([place(material.law, norm) for norm in waiting])
            verb = "apply" if many(waiting) else "applies"
            text = f"Whether {names} {verb} cannot be told yet; it depends on {question.fact.labels.label}."
            yield material.claim(text, waiting, ClaimKind.VERDICT, OPEN_HEAD)
    if not shown:
        shown = open_norms[:OPEN]
        names = listed([place(material.law, norm) for norm in shown])
        yield material.claim(
            f"Whether {names} {'apply' if many(shown) else 'applies'} cannot be told yet.", shown, ClaimKind.VERDICT, OPEN_HEAD
        )
    if total > len(shown):
        verb = "provision is" if total == 1 else "provisions are"
        yield material.claim(f"In all {total} {verb} undetermined.", shown[:3], ClaimKind.SUMMARY, None)


def _decision(norm: Norm) -> int:
    return norm.decisions[0] if norm.decisions else 0
