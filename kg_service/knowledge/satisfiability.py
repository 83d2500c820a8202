"""Can a condition ever hold? A search for answers that make it true, complete over the facts that it mentions.

The condition is taken apart by a tableau: parts that must all hold are noted, alternatives are tried one after another, and a
branch ends where no answer to some fact could make all its noted leaves true or false at once. This follows the three-valued
evaluation exactly: a leaf is false only where the answer settles it, neither at or below its terms nor above them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from itertools import pairwise
from typing import Final, TypeAlias

from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Leaf, Not, NumberIn
from kg_service.applicability.facts import contradictions
from kg_service.model import Fact, FactId, FactKind, Norm, Qualification, QualificationId, TermId

_STEPS: Final = 20_000
_Leaves: TypeAlias = frozenset[tuple[Leaf, bool]]
_Branch: TypeAlias = Mapping[str, _Leaves]


class TooHardError(Exception):
    """The search did not end within its steps; nothing is known."""


class _State(Enum):
    HOLDS = auto()
    CANNOT = auto()
    OPEN = auto()


@dataclass(frozen=True, slots=True)
class _Goal:
    """Something that must come true: a leaf that is to hold or not, or ``parts`` of which all (``together``) or one must."""

    leaf: Leaf | None
    holds: bool = True
    parts: tuple[int, ...] = ()
    together: bool = True


@dataclass(slots=True)
class Search:
    """Answers whether conditions can hold, for facts and qualifications without circles. Keeps what it learnt of the facts."""

    facts: Mapping[FactId, Fact]
    qualifications: Mapping[QualificationId, Qualification]
    _goals: list[_Goal] = field(default_factory=list)
    _numbers: dict[_Goal, int] = field(default_factory=dict)
    _qualified: dict[tuple[str, bool], int] = field(default_factory=dict)
    _answerable: dict[tuple[str, _Leaves], bool] = field(default_factory=dict)
    _below: dict[tuple[str, tuple[str, ...]], tuple[frozenset[TermId], frozenset[TermId]]] = field(default_factory=dict)
    _steps: int = 0

    def can_apply(self, norm: Norm) -> bool:
        """True where some answers make ``applies_when`` true and ``unless`` false."""
        return self.can_hold(norm.applies_when if norm.unless is None else All((norm.applies_when, Not(norm.unless))))

    def can_hold(self, condition: Condition, holds: bool = True) -> bool:
        """True where some answers make ``condition`` true (with ``holds`` False: false).

        Raises:
            TooHardError: where the search was given up.
        """
        self._steps = 0
        return self._search([self._goal(condition, holds)], {})

    def _goal(self, condition: Condition, holds: bool) -> int:
        """The number of the goal; equal goals have one number, and nested goals of a kind are one."""
        match condition:
            case Not(part):
                return self._goal(part, not holds)
            case Always():
                return self._number(_Goal(None, together=holds))
            case Is(name):
                known = self._qualified.get((name, holds))
                if known is None:
                    found = self.qualifications[QualificationId(name)]
                    parts = (found.when,) if found.unless is None else (found.when, Not(found.unless))
                    known = self._qualified[name, holds] = self._goal(All(parts), holds)
                return known
            case All(parts) | AnyOf(parts):
                together = isinstance(condition, All) is holds
                numbers: list[int] = []
                for number in (self._goal(part, holds) for part in parts):
                    goal = self._goals[number]
                    numbers += goal.parts if goal.leaf is None and goal.together is together else [number]
                unique = tuple(dict.fromkeys(numbers))
                return unique[0] if len(unique) == 1 else self._number(_Goal(None, parts=unique, together=together))
            case _:
                return self._number(_Goal(condition, holds))

    def _number(self, goal: _Goal) -> int:
        number = self._numbers.setdefault(goal, len(self._goals))
        if number == len(self._goals):
            self._goals.append(goal)
        return number

    def _search(self, goals: list[int], branch: _Branch) -> bool:
        """True where every one of ``goals`` can hold, given what ``branch`` has settled."""
        self._steps += 1
        if self._steps > _STEPS:
            raise TooHardError
        while True:
            states: dict[int, _State] = {}
            waiting: dict[int, list[int]] = {}
            before = branch
            for number in goals:
                taken = self._take(number, branch, states, waiting)
                if taken is None:
                    return False
                branch = taken
            if not waiting:
                return True
            forced = [parts[0] for parts in waiting.values() if len(parts) == 1]
            goals = [*forced, *(number for number, parts in waiting.items() if len(parts) > 1)]
            if not forced and branch == before:
                break
        first = min(waiting, key=lambda number: len(waiting[number]))
        rest = [number for number in goals if number != first]
        return any(self._search([part, *rest], branch) for part in waiting[first])

    def _take(self, number: int, branch: _Branch, states: dict[int, _State], waiting: dict[int, list[int]]) -> _Branch | None:
        """The branch with the goal's leaves settled; alternatives are put to ``waiting``. None where the goal cannot hold."""
        goal = self._goals[number]
        if goal.leaf is not None:
            if (goal.leaf, goal.holds) not in branch.get(goal.leaf.fact, frozenset()):
                branch = _settled(branch, goal.leaf, goal.holds)
                states.clear()
            return branch if self._possible(goal.leaf.fact, branch) else None
        if goal.together:
            for part in goal.parts:
                taken = self._take(part, branch, states, waiting)
                if taken is None:
                    return None
                branch = taken
            return branch
        found = [(part, self._state(part, branch, states)) for part in goal.parts]
        left = [part for part, state in found if state is _State.OPEN]
        if any(state is _State.HOLDS for _, state in found):
            return branch
        if left:
            waiting[number] = left
        return branch if left else None

    def _state(self, number: int, branch: _Branch, states: dict[int, _State]) -> _State:
        """Whether the goal holds in ``branch`` as it is, cannot hold any more, or is open."""
        known = states.get(number)
        if known is not None:
            return known
        goal = self._goals[number]
        if goal.leaf is not None:
            state = self._state_of_leaf(goal.leaf, goal.holds, branch)
        else:
            enough, spoilt = (_State.CANNOT, _State.HOLDS) if goal.together else (_State.HOLDS, _State.CANNOT)
            state = spoilt
            for part in goal.parts:
                found = self._state(part, branch, states)
                if found is enough:
                    state = enough
                    break
                if found is _State.OPEN:
                    state = _State.OPEN
        states[number] = state
        return state

    def _state_of_leaf(self, leaf: Leaf, holds: bool, branch: _Branch) -> _State:
        leaves = branch.get(leaf.fact, frozenset())
        if (leaf, holds) in leaves or (isinstance(leaf, HasTerm) and self._follows(leaf, holds, leaves)):
            return _State.HOLDS
        return _State.OPEN if self._possible(leaf.fact, _settled(branch, leaf, holds)) else _State.CANNOT

    def _follows(self, leaf: HasTerm, holds: bool, leaves: _Leaves) -> bool:
        """True where one of ``leaves`` alone already settles ``leaf`` that way."""
        fact = self.facts[FactId(leaf.fact)]
        below, above = self._terms(fact, leaf.terms)
        for other, so in leaves:
            if isinstance(other, HasTerm) and so is holds:
                other_below, other_above = self._terms(fact, other.terms)
                if other_below <= below if holds else below | above <= other_below | other_above:
                    return True
        return False

    def _possible(self, fact_id: str, branch: _Branch) -> bool:
        """True where one answer to the fact makes each of its leaves in ``branch`` what it is to be."""
        leaves = branch[fact_id]
        known = self._answerable.get((fact_id, leaves))
        if known is None:
            fact = self.facts[FactId(fact_id)]
            known = self._answerable[fact_id, leaves] = self._find_answer(fact, leaves)
        return known

    def _find_answer(self, fact: Fact, leaves: _Leaves) -> bool:
        match fact.kind:
            case FactKind.TERMS | FactKind.ONE:
                return self._find_terms(fact, leaves)
            case FactKind.FLAG:
                values = {leaf.value is holds for leaf, holds in leaves if isinstance(leaf, Flag)}
                return len(values) < 2
            case FactKind.NUMBER:
                ranges = [(leaf, holds) for leaf, holds in leaves if isinstance(leaf, NumberIn)]
                return any(all(_contains(leaf, point) is holds for leaf, holds in ranges) for point in _points(fact, ranges))
            case FactKind.DATE:
                spans = [(leaf, holds) for leaf, holds in leaves if isinstance(leaf, DateIn)]
                return any(all(_spans(leaf, day) is holds for leaf, holds in spans) for day in _days(spans))

    def _find_terms(self, fact: Fact, leaves: _Leaves) -> bool:
        barred: set[TermId] = set()
        wanted: list[frozenset[TermId]] = []
        for leaf, holds in leaves:
            if isinstance(leaf, HasTerm):
                below, above = self._terms(fact, leaf.terms)
                if holds:
                    wanted.append(below)
                else:
                    barred |= below | above
        choices = [sorted(terms - barred) for terms in wanted]
        if fact.kind is FactKind.ONE:
            return bool(set(fact.terms).difference(barred).intersection(*map(set, choices)))
        return _compatible(fact, sorted(choices, key=len), frozenset())

    def _terms(self, fact: Fact, names: tuple[str, ...]) -> tuple[frozenset[TermId], frozenset[TermId]]:
        """The terms at or below ``names``, and those strictly above them."""
        known = self._below.get((fact.id, names))
        if known is None:
            heads = {TermId(name) for name in names}
            below = frozenset(term for term in fact.terms if term in heads or fact.ancestors[term] & heads)
            above = frozenset[TermId]().union(*(fact.ancestors[head] for head in heads)) - below
            known = self._below[fact.id, names] = below, above
        return known


