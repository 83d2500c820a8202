"""The small language of the files in ``language/``, and the scan that finds all its patterns in a message at once.

A pattern is a row of words. ``(a|b c)`` is a choice, ``x?`` may be absent (``words?`` is ``word``), ``..3`` stands
for at most three other words of the same clause (``..,3``: commas may stand among them; ``..-3``: no word of grammar, so that
they belong to the noun that follows), ``,`` for a comma that may
stand there, ``$name`` for a macro, ``{place}`` for something found before (a place, a day, a number). A word in lower
case meets every case and its plural; ``word~`` also the other forms of the verb; ``word*`` every word that begins so;
``word=`` only itself; a word with a capital is met exactly as written. Each Chinese character is a word.

Every pattern becomes a finite graph without loops, so that the time of a scan grows with the length of the message
and no message can make it grow faster. Nothing of a message is ever made into a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.understanding.words import CLAUSE, COMMA, NONE, Word, folded, listed, words_of

_TOKEN: Final = re.compile(r"\s*(\(|\)|\||\?|\.\.[,-]?\d*|\{[a-z]+\}|\$[a-z_]+|[^\s()|?{}$]+)")
_MAYBE_PLURAL: Final = re.compile(r"(?<=[A-Za-z]{2})s\?(?=[\s)|]|$)")
_PLAIN: Final = re.compile(r"[\w'’.&/-]+[~=]?")
_GRAMMAR: Final = listed(
    """the a an of for from in on at to by with without into onto over under and or nor but if when while because as than that
    which who whose where it its they their we our us you your he she this these those is are was were be been being am has have
    had do does did can could may might will would shall should must not no never only also just uses use used using via per
    outside beyond leaving except"""
)
_SHORTEST: Final = 2  # letters of a beginning
_LONGEST_GAP: Final = 8
_DEEPEST: Final = 12


class PatternError(ValueError):
    """A pattern is not written as the language asks."""


@dataclass(slots=True, eq=False)
class State:
    """A place in a pattern: where each next word leads. ``loose`` lets a comma stand before the next word; ``also`` are places
    that are reached with it."""

    words: dict[str, tuple[State, ...]] = field(default_factory=dict)
    prefixes: dict[str, list[tuple[str, State]]] = field(default_factory=dict)  # by their first two letters
    spans: dict[str, list[State]] = field(default_factory=dict)
    anything: list[State] = field(default_factory=list)
    modifiers: list[State] = field(default_factory=list)
    accepts: list[int] = field(default_factory=list)
    also: list[State] = field(default_factory=list)
    loose: bool = False

    def join(self, other: State) -> None:
        """All that leads on from ``other`` leads on from here."""
        mine = self.words
        if mine:
            for word, targets in other.words.items():
                mine[word] = mine[word] + targets if word in mine else targets
        else:
            self.words = dict(other.words)
        for kind, after in other.spans.items():
            self.spans.setdefault(kind, []).extend(after)
        for start, begun in other.prefixes.items():
            self.prefixes.setdefault(start, []).extend(begun)
        self.anything.extend(other.anything)
        self.modifiers.extend(other.modifiers)
        self.accepts.extend(other.accepts)
        self.loose = self.loose or other.loose
        for one in other.also:
            self.join(one)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of several rows. ``single`` are the spellings of those that are one word, ``rows`` the others."""

    single: frozenset[str]
    rows: tuple[Row, ...]


Row = tuple[tuple["Choice | str", bool], ...]  # the items of a row of words, and whether each may be absent


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


def forms(word: str, irregular: Mapping[str, Sequence[str]] = {}) -> frozenset[str]:
    """The spellings under which ``word``, written as in a pattern, may stand in a message; ``=`` before one means exactly so."""
    if word.endswith("="):
        return frozenset({folded(word[:-1])})
    if word.endswith("~"):
        return _inflected(folded(word[:-1])) | frozenset(irregular.get(folded(word[:-1]), ()))
    if any(c.isupper() for c in word):
        return frozenset({f"={word}", f"={word}s"})
    base = folded(word)
    return frozenset({base, *irregular.get(base, ())} | _plural(base)) if base.isalpha() and base.isascii() else frozenset({base})


