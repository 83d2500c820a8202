"""What changed between the last evaluation and this one, and what moved it: law, calendar or facts. No IO.

The three are told apart by changing them one after the other, in this order, with the present knowledge: the old facts on the old
day (what differs from what is stored, the law changed), the old facts on the new day (the calendar), the new facts (the facts).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import Facts
from kg_service.watch.model import Cause, NormChange
from kg_service.watch.rows import rearranged, status_of, unpacked, verdicts

if TYPE_CHECKING:
    from kg_service.watch.rows import Matrix


@dataclass(frozen=True, slots=True)
class Before:
    """What the last evaluation rested on and found."""

    facts: Facts
    day: date
    knowledge: str
    row: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated now; ``before`` is None the first time. ``same_facts``: they are those of ``before``."""

    facts: Facts
    before: Before | None
    same_facts: bool = False


def evaluated(
    evaluator: Evaluator, subjects: Sequence[Subject], day: date, orders: Mapping[str, Sequence[str]]
) -> tuple[Matrix, dict[int, tuple[NormChange, ...]]]:
    """The verdicts now, a row for each subject, and for each place with a difference what it is.

    Args:
        orders: for each version of the knowledge named in ``before`` the norms in the order of its rows.
    """
    import numpy as np

    now = verdicts(evaluator, [one.facts for one in subjects], day)
    places = [place for place, one in enumerate(subjects) if one.before is not None]
    changes: dict[int, tuple[NormChange, ...]] = {}
    if not places:
        return now, changes
    order: list[str] = list(evaluator.knowledge.norms)
    after = now[places]
    olds = [before for place in places if (before := subjects[place].before) is not None]
    stored = _stored(olds, orders, order)
    law = _on_old_days(evaluator, olds, stored)
    same = np.fromiter((subjects[place].same_facts for place in places), bool, len(places))
    calendar = after.copy()
    if not same.all():
        moved = np.flatnonzero(~same)
        calendar[moved] = verdicts(evaluator, [olds[index].facts for index in moved], day)
    found = _found([stored, law, calendar, after], order)
    for index, before in enumerate(olds):
        found[index].extend(_gone(before, orders, order, evaluator.knowledge.version))
    return now, {places[index]: tuple(listed) for index, listed in found.items() if listed}


def _found(steps: Sequence[Matrix], order: Sequence[str]) -> dict[int, list[NormChange]]:
    """Each difference between the first and the last of the four matrices, with the steps at which something moved."""
    import numpy as np

    moved = np.zeros(steps[0].shape, np.uint8)
    for bit, (one, other) in enumerate(itertools.pairwise(steps)):
        moved |= (one != other).astype(np.uint8) << bit
    rows, columns = np.nonzero(steps[0] != steps[-1])
    cells = (columns, steps[0][rows, columns], steps[-1][rows, columns], moved[rows, columns])
    made: dict[tuple[int, int, int, int], NormChange | None] = {}
    found: dict[int, list[NormChange]] = defaultdict(list)
    for index, *key in zip(rows.tolist(), *(cell.tolist() for cell in cells), strict=True):
        column, before, now, bits = name = tuple(key)
        if name not in made:
            causes = tuple(cause for bit, cause in enumerate(Cause) if bits >> bit & 1)
            change = NormChange(order[column], status_of(before), status_of(now), causes)
            made[name] = None if change.silent else change
        known = made[name]
        if known is not None:
            found[index].append(known)
    return found


def _stored(olds: Sequence[Before], orders: Mapping[str, Sequence[str]], order: Sequence[str]) -> Matrix:
    import numpy as np

    stored: Matrix = np.zeros((len(olds), len(order)), np.uint8)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, before in enumerate(olds):
        groups[before.knowledge].append(index)
    for version, indexes in groups.items():
        rows = unpacked([olds[index].row for index in indexes], len(orders[version]))
        stored[indexes] = rearranged(rows, orders[version], order)
    return stored


def _on_old_days(evaluator: Evaluator, olds: Sequence[Before], stored: Matrix) -> Matrix:
    """What the present law says of the old facts on their old days: as stored, where the law is the same."""
    found = stored.copy()
    groups: dict[date, list[int]] = defaultdict(list)
    for index, before in enumerate(olds):
        if before.knowledge != evaluator.knowledge.version:
            groups[before.day].append(index)
    for day, indexes in groups.items():
        found[indexes] = verdicts(evaluator, [olds[index].facts for index in indexes], day)
    return found


def _gone(before: Before, orders: Mapping[str, Sequence[str]], order: Sequence[str], version: str) -> list[NormChange]:
    """Norms that bound and that the present knowledge no longer holds."""
    if before.knowledge == version:
        return []
    held = set(order)
    lost = [(place, norm) for place, norm in enumerate(orders[before.knowledge]) if norm not in held]
    if not lost:
        return []
    row = unpacked([before.row], len(orders[before.knowledge]))[0]
    changes = [NormChange(norm, status_of(int(row[place])), None, (Cause.LAW,)) for place, norm in lost]
    return [change for change in changes if not change.silent]
