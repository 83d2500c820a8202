"""A loaded text as a named graph, in the vocabulary of ``ontology/texts.ttl``: units, and what they are wording of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.imports.model import Document, Unit, UnitPath
from kg_service.knowledge.graph.deployment import NamedGraph
from kg_service.knowledge.graph.terms import PREF_LABEL, RDF_TYPE, TITLE, Triple, day, integer, node, sx
from kg_service.texts.naming import name_of
from kg_service.texts.record import LoadedText

_LANGUAGES: Final = "abcdefghijklmnopqrstuvwxyz-"


def text_graph(record: LoadedText, document: Document, cited: Mapping[UnitPath, tuple[str, ...]]) -> NamedGraph:
    """The named graph of a loaded text. ``cited`` are the pinpoints of our provisions by the units that hold their words."""
    name = node(record.graph)
    triples = dict.fromkeys(text_triples(record, document, cited))
    nquads = ox.serialize((ox.Quad(*triple, name) for triple in triples), format=ox.RdfFormat.N_QUADS) or b""
    return NamedGraph(record.graph, tuple(ox.Triple(*triple) for triple in triples), nquads)


def text_triples(record: LoadedText, document: Document, cited: Mapping[UnitPath, tuple[str, ...]]) -> Iterator[Triple]:
    """The statements of that graph."""
    whole = node(record.iri)
    yield whole, RDF_TYPE, sx("LoadedText")
    yield whole, PREF_LABEL, ox.Literal(f"{record.name}, text {record.version}", language="en")
    yield whole, TITLE, _words(record.title or record.name, record.language)
    yield whole, sx("textVersion"), ox.Literal(record.version)
    yield whole, sx("fileHash"), ox.Literal(record.sha256)
    yield whole, sx("fileName"), ox.Literal(record.file)
    if record.instrument is not None:
        yield whole, sx("textOf"), node(ids.instrument(record.instrument))
    for name, value in (("validFrom", record.valid_from), ("validUntil", record.valid_until)):
        if value is not None:
            yield whole, sx(name), day(value)
    for place, unit in enumerate(document.units, 1):
        yield from _unit(record, document, unit, place)
        for pinpoint in cited.get(unit.path, ()):
            provision = node(ids.provision(record.instrument or "", pinpoint))
            yield node(document.iri(unit.path)), sx("wordingOf"), provision


def _unit(record: LoadedText, document: Document, unit: Unit, place: int) -> Iterator[Triple]:
    subject = node(document.iri(unit.path))
    yield subject, RDF_TYPE, sx("TextUnit")
    label = f"{record.name}, text {record.version}, {name_of(document, unit.path)}"
    yield subject, PREF_LABEL, ox.Literal(label, language="en")
    yield subject, sx("unitKind"), ox.Literal(unit.kind.value)
    yield subject, sx("unitOrder"), integer(place)
    above = record.iri if unit.parent is None else document.iri(unit.parent)
    yield subject, sx("partOf"), node(above)
    if unit.number is not None:
        yield subject, sx("unitNumber"), ox.Literal(unit.number)
    if unit.heading:
        yield subject, TITLE, _words(unit.heading, record.language)
    if unit.text:
        yield subject, sx("words"), _words(unit.text, record.language)


def _words(text: str, language: str) -> ox.Literal:
    tag = language.lower()
    known = tag and set(tag) <= set(_LANGUAGES) and tag[0] != "-" and tag[-1] != "-" and "--" not in tag and len(tag) <= 8
    return ox.Literal(text, language=tag) if known else ox.Literal(text)
