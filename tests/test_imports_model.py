"""Addresses of units: unique, stable, found the way lawyers write them."""

from __future__ import annotations

import re

import pytest
from official_texts import NAMES, content, document, needs_official_files

from kg_service import ids
from kg_service.errors import DocumentError, UnavailableError
from kg_service.imports import registry
from kg_service.imports.eu_identity import act_in, celex_in
from kg_service.imports.model import Document, Identity, Source, UnitKind, UnitPath, Version, segment
from kg_service.imports.outline import Outline


def small() -> Document:
    """Two articles: one with subparagraphs that have points, one whose list hangs on the article."""
    outline = Outline()
    six = outline.add(UnitKind.ARTICLE, "6", address=None)
    three = outline.add(UnitKind.PARAGRAPH, "3", parent=six, text="First.")
    second = outline.add(UnitKind.SUBPARAGRAPH, 2, parent=three, text="Where:")
    outline.add(UnitKind.POINT, "a", parent=second, text="alpha")
    four = outline.add(UnitKind.PARAGRAPH, "4", parent=six, text="One of:")
    outline.add(UnitKind.POINT, "a", parent=four, text="one")
    more = outline.add(UnitKind.SUBPARAGRAPH, 2, parent=four, text="Two of:")
    outline.add(UnitKind.POINT, "b", parent=more, text="two")
    definitions = outline.add(UnitKind.ARTICLE, "3", address=None, text="Definitions:")
    outline.add(UnitKind.POINT, "1", parent=definitions, text="‘thing’ means a thing;")
    identity, source = Identity("32030R0001", "Title"), Source("x", "0" * 64, 1, "test")
    return Document(identity, "regulation", "en", Version("oj"), source, outline.units())


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("art-6/par-3", "art-6/par-3"),
        ("art-6/par-3/pt-a", "art-6/par-3/subpar-2/pt-a"),
        ("art-6/par-4/pt-a", "art-6/par-4/pt-a"),
        ("art-6/par-4/pt-b", "art-6/par-4/subpar-2/pt-b"),
        ("art-6/par-3/subpar-1", "art-6/par-3"),
        ("art-6/par-4/subpar-1/pt-a", "art-6/par-4/pt-a"),
        ("art-3/par-1", "art-3/pt-1"),
        ("art-3/pt-9", None),
        ("art-6/pt-a", None),
        ("art-7", None),
    ],
)
def test_an_address_is_found_as_lawyers_write_it(written: str, found: str | None) -> None:
    """The subparagraph may be left out where one only can be meant; two that could be meant are none."""
    unit = small().unit(UnitPath(written))
    assert (unit and unit.path) == found


def test_the_first_subparagraph_is_told_from_the_paragraph() -> None:
    """A paragraph's text holds all subparagraphs, the first subparagraph's its own words and points."""
    assert small().text(UnitPath("art-6/par-4/subpar-1")) == "One of:\n(a) one"
    assert small().text(UnitPath("art-6/par-4")) == "4. One of:\n(a) one\nTwo of:\n(b) two"


def test_a_number_used_twice_keeps_both_units_apart() -> None:
    """The second gets a path of its own and a finding says so."""
    outline = Outline()
    outline.add(UnitKind.ANNEX, "I")
    assert outline.add(UnitKind.ANNEX, "I") == "annex-i~2"
    assert [finding.code for finding in outline.findings] == ["duplicate"]


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        (UnitKind.ARTICLE, "4a", "art-4a"),
        (UnitKind.ANNEX, "III", "annex-iii"),
        (UnitKind.ANNEX, None, "annex"),
        (UnitKind.POINT, "4.3", "pt-4-3"),
        (UnitKind.SECTION, "1002.9", "section-1002-9"),
    ],
)
def test_a_segment_is_made_of_kind_and_number(kind: UnitKind, number: str | None, expected: str) -> None:
    """Segments are lower-case letters, figures and hyphens."""
    assert segment(kind, number) == expected


@needs_official_files
@pytest.mark.parametrize("name", NAMES)
def test_units_form_a_tree_in_document_order(name: str) -> None:
    """Paths are unique and fit for an IRI, every parent stands before its children, the hash is that of the file."""
    read = document(name)
    before: set[UnitPath] = set()
    for unit in read.units:
        assert re.fullmatch(r"[a-z0-9-]+(~\d+)?(/[a-z0-9-]+(~\d+)?)*", unit.path)
        assert unit.path not in before
        assert unit.parent is None or unit.parent in before
        before.add(unit.path)
    assert all(note.at is None or note.at in before for note in read.footnotes)
    assert read.source.size == len(content(name))


@needs_official_files
@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_recognised_by_its_content(name: str) -> None:
    """The name does not decide."""
    expected = "formex" if name.endswith(".xml") else "eurlex-html"
    assert registry.importer_for(content(name), "upload").name == expected


@needs_official_files
def test_celex_numbers_are_those_in_the_file_names() -> None:
    """The act is named by the CELEX number under which it was downloaded."""
    for name in NAMES:
        written = celex_in(name)
        assert written is None or document(name).identity.celex == written


@needs_official_files
def test_known_addresses_hold_known_words() -> None:
    """Spot checks against the official text."""
    act = document("AI-Act_32024R1689_oj.xhtml")
    assert "creditworthiness" in act.text(UnitPath("annex-iii/pt-5/pt-b"))
    assert "impact on fundamental rights" in act.text(UnitPath("art-27/par-1")).lower()
    assert act.iri(UnitPath("art-6/par-2")) == ids.ID + "text/32024r1689/oj/art-6/par-2"
    assert [unit.path for unit in act.ancestors(UnitPath("art-6/par-1/pt-a"))] == [
        "art-6/par-1", "art-6", "chapter-iii/section-1", "chapter-iii",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "celex"),
    [
        ("REGULATION (EU) 2024/1689 OF THE EUROPEAN PARLIAMENT", "32024R1689"),
        ("Regulation (EU) No 575/2013", "32013R0575"),
        ("Directive 2014/65/EU", "32014L0065"),
        ("Council Directive 93/13/EEC", "31993L0013"),
        ("Commission Delegated Regulation (EU) 2024/1774", "32024R1774"),
        ("Decision No 768/2008/EC", "32008D0768"),
        ("Regulation (EC) No 1/2003", "32003R0001"),
    ],
)
def test_the_celex_number_of_an_act_follows_from_its_citation(title: str, celex: str) -> None:
    """Year and number stand in either order, with or without No."""
    act = act_in(title)
    assert act is not None
    assert act.celex == celex


def test_an_unknown_format_is_refused_with_the_formats_that_are_read() -> None:
    """The refusal helps on."""
    with pytest.raises(DocumentError, match="Formex"):
        registry.read(b"\x00\x01\x02", "thing.bin")
    with pytest.raises(UnavailableError, match="Did you mean 'formex'"):
        registry.read(b"<ACT/>", "thing.xml", "formx")
