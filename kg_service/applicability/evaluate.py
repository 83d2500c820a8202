"""Verdicts: which norms apply to one deployment on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from kg_service.applicability.facts import Facts
from kg_service.applicability.program import FALSE, TRUE, UNKNOWN, Node, Op, Program, Truth, compile_program, run, truth
from kg_service.errors import NotFoundError, nearest
from kg_service.model import FactId, Knowledge, LegalStatus, Norm, NormId, QualificationId


class Status(StrEnum):
    APPLIES = "applies"
    UPCOMING = "upcoming"
    UNDETERMINED = "undetermined"
    EXEMPT = "exempt"
    ENDED = "ended"
    DOES_NOT_APPLY = "does_not_apply"


SHOWN_BY_DEFAULT = (Status.APPLIES, Status.UPCOMING, Status.UNDETERMINED, Status.EXEMPT)
IN_EFFECT = (Status.APPLIES, Status.UPCOMING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the law says of one norm. ``missing_facts`` would settle it; they are empty unless it is undetermined.

    ``condition`` and ``unless`` are True, False or None for unknown; ``unless`` is False where the norm has none.
    """

    norm: Norm
    status: Status
    condition: bool | None
    unless: bool | None
    missing_facts: tuple[FactId, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """All verdicts for one deployment on one day, in the order of the law's files, and the qualifications behind them."""

    knowledge_version: str
    as_of: date
    facts: Facts
    verdicts: tuple[Verdict, ...]
    qualifications: Mapping[QualificationId, bool | None]
    values: Sequence[Truth] = field(repr=False)

    def counts(self) -> dict[Status, int]:
        """How many verdicts have each status; every status is named."""
        counts = dict.fromkeys(Status, 0)
        for verdict in self.verdicts:
            counts[verdict.status] += 1
        return counts


class Evaluator:
    """Evaluates the norms of one version of the knowledge. Built once; holds no state of any deployment; safe in threads."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.program: Program = compile_program(knowledge)
        self._fact_order = {fact: place for place, fact in enumerate(knowledge.facts)}
        self._norm_aliases = {alias: norm.id for norm in knowledge.norms.values() for alias in norm.aliases}

    def norm(self, norm_id: str) -> Norm:
        """The norm of that id or of that old id.

        Raises:
            NotFoundError: naming the nearest ids.
        """
        norms = self.knowledge.norms
        found = norms.get(self._norm_aliases.get(NormId(norm_id), NormId(norm_id)))
        if found is None:
            raise NotFoundError("norm", norm_id, nearest(norm_id, norms))
        return found

    def assess(self, facts: Facts, as_of: date) -> Assessment:
        """The verdict on every norm as of that day."""
        values = run(self.program, facts)
        missing = Missing(self.program.nodes, values, self._fact_order)
        applies, unless = self.program.applies, self.program.unless
        verdicts: list[Verdict] = []
        for norm_id, norm in self.knowledge.norms.items():
            condition = applies[norm_id]
            exception = unless.get(norm_id)
            held, freed = values[condition], FALSE if exception is None else values[exception]
            status = status_of(norm, held, freed, as_of)
            names: tuple[FactId, ...] = ()
            if status is Status.UNDETERMINED:
                names = missing.of(condition, exception)
            verdicts.append(Verdict(norm, status, truth(held), truth(freed), names))
        return Assessment(
            knowledge_version=self.knowledge.version,
            as_of=as_of,
            facts=facts,
            verdicts=tuple(verdicts),
            qualifications={name: truth(values[place]) for name, place in self.program.qualifications.items()},
            values=values,
        )


def status_of(norm: Norm, condition: Truth, unless: Truth, as_of: date) -> Status:
    """The status that the two truth values and the calendar give, in the order of DESIGN section 3."""
    if condition == FALSE:
        return Status.DOES_NOT_APPLY
    if unless == TRUE:
        return Status.EXEMPT if condition == TRUE else Status.DOES_NOT_APPLY
    if condition == UNKNOWN or unless == UNKNOWN:
        return Status.UNDETERMINED
    return when_true(norm, as_of)


def when_true(norm: Norm, as_of: date) -> Status:
    """The status on that day of a norm whose condition holds and from which nothing frees."""
    if norm.applies_until is not None and as_of > norm.applies_until.day:
        return Status.ENDED
    if norm.legal_status is LegalStatus.PENDING or norm.applies_from is None or as_of < norm.applies_from.day:
        return Status.UPCOMING
    return Status.APPLIES


class Missing:
    """The facts that would settle unknown nodes: those at the unknown leaves that still matter."""

    def __init__(self, nodes: Sequence[Node], values: Sequence[Truth], order: Mapping[FactId, int]) -> None:
        self._nodes, self._values, self._order = nodes, values, order
        self._known: dict[int, frozenset[FactId]] = {}
        self._sorted: dict[tuple[int, int | None], tuple[FactId, ...]] = {}

    def of(self, condition: int, unless: int | None) -> tuple[FactId, ...]:
        """The facts missing for a norm, in the order in which the facts are listed."""
        key = (condition, unless)
        if key not in self._sorted:
            facts = self._below(condition)
            if unless is not None:
                facts |= self._below(unless)
            self._sorted[key] = tuple(sorted(facts, key=self._order.__getitem__))
        return self._sorted[key]

    def _below(self, position: int) -> frozenset[FactId]:
        if self._values[position] != UNKNOWN:
            return frozenset()
        known = self._known.get(position)
        if known is None:
            node = self._nodes[position]
            if node.op == Op.LEAF and node.leaf is not None:
                known = frozenset((FactId(node.leaf.fact),))
            else:
                known = frozenset[FactId]().union(*map(self._below, node.parts))
            self._known[position] = known
        return known
