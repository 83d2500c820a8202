"""Addresses of units as lawyers write them: ``art-113/subpar-3/pt-a`` is ``Art 113, third subparagraph, point (a)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg_service.imports.model import Document, Unit, UnitPath

_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS: Final[Mapping[str, str]] = {
    "art": "Art",
    "act-title": "Title",
    "cit": "visa",
    "def": "definition",
    "comment": "comment",
    "block": "part",
    "quoted": "text to be inserted",
}


def name_of(document: Document, path: UnitPath) -> str:
    """The address of a unit in words. Points directly below an article or a paragraph are bracketed behind it."""
    said = ""
    before = ""
    place = ""
    for part in path.split("/"):
        place = f"{place}/{part}" if place else part
        kind, number = _split(part)
        shown = _number(document.by_path.get(UnitPath(place)), number)
        if kind in ("par", "pt") and before in ("art", "par", "pt"):
            said += f"({shown})"
        elif kind == "subpar":
            said += f", {_ordinal(number)} subparagraph"
        elif kind == "pt":
            said += f", point ({shown})" if before != "annex" else f", point {shown}"
        else:
            word = f"{_WORDS.get(kind, kind.replace('-', ' ').capitalize())}{' ' + shown if shown else ''}"
            said += f", {word[0].lower() + word[1:]}" if said else word
        before = kind
    return said


def _split(part: str) -> tuple[str, str]:
    for kind in ("act-title",):
        if part == kind:
            return kind, ""
    kind, _, number = part.partition("-")
    return kind, number


def _number(unit: Unit | None, slug: str) -> str:
    return unit.number if unit is not None and unit.number else slug


def _ordinal(number: str) -> str:
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0
    return _ORDINALS[place - 1] if 0 < place <= len(_ORDINALS) else f"{number}th"
