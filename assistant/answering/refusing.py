"""When there is no answer, and what is said then: what the graph does not hold, or what would be needed."""

from __future__ import annotations

import re
from typing import Final

from assistant.answering.rendering import plain
from assistant.compose.plain import at
from assistant.model import Intent, Understanding
from assistant.verify.vocabulary import SMALL
from assistant.verify.wordlike import stem, words
from kg_service.applicability.facts import Facts
from kg_service.model import InstrumentId, Knowledge

CAN: Final = (
    "I can tell which obligations apply to a language-model deployment at a financial institution, why, from which day, "
    "what another choice would change, and which controls answer them."
)
_ASKING: Final = (
    "apply applies does need needs must allowed law legal rule rules regulation act article art say says ask asks mean "
    "means tell explain please today now still bank firm company question "
)
_QUESTION_WORDS: Final = frozenset(_ASKING.split())


def before_searching(law: Knowledge, understanding: Understanding, facts: Facts) -> str | None:
    """The reason to refuse that can be told from the question alone."""
    intents = set(understanding.intents)
    named = understanding.norms or understanding.interpretations or understanding.qualifications
    if intents == {Intent.OUTSIDE}:
        if understanding.unknown_law:
            return unknown_law(understanding)
        return f"This is not a question that the graph can answer. {CAN}"
    missing = [(name, pin) for name, pin in understanding.provisions if not _there(law, name, pin)]
    if missing and len(missing) == len(understanding.provisions) and not named:
        name, pin = missing[0]
        one = law.instruments.get(InstrumentId(name))
        title = one.short_title if one is not None else "that instrument"
        return f"The graph holds no {plain(pin, 40)} of {title}, so I cannot say anything about it. {CAN}"
    if understanding.unknown_law and not named and not understanding.instruments and not (facts and understanding.readings):
        return unknown_law(understanding)
    return None


def unknown_law(understanding: Understanding) -> str:
    """That the question is about law that the graph does not hold."""
    names = "”, “".join(plain(span.text, 60) for span in understanding.unknown_law[:3])
    return f"The graph does not hold “{names}”, so I cannot say what it asks. {CAN}"


def without_claims(understanding: Understanding, facts: Facts) -> str:
    """What would be needed, where nothing is left to say."""
    if understanding.unknown_law:
        return unknown_law(understanding)
    if not facts:
        return (
            "Without facts about the deployment nothing can be said to apply. Tell me who you are, where, what the system does, "
            "for whom, with which data, and who runs the model."
        )
    return f"Nothing in the graph supports an answer to this question. {CAN}"


def _there(law: Knowledge, instrument: str, pin: str) -> bool:
    numbers = (one.number for (name, _), one in law.provisions.items() if name == instrument)
    held = [norm.provision for norm in law.norms.values() if norm.instrument == instrument]
    return any(at(place, pin) or at(pin, place) for place in (*numbers, *held))


def covers(question: str, passage_text: str, least: float = 0.5) -> bool:
    """Whether a passage speaks of what the question asks: of its own words, at least so many stand in it."""
    found = {stem(word) for word in words(passage_text)}
    asked = {
        stem(word) for word in words(question) if word.lower() not in SMALL | _QUESTION_WORDS and not re.fullmatch(r"\d+", word)
    }
    return bool(asked) and len(asked & found) >= least * len(asked)
