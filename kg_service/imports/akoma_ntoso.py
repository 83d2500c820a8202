"""Akoma Ntoso 3.0 and its near relatives (working draft 17, AKN4EU, LEOS, the flavours of Luxembourg, the UK and the US)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Final

from lxml import etree

from kg_service.ids import slug
from kg_service.imports.flow import Flow
from kg_service.imports.hierarchy import Dialect, HierarchyReader, number_of
from kg_service.imports.markup import elements, folded, local, read_xml
from kg_service.imports.model import Document, Finding, Identity, UnitKind, UnitPath, Version
from kg_service.imports.protocol import refusal, source

_NAMESPACE: Final = b"docs.oasis-open.org/legaldocml/ns/akn"
_UNITS: Final = {
    "part": UnitKind.PART, "subpart": UnitKind.SUBPART, "title": UnitKind.TITLE, "subtitle": UnitKind.TITLE,
    "book": UnitKind.PART, "tome": UnitKind.PART, "division": UnitKind.PART, "subdivision": UnitKind.SUBPART,
    "chapter": UnitKind.CHAPTER, "subchapter": UnitKind.SUBCHAPTER, "section": UnitKind.SECTION,
    "article": UnitKind.ARTICLE, "rule": UnitKind.ARTICLE, "subsection": UnitKind.SUBSECTION,
    "paragraph": UnitKind.PARAGRAPH, "subparagraph": UnitKind.SUBPARAGRAPH, "alinea": UnitKind.SUBPARAGRAPH,
    "point": UnitKind.POINT, "indent": UnitKind.INDENT, "item": UnitKind.POINT, "li": UnitKind.POINT, "level": UnitKind.POINT,
    "clause": UnitKind.PARAGRAPH, "subclause": UnitKind.SUBPARAGRAPH, "recital": UnitKind.RECITAL,
    "hcontainer": UnitKind.OTHER, "tblock": UnitKind.OTHER, "crossHeading": UnitKind.OTHER,
}  # fmt: skip
_WRAPPERS: Final[dict[str, tuple[UnitKind, str | None]]] = {
    "coverPage": (UnitKind.OTHER, "cover"),
    "preface": (UnitKind.TITLE_OF_ACT, None),
    "preamble": (UnitKind.PREAMBLE, None),
    "citation": (UnitKind.CITATION, "cit"),
    "conclusions": (UnitKind.CLOSING, None),
    "toc": (UnitKind.OTHER, "toc"),
}
_BLOCKS: Final = frozenset(
    {
        "p",
        "block",
        "content",
        "intro",
        "wrapUp",
        "blockList",
        "listIntroduction",
        "listWrapUp",
        "item",
        "tr",
        "formula",
        "container",
    }
    | {"ol", "ul", "li", "list", "longTitle", "tocItem", "signature", "interstitial", "heading", "caption", "omissis"}
    | set(_UNITS)
)
_QUOTED: Final = frozenset({"quotedStructure", "embeddedStructure"})
_SKIPPED: Final = frozenset({"meta", "img", "documentRef"})
_CONTAINERS: Final = frozenset(
    {
        "attachments",
        "components",
        "collectionBody",
        "component",
        "act",
        "bill",
        "portion",
        "documentCollection",
        "officialGazette",
    }
)
_REFERENCES: Final = frozenset({"documentRef", "componentRef"})
_LANGUAGES: Final = {"eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "ita": "it", "spa": "es", "por": "pt"}
_PUBLISHER: Final = re.compile(r"^https?://[^/]+/(?:id/)?|/(?:enacted|made)$")
_ROMAN: Final = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_KINDS: Final = {"act": "act", "bill": "bill", "doc": "document", "documentCollection": "collection", "portion": "act"}


class AkomaNtoso:
    """Reads Akoma Ntoso."""

    name = "akoma-ntoso"
    title = "Akoma Ntoso 3.0 (LegalDocML)"

    def recognises(self, head: bytes, name: str) -> float:
        return 1.0 if b"<akomaNtoso" in head and _NAMESPACE in head else 0.7 if b"<akomaNtoso" in head else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        markup = read_xml(content, name)
        top = next(elements(markup.root), None)
        if local(markup.root) != "akomaNtoso" or top is None:
            raise refusal(name, 1, "wrong_format", "the file is no Akoma Ntoso: its root is not akomaNtoso with a document in it")
        reader = HierarchyReader(markup, _DIALECT)
        _Parts(reader).read(markup.root)
        units = reader.outline.units()
        if not any(unit.text for unit in units):
            raise refusal(name, None, "empty", "the file holds no text")
        identity, version = _identity(top, name, content)
        heading = next((unit.text.replace("\n", " ") for unit in units if unit.kind is UnitKind.TITLE_OF_ACT and unit.text), "")
        return Document(
            identity=replace(identity, title=identity.title or heading or name),
            kind=_kind(top),
            language=_language(top),
            version=version,
            source=source(content, name, self.name),
            units=units,
            footnotes=tuple(reader.footnotes),
            findings=tuple(reader.outline.findings),
        )


class _Parts:
    """The parts of a document, of a collection of documents and of what is attached to one."""

    def __init__(self, reader: HierarchyReader) -> None:
        self.reader = reader
        self.annexes = 0
        self.held = {each.get("eId") for each in reader.markup.root.iterfind("{*}components/{*}component")}

    def read(self, element: etree._Element, holder: UnitPath | None = None) -> None:
        for child in elements(element):
            name = local(child)
            if name in _CONTAINERS:
                self.read(child, holder)
            elif name == "attachment":
                self._attachment(child)
            elif name in ("doc", "statement", "debateReport"):
                self._piece(child)
            elif name in ("body", "mainBody", "portionBody", "interstitial"):
                self.reader.content(child, holder)
            elif name in _WRAPPERS:
                self.reader.unit(child, holder)
            elif name in _REFERENCES:
                self._elsewhere(child)
            elif name != "meta":
                self.reader.content(child, holder)

    def _piece(self, doc: etree._Element) -> None:
        """A document of a collection that is not the act itself: an explanatory memorandum, a financial statement."""
        title = folded(doc.get("name", "")) or "document"
        path = self.reader.add(UnitKind.OTHER, slug(title) or "document", None)
        self.reader.outline.name(path, title)
        self._below(doc, path)

    def _attachment(self, attachment: etree._Element) -> None:
        if any(local(child) in _REFERENCES for child in elements(attachment)):
            self.read(attachment)
            return
        self.annexes += 1
        printed = next((folded(self.reader.dialect.flow.text(e)) for e in attachment.iter("{*}docNumber", "{*}num")), "")
        stated = re.match(r"(?:annexe?|anlage|allegato)\s+([ivxlc\d]+)\b", printed, re.IGNORECASE)
        number = stated.group(1) if stated else str(self.annexes)
        path = self.reader.outline.add(UnitKind.ANNEX, number, address=None, extras={"printed": printed if stated else ""})
        self._below(attachment, path)

    def _below(self, element: etree._Element, path: UnitPath) -> None:
        """All that is in a piece belongs to it, its own preface and preamble too."""
        for child in elements(element):
            if local(child) == "doc":
                self._below(child, path)
            elif local(child) != "meta":
                self.reader.content(child, path)

    def _elsewhere(self, reference: etree._Element) -> None:
        above, target = reference.getparent(), reference.get("href", "")
        if target.startswith("#") or (above is not None and local(above) == "component" and above.get("eId") in self.held):
            return
        shown = folded(reference.get("showAs", "")) or folded(target)
        message = f"{shown[:200] or 'a part'} is in a file of its own and has to be loaded from it"
        self.reader.outline.findings.append(Finding("external_part", message))


def _number(element: etree._Element) -> str | None:
    num = next((child for child in elements(element) if local(child) == "num"), None)
    if num is not None:
        return number_of(_FLOW.text(num))
    return _counted(element) if local(element) == "li" else None


def _counted(item: etree._Element) -> str | None:
    """The number that a list shows beside its item, where the list says how (``symbol`` and ``start`` in the LU flavour)."""
    above = item.getparent()
    symbol = _attribute(above, "symbol") if above is not None else ""
    if above is None or not symbol:
        return None
    start = _attribute(above, "start") or "1"
    at = [child for child in elements(above) if local(child) == "li"].index(item) + (int(start) if start.isdecimal() else 1)
    mark = re.sub(r"[^0-9a-z]", "", symbol.lower())
    if mark.isdecimal():
        return str(at)
    if mark == "i":
        return _roman(at)
    return chr(ord("a") + at - 1) if mark and at <= 26 else None


def _shown(item: etree._Element, number: str | None) -> str:
    """A number as its list prints it: ``a)``, ``(i)``."""
    above = item.getparent()
    symbol = _attribute(above, "symbol") if above is not None else ""
    return re.sub(r"[0-9A-Za-z]+", number, symbol, count=1) if number else ""


def _attribute(element: etree._Element, name: str) -> str:
    """An attribute by its name in any namespace."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")


