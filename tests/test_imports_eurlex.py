"""EUR-Lex pages: the counts of the official acts, no text lost, and what must be kept apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from lxml import etree
from official_texts import NAMES, content, document, needs_official_files

from kg_service.errors import DocumentError
from kg_service.imports.eurlex_html import EurlexHtml
from kg_service.imports.model import Document, UnitKind, UnitPath

PAGES = [name for name in NAMES if not name.endswith(".xml")]
# Articles, recitals, annexes, counted in the Official Journal; None: the consolidated text leaves the recitals out.
COUNTS = {
    "GDPR_32016R0679_oj.xhtml": (99, 173, 0),
    "GDPR_2017-markup.html": (99, 173, 0),
    "GDPR_02016R0679-20160504.html": (99, 0, 0),
    "AI-Act_32024R1689_oj.xhtml": (113, 180, 13),
    "AI-Act_02024R1689-20260727.html": (119, 0, 14),
    "DORA_32022R2554_oj.xhtml": (64, 106, 0),
    "CCD2_32023L2225_oj.xhtml": (50, 98, 4),
    "Data-Act_32023R2854_2023-12-13.xhtml": (50, 119, 0),
    "MiFID2_32014L0065_2026-06-06.html": (93, 0, 4),
    "NIS2_32022L2555_2022-12-27.html": (46, 0, 3),
    "Omnibus-AI_32026R1744_oj.xhtml": (4, 47, 0),
}
PAGE = """<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML//EN" "xhtml-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>
<p class="oj-doc-ti">REGULATION (EU) 2030/7 OF NOBODY</p><p class="oj-doc-ti">on nothing</p>
<p class="oj-normal">Whereas:</p>
<p class="oj-ti-art">Article 1</p><p class="oj-sti-art">Scope</p>{body}</body></html>"""


def page(body: str) -> Document:
    return EurlexHtml().parse(PAGE.format(body=body).encode(), "page.html")


@needs_official_files
@pytest.mark.parametrize("name", COUNTS)
def test_an_act_has_the_articles_recitals_and_annexes_of_the_official_journal(name: str) -> None:
    """Counts equal those of the act as published."""
    read = document(name)
    assert tuple(len(read.of_kind(k)) for k in (UnitKind.ARTICLE, UnitKind.RECITAL, UnitKind.ANNEX)) == COUNTS[name]


@needs_official_files
@pytest.mark.parametrize("name", NAMES)
def test_articles_and_recitals_are_numbered_without_gaps(name: str) -> None:
    """Leaving inserted ones aside (4a), articles count from 1; a consolidated text may lack those that were deleted."""
    read = document(name)
    numbers = [int(unit.number or 0) for unit in read.of_kind(UnitKind.ARTICLE) if (unit.number or "").isdigit()]
    recitals = [int(unit.number or 0) for unit in read.of_kind(UnitKind.RECITAL)]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    assert recitals == list(range(1, len(recitals) + 1))
    if not read.version.consolidated:
        assert numbers == list(range(1, len(numbers) + 1))


@needs_official_files
@pytest.mark.parametrize("name", PAGES)
def test_no_word_of_the_page_is_lost(name: str) -> None:
    """The words of all units and footnotes cover 99.5 % of those that a reader of the page sees."""
    seen = Counter(visible(etree.fromstring(content(name), etree.XMLParser(resolve_entities=False))))
    read = document(name)
    kept = Counter(
        word
        for text in (
            *(
                part
                for unit in read.units
                for part in (unit.extras.get("printed") or unit.number or "", unit.heading or "", unit.text)
            ),
            *("Article" for _ in read.of_kind(UnitKind.ARTICLE)),
            *(part for note in read.footnotes for part in (note.number, note.text)),
        )
        for word in re.findall(r"\w+", text)
    )
    lost = seen - kept
    assert sum(map(len, lost.elements())) <= 0.005 * sum(map(len, seen.elements())), lost.most_common(20)


@needs_official_files
@pytest.mark.parametrize("name", PAGES)
def test_no_word_of_the_page_is_read_twice(name: str) -> None:
    """Units hold at most half a percent more words than the page."""
    seen = Counter(visible(etree.fromstring(content(name), etree.XMLParser(resolve_entities=False))))
    kept = Counter(word for unit in document(name).units for word in re.findall(r"\w+", f"{unit.heading or ''} {unit.text}"))
    more = kept - seen
    assert sum(map(len, more.elements())) <= 0.005 * sum(map(len, seen.elements())), more.most_common(20)


@needs_official_files
def test_places_point_to_the_words_in_the_file() -> None:
    """The bytes at a unit's offset hold the unit's words."""
    name = "GDPR_32016R0679_oj.xhtml"
    raw, read = content(name), document(name)
    checked = 0
    for unit in read.of_kind(UnitKind.POINT):
        assert unit.offset is not None
        words = re.findall(r"\w{4,}", unit.text)[:6]
        assert all(word in raw[slice(*unit.offset)].decode() for word in words)
        checked += 1
    assert checked > 300


@needs_official_files
def test_amendments_are_marks_and_not_text() -> None:
    """Article 6(1a) of the consolidated AI Act stems from Regulation (EU) 2026/1744; no marker stands in any text."""
    read = document("AI-Act_02024R1689-20260727.html")
    assert read.amendments == {"M1": "32026R1744"}
    assert read.by_path[UnitPath("art-6/par-1a")].marks == ("M1",)
    assert read.by_path[UnitPath("art-6/par-2")].marks == ()
    assert not any(re.search("[►▼◄]", unit.text + (unit.heading or "")) for unit in read.units)


@needs_official_files
def test_footnotes_stand_apart_and_name_the_unit_that_calls_them() -> None:
    """Recital 1 of the GDPR's neighbours: the first visa with a note carries its OJ reference in a footnote only."""
    read = document("GDPR_32016R0679_oj.xhtml")
    first = read.footnotes[0]
    assert (first.number, first.text, first.at) == ("1", "OJ C 229, 31.7.2012, p. 90.", "preamble/cit-4")
    assert "(1)" not in read.by_path[UnitPath("preamble/cit-4")].text


