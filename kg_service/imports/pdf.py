"""Own policies in PDF: sections by bookmarks, numbers and the size of letters; page numbers kept; unseen text taken out.

A hyphen at the end of a line stays and the words are joined: the file does not say whether it belongs to the word.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

from kg_service.imports.hidden import Hidden
from kg_service.imports.markup import folded
from kg_service.imports.model import Document, Finding
from kg_service.imports.pdf_sight import Box, Sight
from kg_service.imports.policy import PolicyReader
from kg_service.imports.protocol import refusal

MAX_PAGES: Final = 3_000
MAX_TEXT: Final = 20_000_000
MAX_BOOKMARKS: Final = 20_000
# What pypdf lets through on damaged files.
_BROKEN: Final = (
    PyPdfError, ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, OSError,
    RecursionError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
_NUMBERED: Final = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")
_WORDED: Final = re.compile(r"(?:chapter|section|article|part|annex|appendix|schedule)\s+[\dIVXLCA-Z]{1,5}\b", re.IGNORECASE)
_MARKED: Final = re.compile(
    r"(?:\((?:[a-z]{1,5}|\d{1,3})\)|(?:[a-z]|[ivx]{1,5}|\d{1,2})[.)]|\d{1,2}(?:\.\d{1,2})+\.?|[•‣▪●–*-])\s+\S"
)
_LEADER: Final = re.compile(r"(?:\.\s?){5,}\s*(?:\d+|[ivxlc]+)?$|…{2,}\s*\d*$")
_PAGE_LAST: Final = re.compile(r"\s(?:\d{1,4}|[ivxlc]{1,6})$")
_BOLD: Final = re.compile(r"bold|black|heavy|semib|demi", re.IGNORECASE)
_ENDS: Final = (".", ";", ",", ":", "?", "!")


@dataclass(slots=True)
class _Line:
    text: str
    size: float
    bold: bool
    page: int
    y: float
    x: float


@dataclass(slots=True)
class _Pieces:
    """What pypdf says of a page's text, piece by piece, as lines."""

    page: int
    lines: list[_Line] = field(default_factory=list)
    _text: str = ""
    _sizes: Counter[tuple[float, bool]] = field(default_factory=Counter)
    _at: tuple[float, float] | None = None

    def take(self, text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        """A visitor of pypdf's ``extract_text``."""
        scale = abs((tm[0] * tm[3] - tm[1] * tm[2]) * (cm[0] * cm[3] - cm[1] * cm[2])) ** 0.5
        bold = bool(_BOLD.search(str(font.get("/BaseFont", "")))) if isinstance(font, DictionaryObject) else False
        parts = text.split("\n")
        for index, part in enumerate(parts):
            if index:
                self.end()
            if part.strip():
                if self._at is None:
                    self._at = (tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5])
                self._sizes[round(float(size) * scale * 2) / 2, bold] += len(part.strip())
            self._text += part

    def end(self) -> None:
        text = folded(self._text)
        if text and self._at is not None:
            (size, bold), _ = self._sizes.most_common(1)[0]
            self.lines.append(_Line(text, size, bold, self.page, self._at[1], self._at[0]))
        self._text, self._at = "", None
        self._sizes = Counter()


class Pdf:
    """Reads PDF."""

    name = "pdf"
    title = "Own policies in PDF"

    def recognises(self, head: bytes, name: str) -> float:
        return 1.0 if b"%PDF-" in head[:1024] else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        reader = _open(content, name)
        policy = PolicyReader()
        pages = _Pages(reader, content, name, policy)
        lines = list(pages.lines())
        _Sections(policy, _bookmarks(reader), lines).read()
        title, day, language = _stated(reader)
        return policy.document(content, name, self.name, title=title, day=day, language=language)


def _open(content: bytes, name: str) -> PdfReader:
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise refusal(name, None, "encrypted", "the file is encrypted; save it without a password")
        count = len(reader.pages)
    except _BROKEN as error:
        raise refusal(name, None, "not_pdf", f"the file is no PDF, or a damaged one ({type(error).__name__})") from error
    if count > MAX_PAGES:
        raise refusal(name, None, "too_large", f"the file has {count} pages; at most {MAX_PAGES} are read")
    return reader


