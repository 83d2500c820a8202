"""Own policies in DOCX: headings by style, numbers as Word prints them, tables, notes; hidden and deleted text taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from kg_service.imports.docx_numbers import Numbers, Style, Styles, child, hides, numbering_of, value
from kg_service.imports.hidden import Hidden
from kg_service.imports.markup import elements, folded, local
from kg_service.imports.model import Document, Finding, Footnote, UnitPath
from kg_service.imports.package import Package
from kg_service.imports.policy import PolicyReader
from kg_service.imports.protocol import refusal

_TINY: Final = 3  # half points
_WHITE: Final = frozenset({"FFFFFF", "FEFEFE", "FFFFFE"})
_LEFT: Final = frozenset(
    {"instrText", "delInstrText", "pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr", "tblGrid", "fldData", "Fallback"}
)
_DASHES: Final = {"noBreakHyphen": "-", "softHyphen": "\u00ad", "tab": " ", "ptab": " ", "br": "\n", "cr": "\n"}


@dataclass(slots=True)
class _Said:
    """The text of a paragraph or a cell, and what of it is not seen."""

    seen: str = ""
    hidden: str = ""
    why: str = ""
    deleted: str = ""
    notes: tuple[str, ...] = ()


class Docx:
    """Reads DOCX."""

    name = "docx"
    title = "Own policies in DOCX"

    def recognises(self, head: bytes, name: str) -> float:
        if not head.startswith(b"PK\x03\x04"):
            return 0.0
        if b"word/" in head:
            return 1.0
        return 0.8 if name.lower().endswith((".docx", ".docm", ".dotx")) else 0.3 if b"[Content_Types].xml" in head else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        package = Package(content, name)
        reader = _Reader(package)
        reader.read()
        core = package.xml("docProps/core.xml").root if "docProps/core.xml" in package.names else None

        def stated(tag: str) -> str:
            return folded("".join(map(str, found.itertext()))) if (found := child(core, tag)) is not None else ""

        return reader.policy.document(
            content,
            name,
            self.name,
            title=stated("title"),
            day=_day(stated("modified")),
            language=stated("language"),
            label=stated("version")[:60],
        )


class _Reader:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.policy = PolicyReader()
        self.main = self._main()
        folder = self.main.rpartition("/")[0]
        self._folder = f"{folder}/" if folder else ""
        self.styles = Styles(self._part("styles.xml"))
        self.numbers = Numbers(self._part("numbering.xml"))
        self._paragraph_no = 0
        self._calls: dict[str, UnitPath | None] = {}
        self._contents: list[str] = []

    def _main(self) -> str:
        """The part that holds the text, as the package names it."""
        if "_rels/.rels" in self.package.names:
            for each in elements(self.package.xml("_rels/.rels").root):
                target = (each.get("Target") or "").lstrip("/")
                if (each.get("Type") or "").endswith("/officeDocument") and target in self.package.names:
                    return target
        if "word/document.xml" not in self.package.names:
            raise refusal(self.package.name, None, "wrong_format", "the package holds no Word document")
        return "word/document.xml"

    def _part(self, name: str) -> etree._Element | None:
        part = f"{self._folder}{name}"
        return self.package.xml(part).root if part in self.package.names else None

    def read(self) -> None:
        self._outside()
        root = self.package.xml(self.main).root
        body = child(root, "body")
        if body is None:
            raise refusal(self.package.name, None, "wrong_format", "the Word document has no body")
        self._running()
        self._blocks(body)
        notes = self._part("footnotes.xml")
        if self._contents:
            self.policy.aside("toc", "\n".join(self._contents))
        for note in elements(notes) if notes is not None else ():
            number = list(self._calls).index(called) + 1 if (called := value(note, "id") or "") in self._calls else 0
            said = _joined(self._saids(note))
            if said.seen and value(note, "type") in (None, "normal"):
                self.policy.footnotes.append(Footnote(str(number or ""), said.seen, self._calls.get(called)))
            self._report(said, f"footnote {number}")

    def _outside(self) -> None:
        """What the document would fetch or run is reported; nothing is."""
        for part in sorted(self.package.names):
            if part.endswith("vbaProject.bin"):
                self.policy.outline.findings.append(Finding("macros", "the document carries macros; they are not read"))
            if not part.endswith(".rels"):
                continue
            for each in elements(self.package.xml(part).root):
                kind = (each.get("Type") or "").rpartition("/")[2]
                if each.get("TargetMode") == "External" and kind != "hyperlink":
                    shown = (each.get("Target") or "")[:120]
                    message = f"the document refers to {shown!r} ({kind[:40]}); it is not fetched"
                    self.policy.outline.findings.append(Finding("external_reference", message))

    def _running(self) -> None:
        """Running heads and feet, each once."""
        seen: set[str] = set()
        for part in sorted(self.package.names):
            if re.fullmatch(rf"{re.escape(self._folder)}(?:header|footer)\d*\.xml", part):
                said = _joined(self._saids(self.package.xml(part).root))
                self._report(said, part)
                if said.seen and said.seen not in seen:
                    seen.add(said.seen)
                    self.policy.aside("running-head", said.seen)

    # -- blocks

    def _blocks(self, holder: etree._Element) -> None:
        for each in elements(holder):
            name = local(each)
            if name == "p":
                self._paragraph(each)
            elif name == "tbl":
                self._table(each)
            elif name in (
                "sdt",
                "sdtContent",
                "ins",
                "moveTo",
                "customXml",
                "smartTag",
                "AlternateContent",
                "Choice",
                "txbxContent",
            ):
                self._blocks(each)

    def _paragraph(self, element: etree._Element) -> None:
        self._paragraph_no += 1
        properties = child(element, "pPr")
        style = self.styles.get(value(child(properties, "pStyle")) or self.styles.default)
        said = self._text(element, style)
        self._report(said, f"paragraph {self._paragraph_no}")
        if not said.seen:
            return
        if style.name.startswith("toc "):
            self._contents.append(said.seen)
            return
        numbered = numbering_of(properties) or style.number
        level = self._heading(properties, style)
        mark, bullet = self.numbers.next(*numbered) if numbered is not None and numbered[0] != "0" else ("", False)
        if level == 0:
            self.policy.title(said.seen)
        elif level is not None:
            self.policy.heading(level, f"{mark} {said.seen}" if not bullet else said.seen)
        elif numbered is not None and numbered[0] != "0":
            if re.fullmatch(r"\d+(?:\.\d+)+\.?", mark):
                self.policy.paragraph(f"{mark} {said.seen}")
            else:
                named = re.fullmatch(r"list \w+ ([2-5])", style.name)  # Word's own lists have a style a level
                self.policy.item(said.seen, mark, max(numbered[1], int(named[1]) - 1 if named else 0))
        else:
            self.policy.paragraph(said.seen)
        self._noted(said)

    def _noted(self, said: _Said) -> None:
        """The notes that a paragraph calls stand at the unit it went to."""
        for note in said.notes:
            self._calls.setdefault(note, self.policy.at)

    @staticmethod
    def _heading(properties: etree._Element | None, style: Style) -> int | None:
        """The level of a heading, 0 for the title, None for other text."""
        own = value(child(properties, "outlineLvl"))
        outline = int(own) if own is not None and own.isdecimal() else style.outline
        named = re.match(r"(?:heading|überschrift|titre)\s*(\d)", style.name)
        if named:
            return int(named[1])
        if style.name == "title":
            return 0
        return outline + 1 if outline is not None and outline < 9 else None

    def _table(self, element: etree._Element) -> None:
        rows: list[list[str]] = []
        for row in _rows(element):
            saids = [_joined(self._saids(cell)) for cell in _cells(row)]
            if child(row, "trPr", "hidden") is not None:
                self._report(_Said(hidden=" ".join(said.seen for said in saids), why="a hidden row of a table"), "table")
                continue
            for said in saids:
                self._report(said, "table")
            rows.append([said.seen for said in saids])
            for said in saids:
                self._noted(said)
        self.policy.table(rows)

    def _saids(self, holder: etree._Element) -> Iterator[_Said]:
        """What each paragraph somewhere in a cell, a note or a running head says, its number before it."""
        for each in holder.iter("{*}p"):
            if any(local(above) in ("Fallback", "txbxContent") for above in each.iterancestors()):
                continue
            properties = child(each, "pPr")
            style = self.styles.get(value(child(properties, "pStyle")) or self.styles.default)
            said = self._text(each, style)
            numbered = numbering_of(properties) or style.number
            if said.seen and numbered is not None and numbered[0] != "0":
                mark, _ = self.numbers.next(*numbered)
                said.seen = f"{mark} {said.seen}".strip()
            yield said

    # -- runs

    def _text(self, paragraph: etree._Element, style: Style) -> _Said:
        said = _Said()
        ground = value(child(paragraph, "pPr", "shd"), "fill") or _cell_ground(paragraph)
        self._runs(paragraph, style, ground, said)
        said.seen = "\n".join(line for each in said.seen.splitlines() if (line := folded(each)))
        said.hidden, said.deleted = folded(said.hidden), folded(said.deleted)
        return said

    def _runs(self, holder: etree._Element, style: Style, ground: str | None, said: _Said) -> None:
        for each in elements(holder):
            name = local(each)
            if name == "r":
                why = self._unseen(child(each, "rPr"), style, ground)
                text = "".join(_pieces(each))
                said.notes += tuple(value(call, "id") or "" for call in each.iter("{*}footnoteReference"))
                if why:
                    said.hidden += text
                    said.why = said.why or why
                else:
                    said.seen += text
                for box in each.iter("{*}txbxContent"):
                    if not any(local(above) == "Fallback" for above in box.iterancestors()):
                        for inner in self._saids_in_box(box):
                            said.seen += f"\n{inner.seen}"
                            said.hidden += inner.hidden
            elif name in ("del", "moveFrom"):
                said.deleted += "".join(_pieces(each))
            elif name not in _LEFT:
                self._runs(each, style, ground, said)

    def _saids_in_box(self, box: etree._Element) -> Iterator[_Said]:
        for paragraph in box.iter("{*}p"):
            yield self._text(paragraph, self.styles.get(value(child(paragraph, "pPr", "pStyle")) or self.styles.default))

    def _unseen(self, run: etree._Element | None, style: Style, ground: str | None) -> str:
        """Why nobody sees a run; empty where it is seen."""
        named = self.styles.get(value(child(run, "rStyle")))
        own = hides(run)
        hidden = own if own is not None else named.hidden if named.hidden is not None else style.hidden
        if hidden:
            return "hidden text"
        size = value(child(run, "sz"))
        points = int(size) if size is not None and size.isdecimal() else named.size or style.size
        if points is not None and points < _TINY:
            return "letters too small to see"
        colour = (value(child(run, "color")) or named.colour or style.colour or "").upper()
        marked = value(child(run, "highlight")) not in (None, "none", "white")
        ground = value(child(run, "shd"), "fill") or ground
        dark = ground is not None and ground.upper() not in (*_WHITE, "AUTO")
        return "white letters" if colour in _WHITE and not marked and not dark else ""

    def _report(self, said: _Said, where: str) -> None:
        if said.hidden:
            self.policy.hidden.append((Hidden(where, said.why or "hidden text", said.hidden), self.policy.at))
        if said.deleted:
            message = f"{where}: text deleted with change tracking is left out: {said.deleted[:160]!r}"
            self.policy.outline.findings.append(Finding("deleted_text", message, self.policy.at))


def _pieces(run: etree._Element) -> Iterator[str]:
    for each in elements(run):
        name = local(each)
        if name in ("t", "delText"):
            yield each.text or ""
        elif name in _DASHES:
            yield _DASHES[name]
        elif name == "sym":
            code = value(each, "char") or ""
            yield chr(int(code, 16)) if re.fullmatch(r"[0-9A-Fa-f]{4}", code) and not 0xD800 <= int(code, 16) < 0xE000 else ""
        elif name not in _LEFT and name not in ("drawing", "pict", "object", "AlternateContent", "txbxContent"):
            yield from _pieces(each)


def _joined(saids: Iterator[_Said]) -> _Said:
    whole = _Said()
    for said in saids:
        whole.seen += f"\n{said.seen}" if whole.seen and said.seen else said.seen
        whole.hidden += said.hidden
        whole.deleted += said.deleted
        whole.notes += said.notes
        whole.why = whole.why or said.why
    return whole


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for each in elements(table):
        if local(each) == "tr":
            yield each
        elif local(each) in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _rows(each)


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    for each in elements(row):
        if local(each) == "tc":
            yield each
        elif local(each) in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _cells(each)


def _cell_ground(paragraph: etree._Element) -> str | None:
    cell = next((above for above in paragraph.iterancestors() if local(above) == "tc"), None)
    return value(child(cell, "tcPr", "shd"), "fill")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
