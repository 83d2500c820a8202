"""Bodies of EUR-Lex pages: running text, lists (laid out as tables or grids), numbered paragraphs, tables, footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from kg_service.imports.blocks import Block, Change, Head, Item, Para, Table, Text
from kg_service.imports.eurlex_inline import BLOCK_TAGS, SILENT_TAGS, Gathered, Inline
from kg_service.imports.markup import elements, folded, local, words

_MARKER = re.compile(
    r"^[‘“]?(?:\(?(?:\d+[a-z]{0,3}|[a-z]{1,5}|[A-Z]{1,5})\)|(?:\d+\.)*\d+[a-z]?\.?|[IVXLCivxlc]+\.|[A-Za-z]\.|[—–•·▪-])$"
)
_NUMBERED = re.compile(r"^((?:\d+\.)*\d+[a-z]*\.)(\s*[\u00a0\u2002\u2003\u2009]\s*[\u00a0\u2002\u2003\u2009\s]*)(?=\S)")
_CHANGE = re.compile(r"▼\s*([ABCM]\d*)")
_BULLETS: Final = frozenset("—–•·▪-")
_STRAY: Final = re.compile(r"^[\s;.,\"]*$")
_GAP = re.compile(r"^[\s—–-]*$")
_HEAD = re.compile(
    r"^(ti-grseq|title-gr-seq-level|ti-section|title-division|title-annex)-\d+$"
    r"|^(ti-tbl|title-table|ti-art|sti-art|doc-ti|s?title-article-(norm|quoted))$"
)


def plain_class(element: etree._Element) -> str:
    """The element's first class without the prefix of the Official Journal."""
    first = (element.get("class") or "").partition(" ")[0]
    return first.removeprefix("oj-")


