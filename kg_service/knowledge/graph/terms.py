"""Names of the vocabulary in ``ontology/`` and of the few terms borrowed from elsewhere, as nodes; and literals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.applicability import condition
from kg_service.errors import KnowledgeError, Problem

Triple: TypeAlias = tuple[NamedNode, NamedNode, NamedNode | Literal]

RDF_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
DCTERMS: Final = "http://purl.org/dc/terms/"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

XSD_DATE: Final = NamedNode(XSD + "date")
XSD_INTEGER: Final = NamedNode(XSD + "integer")
XSD_DOUBLE: Final = NamedNode(XSD + "double")

PREF_LABEL: Final = NamedNode(SKOS + "prefLabel")
ALT_LABEL: Final = NamedNode(SKOS + "altLabel")
DEFINITION: Final = NamedNode(SKOS + "definition")
EXAMPLE: Final = NamedNode(SKOS + "example")
IDENTIFIER: Final = NamedNode(DCTERMS + "identifier")
TITLE: Final = NamedNode(DCTERMS + "title")
SOURCE: Final = NamedNode(DCTERMS + "source")
RIGHTS: Final = NamedNode(DCTERMS + "rights")
IS_REPLACED_BY: Final = NamedNode(DCTERMS + "isReplacedBy")


@lru_cache(maxsize=1 << 16)
def node(iri: str) -> NamedNode:
    """``iri`` as a node; an address that no IRI can be is a problem of the knowledge, named by itself."""
    if iri.startswith(ids.ID) and iri.endswith("/"):
        raise KnowledgeError([Problem(iri, "no-name", "A name without any Latin letter or digit gives no IRI of its own.")])
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise KnowledgeError([Problem(iri, "bad-iri", f"This is not an IRI: {error}")]) from error


def sx(name: str) -> NamedNode:
    """The class or property ``name`` of the ontology."""
    return node(ids.term(name))


def text(words: str, language: str = "en") -> Literal:
    return Literal(words, language=language)


def day(value: date) -> Literal:
    return Literal(value.isoformat(), datatype=XSD_DATE)


def integer(value: int) -> Literal:
    return Literal(str(value), datatype=XSD_INTEGER)


def double(value: float) -> Literal:
    return Literal(repr(float(value)), datatype=XSD_DOUBLE)


def canonical(part: condition.Condition) -> Literal:
    """``part`` as JSON with sorted keys and no spaces: equal conditions give equal strings."""
    return Literal(json.dumps(condition.plain(part), ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def texts(subject: NamedNode, words: Mapping[NamedNode, str | None]) -> Iterator[Triple]:
    """One English literal for every property whose words are there."""
    for predicate, value in words.items():
        if value is not None:
            yield subject, predicate, text(value)


def each(subject: NamedNode, predicate: NamedNode, values: Iterable[NamedNode | Literal]) -> Iterator[Triple]:
    for value in values:
        yield subject, predicate, value


def aliases(subject: NamedNode, alias_iris: Iterable[str]) -> Iterator[Triple]:
    """An old name leads to the one that replaced it."""
    for iri in alias_iris:
        yield node(iri), IS_REPLACED_BY, subject
