"""Text that a reader of the page cannot see: taken out and reported, since it may be there for a machine only.

Characters without a shape (zero width, direction marks, tags), and elements of a page that its markup hides; the importers of PDF
and DOCX find what their formats hide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from kg_service.imports.markup import elements, folded, local
from kg_service.imports.model import Document, Finding, UnitPath

SHOWN: Final = 160  # characters of a hidden text that its finding shows
_NAMES: Final = {
    "soft hyphen": "\u00ad",
    "zero width": "\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5",
    "direction mark": "\u200e\u200f\u061c" + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x2070)])),
    "annotation": "\ufff9\ufffa\ufffb",
    "tag": "".join(map(chr, range(0xE0000, 0xE0080))),
    "variation selector": "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])),
    "control": "".join(map(chr, [*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)])),
}
_KIND: Final = {character: name for name, characters in _NAMES.items() for character in characters}
_JOINERS: Final = re.compile("(?<![\u0590-\u08ff\u0900-\u0fff\u1000-\u109f\u1780-\u17ff\U0001f300-\U0001faff])[\u200c\u200d]")
_ANY: Final = re.compile(f"[{re.escape(''.join(_KIND))}]")
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SILENT: Final = frozenset({"script", "style", "template", "noscript", "head", "svg"})
_STYLE: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0+)?(?:;|$)|font-size:0(?:\.0+)?(?:px|pt|em|rem|%|;|$)|font-size:[01]px|"
    r"(?:left|top|right|text-indent|margin-left):-\d{3,}(?:\.\d+)?(?:px|em|rem|pt)|clip:rect\(0|clip-path:inset\((?:50|100)%|"
    r"color:transparent|(?:max-)?(?:height|width):0(?:px)?(?:;|$)|transform:scale\(0\)|content-visibility:hidden"
)
_WHITE: Final = frozenset({"#fff", "#ffffff", "white", "rgb(255,255,255)", "#fefefe", "#fffffe"})
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR: Final = re.compile(r"([a-z][\w-]*)?(?:\.([\w-]+)|#([\w-]+))?", re.IGNORECASE)
_SCREEN_READER: Final = frozenset(
    {"visually-hidden", "sr-only", "screen-reader-text", "visuallyhidden", "hidden", "d-none", "invisible"}
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A text that was taken out: where it stood, why nobody sees it, the text."""

    where: str
    why: str
    text: str

    def finding(self, at: UnitPath | None = None) -> Finding:
        shown = folded(visible(self.text)[0])
        cut = shown if len(shown) <= SHOWN else shown[:SHOWN] + "..."
        return Finding("hidden_text", f"{self.where}: {self.why}; taken out: {cut!r}", at)


def visible(text: str) -> tuple[str, Counter[str]]:
    """``text`` without characters that have no shape, and how many of each kind there were."""
    if text.isascii() and text.isprintable():
        return text, Counter()
    counts = Counter(_KIND[found] for found in _ANY.findall(text))
    bare = _ANY.sub("", text) if counts else text
    bare, joiners = _JOINERS.subn("", bare)
    if joiners:
        counts["zero width"] += joiners
    return bare, counts


def without_invisible(document: Document) -> Document:
    """The document without characters that have no shape; each unit that held some has a finding."""
    findings: list[Finding] = []

    def bare(text: str, at: UnitPath | None) -> str:
        clean, counts = visible(text)
        if counts:
            said = ", ".join(f"{count} of the kind {kind!r}" for kind, count in sorted(counts.items()))
            findings.append(Finding("hidden_characters", f"characters without a shape taken out: {said}", at))
        return clean

    units = tuple(
        replace(
            unit,
            text=bare(unit.text, unit.path),
            heading=bare(unit.heading, unit.path) if unit.heading is not None else None,
            number=bare(unit.number, unit.path) if unit.number is not None else None,
            extras={key: bare(value, unit.path) for key, value in unit.extras.items()},
        )
        for unit in document.units
    )
    notes = tuple(replace(note, text=bare(note.text, note.at), number=bare(note.number, note.at)) for note in document.footnotes)
    title = bare(document.identity.title, None)
    if not findings:
        return document
    identity = replace(document.identity, title=title)
    return replace(document, identity=identity, units=units, footnotes=notes, findings=(*document.findings, *findings))


