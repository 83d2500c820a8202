"""The SPARQL 1.1 Protocol and Service Description as the W3C's own manifests test them, over the application's HTTP interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from conftest import SHARED
from fastapi.testclient import TestClient

from kg_service.app import create_app
from kg_service.settings import Settings
from kg_service.sparql import negotiate
from kg_service.sparql.refusal import Refusal
from kg_service.sparql.request import Describe, Parts, Query, parse

SUITE = SHARED / "data" / "suites" / "w3c-sparql11" / "protocol"
DATA = "http://kasei.us/2009/09/sparql/data/"
ABSENT = pytest.mark.skip("the W3C suite in ../shared/data/suites is absent")
BY_POLICY = "updates are refused: this endpoint only reads"
HT, MF, CNT = (
    "http://www.w3.org/2011/http#",
    "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#",
    "http://www.w3.org/2011/content#",
)


@dataclass(frozen=True)
class Exchange:
    """One request of a case, and what must come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: tuple[str, ...]
    boolean: str | None
    format: str | None


def exchanges() -> Iterator[tuple[str, list[Exchange]]]:
    """The cases of the manifest by name, each with its requests in order."""
    graph = rdflib.Graph().parse(SUITE / "manifest.ttl", publicID="http://suite.example/")
    for case in graph.subjects(rdflib.RDF.type, rdflib.URIRef(MF + "ProtocolTest")):
        action = graph.value(case, rdflib.URIRef(MF + "action"))
        requests = graph.value(action, rdflib.URIRef(HT + "requests"))
        yield str(case).rpartition("#")[2], [exchange(graph, one) for one in graph.items(requests)]


def exchange(graph: rdflib.Graph, request: Any) -> Exchange:
    def text(subject: Any, base: str, name: str) -> str | None:
        found = graph.value(subject, rdflib.URIRef(base + name))
        return None if found is None else str(found)

    headers = {
        text(one, HT, "fieldName"): text(one, HT, "fieldValue")
        for one in graph.items(graph.value(request, rdflib.URIRef(HT + "headers")))
    }
    content = graph.value(request, rdflib.URIRef(HT + "body"))
    response = graph.value(request, rdflib.URIRef(HT + "resp"))
    body = (
        None
        if content is None
        else (text(content, CNT, "chars") or "").encode(text(content, CNT, "characterEncoding") or "utf-8")
    )
    return Exchange(
        text(request, HT, "methodName") or "",
        text(request, HT, "absolutePath") or "",
        {name: value for name, value in headers.items() if name and value},
        body,
        tuple(str(one)[-3:] for one in graph.objects(response, rdflib.URIRef(MF + "expectedStatus"))),
        text(response, MF, "expectedBoolean"),
        text(response, MF, "expectedFormat"),
    )


def parameters() -> list[object]:
    if not SUITE.is_dir():
        return [pytest.param([], False, marks=ABSENT, id="absent")]
    return [pytest.param(found, name.startswith("update_"), id=name) for name, found in sorted(exchanges())]


