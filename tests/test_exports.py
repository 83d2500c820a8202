"""What is exported is what the graph says, in every format, and other libraries read it; same knowledge, same bytes."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic, to_isomorphic

from kg_service import ids
from kg_service.exports.formats import FORMS, PREFIXES, written
from kg_service.exports.graph import CONTENTS, exported

PARSERS = {"turtle": "turtle", "jsonld": "json-ld", "rdfxml": "xml", "ntriples": "nt", "trig": "trig", "nquads": "nquads"}
LAW = ox.NamedNode(ids.graph("instrument/eu-dora"))
ODD = [
    ox.Quad(ox.NamedNode(ids.ID + "x/1"), ox.NamedNode(ids.DEF + "note"), ox.Literal('a "b" \\ <c>\n# d\r\té 中', language="en")),
    ox.Quad(ox.NamedNode(ids.ID + "x/1"), ox.NamedNode(ids.DEF + "fact/odd"), ox.Literal("", datatype=ox.NamedNode(ids.DEF))),
    ox.Quad(ox.NamedNode(ids.DEF), ox.NamedNode(ids.DEF + "a-"), ox.NamedNode("urn:x:-_.")),
    ox.Quad(ox.BlankNode("a"), ox.NamedNode(ids.DEF + "rank"), ox.Literal(7)),
]


def rdflib_read(document: bytes, name: str) -> rdflib.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own parsers call what rdflib has deprecated
        found = rdflib.Dataset()
        found.parse(data=document, format=PARSERS[name])
        return found


def joined(graph: rdflib.Dataset) -> rdflib.Graph:
    one = rdflib.Graph()
    for subject, predicate, value, _ in graph.quads():
        one.add((subject, predicate, value))
    return one


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("source", ["law", "odd"])
def test_every_form_says_the_same(name: str, source: str, law_graph: ox.Store) -> None:
    """Whatever the format, rdflib reads the statements that went in, odd characters and blank nodes too."""
    quads = list(law_graph.quads_for_pattern(None, None, None, LAW))[:1500] if source == "law" else ODD
    lines = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES) or b""
    assert isomorphic(joined(rdflib_read(written(quads, FORMS[name]), name)), rdflib.Graph().parse(data=lines, format="nt"))


@pytest.mark.parametrize("name", ["jsonld", "trig", "nquads"])
def test_named_graphs_are_kept(name: str, law_graph: ox.Store) -> None:
    """A format with named graphs says where each statement stands."""
    quads = set(law_graph.quads_for_pattern(None, None, None, LAW))
    assert set(ox.parse(written(quads, FORMS[name]), format=FORMS[name].rdf)) == quads


@pytest.mark.parametrize("name", FORMS)
def test_order_of_statements_does_not_show(name: str, law_graph: ox.Store) -> None:
    """Equal statements give equal bytes."""
    quads = list(law_graph.quads_for_pattern(None, None, None, LAW))
    first = written(quads, FORMS[name])
    quads.reverse()
    assert written(quads, FORMS[name]) == first


def test_json_ld_brings_its_context(law_graph: ox.Store) -> None:
    """The context is inside, so that no reader fetches anything, and holds only prefixes of ours."""
    document = json.loads(written(law_graph.quads_for_pattern(None, None, None, LAW), FORMS["jsonld"]))
    assert document["@context"].items() <= dict(PREFIXES).items()


@pytest.mark.parametrize("name", ["turtle", "trig"])
def test_no_name_needs_an_escape(name: str, law_graph: ox.Store) -> None:
    """The OWL API, on which Protégé rests, reads no escapes in prefixed names: no slash is ever written as one."""
    small, large = list(law_graph.quads_for_pattern(None, None, None, LAW)), list(law_graph)
    for quads in (small, large):
        assert b"\\/" not in written(quads, FORMS[name])


@pytest.mark.parametrize("content", CONTENTS)
def test_contents_are_whole(content: str, root: Path, tmp_path: Path, law_graph: ox.Store) -> None:
    """The graph is every statement; ontology and conditions are one ontology each, with a version IRI and without imports."""
    body = exported(root, tmp_path, content, "ntriples")
    found = {quad.triple for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES)}
    if content == "graph":
        assert found == {quad.triple for quad in law_graph}
        return
    graph = rdflib.Graph().parse(data=body, format="nt")
    heads = set(graph.subjects(rdflib.RDF.type, rdflib.OWL.Ontology))
    assert heads == {rdflib.URIRef(ids.ONTOLOGY if content == "ontology" else ids.term("applicability"))}
    assert not list(graph.objects(None, rdflib.OWL.imports))
    assert len(list(graph.objects(next(iter(heads)), rdflib.OWL.versionIRI))) == 1
    again = rdflib.Graph().parse(data=exported(root, tmp_path, content, "turtle"), format="turtle")
    assert len(again) == len(graph)
    if content == "ontology":
        assert to_isomorphic(again) == to_isomorphic(graph)