def _roman(value: int) -> str:
    found = ""
    for size, letters in _ROMAN:
        while value >= size and len(found) < 20:
            found, value = found + letters, value - size
    return found


def _skip(element: etree._Element) -> bool:
    return local(element) in _SKIPPED


_FLOW: Final = Flow(_BLOCKS, cut=frozenset({"authorialNote", "table", *_QUOTED}), leads=frozenset({"num"}), skip=_skip)
_DIALECT: Final = Dialect(
    flow=_FLOW,
    units=_UNITS,
    number=_number,
    notes=frozenset({"authorialNote"}),
    quoted=_QUOTED,
    wrappers=_WRAPPERS,
    prefixes={"subtitle": "subtitle", "book": "book", "tome": "tome", "division": "division", "tblock": "block"},
    by_name={"schedule": (UnitKind.ANNEX, "schedule")},
    tails=frozenset({"wrapUp", "listWrapUp"}),
    shown=_shown,
)


def _value(top: etree._Element, level: str, tag: str, attribute: str = "value") -> str:
    found = top.find(f"{{*}}meta/{{*}}identification/{{*}}{level}/{{*}}{tag}")
    return folded(found.get(attribute, "")) if found is not None else ""


def _identity(top: etree._Element, name: str, content: bytes) -> tuple[Identity, Version]:
    aliases = [
        folded(each.get("value", ""))
        for each in top.iterfind("{*}meta/{*}identification/{*}FRBRWork/{*}FRBRalias")
        if each.get("value")
    ]
    celex = next((alias for alias in aliases if re.fullmatch(r"[0-9CE]\d{4}[A-Z]{1,2}\d{4}", alias)), None)
    eli = next((alias for alias in aliases if "/eli/" in alias and "xxx" not in alias), None)
    uri, number = _value(top, "FRBRWork", "FRBRuri"), _value(top, "FRBRWork", "FRBRnumber")
    stem = name.rpartition(".")[0] or name
    work = celex or _PUBLISHER.sub("", uri).strip("/") or number or stem
    day = _day(_value(top, "FRBRExpression", "FRBRdate", "date"))
    consolidated = _value(top, "FRBRExpression", "FRBRuri").rpartition("@")[2][:4].isdecimal()
    citations = tuple(dict.fromkeys(each for each in (number, *aliases) if each and each != celex))
    version = Version(day.isoformat() if day and consolidated else "oj", bool(day and consolidated), None, None, day)
    return Identity(work, _title(top), celex, eli, citations), version


def _title(top: etree._Element) -> str:
    """The title as the preface marks it: its long title, else its short one; empty where it marks none."""
    for tag in ("longTitle", "shortTitle", "docTitle"):
        found = next(top.iterfind(f"{{*}}preface//{{*}}{tag}"), None)
        if found is not None and (text := _FLOW.text(found).replace("\n", " ")):
            return text
    return _value(top, "FRBRExpression", "FRBRdate", "name") if local(top) == "portion" else ""


def _day(text: str) -> date | None:
    """The day, unless it is a placeholder (drafts carry the year 2999)."""
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return found if found.year < 2900 else None


def _kind(top: etree._Element) -> str:
    stated = folded(top.get("name", "")).lower()
    known = {"dir": "directive", "directive": "directive", "reg": "regulation", "regulation": "regulation", "dec": "decision"}
    return known.get(stated, _KINDS.get(local(top), "document"))


def _language(top: etree._Element) -> str:
    stated = _value(top, "FRBRExpression", "FRBRlanguage", "language").lower().partition("-")[0]
    return _LANGUAGES.get(stated, stated[:2]) or "und"
