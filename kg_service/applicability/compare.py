"""What would change: between options on one day, and between two days for one deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Evaluator, Status
from kg_service.applicability.facts import Answer, Facts
from kg_service.model import DatedBy, FactId, Norm


@dataclass(frozen=True, slots=True)
class Change:
    """One norm whose verdict differs."""

    norm: Norm
    before: Status
    after: Status


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact answered otherwise; None is unanswered."""

    fact: FactId
    before: Answer | None
    after: Answer | None


@dataclass(frozen=True, slots=True)
class OptionOutcome:
    """What an option changes against the base: norms gained (they apply or will), lost, and otherwise changed."""

    name: str
    facts: tuple[FactChange, ...]
    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    changed: tuple[Change, ...]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Comparison:
    base: Assessment
    options: tuple[OptionOutcome, ...]


@dataclass(frozen=True, slots=True)
class DatedChange:
    """One norm whose verdict differs between two days, with the day and the provision that turned it (None where it has none)."""

    change: Change
    cause: DatedBy | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the calendar changes for one deployment: obligations that begin, that end, and verdicts that change otherwise."""

    start: Assessment
    end: Assessment
    begins: tuple[DatedChange, ...]
    ends: tuple[DatedChange, ...]
    changed: tuple[DatedChange, ...]


def compare(evaluator: Evaluator, base: Facts, options: Mapping[str, Facts], as_of: date) -> Comparison:
    """Each option against ``base`` on that day, in the order given."""
    ground = evaluator.assess(base, as_of)
    return Comparison(ground, tuple(_outcome(ground, name, evaluator.assess(facts, as_of)) for name, facts in options.items()))


def diff(evaluator: Evaluator, facts: Facts, start: date, end: date) -> Difference:
    """What changes for the same facts from the one day to the other; ``end`` may lie before ``start``."""
    before, after = evaluator.assess(facts, start), evaluator.assess(facts, end)
    begins: list[DatedChange] = []
    ends: list[DatedChange] = []
    changed: list[DatedChange] = []
    for change in changes(before, after):
        if change.after is Status.APPLIES:
            begins.append(DatedChange(change, _turned_by(change.norm, start, end)))
        elif change.before is Status.APPLIES:
            ends.append(DatedChange(change, _turned_by(change.norm, start, end)))
        else:
            changed.append(DatedChange(change, _turned_by(change.norm, start, end)))
    return Difference(before, after, tuple(begins), tuple(ends), tuple(changed))


def changes(before: Assessment, after: Assessment) -> tuple[Change, ...]:
    """Every norm whose status differs, in the order of the law's files; both must be of the same knowledge version."""
    if before.knowledge_version != after.knowledge_version:
        raise ValueError("two assessments of different knowledge versions cannot be compared norm by norm")
    return tuple(
        Change(old.norm, old.status, new.status)
        for old, new in zip(before.verdicts, after.verdicts, strict=True)
        if old.status is not new.status
    )


def fact_changes(before: Facts, after: Facts) -> tuple[FactChange, ...]:
    """The facts answered otherwise, those of ``before`` first."""
    return tuple(
        FactChange(fact, before.get(fact), after.get(fact))
        for fact in dict.fromkeys((*before, *after))
        if before.get(fact) != after.get(fact)
    )


def _outcome(ground: Assessment, name: str, option: Assessment) -> OptionOutcome:
    gained: list[Change] = []
    lost: list[Change] = []
    other: list[Change] = []
    for change in changes(ground, option):
        if change.after in IN_EFFECT and change.before not in IN_EFFECT:
            gained.append(change)
        elif change.before in IN_EFFECT and change.after not in IN_EFFECT:
            lost.append(change)
        else:
            other.append(change)
    return OptionOutcome(name, fact_changes(ground.facts, option.facts), tuple(gained), tuple(lost), tuple(other), option)


def _turned_by(norm: Norm, start: date, end: date) -> DatedBy | None:
    """The later of the norm's own days that lie between the two days."""
    first, last = sorted((start, end))
    days = [norm.applies_from] if norm.applies_from is not None and first < norm.applies_from.day <= last else []
    if norm.applies_until is not None and first <= norm.applies_until.day < last:
        days.append(norm.applies_until)
    return days[-1] if days else None
