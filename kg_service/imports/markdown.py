"""Own policies in Markdown (CommonMark with tables); HTML in it is read as a page, so that what it hides is found."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from lxml import etree
from markdown_it import MarkdownIt

from kg_service.imports.flow import Flow
from kg_service.imports.hidden import Hidden, strip_page
from kg_service.imports.markup import elements, folded, local, read_html
from kg_service.imports.model import Document
from kg_service.imports.policy import PolicyReader
from kg_service.imports.protocol import refusal

_FRONT: Final = re.compile(r"\A---[ \t]*\r?\n(?P<held>.{0,20000}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD: Final = re.compile(r"^(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--(?P<held>.*?)(?:-->|\Z)", re.DOTALL)
_HEADING: Final = re.compile(rb"^#{1,6}[ \t]+\S", re.MULTILINE)
_BLOCKS: Final = frozenset({"p", "div", "pre", "blockquote", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "dd", "dt"})
_HOLDERS: Final = frozenset({"div", "section", "article", "main", "blockquote", "body", "html", "details", "center", "dl"})
_FLOW: Final = Flow(_BLOCKS, breaks=frozenset({"br"}), skip=lambda element: local(element) in ("img", "head", "title"))


class Markdown:
    """Reads Markdown."""

    name = "markdown"
    title = "Own policies in Markdown"

    def recognises(self, head: bytes, name: str) -> float:
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not start or b"\0" in head or start[:1] in (b"<", b"{", b"[") or start.startswith((b"%PDF", b"PK")):
            return 0.0
        try:
            head[:-4].decode("utf-8-sig") if len(head) > 4 else head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 8:
                return 0.0
        named = name.lower().endswith((".md", ".markdown", ".mdown"))
        plain = name.lower().endswith((".txt", ".text"))
        return 0.6 if named else 0.4 if _HEADING.search(head) else 0.1 if plain else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise refusal(name, line, "encoding", "the file is not UTF-8 text") from error
        if "\0" in text:
            raise refusal(name, text[: text.index("\0")].count("\n") + 1, "not_text", "the file holds NUL characters")
        front = _FRONT.match(text)
        fields = {each["key"].lower(): each["value"].strip(" \"'") for each in _FIELD.finditer(front["held"])} if front else {}
        # White space keeps the lines where they were.
        body = re.sub(r"[^\n]", " ", text[: front.end()]) + text[front.end() :] if front else text
        reader = _Reader(body, name)
        reader.read()
        return reader.policy.document(
            content,
            name,
            self.name,
            title=fields.get("title", ""),
            day=_day(fields.get("date", "")),
            language=fields.get("lang", fields.get("language", "")),
            label=fields.get("version", "")[:60],
        )


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.policy = PolicyReader()
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line.encode("utf-8", "surrogatepass")))

    def read(self) -> None:
        page = self._page()
        if not page.strip():
            return
        for comment in _COMMENT.finditer(page):
            if held := folded(comment["held"]):
                at = self.text.find(comment["held"])
                where = f"line {self.text.count(chr(10), 0, at) + 1}" if at >= 0 else "comment"
                self.policy.hidden.append((Hidden(where, "an HTML comment", held), None))
        root = read_html(f"<html><body>{_COMMENT.sub('', page)}</body></html>".encode("utf-8", "replace"), self.name).root
        self.policy.hidden.extend((each, None) for each in strip_page(root))
        for body in root.iter("body"):
            self._children(body, 0)

    def _page(self) -> str:
        """The HTML that the Markdown stands for; each block carries the lines on which it stands, each item its mark."""
        parser = MarkdownIt("commonmark", {"html": True}).enable("table")
        tokens = parser.parse(self.text)
        for token in tokens:
            if token.map is not None and (token.nesting == 1 or token.type in ("fence", "code_block")):
                token.attrSet("data-at", f"{token.map[0]}-{token.map[1]}")
            if token.type == "list_item_open" and token.info:
                token.attrSet("data-mark", f"{token.info}{token.markup}")
        return str(parser.renderer.render(tokens, parser.options, {}))

    def _children(self, element: etree._Element, depth: int) -> None:
        self._loose(element.text)
        for child in elements(element):
            self._block(child, depth)
            self._loose(child.tail)

    def _loose(self, text: str | None) -> None:
        if text and (said := folded(text)):
            self.policy.say(said)

    def _block(self, element: etree._Element, depth: int) -> None:
        name, at = local(element), self._at(element)
        if re.fullmatch(r"h[1-6]", name):
            self.policy.heading(int(name[1]), _FLOW.text(element), at)
        elif name in ("ul", "ol"):
            for item in elements(element):
                self._item(item, depth)
        elif name == "table":
            self.policy.table([[_FLOW.text(cell) for cell in row.iter("td", "th")] for row in element.iter("tr")], at)
        elif name == "pre":
            self.policy.say("\n".join(line.rstrip() for line in _whole(element).splitlines() if line.strip()), at)
        elif name in _HOLDERS:
            self._children(element, depth)
        elif name == "p" and depth == 0:
            self.policy.paragraph(_FLOW.text(element), at)
        else:
            self.policy.say(_FLOW.text(element), at)

    def _item(self, item: etree._Element, depth: int) -> None:
        """The first text of an item is its own; the rest, lists too, stands below it."""
        parts = list(elements(item))
        text, rest = item.text or "", parts
        while rest and local(rest[0]) not in ("p", "ul", "ol", "table", "pre", "div", "blockquote"):
            text += f"{_FLOW.text(rest[0])}{rest[0].tail or ''}"
            rest = rest[1:]
        if not folded(text) and rest and local(rest[0]) == "p":
            text, rest = _FLOW.text(rest[0]), rest[1:]
        said = "\n".join(line for each in text.splitlines() if (line := folded(each)))
        self.policy.item(said, item.get("data-mark", "-")[:12], depth, self._at(item))
        for child in rest:
            if local(child) in ("ul", "ol"):
                self._block(child, depth + 1)
            else:
                self.policy.back(depth)
                self.policy.say(_FLOW.text(child))
            if folded(child.tail or ""):
                self.policy.back(depth)
                self.policy.say(folded(child.tail or ""))

    def _at(self, element: etree._Element) -> tuple[int, int] | None:
        found = re.fullmatch(r"(\d{1,8})-(\d{1,8})", element.get("data-at", ""))
        if not found:
            return None
        first, last = int(found[1]), int(found[2])
        return (self._starts[first], self._starts[last]) if first <= last < len(self._starts) else None


def _whole(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
