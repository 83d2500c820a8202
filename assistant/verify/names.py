"""Names of instruments in prose: of which law of the registry a sentence speaks, and whether of one that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kg_service.model import Instrument, InstrumentId

_EXTRA: Final = re.compile(r"\(([^()]{2,24})\)\s*$")
_LAW_LIKE: Final = re.compile(
    r"\b(?:(?:[A-Z][\w’'-]*|of|on|for|the|and|in)\s+){0,6}?(?:[A-Z][\w’'-]*)\s+(?:Act|Regulation|Directive|Law|Code"
    r"|Guidelines?|Circular|Ordinance|Decree|Treaty|Statute|Bill|Amendment)\b"
    r"(?:\s+(?:\(\w+\)\s+)?(?:No\.?\s*)?\d{2,4}(?:/\d+)?)?"
)
_LEADING: Final = re.compile(
    r"^(?:(?:The|This|That|Under|By|In|Of|On|For|And|A|An|Each|Its|Where|If|Since|From|As|Then|With|Without|Per|Via)\s+)+"
)
_PLAIN: Final = frozenset({"rule", "rules", "law", "act", "regulation", "directive", "code", "bill"})


class Names:
    """Finds the instruments of a registry in text. Built once for a version of the knowledge."""

    def __init__(self, instruments: Mapping[InstrumentId, Instrument]) -> None:
        known: dict[str, set[InstrumentId]] = {}
        for one in instruments.values():
            for name in _names_of(one):
                known.setdefault(name.lower(), set()).add(one.id)
        self._known = {name: frozenset(ids) for name, ids in known.items()}
        ordered = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile(
            r"(?<![\w-])(?:" + "|".join(re.escape(name) for name in ordered) + r")(?![\w-])", re.IGNORECASE
        )

    def found(self, text: str) -> list[tuple[str, frozenset[InstrumentId], int, int]]:
        """The names in ``text``, longest first where they overlap, each with the instruments that bear it and its place."""
        return [(m.group(0), self._known[m.group(0).lower()], m.start(), m.end()) for m in self._pattern.finditer(text)]

    def blanked(self, text: str) -> str:
        return self._pattern.sub(" ", text)

    @staticmethod
    def law_like(text: str) -> list[str]:
        """What looks like the name of a law."""
        names = (_LEADING.sub("", match.group(0)).strip() for match in _LAW_LIKE.finditer(text))
        return [name for name in names if " " in name]


def _names_of(one: Instrument) -> set[str]:
    names = {one.short_title, _EXTRA.sub("", one.short_title).strip(), *one.citations}
    inside = _EXTRA.search(one.short_title)
    if inside:
        names.add(inside.group(1))
    names |= {part.strip() for part in one.short_title.split(" / ")}
    if one.celex:
        names.add(one.celex)
    return {name for name in names if len(name) > 2 and name.lower() not in _PLAIN and not name.isdigit()}