@pytest.fixture(scope="module")
def client(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("sparql")
    settings = Settings(root=root, cache=folder / "cache", data=folder / "data", query_seconds=20)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        for number in range(4):  # each document of the suite describes itself
            iri = f"{DATA}data{number}.rdf"
            triple = ox.Triple(
                ox.NamedNode(iri), ox.NamedNode(str(rdflib.RDF.type)), ox.NamedNode("http://xmlns.com/foaf/0.1/Document")
            )
            quads = [ox.Quad(*triple, ox.NamedNode(iri))]
            client.app.state.sparql.replace_graph(iri, ox.serialize(quads, format=ox.RdfFormat.N_QUADS))  # type: ignore[attr-defined]
        yield client


@pytest.mark.parametrize(("requests", "update"), parameters())
def test_case_of_the_protocol_suite(client: TestClient, requests: list[Exchange], update: bool) -> None:
    """The answer is the one of the manifest; where an update should succeed, it is refused by policy and says so."""
    for one in requests:
        answer = client.request(one.method, one.path, headers=one.headers, content=one.body)
        if (
            update
            and one.headers.get("content-type", "").partition(";")[0] != "application/sparql-query"
            and "query=" not in one.path
        ):
            if (one.body or b"").startswith(b"query="):
                continue  # looks for what the refused update would have done
            assert answer.status_code == 403, BY_POLICY
            assert "only reads" in answer.json()["detail"]
        elif not update:
            assert f"{answer.status_code // 100}xx" in one.statuses, answer.text
            if one.boolean is not None:
                assert answer.json()["boolean"] is (one.boolean == "true")
            if one.format is not None:
                table = answer.headers["content-type"] == "application/sparql-results+json"
                assert table is (one.format in ("boolean", "tabular"))


def test_the_protocol_suite_is_whole() -> None:
    """The manifest has 20 tests of queries and 14 of updates; none is left out."""
    if not SUITE.is_dir():
        pytest.skip("the W3C suite in ../shared/data/suites is absent")
    names = [name for name, _ in exchanges()]
    assert (len(names), sum("update" in name for name in names)) == (34, 14)


class TestServiceDescription:
    """SPARQL 1.1 Service Description, section 2: dereferencing the endpoint gives RDF that says what it is."""

    def test_returns_rdf(self, client: TestClient) -> None:
        """GET on the endpoint returns RDF, in each format that is offered, with the same statements."""
        sizes = set()
        for accept in ("text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"):
            answer = client.get("/sparql", headers={"Accept": accept})
            assert answer.headers["content-type"].startswith(accept)
            sizes.add(sum(1 for _ in ox.parse(answer.content, format=ox.RdfFormat.from_media_type(accept))))
        assert len(sizes) == 1

    def test_has_endpoint_triple(self, client: TestClient) -> None:
        """The description names the address it was fetched from as sd:endpoint of an sd:Service."""
        sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
        graph = rdflib.Graph().parse(data=client.get("/sparql").content, format="turtle")
        services = list(graph.subjects(sd.endpoint, rdflib.URIRef("http://testserver/sparql")))
        assert len(services) == 1
        assert (services[0], rdflib.RDF.type, sd.Service) in graph

    def test_conforms_to_schema(self, client: TestClient) -> None:
        """Every property of the vocabulary stands between things of the classes that its schema names (section 3)."""
        sd = "http://www.w3.org/ns/sparql-service-description#"
        schema = {
            "endpoint": ("Service", None), "feature": ("Service", None), "defaultDataset": ("Service", "Dataset"),
            "resultFormat": ("Service", None), "supportedLanguage": ("Service", None), "defaultGraph": ("Dataset", "Graph"),
            "namedGraph": ("Dataset", "NamedGraph"), "name": ("NamedGraph", None), "graph": ("NamedGraph", "Graph"),
        }  # fmt: skip
        graph = rdflib.Graph().parse(data=client.get("/sparql").content, format="turtle")
        used = {str(p).removeprefix(sd) for p in graph.predicates() if str(p).startswith(sd)}
        assert used == set(schema)
        for name, (domain, range_) in schema.items():
            for subject, value in graph.subject_objects(rdflib.URIRef(sd + name)):
                assert (subject, rdflib.RDF.type, rdflib.URIRef(sd + domain)) in graph
                assert range_ is None or (value, rdflib.RDF.type, rdflib.URIRef(sd + range_)) in graph


QUERIES = {
    "SELECT": "SELECT * { ?s ?p ?o } LIMIT 5",
    "ASK": "ASK { ?s ?p ?o }",
    "CONSTRUCT": "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 5",
    "DESCRIBE": "DESCRIBE ?s { ?s a ?t } LIMIT 1",
}
FORMATS = [(QUERIES[form], one) for form, offered in negotiate.BY_FORM.items() for one in offered]


@pytest.mark.parametrize(
    ("query", "wanted"), FORMATS, ids=lambda one: one.name if isinstance(one, negotiate.Format) else one.split()[0]
)
def test_every_form_of_query_answers_in_every_format(client: TestClient, query: str, wanted: negotiate.Format) -> None:
    """By Accept and by ?format= alike, with the media type of the standard and a body that is not empty."""
    by_header = client.get("/sparql", params={"query": query}, headers={"Accept": wanted.media_type})
    by_name = client.get("/sparql", params={"query": query, "format": wanted.name}, headers={"Accept": "image/png"})
    for answer in (by_header, by_name):
        assert (answer.status_code, answer.headers["content-type"]) == (200, wanted.content_type)
        assert answer.content


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, negotiate.JSON),
        ("", negotiate.JSON),
        ("*/*", negotiate.JSON),
        ("text/*", negotiate.CSV),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", negotiate.XML),
        ("application/sparql-results+json;q=0, */*;q=0.1", negotiate.XML),
        ("application/json", negotiate.JSON),
        ("text/tab-separated-values;q=1.000, text/csv;q=0.999", negotiate.TSV),
        ("text/csv; header=present; q=0.8, */*;q=0.1", negotiate.CSV),
        ("nonsense, text/csv", negotiate.CSV),
        ("text/csv;q=5, text/tab-separated-values", negotiate.TSV),
        ("image/png", None),
        ("text/csv;q=0", None),
    ],
)
def test_accept_is_weighed_as_the_standard_says(accept: str | None, expected: negotiate.Format | None) -> None:
    """RFC 9110, 12.5.1: the most specific range gives a format its weight, the highest weight wins, zero excludes."""
    found = negotiate.choose(negotiate.TABLES, accept)
    assert found is expected if expected else isinstance(found, Refusal)


