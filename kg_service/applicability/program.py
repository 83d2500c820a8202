"""All conditions of the law as one list of shared nodes, children before parents: the form in which they are evaluated.

The same condition met twice is one node (hash-consing), so a qualification on which two hundred norms rest is computed once.
Truth is three-valued (Kleene's strong logic): 0 false, 1 unknown, 2 true; *all* is the minimum, *any* the maximum, *not* 2 - x.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    qualifications_of,
)
from kg_service.applicability.facts import Answer, Facts
from kg_service.errors import KnowledgeError, Problem
from kg_service.model import Fact, FactId, Knowledge, NormId, QualificationId, TermId

FALSE, UNKNOWN, TRUE = 0, 1, 2
Truth: TypeAlias = int


LEAF, ALL, ANY, NOT, IS = range(5)
Op: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Node:
    """One condition. ``parts`` are positions of earlier nodes; ``leaf`` is set for leaves, ``qualification`` for ``IS``."""

    op: Op
    parts: tuple[int, ...] = ()
    leaf: Leaf | None = None
    qualification: QualificationId | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms that make a leaf true (``below``: at or below those named) and those that leave it open (``above``)."""

    below: frozenset[TermId]
    above: frozenset[TermId]


@dataclass(frozen=True, slots=True)
class Program:
    """``applies`` and ``unless`` give each norm's nodes, ``qualifications`` each qualification's ``IS`` node.

    ``inner`` repeats the nodes that are no leaves, with their positions, in the order in which they can be computed.
    """

    nodes: tuple[Node, ...]
    terms: Mapping[int, Terms]
    applies: Mapping[NormId, int]
    unless: Mapping[NormId, int]
    qualifications: Mapping[QualificationId, int]
    leaves: Mapping[FactId, tuple[int, ...]]
    inner: tuple[tuple[int, int, tuple[int, ...]], ...]


def truth(value: Truth) -> bool | None:
    """``value`` as Python says it: True, False, or None where it is unknown."""
    return None if value == UNKNOWN else value == TRUE


def compile_program(knowledge: Knowledge) -> Program:
    """The program of all norms and qualifications.

    Raises:
        KnowledgeError: where qualifications rest on each other in a circle, or on one that does not exist.
    """
    builder = _Builder(knowledge)
    qualifications = {q: builder.qualification(q, ()) for q in knowledge.qualifications}
    applies = {norm.id: builder.add(norm.applies_when) for norm in knowledge.norms.values()}
    unless = {norm.id: builder.add(norm.unless) for norm in knowledge.norms.values() if norm.unless is not None}
    leaves: dict[FactId, list[int]] = {}
    for position, node in enumerate(builder.nodes):
        if node.leaf is not None:
            leaves.setdefault(FactId(node.leaf.fact), []).append(position)
    return Program(
        nodes=tuple(builder.nodes),
        terms=builder.terms,
        applies=applies,
        unless=unless,
        qualifications=qualifications,
        leaves={fact: tuple(positions) for fact, positions in leaves.items()},
        inner=tuple((place, node.op, node.parts) for place, node in enumerate(builder.nodes) if node.op != LEAF),
    )


def leaf_truth(leaf: Leaf | None, terms: Terms | None, answer: Answer | None) -> Truth:
    """What ``answer`` makes of ``leaf``; an unanswered fact leaves it unknown. ``terms`` is due for :class:`HasTerm` alone."""
    if answer is None:
        return UNKNOWN
    if terms is not None:
        if not isinstance(answer, frozenset):
            raise TypeError(leaf, answer)
        if not terms.below.isdisjoint(answer):
            return TRUE
        return FALSE if terms.above.isdisjoint(answer) else UNKNOWN
    return TRUE if _holds(leaf, answer) else FALSE


def _holds(leaf: Leaf | None, answer: Answer) -> bool:
    match leaf:
        case Flag(_, value):
            return answer is value
        case NumberIn(_, low, high, above, below) if isinstance(answer, float):
            return (
                (low is None or answer >= low)
                and (high is None or answer <= high)
                and (above is None or answer > above)
                and (below is None or answer < below)
            )
        case DateIn(_, start, before):
            return (start is None or answer >= start) and (before is None or answer < before)  # type: ignore[operator]
        case _:
            raise TypeError(leaf, answer)