def strip_page(root: etree._Element) -> tuple[Hidden, ...]:
    """The page is without elements that its markup hides (their text is given back) and without scripts and styles."""
    rules = _hiding_rules(root)
    found: list[Hidden] = []
    todo = [root]
    while todo:
        element = todo.pop()
        for child in [each for each in element if not isinstance(each.tag, str)]:
            _drop(child)
        for child in list(elements(element)):
            why = "" if local(child) in _SILENT else _hidden(child, rules)
            if why or local(child) in _SILENT:
                text = folded(" ".join(map(str, child.itertext()))) if why else ""
                if text:
                    found.append(Hidden(_where(child), why, text))
                _drop(child)
            else:
                todo.append(child)
    return tuple(found)


def _hidden(element: etree._Element, rules: Iterable[Callable[[etree._Element], bool]]) -> str:
    if element.get("hidden") is not None or element.get("aria-hidden", "").lower() == "true":
        return "marked as hidden"
    style = re.sub(r"\s+", "", element.get("style", "").lower())
    if style and (_STYLE.search(style) or _white(style)):
        return "hidden by its style"
    if _SCREEN_READER & set(element.get("class", "").split()):
        return "of a class that is not shown"
    if local(element) == "input" and element.get("type") == "hidden":
        return "marked as hidden"
    if local(element) == "font" and element.get("color", "").lower() in _WHITE:
        return "white"
    return "hidden by a style of the page" if any(rule(element) for rule in rules) else ""


def _white(style: str) -> bool:
    """White letters; on a ground of another colour they are seen."""
    colours = dict(part.split(":", 1) for part in style.split(";") if ":" in part)
    ground = colours.get("background-color") or colours.get("background") or "white"
    return colours.get("color") in _WHITE and ground in _WHITE


def _hiding_rules(root: etree._Element) -> list[Callable[[etree._Element], bool]]:
    """The simple selectors (an element, a class, an id) of the page's own styles that hide what they match."""
    found: list[Callable[[etree._Element], bool]] = []
    for style in root.iter("style", "{*}style"):
        sheet = re.sub(r"/\*.*?\*/", "", style.text or "", flags=re.DOTALL)[:200_000]
        for selectors, body in _RULE.findall(sheet):
            bare = re.sub(r"\s+|!important", "", body.lower())
            if not (_STYLE.search(bare) or _white(bare)):
                continue
            for selector in selectors.split(","):
                match = _SELECTOR.fullmatch(selector.strip())
                if match and any(match.groups()) and len(found) < 200:
                    found.append(_matcher(*match.groups()))
    return found


def _matcher(name: str | None, class_name: str | None, element_id: str | None) -> Callable[[etree._Element], bool]:
    def matches(element: etree._Element) -> bool:
        return (
            (name is None or local(element).lower() == name.lower())
            and (class_name is None or class_name in element.get("class", "").split())
            and (element_id is None or element.get("id") == element_id)
        )

    return matches


def _where(element: etree._Element) -> str:
    for each in (element, *element.iterancestors()):
        if stated := re.match(r"\d{1,8}", each.get("data-at", "")):  # set by the reader of Markdown
            return f"line {int(stated[0]) + 1}"
    line = element.sourceline
    return f"line {line}" if isinstance(line, int) else local(element)


def settable(text: str) -> str:
    """``text`` as a tree takes it: HTML may hold control characters, which lxml reads but does not write."""
    return _NOT_XML.sub("", text)


def _drop(element: etree._Element) -> None:
    """Takes an element out and leaves what follows it."""
    above = element.getparent()
    if above is None:
        return
    before, tail = element.getprevious(), element.tail or ""
    if before is not None:
        before.tail = settable((before.tail or "") + tail)
    else:
        above.text = settable((above.text or "") + tail)
    above.remove(element)
