"""``sextant questions --interactive``: asks for facts until everything is settled or the user stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import Answer, Facts, parse_facts
from kg_service.applicability.questions import Question, next_questions
from kg_service.commands.screen import answers
from kg_service.deployment import Deployment
from kg_service.errors import InputError
from kg_service.model import FactId, FactKind, TermId

STOP = "q"


def ask_all(
    evaluator: Evaluator, deployment: Deployment, as_of: date, read: Callable[[str], str], write: Callable[[str], None]
) -> Deployment:
    """The deployment with the answers that the user gave. An empty line skips a question; ``q`` or the end of input stops."""
    facts: Facts = dict(deployment.facts)
    skipped: set[FactId] = set()
    while True:
        found = next_questions(evaluator, facts, as_of, limit=len(skipped) + 1)
        question = next((one for one in found if one.fact.id not in skipped), None)
        if question is None:
            return replace(deployment, facts=facts)
        write(f"\n{question.ask} (settles about {question.settles})\n  {question.fact.id}: {answers(question)}")
        try:
            word = read("  answer (empty: skip, ?: meaning of the terms, q: stop): ").strip()
        except EOFError:
            word = STOP
        if word == STOP:
            return replace(deployment, facts=facts)
        if word == "?":
            write(meanings(question))
        elif not word:
            skipped.add(question.fact.id)
        else:
            try:
                answer = understood(evaluator, question, word)
            except InputError as error:
                write("\n".join(f"  {problem.message}{_near(problem.nearest)}" for problem in error.problems))
                continue
            facts = {**facts, question.fact.id: _joined(facts, question, answer)}


def understood(evaluator: Evaluator, question: Question, word: str) -> Answer:
    """The answer that ``word`` means: terms separated by commas or spaces, ``none``, yes or no, a number or a day.

    Raises:
        InputError: naming the nearest valid answers.
    """
    fact = question.fact
    raw: object = word
    if fact.kind in (FactKind.TERMS, FactKind.ONE):
        words = word.replace(",", " ").split()
        raw = [] if words == ["none"] and TermId("none") not in fact.terms else words
    elif fact.kind is FactKind.FLAG:
        raw = {"yes": True, "y": True, "no": False, "n": False}.get(word.lower(), word.lower())
    return parse_facts(evaluator.knowledge.facts, {fact.id: raw})[fact.id]


def meanings(question: Question) -> str:
    """What the terms of a question mean."""
    fact = question.fact
    lines = [f"  {text}" for text in (fact.labels.definition, *fact.notes) if text]
    for term in question.terms:
        labels = fact.terms[term].labels
        lines.append(f"  {term}: {labels.label}{'. ' + labels.definition if labels.definition else ''}")
    return "\n".join(lines) or "  There is nothing more to say about it."


def _joined(facts: Facts, question: Question, answer: Answer) -> Answer:
    """A more exact answer takes the place of what was too general, and leaves the rest."""
    before = facts.get(question.fact.id)
    if question.refines and isinstance(before, frozenset) and isinstance(answer, frozenset):
        return (before - frozenset(question.refines)) | answer
    return answer


def _near(nearest: tuple[str, ...]) -> str:
    return f" Did you mean {' or '.join(nearest)}?" if nearest else ""
