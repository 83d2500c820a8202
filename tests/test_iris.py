"""IRIs that answer: every IRI of ours, as a page and as RDF; what a document says is what the graph says, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from fastapi.testclient import TestClient
from page import Page, faults

from kg_service import ids
from kg_service.app import create_app
from kg_service.applicability.condition import HasTerm, facts_of, qualifications_of, walk
from kg_service.exports.documents import Documents
from kg_service.exports.formats import FORMS
from kg_service.model import FactId, Knowledge
from kg_service.rest.problems import TYPES
from kg_service.services import Services
from kg_service.settings import Settings
from kg_service.web.rendering import path_of

NORM = "/id/norm/eu-ai-act/art-26-par-1"
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
REPLACED = ox.NamedNode("http://purl.org/dc/terms/isReplacedBy")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PARSERS = {"text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml", "application/n-triples": "nt"}


def subjects(graph: ox.Store) -> list[str]:
    """Every IRI of ours of which the graph says something."""
    found = {quad.subject.value for quad in graph if isinstance(quad.subject, ox.NamedNode)}
    return sorted(iri for iri in found if iri.startswith(ids.BASE))


def sample(graph: ox.Store) -> list[str]:
    """The first IRI of each class; named graphs are tested by themselves."""
    found: dict[str, str] = {}
    for quad in sorted(graph.quads_for_pattern(None, RDF_TYPE, None, None), key=str):
        if quad.subject.value.startswith(ids.BASE) and not quad.subject.value.startswith(ids.GRAPH):
            found.setdefault(quad.object.value, quad.subject.value)
    return sorted(set(found.values()))


@pytest.fixture(scope="module")
def documents(site: TestClient) -> Documents:
    services: Services = site.app.state.services  # type: ignore[attr-defined]
    return Documents(services.store, services.knowledge)


def path(iri: str) -> str:
    found = path_of(iri)
    assert found is not None
    return found


def statements(graph: ox.Store, iri: str) -> set[str]:
    node = ox.NamedNode(iri)
    both = (*graph.quads_for_pattern(node, None, None, None), *graph.quads_for_pattern(None, None, node, None))
    return {f"{quad.triple} ." for quad in both}


def test_every_iri_of_the_graph_answers_with_its_statements(documents: Documents, law_graph: ox.Store) -> None:
    """Whatever the graph describes has a document: all statements of it and about it, and nothing else."""
    wrong = []
    for iri in subjects(law_graph):
        if not iri.startswith((ids.GRAPH, ids.ONTOLOGY)):
            body = documents.of(iri, FORMS["ntriples"])
            if body is None or set(body.decode().splitlines()) != statements(law_graph, iri):
                wrong.append(iri)
    assert wrong == []


def test_every_class_answers_in_every_form(site: TestClient, law_graph: ox.Store) -> None:
    """One thing of each class: a sound page, and RDF documents that another library reads alike."""
    for iri in sample(law_graph):
        where = path(iri)
        read = []
        for media_type, parser in PARSERS.items():
            answer = site.get(where, headers={"accept": media_type})
            assert answer.status_code == 200, (iri, media_type)
            assert answer.headers["content-type"].partition(";")[0] == media_type
            if media_type != "application/ld+json":  # rdflib's parser of JSON-LD is slow; test_exports reads it
                read.append(rdflib.Graph().parse(data=answer.content, format=parser))
        assert all(set(read[0]) == set(other) for other in read[1:]), iri  # there is no blank node in the graph
        page = site.get(where, headers={"accept": "text/html"})
        assert (page.status_code, faults(page.text)) == (200, []), iri


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (BROWSER, "text/html"),
        ("*/*", "text/turtle"),
        ("", "text/turtle"),
        ("text/turtle;q=0.3, application/rdf+xml;q=0.8, text/html;q=0.1", "application/rdf+xml"),
        ("application/ld+json, */*;q=0.1", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("text/html;q=0, */*", "text/turtle"),
    ],
)
def test_accept_decides_by_weight(site: TestClient, accept: str, wanted: str) -> None:
    """RFC 9110, 12.5.1: the range with the highest weight; a program without a wish gets Turtle, a browser a page."""
    answer = site.get(NORM, headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == wanted
    assert "accept" in answer.headers["vary"].lower()


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "rdf", "nt", "html"])
def test_suffix_decides_over_accept(site: TestClient, suffix: str) -> None:
    """A link with a suffix gives that form whatever the browser prefers, and is what Content-Location names."""
    answer = site.get(f"{NORM}.{suffix}", headers={"accept": "application/n-triples;q=0.5"})
    assert answer.status_code == 200
    assert answer.headers["content-location"] == f"{NORM}.{suffix}"


def test_links_lead_to_the_other_forms(site: TestClient) -> None:
    """Every alternate in the Link header answers with the type that it promises, and the canonical IRI is the thing's own."""
    links = re.findall(r'<([^>]+)>; rel="(\w+)"(?:; type="([^"]+)")?', site.get(NORM).headers["link"])
    assert [target for target, rel, _ in links if rel == "canonical"] == [ids.norm("eu-ai-act/art-26-par-1")]
    alternates = [(target, kind) for target, rel, kind in links if rel == "alternate"]
    assert len(alternates) == 5
    for target, kind in alternates:
        assert site.get(target).headers["content-type"].startswith(kind)


