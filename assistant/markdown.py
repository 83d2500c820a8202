"""An answer as Markdown for chat programs and files: sentence by sentence as they come, then what goes with them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from assistant.model import Answer, AnswerQuestion, Citation, Claim, Polarity
from assistant.views import place_of, value_labels
from kg_service.applicability.facts import plain_answer
from kg_service.model import Knowledge

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
MOST_CHOICES = 12


class Writer:
    """Writes claims one after the other; ``text`` is all that was written."""

    def __init__(self) -> None:
        self.text = ""
        self._heading: str | None = None

    def claim(self, claim: Claim) -> str:
        """What ``claim`` adds to the text."""
        added = ""
        if claim.heading and claim.heading != self._heading:
            added += f"{self._gap()}### {plain(claim.heading)}\n\n"
        elif self._heading and not claim.heading:
            added += self._gap()
        self._heading = claim.heading
        marks = "".join(f"[{number}]" for number in claim.citations)
        lead = "- " if claim.heading else ""
        added += f"{lead}{plain(claim.text)} {marks}".rstrip() + ("\n" if claim.heading else "\n\n")
        self.text += added
        return added

    def _gap(self) -> str:
        return "" if not self.text or self.text.endswith("\n\n") else "\n"


def markdown(answer: Answer, knowledge: Knowledge) -> str:
    """The whole answer."""
    writer = Writer()
    for claim in answer.claims:
        writer.claim(claim)
    return writer.text + closing(answer, knowledge, spoken=bool(answer.claims))


def closing(answer: Answer, knowledge: Knowledge, *, spoken: bool) -> str:
    """What stands behind the claims: why it refused, what was understood, what it asks back, notes, sources."""
    parts: list[str] = []
    if answer.refused:
        parts.append(plain(answer.reason or "No answer can be given."))
    if facts := list(_facts(answer, knowledge)):
        parts.append("**What I understood**\n\n" + "\n".join(facts))
    if answer.questions:
        parts.append("**To settle more, tell me**\n\n" + "\n".join(_questions(answer.questions, knowledge)))
    if notes := [*notes_of(answer), f"As of {answer.as_of.isoformat()}, knowledge {answer.assessment.knowledge_version[:12]}."]:
        parts.append("\n".join(f"_{plain(note)}_  " for note in notes))
    if answer.citations:
        parts.append("**Sources**\n\n" + "\n".join(_source(one, knowledge) for one in answer.citations))
    return ("\n" if spoken else "") + "\n\n".join(parts) + "\n"


def notes_of(answer: Answer) -> Iterator[str]:
    """The notes, and how many sentences verification took out."""
    yield from answer.notes
    if count := len(answer.dropped):
        them = "it" if count == 1 else "them"
        yield f"{count} sentence{' was' if count == 1 else 's were'} left out: what was found does not support {them}."


def _facts(answer: Answer, knowledge: Knowledge) -> Iterator[str]:
    for fact, value in answer.facts.items():
        words = ", ".join(value_labels(knowledge, fact, plain_answer(value)))
        yield f"- {plain(knowledge.facts[fact].labels.label)}: {plain(words)}"
    for reading in answer.understanding.readings:
        if reading.polarity is Polarity.UNCERTAIN:
            words = ", ".join(value_labels(knowledge, reading.fact, reading.value))
            yield f"- {plain(knowledge.facts[reading.fact].labels.label)}: perhaps {plain(words)} (not taken)"


def _questions(questions: Iterable[AnswerQuestion], knowledge: Knowledge) -> Iterator[str]:
    for number, question in enumerate(questions, 1):
        because = f" {plain(question.because)}" if question.because else ""
        mark = f" [{question.citation}]" if question.citation else ""
        yield f"{number}. {plain(question.ask)}{because}{mark}{choices(question, knowledge)}"


def choices(question: AnswerQuestion, knowledge: Knowledge) -> str:
    """The answers to choose from, in brackets; empty for yes or no, numbers and days."""
    terms = knowledge.facts[question.fact].terms
    named = [plain(terms[term].labels.label) for term in question.terms[:MOST_CHOICES]]
    more = ", ..." if len(question.terms) > MOST_CHOICES else ""
    return f" ({', '.join(named)}{more})" if named else ""


def _source(citation: Citation, knowledge: Knowledge) -> str:
    passage = citation.passage
    url = passage.official_url or passage.iri
    place = place_of(passage, knowledge)
    title = plain(f"{place}: {passage.title}" if place else passage.title)
    linked = f"[{title}]({url})" if url and re.fullmatch(r"https?://[^\s()<>]+", url) else title
    quote = f': "{plain(citation.quote)}"' if citation.quote else ""
    return f"- [{citation.n}] {linked}{quote}"


def plain(text: str) -> str:
    """``text`` so that nothing in it is Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
