"""Facts that a model reads from a user's words, beside those that are read without one.

Each reading must name a fact and values that exist and quote words that stand in the text; what was read without a model wins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from assistant.llm.prompts import fence_for, fenced, prompt
from assistant.llm.protocol import ChatModel, Message
from assistant.model import Conversation, FactReading, Intent, Polarity, Span, Understanding
from kg_service.applicability.facts import parse_facts, plain_answer
from kg_service.errors import DeadlineError, InputError, UnavailableError
from kg_service.model import Fact, FactId, FactKind, Knowledge

PROMPT: Final = "read-facts"
SOURCE: Final = "model"
LONGEST: Final = 12_000  # characters of a text that are handed to a model
MOST_READINGS: Final = 40
_JSON: Final = re.compile(r"\{.*\}", re.DOTALL)
_FEWEST_LETTERS: Final = 4
_READING: Final = frozenset({Intent.APPLIES, Intent.COMPARE, Intent.CONTROLS, Intent.CHANGES})


class Reader(Protocol):
    def read(self, text: str, conversation: Conversation | None = None) -> Understanding: ...


class ModelReader:
    """Reads as ``reader`` does, and lets ``model`` find the facts that it missed."""

    def __init__(self, reader: Reader, model: ChatModel, knowledge: Knowledge, seconds: float) -> None:
        self._reader, self._model, self._knowledge, self._seconds = reader, model, knowledge, seconds

    def read(self, text: str, conversation: Conversation | None = None) -> Understanding:
        """The understanding without a model, and the model's readings of facts that it says nothing of."""
        found = self._reader.read(text, conversation)
        if not _READING & set(found.intents):
            return found
        fence = fence_for(text)
        system = prompt(PROMPT).filled(fence=fence, facts=_listed(self._knowledge))
        messages = (Message("system", system), Message("user", fenced(text[:LONGEST], fence)))
        try:
            answer = self._model.complete(messages, self._seconds)
        except (DeadlineError, UnavailableError) as error:
            return replace(found, notes=(*found.notes, f"{error} Facts were read without it."))
        own = {reading.fact for reading in found.readings}
        more = tuple(reading for reading in readings(answer, text, self._knowledge) if reading.fact not in own)
        return replace(found, readings=(*found.readings, *more))


def readings(answer: str, text: str, knowledge: Knowledge) -> Iterator[FactReading]:
    """What holds of a model's ``answer``: known facts, known values, words that stand in ``text``; one reading of each fact."""
    seen: set[FactId] = set()
    for raw in _entries(answer):
        fact = knowledge.facts.get(FactId(str(raw.get("fact"))))
        span = _span(raw.get("words"), text)
        polarity = {str(one): one for one in Polarity}.get(str(raw.get("polarity", "stated")))
        if fact is None or span is None or polarity is None or fact.id in seen:
            continue
        value = _value(fact, raw.get("value"), knowledge)
        if value is None or (polarity is Polarity.NEGATED and fact.kind not in (FactKind.TERMS, FactKind.FLAG)):
            continue
        if polarity is Polarity.NEGATED and fact.kind is FactKind.FLAG:
            value = False
        seen.add(fact.id)
        yield FactReading(fact.id, value, polarity, (span,), source=SOURCE)


def _entries(answer: str) -> list[Mapping[str, Any]]:
    found = _JSON.search(answer)
    if found is None:
        return []
    try:
        parsed = json.loads(found[0])
    except (ValueError, RecursionError):
        return []
    listed = parsed.get("readings") if isinstance(parsed, dict) else None
    entries: list[Mapping[str, Any]] = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return entries[:MOST_READINGS]


def _span(words: object, text: str) -> Span | None:
    """Where ``words`` stand in ``text``, exactly."""
    if not isinstance(words, str) or sum(map(str.isalnum, words)) < _FEWEST_LETTERS:
        return None
    start = text.find(words)
    return None if start < 0 else Span(start, start + len(words), words)


def _value(fact: Fact, raw: object, knowledge: Knowledge) -> bool | float | int | str | tuple[str, ...] | None:
    """``raw`` as an answer to ``fact`` that exists, in plain form."""
    try:
        parsed = parse_facts(knowledge.facts, {fact.id: raw})
    except InputError:
        return None
    answer = parsed.get(fact.id)
    if answer is None or answer == frozenset():
        return None
    plain = plain_answer(answer)
    if isinstance(plain, list):
        return plain[0] if fact.kind is FactKind.ONE else tuple(plain)
    return plain


def _listed(knowledge: Knowledge) -> str:
    return "\n".join(_line(fact) for fact in knowledge.facts.values())


def _line(fact: Fact) -> str:
    kinds: Mapping[FactKind, Callable[[], str]] = {
        FactKind.FLAG: lambda: "true or false",
        FactKind.NUMBER: lambda: f"a number{f' ({fact.unit})' if fact.unit else ''}",
        FactKind.DATE: lambda: "a day",
    }
    values = kinds[fact.kind]() if fact.kind in kinds else ", ".join(fact.terms)
    return f"{fact.id} ({fact.labels.label}): {values}"
