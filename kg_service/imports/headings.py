"""Reads what is printed above a division or inside an annex: its kind, its number, and what it closes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kg_service.imports.model import UnitKind

_DIVISIONS: Final = {
    "part": UnitKind.PART,
    "title": UnitKind.TITLE,
    "chapter": UnitKind.CHAPTER,
    "section": UnitKind.SECTION,
    "sub-section": UnitKind.SUBSECTION,
    "subsection": UnitKind.SUBSECTION,
}
_DIVISION = re.compile(
    r"^\W*(part|title|chapter|sub-?section|section)\s+([0-9]+[a-z]*|[ivxlc]+[a-z]?|[a-z])\b[\s.:—–-]*", re.IGNORECASE
)
_UNIT = re.compile(r"^[‘“]?(article|annex)\s+([0-9]+[a-z]*|[ivxlc]+)[’”]?\s*$", re.IGNORECASE)
_NUMBERED = re.compile(r"^[‘“(]?((?:\d+\.)*\d+[a-z]?|[IVXLC]+|[A-Za-z])[).](?:\s+|$)")


@dataclass(frozen=True, slots=True)
class HeadingRank:
    """How a heading is numbered. Headings in annexes nest by that: a style met again closes what came since."""

    style: str

    def closes(self, last: HeadingRank, stack: list[HeadingRank]) -> bool:
        """Whether this heading ends the one opened ``last``."""
        if last.style == "plain":
            return True
        if self.style == "plain":
            return False
        order = _RANKS.get(self.style), _RANKS.get(last.style)
        if order[0] is not None and order[1] is not None:
            return order[0] <= order[1]
        return order[0] is not None or self in stack


_RANKS: Final = {"annex": 0, "part": 1, "title": 2, "chapter": 3, "section": 4, "subsection": 5, "article": 6}


def division_parts(printed: str) -> tuple[UnitKind, str | None]:
    """Kind and number of a division (``CHAPTER III`` is chapter III); what names no kind is a section without number."""
    match = _DIVISION.match(printed)
    if match is None:
        return UnitKind.SECTION, None
    return _DIVISIONS[match[1].lower()], match[2]


def read_heading(printed: str) -> tuple[UnitKind, str | None, str | None, HeadingRank]:
    """Kind, number, title and rank of a heading inside an annex, or inside words quoted for another act."""
    unit = _UNIT.match(printed)
    if unit is not None:
        return UnitKind.QUOTED, unit[2], None, HeadingRank(unit[1].lower())
    match = _DIVISION.match(printed)
    if match is not None:
        kind = _DIVISIONS[match[1].lower()]
        return kind, match[2], printed[match.end() :].strip() or None, HeadingRank(kind.value)
    numbered = _NUMBERED.match(printed)
    if numbered is not None:
        title = printed[numbered.end() :].strip() or None
        return UnitKind.POINT, numbered[1], title, HeadingRank(_style(numbered[1]))
    return UnitKind.OTHER, None, printed, HeadingRank("plain")


def _style(number: str) -> str:
    if number[0].isdigit():
        return f"digit-{number.count('.')}"
    if set(number) <= set("IVXLC"):
        return "roman"
    return "upper" if number.isupper() else "lower"
