"""Verdicts: which norms apply to one deployment on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from kg_service.applicability.facts import Facts
from kg_service.applicability.program import FALSE, TRUE, UNKNOWN, Program, Truth, compile_program, run
from kg_service.errors import NotFoundError, nearest
from kg_service.model import FactId, Knowledge, LegalStatus, Norm, NormId, QualificationId


class Status(StrEnum):
    APPLIES = "applies"
    UPCOMING = "upcoming"
    UNDETERMINED = "undetermined"
    EXEMPT = "exempt"
    ENDED = "ended"
    DOES_NOT_APPLY = "does_not_apply"


_UNDETERMINED = Status.UNDETERMINED
_TRUTHS = (False, None, True)
SHOWN_BY_DEFAULT = (Status.APPLIES, Status.UPCOMING, Status.UNDETERMINED, Status.EXEMPT)
IN_EFFECT = (Status.APPLIES, Status.UPCOMING)


class Verdict(NamedTuple):
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
        self._fact_bits = {fact: 1 << place for place, fact in enumerate(knowledge.facts)}
        applies, unless = self.program.applies, self.program.unless
        self._norms = tuple((norm, applies[norm.id], unless.get(norm.id)) for norm in knowledge.norms.values())
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
        missing = Missing(self.program, values, self._fact_bits)
        verdicts: list[Verdict] = []
        for norm, condition, exception in self._norms:
            held, freed = values[condition], FALSE if exception is None else values[exception]
            status = status_of(norm, held, freed, as_of)
            names = missing.of(condition, exception) if status is _UNDETERMINED else ()
            verdicts.append(Verdict(norm, status, _TRUTHS[held], _TRUTHS[freed], names))
        return Assessment(
            knowledge_version=self.knowledge.version,
            as_of=as_of,
            facts=facts,
            verdicts=tuple(verdicts),
            qualifications={name: _TRUTHS[values[place]] for name, place in self.program.qualifications.items()},
            values=values,
        )

    def missing(self, assessment: Assessment, place: int) -> tuple[FactId, ...]:
        """The facts that would settle one unknown condition of the program, in the order in which the facts are listed."""
        return Missing(self.program, assessment.values, self._fact_bits).of(place, None)


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
    """The facts that would settle unknown nodes of one run: those at the unknown leaves that still matter."""

    def __init__(self, program: Program, values: Sequence[Truth], fact_bits: Mapping[FactId, int]) -> None:
        self._nodes, self._values, self._bits = program.nodes, values, fact_bits
        self._below: dict[int, int] = {}
        self._names: dict[int, tuple[FactId, ...]] = {}

    def of(self, condition: int, unless: int | None) -> tuple[FactId, ...]:
        """The facts missing for a norm, in the order in which the facts are listed."""
        facts = self._collect(condition) | (0 if unless is None else self._collect(unless))
        names = self._names.get(facts)
        if names is None:
            names = self._names[facts] = tuple(fact for fact, bit in self._bits.items() if facts & bit)
        return names

    def _collect(self, position: int) -> int:
        if self._values[position] != UNKNOWN:
            return 0
        facts = self._below.get(position)
        if facts is None:
            node = self._nodes[position]
            if node.leaf is not None:
                facts = self._bits[FactId(node.leaf.fact)]
            else:
                facts = 0
                for part in node.parts:
                    facts |= self._collect(part)
            self._below[position] = facts
        return facts
