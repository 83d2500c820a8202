"""An answer as a person reads it on a terminal: wrapped, with footnotes, without colour where it goes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assistant.markdown import notes_of
from assistant.model import Answer, AnswerQuestion, Claim, FactReading, Polarity
from assistant.views import place_of, value_labels
from kg_service.applicability.facts import Facts, plain_answer
from kg_service.model import Knowledge

MOST_CHOICES: Final = 8


def answer(found: Answer, knowledge: Knowledge, *, with_sources: bool = True) -> RenderableType:
    """What it understood, the answer, what it asks, notes, and the sources by number."""
    parts: list[RenderableType] = list(understood(found.facts, found.understanding.readings, knowledge))
    if found.refused:
        parts.append(Text(found.reason or "No answer can be given.", "bold"))
    heading: str | None = None
    for claim in found.claims:
        if claim.heading and claim.heading != heading:
            parts.append(Text(f"{'' if not parts else chr(10)}{claim.heading}", "bold"))
        heading = claim.heading
        parts.append(hanging("  -", sentence(claim)) if claim.heading else sentence(claim))
    if with_sources:
        parts.extend(sources(found, knowledge))
    parts.extend(questions(found.questions, knowledge))
    parts.append(Text())
    parts.extend(Text(note, "dim") for note in notes_of(found))
    parts.append(Text(f"As of {found.as_of.isoformat()}, knowledge {found.assessment.knowledge_version[:12]}. {_ADVICE}", "dim"))
    return Group(*parts)


_ADVICE: Final = "In our words; the official text decides. Information, not legal advice."


def sentence(claim: Claim) -> Text:
    """The sentence with its numbers."""
    text = Text(claim.text)
    text.append(f" {''.join(f'[{number}]' for number in claim.citations)}", "dim cyan")
    return text


def hanging(lead: str, text: Text) -> RenderableType:
    """``text`` beside ``lead``, its lines under each other."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(Text(lead), text)
    return table


def understood(facts: Facts, readings: Sequence[FactReading], knowledge: Knowledge) -> Iterator[RenderableType]:
    """The facts with the words that show them, and what is uncertain and so not taken."""
    unsure = [reading for reading in readings if reading.polarity is Polarity.UNCERTAIN]
    if not facts and not unsure:
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for fact, value in facts.items():
        words = [span.text for reading in readings if reading.fact == fact for span in reading.spans]
        line = Text(", ".join(value_labels(knowledge, fact, plain_answer(value))))
        if words:
            line.append(f"  “{'”, “'.join(dict.fromkeys(words))}”", "dim")
        table.add_row(Text(f"  {knowledge.facts[fact].labels.label}", "cyan"), line)
    for reading in unsure:
        line = Text(f"perhaps {', '.join(value_labels(knowledge, reading.fact, reading.value))}: not taken", "magenta")
        line.append(f"  “{'”, “'.join(span.text for span in reading.spans)}”", "dim")
        table.add_row(Text(f"  {knowledge.facts[reading.fact].labels.label}", "cyan"), line)
    yield Text("Understood", "bold")
    yield table
    yield Text()


def questions(asked: Sequence[AnswerQuestion], knowledge: Knowledge) -> Iterator[RenderableType]:
    """The questions back, numbered, each with its reason and its choices."""
    if not asked:
        return
    yield Text("\nTo settle more, it asks", "bold")
    for number, question in enumerate(asked, 1):
        line = Text(question.ask)
        if question.because:
            line.append(f" {question.because}", "dim")
        if question.citation:
            line.append(f" [{question.citation}]", "dim cyan")
        yield hanging(f"  {number}.", line)
        if choices := question_choices(question, knowledge):
            yield Padding(Text(choices, "dim"), (0, 0, 0, 5))


def question_choices(question: AnswerQuestion, knowledge: Knowledge) -> str:
    terms = [str(term) for term in question.terms[:MOST_CHOICES]]
    kind = knowledge.facts[question.fact].kind
    if not terms:
        return f"{question.fact}: {'yes or no' if kind == 'flag' else 'a day, YYYY-MM-DD' if kind == 'date' else 'a number'}"
    return f"{question.fact}: {', '.join(terms)}{', ...' if len(question.terms) > MOST_CHOICES else ''}"


def sources(found: Answer, knowledge: Knowledge) -> Iterator[RenderableType]:
    """What is cited, by number, with the address of the official page."""
    if not found.citations:
        return
    yield Text("\nSources", "bold")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, justify="right")
    table.add_column()
    for citation in found.citations:
        passage = citation.passage
        place = place_of(passage, knowledge)
        line = Text(f"{place}: {passage.title}" if place else passage.title)
        if citation.quote:
            line.append(f"\n“{citation.quote}”", "italic")
        if url := passage.official_url or passage.iri:
            line.append(f"\n{url}", "dim")
        table.add_row(Text(f"[{citation.n}]", "dim cyan"), line)
    yield table
