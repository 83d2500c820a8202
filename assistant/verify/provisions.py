"""Provisions as they are named in prose: Art 26(1), Articles 26 and 27, Annex III point 5(b), § 1002.9, Recital 71."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_KINDS: Final = {
    "art": "art",
    "article": "art",
    "annex": "annex",
    "recital": "recital",
    "appendix": "appendix",
    "rule": "rule",
    "section": "s",
    "sec": "s",
    "§": "s",
    "s": "s",
    "chapter": "chapter",
    "ch": "chapter",
    "title": "title",
    "part": "part",
    "schedule": "schedule",
    "sch": "schedule",
    "principle": "principle",
    "point": "point",
    "paragraph": "par",
    "para": "par",
}
_UNIT: Final = r"(?:\d+(?:\.\d+)*[a-zA-Z]{0,2}(?!\w)|[IVXL]+(?!\w)|[A-Z](?!\w))(?:\(\w{1,6}\))*"
_MENTION: Final = re.compile(
    r"(?<![\w-])(?:(?P<kind>(?i:Art(?:icle)?|Annex|Recital|Section|Sec|Chapter|Ch|Title|Part|Schedule|Sch|Principle"
    r"|Rule|point|paragraph|para"
    r"|Appendix)|s)(?:e?s)?(?:\.\s*|\s+|(?=\d))|(?P<sign>§)§?\s*)(?P<first>" + _UNIT + r")"
    r"(?P<more>(?:\s*(?:,|;|-|–|and|or|to|&)\s*(?:" + _UNIT + r"|(?:\(\w{1,6}\))+))*)"
)
_ONE: Final = re.compile(
    r"(?P<join>,|;|-|–|and|or|to|&)?\s*(?P<n>(?:\d+(?:\.\d+)*[a-zA-Z]{0,2}(?!\w)|[IVXL]+(?!\w)"
    r"|[A-Z](?!\w))?)(?P<sub>(?:\(\w{1,6}\))*)"
)
_SUB: Final = re.compile(r"\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Mention:
    """One provision: kind, number, and the parts in brackets."""

    kind: str
    number: str
    parts: tuple[str, ...]
    start: int = 0
    end: int = 0

    def within(self, other: Mention) -> bool:
        """Whether ``other`` is this provision or a part of it."""
        return (self.kind, self.number) == (other.kind, other.number) and other.parts[: len(self.parts)] == self.parts


def mentions(text: str) -> list[Mention]:
    """Every provision that ``text`` names; a range of numbers is spread out."""
    found: list[Mention] = []
    for match in _MENTION.finditer(text):
        kind = _KINDS[(match["kind"] or match["sign"]).lower()]
        number, parts = "", ()
        for one in _ONE.finditer(match["first"] + match["more"]):
            if not one["n"] and not one["sub"]:
                continue
            subs = tuple(part.lower() for part in _SUB.findall(one["sub"]))
            before_number, before_parts = number, parts
            number, parts = (one["n"].lower(), subs) if one["n"] else (number, (*parts[: len(parts) - len(subs)], *subs))
            span = (match.start(), match.end())
            found.append(Mention(kind, number, parts, *span))
            if one["join"] in ("-", "–", "to"):
                found.extend(Mention(kind, n, p, *span) for n, p in _between(before_number, before_parts, number, parts))
    return found


def _between(start: str, start_parts: tuple[str, ...], end: str, end_parts: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """What lies inside a range: Art 27-30 of numbers, Art 9(1)-(7) of paragraphs."""
    if start.isdigit() and end.isdigit() and start != end:
        return [(str(n), ()) for n in range(int(start) + 1, min(int(end), int(start) + 200))]
    if start == end and start_parts and end_parts and len(start_parts) == len(end_parts):
        low, high, stem = start_parts[-1], end_parts[-1], start_parts[:-1]
        if low.isdigit() and high.isdigit():
            return [(start, (*stem, str(n))) for n in range(int(low) + 1, min(int(high), int(low) + 60))]
        if len(low) == len(high) == 1:
            return [(start, (*stem, chr(n))) for n in range(ord(low) + 1, ord(high))]
    return []


def blanked(text: str) -> str:
    """``text`` without the provisions it names."""
    return _MENTION.sub(lambda match: " " * len(match.group(0)), text)