def _settled(branch: _Branch, leaf: Leaf, holds: bool) -> _Branch:
    return {**branch, leaf.fact: branch.get(leaf.fact, frozenset()) | {(leaf, holds)}}


def _compatible(fact: Fact, choices: list[list[TermId]], chosen: frozenset[TermId]) -> bool:
    """True where one term from each of ``choices`` can be answered together with ``chosen``."""
    if not choices:
        return True
    if chosen & set(choices[0]):
        return _compatible(fact, choices[1:], chosen)
    candidates = (chosen | {term} for term in choices[0])
    return any(not any(contradictions(fact, one)) and _compatible(fact, choices[1:], one) for one in candidates)


def _contains(leaf: NumberIn, point: float) -> bool:
    return (
        (leaf.min is None or point >= leaf.min)
        and (leaf.max is None or point <= leaf.max)
        and (leaf.above is None or point > leaf.above)
        and (leaf.below is None or point < leaf.below)
    )


def _points(fact: Fact, ranges: list[tuple[NumberIn, bool]]) -> Iterator[float]:
    """One number from every stretch of the line that the bounds cut out, as far as the fact allows it."""
    limits = [fact.minimum, fact.maximum]
    bounds = {bound for leaf, _ in ranges for bound in (leaf.min, leaf.max, leaf.above, leaf.below) if bound is not None}
    marks = sorted(bounds | {limit for limit in limits if limit is not None})
    between = [(low + high) / 2 for low, high in pairwise(marks)]
    for point in (*marks, *between, *(mark + step for mark in marks for step in (-1, 1))) or (0.0,):
        if (fact.minimum is None or point >= fact.minimum) and (fact.maximum is None or point <= fact.maximum):
            yield point


def _spans(leaf: DateIn, day: date) -> bool:
    return (leaf.start is None or day >= leaf.start) and (leaf.before is None or day < leaf.before)


def _days(spans: list[tuple[DateIn, bool]]) -> Iterator[date]:
    """One day from every stretch of time that the bounds cut out."""
    for bound in {bound for leaf, _ in spans for bound in (leaf.start, leaf.before) if bound is not None}:
        yield bound
        yield bound - timedelta(days=1)
