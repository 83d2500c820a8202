"""Quads as an rdflib dataset: for exports, SHACL and whoever writes against rdflib."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pyoxigraph as ox
import rdflib
from rdflib.term import IdentifiedNode

from kg_service.errors import StoreError


def to_rdflib(quads: Iterable[ox.Quad]) -> rdflib.Dataset:
    """A dataset in rdflib's own memory that holds ``quads``; a change to it changes no store."""
    dataset = rdflib.Dataset()
    graphs: dict[ox.NamedNode | ox.BlankNode | ox.DefaultGraph, rdflib.Graph] = {}

    @cache
    def node(term: ox.NamedNode | ox.BlankNode) -> IdentifiedNode:
        return rdflib.URIRef(term.value) if isinstance(term, ox.NamedNode) else rdflib.BNode(term.value)

    @cache
    def value(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> rdflib.term.Node:
        if isinstance(term, ox.Literal):
            if term.language:
                return rdflib.Literal(term.value, lang=term.language)
            datatype = None if term.datatype.value == str(rdflib.XSD.string) else rdflib.URIRef(term.datatype.value)
            return rdflib.Literal(term.value, datatype=datatype, normalize=False)
        if isinstance(term, ox.Triple):
            raise StoreError("rdflib holds no statements about statements (RDF 1.2 triple terms).")
        return node(term)

    for quad in quads:
        graph = graphs.get(quad.graph_name)
        if graph is None:
            name = quad.graph_name
            graph = graphs[name] = dataset.default_graph if isinstance(name, ox.DefaultGraph) else dataset.graph(node(name))
        graph.add((value(quad.subject), node(quad.predicate), value(quad.object)))
    return dataset
