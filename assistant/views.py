"""The shapes of answers (DESIGN section 6): one for HTTP, for the command line and for the page. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from assistant.model import Answer, AnswerQuestion, Citation, Claim, FactReading, Passage, Polarity
from kg_service import ids
from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT, Assessment, Evaluator
from kg_service.applicability.facts import Facts, plain_answer
from kg_service.model import FactId, InstrumentId, Knowledge, TermId
from kg_service.rest.views import assessment_view, comparison_view, counts_view, difference_view

View: TypeAlias = dict[str, Any]
ASSESSMENTS: Final = ("short", "full", "none")
DOING: Final = {
    "understanding": "Reading the question ...",
    "determining": "Determining what applies ...",
    "searching": "Looking for sources ...",
    "writing": "Writing and checking ...",
}
LONGEST_TEXT: Final = 1_200  # characters of a passage that are shown


def answer_view(answer: Answer, evaluator: Evaluator, assessment: str = "short") -> View:
    """An answer with all that supports it. ``assessment``: verdicts by norm (short), with proofs (full), or none."""
    knowledge = evaluator.knowledge
    return {
        "answer": answer.text,
        "claims": [claim_view(claim) for claim in answer.claims],
        "citations": [citation_view(citation, knowledge) for citation in answer.citations],
        **understood_view(answer, knowledge),
        "next_questions": [question_view(question, knowledge) for question in answer.questions],
        "assessment": _assessment(answer.assessment, evaluator, assessment),
        "comparison": None if answer.comparison is None else comparison_view(answer.comparison),
        "difference": None if answer.difference is None else difference_view(answer.difference),
        "refused": answer.refused,
        "reason": answer.reason,
        "dropped": len(answer.dropped),
        "notes": list(answer.notes),
        "composer": answer.composer,
        "as_of": answer.as_of.isoformat(),
        "knowledge_version": answer.assessment.knowledge_version,
    }


def _assessment(found: Assessment, evaluator: Evaluator, form: str) -> View | None:
    if form == "none":
        return None
    if form == "full":
        return assessment_view(evaluator, found, questions=0)
    return {
        "as_of": found.as_of.isoformat(),
        "knowledge_version": found.knowledge_version,
        "counts": counts_view(found),
        "verdicts": [
            {"norm": verdict.norm.id, "status": verdict.status}
            for verdict in found.verdicts
            if verdict.status in SHOWN_BY_DEFAULT
        ],
    }


def understood_view(answer: Answer, knowledge: Knowledge) -> View:
    """What was read from the words, every reading with the words that show it, and the facts that were taken."""
    understood = [reading_view(reading, knowledge) for reading in answer.understanding.readings]
    return {
        "facts": facts_view(answer.facts, answer.understanding.readings, knowledge),
        "understood": understood,
        "intents": [str(intent) for intent in answer.understanding.intents],
        "language": answer.understanding.language,
    }


def facts_view(facts: Facts, readings: Iterable[FactReading], knowledge: Knowledge) -> list[View]:
    """The facts that the answer rests on, each with the words that say so; ``because`` is empty for facts known before."""
    because: dict[FactId, list[str]] = {}
    for reading in readings:
        if reading.polarity is not Polarity.UNCERTAIN:
            because.setdefault(reading.fact, []).extend(span.text for span in reading.spans)
    return [
        {
            "fact": fact,
            "label": knowledge.facts[fact].labels.label,
            "value": plain_answer(answer),
            "labels": value_labels(knowledge, fact, plain_answer(answer)),
            "because": list(dict.fromkeys(because.get(fact, ()))),
        }
        for fact, answer in facts.items()
    ]


def reading_view(reading: FactReading, knowledge: Knowledge) -> View:
    """One reading with its spans; those that are ``uncertain`` are not taken."""
    return {
        "fact": reading.fact,
        "label": knowledge.facts[reading.fact].labels.label,
        "value": list(reading.value) if isinstance(reading.value, tuple) else reading.value,
        "labels": value_labels(knowledge, reading.fact, reading.value),
        "polarity": str(reading.polarity),
        "complete": reading.complete,
        "source": reading.source,
        "spans": [{"start": span.start, "end": span.end, "text": span.text} for span in reading.spans],
    }


def value_labels(knowledge: Knowledge, fact: FactId, value: object) -> list[str]:
    """What a value is called, for people; ``none of these`` for an empty list."""
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    known = knowledge.facts[fact]
    words = list(value) if isinstance(value, tuple | list) else [value]
    if not words:
        return ["none of these"]
    labels = [known.terms[TermId(str(word))].labels.label if str(word) in known.terms else str(word) for word in words]
    return [f"{label} {known.unit}" for label in labels] if known.unit and not known.terms else labels


def claim_view(claim: Claim) -> View:
    return {
        "text": claim.text,
        "citations": list(claim.citations),
        "kind": str(claim.kind),
        "norms": list(claim.norms),
        "heading": claim.heading,
    }


def place_of(passage: Passage, knowledge: Knowledge) -> str:
    """Where a passage stands, for people: ``AI Act Art 26(1)``; empty where it stands nowhere."""
    law = knowledge.instruments.get(InstrumentId(passage.instrument or ""))
    title, provision = "" if law is None else law.short_title, passage.provision or ""
    return provision if title in provision else f"{title} {provision}".strip()


def citation_view(citation: Citation, knowledge: Knowledge) -> View:
    """A passage that supports the answer: what it is, where it stands, its words."""
    passage = citation.passage
    return {
        "n": citation.n,
        "id": passage.id,
        "kind": str(passage.kind),
        "norm": passage.about if passage.kind == "norm" else None,
        "iri": passage.iri,
        "title": passage.title,
        "place": place_of(passage, knowledge),
        "instrument": passage.instrument,
        "provision": passage.provision,
        "official_url": passage.official_url,
        "applies_from": None if passage.applies_from is None else passage.applies_from.isoformat(),
        "applies_until": None if passage.applies_until is None else passage.applies_until.isoformat(),
        "trust": str(passage.trust),
        "text": passage.text[:LONGEST_TEXT],
        "quote": citation.quote,
    }


def question_view(question: AnswerQuestion, knowledge: Knowledge) -> View:
    """A question back, with the answers to choose from."""
    fact = knowledge.facts[question.fact]
    return {
        "fact": question.fact,
        "label": fact.labels.label,
        "kind": fact.kind,
        "ask": question.ask,
        "terms": list(question.terms),
        "labels": [fact.terms[term].labels.label for term in question.terms],
        "settles": question.settles,
        "because": question.because,
        "citation": question.citation,
    }


def path_of(iri: str | None) -> str | None:
    """Where this service shows a thing of ours."""
    return f"/{iri.removeprefix(ids.BASE)}" if iri and iri.startswith(ids.BASE) else None
