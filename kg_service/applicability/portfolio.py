"""Many deployments at once, with the same verdicts as one by one.

A truth over n deployments is two whole numbers of n bits: where it is true and where it is false. *All*, *any* and *not* are then
single machine-word operations over all deployments; a leaf is computed once for each distinct answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from kg_service.applicability.evaluate import Evaluator, Status, when_true
from kg_service.applicability.facts import Answer, Facts
from kg_service.applicability.program import ALL, ANY, FALSE, LEAF, NOT, TRUE, Program, leaf_truth
from kg_service.model import FactId, Norm, NormId


class Plane(NamedTuple):
    """Where a condition is true and where it is false, one bit for each deployment; elsewhere it is unknown."""

    true: int
    false: int


def run_planes(program: Program, facts: Iterable[FactId], size: int, leaf: Callable[[FactId, int], Plane]) -> list[Plane]:
    """The plane of every node over ``size`` deployments; ``leaf`` gives the plane of the leaf at a position.

    Leaves of facts not in ``facts`` are unknown throughout.
    """
    everywhere = (1 << size) - 1
    nowhere = Plane(0, 0)
    answered = frozenset(facts)
    planes: list[Plane] = []
    for position, node in enumerate(program.nodes):
        if node.op == LEAF and node.leaf is not None:
            fact = FactId(node.leaf.fact)
            planes.append(leaf(fact, position) if fact in answered else nowhere)
        elif node.op == ALL:
            true, false = everywhere, 0
            for part in node.parts:
                true &= planes[part].true
                false |= planes[part].false
            planes.append(Plane(true, false))
        elif node.op == ANY:
            true, false = 0, everywhere
            for part in node.parts:
                true |= planes[part].true
                false &= planes[part].false
            planes.append(Plane(true, false))
        elif node.op == NOT:
            true, false = planes[node.parts[0]]
            planes.append(Plane(false, true))
        else:
            planes.append(planes[node.parts[0]])
    return planes


@dataclass(frozen=True)
class PortfolioVerdicts:
    """The statuses of ``size`` deployments: for each norm, the deployments (as bits) that have each status."""

    size: int
    as_of: date
    statuses: Mapping[NormId, Mapping[Status, int]]

    def status(self, deployment: int, norm: NormId) -> Status:
        """The status of ``norm`` for the deployment at that place."""
        bit = 1 << deployment
        return next(status for status, where in self.statuses[norm].items() if where & bit)

    def row(self, deployment: int) -> dict[NormId, Status]:
        """The status of every norm for the deployment at that place."""
        return {norm: self.status(deployment, norm) for norm in self.statuses}

    def counts(self) -> dict[NormId, dict[Status, int]]:
        """How many deployments have each status, by norm; statuses that none has are left out."""
        return {
            norm: {status: where.bit_count() for status, where in by_status.items()} for norm, by_status in self.statuses.items()
        }

    def deployments(self, norm: NormId, status: Status) -> Iterator[int]:
        """The places of the deployments for which ``norm`` has that status, in order."""
        return bits(self.statuses[norm].get(status, 0))


def bits(where: int) -> Iterator[int]:
    """The positions of the bits set in ``where``, lowest first."""
    text = bin(where)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)


def assess_all(evaluator: Evaluator, deployments: Sequence[Facts], as_of: date) -> PortfolioVerdicts:
    """The status of every norm for every deployment on that day: equal to :meth:`Evaluator.assess` one by one, without proofs."""
    program = evaluator.program
    answers = _masks(program, deployments)

    def leaf(fact: FactId, position: int) -> Plane:
        condition = program.nodes[position].leaf
        true = false = 0
        if condition is not None:
            for answer, where in answers[fact].items():
                value = leaf_truth(condition, program.terms.get(position), answer)
                if value == TRUE:
                    true |= where
                elif value == FALSE:
                    false |= where
        return Plane(true, false)

    planes = run_planes(program, answers, len(deployments), leaf)
    everywhere = (1 << len(deployments)) - 1
    statuses = {
        norm.id: _by_status(norm, planes, program.applies[norm.id], program.unless.get(norm.id), everywhere, as_of)
        for norm in evaluator.knowledge.norms.values()
    }
    return PortfolioVerdicts(len(deployments), as_of, statuses)


def _by_status(
    norm: Norm, planes: Sequence[Plane], applies: int, unless: int | None, everywhere: int, as_of: date
) -> dict[Status, int]:
    condition = planes[applies]
    freed = Plane(0, everywhere) if unless is None else planes[unless]
    unknown = everywhere & ~(condition.true | condition.false)
    split = {
        Status.DOES_NOT_APPLY: condition.false | (unknown & freed.true),
        Status.EXEMPT: condition.true & freed.true,
    }
    split[when_true(norm, as_of)] = condition.true & freed.false
    split[Status.UNDETERMINED] = everywhere & ~(
        split[Status.DOES_NOT_APPLY] | split[Status.EXEMPT] | (condition.true & freed.false)
    )
    return {status: where for status, where in split.items() if where}


def _masks(program: Program, deployments: Sequence[Facts]) -> dict[FactId, dict[Answer, int]]:
    """For each fact that a condition asks, each distinct answer with the deployments that gave it."""
    places: dict[FactId, dict[Answer, list[int]]] = {fact: defaultdict(list) for fact in program.leaves}
    for place, facts in enumerate(deployments):
        for fact, answer in facts.items():
            if fact in places:
                places[fact][answer].append(place)
    size = len(deployments) // 8 + 1
    masks: dict[FactId, dict[Answer, int]] = {}
    for fact, by_answer in places.items():
        masks[fact] = {}
        for answer, where in by_answer.items():
            cells = bytearray(size)
            for place in where:
                cells[place >> 3] |= 1 << (place & 7)
            masks[fact][answer] = int.from_bytes(cells, "little")
    return masks
