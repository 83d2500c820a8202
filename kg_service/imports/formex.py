"""Acts in Formex 4, the publisher's own XML: ACT as published and CONS.ACT as consolidated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from lxml import etree

from kg_service.imports.blocks import (
    Annex,
    Article,
    Block,
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
from kg_service.imports.formex_words import STRUCTURE, Run, Words
from kg_service.imports.markup import Markup, elements, local, read_xml
from kg_service.imports.model import Document, Finding, Identity, Version
from kg_service.imports.protocol import refusal, source

_ROOTS: Final = ("ACT", "CONS.ACT")
_EMPTY = re.compile(r"^[\s;.,\"]*$")


class Formex:
    """The importer of Formex 4."""

    name = "formex"
    title = "Formex 4 (ACT and CONS.ACT)"

    def recognises(self, head: bytes, name: str) -> float:
        start = re.sub(rb"<\?.*?\?>|<!--.*?-->", b"", head[:4096], flags=re.DOTALL).lstrip(b"\xef\xbb\xbf \t\r\n")
        if re.match(rb"<(CONS\.ACT|ACT)[\s>]", start):
            return 1.0 if b"formex" in head[:4096] else 0.7
        return 0.0

    def parse(self, content: bytes, name: str) -> Document:
        return _File(content, name, self.name).document()


class _File:
    """One file while it is read."""

    def __init__(self, content: bytes, name: str, format_name: str) -> None:
        self.name = name
        self.source = source(content, name, format_name)
        self.markup: Markup = read_xml(content, name, instructions=True)
        self.root = self.markup.root
        if local(self.root) not in _ROOTS:
            raise refusal(name, 1, "not_formex", f"the file is a {local(self.root)[:40]}; of Formex, ACT and CONS.ACT are read")
        self.words = Words(self.markup, name)
        _without_deleted(self.root)
        self.amendments = self._amending_acts()

    def document(self) -> Document:
        assembler = Assembler()
        assembler.read(self._parts(self.root))
        units = assembler.outline.units()
        if not units:
            raise refusal(self.name, None, "empty", "the act holds no text")
        act = act_in(assembler.title)
        celex = self._own_celex() or (act.celex if act else None)
        title = assembler.title or self.name
        return Document(
            Identity(celex or title, title, celex, act.eli if act else None),
            kind_of(act),
            (self.root.findtext(".//LG.DOC") or self.root.findtext(".//LG.OJ") or "en").strip().lower(),
            self._version(),
            self.source,
            units,
            assembler.footnotes(self.words.footnotes),
            {mark: celex for celex, mark in self.amendments.items()},
            (*assembler.outline.findings, *self.words.findings),
        )

    def _own_celex(self) -> str | None:
        found = self.root.find(".//FAM.COMP/BIB.DATA/NO.CELEX")
        return celex_in(found.text or "") if found is not None else None

    def _version(self) -> Version:
        info = self.root.find("INFO.CONSLEG")
        published = self.root.find(".//BIB.INSTANCE.CONS/DATE" if info is not None else "BIB.INSTANCE/DATE")
        day = _date(published.get("ISO")) if published is not None else None
        if info is None:
            return Version("oj", published=day)
        start, end = _date(info.get("START.DATE")), _date(info.get("END.DATE"))
        return Version(start.isoformat() if start else "consolidated", True, start, end, day)

    def _amending_acts(self) -> dict[str, str]:
        """The mark of each amending act by its CELEX: the publisher numbers them in the order in which they are listed."""
        found: dict[str, str] = {}
        for mark, where in (("M", ".//GR.MOD.ACT/MOD.ACT"), ("C", ".//GR.CORRIG/CORRIG")):
            for number, act in enumerate(self.root.findall(where), start=1):
                celex = (act.findtext(".//NO.CELEX") or "").strip()
                if celex:
                    found.setdefault(celex, f"{mark}{number}")
        return found

    # --- structure -------------------------------------------------------------------------------------------------

    def _parts(self, parent: etree._Element) -> Iterator[Part]:
        for child in parent:
            tag = local(child)
            if isinstance(child, etree._ProcessingInstruction):
                yield from self._instruction(child)
            elif tag == "TITLE":
                yield from (Title(self.words.text(p)) for p in child.iter("P"))
            elif tag == "PREAMBLE":
                yield from self._preamble(child)
            elif tag in ("CONS.DOC", "ENACTING.TERMS", "CONS.ANNEXES"):
                yield from self._parts(child)
            elif tag == "DIVISION":
                yield from self._division(child)
            elif tag == "ARTICLE":
                yield from self._article(child)
            elif tag in ("CONS.ANNEX", "ANNEX"):
                yield from self._annex(child)
            elif tag == "FINAL":
                yield from self._final(child)
            elif tag in STRUCTURE:
                yield from self.blocks_of(child)
            elif tag and not tag.startswith(("BIB.", "INFO.", "FAM.")):
                self.words.findings.append(Finding("unknown_element", f"{tag[:40]} is not read"))

    def _instruction(self, node: etree._Element) -> Iterator[Change]:
        """Amendments are marked by instructions: one opens, one closes."""
        target, values = getattr(node, "target", ""), _attributes(node)
        if target == "CLG.MDFC":
            yield Change("B")
        elif target == "CLG.MDFO":
            mark = self.amendments.get(values.get("ACTIVE.DOC", ""))
            if mark is not None:
                yield Change(mark, deleted=values.get("ACTION") == "DELETED")

    def _preamble(self, preamble: etree._Element) -> Iterator[Part]:
        for child in preamble.iter("PREAMBLE.INIT", "VISA", "GR.CONSID.INIT", "CONSID", "PREAMBLE.FINAL"):
            if local(child) == "CONSID":
                inner = next(elements(child), None)
                if inner is not None and local(inner) == "NP":
                    number = self.words.text(inner.find("NO.P")).text.strip("() .")
                    yield Recital(number, tuple(self._numbered_body(inner)), self.markup.offset(child))
                    continue
            text = self.words.text(child)
            if text.text:
                yield Visa(text) if local(child) == "VISA" else Preamble(text)

    def _headline(self, parent: etree._Element) -> tuple[Text, Text]:
        """What is printed above a division or an annex, and its heading."""
        title = parent.find("TITLE")
        if title is None:
            return Text(""), Text("")
        lines = title.findall("TI/P") or title.findall("TI")
        return self.words.text(lines[0] if lines else None), self.words.joined([*lines[1:], *title.findall("STI")])

    def _division(self, division: etree._Element) -> Iterator[Part]:
        printed, heading = self._headline(division)
        yield Division(printed.text, heading.text, printed.at)
        yield from _calls(printed, heading)
        for child in division:
            if local(child) != "TITLE":
                yield from self._one(child)

    def _one(self, child: etree._Element) -> Iterator[Part]:
        tag = local(child)
        if isinstance(child, etree._ProcessingInstruction):
            yield from self._instruction(child)
        elif tag == "DIVISION":
            yield from self._division(child)
        elif tag == "ARTICLE":
            yield from self._article(child)
        elif tag:
            yield from self.blocks_of(child)

    def _article(self, article: etree._Element) -> Iterator[Part]:
        printed = self.words.text(article.find("TI.ART"))
        heading = self.words.joined(article.findall("STI.ART"))
        number = re.sub(r"^\W*Article\s*", "", printed.text, flags=re.IGNORECASE).strip(" .")
        yield Article(number, heading.text, printed.at)
        yield from _calls(printed, heading)
        for child in article:
            if isinstance(child, etree._ProcessingInstruction):
                yield from self._instruction(child)
            elif local(child) not in ("TI.ART", "STI.ART", ""):
                yield from self.blocks_of(child)

    def _annex(self, annex: etree._Element) -> Iterator[Part]:
        printed, heading = self._headline(annex)
        yield Annex(printed.text or "ANNEX", heading.text, printed.at)
        yield from _calls(printed, heading)
        for child in annex:
            if isinstance(child, etree._ProcessingInstruction):
                yield from self._instruction(child)
            elif local(child) not in ("TITLE", "BIB.INSTANCE", "BIB.INSTANCE.CONS", "BIB.DATA", ""):
                yield from self.blocks_of(child)

    def _final(self, final: etree._Element) -> Iterator[Part]:
        for p in final.iter("P"):
            text = self.words.text(p)
            if text.text:
                yield Closing(text)

    # --- bodies ----------------------------------------------------------------------------------------------------

    def blocks(self, container: etree._Element) -> Iterator[Block]:
        """The blocks in a container: structure where there is some, running text between."""
        run = Run(container.text or "")
        for child in container:
            if isinstance(child, etree._ProcessingInstruction):
                changes = list(self._instruction(child))
                if changes:
                    if any(local(e) in STRUCTURE for e in elements(container)):
                        yield from self._finished(run)
                        yield from changes
                        run = Run("")
                    else:
                        run.marks.extend(change.mark for change in changes if change.mark != "B")
                run.add(child.tail)
            elif local(child) in STRUCTURE:
                yield from self._finished(run)
                yield from self.blocks_of(child)
                run = Run(child.tail or "")
            else:
                self.words.gather(child, run)
                run.add(child.tail)
        yield from self._finished(run, container)

    def _finished(self, run: Run, container: etree._Element | None = None) -> Iterator[Block]:
        text = run.finished(self.markup.offset(container) if container is not None else None)
        if not _EMPTY.match(text.text):
            yield text

    def blocks_of(self, element: etree._Element) -> Iterator[Block]:
        """The blocks that one element makes."""
        tag = local(element)
        if tag == "PARAG":
            number = self.words.text(element.find("NO.PARAG")).text
            body = tuple(self._rest(element, "NO.PARAG"))
            yield Para(number, body, self.markup.offset(element))
        elif tag in ("ITEM", "DLIST.ITEM"):
            yield from self._item(element)
        elif tag == "NP":
            marker = self.words.text(element.find("NO.P")).text
            yield Item(marker, tuple(self._numbered_body(element)), self.markup.offset(element))
        elif tag == "TBL":
            yield from self._table(element)
        elif tag == "GR.SEQ":
            yield from self._sequence(element)
        elif tag in ("ARTICLE", "ANNEX", "DIVISION"):
            yield from self._quoted_structure(element)
        else:
            yield from self.blocks(element)

    def _rest(self, element: etree._Element, *without: str) -> Iterator[Block]:
        for child in element:
            if isinstance(child, etree._ProcessingInstruction):
                yield from self._instruction(child)
            elif local(child) and local(child) not in without:
                yield from self.blocks_of(child)

    def _numbered_body(self, np: etree._Element) -> Iterator[Block]:
        yield from self._rest(np, "NO.P")

    def _item(self, item: etree._Element) -> Iterator[Block]:
        inner = list(elements(item))
        first = inner[0] if inner else None
        if first is not None and local(first) == "NP":
            marker = self.words.text(first.find("NO.P")).text
            body = (*self._numbered_body(first), *(b for each in inner[1:] for b in self.blocks_of(each)))
            yield Item(marker, body, self.markup.offset(item))
        elif first is not None and local(first) == "TERM":
            term = self.words.text(first).text
            yield Item(term, tuple(b for each in inner[1:] for b in self.blocks_of(each)), self.markup.offset(item))
        else:
            yield Item("—", tuple(self.blocks(item)), self.markup.offset(item))

    def _sequence(self, sequence: etree._Element) -> Iterator[Block]:
        title = sequence.find("TITLE")
        if title is not None:
            text = self.words.text(title)
            yield Head(text.text, text.notes, text.marks, text.at)
        yield from self._rest(sequence, "TITLE")

    def _quoted_structure(self, element: etree._Element) -> Iterator[Block]:
        """An article or annex inside another unit: words for another act."""
        for child in element:
            if isinstance(child, etree._ProcessingInstruction):
                yield from self._instruction(child)
            elif local(child) in ("TI.ART", "STI.ART", "TITLE"):
                text = self.words.text(child)
                yield Head(text.text, text.notes, text.marks, text.at)
            elif local(child):
                yield from self.blocks_of(child)

    def _table(self, table: etree._Element) -> Iterator[Block]:
        title = table.find("TITLE")
        if title is not None:
            text = self.words.text(title)
            yield Head(text.text, text.notes, text.marks, text.at)
        run = Run("")
        rows = []
        for row in table.iter("ROW"):
            cells = [self.words.text(cell) for cell in elements(row) if local(cell) == "CELL"]
            rows.append(tuple(cell.text for cell in cells))
            for cell in cells:
                run.notes.extend(cell.notes)
        if any(any(row) for row in rows):
            yield Table(tuple(rows), tuple(run.notes), (), self.markup.offset(table))


def _calls(*lines: Text) -> Iterator[Text]:
    notes = tuple(note for line in lines for note in line.notes)
    marks = tuple(mark for line in lines for mark in line.marks)
    if notes or marks:
        yield Text("", notes, marks)


def _without_deleted(root: etree._Element) -> None:
    """Takes out of the tree what an amendment deleted: the file keeps it between two instructions."""
    for opening in [node for node in root.iter(etree.PI) if _attributes(node).get("ACTION") == "DELETED"]:
        parent, end = opening.getparent(), _attributes(opening).get("IDREF")
        between = []
        for sibling in opening.itersiblings():
            if isinstance(sibling, etree._ProcessingInstruction) and _attributes(sibling).get("ID") == end:
                break
            between.append(sibling)
        else:
            continue  # closed elsewhere: what it spans is not told by this parent, so nothing is taken out
        opening.tail = None
        for node in between:
            if parent is not None:
                parent.remove(node)


def _attributes(node: etree._Element) -> dict[str, str]:
    """What an instruction about amendments says."""
    if getattr(node, "target", "") not in ("CLG.MDFO", "CLG.MDFC"):
        return {}
    return dict(re.findall(r'([A-Z.]+)="([^"]*)"', node.text or ""))


def _date(iso: str | None) -> date | None:
    if iso is None or not re.fullmatch(r"\d{8}", iso) or iso.startswith("9999"):
        return None
    try:
        return date(int(iso[:4]), int(iso[4:6]), int(iso[6:]))
    except ValueError:
        return None
