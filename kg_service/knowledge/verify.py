"""The checker of the law's own files: everything that reading finds, and what only the whole can show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kg_service import ids
from kg_service.applicability.condition import Condition, qualifications_of
from kg_service.errors import Problem, nearest
from kg_service.knowledge.answers import check_answers
from kg_service.knowledge.draft import Draft, check_references
from kg_service.knowledge.law import LINKS
from kg_service.knowledge.read import drafted, in_order
from kg_service.knowledge.satisfiability import Search, TooHardError
from kg_service.knowledge.scenarios import draft_scenarios
from kg_service.model import InstrumentId, LegalStatus, Provision, ProvisionRef

_NOT_YET_LAW: Final = frozenset({"proposed", "draft"})


def verify(root: Path) -> tuple[Problem, ...]:
    """Every problem of the files under ``root``, by file and line; empty where they are sound."""
    draft = drafted(root)
    draft.references.clear()
    draft_scenarios(draft)
    check_references(draft)
    _check_uses(draft)
    _check_links(draft)
    _check_status(draft)
    _check_pinpoints(draft)
    check_answers(draft)
    if not any(problem.code in ("qualification-cycle", "unknown-qualification") for problem in draft.problems):
        _check_possible(draft)
    return tuple(in_order(draft.problems))


def _conditions(draft: Draft) -> Iterator[Condition]:
    for norm in draft.norms.values():
        yield norm.applies_when
        if norm.unless is not None:
            yield norm.unless
    for qualification in draft.qualifications.values():
        yield qualification.when
        if qualification.unless is not None:
            yield qualification.unless


def _check_uses(draft: Draft) -> None:
    """Controls and qualifications that nothing uses."""
    controls = {control for norm in draft.norms.values() for control in norm.controls}
    qualifications = {name for condition in _conditions(draft) for name in qualifications_of(condition)}
    for kind, used in (("control", controls), ("qualification", qualifications)):
        for name, place in draft.known(kind).items():
            if name not in used:
                draft.wrong(place, f"unused-{kind}", f"no norm uses the {kind} {name!r}.")


def _check_links(draft: Draft) -> None:
    """Amendment and succession must be told at both ends."""
    for instrument in draft.instruments.values():
        for link, back in LINKS.items():
            for number, name in enumerate(getattr(instrument, link)):
                other = draft.instruments.get(name)
                if other is not None and instrument.id not in getattr(other, back):
                    place = draft.known("instrument")[instrument.id].below(link, number)
                    message = f"{instrument.id!r} says {link} {name!r}, but {other.file} does not say {back} {instrument.id!r}."
                    draft.wrong(place, "one-sided-link", message)


def _check_status(draft: Draft) -> None:
    """What is only proposed binds nobody yet."""
    for norm in draft.norms.values():
        law = draft.instruments.get(norm.instrument)
        if law is not None and law.status in _NOT_YET_LAW and norm.legal_status is LegalStatus.IN_FORCE:
            place = draft.known("norm")[norm.id].below("legal_status")
            draft.wrong(place, "status-conflict", f"the norm is in force, but {law.id!r} is {law.status}.", ("pending",))


def _check_pinpoints(draft: Draft) -> None:
    """Every provision that is cited is registered: as an article, as the pinpoint of a norm, or among ``provisions``."""
    known = _Pinpoints(draft)
    for instrument in draft.instruments.values():
        for number, day in enumerate(instrument.dates):
            place = draft.known("instrument")[instrument.id].below("dates", number, "set_by")
            known.check(day.set_by, str(place))
    for norm in draft.norms.values():
        place = draft.known("norm")[norm.id]
        for name, dated in (("applies_from", norm.applies_from), ("applies_until", norm.applies_until)):
            if dated is not None and f"{place.at}/{name}/set_by" in place.tree.lines:
                known.check(dated.set_by, str(place.below(name, "set_by")))
    for qualification in draft.qualifications.values():
        place = draft.known("qualification")[qualification.id]
        for number, source in enumerate(qualification.sources):
            known.check(source, str(place.below("sources", number)))
    for interpretation in draft.interpretations.values():
        place = draft.known("interpretation")[interpretation.id]
        for number, source in enumerate(interpretation.citations):
            known.check(source, str(place.below("citations", number)))
        days = {"holds_from": interpretation.holds_from, "holds_until": interpretation.holds_until}
        days |= {f"changes/{number}": change.dated for number, change in enumerate(interpretation.changes)}
        for name, dated in days.items():
            if dated is not None and f"{place.at}/{name}/set_by" in place.tree.lines:
                known.check(dated.set_by, str(place.below(*name.split("/"), "set_by")))


class _Pinpoints:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._known: dict[InstrumentId, dict[str, str]] = {instrument: {} for instrument in draft.instruments}
        for (instrument, key), provision in draft.provisions.items():
            self._add(instrument, key, provision)
        for norm in draft.norms.values():
            self._known.setdefault(norm.instrument, {})[ids.slug(norm.provision)] = norm.provision

    def _add(self, instrument: InstrumentId, key: str, provision: Provision) -> None:
        names = self._known.setdefault(instrument, {})
        names[key] = names[ids.slug(provision.number)] = provision.number

    def check(self, source: ProvisionRef, where: str) -> None:
        """Notes a pinpoint that lies in no registered provision and holds none."""
        if source.instrument is None or source.instrument not in self._known:
            return
        names, cited = self._known[source.instrument], ids.slug(source.pinpoint)
        if any(cited == name or cited.startswith(f"{name}-") or name.startswith(f"{cited}-") for name in names):
            return
        message = f"{source.instrument!r} has no provision {source.pinpoint!r}; register it as an article or in 'provisions'."
        self._draft.wrong(where, "unknown-provision", message, nearest(source.pinpoint, names.values()))


def _check_possible(draft: Draft) -> None:
    """Norms that no deployment can trigger, and qualifications that can never hold."""
    search = Search(draft.facts, draft.qualifications)
    for norm in draft.norms.values():
        place = draft.known("norm")[norm.id].below("applies_when")
        try:
            if not search.can_apply(norm):
                message = f"no answers can make {norm.id!r} apply: its condition contradicts itself or its exception."
                draft.wrong(place, "never-applies", message)
        except TooHardError:
            draft.wrong(
                place, "too-hard", f"whether {norm.id!r} can ever apply could not be decided; make its condition simpler."
            )
    for qualification in draft.qualifications.values():
        place = draft.known("qualification")[qualification.id].below("when")
        try:
            if not search.can_hold(qualification.when):
                draft.wrong(
                    place, "never-holds", f"no answers can make {qualification.id!r} hold: its condition contradicts itself."
                )
        except TooHardError:
            draft.wrong(place, "too-hard", f"whether {qualification.id!r} can ever hold could not be decided.")
