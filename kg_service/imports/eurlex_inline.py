"""Running text of EUR-Lex pages: calls of footnotes and marks of amendments kept apart, hidden text left out and reported."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from kg_service.imports.blocks import Text
from kg_service.imports.markup import Markup, entity_text, folded, local, words
from kg_service.imports.model import Finding

_CALL: Final = "\ue000"  # stands for a call while text is gathered
_CALLS = re.compile(r"\s*\(\s*\ue000\s*\)|\s*\ue000")
_MARK = re.compile(r"^\s*[►▼]\s*([ABCM]\d*)\s*$")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
BLOCK_TAGS: Final = frozenset(("p", "div", "table", "ul", "ol", "dl", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "li"))
SILENT_TAGS: Final = frozenset(("script", "style", "template", "noscript", "head", "col", "colgroup"))


@dataclass(slots=True)
class Gathered:
    """Pieces of one running text while they are read."""

    pieces: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    first: etree._Element | None = None
    last: etree._Element | None = None

    @property
    def text(self) -> str:
        return folded(_CALLS.sub("", "".join(self.pieces)).replace("◄", " "))


class Inline:
    """Reads running text of one page."""

    def __init__(self, markup: Markup, name: str) -> None:
        self.markup, self.name = markup, name
        self.findings: list[Finding] = []

    def text(self, element: etree._Element) -> Text:
        """All that ``element`` says."""
        gathered = Gathered(first=element, last=element)
        self.gather(element, gathered)
        return self.finished(gathered)

    def finished(self, gathered: Gathered) -> Text:
        at = None if gathered.first is None else self.markup.offset(gathered.first, gathered.last)
        return Text(gathered.text, tuple(gathered.notes), tuple(dict.fromkeys(gathered.marks)), at)

    def gather(self, element: etree._Element, into: Gathered) -> None:
        """Adds the words of ``element``, without its tail."""
        into.pieces.append(element.text or "")
        for child in element:
            self.gather_child(child, into)

    def gather_child(self, child: etree._Element, into: Gathered) -> None:
        """Adds the words of ``child`` and what follows it."""
        tag = local(child)
        if isinstance(child, etree._Entity):
            into.pieces.append(entity_text(child, self.name))
        elif tag in SILENT_TAGS or not tag or self.hidden(child):
            pass
        elif tag == "br":
            into.pieces.append(" ")
        elif tag == "img":
            self.findings.append(Finding("image", "an image of the source is not read"))
        elif (called := called_note(child)) is not None:
            into.notes.append(called)
            into.pieces.append(_CALL)
        elif (mark := mark_of(child)) is not None:
            into.marks.append(mark)
            into.pieces.append(" ")
        else:
            apart = " " if tag in BLOCK_TAGS or tag in ("td", "th", "tr") else ""
            into.pieces.append(apart)
            self.gather(child, into)
            into.pieces.append(apart)
        into.pieces.append(child.tail or "")

    def hidden(self, element: etree._Element) -> bool:
        """Whether a reader of the page would not see the element; noted where it holds words."""
        if element.get("hidden") is None and not _HIDDEN.search(element.get("style") or ""):
            return False
        unseen = folded(words(element))
        if unseen:
            self.findings.append(Finding("hidden_text", f"{len(unseen)} characters that a reader would not see were left out"))
        return True


def called_note(element: etree._Element) -> str | None:
    """The key of the footnote that an anchor calls; None for other elements."""
    if local(element) != "a":
        return None
    target = element.get("href") or ""
    if not target.startswith("#"):
        return None
    key = target[1:]
    if key.startswith("ntr") or re.fullmatch(r"E\d+", key):
        return key
    return None


def mark_of(element: etree._Element) -> str | None:
    """The amendment that an inline marker (``►M3``) names; None for other elements."""
    if local(element) not in ("a", "span"):
        return None
    match = _MARK.match(words(element))
    return match[1] if match else None
