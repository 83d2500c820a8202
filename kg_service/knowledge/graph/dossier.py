"""A dossier as triples: facts, verdicts, the states of its decisions and controls. The IRIs are those of its JSON-LD export.

Terms of our ontology where it has them, else PROV-O, Dublin Core and schema.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.applicability.evaluate import Assessment, Status
from kg_service.applicability.facts import Answer
from kg_service.dossiers.model import Dossier
from kg_service.knowledge.graph.deployment import NamedGraph
from kg_service.knowledge.graph.law import term_iri
from kg_service.knowledge.graph.terms import (
    DCTERMS,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    TITLE,
    XSD,
    Triple,
    day,
    double,
    each,
    integer,
    node,
    sx,
)
from kg_service.model import Knowledge

PROV: Final = "http://www.w3.org/ns/prov#"
SCHEMA: Final = "https://schema.org/"
_STATUS: Final = node(SCHEMA + "status")
_PART: Final = node(DCTERMS + "hasPart")
_SUBJECT: Final = (Status.APPLIES, Status.UPCOMING, Status.ENDED)


def graph_name(dossier_id: str) -> str:
    """The IRI of the named graph of a dossier."""
    return ids.graph(f"dossier/{dossier_id}")


def dossier_graph(knowledge: Knowledge, dossier: Dossier, found: Assessment) -> NamedGraph:
    """The named graph of a dossier with the verdicts of ``found``. Norms that do not apply are left out."""
    iri = graph_name(dossier.id)
    triples = dict.fromkeys(dossier_triples(knowledge, dossier, found))
    nquads = ox.serialize((ox.Quad(*triple, node(iri)) for triple in triples), format=ox.RdfFormat.N_QUADS) or b""
    return NamedGraph(iri, tuple(ox.Triple(*triple) for triple in triples), nquads)


def dossier_triples(knowledge: Knowledge, dossier: Dossier, found: Assessment) -> Iterator[Triple]:
    """The statements of that graph."""
    subject = node(ids.dossier(dossier.id))
    yield subject, RDF_TYPE, sx("Deployment")
    yield subject, IDENTIFIER, ox.Literal(dossier.id)
    yield subject, PREF_LABEL, ox.Literal(dossier.name)
    yield subject, TITLE, ox.Literal(dossier.name)
    yield subject, node(SCHEMA + "version"), integer(dossier.version)
    yield subject, node(DCTERMS + "created"), _moment(dossier.created_at)
    yield subject, node(DCTERMS + "modified"), _moment(dossier.updated_at)
    for fact, answer in found.facts.items():
        yield from _answer(knowledge, dossier, fact, answer)
    yield from _verdicts(dossier, found)
    yield from _decisions(dossier)
    for name, record in dossier.controls.items():
        part = _at(dossier, "control", name)
        yield subject, _PART, part
        yield part, node(PROV + "specializationOf"), node(ids.control(name))
        yield part, _STATUS, ox.Literal(record.state.value)
        shown = (_at(dossier, "evidence", one) for one in record.evidence if not dossier.evidence[one].withdrawn)
        yield from each(part, sx("shownBy"), shown)
    for one in dossier.evidence.values():
        if not one.withdrawn:
            part = _at(dossier, "evidence", one.id)
            yield part, RDF_TYPE, sx("Evidence")
            yield part, PREF_LABEL, ox.Literal(one.title)
            if one.sha256 is not None:
                yield part, node(SCHEMA + "sha256"), ox.Literal(one.sha256)


def _decisions(dossier: Dossier) -> Iterator[Triple]:
    for one in dossier.decisions:
        part = _at(dossier, "decision", one.number)
        yield node(ids.dossier(dossier.id)), _PART, part
        yield part, sx("decision"), node(ids.decision(one.number))
        yield part, _STATUS, ox.Literal(one.state.value)
        for place, signature in enumerate(one.sign_offs, start=1):
            act = _at(dossier, "decision", one.number, "signature", place)
            yield act, node(PROV + "used"), part
            yield act, node(PROV + "endedAtTime"), _moment(signature.at)
            yield act, node(SCHEMA + "result"), ox.Literal(signature.outcome.value)
            yield act, sx("knowledgeVersion"), ox.Literal(signature.knowledge_version)


def _verdicts(dossier: Dossier, found: Assessment) -> Iterator[Triple]:
    subject, assessment = node(ids.dossier(dossier.id)), _at(dossier, "assessment", found.as_of.isoformat())
    yield assessment, RDF_TYPE, sx("Assessment")
    yield assessment, sx("assessmentOf"), subject
    yield assessment, sx("asOf"), day(found.as_of)
    yield assessment, sx("knowledgeVersion"), ox.Literal(found.knowledge_version)
    holding = (name for name, value in found.qualifications.items() if value)
    yield from each(assessment, sx("qualifiesAs"), (node(ids.qualification(name)) for name in holding))
    for verdict in found.verdicts:
        if verdict.status is Status.DOES_NOT_APPLY:
            continue
        norm, one = node(ids.norm(verdict.norm.id)), _at(dossier, "verdict", verdict.norm.id)
        yield assessment, sx("verdict"), one
        yield one, RDF_TYPE, sx("Verdict")
        yield one, sx("onNorm"), norm
        yield one, sx("status"), node(ids.value("status", verdict.status.value))
        yield from each(one, sx("missingFact"), (node(ids.fact(fact)) for fact in verdict.missing_facts))
        if verdict.status in _SUBJECT:
            yield subject, sx("subjectTo"), norm


def _answer(knowledge: Knowledge, dossier: Dossier, fact: str, answer: Answer) -> Iterator[Triple]:
    part = _at(dossier, "answer", fact)
    yield node(ids.dossier(dossier.id)), sx("answer"), part
    yield part, RDF_TYPE, sx("Answer")
    yield part, sx("toFact"), node(ids.fact(fact))
    match answer:
        case frozenset():
            yield from each(part, sx("withTerm"), (node(term_iri(knowledge, fact, term)) for term in sorted(answer)))
        case bool():
            yield part, sx("withValue"), ox.Literal(answer)
        case date():
            yield part, sx("withValue"), day(answer)
        case _:
            yield part, sx("withValue"), double(answer)


def _at(dossier: Dossier, *steps: object) -> ox.NamedNode:
    return node(ids.dossier_part(dossier.id, *steps))


def _moment(at: datetime) -> ox.Literal:
    return ox.Literal(at.isoformat(), datatype=node(XSD + "dateTime"))
