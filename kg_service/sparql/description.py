"""What the endpoint and its data are, as RDF: SPARQL 1.1 Service Description, VoID and DCAT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.sparql import negotiate
from kg_service.sparql.negotiate import Format
from kg_service.store.protocol import GraphStore

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_VOID: Final = "http://rdfs.org/ns/void#"
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_INTEGER: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")
_PREFIXES: Final = {"sd": SD, "void": _VOID, "dcat": _DCAT, "dcterms": _DCTERMS, "sx": ids.DEF, "formats": _FORMATS}
_METADATA: Final = ids.graph("metadata")
_SIZES: Final = f"""
SELECT ?graph ?size {{ GRAPH <{_METADATA}> {{ <{ids.DATASET}> <{_VOID}subset> ?graph . ?graph <{_VOID}triples> ?size }} }}"""
_ABOUT: Final = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{_METADATA}> {{ ?s ?p ?o }} }}"
_WRITERS: Final = {
    negotiate.TURTLE: ox.RdfFormat.TURTLE,
    negotiate.JSON_LD: ox.RdfFormat.JSON_LD,
    negotiate.RDF_XML: ox.RdfFormat.RDF_XML,
    negotiate.N_TRIPLES: ox.RdfFormat.N_TRIPLES,
}
OFFERED: Final = tuple(_WRITERS)


def service_description(store: GraphStore, endpoint: str, seconds: float) -> list[ox.Triple]:
    """What the endpoint at ``endpoint`` speaks and which graphs it answers from (Service Description, section 3)."""
    service, dataset, default = ox.NamedNode(endpoint), ox.BlankNode("dataset"), ox.BlankNode("default")
    rows = [(graph, size) for graph, size in store.select(_SIZES, seconds=seconds).rows if isinstance(graph, ox.NamedNode)]
    total = sum(int(size.value) for _, size in rows if isinstance(size, ox.Literal))
    found = [
        ox.Triple(service, _TYPE, _sd("Service")),
        ox.Triple(service, _sd("endpoint"), service),
        ox.Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query")),
        ox.Triple(service, _sd("feature"), _sd("UnionDefaultGraph")),
        ox.Triple(service, _sd("defaultDataset"), dataset),
        ox.Triple(dataset, _TYPE, _sd("Dataset")),
        ox.Triple(dataset, _sd("defaultGraph"), default),
        ox.Triple(default, _TYPE, _sd("Graph")),
        ox.Triple(default, ox.NamedNode(_VOID + "triples"), ox.Literal(str(total), datatype=_INTEGER)),
    ]
    names = [one.iri for one in (*negotiate.TABLES, *negotiate.GRAPHS) if one.iri is not None]
    found += [ox.Triple(service, _sd("resultFormat"), ox.NamedNode(_FORMATS + name)) for name in names]
    for number, (name, size) in enumerate(sorted(rows, key=lambda row: row[0].value)):
        named, graph = ox.BlankNode(f"n{number}"), ox.BlankNode(f"g{number}")
        found += [
            ox.Triple(dataset, _sd("namedGraph"), named),
            ox.Triple(named, _TYPE, _sd("NamedGraph")),
            ox.Triple(named, _sd("name"), name),
            ox.Triple(named, _sd("graph"), graph),
            ox.Triple(graph, _TYPE, _sd("Graph")),
        ]
        if isinstance(size, ox.Literal):
            found.append(ox.Triple(graph, ox.NamedNode(_VOID + "triples"), size))
    return found


def dataset_description(store: GraphStore, base: str, seconds: float) -> list[ox.Triple]:
    """What the data set is, and where it is asked and fetched on the service at ``base``."""
    dataset, service = ox.NamedNode(ids.DATASET), ox.NamedNode(f"{base}/sparql")
    return [*store.construct(_ABOUT, seconds=seconds), *_access(dataset, service, base)]


def _access(dataset: ox.NamedNode, service: ox.NamedNode, base: str) -> Iterator[ox.Triple]:
    yield ox.Triple(dataset, ox.NamedNode(_VOID + "sparqlEndpoint"), service)
    yield ox.Triple(service, _TYPE, ox.NamedNode(_DCAT + "DataService"))
    yield ox.Triple(service, ox.NamedNode(_DCAT + "endpointURL"), service)
    yield ox.Triple(service, ox.NamedNode(_DCAT + "endpointDescription"), service)
    yield ox.Triple(service, ox.NamedNode(_DCAT + "servesDataset"), dataset)
    yield ox.Triple(service, ox.NamedNode(_DCTERMS + "conformsTo"), ox.NamedNode("http://www.w3.org/TR/sparql11-protocol/"))


def written(triples: Iterable[ox.Triple], wanted: Format) -> bytes:
    """The triples in that format, in one order always."""
    ordered = sorted(set(triples), key=str)
    return ox.serialize(ordered, format=_WRITERS[wanted], prefixes=_PREFIXES) or b""


def _sd(name: str) -> ox.NamedNode:
    return ox.NamedNode(SD + name)
