"""Pages of the PRA Rulebook (prarulebook.co.uk): parts with their rules, supervisory statements, statements of policy."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from lxml import etree

from kg_service.ids import slug
from kg_service.imports.flow import NOTE, Flow, lines
from kg_service.imports.hidden import settable, strip_page
from kg_service.imports.hierarchy import number_of
from kg_service.imports.markup import elements, folded, local, read_html
from kg_service.imports.model import Document, Footnote, Identity, UnitKind, UnitPath, Version
from kg_service.imports.outline import Outline
from kg_service.imports.protocol import refusal, source

_MARK: Final = re.compile(r"\s*(?:\((?P<open>[0-9]{1,3}|[A-Za-z]{1,5})\)|(?P<close>[0-9]{1,3}|[A-Za-z]{1,5})[.)])\s+")
_PRINCIPLE: Final = re.compile(r"(?P<mark>Principle\s+(?P<number>\d+(?:\.\d+)*))\s*[–—:.-]*\s*(?P<rest>.*)$")
_STATEMENT: Final = re.compile(r"^(?P<kind>SS|SoP|LSS)\s*(?P<number>\d+/\d+)?", re.IGNORECASE)
_SKIPPED: Final = frozenset({"page-utilities", "row-block__info", "rb-footnotes"})
_BLOCKS: Final = frozenset(
    {"p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "caption"}
)


_NOTE_CALL: Final = "notecall"


def _classes(element: etree._Element) -> set[str]:
    return set(element.get("class", "").split())


def _furniture(element: etree._Element) -> bool:
    """What serves the page and is no part of its text: links to export, the label of the footnotes."""
    return "page-utilities" in _classes(element) or element.get("id") == "footnote-label"


def _call(element: etree._Element) -> bool:
    """The raised figure that calls a footnote."""
    link = element.find("a")
    return link is not None and link.get("href", "").startswith("#footnote")


class PraHtml:
    """Reads the pages of the PRA Rulebook."""

    name = "pra-html"
    title = "PRA Rulebook pages (HTML)"

    def recognises(self, head: bytes, name: str) -> float:
        page = b"<html" in head.lower()
        return 0.9 if page and b"prarulebook.co.uk" in head else 0.6 if page and b"rulebook-content" in head else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        root = read_html(content, name).root
        meta = _Meta(root)
        held = [each for each in root.iter("div") if "part-content" in _classes(each)]
        chapters = [each for part in held for each in part.iter("div") if "chapter-section" in _classes(each)]
        if not chapters:
            raise refusal(name, None, "wrong_format", "the page holds no chapter of the PRA Rulebook")
        for each in [each for part in held for each in part.iter("sup") if _call(each)]:
            each.tag = _NOTE_CALL
        for furniture in [each for part in held for each in part.iter("div", "h4") if _furniture(each)]:
            furniture.clear()
        hidden = [found for part in held for found in strip_page(part)]
        reader = _Reader()
        reader.outline.add(UnitKind.TITLE_OF_ACT, text=meta.title or name)
        for chapter in chapters:
            reader.chapter(chapter)
        return Document(
            identity=meta.identity(name),
            kind=meta.kind,
            language="en",
            version=meta.version,
            source=source(content, name, self.name),
            units=reader.outline.units(),
            footnotes=tuple(reader.footnotes),
            findings=(*reader.outline.findings, *(each.finding() for each in hidden)),
        )


class _Reader:
    def __init__(self) -> None:
        self.outline = Outline()
        self.footnotes: list[Footnote] = []
        self._count: dict[tuple[UnitPath | None, str], int] = {}
        self._headings: list[tuple[int, UnitPath]] = []
        self._sub_principles = False

    def chapter(self, element: etree._Element) -> None:
        """A chapter with its rows: headings, numbered paragraphs or rules, and what has no number."""
        rows = [each for each in elements(element) if _classes(each) & {"row-block", "div-row"}]
        head = rows[0] if rows and "div-row" in _classes(rows[0]) else None
        number, heading = ("", "")
        if head is not None:
            number, heading = _number(head), _FLOW.text(_content(head)).replace("\n", " ")
        kind = UnitKind.CHAPTER if number[:1].isdigit() or not number else UnitKind.ANNEX
        path = self.outline.add(
            kind, number_of(number) or self._next(None, "chapter"), heading=heading, extras={"printed": number}
        )
        self._headings = [(0, path)]
        # Principle 1 stands in the overview and again with all that it asks for; the latter is what one cites.
        self._sub_principles = any(_PRINCIPLE.match(_FLOW.text(each)) and "." in number_in(each) for each in _heads(element))
        for row in rows[1:] if head is not None else rows:
            self._row(row)

    def _row(self, row: etree._Element) -> None:
        number, content = _number(row), _content(row)
        if not number:
            self._unnumbered(content)
            return
        above = self._headings[-1][1]
        extras = {"printed": number, **({"effective": day} if (day := _effective(row)) else {})}
        path = self.outline.add(UnitKind.PARAGRAPH, number, parent=above, address=None, extras=extras)
        self._fill(content, path)

    def _unnumbered(self, content: etree._Element) -> None:
        """Headings open units; other text is that of the heading above it, or a further paragraph there."""
        rest: list[etree._Element] = []
        for child in elements(content):
            if local(child) in ("h2", "h3", "h4", "h5", "h6") and not rest:
                self._heading(child)
            else:
                rest.append(child)
        if not rest:
            return
        above = self._headings[-1][1]
        if self.outline.silent(above) and not self.outline.under(above):
            holder = above
        else:
            count = self._next(above, "subpar") + 1
            holder = self.outline.add(UnitKind.SUBPARAGRAPH, count, parent=above, extras={"printed": ""})
        for child in rest:
            self._piece(child, holder)

    def _heading(self, head: etree._Element) -> None:
        level = int(local(head)[1])
        while self._headings[-1][0] >= level and len(self._headings) > 1:
            self._headings.pop()
        parent = self._headings[-1][1]
        text = lines(_noted(head)).replace("\n", " ")
        principle = _PRINCIPLE.match(text)
        if principle:
            address = None if self._sub_principles else self._headings[0][1]
            extras = {"printed": folded(principle["mark"])}
            path = self.outline.add(
                UnitKind.OTHER,
                principle["number"],
                parent=parent,
                address=address,
                prefix="principle",
                heading=principle["rest"],
                extras=extras,
            )
        else:
            count = self._next(parent, "heading")
            extras = {"printed": ""}
            path = self.outline.add(UnitKind.OTHER, count, parent=parent, prefix="heading", heading=text, extras=extras)
        self._headings.append((level, path))

    def _fill(self, element: etree._Element, holder: UnitPath) -> None:
        """What is in ``element`` has gone to ``holder`` and to points below it."""
        run: list[str] = [element.text or ""]
        for child in elements(element):
            if local(child) in ("ol", "ul", "table", "div") or _classes(child) & _SKIPPED:
                self._say(run, holder)
                run = []
                self._piece(child, holder)
            else:
                run += _pieces(child)
            run.append(child.tail or "")
        self._say(run, holder)

    def _piece(self, child: etree._Element, holder: UnitPath) -> None:
        name = local(child)
        if "rb-footnotes" in _classes(child):
            self._notes(child, holder)
        elif _classes(child) & _SKIPPED:
            return
        elif name in ("ol", "ul"):
            self._list(child, holder)
        elif name == "table":
            count = self._next(holder, "table")
            text = lines(_noted(child))
            self.outline.add(UnitKind.TABLE, count, parent=holder, text=text, extras={"printed": ""})
        elif name == "div":
            self._fill(child, holder)
        else:
            self._say(_pieces(child), holder)

    def _list(self, element: etree._Element, holder: UnitPath) -> None:
        """Items with the marks that they print; a list beside the items belongs to the one before it."""
        last = holder
        for child in elements(element):
            if local(child) in ("ol", "ul"):
                self._list(child, last)
            elif local(child) == "li" and _FLOW.text(child):
                last = self._item(child, holder)

    def _item(self, item: etree._Element, holder: UnitPath) -> UnitPath:
        own = folded(_FLOW.text(item))
        first = next(elements(item), None)
        if first is not None and local(first) in ("ol", "ul") and not folded(item.text or ""):
            self._list(first, holder)  # an item that only holds a list
            return holder
        mark = _MARK.match(own + " ")
        number = (mark["open"] or mark["close"]) if mark else None
        inner = self.outline.kind(holder) in (UnitKind.POINT, UnitKind.SUBPOINT)
        if number is None:
            kind, shown, printed = UnitKind.INDENT, str(self._next(holder, "indent")), ""
        else:
            kind, shown, printed = (UnitKind.SUBPOINT if inner else UnitKind.POINT), number, folded(mark[0]) if mark else ""
        path = self.outline.add(kind, shown, parent=holder, extras={"printed": printed})
        if mark:
            _cut_mark(item, len(folded(mark[0])))
        self._fill(item, path)
        return path

    def _say(self, run: list[str], holder: UnitPath) -> None:
        text = lines(run)
        if text and self.outline.under(holder):
            count = self._next(holder, "block")
            self.outline.add(UnitKind.OTHER, count, parent=holder, text=text, extras={"printed": ""})
        else:
            self.outline.say(holder, text)

    def _notes(self, element: etree._Element, holder: UnitPath) -> None:
        for note in element.iter("li"):
            parts = {name: each for each in note.iter("span") for name in _classes(each)}
            number = folded(_FLOW.text(parts["fn-col-1"])) if "fn-col-1" in parts else ""
            text = _FLOW.text(parts["fn-col-2"]) if "fn-col-2" in parts else _FLOW.text(note)
            if text:
                self.footnotes.append(Footnote(number.strip(".() "), text, holder))

    def _next(self, holder: UnitPath | None, what: str) -> int:
        self._count[holder, what] = count = self._count.get((holder, what), 0) + 1
        return count


def _pieces(element: etree._Element) -> list[str]:
    return [piece if isinstance(piece, str) else NOTE for piece in _FLOW.around(element)]


def _noted(element: etree._Element) -> list[str]:
    return [piece if isinstance(piece, str) else NOTE for piece in _FLOW.pieces(element)]


def number_in(head: etree._Element) -> str:
    """The number of a principle in a heading, empty where there is none."""
    found = _PRINCIPLE.match(_FLOW.text(head))
    return found["number"] if found else ""


def _heads(element: etree._Element) -> list[etree._Element]:
    return [*element.iter("h4", "h5", "h6")]


def _number(row: etree._Element) -> str:
    found = next((each for each in row.iter("span") if "rule-number" in _classes(each)), None)
    return _FLOW.text(found) if found is not None else ""


def _content(row: etree._Element) -> etree._Element:
    return next((each for each in row.iter("div") if "div-row__col-2" in _classes(each)), row)


def _effective(row: etree._Element) -> str:
    """Since when a rule reads as it does, as the page prints beside it."""
    info = next((each for each in row.iter("div") if "row-block__info" in _classes(each)), None)
    first = next(info.iter("li"), None) if info is not None else None
    day = _day(_FLOW.text(first)) if first is not None else None
    return day.isoformat() if day else ""


def _cut_mark(item: etree._Element, length: int) -> None:
    """Takes the printed mark, ``length`` characters without the white space before it, off the start of an item."""
    for element in item.iter("*"):
        text = element.text or ""
        bare = text.lstrip()
        if bare:
            element.text = settable(bare[length:])
            length -= min(length, len(bare))
        if length <= 0:
            return


class _Meta:
    """What the page says of itself."""

    def __init__(self, root: etree._Element) -> None:
        self.named = {each.get("property", ""): folded(each.get("content", "")) for each in root.iter("meta")}
        heading = next(root.iter("h1"), None)
        self.title = self.named.get("og:title", "") or (_FLOW.text(heading) if heading is not None else "")
        attributes = ("data-cached-rulebook-date", "data-effective-date", "data-rulebook-date")
        stated = (each.get(name, "") for name in attributes for each in root.iter("*") if each.get(name))
        day = next((found for text in stated if (found := _day(text))), None)
        self.version = Version(day.isoformat() if day else "undated", consolidated=True, valid_from=day)
        self.statement = _STATEMENT.match(self.title)
        self.kind = "guidance" if self.statement or "/guidance/" in self.named.get("og:url", "") else "rules"

    def identity(self, name: str) -> Identity:
        if self.statement and self.statement["number"]:
            work = f"PRA {self.statement['kind'].upper()}{self.statement['number']}"
        else:
            path = re.sub(r"^https?://[^/]+", "", self.named.get("og:url", ""))
            work = f"PRA {slug(path.strip('/')) or slug(self.title) or name}"
        return Identity(work, self.title or name, citations=(work.removeprefix("PRA "),))


def _day(text: str) -> date | None:
    for form in ("%d-%m-%Y", "%d/%m/%Y"):
        try:
            return datetime.strptime(folded(text), form).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
    return None


def _skip(element: etree._Element) -> bool:
    return bool(_classes(element) & _SKIPPED)


_FLOW: Final = Flow(_BLOCKS, cut=frozenset({_NOTE_CALL}), skip=_skip)
