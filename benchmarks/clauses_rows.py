"""Rows of words written from the patterns of the language files, for the model of clauses to learn from."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

_PART = re.compile(r"\s*(\(|\)|\||\?|\.\.[,-]?\d*|\{[a-z]+\}|\$[a-zA-Z_]+|[^\s()|?{}$]+)")
_PLURAL = re.compile(r"(?<=[A-Za-z]{2})s\?(?=[\s)|]|$)")
_FILLING = ("the", "a", "our", "own", "new", "some", "all", "their", "more", "simple", "old", "daily", "extra", "main", "full")
_FOUND = {
    "place": "Germany|the US|France|Ohio|London|Tokyo",
    "adj": "German|French|US|Dutch",
    "att": "German|UK",
    "number": "400|12",
    "people": "Germans|Texans",
    "date": "June 2025|next May",
    "money": "EUR 5bn|$200m",
    "law": "the AI Act|DORA",
}
_DEEPEST = 8
Row = list[tuple[Any, bool]]


class Rows:
    """Writes one of the rows of words that a pattern meets."""

    def __init__(self, macros: Mapping[str, str]) -> None:
        self._macros = macros
        self._parsed: dict[str, list[Row]] = {}

    def say(self, pattern: str, chance: random.Random) -> str:
        return re.sub(r"\s+,", ",", " ".join(self._written(self._tree(pattern), chance, 0)))

    def _tree(self, pattern: str) -> list[Row]:
        if pattern not in self._parsed:
            parts = _PART.findall(_PLURAL.sub("", pattern))
            self._parsed[pattern] = _choice(parts[::-1])
        return self._parsed[pattern]

    def _written(self, rows: list[Row], chance: random.Random, depth: int) -> list[str]:
        said: list[str] = []
        for item, absent in chance.choice(rows):
            if absent and chance.random() < 0.6:
                continue
            if isinstance(item, list):
                said += self._written(item, chance, depth)
            elif item.startswith("$"):
                macro = self._macros.get(item[1:], "")
                said += self._written(self._tree(macro), chance, depth + 1) if macro and depth < _DEEPEST else []
            else:
                said += _word(item, chance)
        return said


def _choice(parts: list[str]) -> list[Row]:
    """The rows of a choice; ``parts`` stand last first and are used up to its end."""
    rows: list[Row] = [[]]
    while parts:
        part = parts.pop()
        if part == ")":
            break
        if part == "|":
            rows.append([])
        elif part == "?":
            if rows[-1]:
                rows[-1][-1] = (rows[-1][-1][0], True)
        else:
            rows[-1].append((_choice(parts) if part == "(" else part, False))
    return rows


def _word(item: str, chance: random.Random) -> list[str]:
    if item.startswith("{"):
        return [chance.choice(_FOUND.get(item[1:-1], "it").split("|"))]
    if item.startswith(".."):
        return [chance.choice(_FILLING)] if chance.random() < 0.3 else []
    if item == ",":
        return [","] if chance.random() < 0.3 else []
    if item.endswith("~"):
        base = item[:-1]
        stem = base[:-1] if base.endswith("e") else base
        return [chance.choice((base, base + ("es" if base[-1] in "sxh" else "s"), f"{stem}ing", f"{stem}ed"))]
    return [item.rstrip("=*")]
