"""Instruments, norms and qualifications as triples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.applicability.condition import Condition, HasTerm, facts_of, qualifications_of, walk
from kg_service.errors import KnowledgeError, Problem, nearest
from kg_service.knowledge.graph.citations import dated_iri, iri_of
from kg_service.knowledge.graph.terms import (
    DEFINITION,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    SOURCE,
    TITLE,
    Triple,
    aliases,
    canonical,
    day,
    each,
    node,
    sx,
    text,
    texts,
)
from kg_service.model import FactId, Instrument, InstrumentId, Knowledge, Norm, NormId, NormKind, Qualification, Sureness

_KINDS = {
    NormKind.DUTY: "Duty",
    NormKind.PROHIBITION: "Prohibition",
    NormKind.PERMISSION: "Permission",
    NormKind.EXPECTATION: "Expectation",
    NormKind.RIGHT: "Right",
    NormKind.SCOPE_RULE: "ScopeRule",
}


def term_iri(knowledge: Knowledge, fact_id: str, term_id: str) -> str:
    """The IRI of a term of a fact; a place has one IRI whichever fact it answers."""
    if knowledge.facts[FactId(fact_id)].jurisdictions:
        return ids.jurisdiction(term_id)
    return ids.fact_term(fact_id, term_id)


def sureness(subject: NamedNode, sure: Sureness) -> Iterator[Triple]:
    yield subject, sx("certainty"), node(ids.value("certainty", sure.level.value))
    yield from texts(subject, {sx("certaintyNote"): sure.note})
    if sure.checked_on is not None:
        yield subject, sx("checkedOn"), day(sure.checked_on)


def _conditions(knowledge: Knowledge, subject: NamedNode, when: Condition, unless: Condition | None) -> Iterator[Triple]:
    yield subject, sx("appliesWhen"), canonical(when)
    parts = [when]
    if unless is not None:
        yield subject, sx("unless"), canonical(unless)
        parts.append(unless)
    facts = sorted({fact for part in parts for fact in facts_of(part)})
    qualifications = sorted({qualification for part in parts for qualification in qualifications_of(part)})
    leaves = [leaf for part in parts for leaf in walk(part) if isinstance(leaf, HasTerm)]
    terms = sorted({term_iri(knowledge, leaf.fact, term) for leaf in leaves for term in leaf.terms})
    yield from each(subject, sx("dependsOnFact"), (node(ids.fact(fact)) for fact in facts))
    yield from each(subject, sx("dependsOnTerm"), map(node, terms))
    yield from each(subject, sx("dependsOnQualification"), (node(ids.qualification(one)) for one in qualifications))


def instrument_triples(instrument: Instrument) -> Iterator[Triple]:
    subject = node(ids.instrument(instrument.id))
    yield subject, RDF_TYPE, sx("Instrument")
    yield subject, IDENTIFIER, Literal(instrument.id)
    yield subject, PREF_LABEL, text(instrument.short_title)
    yield subject, TITLE, text(instrument.title)
    yield subject, sx("jurisdiction"), node(ids.jurisdiction(instrument.jurisdiction))
    yield subject, sx("issuer"), Literal(instrument.issuer)
    yield subject, sx("instrumentType"), node(ids.value("instrument-type", instrument.type))
    yield subject, sx("instrumentStatus"), node(ids.value("instrument-status", instrument.status))
    if instrument.bindingness is not None:
        yield subject, sx("bindingness"), node(ids.value("bindingness", instrument.bindingness))
    yield from sureness(subject, instrument.sureness)
    yield subject, sx("officialPage"), node(instrument.url)
    if instrument.celex is not None:
        yield subject, sx("celex"), Literal(instrument.celex)
    if instrument.eli is not None:
        yield subject, sx("eli"), node(instrument.eli)
    yield from each(subject, sx("citation"), map(Literal, instrument.citations))
    words = {sx("statusNote"): instrument.status_note, sx("penalty"): instrument.penalty, sx("note"): instrument.note}
    yield from texts(subject, words)
    days = {"inForceFrom": instrument.in_force_from, "appliesFrom": instrument.applies_from}
    for name, value in {**days, "appliesUntil": instrument.applies_until}.items():
        if value is not None:
            yield subject, sx(name), day(value)
    yield from each(subject, sx("setsDate"), (node(dated_iri(dated)) for dated in instrument.dates))
    yield from aliases(subject, map(ids.instrument, instrument.aliases))
    if instrument.file:
        yield subject, sx("sourceFile"), Literal(instrument.file)


def succession(knowledge: Knowledge) -> Mapping[InstrumentId, list[Triple]]:
    """Who amends and supersedes whom, by the instrument that does it, whichever end of the link states it."""
    links: dict[InstrumentId, list[Triple]] = defaultdict(list)
    for _, instrument in sorted(knowledge.instruments.items()):
        this = instrument.id
        pairs = [("amends", this, other) for other in instrument.amends]
        pairs += [("amends", other, this) for other in instrument.amended_by]
        pairs += [("supersedes", this, other) for other in instrument.supersedes]
        pairs += [("supersedes", other, this) for other in instrument.superseded_by]
        for name, later, earlier in pairs:
            links[later].append((node(ids.instrument(later)), sx(name), node(ids.instrument(earlier))))
    for _, norm in sorted(knowledge.norms.items()):
        for other in norm.superseded_by:
            home, iri = _successor(knowledge, norm, other)
            links[home].append((node(iri), sx("supersedes"), node(ids.norm(norm.id))))
    return links


def _successor(knowledge: Knowledge, norm: Norm, other: str) -> tuple[InstrumentId, str]:
    if other in knowledge.norms:
        return knowledge.norms[NormId(other)].instrument, ids.norm(other)
    if other in knowledge.instruments:
        return InstrumentId(other), ids.instrument(other)
    near = nearest(other, [*knowledge.norms, *knowledge.instruments])
    message = f"superseded_by names {other!r}, which is neither norm nor instrument."
    raise KnowledgeError([Problem(f"{norm.file}:{norm.line}", "unknown-norm", message, near)])


def norm_triples(knowledge: Knowledge, norm: Norm) -> Iterator[Triple]:
    subject = node(ids.norm(norm.id))
    yield subject, RDF_TYPE, sx("Norm")
    yield subject, RDF_TYPE, sx(_KINDS[norm.kind])
    yield subject, IDENTIFIER, Literal(norm.id)
    yield subject, PREF_LABEL, text(norm.title)
    yield subject, sx("summary"), text(norm.summary)
    yield subject, sx("instrument"), node(ids.instrument(norm.instrument))
    yield subject, sx("citedProvision"), node(ids.provision(norm.instrument, norm.provision))
    yield subject, sx("bindingness"), node(ids.value("bindingness", norm.bindingness))
    yield subject, sx("legalStatus"), node(ids.value("legal-status", norm.legal_status.value))
    yield from each(subject, sx("bearer"), (node(ids.bearer(bearer)) for bearer in norm.bearers))
    yield from sureness(subject, norm.sureness)
    yield from _conditions(knowledge, subject, norm.applies_when, norm.unless)
    if norm.on_event is not None:
        yield subject, sx("onEvent"), node(ids.event(norm.on_event))
    yield from _dates(subject, norm)
    yield subject, sx("officialPage"), node(norm.url)
    yield from each(subject, sx("decision"), (node(ids.decision(number)) for number in norm.decisions))
    for control in norm.controls:
        yield node(ids.control(control)), sx("satisfies"), subject
    yield from each(subject, sx("measure"), map(text, norm.measures))
    if norm.citation is not None:
        yield subject, sx("citation"), Literal(norm.citation)
    yield from each(subject, sx("shownBy"), (node(ids.evidence(evidence)) for evidence in norm.evidence))
    yield from texts(subject, {sx("penalty"): norm.penalty, sx("amendmentNote"): norm.amended_by, sx("note"): norm.note})
    yield from each(subject, sx("unmodelled"), map(text, norm.unmodelled))
    yield from aliases(subject, map(ids.norm, norm.aliases))
    if norm.file:
        yield subject, sx("sourceFile"), Literal(norm.file)


def _dates(subject: NamedNode, norm: Norm) -> Iterator[Triple]:
    for plain, link, dated in (
        ("appliesFrom", "startSetBy", norm.applies_from),
        ("appliesUntil", "endSetBy", norm.applies_until),
    ):
        if dated is not None:
            yield subject, sx(plain), day(dated.day)
            yield subject, sx(link), node(dated_iri(dated))


def qualification_triples(knowledge: Knowledge, qualification: Qualification) -> Iterator[Triple]:
    subject = node(ids.qualification(qualification.id))
    yield subject, RDF_TYPE, sx("Qualification")
    yield subject, IDENTIFIER, Literal(qualification.id)
    yield subject, PREF_LABEL, text(qualification.label)
    yield subject, DEFINITION, text(qualification.definition)
    yield from _conditions(knowledge, subject, qualification.when, qualification.unless)
    yield from each(subject, SOURCE, (node(iri_of(ref)) for ref in qualification.sources))
    if qualification.sureness is not None:
        yield from sureness(subject, qualification.sureness)
    yield from texts(subject, {sx("note"): qualification.note})
    yield from each(subject, sx("unmodelled"), map(text, qualification.unmodelled))
    yield from aliases(subject, map(ids.qualification, qualification.aliases))
    if qualification.file:
        yield subject, sx("sourceFile"), Literal(qualification.file)


def home_of(knowledge: Knowledge, qualification: Qualification) -> InstrumentId | None:
    """The instrument to which a qualification belongs by its id; None for one that several share."""
    head = InstrumentId(qualification.id.partition("/")[0])
    return head if head in knowledge.instruments else None
