"""The outline of an institution's own policy, whatever file it came in: headings open sections, numbers give addresses.

``4.2 Access`` is ``section-4-2`` wherever it stands, a paragraph ``4.2.1`` below it ``section-4-2-1``; a section without a number
is named by its heading below the one above it (``section-scope/section-exceptions``), so that a new section moves no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import Final

from kg_service.ids import slug
from kg_service.imports.hidden import Hidden
from kg_service.imports.markup import folded
from kg_service.imports.model import Document, Footnote, Identity, UnitKind, UnitPath, Version
from kg_service.imports.outline import Outline
from kg_service.imports.protocol import refusal, source

MAX_UNITS: Final = 100_000
_WORDS: Final = {
    "section": UnitKind.SECTION, "chapter": UnitKind.CHAPTER, "article": UnitKind.ARTICLE, "part": UnitKind.PART,
    "annex": UnitKind.ANNEX, "appendix": UnitKind.APPENDIX, "schedule": UnitKind.ANNEX,
}  # fmt: skip
_WORDED: Final = re.compile(
    rf"(?P<word>{'|'.join(_WORDS)})\s+(?P<number>\d+(?:\.\d+)*[A-Za-z]?|[IVXLC]{{1,6}}|[A-Z])(?:\s*[.:)–—-]+\s*|\s+|$)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED: Final = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3})*)[.)]?\s+(?P<rest>\S.*)$", re.DOTALL)
_DOTTED: Final = re.compile(r"(?P<number>\d{1,3}(?:\.\d{1,3})+)[.)]?\s+(?P<rest>\S.*)$", re.DOTALL)
_ITEM: Final = re.compile(
    r"(?P<mark>\((?:[a-z]{1,5}|\d{1,3}|[A-Z])\)|(?:[a-z]|[ivx]{1,5}|\d{1,2})[.)]|[•‣▪◦●○■□–*·-])\s+(?P<rest>\S.*)$", re.DOTALL
)
_BULLETS: Final = frozenset("•‣▪◦●○■□–*·-")


class PolicyReader:
    """Takes headings, paragraphs, items and tables in their order; ``document`` then gives what they make."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.footnotes: list[Footnote] = []
        self.hidden: list[tuple[Hidden, UnitPath | None]] = []
        self.page: int | None = None
        self._headings: list[tuple[int, UnitPath]] = []
        self._items: list[tuple[int, str, UnitPath]] = []
        self._open: UnitPath | None = None
        self._count: dict[tuple[UnitPath | None, str], int] = {}
        self._size = 0

    @property
    def at(self) -> UnitPath | None:
        """The unit to which text goes now."""
        return self._items[-1][2] if self._items else self._open

    def title(self, text: str) -> None:
        """The title that the document prints above all sections."""
        path = UnitPath("act-title")
        if path not in self.outline:
            self._add(UnitKind.TITLE_OF_ACT, "", None, None, "", "", None)
        self.outline.say(path, folded(text))

    def heading(self, level: int, text: str, offset: tuple[int, int] | None = None) -> None:
        """A section is open, below those of a lower level."""
        text = folded(text)
        if not text:
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        parent = self._headings[-1][1] if self._headings else None
        kind, number, printed, rest = _designated(text)
        if number is None:
            path = self._add(
                UnitKind.SECTION, slug(rest)[:60] or str(self._next(parent, "section")), parent, parent, rest, "", offset
            )
        else:
            path = self._add(kind, number, parent, None, rest, printed, offset)
        self._headings.append((level, path))
        self._open, self._items = path, []

    def paragraph(self, text: str, offset: tuple[int, int] | None = None) -> None:
        """A paragraph is read: one with a number of its own, an item where it begins with a mark, or text of what is open."""
        found = _DOTTED.match(text)
        if found and _is_number(found["number"], found["rest"]):
            parent = self._headings[-1][1] if self._headings else None
            printed = text[: found.start("rest")].strip()
            self._items = []
            path = self._add(UnitKind.PARAGRAPH, found["number"], parent, None, "", printed, offset, prefix="section")
            self.outline.say(path, found["rest"])
            self._open = path
            return
        item = _ITEM.match(text)
        if item:
            self.item(item["rest"], item["mark"], None, offset)
            return
        self._items = []
        self.say(text, offset)

    def say(self, text: str, offset: tuple[int, int] | None = None) -> None:
        """Text of the unit that is open; a block of its own after what stands below that."""
        if not text:
            return
        holder = self.at
        if holder is not None and not self.outline.under(holder):
            self.outline.say(holder, text, offset)
        else:
            path = self._add(UnitKind.OTHER, str(self._next(holder, "block")), holder, holder, "", "", offset, prefix="block")
            self.outline.say(path, text)

    def item(self, text: str, mark: str = "", depth: int | None = None, offset: tuple[int, int] | None = None) -> None:
        """A list item is read, ``depth`` deep, or as deep as its kind of mark says."""
        bare = mark.strip("(). ")
        kind_of_mark = _mark_kind(bare, self._items)
        at = depth if depth is not None else self._depth(kind_of_mark)
        while self._items and self._items[-1][0] >= at:
            self._items.pop()
        holder = self.at
        if not bare or bare in _BULLETS:
            kind, number, printed = UnitKind.INDENT, str(self._next(holder, "indent")), mark.strip()
        else:
            kind = UnitKind.SUBPOINT if self._items else UnitKind.POINT
            number, printed = bare, mark.strip()
        path = self._add(kind, number, holder, holder, "", printed, offset)
        self.outline.say(path, text)
        self._items.append((at, kind_of_mark, path))

    def back(self, depth: int) -> None:
        """The item at ``depth`` is open again: what follows is its own."""
        while self._items and self._items[-1][0] > depth:
            self._items.pop()

    def table(self, rows: Iterable[Sequence[str]], offset: tuple[int, int] | None = None) -> None:
        """A table is read: a line a row, tabs between the cells."""
        text = "\n".join(line for row in rows if (line := "\t".join(folded(cell) for cell in row).rstrip("\t")))
        if text:
            self._items = []
            path = self._add(UnitKind.TABLE, str(self._next(self._open, "table")), self._open, self._open, "", "", offset)
            self.outline.say(path, text)

    def aside(self, what: str, text: str) -> None:
        """What belongs to no section, a running head for one, is kept at the top."""
        path = self._add(UnitKind.OTHER, str(self._next(None, what)), None, None, "", "", None, prefix=what)
        self.outline.say(path, text)

    def document(
        self,
        content: bytes,
        name: str,
        format_name: str,
        *,
        title: str = "",
        day: date | None = None,
        language: str = "",
        label: str = "",
    ) -> Document:
        """All that was read.

        Raises:
            DocumentError: there is no visible text.
        """
        units = self.outline.units()
        if not any(unit.text or unit.heading for unit in units):
            gone = " (what text there is cannot be seen on the page)" if self.hidden else ""
            raise refusal(name, None, "empty", f"the file holds no text that can be seen{gone}")
        stem = name.rpartition(".")[0] or name
        titles = (unit.text if unit.kind is UnitKind.TITLE_OF_ACT else unit.heading or "" for unit in units)
        first = next((text.replace("\n", " ") for text in titles if text), "")
        version = label or (day.isoformat() if day else sha256(content).hexdigest()[:12])
        return Document(
            identity=Identity(f"policy {stem}", folded(title) or first or stem),
            kind="policy",
            language=language[:2].lower() or "und",
            version=Version(version, published=day),
            source=source(content, name, format_name),
            units=units,
            footnotes=tuple(self.footnotes),
            findings=(*self.outline.findings, *(hidden.finding(at) for hidden, at in self.hidden)),
        )

    def _add(
        self,
        kind: UnitKind,
        number: str,
        parent: UnitPath | None,
        address: UnitPath | None,
        heading: str,
        printed: str,
        offset: tuple[int, int] | None,
        *,
        prefix: str | None = None,
    ) -> UnitPath:
        self._size += 1
        if self._size > MAX_UNITS:
            raise refusal("document", None, "too_large", f"more than {MAX_UNITS} sections, paragraphs and items")
        shown = number or None
        extras = {"printed": printed, **({"page": str(self.page)} if self.page is not None else {})}
        return self.outline.add(
            kind, shown, parent=parent, address=address, heading=heading, prefix=prefix, offset=offset, extras=extras
        )

    def _next(self, holder: UnitPath | None, what: str) -> int:
        self._count[holder, what] = count = self._count.get((holder, what), 0) + 1
        return count

    def _depth(self, kind: str) -> int:
        """The level at which this kind of mark is used already, else one deeper."""
        for depth, known, _ in self._items:
            if known == kind:
                return depth
        return self._items[-1][0] + 1 if self._items else 0