def _plural(base: str) -> set[str]:
    if len(base) < 3:
        return set()
    if base.endswith("y") and base[-2] not in "aeiou":
        return {base[:-1] + "ies"}
    return {base + "es"} if base.endswith(("s", "x", "ch", "sh")) else {base + "s"}


def _inflected(base: str) -> frozenset[str]:
    found = {base, *_plural(base)}
    if base.endswith("e"):
        found |= {base + "d", base[:-1] + "ing"}
    elif base.endswith("y") and base[-2] not in "aeiou":
        found |= {base[:-1] + "ied", base + "ing"}
    else:
        found |= {base + "ed", base + "ing", base + base[-1] + "ed", base + base[-1] + "ing"}
    return frozenset(found)


@dataclass(slots=True)
class Patterns:
    """Patterns joined into one graph; ``add`` each with the number of its rule, then ``scan`` messages."""

    macros: Mapping[str, str] = field(default_factory=dict)
    irregular: Mapping[str, Sequence[str]] = field(default_factory=dict)
    root: State = field(default_factory=State)
    _spelled: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    _read: dict[str, Row] = field(default_factory=dict)  # macros

    def add(self, pattern: str, rule: int) -> bool:
        """The pattern is part of every later scan; says whether it is a plain row of words, without gaps.

        Raises:
            PatternError: where it is not well formed, names an unknown macro, or is met by no word at all.
        """
        state = State()
        state.join(self._sequence(self._row(pattern), State(accepts=[rule]), 0))
        if state.accepts or state.anything or state.modifiers:
            raise PatternError("it must begin with a word")
        self.root.join(state)
        return ".." not in pattern

    def _row(self, pattern: str) -> Row:
        pattern = f"({_MAYBE_PLURAL.sub('', pattern)})"
        tokens = _TOKEN.findall(pattern)
        if "".join(tokens).replace(" ", "") != pattern.replace(" ", ""):
            raise PatternError("it holds a character that no pattern has")
        tokens.reverse()
        row = self._items(tokens, 0)
        if tokens:
            raise PatternError(f"there is a {tokens[-1]!r} too many")
        return row

    def _items(self, tokens: list[str], depth: int) -> Row:
        """Takes the items of one row from the end of ``tokens``, up to what closes it."""
        if depth > _DEEPEST:
            raise PatternError("it is nested too deeply, or its macros name each other")
        items: list[tuple[Choice | str, bool]] = []
        while tokens and tokens[-1] not in ("|", ")"):
            piece = tokens.pop()
            if piece == "?":
                raise PatternError("a '?' stands behind nothing")
            item = self._choice(tokens, depth + 1) if piece == "(" else piece
            optional = bool(tokens) and tokens[-1] == "?"
            if optional:
                tokens.pop()
            items.append((item, optional))
        return tuple(items)

    def _choice(self, tokens: list[str], depth: int) -> Choice:
        rows: list[Row] = []
        single: set[str] = set()
        while True:
            row = self._items(tokens, depth)
            first = row[0][0] if len(row) == 1 and not row[0][1] else None
            spelled = self._parts(first) if isinstance(first, str) and first[0] not in ".,{$" and first[-1] != "*" else ()
            if len(spelled) == 1:
                single |= spelled[0]
            else:
                rows.append(row)
            if not tokens:
                raise PatternError("a bracket is not closed")
            if tokens.pop() == ")":
                return Choice(frozenset(single), tuple(rows))

    def _sequence(self, row: Row, after: State, depth: int) -> State:
        """The graph of ``row``, built from its end."""
        if depth > _DEEPEST:
            raise PatternError("it is nested too deeply, or its macros name each other")
        for item, optional in reversed(row):
            before = self._item(item, after, depth)
            after = State(also=[before, after]) if optional else before
        return after

    def _item(self, item: Choice | str, after: State, depth: int) -> State:
        if isinstance(item, Choice):
            state = State(words=dict.fromkeys(item.single, (after,)))
            for row in item.rows:
                state.join(self._sequence(row, after, depth + 1))
            return state
        if item == ",":
            state = State(loose=True)
            state.join(after)
            return state
        if item.startswith(".."):
            return _gap(int(item[2:].lstrip(",-") or 3), after, loose="," in item, near="-" in item)
        if item.startswith("{"):
            return State(spans={item[1:-1]: [after]})
        if item.startswith("$"):
            name = item[1:]
            if name not in self.macros:
                raise PatternError(f"there is no macro {item!r}")
            if name not in self._read:
                self._read[name] = self._row(self.macros[name])
            return self._sequence(self._read[name], after, depth + 1)
        if item.endswith("*"):
            begin = folded(item[:-1])
            if len(begin) < _SHORTEST:
                raise PatternError(f"{item!r} begins too many words")
            return State(prefixes={begin[:_SHORTEST]: [(begin, after)]})
        for part in self._parts(item):
            after = State(words=dict.fromkeys(part, (after,)))
        return after

    def _parts(self, item: str) -> list[frozenset[str]]:
        if item not in self._spelled:
            self._spelled[item] = self._spellings(item)
        return self._spelled[item]

    def _spellings(self, item: str) -> list[frozenset[str]]:
        """The forms of each part of a word with hyphens, the last part first."""
        mark = item[-1] if item[-1] in "~=" else ""
        parts = [word.raw for word in words_of(item.rstrip("~="))]
        if not parts or not _PLAIN.fullmatch(item):
            raise PatternError(f"{item!r} is no word")
        whole = [part if any(c.isupper() for c in part) else part + "=" for part in parts[:-1]] + [parts[-1] + mark]
        return [forms(part, self.irregular) for part in reversed(whole)]

    def scan(self, words: Sequence[Word], groups: Iterable[Group] = ()) -> list[Match]:
        """Every rule met in ``words``: of each rule the longest row from each first word."""
        at: dict[int, list[Group]] = {}
        for group in groups:
            at.setdefault(group.first, []).append(group)
        spelled = [(word.low, f"={word.raw}", word.stop) for word in words]
        found: list[Match] = []
        for first in range(len(words)):
            found.extend(self._from(first, spelled, at).values())
        return found

    def _from(self, first: int, words: Sequence[tuple[str, str, int]], at: Mapping[int, list[Group]]) -> dict[int, Match]:
        """Of each rule met from the word ``first`` on the longest row."""
        best: dict[int, Match] = {}
        todo: list[tuple[State, int, tuple[int, ...], tuple[Group, ...]]] = [(self.root, first, (), ())]
        seen: set[tuple[int, int, int]] = set()
        end = len(words)
        while todo:
            state, place, owned, groups = todo.pop()
            key = (id(state), place, len(owned))
            if key in seen:
                continue
            seen.add(key)
            for rule in state.accepts:
                old = best.get(rule)
                if old is None or (len(owned), -place) > (len(old.owned), -old.last - 1):
                    best[rule] = Match(rule, first, place - 1, frozenset(owned), groups)
            if state.also:
                todo.extend((one, place, owned, groups) for one in state.also)
            if place == end:
                continue
            low, raw, stop = words[place]
            if stop and place > first and (stop >= CLAUSE or (stop >= COMMA and not state.loose)):
                continue
            after = state.words.get(low, ()) + state.words.get(raw, ())
            if state.prefixes:
                after += tuple(one for begin, one in state.prefixes.get(low[:_SHORTEST], ()) if low.startswith(begin))
            if after:
                mine = (*owned, place)
                todo.extend((one, place + 1, mine, groups) for one in after)
            if state.anything:
                todo.extend((one, place + 1, owned, groups) for one in state.anything)
            if state.modifiers and low not in _GRAMMAR:
                todo.extend((one, place + 1, owned, groups) for one in state.modifiers)
            if state.spans and place in at:
                todo.extend(
                    (one, group.last + 1, (*owned, *range(place, group.last + 1)), (*groups, group))
                    for group in at[place]
                    for one in state.spans.get(group.kind, ())
                )
        return best


def _gap(size: int, after: State, *, loose: bool, near: bool = False) -> State:
    if not 0 < size <= _LONGEST_GAP:
        raise PatternError(f"a gap is of 1 to {_LONGEST_GAP} words")
    if loose:
        state = State(loose=True)
        state.join(after)
        after = state
    state = State(loose=loose, also=[after])
    for _ in range(size):
        wider = State(loose=loose, also=[after])
        (wider.modifiers if near else wider.anything).append(state)
        state = wider
    return state


__all__ = ["NONE", "Group", "Match", "PatternError", "Patterns", "State", "forms"]
