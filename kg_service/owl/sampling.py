"""Random deployments that make a given condition true, false or unknown more often than chance would.

Seeded: the same seed gives the same deployments. Answers are drawn from the terms that the leaves of a module mention, their
parents, children and siblings, and now and then from anywhere; terms that exclude each other are never answered together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

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
)
from kg_service.applicability.facts import Answer, Facts, contradictions
from kg_service.model import Fact, FactId, FactKind, Knowledge, QualificationId, TermId
from kg_service.owl.module import Module

_DAY = timedelta(days=1)


@dataclass
class _Draft:
    """Answers chosen so far, and terms and readings that the aim forbids."""

    terms: dict[FactId, set[TermId]] = field(default_factory=dict)
    avoided: dict[FactId, set[TermId]] = field(default_factory=dict)
    plain: dict[FactId, bool | float | date] = field(default_factory=dict)
    wanted: list[tuple[Leaf, bool]] = field(default_factory=list)


class Sampler:
    """Draws deployments for one module."""

    def __init__(self, module: Module, random: Random) -> None:
        self._module, self._random = module, random
        self._knowledge: Knowledge = module.knowledge
        self._plain = {fact: self._plain_pool(self._knowledge.facts[fact], leaves) for fact, leaves in module.leaves.items()}
        self._near = {fact: self._near_terms(self._knowledge.facts[fact], leaves) for fact, leaves in module.leaves.items()}

    def aimed(self, condition: Condition, want: bool, complete: bool) -> Facts:
        """A deployment that was drawn to make ``condition`` what is wanted; it may miss.

        Where ``complete``, every fact of the module is answered, with terms that have none below them.
        """
        draft = _Draft()
        for _ in range(60):
            draft = _Draft()
            if self._plan(condition, want, draft):
                break
        answers: dict[FactId, Answer] = {**draft.plain, **{fact: frozenset(terms) for fact, terms in draft.terms.items()}}
        for fact in self._module.leaves:
            touched = fact in answers or fact in draft.avoided
            if complete or touched or self._random.random() < 0.3:
                answers[fact] = self._filled(self._knowledge.facts[fact], answers.get(fact), draft, complete)
        return {fact: answers[fact] for fact in self._knowledge.facts if fact in answers}

    def blurred(self, facts: Facts) -> Facts:
        """``facts`` with one to three answers left out or replaced by the term above: less is known, nothing is contradicted."""
        answers = dict(facts)
        for _ in range(self._random.randint(1, 3)):
            if not answers:
                break
            fact = self._random.choice(sorted(answers))
            answer = answers[fact]
            raised = self._raised(self._knowledge.facts[fact], answer) if isinstance(answer, frozenset) else None
            if raised is not None and self._random.random() < 0.8:
                answers[fact] = raised
            else:
                del answers[fact]
        return answers

    def _raised(self, fact: Fact, answer: frozenset[TermId]) -> frozenset[TermId] | None:
        low = [term for term in fact.terms if term in answer and fact.terms[term].parent is not None]
        if not low:
            return None
        term = self._random.choice(low)
        parent = fact.terms[term].parent
        raised = answer - {term} | ({parent} if parent is not None else set())
        return None if any(contradictions(fact, raised)) else raised

    def _plan(self, condition: Condition, want: bool, draft: _Draft) -> bool:
        """Whether choices could be added to ``draft`` that make ``condition`` what is wanted."""
        match condition:
            case Always():
                return want
            case Not(part):
                return self._plan(part, not want, draft)
            case All(parts) | AnyOf(parts):
                if want is isinstance(condition, All):
                    return all(self._plan(part, want, draft) for part in parts)
                return bool(parts) and self._plan(self._random.choice(parts), want, draft)
            case Is(name):
                qualification = self._knowledge.qualifications[QualificationId(name)]
                parts = (qualification.when,)
                if qualification.unless is not None:
                    parts += (Not(qualification.unless),)
                return self._plan(All(parts), want, draft)
            case HasTerm():
                return self._plan_terms(condition, want, draft)
            case Flag() | NumberIn() | DateIn():
                return self._plan_plain(condition, want, draft)

    def _plan_terms(self, leaf: HasTerm, want: bool, draft: _Draft) -> bool:
        fact = self._knowledge.facts[FactId(leaf.fact)]
        named = {TermId(term) for term in leaf.terms}
        below = {term for term in fact.terms if term in named or named & fact.ancestors[term]}
        chosen, avoided = draft.terms.get(fact.id, set()), draft.avoided.setdefault(fact.id, set())
        if not want:
            avoided |= below.union(*(fact.ancestors[term] for term in named))
            return not chosen & avoided
        if chosen & below:
            return True
        free = [
            term for term in fact.terms if term in below - avoided and not any(contradictions(fact, frozenset({*chosen, term})))
        ]
        if not free or (fact.kind is FactKind.ONE and chosen):
            return False
        draft.terms.setdefault(fact.id, set()).add(self._random.choice(free))
        return True

    def _plan_plain(self, leaf: Flag | NumberIn | DateIn, want: bool, draft: _Draft) -> bool:
        draft.wanted.append((leaf, want))
        mine = [(one, value) for one, value in draft.wanted if one.fact == leaf.fact]
        pool = self._plain[FactId(leaf.fact)]
        fitting = [answer for answer in pool if all(_meets(answer, one) is value for one, value in mine)]
        if fitting:
            draft.plain[FactId(leaf.fact)] = self._random.choice(fitting)
        return bool(fitting)

    def _filled(self, fact: Fact, given: Answer | None, draft: _Draft, complete: bool) -> Answer:
        """An answer to ``fact`` that keeps what is ``given`` and, for terms, often adds to it."""
        if fact.kind not in (FactKind.TERMS, FactKind.ONE):
            return given if given is not None else self._random.choice(self._plain[fact.id])
        avoided = draft.avoided.get(fact.id, set())
        terms = set(given) if isinstance(given, frozenset) else set[TermId]()
        if complete:
            terms = {self._lowest(fact, term, avoided) for term in terms}
        free = self._free(fact, self._near[fact.id], avoided, complete) or self._free(fact, list(fact.terms), avoided, complete)
        if fact.kind is FactKind.ONE:
            return frozenset(terms or {self._random.choice(free or list(fact.terms))})
        for _ in range(self._random.choice((0, 0, 1, 1, 2))):
            if free and not any(contradictions(fact, frozenset({*terms, more := self._random.choice(free)}))):
                terms.add(more)
        return frozenset(terms)

    def _free(self, fact: Fact, terms: Sequence[TermId], avoided: set[TermId], lowest: bool) -> list[TermId]:
        return [term for term in terms if term not in avoided and not (lowest and children(fact, term))]

    def _lowest(self, fact: Fact, term: TermId, avoided: set[TermId]) -> TermId:
        while below := [low for low in children(fact, term) if low not in avoided]:
            term = self._random.choice(below)
        return term

    def _plain_pool(self, fact: Fact, leaves: Sequence[Leaf]) -> list[bool | float | date]:
        match fact.kind:
            case FactKind.FLAG:
                return [True, False]
            case FactKind.NUMBER:
                return [*_numbers(fact, leaves)]
            case FactKind.DATE:
                return [*_days(leaves)]
            case _:
                return []

    def _near_terms(self, fact: Fact, leaves: Sequence[Leaf]) -> list[TermId]:
        """The terms that ``leaves`` name, their parents, siblings and children, and two from anywhere."""
        named = {TermId(term) for leaf in leaves if isinstance(leaf, HasTerm) for term in leaf.terms}
        parents = {fact.terms[term].parent for term in named}
        near = named | parents | {term for term in fact.terms if fact.terms[term].parent in named | parents - {None}}
        far = self._random.sample(list(fact.terms), k=min(2, len(fact.terms)))
        return [term for term in fact.terms if term in near or term in far]


def children(fact: Fact, term: TermId) -> list[TermId]:
    return [low for low in fact.terms if fact.terms[low].parent == term]


def _meets(answer: object, leaf: Leaf) -> bool:
    match leaf, answer:
        case Flag(_, value), bool():
            return answer is value
        case NumberIn(), float():
            return _inside(answer, leaf.min, leaf.below) and not (
                (leaf.max is not None and answer > leaf.max) or (leaf.above is not None and answer <= leaf.above)
            )
        case DateIn(_, start, before), date():
            return (start is None or answer >= start) and (before is None or answer < before)
        case _:
            raise TypeError(leaf, answer)


def _inside(answer: float, low: float | None, below: float | None) -> bool:
    return (low is None or answer >= low) and (below is None or answer < below)


def _numbers(fact: Fact, leaves: Iterable[Leaf]) -> list[float]:
    """Each threshold, three times over for that is where mistakes are made, and values beside it, within the fact's bounds."""
    bounds = {m for leaf in leaves if isinstance(leaf, NumberIn) for m in (leaf.min, leaf.max, leaf.above, leaf.below)}
    marks = sorted(mark for mark in bounds if mark is not None)
    around = [value for mark in marks for value in (mark - 0.5, mark, mark, mark, mark + 0.5, mark / 2)] or [1.0]
    low, high = fact.minimum, fact.maximum
    return [v for v in around if (low is None or v >= low) and (high is None or v <= high)]


def _days(leaves: Iterable[Leaf]) -> list[date]:
    marks = {day for leaf in leaves if isinstance(leaf, DateIn) for day in (leaf.start, leaf.before) if day is not None}
    return [day for mark in sorted(marks) for day in (mark - _DAY, mark, mark, mark, mark + _DAY)] or [date(2026, 1, 1)]
