"""Which words of a file an importer kept, counted by a reading that knows nothing of structure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from kg_service.imports.model import Document

_WORD = re.compile(r"\w+")


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text))


def of_document(document: Document) -> Counter[str]:
    """All words of a document: numbers as printed, headings, texts, notes and what has no field of its own."""
    found: Counter[str] = Counter()
    for unit in document.units:
        number = unit.extras.get("printed", unit.number or "")
        others = (value for key, value in unit.extras.items() if key != "printed")
        found.update(_WORD.findall(" ".join((number, unit.heading or "", unit.text, *others))))
    for note in document.footnotes:
        found.update(_WORD.findall(f"{note.number} {note.text}"))
    return found


def of_markup(content: bytes, without: frozenset[str]) -> Counter[str]:
    """All words in the elements of an XML file but those named in ``without``."""
    return words(" ".join(_texts(etree.fromstring(content), without)))


def _texts(element: etree._Element, without: frozenset[str]) -> Iterator[str]:
    if isinstance(element.tag, str) and etree.QName(element).localname not in without:
        yield element.text or ""
        for child in element:
            yield from _texts(child, without)
            yield child.tail or ""


def kept(source: Counter[str], document: Document) -> float:
    """The share of the words of ``source`` that the document holds."""
    lost = source - of_document(document)
    return 1 - lost.total() / max(1, source.total())
