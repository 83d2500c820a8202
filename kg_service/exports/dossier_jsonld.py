"""A dossier as JSON-LD: terms of our ontology where it has them, PROV-O for who did what, else Dublin Core and schema.org."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from kg_service import ids
from kg_service.applicability.evaluate import IN_EFFECT, Status
from kg_service.decisions.coverage import Obligation
from kg_service.dossiers.model import Decision, Evidence, Said
from kg_service.exports.blocks import clean
from kg_service.exports.dossier_content import Content
from kg_service.exports.links import web_address
from kg_service.model import Fact, FactId, TermId

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
CONTEXT: Final[dict[str, Any]] = {
    "def": ids.DEF,
    "id": ids.ID,
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "xsd": _XSD,
}


def as_jsonld(content: Content) -> bytes:
    """The dossier with its facts, verdicts, decisions, controls and evidence; the same dossier gives the same bytes."""
    dossier = content.dossier
    iri = ids.dossier(dossier.id)
    graph = [
        _dossier(content, iri),
        *(_answer(content, iri, fact, said) for fact, said in dossier.facts.items()),
        _assessment(content, iri),
        *(_verdict(iri, one) for one in content.overall.obligations),
        *(node for one in dossier.decisions for node in _decision(content, iri, one)),
        *_controls(content, iri),
        *(_evidence(iri, one) for one in dossier.evidence.values()),
        *_people(content, iri),
    ]
    document = {"@context": CONTEXT, "@graph": [_kept(node) for node in graph]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _dossier(content: Content, iri: str) -> dict[str, Any]:
    dossier = content.dossier
    seq, digest = content.head
    return {
        "@id": iri,
        "@type": ["def:Deployment", "prov:Entity"],
        "dcterms:title": dossier.name,
        "dcterms:description": dossier.description,
        "dcterms:identifier": str(dossier.id),
        "schema:version": dossier.version,
        "dcterms:created": _moment(dossier.created_at),
        "dcterms:modified": _moment(dossier.updated_at),
        "prov:wasAttributedTo": _person(iri, dossier.owner),
        "def:answer": [{"@id": _part(iri, "answer", fact)} for fact in dossier.facts],
        "dcterms:hasPart": [{"@id": _part(iri, "decision", one.number)} for one in dossier.decisions],
        "dcterms:provenance": {"@id": _part(iri, "trail"), "dcterms:extent": seq, "dcterms:identifier": digest},
    }


def _answer(content: Content, iri: str, fact: str, said: Said) -> dict[str, Any]:
    known = content.knowledge.facts.get(FactId(fact))
    node: dict[str, Any] = {
        "@id": _part(iri, "answer", fact),
        "@type": "def:Answer",
        "def:toFact": {"@id": ids.fact(fact)},
        "prov:wasAttributedTo": _person(iri, said.by),
        "prov:generatedAtTime": _moment(said.at),
    }
    words = said.value if isinstance(said.value, list | tuple) else [said.value]
    if known is not None and known.terms:
        node["def:withTerm"] = [{"@id": _term(known, str(word))} for word in words if TermId(str(word)) in known.terms]
    else:
        node["def:withValue"] = said.value
    return node


def _term(fact: Fact, word: str) -> str:
    return ids.jurisdiction(word) if fact.jurisdictions else ids.fact_term(fact.id, word)


def _assessment(content: Content, iri: str) -> dict[str, Any]:
    found = content.assessment
    return {
        "@id": _assessed(content, iri),
        "@type": ["def:Assessment", "prov:Entity"],
        "def:assessmentOf": {"@id": iri},
        "def:asOf": _day(found.as_of),
        "def:knowledgeVersion": found.knowledge_version,
        "def:qualifiesAs": [{"@id": ids.qualification(name)} for name, value in found.qualifications.items() if value],
        "def:verdict": [{"@id": _part(iri, "verdict", one.verdict.norm.id)} for one in content.overall.obligations],
    }


def _verdict(iri: str, one: Obligation) -> dict[str, Any]:
    verdict = one.verdict
    return {
        "@id": _part(iri, "verdict", verdict.norm.id),
        "@type": "def:Verdict",
        "def:onNorm": {"@id": ids.norm(verdict.norm.id)},
        "def:status": {"@id": ids.value("status", str(verdict.status))},
        "def:missingFact": [{"@id": ids.fact(fact)} for fact in verdict.missing_facts],
    }


def _decision(content: Content, iri: str, one: Decision) -> Iterable[dict[str, Any]]:
    part = _part(iri, "decision", one.number)
    yield {
        "@id": part,
        "@type": "prov:Entity",
        "def:decision": {"@id": ids.decision(one.number)},
        "schema:status": str(one.state),
        "dcterms:references": [
            {"@id": ids.norm(found.verdict.norm.id)}
            for found in content.reviews[one.number].obligations
            if found.verdict.status in (*IN_EFFECT, Status.UNDETERMINED)
        ],
    }
    for place, sign in enumerate(one.sign_offs, start=1):
        yield {
            "@id": _part(part, "signature", place),
            "@type": "prov:Activity",
            "prov:used": {"@id": part},
            "prov:wasAssociatedWith": _person(iri, sign.by),
            "prov:endedAtTime": _moment(sign.at),
            "schema:result": str(sign.outcome),
            "dcterms:identifier": f"sha256:{sign.signed}",
            "def:knowledgeVersion": sign.knowledge_version,
        }


def _controls(content: Content, iri: str) -> Iterable[dict[str, Any]]:
    for name, record in content.dossier.controls.items():
        yield {
            "@id": _part(iri, "control", name),
            "@type": "prov:Entity",
            "prov:specializationOf": {"@id": ids.control(name)},
            "schema:status": str(record.state),
            "prov:wasAttributedTo": None if record.owner is None else _person(iri, record.owner),
            "prov:generatedAtTime": _moment(record.at),
            "def:shownBy": [{"@id": _part(iri, "evidence", one)} for one in record.evidence],
        }


def _evidence(iri: str, one: Evidence) -> dict[str, Any]:
    address = web_address(one.url)
    return {
        "@id": _part(iri, "evidence", one.id),
        "@type": ["def:Evidence", "prov:Entity"],
        "dcterms:title": one.title,
        "schema:sha256": one.sha256,
        "schema:url": None if address is None else {"@id": address},
        "prov:wasAttributedTo": _person(iri, one.by),
        "prov:generatedAtTime": _moment(one.at),
        "prov:wasInvalidatedBy": {"@id": _part(iri, "withdrawn", one.id)} if one.withdrawn else None,
    }


def _people(content: Content, iri: str) -> Iterable[dict[str, Any]]:
    dossier = content.dossier
    named = {dossier.owner, *(said.by for said in dossier.facts.values()), *(one.by for one in dossier.evidence.values())}
    named |= {record.owner for record in dossier.controls.values() if record.owner is not None}
    names = {sign.by: sign.name for one in dossier.decisions for sign in one.sign_offs}
    for person in sorted(named | set(names)):
        yield {"@id": _person(iri, person)["@id"], "@type": "prov:Agent", "schema:name": names.get(person, person)}


def _assessed(content: Content, iri: str) -> str:
    return _part(iri, "assessment", content.day.isoformat())


def _person(iri: str, name: str) -> dict[str, str]:
    return {"@id": _part(iri, "person", ids.slug(name) or "unnamed")}


def _part(iri: str, *steps: object) -> str:
    return "/".join([iri, *map(str, steps)])


def _moment(at: datetime) -> dict[str, str]:
    return {"@value": at.isoformat(), "@type": "xsd:dateTime"}


def _day(day: date) -> dict[str, str]:
    return {"@value": day.isoformat(), "@type": "xsd:date"}


def _kept(node: dict[str, Any]) -> dict[str, Any]:
    """``node`` without what was not said, and its words without what no document can hold."""
    kept = {key: value for key, value in node.items() if value is not None and value != []}
    return {key: clean(value) if isinstance(value, str) else value for key, value in kept.items()}
