"""Running text of Formex: quotation marks from their code points, figures in groups, footnotes kept apart."""

from __future__ import annotations

from typing import Final

from lxml import etree

from kg_service.imports.blocks import Text
from kg_service.imports.markup import Markup, entity_text, folded, local
from kg_service.imports.model import Finding

STRUCTURE: Final = frozenset((
    "P", "LIST", "TBL", "GR.SEQ", "ALINEA", "PARAG", "NP", "ITEM", "QUOT.S", "DLIST", "DLIST.ITEM", "GR.TBL", "SUBDIV",
    "ARTICLE", "ANNEX", "DIVISION", "CONTENTS", "TXT", "COMMENT", "GR.ANNOTATION", "ANNOTATION", "LV", "DEFINITION",
))  # fmt: skip


class Run:
    """Running text while it is read."""

    def __init__(self, start: str) -> None:
        self.pieces = [start]
        self.notes: list[str] = []
        self.marks: list[str] = []

    def add(self, text: str | None) -> None:
        self.pieces.append(text or "")

    def finished(self, at: tuple[int, int] | None) -> Text:
        return Text(folded("".join(self.pieces)), tuple(self.notes), tuple(dict.fromkeys(self.marks)), at)


class Words:
    """Running text of one file; ``footnotes`` gathers (key, number, text) on the way."""

    def __init__(self, markup: Markup, name: str) -> None:
        self.markup, self.name = markup, name
        self.footnotes: list[tuple[str, str, str]] = []
        self.findings: list[Finding] = []

    def text(self, element: etree._Element | None) -> Text:
        """All that ``element`` says; empty where there is none."""
        if element is None:
            return Text("")
        run = Run("")
        self._inside(element, run, upper=False)
        return run.finished(self.markup.offset(element))

    def joined(self, found: list[etree._Element]) -> Text:
        texts = [self.text(element) for element in found]
        return Text(
            " ".join(text.text for text in texts if text.text),
            tuple(note for text in texts for note in text.notes),
            tuple(mark for text in texts for mark in text.marks),
        )

    def gather(self, element: etree._Element, run: Run, *, upper: bool = False) -> None:
        """Adds the words of ``element`` without its tail."""
        tag = local(element)
        if isinstance(element, etree._Entity):
            run.add(entity_text(element, self.name))
        elif tag in ("QUOT.START", "QUOT.END"):
            run.add(_character(element.get("CODE")))
        elif tag == "FT" and element.get("TYPE") == "NUMBER":
            run.add(_grouped(element.text or ""))
        elif tag == "NOTE":
            self._note(element, run)
        elif tag == "IE":
            pass
        elif tag == "INCL.ELEMENT":
            self.findings.append(Finding("image", "an image of the source is not read"))
        elif tag:
            apart = " " if tag in STRUCTURE or tag in ("TI", "STI", "NO.P", "NO.GR.SEQ") else ""
            run.add(apart)
            self._inside(element, run, upper=upper or (tag == "HT" and element.get("TYPE") == "UC"))
            run.add(apart)

    def _inside(self, element: etree._Element, run: Run, *, upper: bool) -> None:
        run.add(element.text.upper() if upper and element.text else element.text)
        for child in element:
            self.gather(child, run, upper=upper)
            run.add(child.tail.upper() if upper and child.tail else child.tail)

    def _note(self, note: etree._Element, run: Run) -> None:
        key = f"{note.get('NOTE.ID') or len(self.footnotes)}"
        reference = note.get("NOTE.REF")
        run.notes.append(reference or key)
        if reference is None:
            self.footnotes.append((key, str(1 + len(self.footnotes)), self.text(note).text))


def _grouped(figures: str) -> str:
    """A number as the Official Journal prints it, in groups of three."""
    return f"{int(figures):,}".replace(",", " ") if figures.isascii() and figures.isdecimal() and len(figures) < 16 else figures


def _character(code: str | None) -> str:
    try:
        return chr(int(code or "", 16))
    except (ValueError, OverflowError):
        return "'"
