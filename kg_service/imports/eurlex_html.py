"""Acts as EUR-Lex publishes them in HTML: the Official Journal's markup of today (``oj-*``), the older one, consolidated texts.

The three differ in class names more than in shape; one walk over the page turns any of them into what the assembler takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from lxml import etree

from kg_service.imports.blocks import (
    Annex,
    Article,
    Change,
    Closing,
    Division,
    Head,
    Item,
    Para,
    Part,
    Preamble,
    Recital,
    Table,
    Text,
    Title,
    Visa,
)
from kg_service.imports.eu_act import Assembler
from kg_service.imports.eu_identity import act_in, celex_in, kind_of
from kg_service.imports.eurlex_body import Body, plain_class
from kg_service.imports.eurlex_inline import Inline
from kg_service.imports.markup import Markup, folded, local, read_xhtml, words
from kg_service.imports.model import Document, Identity, Version
from kg_service.imports.protocol import refusal, source

_ARTICLE = re.compile(r"^(?:Article|Art\.)\s+(\d+[a-z]*|[IVXLC]+)\b", re.IGNORECASE)
_RECITAL = re.compile(r"^\((\d+)\)\s+(?=\S)")
_BINDING = re.compile(r"^(This (Regulation|Decision) shall be binding in its entirety|Done at [A-Z])")
_REFERENCE = re.compile(r"\b0(\d{4}[A-Z]\d{4})\s*—\s*([A-Z]{2})\s*—\s*(\d{1,2})\.(\d{1,2})\.(\d{4})")
_DAY = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
_ELI = re.compile(r"https?://data\.europa\.eu/eli/[\w/]+")
_KINDS: Final = {
    "doc-ti": "title", "title-doc-first": "title", "title-doc-last": "title",
    "ti-section-1": "division", "title-division-1": "division",
    "ti-section-2": "division-heading", "title-division-2": "division-heading",
    "ti-art": "article", "title-article-norm": "article",
    "sti-art": "article-heading", "stitle-article-norm": "article-heading",
    "title-annex-1": "annex", "title-annex-2": "annex-heading",
    "signatory": "closing", "doc-end": "skip", "title-doc-oj-reference": "skip",
}  # fmt: skip


class EurlexHtml:
    """The importer of EUR-Lex pages."""

    name = "eurlex-html"
    title = "EUR-Lex XHTML and HTML (Official Journal and consolidated texts)"

    def recognises(self, head: bytes, name: str) -> float:
        low = head.lower()
        if b"<html" not in low:
            return 0.0
        if re.search(rb'class="(oj-doc-ti|oj-ti-art|oj-hd-ti|ti-art|eli-main-title|title-doc-first|title-article-norm)"', head):
            return 0.95
        return 0.8 if b'class="doc-ti"' in head or b"consolidated text:" in low else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        return _Page(content, name, self.name).document()


class _Page:
    """One page while it is read."""

    def __init__(self, content: bytes, name: str, format_name: str) -> None:
        self.name = name
        self.source = source(content, name, format_name)
        self.markup: Markup = read_xhtml(content, name)
        self.inline = Inline(self.markup, name)
        self.body = Body(self.inline)
        found = list(self.markup.root.iter("{*}body", "body"))
        if not found:
            raise refusal(name, None, "not_eurlex", "the page has no body")
        self.root = found[0]
        self.language = "en"
        self.published: date | None = None
        self.consolidated: date | None = None
        self.celex: str | None = None
        self.eli: str | None = None
        self.amendments: dict[str, str] = {}

    def document(self) -> Document:
        self._read_header()
        assembler = Assembler()
        assembler.read(_arranged(self._parts()))
        units = assembler.outline.units()
        if not any(unit.path.startswith(("art", "annex", "recital")) for unit in units):
            raise refusal(self.name, None, "not_eurlex", "the page holds no article, annex or recital of an EU act")
        act = act_in(assembler.title)
        celex = self.celex or (act.celex if act else None)
        eli = self.eli or (act.eli if act else None)
        day = self.consolidated
        version = Version(day.isoformat() if day else "oj", day is not None, day, None, self.published)
        title = assembler.title or folded(self.markup.root.findtext(".//{*}title") or "") or self.name
        return Document(
            Identity(celex or eli or title, title, celex, eli),
            kind_of(act),
            self.language,
            version,
            self.source,
            units,
            assembler.footnotes(self.body.footnotes),
            self.amendments,
            (*assembler.outline.findings, *self.inline.findings),
        )

    # --- header ----------------------------------------------------------------------------------------------------

    def _read_header(self) -> None:
        """Language, dates, identifiers and amending acts, from what stands above the act."""
        for p in self.root.iter("{*}p", "p"):
            kind = plain_class(p)
            if kind == "hd-lg":
                self.language = folded(words(p)).lower() or self.language
            elif kind == "hd-date" and (day := _DAY.match(folded(words(p)))):
                self.published = _date(day.groups())
            elif kind == "reference" and (found := _REFERENCE.search(folded(words(p)))):
                self.celex, self.language = "3" + found[1], found[2].lower()
                self.consolidated = _date(found.groups()[2:])
            elif kind == "doc-end" and (eli := _ELI.search(words(p))):
                self.eli = eli[0]
            elif kind == "arrow":
                self._read_arrow(p)

    def _read_arrow(self, p: etree._Element) -> None:
        for anchor in p.iter("{*}a", "a"):
            sign = folded(words(anchor))
            act = celex_in(anchor.get("title") or "")
            if sign.startswith("►") and act and sign[1:] != "B":
                self.amendments[sign[1:].strip()] = (anchor.get("title") or act).split(":")[0].strip()

    # --- body ------------------------------------------------------------------------------------------------------

    def _parts(self) -> Iterator[Part | _Line]:
        """The parts of the page, with the lines whose meaning depends on where they stand."""
        start = self.root
        if self.consolidated is not None:
            container = next((e for e in self.root.iter("{*}div", "div") if e.get("class") == "eli-container"), None)
            start = self.root if container is None else container
        yield from self._walk(start)
        if start is not self.root:
            sibling = start.getnext()
            while sibling is not None:
                yield from self._element(sibling)
                sibling = sibling.getnext()

    def _walk(self, container: etree._Element) -> Iterator[Part | _Line]:
        for child in self.body.runs(container):
            if isinstance(child, Text):
                yield child
            else:
                yield from self._element(child)

    def _element(self, element: etree._Element) -> Iterator[Part | _Line]:
        tag, kind = local(element), plain_class(element)
        if not tag or self.inline.hidden(element):
            return
        if tag == "p" and kind in _KINDS:
            role = _KINDS[kind]
            if role != "skip":
                yield _Line(role, self.inline.text(element))
        elif tag == "table" and _is_masthead(element):
            return
        elif tag == "div" and self.body.is_flow(element):
            closing = kind in ("final", "signatory")
            for part in self._walk(element):
                yield _Line("closing", part) if closing and isinstance(part, Text) else part
        else:
            yield from self.body.blocks_of(element)


class _Line:
    """A line whose class tells its role; the roles are settled by what stands around it."""

    __slots__ = ("role", "text")

    def __init__(self, role: str, text: Text) -> None:
        self.role, self.text = role, text


def _arranged(parts: Iterable[Part | _Line]) -> Iterator[Part]:
    """The parts with every line settled: title, preamble, enacting terms, annexes and closing tell the same class apart."""
    stage = "title"
    held: list[_Line | Part] = list(parts)
    index = 0
    while index < len(held):
        part = held[index]
        index += 1
        if isinstance(part, _Line):
            follow, changes, index = _following(held, index, part.role)
            stage, settled = _settled(part, follow, stage)
            yield from settled
            yield from changes
        elif stage in ("title", "preamble") and not isinstance(part, Change):
            yield from _of_preamble(part)
            stage = "preamble"
        elif stage == "enacting" and isinstance(part, Text) and _BINDING.match(part.text):
            stage = "closing"
            yield Closing(part)
        elif stage == "closing" and isinstance(part, Text):
            yield Closing(part)
        elif isinstance(part, Text | Item | Para | Table | Head | Change):
            yield part


_HEADINGS: Final = {"division": "division-heading", "article": "article-heading", "annex": "annex-heading"}


def _following(held: list[_Line | Part], index: int, role: str) -> tuple[list[Text], list[Change], int]:
    """The lines right after one that are its heading, the amendments that stand before them, and where to read on."""
    lines: list[Text] = []
    changes: list[Change] = []
    while index < len(held):
        part = held[index]
        if isinstance(part, _Line) and _is_heading(part, role):
            lines.append(part.text)
        elif isinstance(part, Change) and role != "title" and index + 1 < len(held) and _is_heading(held[index + 1], role):
            changes.append(part)
        else:
            break
        index += 1
    return lines, changes, index


def _is_heading(part: _Line | Part, role: str) -> bool:
    if not isinstance(part, _Line):
        return False
    unnamed = part.role in ("title", "annex") and part.role == role and not _names_annex(part.text)
    return unnamed or (role != "title" and part.role == _HEADINGS.get(role))


def _names_annex(text: Text) -> bool:
    return re.match(r"^\W*annex\b", text.text, re.IGNORECASE) is not None and len(text.text) < 40


def _settled(line: _Line, follow: list[Text], stage: str) -> tuple[str, list[Part]]:
    """The stage of the act after ``line``, and the parts that it and its heading lines make."""
    text, heading = line.text, " ".join(each.text for each in follow)
    if line.role == "title" and stage == "title":
        return stage, [Title(each) for each in (text, *follow)]
    if line.role in ("title", "annex", "annex-heading"):
        if line.role == "annex" or _names_annex(text):
            return "annex", [Annex(text.text, heading, text.at), *_calls(follow)]
        return stage, [Head(each.text, each.notes, each.marks, each.at) for each in (text, *follow)]
    if line.role == "division":
        return "enacting" if stage != "annex" else stage, [Division(text.text, heading, text.at), *_calls((text, *follow))]
    if line.role == "article":
        match = _ARTICLE.match(text.text)
        number = match[1] if match else text.text.partition(" ")[2]
        return "enacting" if stage != "annex" else stage, [Article(number, heading, text.at), *_calls((text, *follow))]
    if line.role == "closing":
        return ("closing" if stage != "annex" else stage), [Closing(text)]
    return stage, [Head(text.text, text.notes, text.marks, text.at)]


def _calls(lines: Iterable[Text]) -> list[Part]:
    """Nothing to read, yet the footnotes and marks of a heading are kept with the unit."""
    notes = tuple(note for line in lines for note in line.notes)
    marks = tuple(mark for line in lines for mark in line.marks)
    return [Text("", notes, marks)] if notes or marks else []


def _of_preamble(part: Part) -> Iterator[Part]:
    if isinstance(part, Item):
        number = part.marker.strip("() .")
        if number.isdigit():
            yield Recital(number, part.body, part.at)
            return
        yield Preamble(Text(" ".join((part.marker, *(b.text for b in part.body if isinstance(b, Text))))))
    elif isinstance(part, Text):
        match = _RECITAL.match(part.text)
        if match is not None:
            yield Recital(match[1], (replace(part, text=part.text[match.end() :]),), part.at)
        elif re.match(r"^(Having regard to|After |Acting in accordance|Having consulted|In accordance with)", part.text):
            yield Visa(part)
        else:
            yield Preamble(part)
    elif isinstance(part, Head):
        yield Preamble(Text(part.text, part.notes, part.marks, part.at))


def _is_masthead(table: etree._Element) -> bool:
    return any((plain_class(p)).startswith("hd-") for p in table.iter("{*}p", "p")) and not any(
        plain_class(p) in ("normal", "tbl-txt") for p in table.iter("{*}p", "p")
    )


def _date(figures: Iterable[str | None]) -> date | None:
    day, month, year = (int(figure or 0) for figure in figures)
    try:
        return date(year, month, day)
    except ValueError:
        return None
