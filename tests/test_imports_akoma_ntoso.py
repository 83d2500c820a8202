"""Akoma Ntoso: counts against the file's own elements, words against a plain reading, addresses against the printed act."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from imports_words import kept, of_markup
from lxml import etree

from kg_service.errors import DocumentError
from kg_service.imports.akoma_ntoso import AkomaNtoso
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.registry import importer_for

FILES = (
    "32014L0092.akn",
    "DIR-akn4eu-en.xml",
    "akn4eu.xml",
    "eu_COM(2013)0619_EN-8.xml",
    "lu-loi-2024-05-22.xml",
    "uk_pga-2014-27-enacted-data.xml",
    "us_Act_2011-11-29.xml",
    "us_Title9-Chap3-eng.xml",
)
COUNTED = {"article": UnitKind.ARTICLE, "recital": UnitKind.RECITAL, "chapter": UnitKind.CHAPTER, "section": UnitKind.SECTION}


def _content(shared: Path, name: str) -> bytes:
    return (shared / "data/official/akn" / name).read_bytes()


@cache
def _read(shared: Path, name: str) -> Document:
    return AkomaNtoso().parse(_content(shared, name), name)


@pytest.mark.parametrize("name", FILES)
def test_counts_are_those_of_the_file(shared: Path, name: str) -> None:
    """There are as many articles, recitals, chapters and sections as numbered elements of that name outside of quotations."""
    root, document = etree.fromstring(_content(shared, name)), _read(shared, name)
    for tag, kind in COUNTED.items():
        named = f"//*[local-name()='{tag}'][not(ancestor::*[local-name()='quotedStructure'])]"
        stated = root.xpath(f"count({named}[*[local-name()='num' or local-name()='heading']])")
        assert len(document.of_kind(kind)) == stated, tag


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_lost(shared: Path, name: str) -> None:
    """At least 99.5 % of the words outside of the metadata are in the document."""
    assert kept(of_markup(_content(shared, name), frozenset({"meta"})), _read(shared, name)) >= 0.995


@pytest.mark.parametrize("name", FILES)
def test_file_is_recognised(shared: Path, name: str) -> None:
    """Content alone tells the format."""
    assert importer_for(_content(shared, name), "unnamed").name == "akoma-ntoso"


@pytest.mark.parametrize("name", FILES)
def test_offsets_hold_the_text(shared: Path, name: str) -> None:
    """The bytes at a paragraph's offset hold the words of its text, in the file as it is."""
    content, document = _content(shared, name), _read(shared, name)
    placed = [unit for unit in document.units if unit.offset and unit.text and unit.kind in (UnitKind.POINT, UnitKind.SUBSECTION)]
    for unit in placed:
        assert unit.offset is not None
        bare = re.sub(r"<[^>]*>", "", content[unit.offset[0] : unit.offset[1]].decode())
        assert all(word in bare for word in re.findall(r"\w+", unit.text)[:3])
    assert placed or not any(unit.kind in (UnitKind.POINT, UnitKind.SUBSECTION) for unit in document.units)


def test_european_addresses(shared: Path) -> None:
    """Directive 2014/92/EU is cited by article, paragraph, subparagraph and point, whatever chapter they stand in."""
    document = _read(shared, "32014L0092.akn")
    assert document.identity.celex == "32014L0092"
    assert document.kind == "directive"
    assert document.by_path[UnitPath("art-1")].heading == "Subject matter and scope"
    assert document.by_path[UnitPath("art-1/par-6/pt-b")].text == "withdraw cash from a payment account;"
    assert "first subparagraph" in document.by_path[UnitPath("art-1/par-6/subpar-2")].text


def test_sections_of_the_uk(shared: Path) -> None:
    """A section of an act of the UK has subsections and paragraphs; what it inserts into another act is a quotation."""
    document = _read(shared, "uk_pga-2014-27-enacted-data.xml")
    assert document.identity.title == "Data Retention and Investigatory Powers Act 2014"
    assert document.by_path[UnitPath("section-1/pt-2/pt-e")].kind is UnitKind.PARAGRAPH
    assert len(document.of_kind(UnitKind.QUOTED)) == 5
    assert document.by_path[UnitPath("section-2/pt-2/block-1")].text.startswith("but does not include")


def test_articles_of_an_annexed_treaty_belong_to_the_annex(shared: Path) -> None:
    """A convention annexed to a law has articles of its own, which do not mix with those of the law."""
    document = _read(shared, "lu-loi-2024-05-22.xml")
    assert UnitPath("art-unique") in document.by_path
    assert document.by_path[UnitPath("annex-1/art-2")].parent == "annex-1/chapter-i"
    assert document.by_path[UnitPath("annex-1/art-2/par-3/pt-a/pt-ii")].number == "ii"


def test_parts_in_other_files_are_named(shared: Path) -> None:
    """A file that refers to annexes outside of it says so instead of fetching them."""
    findings = _read(shared, "DIR-akn4eu-en.xml").findings
    assert [finding.code for finding in findings] == ["external_part"] * 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<akomaNtoso/>", "wrong_format"),
        (b"<akomaNtoso><act><body/></act></akomaNtoso>", "empty"),
        (b"<akomaNtoso><act>", "not_xml"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><akomaNtoso><act><body><p>&x;</p></body></act></akomaNtoso>', "doctype"),
    ],
    ids=["no document", "no text", "cut off", "entity"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A file that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        AkomaNtoso().parse(content, "law.akn")
    assert refused.value.problems[0].code == code
    assert refused.value.problems[0].where.startswith("law.akn")
