"""All patterns as one graph without loops, and the scan that finds them in a message at once.

A node is one step of a pattern: a word out of a class of spellings, a span found before, or a word passed over in a gap. It
leads to a set of nodes, or of rules that are met there. A scan walks from each word with the whole set of nodes that may come
next, so that its time grows with the length of the message. The graph is flat arrays of numbers; what is not met is not unpacked.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from assistant.understanding.words import CLAUSE, Word, listed

Nodes: TypeAlias = tuple[int, ...]  # numbers of nodes; of a rule that is met: -1 - its number
_GRAMMAR: Final = listed(
    """the a an of for from in on at to by with without into onto over under and or nor but if when while because as than that
    which who whose where it its they their we our us you your he she this these those is are was were be been being am has have
    had do does did can could may might will would shall should must not no never only also just uses use used using via per
    outside beyond leaving except"""
)
SKIP: Final = ".."  # instead of a word: any word is passed over
NEAR: Final = "..-"  # any but a word of grammar
BEGIN: Final = "*"  # ends a spelling that is a beginning
SHORTEST: Final = 2  # letters of a beginning
_NOTHING: Final[frozenset[int]] = frozenset()
_REMEMBERED: Final = 5_000


@dataclass(frozen=True, slots=True)
class Group:
    """Something found before the patterns: its ``kind`` (place, day ...), its words ``first`` to ``last``, and what it is."""

    kind: str
    first: int
    last: int
    value: object


@dataclass(frozen=True, slots=True)
class Match:
    """A rule met over the words ``first`` to ``last``. ``owned`` are the words that it names itself, without those of gaps."""

    rule: int
    first: int
    last: int
    owned: frozenset[int]
    groups: tuple[Group, ...] = ()


@dataclass(slots=True)
class Weaver:
    """Makes a graph, each pattern from its end: what follows must be there before what leads to it."""

    classes: dict[frozenset[str], int] = field(default_factory=dict)
    sets: dict[Nodes, int] = field(default_factory=dict)
    nodes: dict[tuple[int, int, bool], int] = field(default_factory=dict)
    made: list[tuple[int, int, bool]] = field(default_factory=list)
    loose: set[int] = field(default_factory=set)
    roots: set[int] = field(default_factory=set)

    def node(self, spellings: frozenset[str], after: Nodes, loose: bool = False) -> int:
        """The node from which a word of ``spellings`` leads to ``after``; ``loose``: a comma may stand before that word."""
        classes, sets = self.classes, self.sets
        kind = classes.setdefault(spellings, len(classes))
        return self._node((kind, sets.setdefault(after, len(sets)), loose))

    def _node(self, key: tuple[int, int, bool]) -> int:
        number = self.nodes.get(key)
        if number is None:
            number = self.nodes[key] = len(self.made)
            self.made.append(key)
            if key[2]:
                self.loose.add(number)
        return number

    def loosened(self, nodes: Nodes) -> Nodes:
        """The same, but a comma may stand before each."""
        return united(*(one if one < 0 else self._node((*self.made[one][:2], True)) for one in nodes))

    def passes(self, nodes: Nodes, spellings: frozenset[str]) -> bool:
        """Whether one of ``nodes`` is of this class."""
        kind = self.classes.get(spellings)
        return kind is not None and any(one >= 0 and self.made[one][0] == kind for one in nodes)

    def graph(self) -> Graph:
        spelled: dict[str, list[int]] = {}
        for spellings, kind in self.classes.items():
            for word in spellings:
                spelled.setdefault(word, []).append(kind)
        words = sorted(spelled)
        of_class: list[list[int]] = [[] for _ in self.classes]
        for number, (kind, _, _) in enumerate(self.made):
            of_class[kind].append(number)
        return Graph(
            tuple(words),
            Rows.of(spelled[word] for word in words),
            Rows.of(of_class),
            array("i", [after for _, after, _ in self.made]),
            Rows.of(self.sets),
            array("i", sorted(self.loose)),
            array("i", sorted(self.roots)),
        )


def united(*nodes: int) -> Nodes:
    """``nodes`` as a set, in the one order in which sets are written."""
    return tuple(sorted(set(nodes))) if len(nodes) > 1 else nodes


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of numbers, one behind the other: row ``n`` is ``items[starts[n]:starts[n + 1]]``."""

    starts: Sequence[int]
    items: Sequence[int]

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Rows:
        starts, items = array("i", [0]), array("i")
        for row in rows:
            items.extend(row)
            starts.append(len(items))
        return cls(starts, items)

    def __getitem__(self, number: int) -> Sequence[int]:
        return self.items[self.starts[number] : self.starts[number + 1]]

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a set of nodes leads: the nodes that may come next, and the rules that are met."""

    nodes: frozenset[int]
    rules: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Met:
    """What a word, or a span, meets: ``nodes`` that it passes, and where it leads as the first word of a pattern."""

    nodes: frozenset[int]
    begun: _Step


_Walk: TypeAlias = tuple[int, tuple[int, ...], tuple[Group, ...], _Step]


class Graph:
    """Patterns ready to be scanned for. May be shared by threads: what it remembers of words can be made again at any time."""

    def __init__(
        self,
        words: Sequence[str],
        classes: Rows,
        members: Rows,
        targets: Sequence[int],
        sets: Rows,
        loose: Sequence[int],
        roots: Sequence[int],
    ) -> None:
        """``classes`` of each of ``words``, ``members`` of each class; ``targets`` of each node, each the number of a set."""
        self.words, self.classes, self.members = words, classes, members
        self.targets, self.sets, self.loose, self.roots = targets, sets, loose, roots
        self._numbers = dict(zip(words, range(len(words)), strict=True))
        self._begins: dict[str, list[tuple[str, int]]] = {}
        for number, word in enumerate(words):
            if word[-1] == BEGIN:
                self._begins.setdefault(word[:SHORTEST], []).append((word[:-1], number))
        self._may_be_loose = frozenset(loose)
        self._first = frozenset(roots)
        self._spread: dict[int, _Step] = {}
        self._steps: dict[frozenset[int], _Step] = {}
        self._met: dict[tuple[int, ...], _Met] = {}
        self._over_grammar = self._of(SKIP).nodes
        self._over = self._over_grammar | self._of(NEAR).nodes

    def scan(self, words: Sequence[Word], groups: Iterable[Group] = ()) -> list[Match]:
        """Every rule met in ``words``: of each rule the longest row from each first word, in the order of words and rules."""
        at: dict[int, list[tuple[Group, _Met]]] = {}
        for group in groups:
            at.setdefault(group.first, []).append((group, self._of(f"{{{group.kind}}}")))
        known: dict[tuple[str, str], _Met] = {}
        met: list[_Met] = []
        for word in words:
            key = (word.low, word.raw)
            if key not in known:
                known[key] = self._of(*key)
            met.append(known[key])
        walk = _Scan(self, words, met, at)
        found: list[Match] = []
        for first in range(len(words)):
            if met[first].begun.nodes or met[first].begun.rules or first in at:
                best = walk.longest_from(first)
                found.extend(best[rule] for rule in sorted(best, reverse=True))
        return found

    def _of(self, low: str, raw: str = "") -> _Met:
        """What a word meets: ``low`` without case, and ``raw`` exactly as it is written."""
        numbers = [self._numbers[key] for key in (low, f"={raw}") if key in self._numbers]
        if low[:SHORTEST] in self._begins:
            numbers += [number for begin, number in self._begins[low[:SHORTEST]] if low.startswith(begin)]
        kinds = tuple(sorted({kind for number in numbers for kind in self.classes[number]}))
        met = self._met.get(kinds)
        if met is None:
            nodes = frozenset(node for kind in kinds for node in self.members[kind])
            met = _Met(nodes, self.after(nodes & self._first))
            if len(self._met) >= _REMEMBERED:
                self._met = {}
            self._met[kinds] = met
        return met

    def after(self, nodes: frozenset[int]) -> _Step:
        """Where ``nodes`` lead, all together."""
        if len(nodes) == 1:
            (node,) = nodes
            return self._set(self.targets[node])
        step = self._steps.get(nodes)
        if step is None:
            steps = [self._set(target) for target in {self.targets[node] for node in nodes}]
            step = _Step(frozenset().union(*(one.nodes for one in steps)), tuple({rule for one in steps for rule in one.rules}))
            if len(self._steps) >= _REMEMBERED:
                self._steps = {}
            self._steps[nodes] = step
        return step

    def _set(self, number: int) -> _Step:
        step = self._spread.get(number)
        if step is None:
            items = self.sets[number]
            nodes = frozenset(one for one in items if one >= 0)
            step = self._spread[number] = _Step(nodes, tuple(-1 - one for one in items if one < 0))
        return step

    def comma(self, nodes: frozenset[int]) -> frozenset[int]:
        """Those of ``nodes`` before whose word a comma may stand."""
        return nodes & self._may_be_loose

    def over(self, nodes: frozenset[int], word: str) -> frozenset[int]:
        """Those of ``nodes`` that pass over ``word`` in a gap."""
        return nodes & (self._over_grammar if word in _GRAMMAR else self._over)


@dataclass(slots=True)
class _Scan:
    """One walk over one message; ``steps`` counts how often it went on from a word."""

    graph: Graph
    words: Sequence[Word]
    met: Sequence[_Met]
    at: Mapping[int, Sequence[tuple[Group, _Met]]]
    steps: int = 0

    def longest_from(self, first: int) -> dict[int, Match]:
        """Of each rule met from the word ``first`` on the longest row; of rows as long the one over fewer words."""
        best: dict[int, Match] = {}
        seen: dict[tuple[int, int], frozenset[int]] = {}
        todo: list[_Walk] = [(first + 1, (first,), (), self.met[first].begun)]
        todo += [
            (group.last + 1, tuple(range(first, group.last + 1)), (group,), met.begun) for group, met in self.at.get(first, ())
        ]
        while todo:
            place, owned, groups, step = todo.pop()
            self.steps += 1
            for rule in step.rules:
                old = best.get(rule)
                if old is None or (len(owned), -place) > (len(old.owned), -old.last - 1):
                    best[rule] = Match(rule, first, place - 1, frozenset(owned), groups)
            key = (place, len(owned))
            nodes = step.nodes
            if key in seen:  # another way led here, with as many words of its own
                nodes = nodes - seen[key]
                seen[key] |= nodes
            else:
                seen[key] = nodes
            if nodes and place < len(self.words):
                self._go_on(todo, place, owned, groups, nodes)
        return best

    def _go_on(
        self, todo: list[_Walk], place: int, owned: tuple[int, ...], groups: tuple[Group, ...], nodes: frozenset[int]
    ) -> None:
        """Adds each way on from ``nodes`` over the word at ``place``."""
        word, graph = self.words[place], self.graph
        if word.stop:
            nodes = graph.comma(nodes) if word.stop < CLAUSE else _NOTHING
            if not nodes:
                return
        passed = nodes & self.met[place].nodes
        if passed:
            todo.append((place + 1, (*owned, place), groups, graph.after(passed)))
        passed = graph.over(nodes, word.low)
        if passed:
            todo.append((place + 1, owned, groups, graph.after(passed)))
        for group, met in self.at.get(place, ()):
            passed = nodes & met.nodes
            if passed:
                spanned = (*owned, *range(place, group.last + 1))
                todo.append((group.last + 1, spanned, (*groups, group), graph.after(passed)))


EMPTY: Final = Weaver().graph()
__all__ = ["BEGIN", "EMPTY", "NEAR", "SHORTEST", "SKIP", "Graph", "Group", "Match", "Nodes", "Rows", "Weaver", "united"]
