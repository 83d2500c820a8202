"""What the data set is: its version, its vocabulary, and the size of each named graph (VoID, DCAT)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.knowledge.graph.terms import DCTERMS, RDF_TYPE, TITLE, Triple, integer, node, sx, text
from kg_service.model import InstrumentId, Knowledge

VOID: Final = "http://rdfs.org/ns/void#"
DCAT: Final = "http://www.w3.org/ns/dcat#"

_TITLES = {
    "ontology": "The ontology",
    "reference": "Facts, terms, places, events and bearers",
    "controls": "Controls, risks and evidence",
    "frameworks": "Control frameworks",
    "queries": "Saved queries",
    "interpretations": "Interpretations that several instruments share",
    "qualifications": "Qualifications that several instruments share",
}


def metadata_triples(knowledge: Knowledge, sizes: Mapping[str, int]) -> Iterator[Triple]:
    """The description of the data set and of each of its graphs, without that of this graph itself."""
    dataset = node(ids.DATASET)
    yield dataset, RDF_TYPE, node(DCAT + "Dataset")
    yield dataset, RDF_TYPE, node(VOID + "Dataset")
    yield dataset, TITLE, text("Sextant: obligations of language models in finance")
    yield dataset, node(DCAT + "version"), Literal(knowledge.version)
    yield dataset, sx("knowledgeVersion"), Literal(knowledge.version)
    yield dataset, node(DCTERMS + "conformsTo"), node(ids.ONTOLOGY)
    yield dataset, node(VOID + "vocabulary"), node(ids.DEF)
    yield dataset, node(VOID + "uriSpace"), Literal(ids.ID)
    yield dataset, node(VOID + "triples"), integer(sum(sizes.values()))
    for name, size in sizes.items():
        graph: NamedNode = node(ids.graph(name))
        yield dataset, node(VOID + "subset"), graph
        yield graph, RDF_TYPE, node(VOID + "Dataset")
        yield graph, TITLE, text(_title(knowledge, name))
        yield graph, node(VOID + "triples"), integer(size)


def _title(knowledge: Knowledge, name: str) -> str:
    kind, _, instrument = name.partition("/")
    return knowledge.instruments[InstrumentId(instrument)].short_title if instrument else _TITLES[kind]
