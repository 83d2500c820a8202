"""Paragraphs of the Code of Federal Regulations: ``(a)(1)(i)(A)(1)(i)``, the last two in italics, read from the running text.

The source marks no levels. A letter ``(i)`` may follow ``(h)`` or begin a list below ``(1)``: the reading with the fewest breaks
in all sequences of a section wins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

_START: Final = re.compile(r"\s*\((?P<mark>[a-z]{1,5}|[A-Z]{1,2}|\d{1,3})\)")
_HEADING_END: Final = re.compile(r"\s*[.—:]+\s*$")
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_STATES: Final = 12
LEVELS: Final = 6


@dataclass(frozen=True, slots=True)
class Designation:
    """``(a)`` without its brackets; ``italic`` tells the two lowest levels from the second and third."""

    mark: str
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """How a paragraph begins: its designations, each with the heading in italics that follows it, and the text that remains."""

    designations: tuple[tuple[Designation, str], ...]
    text: str


_Chain: TypeAlias = "tuple[int, _Chain] | None"


@dataclass(frozen=True, slots=True)
class _State:
    cost: int
    values: tuple[int, ...] = ()
    chain: _Chain = None  # the levels so far, the last first


def opening(text: str, italic: Sequence[bool]) -> Opening:
    """The designations with which ``text`` begins; ``italic`` says of each character whether it is set in italics."""
    found: list[tuple[Designation, str]] = []
    at = 0
    while (match := _START.match(text, at)) is not None:
        mark = Designation(match["mark"], italic[match.start("mark")])
        at = match.end()
        end = _heading(text, italic, at)
        found.append((mark, text[at:end].strip()))
        at = end
    return Opening(tuple(found), text[at:].strip())


def levels(designations: Sequence[Designation]) -> tuple[tuple[int, ...], int]:
    """The level of each designation of one list, from 0, in order, and how many of them break a sequence.

    A list below a definition may begin with ``(1)`` or ``(i)``: what its first designation is numbered by is its level 0.
    """
    first = next((start for start in range(3) if designations and _value(designations[0], start) == 1), 0)
    found, breaks = _best(designations, (0,) * first)
    return tuple(max(level - first, 0) for level in found), breaks


def _best(designations: Sequence[Designation], above: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    states = [_State(0, above)]
    for designation in designations:
        following = [state for held in states for state in _steps(held, designation)]
        if not following:  # no level takes such a mark: it hangs below the last
            following = [_State(held.cost + 3, held.values, (max(len(held.values) - 1, 0), held.chain)) for held in states]
        following.sort(key=lambda state: state.cost)
        states = following[:_STATES]
    found: list[int] = []
    chain = states[0].chain
    while chain is not None:
        found.append(chain[0])
        chain = chain[1]
    return tuple(reversed(found)), states[0].cost


def _steps(state: _State, designation: Designation) -> list[_State]:
    found = []
    for level in range(min(len(state.values), LEVELS - 1), -1, -1):
        value = _value(designation, level)
        if value is None:
            continue
        before = state.values[level] if level < len(state.values) else 0
        cost = 0 if value == before + 1 else 1 if value > before else 4
        found.append(_State(state.cost + cost, (*state.values[:level], value), (level, state.chain)))
    return found


def _value(designation: Designation, level: int) -> int | None:
    """Which in its sequence a mark is at a level; None where the level is numbered in another way."""
    mark = designation.mark
    if designation.italic is not (level >= 4):
        return None
    if level in (1, 4):
        return int(mark) if mark.isdecimal() else None
    if level in (2, 5):
        return _roman(mark)
    if not mark.isalpha() or mark.isupper() is not (level == 3) or len(set(mark)) != 1 or len(mark) > 2:
        return None
    return ord(mark[0].lower()) - ord("a") + 1 + 26 * (len(mark) - 1)


def _roman(mark: str) -> int | None:
    if not mark or set(mark) - set(_ROMAN):
        return None
    values = [_ROMAN[letter] for letter in mark]
    total = sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))
    return total if total > 0 else None


def _heading(text: str, italic: Sequence[bool], at: int) -> int:
    """Where the heading in italics that starts at ``at`` ends; ``at`` where there is none."""
    start = at
    while start < len(text) and text[start].isspace():
        start += 1
    end = start
    while end < len(text) and (italic[end] or text[end].isspace()):
        end += 1
    while end < len(text) and text[end] in ".—:":
        end += 1
    words = text[start:end]
    return end if end > start and any(map(str.isalpha, words)) and _HEADING_END.search(words) else at
