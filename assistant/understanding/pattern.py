"""The small language of the files in ``language/``: what a pattern is, and how it becomes part of a graph.

A pattern is a row of words. ``(a|b c)`` is a choice, ``x?`` may be absent (``words?`` is ``word``), ``..3`` stands
for at most three other words of the same clause (``..,3``: commas may stand among them; ``..-3``: no word of grammar, so that
they belong to the noun that follows), ``,`` for a comma that may
stand there, ``$name`` for a macro, ``{place}`` for something found before (a place, a day, a number). A word in lower
case meets every case and its plural; ``word~`` also the other forms of the verb; ``word*`` every word that begins so;
``word=`` only itself; a word with a capital is met exactly as written. Each Chinese character is a word.

Every pattern becomes part of one finite graph without loops, so that the time of a scan grows with the length of the message
and no message can make it grow faster. Nothing of a message is ever made into a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.understanding.graph import BEGIN, NEAR, SHORTEST, SKIP, Graph, Group, Match, Nodes, Weaver, united
from assistant.understanding.words import Word, folded, words_of

_TOKEN: Final = re.compile(r"\s*(\(|\)|\||\?|\.\.[,-]?\d*|\{[a-z]+\}|\$[a-z_]+|[^\s()|?{}$]+)")
_MAYBE_PLURAL: Final = re.compile(r"(?<=[A-Za-z]{2})s\?(?=[\s)|]|$)")
_PLAIN: Final = re.compile(r"[\w'’.&/-]+[~=]?")
_LONGEST_GAP: Final = 8
_DEEPEST: Final = 12
_SPECIAL: Final = ".,{$()|?"  # begins what is no word
_ENDS: Final = ("|", ")")  # of a row in a choice
_SKIP: Final = frozenset({SKIP})
_NEAR: Final = frozenset({NEAR})


class PatternError(ValueError):
    """A pattern is not written as the language asks."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of several rows. ``single`` are the spellings of those that are one word, ``rows`` the others."""

    single: frozenset[str]
    rows: tuple[Row, ...]


Row = tuple[tuple["Choice | str", bool], ...]  # the items of a row of words, and whether each may be absent


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
    """Patterns to be joined into one graph; ``add`` each with the number of its rule, then ask for the ``graph``."""

    macros: Mapping[str, str] = field(default_factory=dict)
    irregular: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _weaver: Weaver = field(default_factory=Weaver)
    _spelled: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    _read: dict[str, Row] = field(default_factory=dict)  # macros
    _graph: Graph | None = None

    def add(self, pattern: str, rule: int) -> bool:
        """The pattern is part of every later scan; says whether it is a plain row of words, without gaps.

        Raises:
            PatternError: where it is not well formed, names an unknown macro, or is met by no word at all.
        """
        nodes = self._sequence(self._row(pattern), (-1 - rule,), 0)
        if nodes[0] < 0 or self._weaver.passes(nodes, _SKIP) or self._weaver.passes(nodes, _NEAR):
            raise PatternError("it must begin with a word")
        self._weaver.roots.update(nodes)
        self._graph = None
        return ".." not in pattern

    def graph(self) -> Graph:
        """All patterns that were added, ready to be scanned for."""
        if self._graph is None:
            self._graph = self._weaver.graph()
        return self._graph

    def scan(self, words: Sequence[Word], groups: Iterable[Group] = ()) -> list[Match]:
        """What the ``graph`` finds in ``words``."""
        return self.graph().scan(words, groups)

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
        while tokens and tokens[-1] not in _ENDS:
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
            if len(tokens) > 1 and tokens[-2] in _ENDS and tokens[-1][0] not in _SPECIAL:  # one word, the commonest
                piece = tokens.pop()
                parts = self._parts(piece)
                if len(parts) == 1:
                    single |= parts[0]
                else:
                    rows.append(((piece, False),))
            else:
                rows.append(self._items(tokens, depth))
            if not tokens:
                raise PatternError("a bracket is not closed")
            if tokens.pop() == ")":
                return Choice(frozenset(single), tuple(rows))

    def _sequence(self, row: Row, after: Nodes, depth: int) -> Nodes:
        """The nodes with which ``row`` begins where ``after`` follows; built from its end."""
        if depth > _DEEPEST:
            raise PatternError("it is nested too deeply, or its macros name each other")
        for item, optional in reversed(row):
            before = self._item(item, after, depth)
            after = united(*before, *after) if optional else before
        return after

    def _item(self, item: Choice | str, after: Nodes, depth: int) -> Nodes:
        weaver = self._weaver
        if isinstance(item, Choice):
            nodes = [weaver.node(item.single, after)] if item.single else []
            for row in item.rows:
                nodes += self._sequence(row, after, depth + 1)
            found = united(*nodes)
            loose = any(row and row[0][0] == "," for row in item.rows) or (item.rows and not weaver.loose.isdisjoint(found))
            return weaver.loosened(found) if loose else found
        if item == ",":
            return weaver.loosened(after)
        if item.startswith(".."):
            return self._gap(item, after)
        if item.startswith("{"):
            return (weaver.node(frozenset((item,)), after),)
        if item.startswith("$"):
            name = item[1:]
            if name not in self.macros:
                raise PatternError(f"there is no macro {item!r}")
            if name not in self._read:
                self._read[name] = self._row(self.macros[name])
            return self._sequence(self._read[name], after, depth + 1)
        for part in self._parts(item):
            after = (weaver.node(part, after),)
        return after

    def _gap(self, item: str, after: Nodes) -> Nodes:
        size, loose = int(item[2:].lstrip(",-") or 3), "," in item
        if not 0 < size <= _LONGEST_GAP:
            raise PatternError(f"a gap is of 1 to {_LONGEST_GAP} words")
        if loose:
            after = self._weaver.loosened(after)
        nodes = after
        for _ in range(size):
            nodes = united(*after, self._weaver.node(_NEAR if "-" in item else _SKIP, nodes, loose))
        return nodes

    def _parts(self, item: str) -> list[frozenset[str]]:
        parts = self._spelled.get(item)
        if parts is None:
            parts = self._spelled[item] = self._spellings(item)
        return parts

    def _spellings(self, item: str) -> list[frozenset[str]]:
        """The forms of each part of a word with hyphens, the last part first."""
        if item.endswith(BEGIN):
            begin = folded(item[:-1])
            if len(begin) < SHORTEST:
                raise PatternError(f"{item!r} begins too many words")
            return [frozenset({begin + BEGIN})]
        mark = item[-1] if item[-1] in "~=" else ""
        bare = item.rstrip("~=")
        simple = bare.isascii() and bare.replace("-", "").isalnum()
        parts = [part for part in bare.split("-") if part] if simple else [word.raw for word in words_of(bare)]
        if not parts or not _PLAIN.fullmatch(item):
            raise PatternError(f"{item!r} is no word")
        whole = [part if any(c.isupper() for c in part) else part + "=" for part in parts[:-1]] + [parts[-1] + mark]
        return [forms(part, self.irregular) for part in reversed(whole)]


__all__ = ["Group", "Match", "PatternError", "Patterns", "forms"]
