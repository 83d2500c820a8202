"""Formex 4: the same act gives the same units as from HTML; amendments come from instructions."""

from __future__ import annotations

import re

import pytest
from official_texts import document, needs_official_files

from kg_service.errors import DocumentError
from kg_service.imports.formex import Formex
from kg_service.imports.model import UnitKind, UnitPath

BOTH = ("AI-Act_02024R1689-20260727", "DORA-RTS_02024R1774-20240625", "GDPR_02016R0679-20160504")
ACT = (
    "<ACT><BIB.INSTANCE><LG.DOC>EN</LG.DOC></BIB.INSTANCE><TITLE><TI><P>Directive 2030/1/EU</P></TI></TITLE>"
    "<ENACTING.TERMS><ARTICLE><TI.ART>Article 1</TI.ART>{body}</ARTICLE></ENACTING.TERMS></ACT>"
)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@needs_official_files
@pytest.mark.parametrize("name", BOTH)
def test_html_and_formex_of_one_act_give_the_same_units(name: str) -> None:
    """Same articles, same addresses; at least 99 % of the units have the same text up to white space."""
    html, formex = document(f"{name}.html"), document(f"{name}.fmx4.xml")
    assert [unit.path for unit in html.of_kind(UnitKind.ARTICLE)] == [unit.path for unit in formex.of_kind(UnitKind.ARTICLE)]
    same = [u for u in formex.units if u.path in html.by_path and squeezed(html.by_path[u.path].text) == squeezed(u.text)]
    assert len(same) >= 0.99 * max(len(html.units), len(formex.units))


@needs_official_files
@pytest.mark.parametrize("name", BOTH)
def test_html_and_formex_agree_on_headings_notes_and_identity(name: str) -> None:
    """What stands beside the text is the same too."""
    html, formex = document(f"{name}.html"), document(f"{name}.fmx4.xml")
    assert {u.path: u.heading for u in html.units} == {u.path: u.heading for u in formex.units}
    assert [(note.text, note.at) for note in html.footnotes] == [(note.text, note.at) for note in formex.footnotes]
    assert (html.identity, html.kind, html.language) == (formex.identity, formex.kind, formex.language)
    assert (html.version.id, html.version.valid_from) == (formex.version.id, formex.version.valid_from)


@needs_official_files
@pytest.mark.parametrize(("name", "articles", "annexes"), [(BOTH[0], 119, 14), (BOTH[1], 42, 0), (BOTH[2], 99, 0)])
def test_a_consolidated_act_has_its_articles_and_annexes(name: str, articles: int, annexes: int) -> None:
    """Counts equal the official structure."""
    read = document(f"{name}.fmx4.xml")
    assert (len(read.of_kind(UnitKind.ARTICLE)), len(read.of_kind(UnitKind.ANNEX))) == (articles, annexes)


@needs_official_files
def test_an_act_as_published_has_preamble_and_signatures() -> None:
    """Regulation (EU) 2024/903: 23 articles, 57 recitals, six visas, signed at Strasbourg."""
    read = document("OJ-ACT_32024R0903.fmx4.xml")
    kinds = (UnitKind.ARTICLE, UnitKind.RECITAL, UnitKind.CITATION)
    assert tuple(len(read.of_kind(kind)) for kind in kinds) == (23, 57, 6)
    assert "Strasbourg" in read.by_path[UnitPath("closing")].text
    assert (read.identity.celex, read.version.id, str(read.version.published)) == ("32024R0903", "oj", "2024-03-13")


@needs_official_files
def test_what_an_amendment_deleted_is_not_read() -> None:
    """Regulation (EU) 2026/1744 took Article 10(5) out of the AI Act; the file still carries its words between instructions."""
    for name in ("AI-Act_02024R1689-20260727.fmx4.xml", "AI-Act_02024R1689-20260727.html"):
        assert document(name).unit(UnitPath("art-10/par-5")) is None
    assert document("AI-Act_32024R1689_oj.xhtml").unit(UnitPath("art-10/par-5")) is not None


def test_figures_and_quotation_marks_are_printed_as_the_journal_prints_them() -> None:
    """Numbers are grouped in threes, quotation marks come from their code points, upper-case runs are upper-case."""
    body = (
        '<ALINEA><QUOT.START CODE="2018"/>fine<QUOT.END CODE="2019"/> of EUR <FT TYPE="NUMBER">35000000</FT> '
        '<HT TYPE="UC">at most</HT></ALINEA>'
    )
    read = Formex().parse(ACT.format(body=body).encode(), "act.xml")
    assert read.by_path[UnitPath("art-1")].text == "‘fine’ of EUR 35 000 000 AT MOST"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<!DOCTYPE ACT SYSTEM "http://example.org/formex.dtd"><ACT/>', "doctype"),
        (b'<!DOCTYPE ACT [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ACT>&b;</ACT>', "doctype"),
        (b"<ACT><ENACTING.TERMS>", "not_xml"),
        (b"<GENERAL/>", "not_formex"),
        (b"<ACT/>", "empty"),
        (b"<ACT>" + b"<DIVISION>" * 5000 + b"</DIVISION>" * 5000 + b"</ACT>", "too_deep"),
        (b"\xff\xfe<\x00A\x00", "not_xml"),
    ],
    ids=["external-dtd", "billion-laughs", "cut", "other-root", "nothing-in-it", "deep", "cut-utf-16"],
)
def test_an_unsafe_or_broken_file_is_refused_with_line_and_reason(content: bytes, code: str) -> None:
    """No DTD, no entity, no endless depth."""
    with pytest.raises(DocumentError) as refused:
        Formex().parse(content, "act.xml")
    assert [problem.code for problem in refused.value.problems] == [code]


def test_an_article_whose_first_number_is_lost_keeps_its_first_paragraph() -> None:
    """Article 74 of Directive 2013/36/EU begins without a number on the publisher's page; paragraph 2 follows."""
    body = "<ALINEA>First.</ALINEA><PARAG><NO.PARAG>2.</NO.PARAG><ALINEA>Second.</ALINEA></PARAG>"
    read = Formex().parse(ACT.format(body=body).encode(), "act.xml")
    assert [unit.path for unit in read.units][-2:] == ["art-1/par-1", "art-1/par-2"]
    assert [finding.code for finding in read.findings] == ["gap"]


def test_unknown_elements_are_reported() -> None:
    """What is not read is said."""
    read = Formex().parse(b"<ACT><TITLE><TI><P>Directive 2030/1/EU</P></TI></TITLE><STRANGE>x</STRANGE></ACT>", "act.xml")
    assert [finding.code for finding in read.findings] == ["unknown_element"]
