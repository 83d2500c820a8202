"""USLM 2: counts against the file's own elements, words against a plain reading, addresses against the file's own identifiers."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from imports_words import kept, of_markup
from lxml import etree

from kg_service.errors import DocumentError
from kg_service.ids import slug
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.registry import importer_for
from kg_service.imports.uslm import Uslm

FILES = ("113publ67-uslm.xml", "COMPS-1523.xml", "COMPS-895.xml", "COMPS-9748.xml", "H2157_IH.xml")
COUNTED = {"section": UnitKind.SECTION, "paragraph": UnitKind.PARAGRAPH, "subparagraph": UnitKind.SUBPARAGRAPH}


def _content(shared: Path, name: str) -> bytes:
    return (shared / "data/official/us/uslm" / name).read_bytes()


@cache
def _read(shared: Path, name: str) -> Document:
    return Uslm().parse(_content(shared, name), name)


@pytest.mark.parametrize("name", FILES)
def test_counts_are_those_of_the_file(shared: Path, name: str) -> None:
    """There are as many sections, paragraphs and subparagraphs as numbered elements of that name outside of quotations."""
    root, document = etree.fromstring(_content(shared, name)), _read(shared, name)
    for tag, kind in COUNTED.items():
        named = f"//*[local-name()='{tag}'][not(ancestor::*[local-name()='quotedContent'])]"
        stated = root.xpath(f"count({named}[*[local-name()='num' or local-name()='heading']])")
        assert len([unit for unit in document.of_kind(kind) if unit.extras["printed"]]) == stated, tag


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_lost(shared: Path, name: str) -> None:
    """At least 99.5 % of the words outside of metadata and the page marks of the printed volume are in the document."""
    assert kept(of_markup(_content(shared, name), frozenset({"meta", "page"})), _read(shared, name)) >= 0.995


@pytest.mark.parametrize("name", FILES)
def test_file_is_recognised(shared: Path, name: str) -> None:
    """Content alone tells the format."""
    assert importer_for(_content(shared, name), "unnamed").name == "uslm"


@pytest.mark.parametrize("name", ["COMPS-895.xml", "COMPS-9748.xml"])
def test_addresses_are_the_designations_of_the_file(shared: Path, name: str) -> None:
    """What the file identifies as title I, section 3(2)(B) is found as ``section-3/pt-2/pt-b``."""
    document = _read(shared, name)
    for element in etree.fromstring(_content(shared, name)).iter("{*}subsection", "{*}paragraph", "{*}subparagraph", "{*}clause"):
        stated = re.search(r"/s(\d[\w-]*)((?:/[^/]+)*)$", element.get("identifier", ""))
        if stated and not any(etree.QName(a).localname == "quotedContent" for a in element.iterancestors()):
            path = "/".join([f"section-{slug(stated[1])}", *(f"pt-{slug(part)}" for part in stated[2].split("/") if part)])
            assert UnitPath(path) in document.by_path


def test_quotations_are_no_provisions_of_the_act(shared: Path) -> None:
    """Public Law 113-67 inserts sections into other acts: each is a quotation below the provision that inserts it."""
    document = _read(shared, "113publ67-uslm.xml")
    quoted = document.by_path[UnitPath("section-101/pt-a/quoted-1")]
    assert quoted.text.startswith("“(1) for fiscal year 2014—\n“(A) for the revised security category")
    assert document.by_path[UnitPath("section-101")].parent == "division-a/title-i/subtitle-a"


def test_closing_words_follow_their_list(shared: Path) -> None:
    """Section 3(2) of the Toxic Substances Control Act ends with a sentence after clause (vi)."""
    document = _read(shared, "COMPS-895.xml")
    assert document.text(UnitPath("section-3/pt-2/pt-b")).splitlines()[-1].startswith("The term “food” as used in clause (vi)")
    assert document.version.consolidated
    assert document.version.id == "through-pl-116–92"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<pLaw xmlns="http://schemas.gpo.gov/xml/uslm"><main/></pLaw>', "empty"),
        (b'<other xmlns="http://schemas.gpo.gov/xml/uslm"/>', "wrong_format"),
        (b'<pLaw xmlns="http://schemas.gpo.gov/xml/uslm">', "not_xml"),
    ],
    ids=["no text", "another root", "cut off"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A file that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        Uslm().parse(content, "law.xml")
    assert refused.value.problems[0].code == code