def _is_number(number: str, rest: str) -> bool:
    """Whether a dotted number is that of a paragraph rather than a date, a version or an amount."""
    parts = number.split(".")
    return len(parts) <= 6 and all(len(part) <= 2 and part[0] != "0" for part in parts) and not rest[:1].islower()


def _designated(text: str) -> tuple[UnitKind, str | None, str, str]:
    """Kind, number, the number as printed and the words of a heading."""
    worded = _WORDED.match(text)
    if worded:
        printed = text[: worded.end("number")]
        return _WORDS[worded["word"].lower()], worded["number"], printed, worded["rest"]
    numbered = _NUMBERED.match(text)
    if numbered:
        return UnitKind.SECTION, numbered["number"], text[: numbered.start("rest")].strip(), numbered["rest"]
    return UnitKind.SECTION, None, "", text


def _mark_kind(mark: str, items: Sequence[tuple[int, str, UnitPath]]) -> str:
    """What a mark is numbered by; ``i`` goes on with letters after ``h``."""
    if not mark or mark in _BULLETS:
        return f"bullet {mark}"
    if mark.isdecimal():
        return "digits"
    if mark.isupper():
        return "capitals"
    last = next((path.rpartition("-")[2] for _, kind, path in reversed(items) if kind == "letters"), "")
    if len(mark) == 1 and len(last) == 1 and ord(mark) == ord(last) + 1:
        return "letters"
    return "roman" if re.fullmatch(r"[ivxlc]+", mark) else "letters"
