"""Facts, terms, places, events, bearers and types of instruments as triples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.knowledge.graph.law import term_iri
from kg_service.knowledge.graph.terms import (
    ALT_LABEL,
    DEFINITION,
    EXAMPLE,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    Triple,
    aliases,
    double,
    each,
    node,
    sx,
    text,
    texts,
)
from kg_service.model import Fact, Knowledge, Labels, Term

INTERNATIONAL = "international"


def labels(subject: NamedNode, names: Labels) -> Iterator[Triple]:
    yield subject, PREF_LABEL, text(names.label)
    if names.label_zh is not None:
        yield subject, PREF_LABEL, text(names.label_zh, "zh")
    for language, words in sorted(names.alt.items()):
        yield from each(subject, ALT_LABEL, (text(word, language) for word in words))
    yield from texts(subject, {DEFINITION: names.definition, EXAMPLE: names.example})


def fact_triples(knowledge: Knowledge, fact: Fact) -> Iterator[Triple]:
    subject = node(ids.fact(fact.id))
    yield subject, RDF_TYPE, sx("Fact")
    yield subject, IDENTIFIER, Literal(fact.id)
    yield from labels(subject, fact.labels)
    yield subject, sx("factKind"), node(ids.value("fact-kind", fact.kind.value))
    yield subject, sx("ask"), text(fact.ask)
    yield from each(subject, sx("note"), map(text, fact.notes))
    for name, bound in (("minimum", fact.minimum), ("maximum", fact.maximum)):
        if bound is not None:
            yield subject, sx(name), double(bound)
    if fact.unit is not None:
        yield subject, sx("unit"), Literal(fact.unit)
    yield from aliases(subject, map(ids.fact, fact.aliases))
    for _, term in sorted(fact.terms.items()):
        iri = node(term_iri(knowledge, fact.id, term.id))
        yield iri, sx("answers"), subject
        if not fact.jurisdictions:
            yield iri, RDF_TYPE, sx("Term")
            yield from aliases(iri, (ids.fact_term(old, term.id) for old in fact.aliases))
            yield from _term(term, lambda other: ids.fact_term(fact.id, other))


def _term(term: Term, iri_of: Callable[[str], str]) -> Iterator[Triple]:
    subject = node(iri_of(term.id))
    yield subject, IDENTIFIER, Literal(term.id)
    yield from labels(subject, term.labels)
    if term.parent is not None:
        yield subject, sx("broader"), node(iri_of(term.parent))
    yield from each(subject, sx("excludes"), (node(iri_of(other)) for other in term.excludes))
    yield from aliases(subject, map(iri_of, term.aliases))


def jurisdiction_triples(knowledge: Knowledge) -> Iterator[Triple]:
    for _, term in sorted(knowledge.jurisdictions.items()):
        subject = node(ids.jurisdiction(term.id))
        yield subject, RDF_TYPE, sx("Term")
        yield subject, RDF_TYPE, sx("Jurisdiction")
        yield from _term(term, ids.jurisdiction)
    if INTERNATIONAL not in knowledge.jurisdictions:  # no place to be in, but a home of standards
        subject = node(ids.jurisdiction(INTERNATIONAL))
        yield subject, RDF_TYPE, sx("Jurisdiction")
        yield subject, IDENTIFIER, Literal(INTERNATIONAL)
        yield subject, PREF_LABEL, text("International")
        yield subject, PREF_LABEL, text("国际", "zh")


def reference_triples(knowledge: Knowledge) -> Iterator[Triple]:
    """Everything that may be asked, answered, waited for or named as bearer."""
    for _, fact in sorted(knowledge.facts.items()):
        yield from fact_triples(knowledge, fact)
    yield from jurisdiction_triples(knowledge)
    for event_id, event in sorted(knowledge.events.items()):
        subject = node(ids.event(event_id))
        yield subject, RDF_TYPE, sx("Event")
        yield subject, IDENTIFIER, Literal(event_id)
        yield from labels(subject, event.labels)
    for bearer_id, bearer in sorted(knowledge.bearers.items()):
        subject = node(ids.bearer(bearer_id))
        yield subject, RDF_TYPE, sx("Bearer")
        yield subject, IDENTIFIER, Literal(bearer_id)
        yield from labels(subject, bearer.labels)
    for kind in sorted({instrument.type for instrument in knowledge.instruments.values()}):
        subject = node(ids.value("instrument-type", kind))
        yield subject, RDF_TYPE, sx("InstrumentType")
        yield subject, IDENTIFIER, Literal(kind)
        yield subject, PREF_LABEL, text(kind.replace("_", " ").capitalize())
