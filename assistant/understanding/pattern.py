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
    had do does did can could may might will would shall should must not no never only also just uses use used using via per"""
)
_LONGEST_GAP: Final = 8
_DEEPEST: Final = 12


class PatternError(ValueError):
    """A pattern is not written as the language asks."""


@dataclass(slots=True, eq=False)
class State:
    """A place in a pattern: where each next word leads. ``loose`` lets a comma stand before the next word."""

    words: dict[str, list[State]] = field(default_factory=dict)
    prefixes: list[tuple[str, State]] = field(default_factory=list)
    spans: dict[str, list[State]] = field(default_factory=dict)
    anything: list[State] = field(default_factory=list)
    modifiers: list[State] = field(default_factory=list)
    accepts: list[int] = field(default_factory=list)
    loose: bool = False

    def join(self, other: State) -> None:
        for key, targets in other.words.items():
            self.words.setdefault(key, []).extend(targets)
        for key, targets in other.spans.items():
            self.spans.setdefault(key, []).extend(targets)
        self.prefixes.extend(other.prefixes)
        self.anything.extend(other.anything)
        self.modifiers.extend(other.modifiers)
        self.accepts.extend(other.accepts)
        self.loose = self.loose or other.loose


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

    def add(self, pattern: str, rule: int) -> bool:
        """The pattern is part of every later scan; says whether it is a plain row of words, without gaps.

        Raises:
            PatternError: where it is not well formed, names an unknown macro, or is met by no word at all.
        """
        pattern = f"({_MAYBE_PLURAL.sub('', pattern)})"
        tokens = _TOKEN.findall(pattern)
        if "".join(tokens).replace(" ", "") != pattern.replace(" ", ""):
            raise PatternError("it holds a character that no pattern has")
        state = self._sequence(tokens, State(accepts=[rule]), 0)
        if tokens:
            raise PatternError(f"there is a {tokens[0]!r} too many")
        if state.accepts or state.anything or state.modifiers:
            raise PatternError("it must begin with a word")
        self.root.join(state)
        return ".." not in pattern

    def _sequence(self, tokens: list[str], after: State, depth: int) -> State:
        """Takes tokens up to the end of the row; builds the graph from its end."""
        if depth > _DEEPEST:
            raise PatternError("it is nested too deeply, or its macros name each other")
        items: list[tuple[list[list[str]] | str, bool]] = []
        while tokens and tokens[0] not in ("|", ")"):
            piece = tokens.pop(0)
            if piece == "?":
                raise PatternError("a '?' stands behind nothing")
            item: list[list[str]] | str = piece
            if piece == "(":
                item = _choices(tokens)
            optional = bool(tokens) and tokens[0] == "?"
            if optional:
                tokens.pop(0)
            items.append((item, optional))
        for item, optional in reversed(items):
            before = self._item(item, after, depth)
            if optional:
                both = State()
                both.join(before)
                both.join(after)
                before = both
            after = before
        return after

    def _item(self, item: list[list[str]] | str, after: State, depth: int) -> State:
        if not isinstance(item, str):
            state = State()
            for choice in item:
                state.join(self._sequence(list(choice), after, depth + 1))
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
            if item[1:] not in self.macros:
                raise PatternError(f"there is no macro {item!r}")
            inner = _TOKEN.findall(f"({_MAYBE_PLURAL.sub('', self.macros[item[1:]])})")
            return self._sequence(inner, after, depth + 1)
        return self._word(item, after)

    def _word(self, item: str, after: State) -> State:
        if item.endswith("*"):
            return State(prefixes=[(folded(item[:-1]), after)])
        spelled = self._spelled.get(item)
        if spelled is None:
            spelled = self._spelled[item] = self._spellings(item)
        for part in spelled:
            after = State(words={form: [after] for form in part})
        return after

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
        found: list[Match] = []
        for first in range(len(words)):
            best: dict[int, Match] = {}
            self._from(first, words, at, best)
            found.extend(best.values())
        return found

    def _from(self, first: int, words: Sequence[Word], at: Mapping[int, list[Group]], best: dict[int, Match]) -> None:
        todo: list[tuple[State, int, tuple[int, ...], tuple[Group, ...]]] = []
        seen: set[tuple[int, int, int]] = set()
        _step(self.root, first, words, at, (), (), todo, True)
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
            if place < len(words):
                _step(state, place, words, at, owned, groups, todo, False)


def _step(
    state: State,
    place: int,
    words: Sequence[Word],
    at: Mapping[int, list[Group]],
    owned: tuple[int, ...],
    groups: tuple[Group, ...],
    todo: list[tuple[State, int, tuple[int, ...], tuple[Group, ...]]],
    start: bool,
) -> None:
    """Puts on ``todo`` every state that the word at ``place`` leads to."""
    word = words[place]
    if not start and (word.stop >= CLAUSE or (word.stop >= COMMA and not state.loose)):
        return
    targets = [target for key in (word.low, f"={word.raw}") for target in state.words.get(key, ())]
    targets += [target for prefix, target in state.prefixes if word.low.startswith(prefix)]
    todo.extend((target, place + 1, (*owned, place), groups) for target in targets)
    todo.extend((target, place + 1, owned, groups) for target in state.anything)
    if state.modifiers and word.low not in _GRAMMAR:
        todo.extend((target, place + 1, owned, groups) for target in state.modifiers)
    if state.spans:
        todo.extend(
            (target, group.last + 1, (*owned, *range(place, group.last + 1)), (*groups, group))
            for group in at.get(place, ())
            for target in state.spans.get(group.kind, ())
        )


def _choices(tokens: list[str]) -> list[list[str]]:
    """The rows between the bracket just taken and its partner."""
    rows: list[list[str]] = [[]]
    depth = 1
    while tokens:
        piece = tokens.pop(0)
        depth += (piece == "(") - (piece == ")")
        if depth == 0:
            return rows
        if piece == "|" and depth == 1:
            rows.append([])
        else:
            rows[-1].append(piece)
    raise PatternError("a bracket is not closed")


def _gap(size: int, after: State, *, loose: bool, near: bool = False) -> State:
    if not 0 < size <= _LONGEST_GAP:
        raise PatternError(f"a gap is of 1 to {_LONGEST_GAP} words")
    state = State(loose=loose)
    state.join(after)
    for _ in range(size):
        wider = State(loose=loose)
        wider.join(after)
        (wider.modifiers if near else wider.anything).append(state)
        state = wider
    return state


__all__ = ["NONE", "Group", "Match", "PatternError", "Patterns", "State", "forms"]
