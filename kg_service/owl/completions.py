"""What holds however the unanswered is answered: open-world entailment worked out by splitting cases, without a reasoner.

Kleene's logic is computed part by part, so it leaves ``A or not A`` open where A is unknown. OWL looks at all ways in which the
open facts may stand together. :func:`settled` does the same for our fragment: it takes an open leaf, tries it true and false,
drops what no set of values can bring about, and sees whether all that is left agrees. The cases are the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeAlias

from kg_service.applicability.condition import (
    All,
    Always,
    AnyOf,
    Condition,
    DateIn,
    Flag,
    HasTerm,
    Is,
    Leaf,
    Not,
    NumberIn,
    walk,
)
from kg_service.applicability.facts import Answer, Facts, contradictions
from kg_service.model import Fact, FactId, FactKind, Knowledge, QualificationId, TermId

Assignment: TypeAlias = Mapping[Leaf, bool]


def inlined(knowledge: Knowledge, condition: Condition) -> Condition:
    """``condition`` with each qualification replaced by what it says: its ``when`` and not its ``unless``."""
    match condition:
        case Is(name):
            qualification = knowledge.qualifications[QualificationId(name)]
            when = inlined(knowledge, qualification.when)
            if qualification.unless is None:
                return when
            return All((when, Not(inlined(knowledge, qualification.unless))))
        case All(parts):
            return All(tuple(inlined(knowledge, part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(inlined(knowledge, part) for part in parts))
        case Not(part):
            return Not(inlined(knowledge, part))
        case _:
            return condition


def settled(knowledge: Knowledge, condition: Condition, facts: Facts) -> bool | None:
    """True or False where every way to complete ``facts`` makes ``condition`` so; None where two ways differ."""
    body = inlined(knowledge, condition)
    by_fact: dict[FactId, list[Leaf]] = {}
    for part in dict.fromkeys(walk(body)):
        if isinstance(part, HasTerm | Flag | NumberIn | DateIn):
            by_fact.setdefault(FactId(part.fact), []).append(part)
    possible = {fact: _possibilities(knowledge.facts[fact], leaves, facts.get(fact)) for fact, leaves in by_fact.items()}
    values = _values(body, {}, possible)
    return next(iter(values)) if len(values) == 1 else None


def _values(body: Condition, chosen: dict[Leaf, bool], possible: Mapping[FactId, _Possible]) -> set[bool]:
    value, open_leaf = _kleene(body, chosen)
    if value is not None:
        return {value}
    assert open_leaf is not None  # noqa: S101 - an undecided condition has an undecided leaf
    found: set[bool] = set()
    for choice in (True, False):
        chosen[open_leaf] = choice
        if possible[FactId(open_leaf.fact)].allows(chosen):
            found |= _values(body, chosen, possible)
        del chosen[open_leaf]
        if len(found) == 2:
            break
    return found


def _kleene(body: Condition, chosen: Assignment) -> tuple[bool | None, Leaf | None]:
    """The value of ``body`` under ``chosen``, and an open leaf that matters where there is no value yet."""
    match body:
        case Always():
            return True, None
        case Not(part):
            value, leaf = _kleene(part, chosen)
            return (None if value is None else not value), leaf
        case All(parts) | AnyOf(parts):
            deciding = isinstance(body, AnyOf)
            waiting: Leaf | None = None
            for part in parts:
                value, leaf = _kleene(part, chosen)
                if value is deciding:
                    return deciding, None
                waiting = waiting or leaf
            return (not deciding, None) if waiting is None else (None, waiting)
        case HasTerm() | Flag() | NumberIn() | DateIn():
            value = chosen.get(body)
            return value, (body if value is None else None)
        case Is():
            raise TypeError(body)


@dataclass(frozen=True)
class _Possible:
    """The ways in which the values of one fact may stand to its leaves.

    A ``position`` is where a value can be: the leaves that it makes true, and its term (None: at none that is told apart here).
    ``needs`` are the answered terms: each must have a value at or below it. Where ``single``, one position is taken.
    """

    fact: Fact
    leaves: Sequence[Leaf]
    positions: Sequence[tuple[frozenset[Leaf], TermId | None]]
    needs: Sequence[TermId]
    single: bool

    def allows(self, chosen: Assignment) -> bool:
        """Whether some set of values gives the leaves of this fact the truth values ``chosen`` so far."""
        mine = [(leaf, chosen[leaf]) for leaf in self.leaves if leaf in chosen]
        refused = {leaf for leaf, value in mine if not value}
        free = [(true, term) for true, term in self.positions if not true & refused]
        demands = [[p for p in free if leaf in p[0]] for leaf, value in mine if value]
        demands += [[p for p in free if p[1] is not None and need in {p[1], *self.fact.ancestors[p[1]]}] for need in self.needs]
        if self.single:
            return any(all(position in demand for demand in demands) for position in free)
        return self._choose(demands, frozenset())

    def _choose(self, demands: Sequence[Sequence[tuple[frozenset[Leaf], TermId | None]]], taken: frozenset[TermId]) -> bool:
        if not demands:
            return True
        for _, term in demands[0]:
            terms = taken if term is None else taken | {term}
            if not any(contradictions(self.fact, terms)) and self._choose(demands[1:], terms):
                return True
        return False


def _possibilities(fact: Fact, leaves: Sequence[Leaf], answer: Answer | None) -> _Possible:
    if fact.kind not in (FactKind.TERMS, FactKind.ONE):
        values = _representatives(fact, leaves) if answer is None else [answer]
        positions: list[tuple[frozenset[Leaf], TermId | None]] = [
            (frozenset(leaf for leaf in leaves if _holds(leaf, value)), None) for value in values
        ]
        if answer is None:
            positions.append((frozenset(), None))
        return _Possible(fact, leaves, positions, (), single=True)
    answered = None if answer is None else sorted(_terms_of(answer))
    places: list[tuple[frozenset[Leaf], TermId | None]] = []
    for term in fact.terms:
        line = {term, *fact.ancestors[term]}
        if answered is None or line & set(answered):
            places.append((frozenset(leaf for leaf in leaves if isinstance(leaf, HasTerm) and line & set(leaf.terms)), term))
    if answered is None:
        places.append((frozenset(), None))
    return _Possible(fact, leaves, places, answered or (), single=fact.kind is FactKind.ONE)


def _terms_of(answer: Answer) -> frozenset[TermId]:
    if not isinstance(answer, frozenset):
        raise TypeError(answer)
    return answer


def _representatives(fact: Fact, leaves: Iterable[Leaf]) -> list[Answer]:
    """Values of which no leaf can tell any other value apart."""
    if fact.kind is FactKind.FLAG:
        return [True, False]
    if fact.kind is FactKind.DATE:
        days = {day for leaf in leaves if isinstance(leaf, DateIn) for day in (leaf.start, leaf.before) if day is not None}
        return [*days, *(day - timedelta(days=1) for day in days)]
    bounds = {m for leaf in leaves if isinstance(leaf, NumberIn) for m in (leaf.min, leaf.max, leaf.above, leaf.below)}
    marks = sorted(bound for bound in bounds if bound is not None)
    between = [(low + high) / 2 for low, high in pairwise(marks)]
    return [*marks, *between, marks[0] - 1, marks[-1] + 1]


def _holds(leaf: Leaf, value: Answer) -> bool:
    match leaf:
        case Flag(_, wanted):
            return value is wanted
        case NumberIn(_, low, high, above, below) if isinstance(value, float):
            reached = (low is None or value >= low) and (above is None or value > above)
            return reached and (high is None or value <= high) and (below is None or value < below)
        case DateIn(_, start, before) if isinstance(value, date):
            return (start is None or value >= start) and (before is None or value < before)
        case _:
            raise TypeError(leaf, value)
