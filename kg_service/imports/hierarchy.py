"""Reads markup whose elements are named for what they are (chapter, article, section ...), with ``num``, heading and content.

Akoma Ntoso and USLM are both of this kind; a :class:`Dialect` says what their elements mean. What stands below an article is
addressed the European way (``art-6/par-2/pt-b``), what stands below a section the way of UK and US law (``section-3/pt-a/pt-1``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from lxml import etree

from kg_service.imports.flow import NOTE, Flow, lines
from kg_service.imports.markup import Markup, elements, folded, local
from kg_service.imports.model import Footnote, UnitKind, UnitPath
from kg_service.imports.outline import Outline

BULLETS: Final = frozenset("-–—•·*")
_DIVISIONS: Final = frozenset(
    {UnitKind.PART, UnitKind.SUBPART, UnitKind.TITLE, UnitKind.CHAPTER, UnitKind.SUBCHAPTER, UnitKind.SECTION, UnitKind.OTHER}
)
_ITEMS: Final = frozenset({UnitKind.POINT, UnitKind.SUBPOINT, UnitKind.INDENT})
_BOUNDS: Final = frozenset({UnitKind.ARTICLE, UnitKind.SECTION, UnitKind.ANNEX})
_WORD: Final = re.compile(
    r"^\W*(?:articles?|art|sections?|sec|subtitle|title|subchapter|chapter|chapitre|titre|subpart|part|partie|division|annexe?|"
    r"appendix|schedule|paragraph|book)\b\.?\s*|^\W*§+\s*",
    re.IGNORECASE,
)
_EDGE: Final = re.compile(r"^[\W_]+|[\W_]+$")
# Kind, prefix of the path (None: the kind's own) and the path that it continues.
Place: TypeAlias = tuple[UnitKind, str | None, UnitPath | None]


def _nothing(_: etree._Element, __: str | None) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the elements of a format mean.

    ``units`` have a number or a heading; ``wrappers`` always become a unit, once in the text without a prefix (the preamble),
    counted with one. ``prefixes`` give a path segment that is not the kind's own; ``by_name`` does so for an element with that
    ``name``. ``groups`` are units without a number too; ``tails`` are closing words after a list;
    ``shown`` is how a number prints that no element holds.
    """

    flow: Flow
    units: Mapping[str, UnitKind]
    number: Callable[[etree._Element], str | None]
    notes: frozenset[str]
    quoted: frozenset[str]
    wrappers: Mapping[str, tuple[UnitKind, str | None]] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, tuple[UnitKind, str]] = field(default_factory=dict)
    headings: frozenset[str] = frozenset({"heading", "subheading"})
    tables: frozenset[str] = frozenset({"table"})
    groups: frozenset[str] = frozenset()
    tails: frozenset[str] = frozenset()
    shown: Callable[[etree._Element, str | None], str] = _nothing


def number_of(printed: str) -> str | None:
    """A number as printed without its word, brackets, full stops and dashes (``TITLE I—`` gives ``I``), or None."""
    bare = _EDGE.sub("", _WORD.sub("", printed.strip(), count=1))
    return bare or None