class Body:
    """Reads blocks; ``footnotes`` gathers (key, number, text) on the way."""

    def __init__(self, inline: Inline) -> None:
        self.inline = inline
        self.footnotes: list[tuple[str, str, str]] = []

    def blocks(self, container: etree._Element) -> Iterator[Block]:
        """The blocks inside a container, in order."""
        for child in self.runs(container):
            if isinstance(child, Text):
                yield child
            else:
                yield from self.blocks_of(child)

    def runs(self, container: etree._Element) -> Iterator[Text | etree._Element]:
        """What a container holds: its block elements, and the running text between them."""
        run = Gathered(pieces=[container.text or ""])
        for child in container:
            if local(child) in BLOCK_TAGS:
                if (text := self.inline.finished(run)).text:
                    yield text
                yield child
                run = Gathered(pieces=[child.tail or ""])
            elif local(child) in SILENT_TAGS:
                run.pieces.append(child.tail or "")
            else:
                run.first = child if run.first is None else run.first
                run.last = child
                self.inline.gather_child(child, run)
        text = self.inline.finished(run)
        if text.text and not _STRAY.match(text.text):
            yield text

    def is_flow(self, element: etree._Element) -> bool:
        """Whether a division of the page only groups what it holds."""
        kind = plain_class(element)
        return not (
            kind in ("grid-container", "enumeration-spacing") or self._number_of(element) is not None or _indented(element)
        )

    def blocks_of(self, element: etree._Element) -> Iterator[Block]:
        """The blocks that one block element makes."""
        tag, kind = local(element), plain_class(element)
        if self.inline.hidden(element):
            return
        if tag == "table":
            yield from self._table(element)
        elif tag == "p" or (tag.startswith("h") and tag != "hr"):
            yield from self._paragraph(element, kind)
        elif kind == "grid-container":
            yield from self._grid(element)
        elif kind == "enumeration-spacing":
            yield from self._enumeration(element)
        elif tag == "div" and (number := self._number_of(element)) is not None:
            yield self._numbered(element, number)
        elif tag == "div" and _indented(element):
            yield from self._hanging(element)
        elif tag == "div" and self._is_note(element):
            self._footnote(element)
        elif tag != "hr":
            yield from self.blocks(element)

    def _paragraph(self, p: etree._Element, kind: str) -> Iterator[Block]:
        if kind in ("note", "footnote"):
            self._footnote(p)
            return
        if kind in ("modref", "arrow"):
            line = folded(words(p))
            for match in _CHANGE.finditer(line):
                rest = line[match.end() :]
                yield Change(match[1], deleted=bool(rest) and _GAP.match(rest) is not None)
            return
        text = self.inline.text(p)
        if _GAP.match(text.text) or (_STRAY.match(text.text) and not text.notes):
            return
        if _HEAD.match(kind):
            yield Head(text.text, text.notes, text.marks, text.at)
            return
        numbered = _NUMBERED.match(words(p).lstrip("\n\r\t "))
        if numbered is not None:
            rest = text.text[len(numbered[1]) :].strip()
            yield Para(numbered[1], (Text(rest, text.notes, text.marks, text.at),), text.at)
        else:
            yield text

    # --- lists -----------------------------------------------------------------------------------------------------

    def _grid(self, grid: etree._Element) -> Iterator[Block]:
        columns = list(elements(grid))
        if len(columns) < 2:
            yield from self.blocks(grid)
            return
        marker = self.inline.text(columns[0]).text
        body = tuple(block for column in columns[1:] for block in self.blocks(column))
        yield Item(marker, body, self.inline.markup.offset(grid))

    def _enumeration(self, element: etree._Element) -> Iterator[Block]:
        lines = list(elements(element))
        marker = self.inline.text(lines[0]).text if lines else ""
        body = tuple(block for line in lines[1:] for block in self.blocks_of(line))
        yield Para(marker, body, self.inline.markup.offset(element))

    def _number_of(self, element: etree._Element) -> str | None:
        """The number with which a paragraph of a consolidated text starts."""
        first = next(elements(element), None)
        if local(element) != "div" or first is None or plain_class(first) != "no-parag" or (element.text or "").strip():
            return None
        return self.inline.text(first).text

    def _numbered(self, element: etree._Element, number: str) -> Para:
        body: list[Block] = []
        rest = iter(elements(element))
        tail = (next(rest).tail or "").strip()
        if tail:
            body.append(Text(folded(tail)))
        for child in rest:
            body.extend(self.blocks_of(child) if local(child) in BLOCK_TAGS else (self.inline.text(child),))
        return Para(number, tuple(body), self.inline.markup.offset(element))

    def _hanging(self, element: etree._Element) -> Iterator[Block]:
        """A hanging indent: number or dash, some space, text, all in one paragraph."""
        inner = list(self.blocks(element))
        first = inner[0] if inner else None
        if isinstance(first, Para):
            yield Para(first.marker, (*first.body, *inner[1:]), first.at)
            return
        if isinstance(first, Text):
            marker, _, rest = first.text.partition(" ")
            if rest and _MARKER.match(marker):
                opened = Item if marker in _BULLETS else Para
                yield opened(marker, (Text(rest, first.notes, first.marks, first.at), *inner[1:]), first.at)
                return
        yield from inner

    # --- tables ----------------------------------------------------------------------------------------------------

    def _table(self, table: etree._Element) -> Iterator[Block]:
        rows = [list(elements(row)) for row in _rows(table)]
        if plain_class(table) != "table" and table.get("border") in (None, "0") and all(self._lays_out(row) for row in rows):
            for row in rows:
                filled = [cell for cell in row if len(cell) or (cell.text or "").strip()]
                if filled:
                    body = tuple(block for cell in filled[1:] for block in self.blocks(cell))
                    yield Item(self.inline.text(filled[0]).text, body, self.inline.markup.offset(row[0], row[-1]))
            return
        gathered = Gathered(first=table, last=table)
        cells = tuple(tuple(self._cell(cell, gathered) for cell in row) for row in rows)
        done = self.inline.finished(gathered)
        if any(any(row) for row in cells):
            yield Table(cells, done.notes, done.marks, done.at)

    def _lays_out(self, row: list[etree._Element]) -> bool:
        """Whether a row is an item of a list: a marker, then its text."""
        filled = [cell for cell in row if folded(words(cell))]
        if not filled:
            return True
        if len(filled) != 2 or any(cell.get("rowspan") or cell.get("colspan") for cell in row):
            return False
        return _MARKER.match(folded(words(filled[0]))) is not None

    def _cell(self, cell: etree._Element, table: Gathered) -> str:
        for note in [e for e in cell.iter("{*}div", "div") if self._is_note(e)]:
            self._footnote(note)
            for child in list(note):
                note.remove(child)
            note.text = None
        inside = Gathered()
        self.inline.gather(cell, inside)
        table.notes.extend(inside.notes)
        table.marks.extend(inside.marks)
        return inside.text

    # --- footnotes -------------------------------------------------------------------------------------------------

    def _is_note(self, element: etree._Element) -> bool:
        first = next(elements(element), None)
        return first is not None and local(first) == "a" and bool(first.get("id")) and not first.get("href")

    def _footnote(self, p: etree._Element) -> None:
        """Keeps a footnote by the key with which it is called."""
        anchor = next((a for a in p.iter("{*}a", "a") if a.get("id")), None)
        line = folded(words(p))
        number, _, text = line.partition(")")
        if anchor is None:
            self.footnotes.append(("", "", line))
            return
        self.footnotes.append((anchor.get("id") or "", number.strip("( ") or "?", text.strip()))


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """The rows of a table, not those of tables inside it."""
    for child in elements(table):
        if local(child) == "tr":
            yield child
        elif local(child) in ("tbody", "thead", "tfoot"):
            yield from (row for row in elements(child) if local(row) == "tr")


_INDENT: Final = re.compile(r"text-indent\s*:\s*-")


def _indented(element: etree._Element) -> bool:
    return _INDENT.search(element.get("style") or "") is not None