def test_what_cannot_be_written_is_refused_with_the_list(client: TestClient) -> None:
    """406 names the formats that there are for the form of the query."""
    answer = client.get("/sparql", params={"query": "ASK {}"}, headers={"Accept": "text/turtle"})
    assert answer.status_code == 406
    assert [one["format"] for one in answer.json()["available"]] == ["json", "xml", "csv", "tsv"]
    assert client.get("/sparql", params={"query": "ASK {}", "format": "xlsx"}).status_code == 406


@pytest.mark.parametrize(
    ("query", "line", "column", "told"),
    [
        ("SELECT ?s\nWHERE { ?s ?p ?o FILTR(?s) }", 2, 18, "FILTR"),
        ("SELECT ?s { ?s ?p ?o }\nLIMT 5", 2, 1, "LIMT"),
        ("SELECT ?s {\n ?s foo:x ?o }", 2, 5, "PREFIX"),
        ("ASK { ?s ?p ?o FILTER(?s = ) }", 1, 28, "expected"),
        ("SELECT ?s WHERE { ?s ?p ?o ", 1, 27, "its end"),
        ('ASK { ?s ?p "open }', 1, 13, "never closed"),
        ("SELEC ?s {}", 1, 1, "SELECT"),
        ("ASK { ?s ?p ?o }\nASK {}", 2, 1, "ASK"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } ORDER ?s", 1, 49, "BY"),
    ],
)
def test_errors_name_line_and_column(client: TestClient, query: str, line: int, column: int, told: str) -> None:
    """A query that cannot be read is a problem document with the place, both counted from one, as an editor counts."""
    answer = client.post("/sparql", data={"query": query})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    problem = answer.json()
    assert (problem["line"], problem["column"]) == (line, column), problem
    assert told in problem["detail"]


def test_columns_come_in_the_order_of_the_query(client: TestClient) -> None:
    """SELECT * gives the variables as they first appear, which spreadsheets show from left to right."""
    query = "SELECT * { ?zebra a ?mule . ?zebra ?ant ?lion } LIMIT 1"
    answer = client.get("/sparql", params={"query": query, "format": "csv"})
    assert answer.text.splitlines()[0] == "zebra,mule,ant,lion"


def test_unknown_graphs_are_told_and_not_fetched(client: TestClient) -> None:
    """A FROM or default-graph-uri that is not here is an error, for an empty answer would be a wrong one."""
    for sent in ({"query": "ASK FROM <http://example.org/g> {}"}, {"query": "ASK {}", "default-graph-uri": "file:///etc/passwd"}):
        answer = client.get("/sparql", params=sent)
        assert answer.status_code == 400
        assert "There is no graph" in answer.json()["detail"]


