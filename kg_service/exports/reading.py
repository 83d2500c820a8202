"""The OWL reading of one IRI: the axioms of ``kg_service.owl`` about the class or property that it names."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from kg_service import ids
from kg_service.model import FactId, Knowledge, NormId, QualificationId, TermId
from kg_service.owl import ontology as owl
from kg_service.owl.expressions import Triple, n_triples

CONDITIONS = str(owl.DOCUMENT)
_VERSION_IRI = ox.NamedNode("http://www.w3.org/2002/07/owl#versionIRI")
_OF_A_NORM = ("condition-class", "exemption-class", "norm-class", "subject-class")
_DEFINED_BY = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#isDefinedBy")


def conditions(knowledge: Knowledge, version: str) -> list[ox.Quad]:
    """All conditions as one OWL 2 DL ontology, which says that it is its own version ``version``."""
    return [*_quads(owl.axioms(knowledge)), ox.Quad(ox.NamedNode(CONDITIONS), _VERSION_IRI, ox.NamedNode(version))]


def reading(knowledge: Knowledge, iri: str) -> list[ox.Quad] | None:
    """The axioms about ``iri`` and the ontology that holds them; None where it is no class or property of the reading."""
    if not iri.startswith(ids.DEF):
        return None
    kind, _, name = iri[len(ids.DEF) :].partition("/")
    axioms = _quads(_axioms(knowledge, kind, name))
    if not axioms:
        return None
    subject = ox.NamedNode(iri)
    if not any(quad.subject == subject for quad in axioms):
        return None
    return [*axioms, ox.Quad(subject, _DEFINED_BY, ox.NamedNode(CONDITIONS))]


def _axioms(knowledge: Knowledge, kind: str, name: str) -> list[Triple]:
    fact_id, _, term = name.partition("/")
    fact = knowledge.facts.get(FactId(fact_id))
    norm = knowledge.norms.get(NormId(name))
    qualification = knowledge.qualifications.get(QualificationId(name))
    if kind == "fact" and fact is not None:
        return owl.fact_axioms(knowledge, fact, frozenset())
    if kind == "term" and fact is not None and term in fact.terms:
        return owl.fact_axioms(knowledge, fact, {TermId(term)})
    if kind == "jurisdiction" and name in knowledge.jurisdictions:
        return owl.place_axioms(knowledge, {TermId(name)})
    if kind == "qualification-class" and qualification is not None:
        return owl.qualification_axioms(knowledge, qualification)
    if kind in _OF_A_NORM and norm is not None:
        return owl.norm_axioms(knowledge, norm)
    return []


def _quads(triples: Iterable[Triple]) -> list[ox.Quad]:
    return list(ox.parse(n_triples(triples), format=ox.RdfFormat.N_TRIPLES))
