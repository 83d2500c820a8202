"""Interpretations as triples: question, answer, reasoning, readings, and the days on which the answer changes."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.knowledge.graph.citations import dated_iri, iri_of
from kg_service.knowledge.graph.law import sureness
from kg_service.knowledge.graph.terms import (
    ALT_LABEL,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    SOURCE,
    Triple,
    aliases,
    day,
    each,
    node,
    sx,
    text,
    texts,
)
from kg_service.model import Interpretation


def interpretation_triples(one: Interpretation) -> Iterator[Triple]:
    """The first wording of the question in each language is its label, the others are alternative labels."""
    subject = node(ids.interpretation(one.id))
    yield subject, RDF_TYPE, sx("Interpretation")
    yield subject, IDENTIFIER, Literal(one.id)
    for language, (first, *rest) in sorted(one.questions.items()):
        yield subject, PREF_LABEL, text(first, language)
        yield from each(subject, ALT_LABEL, (text(words, language) for words in rest))
    yield from texts(subject, {sx("shortAnswer"): one.answer, sx("reasoning"): one.reasoning, sx("note"): one.note})
    yield from each(subject, SOURCE, (node(iri_of(ref)) for ref in one.citations))
    yield from each(subject, sx("interprets"), (node(ids.norm(name)) for name in one.norms))
    yield from each(subject, sx("interprets"), (node(ids.qualification(name)) for name in one.qualifications))
    for plain, link, dated in (
        ("holdsFrom", "holdingSetBy", one.holds_from),
        ("holdsUntil", "holdingEndedBy", one.holds_until),
    ):
        if dated is not None:
            yield subject, sx(plain), day(dated.day)
            yield subject, sx(link), node(dated_iri(dated))
    yield from each(subject, sx("decision"), (node(ids.decision(number)) for number in one.decisions))
    yield from sureness(subject, one.sureness)
    yield from _readings(subject, one)
    yield from _changes(subject, one)
    yield from aliases(subject, map(ids.interpretation, one.aliases))
    if one.file:
        yield subject, sx("sourceFile"), Literal(one.file)


def _readings(subject: NamedNode, one: Interpretation) -> Iterator[Triple]:
    for number, reading in enumerate(one.readings, start=1):
        this = node(ids.interpretation_part(one.id, "reading", number))
        yield this, RDF_TYPE, sx("Reading")
        yield this, PREF_LABEL, text(reading.label)
        yield from texts(this, {sx("argument"): reading.argument, sx("heldBy"): reading.held_by})
        yield this, sx("partOf"), subject
        if reading.followed:
            yield subject, sx("follows"), this


def _changes(subject: NamedNode, one: Interpretation) -> Iterator[Triple]:
    for number, change in enumerate(one.changes, start=1):
        this = node(ids.interpretation_part(one.id, "change", number))
        yield this, RDF_TYPE, sx("AnswerChange")
        yield this, PREF_LABEL, text(f"Change of the answer on {change.dated.day.isoformat()}")
        yield this, sx("partOf"), subject
        yield this, sx("changedBy"), node(dated_iri(change.dated))
        yield from texts(this, {sx("answerBefore"): change.before, sx("answerAfter"): change.after})
