"""The formats in which the service and ``sextant export`` write statements: same statements, same bytes.

Turtle and JSON-LD are written for readers (prefixes, one block for each subject); no document refers to a remote context.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.knowledge.turtle import formatted
from kg_service.sparql import negotiate
from kg_service.sparql.negotiate import Format

PREFIXES: Final[Mapping[str, str]] = {
    "def": ids.DEF,
    "id": ids.ID,
    "graph": ids.GRAPH,
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LOCAL: Final = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)?")
_READABLE: Final = 20_000  # statements; beyond that nobody reads, and writing them nicely takes seconds


@dataclass(frozen=True, slots=True)
class Form:
    """A format in which statements are written; ``format`` is how it is asked for over HTTP."""

    name: str
    title: str
    format: Format
    rdf: ox.RdfFormat

    @property
    def suffix(self) -> str:
        return self.format.suffix

    @property
    def media_type(self) -> str:
        return self.format.media_type

    @property
    def graphs(self) -> bool:
        """Whether it can say in which named graph a statement stands."""
        return self.rdf.supports_datasets


FORMS: Final[Mapping[str, Form]] = {
    form.name: form
    for form in (
        Form("turtle", "Turtle", negotiate.TURTLE, ox.RdfFormat.TURTLE),
        Form("jsonld", "JSON-LD", negotiate.JSON_LD, ox.RdfFormat.JSON_LD),
        Form("rdfxml", "RDF/XML", negotiate.RDF_XML, ox.RdfFormat.RDF_XML),
        Form("ntriples", "N-Triples", negotiate.N_TRIPLES, ox.RdfFormat.N_TRIPLES),
        Form("trig", "TriG", negotiate.TRIG, ox.RdfFormat.TRIG),
        Form("nquads", "N-Quads", negotiate.N_QUADS, ox.RdfFormat.N_QUADS),
    )
}


def written(quads: Iterable[ox.Quad], form: Form) -> bytes:
    """The statements as a document; a format without named graphs joins them, each statement once."""
    if form.graphs:
        listed = sorted(set(quads), key=lambda quad: (str(quad.graph_name), str(quad)))
        if form.rdf == ox.RdfFormat.JSON_LD:
            return _json_ld(listed)
        return ox.serialize(listed, format=form.rdf, prefixes=_used(listed)) or b""
    triples = sorted({quad.triple for quad in quads}, key=str)
    if form.rdf == ox.RdfFormat.TURTLE and len(triples) <= _READABLE:
        lines = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
        head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
        return formatted(head + lines.decode()).encode()
    document = ox.serialize(triples, format=form.rdf, prefixes=_used(triples)) or b""
    # XML readers turn a bare carriage return into a line feed; the serialiser leaves it bare.
    return document.replace(b"\r", b"&#13;") if form.rdf == ox.RdfFormat.RDF_XML else document


def parsed(document: bytes, form: Form) -> list[ox.Quad]:
    """The statements of one of our own documents."""
    return list(ox.parse(document, format=form.rdf))


def _used(statements: Iterable[ox.Quad | ox.Triple]) -> dict[str, str]:
    """The prefixes that shorten something and need no escape anywhere: the OWL API cannot read ``def:norm\\/x``."""
    found: set[str] = set()
    for one in statements:
        found |= {node.value for node in (one.subject, one.predicate, one.object) if isinstance(node, ox.NamedNode)}
        if isinstance(one.object, ox.Literal):
            found.add(one.object.datatype.value)
    ends = {name: [iri[len(base) :] for iri in found if iri.startswith(base)] for name, base in PREFIXES.items()}
    return {name: PREFIXES[name] for name, ends_of in ends.items() if ends_of and all(map(_LOCAL.fullmatch, ends_of))}


def _json_ld(quads: list[ox.Quad]) -> bytes:
    """JSON-LD with short names for properties and types, and the context that explains them inside."""
    expanded = json.loads(ox.serialize(quads, format=ox.RdfFormat.JSON_LD) or b"[]")
    names: set[str] = set()
    body = [_compact(node, names) for node in expanded]
    context = {name: PREFIXES[name] for name in sorted(names)}
    document = {"@context": context, "@graph": body}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _compact(value: Any, names: set[str]) -> Any:
    match value:
        case {"@value": words, **rest} if not rest:
            return words
        case dict():
            return {_short(key, names): _inner(key, inner, names) for key, inner in value.items()}
        case [only]:
            return _compact(only, names)
        case list():
            return [_compact(one, names) for one in value]
        case _:
            return value


def _inner(key: str, value: Any, names: set[str]) -> Any:
    if key == "@graph":
        return [_compact(one, names) for one in value]
    if key == "@type":
        return [_short(one, names) for one in value] if isinstance(value, list) else _short(value, names)
    return value if key in ("@id", "@value", "@language") else _compact(value, names)


def _short(iri: str, names: set[str]) -> str:
    for name, base in PREFIXES.items():
        if iri.startswith(base) and iri != base:
            names.add(name)
            return f"{name}:{iri[len(base) :]}"
    return iri
