"""Assembles the parts of an EU act, as HTML or Formex gave them, into units: the same act gives the same units from either."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

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
    Place,
    Preamble,
    Quoted,
    Recital,
    Table,
    Text,
    Title,
    Visa,
)
from kg_service.imports.headings import HeadingRank, division_parts, read_heading
from kg_service.imports.model import PREFIXES, Finding, Footnote, UnitKind, UnitPath
from kg_service.imports.outline import Outline
from kg_service.imports.quotations import with_quotations

AS_ADOPTED: Final = "B"
_NUMBER = re.compile(r"[‘’“”'\"()\[\]\s]+")
_ORDER: Final = (UnitKind.PART, UnitKind.TITLE, UnitKind.CHAPTER, UnitKind.SECTION, UnitKind.SUBSECTION)
_DASHES = frozenset("—–-•·▪")


@dataclass(slots=True)
class _Holder:
    """Where the blocks of one body go: the unit itself, or its latest subparagraph."""

    path: UnitPath
    target: UnitPath
    texts: int = 0
    filled: bool = False
    named: bool = True
    blocks: int = 0


class Assembler:
    """Takes parts in document order; ``outline`` then holds the units, ``calls`` where each footnote is called."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.calls: dict[str, UnitPath] = {}
        self._mark = AS_ADOPTED
        self._pending: list[Block] = []
        self._holder: UnitPath | None = None
        self._divisions: list[tuple[UnitKind, UnitPath]] = []
        self._preamble: UnitPath | None = None
        self._title: UnitPath | None = None
        self._closing: UnitPath | None = None
        self._counts = {"cit": 0, "block": 0}
        self.title = ""

    def read(self, parts: Iterable[Part]) -> None:
        """Places every part; call once."""
        for part in parts:
            self._take(part)
        self._flush()

    # --- structure -------------------------------------------------------------------------------------------------

    def _take(self, part: Part) -> None:
        place: dict[type, Callable[..., None]] = {
            Title: self._on_title,
            Visa: self._on_visa,
            Recital: self._on_recital,
            Preamble: self._on_preamble,
            Division: self._on_division,
            Article: self._on_article,
            Annex: self._on_annex,
            Closing: self._on_closing,
        }
        handler = place.get(type(part))
        if handler is not None:
            self._flush()
            handler(part)
        elif self._holder is None and isinstance(part, Change):
            self._mark = part.mark
        elif isinstance(part, Text | Item | Para | Table | Head | Quoted | Change):
            self._pending.append(part)

    def _flush(self) -> None:
        if self._pending:
            if self._holder is None:
                self._holder = self._add(UnitKind.OTHER, 1 + self._counts["block"], None, address=None)
                self._counts["block"] += 1
            pending, self._pending = tuple(self._pending), []
            blocks = with_quotations(pending)
            if self.outline.kind(self._holder) is UnitKind.ARTICLE:
                blocks = self._with_first_paragraph(self._holder, blocks)
            self._fill(self._holder, blocks)

    def _add(
        self, kind: UnitKind, number: str | int | None, parent: UnitPath | None, *, at: Place = None, **more: object
    ) -> UnitPath:
        path = self.outline.add(kind, number, parent=parent, offset=at, **more)  # type: ignore[arg-type]
        if self._mark != AS_ADOPTED:
            self.outline.mark(path, self._mark)
        return path

    def _say(self, path: UnitPath, text: Text) -> None:
        self.outline.say(path, text.text, text.at)
        if self._mark != AS_ADOPTED:
            self.outline.mark(path, self._mark)
        self._called(path, text)

    def _called(self, path: UnitPath, text: Text | Head | Table) -> None:
        for mark in text.marks:
            self.outline.mark(path, mark)
        for note in text.notes:
            self.calls.setdefault(note, path)

    def _on_title(self, part: Title) -> None:
        if self._title is None:
            self._title = self._add(UnitKind.TITLE_OF_ACT, None, None, at=part.text.at)
        self.title = f"{self.title} {part.text.text}".strip()
        self._say(self._title, part.text)

    def _in_preamble(self) -> UnitPath:
        if self._preamble is None:
            self._preamble = self._add(UnitKind.PREAMBLE, None, None)
        return self._preamble

    def _on_visa(self, part: Visa) -> None:
        self._counts["cit"] += 1
        self._say(self._add(UnitKind.CITATION, self._counts["cit"], self._in_preamble()), part.text)

    def _on_recital(self, part: Recital) -> None:
        path = self._add(UnitKind.RECITAL, part.number, self._in_preamble(), address=None, at=part.at)
        self._fill(path, part.body)

    def _on_preamble(self, part: Preamble) -> None:
        preamble = self._in_preamble()
        if not self._counts["cit"] and self.outline.silent(preamble):
            self._say(preamble, part.text)
        else:
            self._counts["block"] += 1
            self._say(self._add(UnitKind.OTHER, self._counts["block"], preamble), part.text)

    def _on_division(self, part: Division) -> None:
        kind, number = division_parts(part.text)
        rank = _ORDER.index(kind)
        while self._divisions and _ORDER.index(self._divisions[-1][0]) >= rank:
            self._divisions.pop()
        parent = self._divisions[-1][1] if self._divisions else None
        path = self._add(kind, number, parent, heading=part.heading, at=part.at, extras={"printed": part.text})
        self._divisions.append((kind, path))
        self._holder = path

    def _on_article(self, part: Article) -> None:
        parent = self._divisions[-1][1] if self._divisions else None
        self._holder = self._add(UnitKind.ARTICLE, part.number or None, parent, address=None, heading=part.heading, at=part.at)

    def _on_annex(self, part: Annex) -> None:
        printed = part.text.strip(" .:")
        number = re.sub(r"^\W*annex\b\W*", "", printed, flags=re.IGNORECASE) or None
        self._divisions.clear()
        self._holder = self._add(UnitKind.ANNEX, number, None, heading=part.heading, at=part.at, extras={"printed": printed})

    def _on_closing(self, part: Closing) -> None:
        if self._closing is None:
            self._closing = self._add(UnitKind.CLOSING, None, None, at=part.text.at)
        self._holder = self._closing
        self._say(self._closing, part.text)

    # --- bodies ----------------------------------------------------------------------------------------------------

    def _fill(self, path: UnitPath, blocks: Iterable[Block]) -> None:
        """Places the blocks of one body: numbered paragraphs and headings open holders of their own, the rest goes there."""
        said = not self.outline.silent(path)
        nameless = self.outline.kind(path) is UnitKind.ANNEX and self.outline.heading(path) is None
        outer = holder = _Holder(path, path, filled=said, texts=int(said), named=not nameless)
        heads: list[tuple[HeadingRank, _Holder]] = []
        for block in blocks:
            if isinstance(block, Head):
                holder = self._open_heading(outer, heads, block)
            elif isinstance(block, Para):
                base = heads[-1][1] if heads else outer
                number = number_of(block.marker) or "1"
                opened = self._open_para(base, number, block)
                holder = _Holder(opened, opened)
                for inner in with_quotations(block.body):
                    self._place(holder, inner)
            else:
                self._place(holder, block)

    def _with_first_paragraph(self, article: UnitPath, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Some consolidated pages lost the number 1 of a first paragraph: words before a paragraph 2 are paragraph 1."""
        first = next((place for place, block in enumerate(blocks) if isinstance(block, Para)), None)
        if first is None or number_of(getattr(blocks[first], "marker", "")) != "2":
            return blocks
        lead = blocks[:first]
        if not any(isinstance(block, Text) and block.text for block in lead):
            return blocks
        self.outline.findings.append(Finding("gap", "the source prints no number for the first paragraph", article))
        return (Para("", lead), *blocks[first:])

    def _open_para(self, base: _Holder, number: str, block: Para) -> UnitPath:
        base.filled = True
        plain = self.outline.kind(base.path) in (UnitKind.ARTICLE, UnitKind.QUOTED)
        kind = UnitKind.PARAGRAPH if plain else self._item_kind(base.path)
        address = self._address(base.path, number)
        return self._add(kind, number, base.path, address=address, at=block.at, extras={"printed": block.marker})

    def _address(self, parent: UnitPath, number: str) -> UnitPath:
        """The path that a number continues: point 3.1 is cited without the point 3 above it."""
        while "." in number and number.startswith(f"{self.outline.number(parent)}."):
            parent = UnitPath(parent.rpartition("/")[0])
        return parent

    def _open_heading(self, outer: _Holder, heads: list[tuple[HeadingRank, _Holder]], block: Head) -> _Holder:
        kind, number, title, rank = read_heading(block.text)
        latest = heads[-1][1] if heads else outer
        if number is None and not latest.filled and not latest.texts and not latest.named:
            latest.named = True  # "Article 4a", then its heading on a line of its own
            self.outline.name(latest.path, block.text)
            self._called(latest.path, block)
            return latest
        while heads and rank.closes(heads[-1][0], [style for style, _ in heads]):
            heads.pop()
        above = heads[-1][1] if heads else outer
        above.filled = True
        if number is None:
            above.blocks += 1
        path = self._add(
            kind,
            number if number is not None else above.blocks,
            above.path,
            heading=title,
            at=block.at,
            prefix=PREFIXES[UnitKind.ARTICLE] if rank.style == "article" else rank.style if kind is UnitKind.QUOTED else None,
            extras={"printed": block.text.removesuffix(title or "").strip()} if number is not None else {"printed": ""},
        )
        self._called(path, block)
        holder = _Holder(path, path, named=title is not None)
        heads.append((rank, holder))
        return holder

    def _place(self, holder: _Holder, block: Block) -> None:
        if isinstance(block, Text):
            self._place_text(holder, block)
        elif isinstance(block, Item):
            holder.filled = True
            self._place_item(holder.target, block)
        elif isinstance(block, Table):
            holder.filled = True
            rows = "\n".join("\t".join(row) for row in block.rows if any(row))
            path = self._add(
                UnitKind.TABLE, 1 + self.outline.count(holder.target, UnitKind.TABLE), holder.target, at=block.at, text=rows
            )
            self._called(path, block)
        elif isinstance(block, Quoted):
            holder.filled = True
            count = 1 + self.outline.count(holder.target, UnitKind.QUOTED)
            self._fill(self._add(UnitKind.QUOTED, count, holder.target), block.body)
        elif isinstance(block, Change):
            self._mark = block.mark
            if block.deleted:
                self.outline.mark(holder.target, block.mark)
        else:  # a paragraph or heading inside an item: a body of its own
            self._fill(holder.target, (block,))

    def _place_text(self, holder: _Holder, block: Text) -> None:
        if not holder.texts and not holder.filled:
            holder.texts = 1
            self._say(holder.path, block)
            return
        holder.texts = max(holder.texts, 1) + 1
        holder.filled = True
        holder.target = self._add(UnitKind.SUBPARAGRAPH, holder.texts, holder.path, at=block.at)
        self._say(holder.target, block)

    def _place_item(self, parent: UnitPath, block: Item) -> None:
        number = number_of(block.marker)
        kind, shown = (UnitKind.INDENT, None) if not number else (self._item_kind(parent), number)
        if shown is None:
            shown = str(1 + self.outline.count(parent, UnitKind.INDENT))
        address = self._address(parent, shown)
        path = self._add(kind, shown, parent, address=address, at=block.at, extras={"printed": block.marker})
        self._fill(path, with_quotations(block.body))

    def _item_kind(self, parent: UnitPath) -> UnitKind:
        above: UnitPath | None = parent
        while above is not None and self.outline.kind(above) is UnitKind.SUBPARAGRAPH:
            above = self.outline.parent(above)
        deep = (UnitKind.POINT, UnitKind.SUBPOINT, UnitKind.INDENT)
        return UnitKind.SUBPOINT if above is not None and self.outline.kind(above) in deep else UnitKind.POINT

    def footnotes(self, notes: Iterable[tuple[str, str, str]]) -> tuple[Footnote, ...]:
        """Footnotes from (key, number, text), each with the unit that calls it."""
        return tuple(Footnote(number, text, self.calls.get(key)) for key, number, text in notes)


def number_of(marker: str) -> str:
    """The number in a printed marker, without brackets, quotes and full stops; empty for a dash or bullet."""
    number = _NUMBER.sub("", marker).strip(".,;:")
    return "" if set(number) <= _DASHES else number
