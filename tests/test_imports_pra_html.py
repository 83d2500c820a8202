"""PRA Rulebook pages: numbers, words and notes against a plain reading of the page."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from imports_words import of_document, words
from lxml import html

from kg_service.errors import DocumentError
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.pra_html import PraHtml
from kg_service.imports.registry import importer_for

STATEMENT, OUTSOURCING, RULES = "PRA-SS1-23.html", "PRA-SS2-21.html", "PRA-rules-outsourcing.html"
FILES = (STATEMENT, OUTSOURCING, RULES)


def _content(shared: Path, name: str) -> bytes:
    return (shared / "data/official/uk" / name).read_bytes()


@cache
def _read(shared: Path, name: str) -> Document:
    return PraHtml().parse(_content(shared, name), name)


def _part(shared: Path, name: str) -> html.HtmlElement:
    return html.fromstring(_content(shared, name).decode()).find_class("part-content")[0]


@pytest.mark.parametrize("name", FILES)
def test_numbers_are_those_of_the_page(shared: Path, name: str) -> None:
    """Every numbered chapter and paragraph of the page is a unit, in its order."""
    stated = [re.sub(r"\s+", "", each.text_content()) for each in _part(shared, name).find_class("rule-number")]
    document = _read(shared, name)
    ours = [unit.number for unit in document.units if unit.kind in (UnitKind.CHAPTER, UnitKind.PARAGRAPH)]
    assert ours == [number for number in stated if number]


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_lost(shared: Path, name: str) -> None:
    """At least 99.5 % of the words of the rules are kept; buttons, links beside a rule and calls of notes are no text."""
    part = _part(shared, name)
    for each in [*part.find_class("page-utilities"), *part.find_class("row-block__info"), *part.find_class("visually-hidden")]:
        each.drop_tree()
    for each in part.xpath(".//sup[a]"):
        each.drop_tree()
    for each in part.iter("li", "p", "td", "th", "span", "div", "br", "h3", "h4", "h5"):
        each.tail = f" {each.tail or ''}"
    stated = words(part.text_content())
    lost = stated - of_document(_read(shared, name))
    assert lost.total() <= 0.005 * stated.total()


@pytest.mark.parametrize("name", FILES)
def test_notes_are_those_of_the_page(shared: Path, name: str) -> None:
    """Each footnote is kept with its number, apart from the text that calls it."""
    stated = [
        re.sub(r"\W", "", each.find_class("fn-col-1")[0].text_content()) for each in _part(shared, name).find_class("rb-footnote")
    ]
    assert [note.number for note in _read(shared, name).footnotes] == stated


@pytest.mark.parametrize("name", FILES)
def test_file_is_recognised(shared: Path, name: str) -> None:
    """Content alone tells the format."""
    assert importer_for(_content(shared, name), "unnamed").name == "pra-html"


def test_addresses_of_ss1_23(shared: Path) -> None:
    """SS1/23 is cited by paragraph and by principle; a principle is the one with its expectations, not the overview."""
    document = _read(shared, STATEMENT)
    assert document.identity.work == "PRA SS1/23"
    assert document.version.id == "2024-05-17"
    assert document.by_path[UnitPath("par-1-5")].text.endswith("17 May 2024.")
    assert document.by_path[UnitPath("principle-2-3")].heading == "Policies and procedures"
    assert document.by_path[UnitPath("principle-1-3/pt-b/pt-i")].extras["printed"] == "(i)"
    assert document.by_path[UnitPath("principle-1")].parent == "chapter-4"


def test_addresses_of_the_rules(shared: Path) -> None:
    """A rule is cited as Outsourcing 2.1(2)(a), with the day since when it reads so."""
    document = _read(shared, RULES)
    rule = document.by_path[UnitPath("par-2-1")]
    assert (rule.text, rule.extras["effective"]) == ("A firm must:", "2020-12-31")
    assert document.by_path[UnitPath("par-2-1/pt-2/pt-a")].text == "the quality of its internal control; and"


def test_control_characters_do_no_harm() -> None:
    """A page may hold characters that XML forbids; they are dropped where a mark is cut off or a hidden element taken out."""
    items = "<ol><li>(1) a\x01b</li></ol><p>\x02c<i hidden>d</i>\x03e</p>"
    row = f'<div class="row-block"><div class="div-row__col-2">{items}</div></div>'
    page = f'<html>prarulebook.co.uk<div class="part-content"><div class="chapter-section">{row}</div></div></html>'
    said = " ".join(unit.text for unit in PraHtml().parse(page.encode(), "rule.html").units)
    assert "ab" in said
    assert "ce" in said


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<html><body>prarulebook.co.uk</body></html>", "wrong_format"), (b"", "empty")],
    ids=["no chapter", "empty"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A page that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        PraHtml().parse(content, "rule.html")
    assert refused.value.problems[0].code == code