class _Pages:
    """The seen lines of all pages; what is not seen goes to the policy's report."""

    def __init__(self, reader: PdfReader, content: bytes, name: str, policy: PolicyReader) -> None:
        self.reader, self.content, self.name, self.policy = reader, content, name, policy
        self.off = _layers_off(reader)
        self._again: PdfReader | None = None

    def lines(self) -> Iterator[_Line]:
        size = 0
        for number in range(len(self.reader.pages)):
            try:
                pieces = self._page(number)
            except _BROKEN as error:
                message = f"page {number + 1} cannot be read ({type(error).__name__}); its text is missing"
                self.policy.outline.findings.append(Finding("unreadable_page", message))
                continue
            size += sum(len(line.text) for line in pieces.lines)
            if size > MAX_TEXT:
                raise refusal(self.name, None, "too_large", f"the pages hold more than {MAX_TEXT} characters")
            yield from pieces.lines

    def _page(self, number: int) -> _Pieces:
        page = self.reader.pages[number]
        pieces, sight = _Pieces(number + 1), self._sight(page)
        page.extract_text(visitor_operand_before=sight.before, visitor_operand_after=sight.after, visitor_text=pieces.take)
        pieces.end()
        if sight.silenced:
            self._report(number, sight)
        return pieces

    def _report(self, number: int, sight: Sight) -> None:
        """A second reading of the page hears only what the first did not."""
        self._again = self._again or PdfReader(io.BytesIO(self.content), strict=False)
        page = self._again.pages[number]
        other, pieces = self._sight(page, reverse=True), _Pieces(number + 1)
        page.extract_text(visitor_operand_before=other.before, visitor_operand_after=other.after, visitor_text=pieces.take)
        pieces.end()
        text = " ".join(line.text for line in pieces.lines)
        if text:
            self.policy.hidden.append((Hidden(f"page {number + 1}", " and ".join(sight.why), text), None))

    def _sight(self, page: PageObject, *, reverse: bool = False) -> Sight:
        resources = page.get("/Resources")
        resources = resources.get_object() if resources is not None else None
        held = resources if isinstance(resources, DictionaryObject) else DictionaryObject()
        box = page.cropbox
        edges: Box = (float(box.left), float(box.bottom), float(box.right), float(box.top))
        return Sight(held, edges, self.off, reverse=reverse)


class _Sections:
    """Tells headings, paragraphs and running heads apart and hands them to the policy in order."""

    def __init__(self, policy: PolicyReader, bookmarks: dict[tuple[int, str], int], lines: list[_Line]) -> None:
        self.policy, self.bookmarks = policy, bookmarks
        running = _running(lines)
        self.running = {_shape(line.text): line.text for line in lines if id(line) in running}
        contents = _contents(lines)
        self.contents = [line.text for line in lines if id(line) in contents]
        self.lines = [line for line in lines if id(line) not in running | contents]
        weights: Counter[float] = Counter()
        for line in self.lines:
            weights[line.size] += len(line.text)
        self.body = weights.most_common(1)[0][0] if weights else 0.0
        bold = sum(len(line.text) for line in self.lines if line.bold)
        self.bold_tells = bold < 0.4 * sum(weights.values())
        gaps = Counter(
            round(a.y - b.y) for a, b in zip(self.lines, self.lines[1:], strict=False) if a.page == b.page and 0 < a.y - b.y < 60
        )
        self.leading = gaps.most_common(1)[0][0] if gaps else 0
        self.sizes = sorted({line.size for line in self.lines if line.size > self.body * 1.12}, reverse=True)

    def read(self) -> None:
        held: list[_Line] = []
        for line in self.lines:
            level = self._level(line)
            if level is not None:
                self._paragraph(held)
                held = []
                self.policy.page = line.page
                self.policy.heading(level, line.text)
            elif held and self._goes_on(held[-1], line):
                held.append(line)
            else:
                self._paragraph(held)
                held = [line]
        self._paragraph(held)
        self.policy.page = None
        if self.contents:
            self.policy.aside("toc", "\n".join(self.contents))
        for text in self.running.values():
            self.policy.aside("running-head", text)

    def _paragraph(self, lines: list[_Line]) -> None:
        if lines:
            text = lines[0].text
            for line in lines[1:]:
                joined = text.endswith("-") and text[-2:-1].isalpha() and line.text[:1].islower()
                text += line.text if joined else f" {line.text}"
            self.policy.page = lines[0].page
            self.policy.paragraph(text)

    def _goes_on(self, before: _Line, line: _Line) -> bool:
        """Whether a line belongs to the paragraph of the one before it."""
        if _MARKED.match(line.text) or abs(before.size - line.size) > 1:
            return False
        if before.page != line.page:
            return not before.text.endswith(_ENDS)
        gap = before.y - line.y
        return not self.leading or gap <= 1.4 * self.leading

    def _level(self, line: _Line) -> int | None:
        """The level of a heading; None for other text."""
        marked = self.bookmarks.get((line.page, _shape(line.text)))
        if marked is not None:
            return marked
        if len(line.text) > 160 or not any(map(str.isalpha, line.text)):
            return None
        numbered = _NUMBERED.match(line.text)
        stands_out = line.size > self.body * 1.12
        bold = self.bold_tells and line.bold and not line.text.endswith(_ENDS)
        if not stands_out and not bold:
            return None
        if numbered:
            return numbered["number"].count(".") + 1
        if _WORDED.match(line.text):
            return 1
        return self.sizes.index(line.size) + 1 if stands_out else len(self.sizes) + 2


