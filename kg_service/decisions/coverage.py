"""Which controls a set of obligations still needs, one control counted once however many norms it meets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from kg_service.applicability.evaluate import IN_EFFECT, Assessment
from kg_service.model import ControlId, Norm, NormKind

ASKS: Final = frozenset({NormKind.DUTY, NormKind.PROHIBITION, NormKind.EXPECTATION, NormKind.RIGHT})


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
    return {"controls_needed": len(needed(asking, in_place)), "obligations": len(asking)}