def test_head_and_etag(site: TestClient) -> None:
    """HEAD gives the headers of GET without a body; who has the document already gets 304."""
    got, head = site.get(f"{NORM}.ttl"), site.head(f"{NORM}.ttl")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "content-length", "link"):
        assert head.headers[name] == got.headers[name]
    again = site.get(f"{NORM}.ttl", headers={"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert site.get(f"{NORM}.rdf").headers["etag"] != got.headers["etag"]
    assert site.get("/healthz").status_code == 200
    assert got.headers["etag"].strip('"').split("-")[0] == site.get("/readyz").json()["knowledge_version"][:16]


def test_old_names_lead_to_the_new_ones(site: TestClient, law_graph: ox.Store) -> None:
    """Every alias redirects to the IRI that replaced it and keeps the suffix."""
    aliases = [(quad.subject.value, quad.object.value) for quad in law_graph.quads_for_pattern(None, REPLACED, None, None)]
    assert aliases
    for old, new in aliases:
        answer = site.get(f"{path(old)}.ttl")
        assert (answer.status_code, answer.headers["location"]) == (301, f"{path(new)}.ttl")
        assert site.get(answer.headers["location"]).status_code == 200


def test_nothing_here_names_the_nearest(site: TestClient) -> None:
    """An unknown IRI is a problem document with the nearest for programs, and a page with links for people."""
    answer = site.get("/id/norm/eu-ai-act/art-26-par-01")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert ids.norm("eu-ai-act/art-26-par-1") in answer.json()["nearest"]
    page = site.get("/id/norm/eu-ai-act/art-26-par-01", headers={"accept": BROWSER})
    assert page.status_code == 404
    assert NORM in Page(page.text).links
    assert faults(page.text) == []


def test_not_acceptable_lists_what_there_is(site: TestClient) -> None:
    """406 says which types there are and where."""
    answer = site.get(NORM, headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert {one["media_type"] for one in answer.json()["available"]} == {*PARSERS, "text/html"}
    assert all(site.get(at).status_code == 200 for at in answer.json()["alternates"])


@pytest.mark.parametrize(
    "where",
    ["/id/norm/%0d%0aX-Evil: 1", "/id/%ff%fe", "/id/" + "a" * 5000, "/id/norm/<script>", '/id/"x"', "/graph/{}"],
)
def test_hostile_path_is_only_not_found(site: TestClient, where: str) -> None:
    """What cannot be an IRI of ours is not found; it does not reach a header, and not the page as markup."""
    for accept in ("*/*", "text/html"):
        answer = site.get(where, headers={"accept": accept})
        assert answer.status_code == 404
        assert "x-evil" not in answer.headers
        assert answer.headers["content-type"] == "application/problem+json" or "<script>" not in answer.text


def test_norm_page_says_what_the_law_file_says(site: TestClient, law: Knowledge) -> None:
    """Day and provision that sets it, certainty, what is not tested, and every part of the condition with its link."""
    for norm in [*law.norms.values()][::40]:
        page = Page(site.get(path(ids.norm(norm.id)) + ".html").text)
        assert norm.summary.split(".")[0] in page.text
        for dated in (norm.applies_from, norm.applies_until):
            assert dated is None or (dated.day.isoformat() in page.text and dated.set_by.pinpoint in page.text)
        assert all(" ".join(point.split()) in page.text for point in norm.unmodelled)
        wanted = set()
        for condition in filter(None, (norm.applies_when, norm.unless)):
            wanted |= {ids.qualification(name) for name in qualifications_of(condition)}
            wanted |= {ids.fact(name) for name in facts_of(condition)}
            leaves = [leaf for leaf in walk(condition) if isinstance(leaf, HasTerm)]
            places = {leaf.fact: law.facts[FactId(leaf.fact)].jurisdictions for leaf in leaves}
            wanted |= {
                ids.jurisdiction(term) if places[leaf.fact] else ids.fact_term(leaf.fact, term)
                for leaf in leaves
                for term in leaf.terms
            }
        assert {path(iri) for iri in wanted} <= set(page.links), norm.id


def test_every_link_of_ours_answers(site: TestClient) -> None:
    """No page that a reader meets first has a link to nowhere on this service."""
    first = (
        "/",
        f"{NORM}.html",
        "/id/qualification/eu-ai-act/high-risk-deployer.html",
        "/def/onEvent.html",
        "/id/control/mod-version-control.html",
        "/graph/instrument/us-mrm-2026.html",
        "/problem/not-found",
        "/def/norm-class/eu-ai-act/art-26-par-1.html",
    )
    seen: set[str] = set()
    for where in first:
        answer = site.get(where)
        assert (answer.status_code, faults(answer.text)) == (200, []), where
        seen |= {link.partition("#")[0] for link in Page(answer.text).links if link.startswith("/")}
    slow = {link for link in seen if link.startswith("/def/applicability.")}
    assert [link for link in sorted(seen - slow) if link and site.head(link).status_code not in (200, 303, 405)] == []


def test_named_graph_is_given_as_it_stands(site: TestClient, law_graph: ox.Store) -> None:
    """TriG gives exactly the statements of the graph, and its page is sound."""
    name = ids.graph("instrument/eu-dora")
    answer = site.get("/graph/instrument/eu-dora", headers={"accept": "application/trig"})
    inside = {quad.triple for quad in ox.parse(answer.content, format=ox.RdfFormat.TRIG) if quad.graph_name == ox.NamedNode(name)}
    assert inside == {quad.triple for quad in law_graph.quads_for_pattern(None, None, None, ox.NamedNode(name))}
    assert faults(site.get("/graph/controls.html").text) == []


def test_stored_deployment_answers(root: Path, tmp_path: Path) -> None:
    """What a user stores has IRIs that answer like the law's: the deployment, its graph and everything in it."""
    with TestClient(create_app(Settings(root=root, cache=tmp_path / "cache", data=tmp_path / "data"))) as client:
        facts = {"established_in": ["de"], "institution": ["credit_institution"]}
        body = {"name": "A <b>name</b>", "facts": facts, "as_of": "2026-11-23"}
        assert client.post("/api/v1/assessments?store=true", json=body).status_code == 201
        (stored,) = client.get("/api/v1/deployments").json()["items"]
        graph = client.get(f"{path(stored['graph'])}.ttl").content
        inside = {quad.subject.value for quad in ox.parse(graph, format=ox.RdfFormat.TURTLE) if quad.subject != quad.object}
        assert stored["iri"] in inside
        for iri in (stored["graph"], stored["iri"], *sorted(inside)[:5]):
            page = client.get(path(iri), headers={"accept": BROWSER})
            assert (page.status_code, faults(page.text)) == (200, []), iri
            assert "<b>" not in page.text


def test_ontology_is_one_file_with_its_version(site: TestClient) -> None:
    """The ontology imports nothing, its version IRI answers with the same file, another version does not."""
    answer = site.get("/ontology", headers={"accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.content, format="turtle")
    head = rdflib.URIRef(ids.ONTOLOGY)
    assert not list(graph.objects(head, rdflib.OWL.imports))
    version = graph.value(head, rdflib.OWL.versionIRI)
    assert site.get(path(str(version)), headers={"accept": "text/turtle"}).content == answer.content
    assert site.get("/ontology/0000000000000000").status_code == 404
    assert (site.get("/def/").status_code, site.get("/def/").headers["location"]) == (303, "/ontology")


def reading_iris(law: Knowledge) -> Iterator[str]:
    """An IRI of each kind of the OWL reading."""
    bound = next(norm for norm in law.norms.values() if norm.unless is not None)
    for mint in (ids.norm_class, ids.condition_class, ids.exemption_class, ids.subject_class):
        yield mint(bound.id)
    fact = next(fact for fact in law.facts.values() if fact.terms and not fact.jurisdictions)
    yield ids.qualification_class(next(iter(law.qualifications)))
    yield from (ids.fact_property(name) for name in law.facts)
    yield from (ids.term_class(fact.id, term) for term in fact.terms)
    yield ids.jurisdiction_class("eu")


def test_reading_in_owl_answers(site: TestClient, law: Knowledge) -> None:
    """Classes and properties that a reasoner sees have IRIs that answer: their axioms, and a page in words."""
    for iri in reading_iris(law):
        answer = site.get(path(iri), headers={"accept": "text/turtle"})
        assert answer.status_code == 200, iri
        graph = rdflib.Graph().parse(data=answer.content, format="turtle")
        assert graph.value(rdflib.URIRef(iri), rdflib.RDF.type) is not None
        assert faults(site.get(path(iri) + ".html").text) == [], iri
    assert site.get("/def/norm-class/eu-gdpr/no-such").status_code == 404


def test_types_of_problems_answer(site: TestClient) -> None:
    """The ``type`` of a problem document is an IRI that answers too."""
    problem = site.get("/id/none").json()["type"]
    for iri in (problem, *(f"{ids.BASE}problem/{kind}" for _, kind, _, _ in TYPES)):
        assert site.get(path(iri)).status_code == 200
    assert site.get("/problem/no-such").status_code == 404
