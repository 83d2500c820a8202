"""What the readers of EU acts hand to the assembler: the same few blocks, whether the file was HTML or Formex.

``at`` is the place in the source file in bytes; ``notes`` are the keys of the footnotes called in a text, ``marks`` the
amendments named within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Place: TypeAlias = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph of running text."""

    text: str
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    at: Place = None


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list with its marker as printed: ``(a)``, ``1.``, ``—``."""

    marker: str
    body: tuple[Block, ...]
    at: Place = None


@dataclass(frozen=True, slots=True)
class Para:
    """The start of a numbered paragraph; what follows belongs to it until the next one."""

    marker: str
    body: tuple[Block, ...]
    at: Place = None


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    at: Place = None


@dataclass(frozen=True, slots=True)
class Head:
    """A heading below the level of articles and annexes."""

    text: str
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    at: Place = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words that the act puts into another act."""

    body: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """From here on the text is that of the amendment ``mark`` (``B`` is the act as adopted); ``deleted``: it left a gap here."""

    mark: str
    deleted: bool = False


Block: TypeAlias = Text | Item | Para | Table | Head | Quoted | Change


@dataclass(frozen=True, slots=True)
class Title:
    """A line of the title of the act."""

    text: Text


@dataclass(frozen=True, slots=True)
class Visa:
    """A citation of the preamble."""

    text: Text


@dataclass(frozen=True, slots=True)
class Recital:
    number: str
    body: tuple[Block, ...]
    at: Place = None


@dataclass(frozen=True, slots=True)
class Preamble:
    """Any other words of the preamble."""

    text: Text


@dataclass(frozen=True, slots=True)
class Division:
    """A title, chapter or section: what is printed (``CHAPTER III``), then its heading."""

    text: str
    heading: str = ""
    at: Place = None


@dataclass(frozen=True, slots=True)
class Article:
    number: str
    heading: str = ""
    at: Place = None


@dataclass(frozen=True, slots=True)
class Annex:
    """An annex: what is printed (``ANNEX III``), then its heading."""

    text: str
    heading: str = ""
    at: Place = None


@dataclass(frozen=True, slots=True)
class Closing:
    """The words after the last article: binding force, place and date, signatures."""

    text: Text


Part: TypeAlias = Title | Visa | Recital | Preamble | Division | Article | Annex | Closing | Block
