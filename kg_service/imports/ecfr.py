"""The Code of Federal Regulations as eCFR publishes it: the bulk files of a title and the files of the versioner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from lxml import etree

from kg_service.ids import slug
from kg_service.imports.designations import Opening, levels, opening
from kg_service.imports.flow import Flow
from kg_service.imports.markup import Markup, elements, folded, local, read_xml
from kg_service.imports.model import Document, Finding, Footnote, Identity, UnitKind, UnitPath, Version
from kg_service.imports.outline import Outline
from kg_service.imports.protocol import refusal, source

_DIVISIONS: Final = {
    "TITLE": (UnitKind.TITLE, None), "SUBTITLE": (UnitKind.TITLE, "subtitle"), "CHAPTER": (UnitKind.CHAPTER, None),
    "SUBCHAP": (UnitKind.SUBCHAPTER, None), "PART": (UnitKind.PART, None), "SUBPART": (UnitKind.SUBPART, None),
    "SUBJGRP": (UnitKind.OTHER, "group"), "SECTION": (UnitKind.SECTION, None), "APPENDIX": (UnitKind.APPENDIX, None),
}  # fmt: skip
_DIV: Final = re.compile(r"DIV[1-9]")
_KEPT: Final = {"AUTH": "authority", "SOURCE": "source", "CITA": "history", "SECAUTH": "authority", "APPRO": "approval"}
_NOTES: Final = frozenset({"NOTE", "EDNOTE", "EFFDNOT", "CROSSREF", "EXAMPLE", "PARAUTH", "XREF", "HED1"})
_SKIPPED: Final = frozenset({"FTREF", "PG", "HEADER", "img", "IMG", "VOLUME", "AMDDATE", "FTNT"})
_BLOCKS: Final = frozenset(
    {
        "P",
        "FP",
        "FP-1",
        "FP-2",
        "FP-DASH",
        "FRP",
        "PSPACE",
        "HD1",
        "HD2",
        "HD3",
        "TR",
        "SUBJECT",
        "PTHD",
        "RESERVED",
        "CHAPTI",
        "HEAD",
    }
    | {"PARA", "LDRFIG", "LI", "DIV", "EXTRACT", "BR"}
)
_PARAGRAPHS: Final = frozenset({"P", "FP", "FP-1", "FP-2"})
_TERM: Final = re.compile(
    r"^\s*(?:The terms? )?[“\"]?(?P<term>\S.{0,120}?)[”\"]?,?\s+"
    r"(?:means?|includes?|shall mean|shall include|has the|refers to|is defined)\b"
)
_MONTHS: Final = ("%b. %d, %Y", "%B %d, %Y", "%b %d, %Y", "%Y-%m-%d")


class Ecfr:
    """Reads eCFR XML."""

    name = "ecfr"
    title = "eCFR XML (bulk data and versioner)"

    def recognises(self, head: bytes, name: str) -> float:
        if b"<ECFR" in head or b"<DLPSTEXTCLASS" in head:
            return 1.0
        return 0.9 if re.search(rb"<DIV[1-9] [^>]*TYPE=\"(?:TITLE|CHAPTER|PART|SECTION)\"", head) else 0.0

    def parse(self, content: bytes, name: str) -> Document:
        markup = read_xml(content, name)
        if not any(_DIV.fullmatch(local(each)) for each in markup.root.iter("*")):
            raise refusal(name, 1, "wrong_format", "the file is no eCFR XML: it has no DIV1 to DIV9")
        reader = _Reader(markup)
        reader.divisions(markup.root, None)
        if not any(unit.text for unit in reader.outline.units()):
            raise refusal(name, None, "empty", "the file holds no text")
        return Document(
            identity=_identity(markup.root, name),
            kind="regulation",
            language="en",
            version=_version(markup.root),
            source=source(content, name, self.name),
            units=reader.outline.units(),
            footnotes=tuple(reader.footnotes),
            findings=tuple(reader.outline.findings),
        )


class _Reader:
    def __init__(self, markup: Markup) -> None:
        self.markup = markup
        self.outline = Outline()
        self.footnotes: list[Footnote] = []
        self._kept: dict[tuple[UnitPath, str], str] = {}
        self._blocks: dict[tuple[UnitPath | None, str], int] = {}

    def divisions(self, element: etree._Element, holder: UnitPath | None) -> None:
        """Every division below ``element`` and what stands between them has been read."""
        for child in elements(element):
            name = local(child)
            if _DIV.fullmatch(name):
                self._division(child, holder)
            elif name in ("TEXT", "BODY", "ECFRBRWS", "ECFR"):
                self.divisions(child, holder)
            elif name not in _SKIPPED and name != "HEAD":
                self._aside(child, holder)

    def _division(self, element: etree._Element, holder: UnitPath | None) -> None:
        stated = element.get("TYPE", "").upper()
        kind, prefix = _DIVISIONS.get(stated, (UnitKind.OTHER, slug(stated) or "division"))
        head = next((child for child in elements(element) if local(child) == "HEAD"), None)
        number = _number(element.get("N", ""), kind)
        printed, heading = _headed(_FLOW.text(head).replace("\n", " ") if head is not None else "")
        path = self.outline.add(
            kind,
            number,
            parent=holder,
            address=None if kind in (UnitKind.PART, UnitKind.SECTION) else self._nest(holder),
            prefix=prefix,
            heading=heading,
            offset=self._own_place(element),
            extras={"printed": printed},
        )
        for each in element.iter("FTNT"):
            if self._division_of(each) is element:
                self._footnote(each, path)
        if kind in (UnitKind.SECTION, UnitKind.APPENDIX):
            self._provision(element, path)
        else:
            self.divisions(element, path)

    def _nest(self, holder: UnitPath | None) -> UnitPath | None:
        """Groups of sections do not count in an address."""
        while holder is not None and self.outline.kind(holder) is UnitKind.OTHER:
            holder = self.outline.parent(holder)
        return holder

    @staticmethod
    def _division_of(element: etree._Element) -> etree._Element | None:
        above = element.getparent()
        while above is not None and not _DIV.fullmatch(local(above)):
            above = above.getparent()
        return above

    def _own_place(self, element: etree._Element) -> tuple[int, int] | None:
        whole = self.markup.offset(element)
        inner = next((each for each in element.iterdescendants("*") if _DIV.fullmatch(local(each))), None)
        first = self.markup.offset(inner) if inner is not None else None
        return whole if whole is None or first is None else (whole[0], first[0])

    # -- sections and appendices

    def _provision(self, element: etree._Element, path: UnitPath) -> None:
        """A section or an appendix: paragraphs under designations, or definitions each with a list of its own."""
        holder, breaks = path, 0
        for group in _groups(element):
            term = _defined(group[0])
            if term:
                holder = self._definition(group.pop(0), term, path)
            breaks += self._paragraphs(group, holder, path)
        if breaks:
            message = "paragraphs are not numbered in sequence: the levels of some are inferred"
            self.outline.findings.append(Finding("gap", message, path))

    def _paragraphs(self, children: list[etree._Element], holder: UnitPath, section: UnitPath) -> int:
        """Reads one list and what stands in it; gives the number of breaks in its numbering."""
        openings = {each: _opening(each) for each in children if local(each) in _PARAGRAPHS}
        at, breaks = levels([mark for each in openings.values() for mark, _ in each.designations])
        depth = iter(at)
        stack: list[UnitPath] = []
        for child in children:
            name = local(child)
            if child in openings and openings[child].designations:
                stack = self._designated(child, openings[child], depth, holder, stack)
            elif name in _KEPT or name in _NOTES:
                self._aside(child, section)
            elif name in ("TABLE", "DIV"):
                self._table(child, stack[-1] if stack else holder)
            elif name.startswith("FP") and stack:
                self._block("block", self.outline.parent(stack[-1]) or holder, _FLOW.text(child), child)
            else:
                self.outline.say(stack[-1] if stack else holder, _FLOW.text(child))
        return breaks

    def _definition(self, element: etree._Element, term: str, section: UnitPath) -> UnitPath:
        text, extras = _FLOW.text(element), {"printed": "", "term": term}
        offset = self.markup.offset(element)
        return self.outline.add(UnitKind.DEFINITION, term, parent=section, text=text, offset=offset, extras=extras)

    def _designated(
        self, element: etree._Element, begun: Opening, depth: Iterator[int], section: UnitPath, stack: list[UnitPath]
    ) -> list[UnitPath]:
        """The units that a paragraph opens, the last of which has its text; gives the units that are then open."""
        stack = list(stack)
        for mark, heading in begun.designations:
            level = min(next(depth), len(stack))
            del stack[level:]
            kind = (UnitKind.PARAGRAPH, UnitKind.POINT)[level] if level < 2 else UnitKind.SUBPOINT
            path = self.outline.add(
                kind,
                mark.mark,
                parent=stack[-1] if stack else section,
                heading=heading,
                offset=self.markup.offset(element),
                prefix="pt",
                extras={"printed": f"({mark.mark})"},
            )
            stack.append(path)
        self.outline.say(stack[-1], begun.text)
        return stack

    def _table(self, element: etree._Element, holder: UnitPath) -> None:
        text = _FLOW.text(element)
        if text:
            count = self._count("table", holder)
            offset = self.markup.offset(element)
            self.outline.add(UnitKind.TABLE, count, parent=holder, text=text, offset=offset, extras={"printed": ""})

    # -- what stands beside the provisions

    def _aside(self, element: etree._Element, holder: UnitPath | None) -> None:
        text = _FLOW.text(element)
        key = _KEPT.get(local(element))
        if key is not None and holder is not None:
            bare = text if key == "history" else folded(re.sub(r"^[A-Z][a-z]+:\s*", "", text))
            before = self._kept.get((holder, key))
            self._kept[holder, key] = f"{before}\n{bare}" if before else bare
            self.outline.note(holder, **{key: self._kept[holder, key]})
        elif text:
            self._block(
                {"CFRTOC": "toc"}.get(local(element), "note" if local(element) in _NOTES else "block"), holder, text, element
            )

    def _block(self, what: str, holder: UnitPath | None, text: str, element: etree._Element) -> None:
        if text:
            count = self._count(what, holder)
            offset = self.markup.offset(element)
            self.outline.add(UnitKind.OTHER, count, parent=holder, prefix=what, text=text, offset=offset, extras={"printed": ""})

    def _count(self, what: str, holder: UnitPath | None) -> int:
        self._blocks[holder, what] = count = self._blocks.get((holder, what), 0) + 1
        return count

    def _footnote(self, element: etree._Element, holder: UnitPath) -> None:
        number = folded(element.findtext(".//SU") or "")
        text = _FLOW.text(element).removeprefix(number).strip()
        if text or number:
            self.footnotes.append(Footnote(number, text, holder))


def _groups(element: etree._Element) -> list[list[etree._Element]]:
    """What stands in a provision, parted where a definition begins; after the first numbered paragraph none does."""
    groups: list[list[etree._Element]] = []
    numbered = False
    for child in elements(element):
        if local(child) in _SKIPPED or local(child) == "HEAD":
            continue
        if not groups or (not numbered and _defined(child)):
            groups.append([])
        groups[-1].append(child)
        numbered = numbered or (len(groups) == 1 and local(child) in _PARAGRAPHS and bool(_opening(child).designations))
    return groups


def _opening(paragraph: etree._Element) -> Opening:
    text, italic = "", []
    for run, slanted in _runs(paragraph, False):
        text += run
        italic.extend([slanted] * len(run))
    spaces = re.sub(r"\s", " ", text)
    begun = opening(spaces, italic)
    return Opening(tuple((mark, folded(heading)) for mark, heading in begun.designations), folded(begun.text))


def _runs(element: etree._Element, slanted: bool) -> Iterator[tuple[str, bool]]:
    name = local(element)
    if name in _SKIPPED:
        return
    inside = slanted or name in ("I", "EM") or (name == "E" and element.get("T") == "03")
    yield element.text or "", inside
    for child in elements(element):
        yield from _runs(child, inside)
        yield child.tail or "", inside


def _defined(paragraph: etree._Element) -> str | None:
    """The term that an undesignated paragraph which begins in italics defines."""
    first = next(elements(paragraph), None)
    if local(paragraph) != "P" or first is None or local(first) not in ("I", "E", "EM") or folded(paragraph.text or ""):
        return None
    found = _TERM.match(_FLOW.text(paragraph))
    return found["term"].strip(" ,“”\"'") if found else None


def _number(stated: str, kind: UnitKind) -> str | None:
    bare = re.sub(r"^§+\s*", "", folded(stated))
    if kind is UnitKind.APPENDIX:
        bare = re.sub(r"^(?:appendix|supplement)\s+", "", bare, flags=re.IGNORECASE)
        bare = re.sub(r"\s+(?:to|of)\s+(?:sub)?part\b.*$", "", bare, flags=re.IGNORECASE)
    return bare or None


def _headed(head: str) -> tuple[str, str]:
    """A heading parted into the designation and the words: ``§ 1.1``, ``PART 1``, ``CHAPTER I``."""
    stated = re.match(
        r"(?P<mark>§+\s*\S+|(?:PART|SUBPART|CHAPTER|SUBCHAPTER|SUBTITLE|TITLE)\s+[\w.-]+?)(?:\s*—\s*|\s+|$)(?P<rest>.*)$",
        head,
        re.IGNORECASE,
    )
    return (folded(stated["mark"]), folded(stated["rest"])) if stated else ("", folded(head))


def _identity(root: etree._Element, name: str) -> Identity:
    top = root if _DIV.fullmatch(local(root)) else next(each for each in root.iter("*") if _DIV.fullmatch(local(each)))
    head = next((_FLOW.text(child).replace("\n", " ") for child in elements(top) if local(child) == "HEAD"), name)
    metadata = root.xpath("string(//@hierarchy_metadata)")
    place = str(metadata) if isinstance(metadata, str) else ""
    title = top.get("N", "") if top.get("TYPE") == "TITLE" else top.get("NODE", "").partition(":")[0]
    stated = re.search(r"title-(\d+)", place) or re.search(r"title-?(\d+)", name.lower())
    title = title or (stated[1] if stated else "")
    parts = [each for each in root.iter("*") if each.get("TYPE") == "PART"]
    part = parts[0].get("N", "") if len(parts) == 1 and top.get("TYPE") != "TITLE" else ""
    work = f"{title} CFR {part}".strip() if title else folded(head)
    return Identity(work, folded(head), citations=(work,))


def _version(root: etree._Element) -> Version:
    """The day up to which amendments are taken in, as the file says; that is when this text began to hold."""
    stated = re.search(r"/on/(\d{4}-\d\d-\d\d)", str(root.xpath("string(//@hierarchy_metadata)")))
    days = [stated[1] if stated else ""]
    days += [each.get("AMDDATE", "") for each in root.iter("VOLUME")]
    days += ["".join(map(str, each.itertext())) for each in root.iter("AMDDATE")]
    day = max((found for text in days if (found := _day(text))), default=None)
    return Version(day.isoformat() if day else "undated", consolidated=True, valid_from=day)


def _day(text: str) -> date | None:
    bare = re.sub(r"\(.*\)", "", folded(text)).replace("Sept.", "Sep.")
    for form in _MONTHS:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
    return None


def _skip(element: etree._Element) -> bool:
    return local(element) in _SKIPPED and local(element) != "FTNT"


_FLOW: Final = Flow(_BLOCKS, cells=frozenset({"TD", "TH"}), breaks=frozenset({"BR"}), leads=frozenset({"HED"}), skip=_skip)
