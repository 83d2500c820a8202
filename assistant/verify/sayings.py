"""Fixed ways of saying what the user answered and what the graph lacks, each with what must hold for it to be said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from assistant.verify.dates import long_form
from kg_service.applicability.facts import Answer, Facts
from kg_service.model import Fact, FactId, Knowledge, Norm, TermId

NO_LAST_DAY: Final = "still stands without a last day"
NO_DAY: Final = "without a date so far"
NO_PENALTY: Final = re.compile(r"^(?:none\b|n/a\b|no stand-alone)", re.IGNORECASE)
FRAMES: Final = re.compile(r"^(?:Contested; reading|The answer chang)")
ABOUT: Final = re.compile(r"^(?:Penalty for|Controls for|Evidence for|Left out of the condition of|Official words of)\b")


def answer_words(fact: Fact, answer: Answer) -> str:
    """An answer in the ontology's words: ``Use: Creditworthiness assessment``."""
    if isinstance(answer, frozenset):
        words = "; ".join(sorted(fact.terms[term].labels.label for term in answer)) or "none of these"
    elif isinstance(answer, bool):
        words = "yes" if answer else "no"
    elif isinstance(answer, date):
        words = long_form(answer)
    else:
        words = f"{answer:g}" + (f" {fact.unit}" if fact.unit else "")
    return f"{fact.labels.label}: {words}"


def terms_words(fact: Fact, terms: Iterable[str], most: int = 4) -> str:
    """What a condition asks for, shortened."""
    labels = [fact.terms[TermId(term)].labels.label for term in terms if TermId(term) in fact.terms]
    more = len(labels) - most
    return " or ".join(labels[:most]) + (f" (+{more})" if more > 0 else "")


def facts_said(text: str, law: Knowledge, facts: Facts, allowed: Iterable[FactId], blank: str) -> tuple[bool, str]:
    """Whether every ``label: answer`` of ``text`` is the user's answer, and the text without them."""
    for fact_id in allowed:
        fact = law.facts[fact_id]
        lead = f"{fact.labels.label}: "
        if lead not in text:
            continue
        answer = facts.get(fact_id)
        said = f"{lead}not answered" if answer is None else answer_words(fact, answer)
        if said not in text:
            return False, text
        text = text.replace(said, blank)
        if lead in text:
            return False, text
    return True, text


def without_a_day(text: str, norms: list[Norm]) -> tuple[bool, str]:
    """Whether the norms really have no first or no last day where the text says so."""
    fine = True
    if NO_LAST_DAY in text:
        fine = bool(norms) and all(norm.applies_until is None for norm in norms)
    if NO_DAY in text:
        fine = fine and bool(norms) and all(norm.applies_from is None for norm in norms)
    return fine, text.replace(NO_LAST_DAY, " ").replace(NO_DAY, " ")
