"""A document as an importer reads it: units in document order, each with an address that outlives the file. Frozen, without IO.

**Paths.** A path is the address by which lawyers cite, not the place in the tree: what is numbered once for the whole act starts
a path of its own, whatever chapter it stands in. Segments are ``<prefix>-<number as slug>``, see :data:`PREFIXES`.

=================================== ==========================================================================
``art-6/par-2/pt-b``                Article 6(2)(b); also where the points stand in the first subparagraph
``art-6/par-3/subpar-2/pt-a``       points of a later subparagraph carry it
``art-113/subpar-2``                second unnumbered paragraph of an article without numbered ones
``art-3/pt-4/pt-a``                 definition (4)(a) of an article whose list hangs on the article itself
``chapter-iii/section-2``           divisions nest among themselves; articles do not carry them
``annex-iii/pt-5/pt-b``             annexes carry their parts and sections: ``annex-viii/section-a/pt-1``
``recital-58``, ``preamble/cit-2``  recitals by number; visas of the preamble
``section-1002-9/pt-a/pt-1``        US law: every designation below a section is a ``pt`` segment, whatever its kind
=================================== ==========================================================================

**Text.** ``Unit.text`` is the unit's own: of a paragraph the first subparagraph, up to its list. Later subparagraphs are units
(``subpar-2`` ...), so that adding one does not move what was there. There is no unit ``subpar-1``: :meth:`Document.unit` gives
its holder for it, :meth:`Document.text` gives what belongs to the first subparagraph alone. White space is folded to single
spaces; line breaks part blocks and table rows, tabs part table cells; all other characters are those of the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final, NewType

from kg_service import ids

UnitPath = NewType("UnitPath", str)


class UnitKind(StrEnum):
    """What a unit is. A ``point`` is a list item below an article, a paragraph or an annex, a ``subpoint`` one below a point."""

    TITLE_OF_ACT = "title_of_act"
    PREAMBLE = "preamble"
    CITATION = "citation"
    RECITAL = "recital"
    PART = "part"
    SUBPART = "subpart"
    TITLE = "title"
    CHAPTER = "chapter"
    SUBCHAPTER = "subchapter"
    SECTION = "section"
    SUBSECTION = "subsection"
    ARTICLE = "article"
    PARAGRAPH = "paragraph"
    SUBPARAGRAPH = "subparagraph"
    POINT = "point"
    SUBPOINT = "subpoint"
    INDENT = "indent"
    DEFINITION = "definition"
    ANNEX = "annex"
    APPENDIX = "appendix"
    COMMENTARY = "commentary"
    CONTROL = "control"
    TABLE = "table"
    QUOTED = "quoted"
    CLOSING = "closing"
    OTHER = "other"


# The first half of a path segment for each kind.
PREFIXES: Final[Mapping[UnitKind, str]] = {
    UnitKind.TITLE_OF_ACT: "act-title",
    UnitKind.CITATION: "cit",
    UnitKind.ARTICLE: "art",
    UnitKind.PARAGRAPH: "par",
    UnitKind.SUBPARAGRAPH: "subpar",
    UnitKind.POINT: "pt",
    UnitKind.SUBPOINT: "pt",
    UnitKind.DEFINITION: "def",
    UnitKind.COMMENTARY: "comment",
    UnitKind.OTHER: "block",
}
# Segments that a citation often leaves out; looked through where the shorter address leads to one unit only.
_SILENT: Final = ("subpar-", "par-", "block-", "section-", "part-", "chapter-", "quoted-")
FIRST: Final = "subpar-1"


def segment(kind: UnitKind, number: str | int | None) -> str:
    """The path segment of a unit of that kind and number: ``par-2``, ``annex-iii``, ``preamble``."""
    prefix = PREFIXES.get(kind, kind.value.replace("_", "-"))
    tail = ids.slug(str(number)) if number is not None else ""
    return f"{prefix}-{tail}" if tail else prefix


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of a text that has an address.

    ``number`` is as printed without brackets and full stops (``6``, ``b``, ``III``, ``4a``); ``marks`` are the amendments that a
    consolidated text names at the unit (keys of :attr:`Document.amendments`); ``offset`` is where its own text starts and ends in
    the source file, in bytes, where the parser can tell; ``extras`` holds what has no field of its own (``authority`` ...).
    """

    kind: UnitKind
    path: UnitPath
    text: str = ""
    number: str | None = None
    heading: str | None = None
    parent: UnitPath | None = None
    offset: tuple[int, int] | None = None
    marks: tuple[str, ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note with the unit that calls it (None: the source does not say); not part of any unit's text."""

    number: str
    text: str
    at: UnitPath | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reader should know of the import and did not stop it: hidden text removed, a gap in a numbering, an unknown element.

    ``code`` is stable: ``hidden_text``, ``unknown_element``, ``gap``, ``duplicate`` ...
    """

    code: str
    message: str
    at: UnitPath | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What the file says it is. ``work`` names the act across its versions: CELEX as adopted, else its ELI or citation."""

    work: str
    title: str
    celex: str | None = None
    eli: str | None = None
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """Which text of the act it is.

    ``id`` is the first day of the consolidated text (``2026-07-27``), ``oj`` for the text as published, else what the publisher
    calls the version. ``valid_until`` is the last day; both are None where the file does not say.
    """

    id: str
    consolidated: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
    published: date | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The file read: its name, size, SHA-256 and the importer that read it."""

    name: str
    sha256: str
    size: int
    format: str


@dataclass(frozen=True)
class Document:
    """One text at one version, flattened in document order; a unit's parent always stands before it.

    ``kind`` is ``regulation``, ``directive``, ``act``, ``catalogue``, ``policy`` ...; ``language`` is ISO 639-1.
    ``amendments`` maps a mark (``M1``) to the act that made it (CELEX where known).
    """

    identity: Identity
    kind: str
    language: str
    version: Version
    source: Source
    units: tuple[Unit, ...]
    footnotes: tuple[Footnote, ...] = ()
    amendments: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @cached_property
    def by_path(self) -> Mapping[UnitPath, Unit]:
        return {unit.path: unit for unit in self.units}

    @cached_property
    def children(self) -> Mapping[UnitPath | None, tuple[Unit, ...]]:
        """The units directly below each path, in order; those at the top under None."""
        found: dict[UnitPath | None, list[Unit]] = {}
        for unit in self.units:
            found.setdefault(unit.parent, []).append(unit)
        return {parent: tuple(units) for parent, units in found.items()}

    def of_kind(self, kind: UnitKind) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.kind is kind)

    def below(self, path: UnitPath) -> Iterator[Unit]:
        """The unit at ``path`` and everything under it, in document order."""
        unit = self.by_path.get(path)
        if unit is not None:
            yield unit
            for child in self.children.get(path, ()):
                yield from self.below(child.path)

    def ancestors(self, path: UnitPath) -> tuple[Unit, ...]:
        """The units above ``path``, nearest first."""
        found: list[Unit] = []
        unit = self.by_path.get(path)
        while unit is not None and unit.parent is not None:
            unit = self.by_path.get(unit.parent)
            if unit is not None:
                found.append(unit)
        return tuple(found)

    def unit(self, path: UnitPath) -> Unit | None:
        """The unit that an address means, or None where there is none or more than one could be meant.

        Addresses as lawyers write them are understood: ``art-3/par-1`` finds definition (1), ``art-6/par-3/pt-a`` the point of
        the second subparagraph if no other subparagraph has a point (a), ``.../subpar-1`` what holds the first subparagraph.
        """
        exact = self.by_path.get(path)
        if exact is not None:
            return exact
        held: set[UnitPath] = set(self._starts(path.partition("/")[0]))
        for part in path.split("/")[1:]:
            held = {step for holder in held for step in self._step(holder, part)}
        return self.by_path[held.pop()] if len(held) == 1 else None

    def text(self, path: UnitPath) -> str:
        """The text at an address with everything below it, numbers and headings included; empty where nothing is found."""
        unit = self.unit(path)
        if unit is None:
            return ""
        if path.endswith("/" + FIRST) and unit.path != path:
            parts = [
                unit.text,
                *(self.text(c.path) for c in self.children.get(unit.path, ()) if c.kind is not UnitKind.SUBPARAGRAPH),
            ]
            return "\n".join(part for part in parts if part)
        return "\n".join(line for each in self.below(unit.path) if (line := printed(each)))

    def iri(self, path: UnitPath) -> str:
        """The stable IRI of a unit of this version."""
        return ids.text_unit(self.identity.work, self.version.id, path)

    @cached_property
    def _addresses(self) -> Mapping[UnitPath, tuple[tuple[str, UnitPath], ...]]:
        """Below each path the next segments of the addresses that start with it."""
        found: dict[UnitPath, list[tuple[str, UnitPath]]] = {}
        for unit in self.units:
            above, _, last = unit.path.rpartition("/")
            if above:
                found.setdefault(UnitPath(above), []).append((last, unit.path))
        return {path: tuple(steps) for path, steps in found.items()}

    def _starts(self, first: str) -> tuple[UnitPath, ...]:
        path = UnitPath(first)
        return (path,) if path in self.by_path else ()

    def _step(self, holder: UnitPath, part: str) -> tuple[UnitPath, ...]:
        below = self._addresses.get(holder, ())
        names: tuple[str, ...] = (part,)
        if part.startswith("par-"):
            names = (part, "pt-" + part[4:], "sub" + part)
        elif part.startswith(("part-", "section-")):
            names = (part, "pt-" + part.partition("-")[2])
        for name in names:
            for last, path in below:
                if last == name:
                    return (path,)
        if part == FIRST:
            return (holder,)
        silent = (path for last, path in below if last.startswith(_SILENT))
        return tuple(dict.fromkeys(found for path in silent for found in self._step(path, part)))


def printed(unit: Unit) -> str:
    """A unit's own lines as a reader sees them: number, heading, text."""
    bracketed = unit.kind in (UnitKind.POINT, UnitKind.SUBPOINT, UnitKind.RECITAL)
    if unit.number is None or unit.kind is UnitKind.SUBPARAGRAPH:
        mark = ""
    elif bracketed:
        mark = unit.extras.get("printed", f"({unit.number})")
    elif unit.kind is UnitKind.PARAGRAPH:
        mark = unit.extras.get("printed", f"{unit.number}.")
    else:
        mark = unit.extras.get("printed", f"{unit.kind.value.capitalize()} {unit.number}")
    head = " ".join(part for part in (mark, unit.heading) if part)
    if bracketed or unit.kind is UnitKind.PARAGRAPH:
        return " ".join(part for part in (head, unit.text) if part)
    return "\n".join(part for part in (head, unit.text) if part)