def test_points_stay_where_they_are_when_a_subparagraph_follows() -> None:
    """The first subparagraph's points hang on the paragraph, later subparagraphs carry their own."""
    item = '<table><tr><td><p class="oj-normal">({0})</p></td><td><p class="oj-normal">{1};</p></td></tr></table>'
    body = (
        '<p class="oj-normal">1.\u00a0\u00a0 First words:</p>' + item.format("a", "alpha")
        + '<p class="oj-normal">More words:</p>' + item.format("a", "beta") + '<p class="oj-normal">2.\u00a0\u00a0 Second.</p>'
    )  # fmt: skip
    read = page(body)
    paths = [unit.path for unit in read.units if unit.path.startswith("art-1/")]
    assert paths == ["art-1/par-1", "art-1/par-1/pt-a", "art-1/par-1/subpar-2", "art-1/par-1/subpar-2/pt-a", "art-1/par-2"]
    assert read.text(UnitPath("art-1/par-1/subpar-1")) == "First words:\n(a) alpha;"


def test_words_for_another_act_are_quoted_units() -> None:
    """What an amending act inserts elsewhere is not a provision of its own."""
    read = page(
        '<p class="oj-normal">In Article 9, the following paragraph is added:</p><p class="oj-normal">‘4.\u00a0 New.’</p>'
    )
    assert [unit.kind for unit in read.units][-1] is UnitKind.QUOTED
    assert read.by_path[UnitPath("art-1/quoted-1")].text == "‘4. New.’"


def test_hidden_text_is_left_out_and_reported() -> None:
    """What a reader cannot see is no law; the import says that it was there."""
    read = page('<p class="oj-normal">1.\u00a0 Seen.<span style="display:none">Unseen.</span></p>')
    assert read.text(UnitPath("art-1")) == "Article 1 Scope\n1. Seen."
    assert [finding.code for finding in read.findings] == ["hidden_text"]


def test_named_entities_of_html_are_read() -> None:
    """An entity that HTML defines stands for its character, although no DTD is loaded."""
    assert page('<p class="oj-normal">a&nbsp;b &lsquo;c&rsquo;</p>').by_path[UnitPath("art-1")].text == "a b ‘c’"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<!DOCTYPE html [<!ENTITY a "b">]><html class="oj-ti-art"><body>&a;</body></html>', "doctype"),
        (b'<!DOCTYPE html [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><html><body/></html>', "doctype"),
        (b"<html><body>" + b"<div>" * 300 + b"</div>" * 300 + b"</body></html>", "too_deep"),
        (b"<html><body><p>Nothing of the law.</p></body></html>", "not_eurlex"),
        (b"   ", "empty"),
        (PAGE.format(body="<p>&unheardof;</p>").encode(), "entity"),
        (b'<?xml version="1.0" encoding="unheard-of"?><html><body/></html>', "encoding"),
    ],
    ids=["internal-entity", "external-entity", "deep", "other-page", "empty", "unknown-entity", "unknown-encoding"],
)
def test_an_unsafe_or_foreign_page_is_refused_with_its_reason(content: bytes, code: str) -> None:
    """No entity is declared or fetched, no depth is followed without end; the refusal names the file."""
    with pytest.raises(DocumentError) as refused:
        EurlexHtml().parse(content, "page.html")
    assert [problem.code for problem in refused.value.problems] == [code]
    assert refused.value.problems[0].where.startswith("page.html")


SKIPPED = ("hd-", "oj-hd-", "modref", "arrow", "reference", "disclaimer", "oj-doc-end", "doc-end", "title-doc-oj-reference")


def visible(root: etree._Element) -> Iterator[str]:
    """The words that a reader of the act sees: mastheads, links to amendments and calls of footnotes are not the act's."""
    containers = root.xpath("//*[local-name()='div' and @class='eli-container']")
    consolidated = root.xpath("//*[local-name()='p' and @class='reference']")
    body = root.xpath("//*[local-name()='body']")[0]
    roots = [containers[0], *containers[0].itersiblings()] if consolidated and containers else [body]
    for start in roots:
        for element in start.iter("*"):
            apart = any((a.get("class") or "").startswith(SKIPPED) for a in (element, *element.iterancestors()))
            if element.text and not apart and not (is_call(element) or any(map(is_call, element.iterancestors()))):
                yield from re.findall(r"\w+", element.text)
            if element.tail and element is not start and not apart_of_parent(element):
                yield from re.findall(r"\w+", element.tail)


def apart_of_parent(element: etree._Element) -> bool:
    return any((a.get("class") or "").startswith(SKIPPED) or is_call(a) for a in element.iterancestors())


def is_call(element: etree._Element) -> bool:
    return str(element.tag).endswith("}a") and re.match(r"#(ntr|E\d)", element.get("href") or "") is not None