def _running(lines: list[_Line]) -> set[int]:
    """The lines at the head and the foot of pages that come back at the same height, figures aside (page numbers do)."""
    by_page: dict[int, list[_Line]] = {}
    for line in lines:
        by_page.setdefault(line.page, []).append(line)
    edges = {page: [*held[:2], *held[-2:]] for page, held in by_page.items() if len(held) > 2}
    seen = Counter(key for held in edges.values() for key in {_place(line) for line in held if len(line.text) < 120})
    return {id(line) for held in edges.values() for line in held if seen[_place(line)] >= min(3, max(2, len(by_page) - 1))}


def _place(line: _Line) -> tuple[str, int]:
    return _shape(line.text), round(line.y / 4)


def _contents(lines: list[_Line]) -> set[int]:
    """The lines of tables of contents: words, leaders, page number."""
    leaders = Counter(line.page for line in lines if _LEADER.search(line.text))
    return {id(line) for line in lines if _LEADER.search(line.text) or (leaders[line.page] >= 5 and _PAGE_LAST.search(line.text))}


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", folded(text).lower())


def _bookmarks(reader: PdfReader) -> dict[tuple[int, str], int]:
    """The level of each bookmark by its page and title."""
    found: dict[tuple[int, str], int] = {}
    try:
        todo: list[tuple[Any, int]] = [(each, 1) for each in reversed(reader.outline)]
        while todo and len(found) < MAX_BOOKMARKS:
            each, level = todo.pop()
            if isinstance(each, list):
                todo.extend((inner, level + 1) for inner in reversed(each))
            elif (page := reader.get_destination_page_number(each)) is not None:
                found[page + 1, _shape(str(each.title))] = min(level, 9)
    except _BROKEN:
        return {}
    return found


def _layers_off(reader: PdfReader) -> frozenset[int]:
    """The numbers of the layers that are switched off when the file is opened."""
    try:
        properties = reader.root_object.get("/OCProperties")
        plain = properties.get_object().get("/D") if properties is not None else None
        off = plain.get_object().get("/OFF", ()) if plain is not None else ()
        return frozenset(number for each in off if isinstance(number := getattr(each, "idnum", None), int))
    except _BROKEN:
        return frozenset()


def _stated(reader: PdfReader) -> tuple[str, date | None, str]:
    """Title, day of the last change and language as the file states them."""
    try:
        metadata = reader.metadata
        title = str(metadata.title or "") if metadata is not None else ""
        changed = (metadata.modification_date or metadata.creation_date) if metadata is not None else None
        language = str(reader.root_object.get("/Lang", "") or "")
    except _BROKEN:
        return "", None, ""
    return folded(title)[:300], changed.date() if changed else None, language[:2] if language[:2].isalpha() else ""
