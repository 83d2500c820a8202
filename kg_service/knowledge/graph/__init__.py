"""From the typed model to quads: one named graph per instrument, the same bytes for the same knowledge.

``docs/graph.md`` shows the shape. No blank nodes: every thing has an IRI that answers. Each statement stands in one
graph only, that of its subject (a control's ``satisfies`` in that of the norm), so that a union of graphs counts nothing
twice. Iteration is by sorted id, so neither the order of files nor the seed of hashes shows in the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from pyoxigraph import Quad

from kg_service import ids
from kg_service.knowledge.graph.citations import Citations
from kg_service.knowledge.graph.controls import control_triples, framework_triples
from kg_service.knowledge.graph.interpretations import interpretation_triples
from kg_service.knowledge.graph.law import home_of, instrument_triples, norm_triples, qualification_triples, succession
from kg_service.knowledge.graph.metadata import metadata_triples
from kg_service.knowledge.graph.ontology import ontology_triples
from kg_service.knowledge.graph.queries import query_triples
from kg_service.knowledge.graph.reference import reference_triples
from kg_service.knowledge.graph.terms import Triple, node
from kg_service.knowledge.queries import read_library
from kg_service.model import InstrumentId, Interpretation, Knowledge, Norm, Qualification

__all__ = ["quads"]


def quads(knowledge: Knowledge, ontology: Path) -> Iterator[Quad]:
    """Every statement of ``knowledge`` and of the ontology in the folder ``ontology``, each once, graph by graph."""
    sizes: dict[str, int] = {}
    for name, triples in _graphs(knowledge, ontology):
        graph = node(ids.graph(name))
        unique = dict.fromkeys(triples)
        sizes[name] = len(unique)
        for triple in unique:
            yield Quad(*triple, graph)
    graph = node(ids.graph("metadata"))
    for triple in dict.fromkeys(metadata_triples(knowledge, sizes)):
        yield Quad(*triple, graph)


def _graphs(knowledge: Knowledge, ontology: Path) -> Iterator[tuple[str, Iterable[Triple]]]:
    citations, links = Citations(knowledge), succession(knowledge)
    yield "ontology", ontology_triples(ontology)
    yield "reference", chain(reference_triples(knowledge), citations.others())
    yield "controls", control_triples(knowledge)
    yield "frameworks", framework_triples(knowledge)
    yield "queries", query_triples(read_library(ontology / "queries" / "library"))
    norms: dict[InstrumentId, list[Norm]] = defaultdict(list)
    qualifications: dict[InstrumentId | None, list[Qualification]] = defaultdict(list)
    for _, norm in sorted(knowledge.norms.items()):
        norms[norm.instrument].append(norm)
    for _, qualification in sorted(knowledge.qualifications.items()):
        qualifications[home_of(knowledge, qualification)].append(qualification)
    interpretations: dict[InstrumentId | None, list[Interpretation]] = defaultdict(list)
    for _, interpretation in sorted(knowledge.interpretations.items()):
        interpretations[interpretation.instrument].append(interpretation)
    yield "interpretations", chain(*map(interpretation_triples, interpretations[None]))
    yield "qualifications", chain(*(qualification_triples(knowledge, one) for one in qualifications[None]))
    for instrument_id, instrument in sorted(knowledge.instruments.items()):
        own_qualifications = (qualification_triples(knowledge, one) for one in qualifications[instrument_id])
        own_norms = (norm_triples(knowledge, norm) for norm in norms[instrument_id])
        about = chain(instrument_triples(instrument), links.get(instrument_id, ()), citations.of(instrument_id))
        own_answers = map(interpretation_triples, interpretations[instrument_id])
        yield f"instrument/{instrument_id}", chain(about, *own_qualifications, *own_norms, *own_answers)
