"""Reference pages: complete against the law's own files, sound as HTML, readable without scripts, printable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import rdflib
import yaml
from fastapi.testclient import TestClient
from page import Page, faults
from rdflib import OWL, RDF
from rdflib.namespace import SKOS

from kg_service import ids
from kg_service.model import InstrumentId, Knowledge

PAGES = ("/", *(f"/reference/{name}" for name in ("instruments", "qualifications", "facts", "controls", "ontology")))


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def instruments(site: TestClient, law: Knowledge) -> dict[InstrumentId, str]:
    """The page of every instrument."""
    found = {name: site.get(f"/reference/instruments/{name}") for name in law.instruments}
    assert {answer.status_code for answer in found.values()} == {200}
    return {name: answer.text for name, answer in found.items()}


@pytest.mark.parametrize("where", PAGES)
def test_page_is_sound(site: TestClient, where: str) -> None:
    """Closed elements, one h1, headings in order, unique ids, links to places that are there, nothing loaded from elsewhere."""
    answer = site.get(where)
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert '<html lang="en">' in answer.text
    assert "<script" not in answer.text
    assert site.head(where).status_code in (200, 405)


def test_instrument_pages_are_sound(instruments: dict[InstrumentId, str]) -> None:
    """The same for every instrument."""
    assert {name: wrong for name, text in instruments.items() if (wrong := faults(text))} == {}


def test_every_norm_stands_on_the_page_of_its_instrument(instruments: dict[InstrumentId, str], root: Path) -> None:
    """What the files in regulations/ say of a norm, its instrument's page says: title, summary, days, what is not tested."""
    missing, count = [], 0
    texts = {name: Page(text).text for name, text in instruments.items()}
    for file in sorted((root / "regulations").glob("*/*/*.yaml")):
        if file.name == "instrument.yaml" or file.parent.name not in instruments:
            continue
        said = texts[InstrumentId(file.parent.name)]
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for norm in content.get("norms", []) if isinstance(content, dict) else []:
            count += 1
            told = [norm["title"], norm["summary"], *norm.get("unmodelled", [])]
            told += [str(norm[name]) for name in ("applies_from", "applies_until") if isinstance(norm.get(name), str)]
            missing += [(norm["id"], one) for one in told if words(one) not in said]
    assert count > 600
    assert missing == []


def test_index_lists_every_instrument_once(site: TestClient, law: Knowledge) -> None:
    """Each instrument stands under its jurisdiction, with the number of its norms."""
    text = site.get("/reference/instruments").text
    listed = re.findall(r'href="/reference/instruments/([^"#]+)">', text)
    assert sorted(listed) == sorted(law.instruments)
    counts = dict(re.findall(r'instruments/([^"]+)">.*?class="number">(\d+)<', text, re.DOTALL))
    norms = [norm.instrument for norm in law.norms.values()]
    assert {name: int(count) for name, count in counts.items()} == {name: norms.count(name) for name in law.instruments}


def test_old_id_of_an_instrument_redirects(site: TestClient, law: Knowledge) -> None:
    """An alias leads to the page of today's id; a wrong id is a problem document with the nearest."""
    for one in law.instruments.values():
        for alias in one.aliases:
            answer = site.get(f"/reference/instruments/{alias}")
            assert (answer.status_code, answer.headers["location"]) == (301, f"/reference/instruments/{one.id}")
    answer = site.get("/reference/instruments/eu-ai-atc")
    assert answer.status_code == 404
    assert "eu-ai-act" in answer.json()["nearest"]


def test_ontology_page_defines_every_term(site: TestClient, root: Path) -> None:
    """Every class and property that the Turtle files declare stands there with its label and definition."""
    graph = rdflib.Graph()
    for file in (root / "ontology").glob("*.ttl"):
        graph.parse(file)
    page = Page(site.get("/reference/ontology").text)
    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty):
        for name in graph.subjects(RDF.type, kind):
            if str(name).startswith(ids.DEF):
                definitions = [str(text) for text in graph.objects(name, SKOS.definition) if text.language == "en"]
                assert str(name).removeprefix(ids.DEF) in page.ids
                assert all(words(text) in page.text for text in definitions), name


def test_lists_are_complete(site: TestClient, law: Knowledge) -> None:
    """Every qualification, fact, term, place, control and risk has its place and its link."""
    linked = {name: set(Page(site.get(f"/reference/{name}").text).links) for name in ("qualifications", "facts", "controls")}
    assert {f"/id/qualification/{name}" for name in law.qualifications} <= linked["qualifications"]
    assert {f"/id/fact/{name}" for name in law.facts} <= linked["facts"]
    terms = {f"/id/term/{fact.id}/{term}" for fact in law.facts.values() if not fact.jurisdictions for term in fact.terms}
    assert terms | {f"/id/jurisdiction/{name}" for name in law.jurisdictions} <= linked["facts"]
    assert {f"/id/control/{name}" for name in law.controls} <= linked["controls"]
    assert {f"/id/risk/{name}" for name in law.risks} <= linked["controls"]


def test_first_page_leads_to_all_of_them(site: TestClient) -> None:
    """The way from the front door to each reference page is one link."""
    assert set(PAGES[1:]) <= set(Page(site.get("/").text).links)


def test_style_knows_paper_phones_and_the_dark(site: TestClient) -> None:
    """One style sheet of our own holds for print, narrow screens and dark schemes, and fetches nothing."""
    style = site.get("/static/page.css").text
    for needed in ("@media print", "@media (max-width", "prefers-color-scheme:dark", ":focus-visible"):
        assert needed in style
    assert "url(" not in style
    assert "@import" not in style
