"""Reads XML, XHTML and HTML from strangers: no entity is declared or fetched, no DTD is loaded, depth and size are bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import Final
from xml.parsers import expat

from lxml import etree

from kg_service.errors import DocumentError
from kg_service.imports.protocol import MAX_BYTES, refusal

MAX_DEPTH: Final = 200
MAX_ELEMENTS: Final = 2_000_000
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Markup:
    """A parsed tree with the place in the file where each element starts and ends, in bytes (empty for HTML that is not XML)."""

    root: etree._Element
    places: dict[etree._Element, tuple[int, int]]

    def offset(self, first: etree._Element, last: etree._Element | None = None) -> tuple[int, int] | None:
        """From the start of ``first`` to the end of ``last``."""
        start = self.places.get(first)
        end = self.places.get(first if last is None else last)
        return None if start is None or end is None else (start[0], end[1])


class _Scan:
    """A first reading by expat: refuses what is unsafe before a tree is built, and notes where each element stands."""

    def __init__(self, content: bytes, name: str, *, doctype: bool) -> None:
        self.name, self.doctype = name, doctype
        self.places: list[tuple[int, int]] = []
        self._open: list[tuple[int, int]] = []
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = False
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise refusal(name, error.lineno, "not_xml", f"not well-formed XML: {expat.ErrorString(error.code)}") from error
        except (ValueError, LookupError) as error:  # an encoding that Python does not know, or bytes that are not in it
            raise refusal(name, None, "encoding", "the file's bytes are not in the encoding it declares") from error

    def _refuse(self, code: str, message: str) -> DocumentError:
        return refusal(self.name, self._parser.CurrentLineNumber, code, message)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse("too_deep", f"elements are nested more than {MAX_DEPTH} deep")
        if len(self.places) >= MAX_ELEMENTS:
            raise self._refuse("too_large", f"more than {MAX_ELEMENTS} elements")
        at = self._parser.CurrentByteIndex
        self._open.append((len(self.places), at))
        self.places.append((at, at))

    def _end(self, tag: str) -> None:
        index, start = self._open.pop()
        at = self._parser.CurrentByteIndex
        self.places[index] = (start, at + len(tag.encode()) + 3)

    def _doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        if internal or not self.doctype:
            what = "a DOCTYPE with declarations of its own" if internal else "a DOCTYPE"
            raise self._refuse("doctype", f"the file carries {what}; such files are not read")

    def _entity(self, *_: object) -> None:
        raise self._refuse("entity", "the file declares an entity; such files are not read")


def read_xml(content: bytes, name: str, *, doctype: bool = False, instructions: bool = False) -> Markup:
    """The tree of an XML file; a plain DOCTYPE is let through only where ``doctype`` says so (XHTML), and never followed.

    ``instructions`` keeps processing instructions in the tree: Formex marks amendments with them.

    Raises:
        DocumentError: not well-formed, too large, too deep, or carrying declarations.
    """
    _check_size(content, name)
    scan = _Scan(content, name, doctype=doctype)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=not instructions,
    )
    root = _parsed(content, name, parser)
    elements = list(root.iter("*"))
    places = dict(zip(elements, scan.places, strict=True)) if len(elements) == len(scan.places) else {}
    return Markup(root, places)


def read_html(content: bytes, name: str, encoding: str | None = "utf-8") -> Markup:
    """The tree of an HTML file that need not be well-formed; without places.

    Raises:
        DocumentError: empty, too large or too deep.
    """
    _check_size(content, name)
    parser = etree.HTMLParser(
        encoding=encoding, no_network=True, huge_tree=False, recover=True, remove_comments=True, remove_pis=True
    )
    root = _parsed(content, name, parser)
    if _depth_exceeds(root):
        raise refusal(name, None, "too_deep", f"elements are nested more than {MAX_DEPTH} deep")
    return Markup(root, {})


def read_xhtml(content: bytes, name: str) -> Markup:
    """The tree of a page: as XML where it is well-formed, else as HTML; unsafe declarations are refused either way.

    Raises:
        DocumentError: as the two others.
    """
    try:
        return read_xml(content, name, doctype=True)
    except DocumentError as error:
        if any(problem.code != "not_xml" for problem in error.problems):
            raise
        return read_html(content, name)


def _parsed(content: bytes, name: str, parser: etree.XMLParser | etree.HTMLParser) -> etree._Element:
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise refusal(name, line, "not_xml", f"cannot be parsed: {str(error)[:200]}") from error
    if root is None:
        raise refusal(name, None, "empty", "the file holds no element")
    return root


def _check_size(content: bytes, name: str) -> None:
    if not content.strip():
        raise refusal(name, None, "empty", "the file is empty")
    if len(content) > MAX_BYTES:
        raise refusal(name, None, "too_large", f"the file has {len(content)} bytes; at most {MAX_BYTES} are read")


def _depth_exceeds(root: etree._Element) -> bool:
    level: list[etree._Element] = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element if isinstance(child.tag, str)]
        if not level:
            return False
    return True


def local(element: etree._Element) -> str:
    """The element's name without its namespace; empty for entities, comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def entity_text(node: etree._Element, name: str) -> str:
    """The characters of a named HTML entity that was left in the tree.

    Raises:
        DocumentError: HTML knows no such entity.
    """
    known = html5.get(f"{getattr(node, 'name', '')};")
    if known is None:
        raise refusal(name, None, "entity", f"unknown entity {str(getattr(node, 'text', ''))[:40]}")
    return known


def words(element: etree._Element) -> str:
    """The characters in an element as they stand, without comments, instructions and entities."""
    return "".join(str(piece) for piece in element.itertext(etree.Element))


def elements(parent: etree._Element) -> Iterator[etree._Element]:
    """The child elements, without entities, comments and instructions."""
    return (child for child in parent if isinstance(child.tag, str))


def folded(text: str) -> str:
    """``text`` with each run of white space, no-break spaces included, as one space."""
    return _SPACE.sub(" ", text).strip()
