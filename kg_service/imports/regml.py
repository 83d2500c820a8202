"""RegML, in which the CFPB keeps its regulations: one part of title 12 at one effective date, with the official commentary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from kg_service.ids import slug
from kg_service.imports.flow import Flow
from kg_service.imports.markup import Markup, elements, folded, local, read_xml
from kg_service.imports.model import Document, Finding, Footnote, Identity, UnitKind, UnitPath, Version
from kg_service.imports.outline import Outline
from kg_service.imports.protocol import refusal, source

_UNITS: Final = {
    "part": UnitKind.PART, "subpart": UnitKind.SUBPART, "section": UnitKind.SECTION, "appendix": UnitKind.APPENDIX,
    "appendixSection": UnitKind.OTHER, "interpretations": UnitKind.APPENDIX, "interpSection": UnitKind.COMMENTARY,
    "paragraph": UnitKind.PARAGRAPH, "interpParagraph": UnitKind.COMMENTARY,
}  # fmt: skip
_HEADINGS: Final = frozenset({"title", "subject", "appendixTitle"})
_BLOCKS: Final = frozenset(
    {
        "content",
        "tocSecEntry",
        "tocAppEntry",
        "dash",
        "row",
        "columnHeaderRow",
        "line",
        "callout",
        "note",
        "p",
        "analysisParagraph",
    }
    | {"sectionSubject", "appendixSubject", "title", "header"}
)
_NOTES: Final = frozenset({"footnote"})
_SECTION_SIGN: Final = re.compile(r"^(?P<mark>(?:§+\s*[\d.]+|Appendix\s+\w+(?:\s+to\s+Part\s+\d+)?))[\s.—-]*(?P<rest>.*)$")
_MADE_UP: Final = re.compile(r"[ph]\d+")


class RegMl:
    """Reads the CFPB's RegML."""

    name = "regml"
    title = "CFPB RegML (Regulations B, V ... with commentary)"

    def recognises(self, head: bytes, name: str) -> float:
        return 1.0 if b"<regulation" in head and re.search(rb"xmlns=[\"']eregs[\"']", head) else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        markup = read_xml(content, name)
        part = next(markup.root.iter("{*}part"), None)
        if local(markup.root) != "regulation" or part is None:
            raise refusal(name, 1, "wrong_format", "the file is no RegML: its root is not a regulation with a part")
        label = folded(part.get("label", ""))
        if not label:
            raise refusal(name, None, "no_number", "the part has no label, so nothing in it can be cited")
        reader = _Reader(markup, label)
        reader.read(part, None)
        reader.outline.name(reader.outline.units()[0].path, folded(markup.root.findtext("{*}fdsys/{*}title") or ""))
        for analysis in markup.root.iterfind("{*}analysis"):
            reader.aside(analysis, "analysis", None)
        units = reader.outline.units()
        if not any(unit.text for unit in units):
            raise refusal(name, None, "empty", "the file holds no text")
        identity, version = _identity(markup.root, label)
        return Document(
            identity=identity,
            kind="regulation",
            language="en",
            version=version,
            source=source(content, name, self.name),
            units=units,
            footnotes=tuple(reader.footnotes),
            findings=tuple(reader.outline.findings),
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a label puts a unit: its last segment's prefix and number, and the path above it (None: it starts a path)."""

    prefix: str | None
    number: str | None
    address: UnitPath | None


class _Reader:
    def __init__(self, markup: Markup, part: str) -> None:
        self.markup, self.part = markup, part
        self.outline = Outline()
        self.footnotes: list[Footnote] = []
        self._count: dict[tuple[UnitPath | None, str], int] = {}

    def read(self, element: etree._Element, holder: UnitPath | None) -> None:
        """There is a unit for ``element`` below ``holder`` with all that is in it; what has no label is its holder's text."""
        label = folded(element.get("label", ""))
        heads = [child for child in elements(element) if local(child) in _HEADINGS]
        heading = " ".join(text for head in heads if (text := _FLOW.text(head).replace("\n", " ")))
        if holder is not None and (not label or self._opens(element, holder)):
            self._said(heading, holder)
            self._inside(element, holder)
            return
        kind = _UNITS[local(element)]
        place = self._place(label, kind, holder)
        printed = folded(element.get("marker", ""))
        marked = _SECTION_SIGN.match(heading) if kind in (UnitKind.SECTION, UnitKind.APPENDIX) else None
        if marked is not None:
            printed, heading = folded(marked["mark"]), folded(marked["rest"])
        extras = {"printed": "" if printed == "none" else printed, "label": label}
        if (target := element.get("target")) and kind is UnitKind.COMMENTARY:
            extras["on"] = folded(target)
        term = next((each.get("term", "") for each in element.iterfind("{*}content/{*}def")), "")
        if term:
            extras["term"] = folded(term)
        path = self.outline.add(
            kind,
            place.number,
            parent=holder,
            address=place.address,
            prefix=place.prefix,
            heading=heading,
            offset=self._own_place(element),
            extras=extras,
        )
        self._inside(element, path)

    def _opens(self, element: etree._Element, holder: UnitPath) -> bool:
        """Whether an unnumbered paragraph is its holder's own text: the first, without a heading of its own."""
        if local(element) != "paragraph" or element.get("marker", "") not in ("", "none") or element.find("{*}title") is not None:
            return False
        only_an_image = next(element.iter("{*}graphic"), None) is not None and not _FLOW.text(element, _NOTES | {"graphic"})
        return self.outline.silent(holder) and not self.outline.under(holder) and not only_an_image

    def _inside(self, element: etree._Element, path: UnitPath) -> None:
        for child in elements(element):
            name = local(child)
            if name in _UNITS:
                self.read(child, path)
            elif name in ("tableOfContents", "analysis"):
                self.aside(child, "toc" if name == "tableOfContents" else name, path)
            elif name in _HEADINGS:
                continue
            elif any(local(each) in _UNITS for each in child.iterdescendants("*")):
                self._inside(child, path)
            else:
                self._content(child, path)

    def _content(self, element: etree._Element, path: UnitPath) -> None:
        for each in element.iter(*(f"{{*}}{name}" for name in _NOTES)):
            self.footnotes.append(Footnote(folded(each.get("ref", "")), _FLOW.text(each), path))
        for each in element.iter("{*}graphic"):
            shown = folded(each.findtext("{*}altText") or "") or folded(each.findtext("{*}text") or "")
            self.outline.findings.append(Finding("image", f"an image is not read: {shown[:120]}", path))
        self._said(_FLOW.text(element, _NOTES | {"graphic"}), path)

    def _said(self, text: str, path: UnitPath) -> None:
        if text and self.outline.under(path):
            self._block("block", path, text)
        else:
            self.outline.say(path, text)

    def aside(self, element: etree._Element, what: str, holder: UnitPath | None) -> None:
        """A table of contents or an analysis is kept beside the provisions."""
        if text := _FLOW.text(element):
            self._block(what, holder, text, self.markup.offset(element))

    def _block(self, what: str, holder: UnitPath | None, text: str, offset: tuple[int, int] | None = None) -> None:
        self._count[holder, what] = count = self._count.get((holder, what), 0) + 1
        self.outline.add(UnitKind.OTHER, count, parent=holder, prefix=what, text=text, offset=offset, extras={"printed": ""})

    def _own_place(self, element: etree._Element) -> tuple[int, int] | None:
        whole = self.markup.offset(element)
        inner = next((each for each in element.iterdescendants("*") if local(each) in _UNITS), None)
        first = self.markup.offset(inner) if inner is not None else None
        return whole if whole is None or first is None else (whole[0], first[0])

    def _place(self, label: str, kind: UnitKind, holder: UnitPath | None) -> _Place:
        """``1002-9-a-1`` is section 1002.9(a)(1), ``1002-9-a-1-Interp-2`` comment 9(a)(1)-2, ``1002-C-1`` part of Appendix C."""
        parts = label.removeprefix(self.part).strip("-").split("-") if label != self.part else []
        if kind is UnitKind.PART or not parts:
            return _Place(None, label, None)
        if "Interp" in parts:
            return self._comment(parts, kind)
        if kind is UnitKind.SUBPART:
            return _Place(None, None if parts == ["Subpart"] else parts[-1], holder)
        if kind is UnitKind.SECTION:
            return _Place(None, f"{self.part}.{parts[0]}", None)
        if kind is UnitKind.APPENDIX:
            return _Place(None, parts[0], None)
        top = f"section-{slug(self.part)}-{slug(parts[0])}" if parts[0].isdecimal() else f"appendix-{slug(parts[0])}"
        return self._below(top, parts[1:])

    def _comment(self, parts: list[str], kind: UnitKind) -> _Place:
        at = parts.index("Interp")
        on, below = parts[:at], parts[at + 1 :]
        if kind is UnitKind.APPENDIX:
            return _Place("supplement", "I", None)
        if not on and not below:
            return _Place("comment", None, None)
        if not on:
            return _Place("comment", below[0], None) if len(below) == 1 else self._below(f"comment-{slug(below[0])}", below[1:])
        cited = on[0] + "".join(f"({each})" for each in on[1:])
        return self._below(f"comment-{slug(cited)}", below) if below else _Place("comment", cited, None)

    @staticmethod
    def _below(top: str, parts: list[str]) -> _Place:
        if not parts:
            return _Place("block", None, UnitPath(top))
        segments = [_segment(each) for each in parts]
        prefix, number = segments[-1]
        return _Place(prefix, number, UnitPath("/".join([top, *(f"{p}-{slug(n)}" for p, n in segments[:-1])])))


def _segment(part: str) -> tuple[str, str]:
    """``p3`` and ``h3`` are the CFPB's own marks for what has no number: the third paragraph, the third heading."""
    if _MADE_UP.fullmatch(part):
        return ("block" if part[0] == "p" else "heading"), part[1:]
    return "pt", part


def _identity(root: etree._Element, part: str) -> tuple[Identity, Version]:
    def stated(path: str) -> str:
        return folded(root.findtext(path) or "")

    title = stated("{*}fdsys/{*}cfrTitleNum") or stated("{*}preamble/{*}cfr/{*}title") or "12"
    letter, name = stated("{*}preamble/{*}regLetter"), stated("{*}fdsys/{*}title")
    work = f"{title} CFR {part}"
    shown = f"Regulation {letter}: {name}" if letter else name or work
    number, day = stated("{*}preamble/{*}documentNumber"), _day(stated("{*}preamble/{*}effectiveDate"))
    version = Version(day.isoformat() if day else number or "undated", consolidated=True, valid_from=day)
    return Identity(work, shown, citations=tuple(each for each in (work, number) if each)), version


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_FLOW: Final = Flow(
    _BLOCKS,
    cells=frozenset({"cell", "column"}),
    leads=frozenset({"sectionNum", "appendixLetter"}),
    skip=lambda each: local(each) == "url",
)
