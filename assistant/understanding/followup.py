"""Answers to what was asked back, and words that take something back, read against the conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.model import Conversation, FactReading, Intent, Polarity, Span
from assistant.understanding.days import Day
from assistant.understanding.groups import Amount, Place
from assistant.understanding.names import spellings
from assistant.understanding.pattern import Group
from assistant.understanding.words import Word, words_of
from kg_service.model import Fact, FactId, FactKind, Knowledge

_SINGLE: Final = (FactKind.FLAG, FactKind.NUMBER, FactKind.DATE)
_SHORT: Final = 12  # words in an answer to a question
_YES: Final = re.compile(
    r"\s*(?:yes|yep|yeah|yup|sure|correct|right|true|indeed|it does|it is|we do|they do|是的?|对|有|会)[\s.,!。，]*",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"\s*(?:no|nope|nah|not at all|false|never|it does not|it doesn't|it isn't|we don't|不是|否|没有|不|无)[\s.,!。，]*",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    r"\s*(?:no(?:pe)?,?\s)?(?:none(?: of (?:these|those|them|the above))?|no(?:ne)? at all|nothing|nobody|no one|都没有|没有|无)"
    r"[\s.,!。，]*",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(
    r"\s*(?:(?:i|we) )?(?:do not know|don't know|dont know|not sure|unsure|no idea|unknown|不知道|不确定)\b.*", re.IGNORECASE
)
_NUMBER: Final = re.compile(
    r"\s*(?:the\s)?(?:option|number|no\.?|answer)?\s*(?P<digit>\d{1,2})(?:st|nd|rd|th)?(?:\s(?:one|option|answer))?[\s.,!]*",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(
    r"\s*(?:the\s)?(?P<word>first|second|third|fourth|fifth|last)(?:\s(?:one|option|answer|choice))?[\s.,!]*", re.IGNORECASE
)
_ONLY: Final = frozenset(("only", "just", "alone", "solely", "只", "仅"))
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")


def answers(
    text: str,
    words: Sequence[Word],
    groups: Sequence[Group],
    read: Sequence[FactReading],
    conversation: Conversation,
    knowledge: Knowledge,
) -> tuple[FactReading, ...]:
    """What a short message says of the facts that were asked last; empty where it answers none of them."""
    asked = [knowledge.facts[fact] for fact in conversation.asked if fact in knowledge.facts]
    if not asked or not words or len(words) > _SHORT or "?" in text or "？" in text:
        return ()
    if _UNSURE.fullmatch(text):
        return ()
    span = (Span(words[0].start, words[-1].end, text[words[0].start : words[-1].end]),)
    for fact in asked:
        found = _bare(text, fact, span)
        if found is not None:
            return (found,)
    told = {one.fact for one in read}
    lead = _lead(text)
    flag = next((fact for fact in asked if fact.kind is FactKind.FLAG), None)
    if lead is not None and flag is not None and flag.id not in told:
        return (FactReading(flag.id, lead, Polarity.STATED if lead else Polarity.NEGATED, span),)
    for fact in [fact for fact in asked if fact.id in told] or asked:
        spans = [one for reading in read if reading.fact == fact.id for one in reading.spans]
        left = [word for word in words if not any(one.start <= word.start < one.end for one in spans)]
        found = _by_name(left, groups, fact, span)
        if found is not None and (fact.id not in told or fact.kind is FactKind.TERMS):
            alone = any(word.low in _ONLY for word in words) and fact.kind is FactKind.TERMS
            return (replace(found, complete=True) if alone else found,)
    return ()


def _bare(text: str, fact: Fact, span: tuple[Span, ...]) -> FactReading | None:
    """A plain yes, no, none, or number of an option, as the answer to ``fact``."""
    if fact.kind is FactKind.FLAG:
        if _YES.fullmatch(text):
            return FactReading(fact.id, True, Polarity.STATED, span)
        return FactReading(fact.id, False, Polarity.NEGATED, span) if _NO.fullmatch(text) else None
    if fact.kind is FactKind.TERMS and (not fact.jurisdictions or fact.id == "marketed_in") and _NONE.fullmatch(text):
        return FactReading(fact.id, (), Polarity.STATED, span, complete=True)
    if fact.kind is FactKind.ONE and _NONE.fullmatch(text) and "none" in fact.terms:
        return FactReading(fact.id, "none", Polarity.STATED, span)
    if fact.kind not in (FactKind.TERMS, FactKind.ONE) or fact.jurisdictions:
        return None
    place = None
    if found := _NUMBER.fullmatch(text):
        place = int(found["digit"]) - 1
    elif found := _ORDINAL.fullmatch(text):
        word = found["word"].lower()
        place = len(fact.terms) - 1 if word == "last" else _ORDINALS.index(word)
    if place is None or not 0 <= place < len(fact.terms):
        return None
    term = str(list(fact.terms)[place])
    return FactReading(fact.id, (term,) if fact.kind is FactKind.TERMS else term, Polarity.STATED, span)


def _lead(text: str) -> bool | None:
    """The yes or no that ``text`` begins with, if it does."""
    for form, value in ((_YES, True), (_NO, False)):
        found = form.match(text)
        if found and not text[max(found.end() - 1, 0) : found.end() + 1].isalpha():
            return value
    return None


def _by_name(words: Sequence[Word], groups: Sequence[Group], fact: Fact, span: tuple[Span, ...]) -> FactReading | None:
    """The terms of ``fact`` whose names, also the common words among them, stand in the message."""
    if fact.jurisdictions:
        places = [group.value for group in groups if group.kind in ("att", "people") and isinstance(group.value, Place)]
        terms = tuple(dict.fromkeys(str(term) for place in places for term in place.terms))
        return FactReading(fact.id, terms, Polarity.STATED, span) if terms else None
    if fact.kind is FactKind.NUMBER:
        amount = next((group.value for group in groups if isinstance(group.value, Amount)), None)
        if amount is None:
            return None
        number = amount.number / 1e9 if fact.id == "total_assets_usd_bn" and amount.number >= 1e6 else amount.number
        return FactReading(fact.id, number, Polarity.STATED, span)
    if fact.kind is FactKind.DATE:
        day = next((group.value for group in groups if isinstance(group.value, Day)), None)
        return None if day is None else FactReading(fact.id, day.day.isoformat(), Polarity.STATED, span)
    if fact.kind is FactKind.FLAG:
        return None
    said = f" {' '.join(word.low for word in words)} "
    found = []
    for term in fact.terms.values():
        names = {
            " ".join(word.low for word in words_of(name)) for name in (*spellings(term.labels), str(term.id).replace("_", " "))
        }
        hits = [name for name in names if name and f" {name} " in said]
        if hits:
            found.append((max(map(len, hits)), str(term.id)))
    if not found:
        return None
    if fact.kind is FactKind.ONE:
        return FactReading(fact.id, max(found)[1], Polarity.STATED, span)
    return FactReading(fact.id, tuple(term for _, term in found), Polarity.STATED, span)


def withdrawn(
    readings: Sequence[FactReading],
    wanted: Sequence[Intent],
    conversation: Conversation | None,
    everything: bool,
    knowledge: Knowledge,
    groups: Sequence[Group] = (),
) -> tuple[FactReading, ...]:
    """``readings`` as a message that takes facts back means them: what it names is no longer so."""
    if Intent.WITHDRAW not in wanted or conversation is None:
        return tuple(readings)
    if everything and not readings:
        return tuple(
            FactReading(FactId(fact), (), Polarity.NEGATED, ()) for fact in conversation.facts if fact in knowledge.facts
        )
    result = [
        replace(one, value=()) if one.polarity is Polarity.NEGATED and knowledge.facts[one.fact].kind in _SINGLE else one
        for one in readings
    ]
    for group in groups:  # "drop Austria": wherever it was said
        if group.kind == "att" and isinstance(group.value, Place) and not any(_says(one, group.value) for one in result):
            terms = tuple(str(term) for term in group.value.terms)
            for fact, held in conversation.facts.items():
                if (
                    fact in knowledge.facts
                    and knowledge.facts[fact].jurisdictions
                    and isinstance(held, frozenset)
                    and held & set(terms)
                ):
                    result.append(FactReading(fact, terms, Polarity.NEGATED, ()))
    return tuple(result)


def _says(reading: FactReading, place: Place) -> bool:
    return isinstance(reading.value, tuple) and set(place.terms) <= set(reading.value)