class HierarchyReader:
    """Fills an outline from a tree."""

    def __init__(self, markup: Markup, dialect: Dialect) -> None:
        self.markup, self.dialect = markup, dialect
        self.outline = Outline()
        self.footnotes: list[Footnote] = []
        self._count: dict[tuple[UnitPath | None, str], int] = {}
        self._divisions: set[UnitPath] = set()  # sections that hold articles
        self._names = frozenset((*dialect.units, *dialect.wrappers))
        self._structured = self._with_units(markup.root)

    def content(self, element: etree._Element, holder: UnitPath | None) -> None:
        """Everything in ``element`` has gone to ``holder`` and to units below it."""
        self._flush(self._children(element, holder, frozenset()), holder)

    def unit(self, element: etree._Element, holder: UnitPath | None) -> None:
        """There is a unit for ``element`` below ``holder`` with all that is in it."""
        name = local(element)
        if name in self.dialect.wrappers:
            self._wrapper(element, holder)
            return
        nums = [child for child in elements(element) if local(child) == "num"]
        heads = [*nums[1:], *(child for child in elements(element) if local(child) in self.dialect.headings)]
        number = self.dialect.number(element)
        if number is None and not heads and not nums and name not in self.dialect.groups:
            self._unnumbered(element, holder)
            return
        kind, prefix, address = self._place(element, holder)
        printed = self._number_shown(nums[0], holder) if nums else self.dialect.shown(element, number)
        if number is None:
            if set(printed) & BULLETS or kind in _ITEMS:
                kind, prefix = UnitKind.INDENT, None
            number = str(self._next(address, prefix or kind))
        extras = {"printed": printed}
        place = self._own_place(element)
        path = self.outline.add(kind, number, parent=holder, address=address, prefix=prefix, offset=place, extras=extras)
        if kind is UnitKind.SECTION and prefix is None and _holds_articles(element):
            self._divisions.add(path)
        for head in heads:
            self._heading(head, path)
        self._flush(self._children(element, path, self.dialect.headings | {"num"}), path)

    def add(
        self, kind: UnitKind, what: str, holder: UnitPath | None, text: str = "", at: etree._Element | None = None, **extras: str
    ) -> UnitPath:
        """A unit that has no number of its own: the next of its kind below ``holder``."""
        count = self._next(holder, what) + (kind is UnitKind.SUBPARAGRAPH)
        prefix = what if kind is UnitKind.OTHER else None
        offset = self._own_place(at) if at is not None else None
        extras = {"printed": "", **extras}
        return self.outline.add(kind, count, parent=holder, prefix=prefix, text=text, offset=offset, extras=extras)

    def note(self, element: etree._Element, holder: UnitPath | None) -> None:
        """A footnote or a note in the margin is kept with the unit that calls it."""
        marker = element.get("marker") or element.findtext("{*}sup") or ""
        text = self.dialect.flow.text(element).removeprefix(marker).strip()
        if text:
            self.footnotes.append(Footnote(folded(marker).strip("()[]"), text, holder))

    # -- walking

    def _with_units(self, root: etree._Element) -> set[etree._Element]:
        """The elements in which units stand that are this text's own, not those of a text that is quoted."""
        found: set[etree._Element] = set()
        todo = [root]
        while todo:
            element = todo.pop()
            if local(element) in self.dialect.quoted or self.dialect.flow.skip(element):
                continue
            if local(element) in self._names:
                above = element.getparent()
                while above is not None and above not in found:
                    found.add(above)
                    above = above.getparent()
            todo.extend(elements(element))
        return found

    def _children(self, element: etree._Element, holder: UnitPath | None, leave: frozenset[str]) -> list[str]:
        """Reads what is in ``element``; gives the text that is still to be said at the end."""
        run: list[str] = [element.text or ""]
        for child in elements(element):
            if local(child) not in leave:
                run = self._child(child, holder, run)
            run.append(child.tail or "")
        return run

    def _child(self, child: etree._Element, holder: UnitPath | None, run: list[str]) -> list[str]:
        name = local(child)
        if self.dialect.flow.skip(child):
            return run
        if name in self._names:
            self._flush(run, holder)
            self.unit(child, holder)
        elif name in self.dialect.tails and holder is not None and self.outline.under(holder):
            self._flush(run, holder)
            self.content(child, self.add(UnitKind.OTHER, "block", holder, at=child, role="closing words"))
        elif child in self._structured:
            self._flush(run, holder)
            self.content(child, holder)
        else:
            for piece in self.dialect.flow.around(child):
                if isinstance(piece, str):
                    run.append(piece)
                else:
                    run = self._cut(piece, holder, run)
            return run
        return []

    def _cut(self, element: etree._Element, holder: UnitPath | None, run: list[str]) -> list[str]:
        """A note, a table or a text that is quoted."""
        name = local(element)
        if name in self.dialect.notes:
            self.note(element, holder)
            return [*run, NOTE]
        self._flush(run, holder)
        text = self.dialect.flow.text(element, self.dialect.notes)
        if text:
            kind = UnitKind.TABLE if name in self.dialect.tables else UnitKind.QUOTED
            self.add(kind, kind, holder, element.get("startQuote", "") + text + element.get("endQuote", ""), element)
        for note in element.iter(*(f"{{*}}{each}" for each in self.dialect.notes)):
            self.note(note, holder)
        return []

    def _flush(self, run: list[str], holder: UnitPath | None) -> None:
        """Says the text of ``run``: the holder's own, or a block after what already stands below it."""
        text = lines(run)
        if not text:
            return
        below = self.outline.under(holder) if holder is not None else ()
        if holder is not None and not below:
            self.outline.say(holder, text)
        elif below and not re.search(r"\w", text):  # the full stop after a quotation
            self.outline.say(below[-1], text)
        else:
            self.add(UnitKind.OTHER, "block", holder, text)

    def _heading(self, head: etree._Element, path: UnitPath) -> None:
        run: list[str] = []
        for piece in self.dialect.flow.pieces(head):
            if isinstance(piece, str):
                run.append(piece)
            elif local(piece) in self.dialect.notes:
                self.note(piece, path)
                run.append(NOTE)
            else:
                run.append(self.dialect.flow.text(piece))
        self.outline.name(path, lines(run).replace("\n", " "))

    def _number_shown(self, num: etree._Element, holder: UnitPath | None) -> str:
        run: list[str] = []
        for piece in self.dialect.flow.pieces(num):
            if isinstance(piece, str):
                run.append(piece)
            elif local(piece) in self.dialect.notes:
                self.note(piece, holder)
        return lines(run).replace("\n", " ")

    def _wrapper(self, element: etree._Element, holder: UnitPath | None) -> None:
        kind, prefix = self.dialect.wrappers[local(element)]
        if prefix is not None:
            path = self.add(kind, prefix, holder, at=element)
        else:
            path = UnitPath({UnitKind.TITLE_OF_ACT: "act-title"}.get(kind, kind.value))
            if path not in self.outline:
                self.outline.add(kind, address=None, offset=self._own_place(element))
        self.content(element, path)

    def _unnumbered(self, element: etree._Element, holder: UnitPath | None) -> None:
        """The first unnumbered paragraph is its holder's own text; each later one is a unit."""
        kind = self.dialect.units[local(element)]
        if "WRP" in element.get("refersTo", "") and holder is not None:
            path = self.add(UnitKind.OTHER, "block", holder, at=element, role="closing words")
        elif kind in _ITEMS:
            path = self.add(UnitKind.INDENT, UnitKind.INDENT, holder, at=element)
        elif holder is None or (self.outline.silent(holder) and not self.outline.under(holder)):
            if holder is not None:
                self.outline.say(holder, "", self._own_place(element))
            self.content(element, holder)
            return
        else:
            path = self.add(UnitKind.SUBPARAGRAPH, UnitKind.SUBPARAGRAPH, holder, at=element)
        self.content(element, path)

    # -- where a unit goes

    def _next(self, holder: UnitPath | None, what: str) -> int:
        self._count[holder, what] = count = self._count.get((holder, what), 0) + 1
        return count

    def _own_place(self, element: etree._Element) -> tuple[int, int] | None:
        """Where the own text of a unit stands: up to the first unit below it."""
        whole = self.markup.offset(element)
        if whole is None or element not in self._structured:
            return whole
        inner = next((each for each in element.iterdescendants("*") if local(each) in self._names), None)
        first = self.markup.offset(inner) if inner is not None else None
        return whole if first is None else (whole[0], first[0])

    def _place(self, element: etree._Element, holder: UnitPath | None) -> Place:
        name = local(element)
        kind, prefix = self.dialect.units[name], self.dialect.prefixes.get(name)
        if (named := self.dialect.by_name.get(element.get("name", ""))) is not None:
            return *named, None
        above = self._above(holder)
        held = self.outline.kind(above) if above is not None else None
        if held is UnitKind.SECTION:
            return kind, "pt", holder
        if held is UnitKind.ARTICLE:
            return self._below_article(kind, holder)
        if kind is UnitKind.ARTICLE or (kind is UnitKind.SECTION and not _holds_articles(element)):
            return kind, prefix, above
        if kind in _DIVISIONS:
            return kind, prefix or ("heading" if kind is UnitKind.OTHER else None), holder
        if kind is UnitKind.RECITAL:
            return kind, None, None
        numbered_like_points = held is UnitKind.ANNEX and kind is UnitKind.PARAGRAPH
        return (UnitKind.POINT if numbered_like_points else kind), "pt", holder

    def _below_article(self, kind: UnitKind, holder: UnitPath | None) -> Place:
        if kind is UnitKind.POINT and holder is not None and self.outline.kind(holder) in _ITEMS:
            return UnitKind.SUBPOINT, None, holder
        return kind, "pt" if kind in (UnitKind.SUBPARAGRAPH, UnitKind.SUBSECTION) else None, holder

    def _above(self, holder: UnitPath | None) -> UnitPath | None:
        """The article, the section that is no division, or the annex in which ``holder`` stands."""
        while holder is not None and (self.outline.kind(holder) not in _BOUNDS or holder in self._divisions):
            holder = self.outline.parent(holder)
        return holder


def _holds_articles(element: etree._Element) -> bool:
    return next(element.iter("{*}article"), None) is not None