def test_etag_spares_the_second_run(client: TestClient) -> None:
    """The same GET gives 304 with the ETag it gave before, another format another ETag, and none where each run differs."""
    ask = {"query": "ASK { ?s ?p ?o }"}
    first = client.get("/sparql", params=ask)
    assert client.get("/sparql", params=ask, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get("/sparql", params=ask, headers={"Accept": "text/csv"}).headers["etag"] != first.headers["etag"]
    assert "etag" not in client.get("/sparql", params={"query": "SELECT (NOW() AS ?now) {}"}).headers


def test_a_stored_graph_is_seen_at_once_and_gone_at_once(client: TestClient) -> None:
    """What a graph is replaced by is what the next query sees, and its ETag is another one."""
    iri = "https://w3id.org/sextant/graph/deployment/test"
    ask = {"query": f"ASK {{ GRAPH <{iri}> {{ <x:s> <x:p> <x:o> }} }}"}
    endpoint = client.app.state.sparql  # type: ignore[attr-defined]
    tags = []
    for stored, expected in ((b"", False), (f"<x:s> <x:p> <x:o> <{iri}> .\n".encode(), True), (b"", False)):
        endpoint.replace_graph(iri, stored) if stored else endpoint.drop_graph(iri)
        answer = client.get("/sparql", params=ask)
        assert answer.json()["boolean"] is expected
        tags.append(answer.headers["etag"])
    assert tags[0] != tags[1]


def test_head_has_the_headers_of_get_and_no_body(client: TestClient) -> None:
    """RFC 9110, 9.3.2."""
    ask = {"query": "SELECT * { ?s ?p ?o } LIMIT 3"}
    head, get = client.head("/sparql", params=ask), client.get("/sparql", params=ask)
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("content-type", "content-length", "etag")} == {
        name: get.headers[name] for name in ("content-type", "content-length", "etag")
    }


def test_pages_of_other_origins_may_read(client: TestClient) -> None:
    """A preflight is granted to pages of this machine, and every answer, errors too, may be read; never with credentials."""
    asking = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = client.options("/sparql", headers=asking)
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
    for query in ("ASK {}", "ASK {"):
        answer = client.post("/sparql", data={"query": query}, headers={"Origin": "http://localhost:3000"})
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "http://localhost.elsewhere.example", "null", "http://[", "file://"]
)
def test_pages_from_elsewhere_may_not_read(client: TestClient, origin: str) -> None:
    """What users store is in the graph: no page of the web that a user happens to have open may read it."""
    answer = client.post("/sparql", data={"query": "ASK {}"}, headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()


def test_the_data_set_is_described_at_its_place(client: TestClient, law_graph: ox.Store) -> None:
    """/.well-known/void says how large each graph is, and where it can be queried; the sizes are those of the graph."""
    graph = rdflib.Graph().parse(data=client.get("/.well-known/void").content, format="turtle")
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    assert list(graph.objects(None, void.sparqlEndpoint)) == [rdflib.URIRef("http://testserver/sparql")]
    for subset in graph.objects(None, void.subset):
        found = sum(1 for _ in law_graph.quads_for_pattern(None, None, None, ox.NamedNode(str(subset))))
        assert int(str(graph.value(subset, void.triples))) == found


def test_browsers_get_a_form(client: TestClient) -> None:
    """The endpoint opened in a browser is a page with a form that works without scripts."""
    answer = client.get("/sparql", headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
    assert answer.headers["content-type"].startswith("text/html")
    assert '<form action="/sparql" method="get"' in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (Parts("GET", b"query=ASK%20%7B%7D+%2B%C3%A9"), Query("ASK {} +é")),
        (
            Parts("GET", b"query=ASK&default-graph-uri=a:b&default-graph-uri=c:d&named-graph-uri=e:f"),
            Query("ASK", ("a:b", "c:d"), ("e:f",)),
        ),
        (Parts("POST", b"default-graph-uri=a:b", "application/sparql-query", b"ASK {}"), Query("ASK {}", ("a:b",))),
        (Parts("POST", b"", "application/x-www-form-urlencoded", b"query=a%2520b"), Query("a%20b")),
        (Parts("GET", b""), Describe()),
        (Parts("GET", b"format=turtle"), Describe("turtle")),
        (Parts("GET", b"query=%FF"), 400),
        (Parts("POST", b"", "application/sparql-query", b"\xff"), 400),
        (Parts("POST", b"query=ASK", "application/sparql-query", b"ASK {}"), 400),
        (Parts("POST", b"", "multipart/form-data; boundary=x", b"query=ASK"), 415),
        (Parts("POST", b"", None, b"query=ASK"), 415),
        (Parts("DELETE", b"query=ASK"), 405),
        (Parts("GET", b"default-graph-uri=a:b"), 400),
        (Parts("GET", b"update=CLEAR+ALL"), 403),
        (Parts("GET", b"a=b&" * 5000), 400),
    ],
)
def test_requests_are_read_as_the_protocol_says(parts: Parts, expected: object) -> None:
    """SPARQL 1.1 Protocol, 2.1: each parameter is decoded once; what breaks a rule has the status for it."""
    found = parse(parts)
    assert (found.status if isinstance(found, Refusal) else found) == expected
