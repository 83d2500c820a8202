"""Where a pinpoint of ours (``Art 10(1)-(4), (6)``) stands in a loaded text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kg_service.imports.citations import citations
from kg_service.imports.model import Document, Unit, UnitKind, UnitPath
from kg_service.imports.pinpoints import parse_pinpoint
from kg_service.imports.whereabouts import Whereabouts

_BETWEEN: Final = re.compile(r"[\s;,]*(?:and\b)?[\s;,]*")
_PARTS: Final = re.compile(r"\s*[;,]\s*")
_NUMBERED: Final = re.compile(
    r"(?P<kind>paras?\.?|paragraphs?|chapters?|principles?)?\s*(?P<first>\d{1,3}(?:\.\d{1,3})?)(?:\s*[-–]\s*(?P<last>\d{1,3}(?:\.\d{1,3})?))?",
    re.IGNORECASE,
)
_KINDS: Final = {"chapter": "chapter", "principle": "principle"}
_NOWHERE: Final = Unit(UnitKind.OTHER, UnitPath("-"))


@dataclass(frozen=True, slots=True)
class Place:
    """The units that a pinpoint means, in the order of the citation, and the addresses that lead nowhere in this text.

    ``understood`` is False where the pinpoint is not in a form that can be looked up.
    """

    paths: tuple[UnitPath, ...]
    lost: tuple[str, ...]
    understood: bool

    @property
    def whole(self) -> bool:
        """Whether everything that is cited was found."""
        return self.understood and bool(self.paths) and not self.lost


class Places:
    """Looks pinpoints up in one document; each is looked up once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._whereabouts = Whereabouts(document)
        self._known: dict[str, Place] = {}

    def of(self, pinpoint: str) -> Place:
        found = self._known.get(pinpoint)
        if found is None:
            found = self._known[pinpoint] = self._look_up(pinpoint)
        return found

    def _look_up(self, pinpoint: str) -> Place:
        return self._as_citation(pinpoint) or self._as_numbers(pinpoint) or self._as_addresses(pinpoint)

    def _as_citation(self, pinpoint: str) -> Place | None:
        """Read as one would read it in a text of the Union: a range is what this text has between its ends."""
        paths: dict[UnitPath, None] = {}
        lost: list[str] = []
        at = 0
        for citation in citations(pinpoint):
            if _BETWEEN.fullmatch(pinpoint, at, citation.start) is None:
                return None
            at = citation.end
            for one in citation.cited:
                found, missing = self._whereabouts.resolve(_NOWHERE, one)
                paths.update(dict.fromkeys(found))
                lost.extend(missing)
        return Place(tuple(paths), tuple(lost), True) if at and _BETWEEN.fullmatch(pinpoint, at) else None

    def _as_numbers(self, pinpoint: str) -> Place | None:
        """Read as supervisors number their statements: ``paras 1.6-1.8, 3.5``, ``Chapters 4-10``, ``Principle 2``."""
        wanted: dict[str, None] = {}
        for part in _PARTS.split(pinpoint):
            found = _NUMBERED.fullmatch(part.strip())
            if found is None:
                return None
            kind = _KINDS.get((found["kind"] or "para").lower().rstrip("s."), "par")
            if kind == "par" and "." not in found["first"]:
                return None
            head, _, first = found["first"].rpartition(".")
            last = (found["last"] or first).rpartition(".")[2]
            for number in range(int(first), min(int(last), int(first) + 200) + 1):
                wanted[f"{kind}-{f'{head}-' if head else ''}{number}"] = None
        paths = tuple(UnitPath(each) for each in wanted if each in self.document.by_path)
        return Place(paths, tuple(each for each in wanted if each not in self.document.by_path), True)

    def _as_addresses(self, pinpoint: str) -> Place:
        addresses = parse_pinpoint(pinpoint)
        found = {each: self.document.unit(each) for each in addresses}
        lost = tuple(each for each, unit in found.items() if unit is None)
        paths = tuple(dict.fromkeys(unit.path for unit in found.values() if unit is not None))
        return Place(paths, lost, bool(addresses))
