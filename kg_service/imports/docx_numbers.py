"""What Word prints before a paragraph and nowhere stores: numbers of lists and headings, and what a style hides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from kg_service.imports.markup import elements, local

_DEEPEST: Final = 20
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"),
    (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def value(element: etree._Element | None, name: str = "val") -> str | None:
    """An attribute in whatever namespace the flavour of the format puts it."""
    if element is None:
        return None
    return next((str(held) for key, held in element.attrib.items() if str(key).rpartition("}")[2] == name), None)


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first element at a path of local names."""
    for name in path:
        if element is None:
            return None
        element = next((each for each in elements(element) if local(each) == name), None)
    return element


def switched(properties: etree._Element | None, name: str) -> bool | None:
    """Whether a property is on; None where nothing is said."""
    found = child(properties, name)
    return None if found is None else value(found) not in ("0", "false", "off", "none")


@dataclass(frozen=True, slots=True)
class Style:
    """What a style, with those it is based on, says."""

    name: str = ""
    outline: int | None = None
    number: tuple[str, int] | None = None
    hidden: bool | None = None
    colour: str | None = None
    size: int | None = None


class Styles:
    """The styles of a document by id."""

    def __init__(self, root: etree._Element | None) -> None:
        self._held = (
            {value(each, "styleId") or "": each for each in elements(root) if local(each) == "style"} if root is not None else {}
        )
        self._known: dict[str, Style] = {}
        self.default = next(
            (
                key
                for key, each in self._held.items()
                if value(each, "default") in ("1", "true") and value(each, "type") == "paragraph"
            ),
            "",
        )

    def get(self, style_id: str | None, depth: int = 0) -> Style:
        """The style of that id; an empty one where there is none."""
        element = self._held.get(style_id or "")
        if element is None or depth > _DEEPEST:
            return Style()
        if style_id in self._known:
            return self._known[style_id or ""]
        base = self.get(value(child(element, "basedOn")), depth + 1) if child(element, "basedOn") is not None else Style()
        paragraph, run = child(element, "pPr"), child(element, "rPr")
        hidden = hides(run)
        found = Style(
            (value(child(element, "name")) or "").lower(),
            _count(value(child(paragraph, "outlineLvl")), base.outline),
            numbering_of(paragraph) or base.number,
            base.hidden if hidden is None else hidden,
            value(child(run, "color")) or base.colour,
            _count(value(child(run, "sz")), base.size),
        )
        self._known[style_id or ""] = found
        return found


def hides(run: etree._Element | None) -> bool | None:
    """Whether properties of a run hide it."""
    stated = [on for name in ("vanish", "specVanish") if (on := switched(run, name)) is not None]
    return None if not stated else any(stated)


def numbering_of(paragraph: etree._Element | None) -> tuple[str, int] | None:
    """The list and the level that properties of a paragraph name; list ``0`` means none."""
    properties = child(paragraph, "numPr")
    number = value(child(properties, "numId"))
    return None if number is None else (number, _count(value(child(properties, "ilvl")), 0) or 0)


@dataclass(slots=True)
class _Level:
    kind: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbers:
    """The lists of a document. ``next`` counts on."""

    def __init__(self, root: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._of: dict[str, tuple[str, dict[int, int]]] = {}
        self._started: set[str] = set()
        for each in elements(root) if root is not None else ():
            if local(each) == "abstractNum":
                levels = {
                    _count(value(level, "ilvl"), 0) or 0: _level(level) for level in elements(each) if local(level) == "lvl"
                }
                self._lists[value(each, "abstractNumId") or ""] = _List(levels)
            elif local(each) == "num":
                changes = {
                    _count(value(change, "ilvl"), 0) or 0: start
                    for change in elements(each)
                    if local(change) == "lvlOverride"
                    and (start := _count(value(child(change, "startOverride")), None)) is not None
                }
                self._of[value(each, "numId") or ""] = (value(child(each, "abstractNumId")) or "", changes)

    def next(self, number: str, level: int) -> tuple[str, bool]:
        """What Word prints before the next paragraph of a list, and whether that is a mere bullet."""
        abstract, changes = self._of.get(number, ("", {}))
        held = self._lists.get(abstract)
        if held is None or not 0 <= level <= 8:
            return "", True
        if number not in self._started:
            self._started.add(number)
            held.counts.update({at: start - 1 for at, start in changes.items()})
        kind = held.levels.get(level, _Level())
        held.counts[level] = held.counts.get(level, kind.start - 1) + 1
        for deeper in [at for at in held.counts if at > level]:
            del held.counts[deeper]
        if kind.kind == "bullet":
            return "•", True
        if kind.kind == "none":
            return "", True

        def printed(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            other = held.levels.get(at, _Level())
            return shown(held.counts.get(at, other.start), other.kind)

        return re.sub(r"%([1-9])", printed, kind.text).strip(), False


def _level(element: etree._Element) -> _Level:
    kind = value(child(element, "numFmt")) or "decimal"
    return _Level(kind, (value(child(element, "lvlText")) or "")[:60], _count(value(child(element, "start")), 1) or 0)


def shown(number: int, kind: str) -> str:
    """A number in the figures or letters of its list."""
    if kind in ("lowerLetter", "upperLetter") and 0 < number <= 702:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if kind == "upperLetter" else letter
    if kind in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        found = ""
        for size, letters in _ROMAN:
            found += letters * (number // size)
            number %= size
        return found.upper() if kind == "upperRoman" else found
    return f"{number:02d}" if kind == "decimalZero" else str(number)


def _count(text: str | None, default: int | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,6}", text) else default
