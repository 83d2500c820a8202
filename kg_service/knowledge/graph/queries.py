"""The library of saved queries as triples: each an ``sh:SPARQLSelectExecutable`` whose text runs as it stands (SHACL, 5.2).

The text carries the examples of its parameters as values, which the parameters beside it describe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.knowledge.graph.terms import (
    DCTERMS,
    EXAMPLE,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    XSD,
    Triple,
    each,
    node,
    sx,
    text,
)
from kg_service.knowledge.queries import KINDS, Parameter, SavedQuery, example_term
from kg_service.store.substitution import substituted

SH: Final = "http://www.w3.org/ns/shacl#"
_KEYWORD: Final = "http://www.w3.org/ns/dcat#keyword"
PREFIXES: Final[Mapping[str, str]] = {
    "sx": ids.DEF,
    "id": ids.ID,
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": DCTERMS,
    "xsd": XSD,
}


def query_triples(library: Mapping[str, SavedQuery]) -> Iterator[Triple]:
    """Every query with its parameters, and the prefixes that all of them use."""
    if not library:
        return
    prefixes = node(ids.ONTOLOGY)
    for prefix, namespace in PREFIXES.items():
        declaration = node(ids.value("query-prefix", prefix))
        yield prefixes, _sh("declare"), declaration
        yield declaration, RDF_TYPE, _sh("PrefixDeclaration")
        yield declaration, _sh("prefix"), Literal(prefix)
        yield declaration, _sh("namespace"), Literal(namespace, datatype=node(XSD + "anyURI"))
    for name, query in sorted(library.items()):
        yield from _query(node(ids.query(name)), query, prefixes)


def _query(subject: NamedNode, query: SavedQuery, prefixes: NamedNode) -> Iterator[Triple]:
    yield subject, RDF_TYPE, _sh("SPARQLExecutable")
    yield subject, RDF_TYPE, _sh("SPARQLSelectExecutable")
    yield subject, IDENTIFIER, Literal(query.name)
    yield subject, PREF_LABEL, text(query.summary)
    yield subject, node(DCTERMS + "description"), text(query.description)
    yield from each(subject, node(_KEYWORD), map(Literal, query.tags))
    yield subject, _sh("prefixes"), prefixes
    values = {name: example_term(parameter) for name, parameter in query.parameters.items()}
    yield subject, _sh("select"), Literal(substituted(query.text, values))
    for parameter in query.parameters.values():
        one = node(ids.query_parameter(query.name, parameter.name))
        yield subject, _sh("parameter"), one
        yield from _parameter(one, parameter)


def _parameter(subject: NamedNode, parameter: Parameter) -> Iterator[Triple]:
    yield subject, RDF_TYPE, _sh("Parameter")
    yield subject, _sh("name"), Literal(parameter.name)
    yield subject, _sh("description"), text(parameter.description)
    if parameter.type in KINDS:
        yield subject, _sh("class"), sx(KINDS[parameter.type])
    else:
        yield subject, _sh("datatype"), node(XSD + parameter.type)
    if parameter.default is not None:
        yield subject, _sh("defaultValue"), Literal(parameter.default)
    yield subject, EXAMPLE, Literal(parameter.example)


def _sh(name: str) -> NamedNode:
    return node(SH + name)
