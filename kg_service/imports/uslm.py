"""United States Legislative Markup 2: public laws, compilations of statutes, bills."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from kg_service.imports.flow import Flow
from kg_service.imports.hierarchy import Dialect, HierarchyReader, number_of
from kg_service.imports.markup import elements, folded, local, read_xml
from kg_service.imports.model import Document, Identity, UnitKind, Version
from kg_service.imports.protocol import refusal, source

_NAMESPACES: Final = (b"http://schemas.gpo.gov/xml/uslm", b"http://xml.house.gov/schemas/uslm/")
_DUBLIN_CORE: Final = "{http://purl.org/dc/elements/1.1/}"
_ROOTS: Final = {
    "pLaw": "act", "statuteCompilation": "act", "bill": "bill", "resolution": "resolution", "uscDoc": "code",
    "statutesAtLarge": "act", "amendment": "amendment", "lawDoc": "act",
}  # fmt: skip
_UNITS: Final = {
    "title": UnitKind.TITLE, "subtitle": UnitKind.TITLE, "division": UnitKind.PART, "subdivision": UnitKind.SUBPART,
    "part": UnitKind.PART, "subpart": UnitKind.SUBPART, "chapter": UnitKind.CHAPTER, "subchapter": UnitKind.SUBCHAPTER,
    "section": UnitKind.SECTION, "courtRule": UnitKind.SECTION, "subsection": UnitKind.SUBSECTION,
    "paragraph": UnitKind.PARAGRAPH, "subparagraph": UnitKind.SUBPARAGRAPH, "clause": UnitKind.POINT,
    "subclause": UnitKind.SUBPOINT, "item": UnitKind.SUBPOINT, "subitem": UnitKind.SUBPOINT, "subsubitem": UnitKind.SUBPOINT,
    "appropriations": UnitKind.OTHER, "level": UnitKind.OTHER, "article": UnitKind.ARTICLE, "appendix": UnitKind.APPENDIX,
}  # fmt: skip
_WRAPPERS: Final[dict[str, tuple[UnitKind, str | None]]] = {
    "preface": (UnitKind.TITLE_OF_ACT, None),
    "longTitle": (UnitKind.OTHER, "long-title"),
    "enactingFormula": (UnitKind.PREAMBLE, None),
    "resolvingClause": (UnitKind.PREAMBLE, None),
    "toc": (UnitKind.OTHER, "toc"),
    "sourceCredit": (UnitKind.OTHER, "source"),
    "legislativeHistory": (UnitKind.CLOSING, None),
    "endMarker": (UnitKind.OTHER, "end"),
    "signatures": (UnitKind.CLOSING, None),
}
_BLOCKS: Final = frozenset(
    {"p", "content", "chapeau", "continuation", "referenceItem", "groupItem", "tr", "heading", "proviso", "note", "notes"}
    | {
        "docTitle",
        "officialTitle",
        "explanationNote",
        "citationNote",
        "editionNote",
        "action",
        "actionDescription",
        "recital",
        "signature",
        "list",
    }
    | {
        "slugLine",
        "distributionCode",
        "congress",
        "session",
        "dc-type",
        "dc-title",
        "docNumber",
        "currentChamber",
        "shortTitles",
        "listItem",
    }
    | set(_UNITS)
)
_NOTES: Final = frozenset({"footnote", "sidenote", "endnote", "ear"})


class Uslm:
    """Reads USLM 2."""

    name = "uslm"
    title = "United States Legislative Markup (USLM) 2"

    def recognises(self, head: bytes, name: str) -> float:
        return 1.0 if any(namespace in head for namespace in _NAMESPACES) else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        markup = read_xml(content, name)
        kind = _ROOTS.get(local(markup.root))
        if kind is None:
            raise refusal(name, 1, "wrong_format", f"the file is no USLM document: its root is {local(markup.root)[:60]!r}")
        for each in markup.root.iter(f"{_DUBLIN_CORE}*"):
            each.tag = "dc-" + local(each)  # dc:title is no title of an act
        reader = HierarchyReader(markup, _DIALECT)
        for child in elements(markup.root):
            if local(child) in _WRAPPERS:
                reader.unit(child, None)
            elif local(child) != "meta":
                reader.content(child, None)
        units = reader.outline.units()
        if not any(unit.text for unit in units):
            raise refusal(name, None, "empty", "the file holds no text")
        meta = _Meta(markup.root)
        return Document(
            identity=meta.identity(name),
            kind=kind,
            language="en",
            version=meta.version(),
            source=source(content, name, self.name),
            units=units,
            footnotes=tuple(reader.footnotes),
            findings=tuple(reader.outline.findings),
        )


def _number(element: etree._Element) -> str | None:
    num = next((child for child in elements(element) if local(child) == "num"), None)
    if num is None:
        return None
    stated = number_of(num.get("value", ""))
    return stated or number_of(_FLOW.text(num))


def _skip(element: etree._Element) -> bool:
    """Page marks of the printed volume, and the calls of notes, which stand with the note."""
    return local(element) in ("page", "meta") or (local(element) == "ref" and "footnoteRef" in element.get("class", ""))


class _Meta:
    """What the file says of itself."""

    def __init__(self, root: etree._Element) -> None:
        found = root.find("{*}meta")
        self.meta = etree.Element("meta") if found is None else found
        self.compiled = local(root) in ("statuteCompilation", "uscDoc")

    def all(self, tag: str) -> list[str]:
        return [text for each in self.meta.iter(f"{{*}}{tag}") if (text := folded("".join(map(str, each.itertext()))))]

    def one(self, tag: str) -> str:
        return next(iter(self.all(tag)), "")

    def identity(self, name: str) -> Identity:
        citations = tuple(dict.fromkeys([re.sub(r",? as amended$", "", each) for each in self.all("citableAs")]))
        title = self.one("citableAsShortTitle") or self.one("dc-title") or name
        return Identity(next(iter(citations), "") or title, title, citations=citations)

    def version(self) -> Version:
        """A compilation is named by the last law that it takes in; the file does not say of which day it is."""
        through = self.one("currentThroughPublicLaw")
        if self.compiled:
            return Version(f"through-pl-{through}" if through else "compiled", consolidated=True)
        return Version(self.one("docStage") or "enacted")


_FLOW: Final = Flow(
    _BLOCKS, cut=frozenset({*_NOTES, "table", "quotedContent"}), leads=frozenset({"num", "designator"}), skip=_skip
)
_DIALECT: Final = Dialect(
    flow=_FLOW,
    units=_UNITS,
    number=_number,
    notes=_NOTES,
    quoted=frozenset({"quotedContent"}),
    wrappers=_WRAPPERS,
    prefixes={"subtitle": "subtitle", "division": "division", "subdivision": "subdivision"},
    groups=frozenset({"appropriations"}),
    tails=frozenset({"continuation"}),
)
