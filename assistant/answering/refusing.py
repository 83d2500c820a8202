"""When there is no answer, and what is said then: what the graph does not hold, or what would be needed."""

from __future__ import annotations

from typing import Final

from assistant.answering.rendering import plain
from assistant.compose.plain import at
from assistant.model import Ground, Intent, Understanding
from assistant.understanding.citations import NOT_HELD
from kg_service.applicability.evaluate import Status
from kg_service.applicability.facts import Facts
from kg_service.model import InstrumentId, Knowledge

CAN: Final = (
    "I can tell which obligations apply to a language-model deployment at a financial institution, why, from which day, "
    "what another choice would change, and which controls answer them."
)
NEEDED: Final = "Tell me who you are, where, what the system does, for whom, with which data, and who runs the model."
_DESCRIBED: Final = 4  # readings that make a description


def before_searching(law: Knowledge, understanding: Understanding, facts: Facts) -> str | None:
    """The reason to refuse that can be told from the question alone."""
    intents = set(understanding.intents)
    named = bool(understanding.norms or understanding.interpretations or understanding.qualifications or understanding.premises)
    described = Intent.APPLIES in intents and len(understanding.readings) >= _DESCRIBED
    if understanding.unknown_law and not named and not understanding.instruments and not described:
        return unknown_law(understanding)
    if intents == {Intent.OUTSIDE}:
        return f"This is not a question that the graph can answer. {CAN}"
    missing = [(name, pin) for name, pin in understanding.provisions if not _there(law, name, pin)]
    if missing and len(missing) == len(understanding.provisions) and not named:
        name, pin = missing[0]
        one = law.instruments.get(InstrumentId(name))
        return _absent(f"{plain(pin, 40)} of {one.short_title if one is not None else 'that instrument'}")
    absent = [note.removesuffix(NOT_HELD) for note in understanding.notes if note.endswith(NOT_HELD)]
    if absent and not named and not understanding.provisions and not described:
        return _absent(plain(absent[0], 80))
    return None


def _absent(what: str) -> str:
    return f"The graph holds no {what}, so I cannot say anything about it. {CAN}"


def unknown_law(understanding: Understanding) -> str:
    """That the question is about law that the graph does not hold."""
    names = "”, “".join(plain(span.text, 60) for span in understanding.unknown_law[:3])
    return f"The graph does not hold “{names}”, so I cannot say what it asks. {CAN}"


def without_claims(understanding: Understanding, ground: Ground) -> str:
    """What would be needed, where nothing is left to say."""
    if understanding.unknown_law:
        return unknown_law(understanding)
    counts = ground.assessment.counts()
    unclear = counts[Status.UNDETERMINED]
    if not ground.facts:
        return f"Without facts about the deployment nothing can be said to apply. {NEEDED}"
    if Intent.APPLIES in understanding.intents and unclear:
        return f"With what you told so far no provision can be said to apply, and {unclear} cannot be told. {NEEDED}"
    if Intent.APPLIES in understanding.intents:
        return f"None of the {sum(counts.values())} provisions in the graph applies to what you described, now or later."
    return f"Nothing in the graph supports an answer to this question. {CAN}"


def _there(law: Knowledge, instrument: str, pin: str) -> bool:
    numbers = (one.number for (name, _), one in law.provisions.items() if name == instrument)
    held = [norm.provision for norm in law.norms.values() if norm.instrument == instrument]
    return any(at(place, pin) or at(pin, place) for place in (*numbers, *held))
