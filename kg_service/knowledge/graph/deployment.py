"""A stored deployment and what was found of it as triples, in the vocabulary of ``ontology/assessment.ttl``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.applicability.evaluate import Assessment, Status
from kg_service.applicability.facts import Answer
from kg_service.knowledge.graph.law import term_iri
from kg_service.knowledge.graph.terms import (
    DCTERMS,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    XSD,
    Triple,
    day,
    double,
    each,
    node,
    sx,
)
from kg_service.model import Knowledge

_SUBJECT: Final = (Status.APPLIES, Status.UPCOMING, Status.ENDED)


@dataclass(frozen=True, slots=True)
class NamedGraph:
    """A named graph as its statements and as N-Quads."""

    iri: str
    triples: tuple[ox.Triple, ...]
    nquads: bytes


def deployment_graph(knowledge: Knowledge, deployment_id: str, name: str, stored_at: datetime, found: Assessment) -> NamedGraph:
    """The named graph of a stored deployment: its facts, the assessment, a verdict for each norm that may matter."""
    iri = ids.graph(f"deployment/{deployment_id}")
    triples = dict.fromkeys(deployment_triples(knowledge, deployment_id, name, stored_at, found))
    nquads = ox.serialize((ox.Quad(*triple, node(iri)) for triple in triples), format=ox.RdfFormat.N_QUADS) or b""
    return NamedGraph(iri, tuple(ox.Triple(*triple) for triple in triples), nquads)


def deployment_triples(
    knowledge: Knowledge, deployment_id: str, name: str, stored_at: datetime, found: Assessment
) -> Iterator[Triple]:
    """The statements of that graph. Norms that do not apply are left out."""
    subject = node(ids.deployment(deployment_id))
    yield subject, RDF_TYPE, sx("Deployment")
    yield subject, IDENTIFIER, ox.Literal(deployment_id)
    yield subject, PREF_LABEL, ox.Literal(name)
    yield subject, node(DCTERMS + "created"), ox.Literal(stored_at.isoformat(), datatype=node(XSD + "dateTime"))
    for fact, answer in found.facts.items():
        yield from _answer(knowledge, deployment_id, fact, answer)
    assessment = node(ids.deployment_assessment(deployment_id, found.as_of.isoformat()))
    yield assessment, RDF_TYPE, sx("Assessment")
    yield assessment, sx("assessmentOf"), subject
    yield assessment, sx("asOf"), day(found.as_of)
    yield assessment, sx("knowledgeVersion"), ox.Literal(found.knowledge_version)
    holding = (name for name, value in found.qualifications.items() if value)
    yield from each(assessment, sx("qualifiesAs"), (node(ids.qualification(name)) for name in holding))
    for verdict in found.verdicts:
        if verdict.status is Status.DOES_NOT_APPLY:
            continue
        norm = node(ids.norm(verdict.norm.id))
        one = node(ids.deployment_verdict(deployment_id, found.as_of.isoformat(), verdict.norm.id))
        yield assessment, sx("verdict"), one
        yield one, RDF_TYPE, sx("Verdict")
        yield one, sx("onNorm"), norm
        yield one, sx("status"), node(ids.value("status", verdict.status.value))
        yield from each(one, sx("missingFact"), (node(ids.fact(fact)) for fact in verdict.missing_facts))
        if verdict.status in _SUBJECT:
            yield subject, sx("subjectTo"), norm


def _answer(knowledge: Knowledge, deployment_id: str, fact: str, answer: Answer) -> Iterator[Triple]:
    subject = node(ids.deployment_answer(deployment_id, fact))
    yield node(ids.deployment(deployment_id)), sx("answer"), subject
    yield subject, RDF_TYPE, sx("Answer")
    yield subject, sx("toFact"), node(ids.fact(fact))
    match answer:
        case frozenset():
            yield from each(subject, sx("withTerm"), (node(term_iri(knowledge, fact, term)) for term in sorted(answer)))
        case bool():
            yield subject, sx("withValue"), ox.Literal(answer)
        case date():
            yield subject, sx("withValue"), day(answer)
        case _:
            yield subject, sx("withValue"), double(answer)
