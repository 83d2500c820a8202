"""Descriptions are the same from every store, and bounded."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from sparql_server import serving

from kg_service import ids
from kg_service.exports.description import (
    MOST_INCOMING,
    contents,
    describe,
    document,
    graph_document,
    lexicon,
    members,
    subjects,
)
from kg_service.exports.formats import FORMS
from kg_service.store.protocol import GraphStore
from kg_service.store.registry import Access, open_store

GRAPHS = [ids.graph(name) for name in ("ontology", "instrument/us-mrm-2026")]
IRIS = [
    ids.norm("us-mrm-2026/whole"),
    ids.instrument("us-mrm-2026"),
    ids.term("Norm"),
    ids.value("certainty", "verified_text"),
    ids.ONTOLOGY,
    GRAPHS[1],
    ids.norm("none/none"),
    "no IRI <>",
]


@pytest.fixture(scope="module")
def lines(law_graph: ox.Store) -> bytes:
    quads = [quad for name in GRAPHS for quad in law_graph.quads_for_pattern(None, None, None, ox.NamedNode(name))]
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


@pytest.fixture(scope="module")
def embedded(lines: bytes) -> Iterator[GraphStore]:
    store = open_store("oxigraph")
    store.load(lines)
    yield store
    store.close()


@pytest.fixture(scope="module")
def remote(lines: bytes) -> Iterator[GraphStore]:
    with serving("--union-default-graph") as address:
        store = open_store(f"{address}/query", Access(update=f"{address}/update"))
        store.load(lines)
        yield store
        store.close()


@pytest.mark.parametrize("iri", IRIS)
def test_server_describes_as_the_embedded_store_does(embedded: GraphStore, remote: GraphStore, iri: str) -> None:
    """Where the graph lies does not show in pages and documents."""
    assert describe(remote, iri) == describe(embedded, iri)
    assert document(remote, iri, FORMS["turtle"]) == document(embedded, iri, FORMS["turtle"])


def test_server_lists_as_the_embedded_store_does(embedded: GraphStore, remote: GraphStore) -> None:
    """The same holds for what a graph contains and for the words of the ontology."""
    for name in GRAPHS:
        assert contents(remote, name) == contents(embedded, name) != ()
        assert members(remote, name) == members(embedded, name) != {}
        assert graph_document(remote, name, FORMS["nquads"]) == graph_document(embedded, name, FORMS["nquads"])
    assert lexicon(remote) == lexicon(embedded)
    assert subjects(remote) == subjects(embedded)


def test_nothing_is_said_of_what_is_not_there(embedded: GraphStore) -> None:
    """An IRI that the graph does not describe has no description, no document and no graph."""
    for iri in (ids.norm("none/none"), "no IRI <>", ids.graph("none")):
        assert (describe(embedded, iri), document(embedded, iri, FORMS["nquads"])) == (None, None)
        assert graph_document(embedded, iri, FORMS["nquads"]) is None


def test_very_many_links_are_cut_and_that_is_told() -> None:
    """A thing that very many point to has a description of bounded size, which says that it is not whole."""
    store = open_store("oxigraph")
    target, link = f"<{ids.ID}x>", f"<{ids.DEF}onNorm>"
    rows = [f"<{ids.ID}v/{n}> {link} {target} <{ids.GRAPH}g> ." for n in range(MOST_INCOMING + 50)]
    store.load("\n".join([*rows, f'{target} <{ids.DEF}note> "x" <{ids.GRAPH}g> .']).encode())
    found = describe(store, ids.ID + "x")
    assert found is not None
    assert found.cut
    assert len((document(store, ids.ID + "x", FORMS["ntriples"]) or b"").splitlines()) == MOST_INCOMING + 1
