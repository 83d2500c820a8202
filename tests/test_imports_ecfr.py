"""eCFR XML: counts against the file's own divisions, words against a plain reading, designations against the drafting rules."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from imports_words import kept, of_markup
from lxml import etree

from kg_service.errors import DocumentError
from kg_service.imports.designations import Designation, levels, opening
from kg_service.imports.ecfr import Ecfr
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.registry import importer_for

BULK, VERSIONER = "ECFR-title1.xml", "title-3-full-2024-05-17_versioner.xml"
COUNTED = {
    "DIV3": UnitKind.CHAPTER,
    "DIV4": UnitKind.SUBCHAPTER,
    "DIV5": UnitKind.PART,
    "DIV6": UnitKind.SUBPART,
    "DIV8": UnitKind.SECTION,
}


def _content(shared: Path, name: str) -> bytes:
    return (shared / "data/official/us" / name).read_bytes()


@cache
def _read(shared: Path, name: str) -> Document:
    return Ecfr().parse(_content(shared, name), name)


@pytest.mark.parametrize("name", [BULK, VERSIONER])
def test_counts_are_those_of_the_file(shared: Path, name: str) -> None:
    """There are as many chapters, parts, subparts and sections as divisions of that level."""
    root, document = etree.fromstring(_content(shared, name)), _read(shared, name)
    assert {tag: len(document.of_kind(kind)) for tag, kind in COUNTED.items()} == {
        tag: root.xpath(f"count(//{tag})") for tag in COUNTED
    }


@pytest.mark.parametrize("name", [BULK, VERSIONER])
def test_no_text_is_lost(shared: Path, name: str) -> None:
    """At least 99.5 % of the words are in the document, the labels of authority and source left out."""
    words = of_markup(_content(shared, name), frozenset({"HEADER", "AMDDATE", "PG"}))
    del words["Authority"], words["Source"]
    assert kept(words, _read(shared, name)) >= 0.995


@pytest.mark.parametrize("name", [BULK, VERSIONER])
def test_every_designated_paragraph_has_an_address(shared: Path, name: str) -> None:
    """Each paragraph that starts with a designation opens a unit, and all sequences of all sections are without a gap."""
    document = _read(shared, name)
    assert document.findings == ()
    for section in document.of_kind(UnitKind.SECTION):
        for unit in document.below(section.path):
            assert not re.match(r"\((?:[a-z]|\d+|[ivx]+|[A-Z])\) ", unit.text)


@pytest.mark.parametrize("name", [BULK, VERSIONER])
def test_file_is_recognised(shared: Path, name: str) -> None:
    """Content alone tells the format."""
    assert importer_for(_content(shared, name), "unnamed").name == "ecfr"


def test_addresses_of_the_first_title(shared: Path) -> None:
    """1 CFR 8.6(a) lists the formats of publication; the part carries its authority, the section its history."""
    document = _read(shared, BULK)
    assert document.by_path[UnitPath("section-8-6/pt-a/pt-1")].text == "Paper;"
    assert document.by_path[UnitPath("section-8-6")].extras["history"].startswith("[65 FR 8843, Feb. 23, 2000")
    assert document.by_path[UnitPath("part-1")].extras["authority"].startswith("44 U.S.C. 1506")
    assert document.by_path[UnitPath("section-1-1/def-agency")].extras["term"] == "Agency"
    assert document.identity.work == "1 CFR"
    assert document.version.id == "2022-12-29"


def _levels(text: str) -> list[int]:
    marks = [Designation(mark.strip("*"), "*" in mark) for mark in text.split()]
    return list(levels(marks)[0])


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        ("a b c", [0, 0, 0]),
        ("a 1 i A *1* *i*", [0, 1, 2, 3, 4, 5]),
        ("a 1 i ii 2 b", [0, 1, 2, 2, 1, 0]),
        ("a b c d e f g h i j", [0] * 10),
        ("a b c d e f g h 1 i ii i j", [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 0, 0]),
        ("a 1 i A B ii b", [0, 1, 2, 3, 3, 2, 0]),
        ("1 i ii 2", [0, 1, 1, 0]),
        ("y z aa bb", [0, 0, 0, 0]),
    ],
    ids=["letters", "all levels", "roman below", "letter i", "both", "back two levels", "below a definition", "after z"],
)
def test_levels_follow_the_drafting_rules(sequence: str, expected: list[int]) -> None:
    """Paragraphs of the CFR are designated (a), (1), (i), (A), then the last two kinds in italics (1 CFR 21.11)."""
    assert _levels(sequence) == expected


def test_several_designations_may_open_one_paragraph() -> None:
    """``(a) Scope. (1) ...`` opens two units, the first with a heading."""
    text = "(a) Scope. (1) This part applies."
    italic = [4 <= at < 10 for at in range(len(text))]
    begun = opening(text, italic)
    assert [(mark.mark, heading) for mark, heading in begun.designations] == [("a", "Scope."), ("1", "")]
    assert begun.text == "This part applies."


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<ECFR><P>text</P></ECFR>", "wrong_format"), (b"<ECFR><DIV5 TYPE='PART'/></ECFR>", "empty"), (b"<ECFR><DIV5>", "not_xml")],
    ids=["no division", "no text", "cut off"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A file that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        Ecfr().parse(content, "title.xml")
    assert refused.value.problems[0].code == code
