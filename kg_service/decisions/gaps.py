"""Decisions 2 to 4: the obligations of a decision by regime, the controls that serve them, and the gaps, gravest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Final

from kg_service.applicability.evaluate import Assessment, Status
from kg_service.decisions.controls import ControlState, Records, months_after
from kg_service.decisions.coverage import Coverage, Obligation, Use, by_regime, coverage, obligations, uses
from kg_service.model import ControlId, FactId, InstrumentId, Norm, NormId, NormKind

DECISIONS: Final = (1, 2, 3, 4, 5, 6)
SOON_MONTHS: Final = 12


class Severity(IntEnum):
    """How grave a gap is: 1 is the gravest."""

    PROHIBITION = 1
    DUTY = 2
    SOON = 3
    EXPECTATION = 4
    LATER = 5


class GapKind(StrEnum):
    """What is missing. ``unmet``: no control in place; ``failed``: a control failed; ``stale``: its evidence is older than its
    period; ``open``: an unanswered fact leaves obligations undetermined; ``unshown``: a control counts that nothing shows."""

    UNMET = "unmet"
    FAILED = "failed"
    STALE = "stale"
    OPEN = "open"
    UNSHOWN = "unshown"


_ORDER: Final = tuple(GapKind)


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. ``norms`` are those it concerns, the gravest first; ``controls`` would close it, or are what failed or grew old.

    ``due`` is the first day on which one of the norms applies where none does yet; None where one applies or no day is set.
    """

    kind: GapKind
    severity: Severity
    norms: tuple[NormId, ...]
    controls: tuple[ControlId, ...] = ()
    fact: FactId | None = None
    planned: tuple[ControlId, ...] = ()
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Regime:
    """The obligations that one instrument brings to the decision."""

    instrument: InstrumentId
    obligations: tuple[Obligation, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Review:
    """One decision (or all, where ``decision`` is None) as obligations, controls and gaps."""

    decision: int | None
    as_of: date
    obligations: tuple[Obligation, ...]
    regimes: tuple[Regime, ...]
    uses: tuple[Use, ...]
    gaps: tuple[Gap, ...]
    coverage: Coverage


def review(assessment: Assessment, records: Records, decision: int | None = None) -> Review:
    """The obligations of ``decision`` on the day of the assessment, with what covers them and what is missing."""
    found = obligations(assessment, records, decision)
    regimes = tuple(Regime(name, group, coverage(group)) for name, group in by_regime(found).items())
    used = uses(found, records)
    return Review(decision, assessment.as_of, found, regimes, used, gaps(found, used, records, assessment.as_of), coverage(found))


def severity(norm: Norm, as_of: date) -> Severity:
    """How grave it is that ``norm`` is not met, taking it to apply to the deployment: by its kind and the day it begins."""
    begins = norm.applies_from.day if norm.applies_from is not None else None
    if begins is None or begins > months_after(as_of, SOON_MONTHS):
        return Severity.LATER
    if norm.kind is NormKind.EXPECTATION:
        return Severity.EXPECTATION
    if begins > as_of:
        return Severity.SOON
    return Severity.PROHIBITION if norm.kind is NormKind.PROHIBITION else Severity.DUTY


def gaps(found: Sequence[Obligation], used: Sequence[Use], records: Records, as_of: date) -> tuple[Gap, ...]:
    """Every gap, the gravest first; among equals what is unmet before what failed, grew old, is open or is not shown."""
    norms = {one.verdict.norm.id: one.verdict.norm for one in found}
    known = {one.verdict.norm.id for one in found if one.met is not None}
    listed = [
        *(_unmet(one, records, as_of) for one in found if one.met is False),
        *_of_controls(used, norms, known, as_of),
        *_of_facts(found, as_of),
    ]
    return tuple(sorted(listed, key=lambda gap: (gap.severity, _ORDER.index(gap.kind), gap.due or date.min, gap.norms)))


def _unmet(one: Obligation, records: Records, as_of: date) -> Gap:
    norm = one.verdict.norm
    planned = tuple(c for c in norm.controls if c in records and records[c].state is ControlState.PLANNED)
    due = norm.applies_from.day if one.verdict.status is Status.UPCOMING and norm.applies_from is not None else None
    return Gap(GapKind.UNMET, severity(norm, as_of), (norm.id,), norm.controls, planned=planned, due=due)


def _of_controls(used: Iterable[Use], norms: Mapping[NormId, Norm], known: set[NormId], as_of: date) -> Iterator[Gap]:
    """Controls that failed, whose evidence is too old, or that nothing shows, where a norm in effect names them."""
    for use in used:
        served = [norm for norm in use.norms if norm in known]
        if use.record is None or not served:
            continue
        if use.record.state is ControlState.FAILED:
            kind = GapKind.FAILED
        elif use.record.stale(as_of):
            kind = GapKind.STALE
        elif use.record.counts and not use.record.evidence:
            kind = GapKind.UNSHOWN
        else:
            continue
        yield _together(kind, [norms[norm] for norm in served], as_of, (use.control,), None)


def _of_facts(found: Iterable[Obligation], as_of: date) -> Iterator[Gap]:
    waiting: dict[FactId, list[Norm]] = {}
    for one in found:
        for fact in one.verdict.missing_facts:
            waiting.setdefault(fact, []).append(one.verdict.norm)
    for fact, norms in waiting.items():
        yield _together(GapKind.OPEN, norms, as_of, (), fact)


def _together(kind: GapKind, norms: Sequence[Norm], as_of: date, controls: tuple[ControlId, ...], fact: FactId | None) -> Gap:
    grave = sorted(norms, key=lambda norm: (severity(norm, as_of), norm.id))
    days = [None if norm.applies_from is None else norm.applies_from.day for norm in norms]
    later = [day for day in days if day is not None and day > as_of]
    due = min(later) if later and len(later) == sum(day is not None for day in days) else None
    return Gap(kind, severity(grave[0], as_of), tuple(norm.id for norm in grave), controls, fact, due=due)