def run(program: Program, facts: Facts) -> Sequence[Truth]:
    """The truth of every node for one deployment, by position."""
    nodes, terms = program.nodes, program.terms
    values: list[Truth] = [UNKNOWN] * len(nodes)
    for fact, positions in program.leaves.items():
        answer = facts.get(fact)
        if answer is not None:
            for position in positions:
                values[position] = leaf_truth(nodes[position].leaf, terms.get(position), answer)
    for position, op, parts in program.inner:
        if op == ALL:
            value = TRUE
            for part in parts:
                if values[part] < value:
                    value = values[part]
                    if value == FALSE:
                        break
        elif op == ANY:
            value = FALSE
            for part in parts:
                if values[part] > value:
                    value = values[part]
                    if value == TRUE:
                        break
        else:
            value = values[parts[0]] if op == IS else 2 - values[parts[0]]
        values[position] = value
    return values


class _Builder:
    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.nodes: list[Node] = []
        self.terms: dict[int, Terms] = {}
        self._known: dict[Node, int] = {}
        self._qualifications: dict[QualificationId, int] = {}
        self._aliases = {alias: q.id for q in knowledge.qualifications.values() for alias in q.aliases}

    def node(self, node: Node) -> int:
        position = self._known.get(node)
        if position is None:
            position = self._known[node] = len(self.nodes)
            self.nodes.append(node)
            if isinstance(node.leaf, HasTerm):
                self.terms[position] = _terms(self.knowledge.facts[FactId(node.leaf.fact)], node.leaf)
        return position

    def add(self, condition: Condition, within: tuple[QualificationId, ...] = ()) -> int:
        match condition:
            case Always():
                return self.node(Node(ALL))
            case All(parts):
                return self.node(Node(ALL, tuple(dict.fromkeys(self.add(part, within) for part in parts))))
            case AnyOf(parts):
                return self.node(Node(ANY, tuple(dict.fromkeys(self.add(part, within) for part in parts))))
            case Not(part):
                return self.node(Node(NOT, (self.add(part, within),)))
            case Is(name):
                return self.qualification(QualificationId(name), within)
            case leaf:
                return self.node(Node(LEAF, leaf=leaf))

    def qualification(self, name: QualificationId, within: tuple[QualificationId, ...]) -> int:
        name = self._aliases.get(name, name)
        known = self._qualifications.get(name)
        if known is not None:
            return known
        qualification = self.knowledge.qualifications.get(name)
        if qualification is None:
            raise KnowledgeError([Problem("qualifications", "unknown-qualification", f"there is no qualification {name!r}.")])
        if name in within:
            circle = " -> ".join((*within[within.index(name) :], name))
            where = f"{qualification.file}:{qualification.line}"
            raise KnowledgeError([Problem(where, "cycle", f"qualifications rest on each other in a circle: {circle}.")])
        below = (*within, name)
        body = self.add(qualification.when, below)
        if qualification.unless is not None:
            body = self.node(Node(ALL, (body, self.node(Node(NOT, (self.add(qualification.unless, below),))))))
        position = self.node(Node(IS, (body,), qualification=name))
        self._qualifications[name] = position
        return position


def _terms(fact: Fact, leaf: HasTerm) -> Terms:
    named = frozenset(map(TermId, leaf.terms))
    below = frozenset(term for term in fact.terms if term in named or named & fact.ancestors[term])
    above = frozenset(up for term in named for up in fact.ancestors[term])
    return Terms(below=below, above=above - below)


def closure(knowledge: Knowledge, condition: Condition) -> frozenset[QualificationId]:
    """Every qualification on which ``condition`` rests, directly or through others."""
    found: set[QualificationId] = set()
    todo = [condition]
    while todo:
        for name in map(QualificationId, qualifications_of(todo.pop())):
            qualification = knowledge.qualifications.get(name)
            if qualification is not None and name not in found:
                found.add(name)
                todo.append(qualification.when)
                if qualification.unless is not None:
                    todo.append(qualification.unless)
    return frozenset(found)
