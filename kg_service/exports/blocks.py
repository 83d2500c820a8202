"""A document as parts that every format can show: headings, paragraphs, lists, tables, a heat map, bars, cash flows. Pure.

Texts are untrusted and stand as they were said, less the characters that no document may hold; each format escapes them itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

# Control characters, lone halves of pairs, and marks that reverse the direction of text, which could show one word as another.
_BARRED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
MOST: Final = 32_000

# What a colour says; every format has its own.
SHADES: Final = ("good", "fair", "warn", "bad", "muted", "very low", "low", "moderate", "high", "very high")


def clean(text: object) -> str:
    """``text`` without the characters that a document cannot hold or that would mislead a reader, at most :data:`MOST` long."""
    words = _BARRED.sub("", str(text)).replace("\r\n", "\n").replace("\r", "\n")
    return words if len(words) <= MOST else words[: MOST - 1] + "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table. ``number`` is given where it is one, so that a spreadsheet can reckon with it."""

    text: str
    shade: str | None = None
    link: str | None = None
    number: Decimal | int | float | None = None
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """``width`` is relative to the other columns."""

    name: str
    width: int = 10
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """``sheet`` names the worksheet on which it stands in a spreadsheet; those without one stand in texts alone."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sheet: str | None = None
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    kind: str = "normal"  # or lead, note


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Five by five fields, likelihood upwards and impact to the right; each holds marks, which the caption explains."""

    marks: tuple[tuple[tuple[str, ...], ...], ...]
    levels: tuple[tuple[str, ...], ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    bars: tuple[Bar, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One line of cost or benefit over the years; a cost stands below zero."""

    name: str
    group: str
    amounts: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Flows:
    """Cash flows of one option with what we found of them; a spreadsheet reckons it anew."""

    name: str
    currency: str
    rate: Decimal
    lines: tuple[Flow, ...]
    npv: Decimal
    irr: Decimal | None


Block: TypeAlias = Paragraph | Bullets | Table | Heat | Bars | Flows


@dataclass(frozen=True, slots=True)
class Section:
    """``level`` is 1 for chapters. ``wide`` sections stand across the page where the format has pages."""

    heading: str
    level: int
    blocks: tuple[Block, ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    subtitle: str
    about: tuple[tuple[str, str], ...]
    notice: str
    sections: tuple[Section, ...]
    created: str
    language: str = "en"
    keywords: tuple[str, ...] = field(default=())


def cells(*texts: object) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(one if isinstance(one, Cell) else Cell(clean(one)) for one in texts)


def columns(*given: tuple[str, int] | tuple[str, int, bool]) -> tuple[Column, ...]:
    return tuple(Column(*one) for one in given)


def listed(words: Sequence[object], most: int = 12) -> str:
    """``words`` with commas, at most ``most`` of them."""
    left = len(words) - most
    return ", ".join(map(str, words[:most])) + (f" and {left} more" if left > 0 else "")
