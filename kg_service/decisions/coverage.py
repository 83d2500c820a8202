"""How far obligations are covered by controls, and which controls they still need; one control counts once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Status, Verdict
from kg_service.decisions.controls import ControlRecord, Records
from kg_service.model import ControlId, InstrumentId, Norm, NormId, NormKind

ASKS: Final = frozenset({NormKind.DUTY, NormKind.PROHIBITION, NormKind.EXPECTATION, NormKind.RIGHT})
COUNTED: Final = ("controls_needed", "obligations")  # quantities of a ROI case that are counted here


def needed(norms: Iterable[Norm], in_place: Set[ControlId]) -> tuple[ControlId, ...]:
    """A small set of controls so that each norm that asks for something has one, beside those ``in_place``; sorted.

    A norm is met where at least one of its controls is in place, as in ``sextant check``. The set is found greedily: the control
    that meets most norms still unmet comes first, the alphabet decides between equals. Greedy covers are at most
    ``1 + ln(number of norms)`` times as large as the smallest (Chvátal, *A greedy heuristic for the set-covering problem*, 1979).
    """
    unmet = {norm.id: norm for norm in norms if norm.kind in ASKS and norm.controls and in_place.isdisjoint(norm.controls)}
    meets: dict[ControlId, set[str]] = {}
    for norm in unmet.values():
        for control in norm.controls:
            meets.setdefault(control, set()).add(norm.id)
    chosen: list[ControlId] = []
    left = set(unmet)
    while left:
        best = min(meets, key=lambda control: (-len(meets[control] & left), control))
        chosen.append(best)
        left -= meets.pop(best)
    return tuple(sorted(chosen))


def counted_for(assessment: Assessment, in_place: Set[ControlId]) -> dict[str, int]:
    """How many ``obligations`` are in effect (norms that ask for something), and how many ``controls_needed`` they still have."""
    asking = [one.norm for one in assessment.verdicts if one.status in IN_EFFECT and one.norm.kind in ASKS]
    return dict(zip(COUNTED, (len(needed(asking, in_place)), len(asking)), strict=True))


class Standing(StrEnum):
    """How a norm stands by the best of its controls."""

    TESTED = "tested"
    IN_PLACE = "in_place"
    PLANNED = "planned"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Obligation:
    """A norm that asks for something and is in effect or may be. ``met`` is None where missing facts leave open whether it is."""

    verdict: Verdict
    standing: Standing

    @property
    def met(self) -> bool | None:
        if self.verdict.status is Status.UNDETERMINED:
            return None
        return self.standing in (Standing.TESTED, Standing.IN_PLACE)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many obligations stand how. ``norms`` counts those in effect; what is undetermined is counted apart."""

    norms: int
    by_standing: Mapping[Standing, int]
    undetermined: int

    @property
    def met(self) -> int:
        return self.by_standing[Standing.TESTED] + self.by_standing[Standing.IN_PLACE]


@dataclass(frozen=True, slots=True)
class Use:
    """One control with what it serves among the obligations, counted once however many norms or regimes that is."""

    control: ControlId
    record: ControlRecord | None
    norms: tuple[NormId, ...]
    regimes: tuple[InstrumentId, ...]


def obligations(assessment: Assessment, records: Records, decision: int | None = None) -> tuple[Obligation, ...]:
    """The obligations of one decision, or of all, in the order of the law's files: applies, upcoming and undetermined."""
    return tuple(
        Obligation(one, standing_of(one.norm, records))
        for one in assessment.verdicts
        if one.norm.kind in ASKS
        and one.status in (*IN_EFFECT, Status.UNDETERMINED)
        and (decision is None or decision in one.norm.decisions)
    )


def standing_of(norm: Norm, records: Records) -> Standing:
    """The best state among the controls of ``norm``."""
    states = {str(records[control].state) for control in norm.controls if control in records}
    return next((standing for standing in Standing if str(standing) in states), Standing.NONE)


def coverage(found: Iterable[Obligation]) -> Coverage:
    """The counts over ``found``."""
    counts, undetermined = dict.fromkeys(Standing, 0), 0
    for one in found:
        if one.met is None:
            undetermined += 1
        else:
            counts[one.standing] += 1
    return Coverage(sum(counts.values()), counts, undetermined)


def by_regime(found: Iterable[Obligation]) -> dict[InstrumentId, tuple[Obligation, ...]]:
    """The obligations of each instrument, in the order in which they come."""
    groups: dict[InstrumentId, list[Obligation]] = {}
    for one in found:
        groups.setdefault(one.verdict.norm.instrument, []).append(one)
    return {regime: tuple(group) for regime, group in groups.items()}


def uses(found: Iterable[Obligation], records: Records) -> tuple[Use, ...]:
    """Every control that some obligation names, the one that serves most norms first."""
    norms: dict[ControlId, list[Norm]] = {}
    for one in found:
        for control in one.verdict.norm.controls:
            norms.setdefault(control, []).append(one.verdict.norm)
    listed = [
        Use(
            control,
            records.get(control),
            tuple(norm.id for norm in served),
            tuple(dict.fromkeys(norm.instrument for norm in served)),
        )
        for control, served in norms.items()
    ]
    return tuple(sorted(listed, key=lambda use: (-len(use.norms), use.control)))
