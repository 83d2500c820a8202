"""From mentions to readings: polarities, values and spans of each fact, and what follows by the definitions of the terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.model import FactReading, Polarity, Span
from assistant.understanding.mentions import Mention
from assistant.understanding.pattern import Match
from assistant.understanding.rules import Language, Meaning
from assistant.understanding.words import Word
from kg_service.applicability.facts import contradictions
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId


def readings_of(
    text: str, words: Sequence[Word], mentions: Sequence[Mention], knowledge: Knowledge, notes: list[str]
) -> Iterator[FactReading]:
    by_fact: dict[FactId, list[Mention]] = {}
    for one in sorted(mentions, key=lambda each: (each.match.first, each.match.last)):
        by_fact.setdefault(one.fact, []).append(one)
    for fact_id, said in by_fact.items():
        fact = knowledge.facts[fact_id]
        for option in (False, True):
            part = [one for one in said if one.turn.option is option]
            strong = [one for one in part if not one.weak]
            if any(not one.turn.denied for one in strong):
                part = [one for one in part if not one.weak or one.turn.denied]
            yield from _of_fact(text, words, fact, part, option, notes)


def _of_fact(
    text: str, words: Sequence[Word], fact: Fact, said: list[Mention], option: bool, notes: list[str]
) -> Iterator[FactReading]:
    grouped: dict[tuple[Polarity, object], list[Mention]] = {}
    for one in said:
        polarity = _polarity(one)
        if fact.kind is FactKind.TERMS:
            grouped.setdefault((polarity, one.value == ()), []).append(one)
        else:
            grouped.setdefault((polarity, _flag(fact, one)), []).append(one)
    stated = (
        []
        if option
        else [key for key in grouped if key[0] is Polarity.STATED or (fact.kind is FactKind.FLAG and key[0] is Polarity.NEGATED)]
    )
    if fact.kind is not FactKind.TERMS and len(stated) > 1:
        winner = max(stated, key=lambda key: max(one.match.last for one in grouped[key]))
        for key in stated:
            if key != winner:
                notes.append(f"{fact.labels.label}: two readings contradict each other; the later one was taken")
                del grouped[key]
    for (polarity, _), group in grouped.items():
        value = _joined(fact, group, polarity)
        spans = tuple(dict.fromkeys(_span(text, words, one.match) for one in group))
        complete = (
            fact.kind is FactKind.TERMS
            and polarity is Polarity.STATED
            and (value == () or any(one.turn.all_there_is for one in group))
        )
        yield FactReading(fact.id, value, polarity, spans, complete, "words", option)


def _polarity(one: Mention) -> Polarity:
    if one.turn.doubted:
        return Polarity.UNCERTAIN
    denied = one.turn.denied != (one.value is False)
    return Polarity.NEGATED if denied else Polarity.STATED


def _flag(fact: Fact, one: Mention) -> bool | float | str | tuple[str, ...]:
    if fact.kind is FactKind.FLAG:
        return (one.value is True) != one.turn.denied if not one.turn.doubted else True
    return one.value


def _joined(fact: Fact, group: Sequence[Mention], polarity: Polarity) -> bool | float | str | tuple[str, ...]:
    if fact.kind is FactKind.FLAG:
        return bool(_flag(fact, group[0]))
    if fact.kind is not FactKind.TERMS:
        return group[-1].value
    terms: list[str] = []
    for one in group:
        for term in one.value if isinstance(one.value, tuple) else (str(one.value),):
            if term not in terms:
                terms.append(term)
    if polarity is not Polarity.NEGATED and str(fact.id) not in ("persons_in", "marketed_in"):
        above = {str(up) for term in terms for up in fact.ancestors.get(TermId(term), frozenset())}
        terms = [term for term in terms if term not in above]
    return tuple(terms if polarity is not Polarity.STATED else _agreeing(fact, terms))


def _agreeing(fact: Fact, terms: Sequence[str]) -> list[str]:
    """``terms`` without those that a later one rules out."""
    kept: list[TermId] = []
    for term in reversed(terms):
        if not any(True for _ in contradictions(fact, frozenset([*kept, TermId(term)]))):
            kept.append(TermId(term))
    return [str(term) for term in reversed(kept)]


def _span(text: str, words: Sequence[Word], match: Match) -> Span:
    start, end = words[match.first].start, words[match.last].end
    return Span(start, end, text[start:end])


def settled(readings: Sequence[FactReading], knowledge: Knowledge) -> list[FactReading]:
    """``readings`` without doubts of terms that the message also states."""
    kept: list[FactReading] = []
    for one in readings:
        if one.polarity is Polarity.UNCERTAIN and knowledge.facts[one.fact].kind is FactKind.TERMS:
            said = {
                term
                for other in readings
                if other.fact == one.fact and other.polarity is Polarity.STATED and other.hypothetical is one.hypothetical
                for term in _terms(other)
            }
            left = tuple(term for term in _terms(one) if term not in said)
            if not left:
                continue
            one = replace(one, value=left)
        kept.append(one)
    return kept


def with_implied(readings: Sequence[FactReading], language: Language, knowledge: Knowledge) -> list[FactReading]:
    """``readings`` and what follows from the stated ones by the definitions of the terms, shown by the same words."""
    result = list(readings)
    for option in (False, True):
        stated = {
            one.fact: one
            for one in result
            if one.polarity is Polarity.STATED and one.hypothetical is option and one.fact in knowledge.facts
        }
        for rule in language.implied:
            if not all(fact in stated and _has(stated[fact], terms, knowledge.facts[fact]) for fact, terms in rule.when.items()):
                continue
            if any(one.fact in rule.unless_any and one.hypothetical is option for one in result):
                continue
            spans = tuple(dict.fromkeys(span for fact in rule.when for span in stated[fact].spans))
            for meaning in rule.means:
                if rule.instead:
                    result = _taken_back(result, meaning.fact, rule.when[meaning.fact], option)
                result = _implied_reading(result, meaning, spans, knowledge.facts[meaning.fact], option)
                stated |= {one.fact: one for one in result if one.polarity is Polarity.STATED and one.hypothetical is option}
    return result


def says_none(reading: FactReading) -> bool:
    """Whether the reading is "no personal data": the one term that is a denial itself."""
    return reading.polarity is Polarity.STATED and isinstance(reading.value, tuple) and "no_personal" in reading.value


def excluded(reading: FactReading, fact: Fact) -> FactReading:
    gone = tuple(dict.fromkeys(str(out) for term in _terms(reading) for out in fact.terms[TermId(term)].excludes))
    return replace(reading, value=gone, polarity=Polarity.NEGATED, complete=False)


def _has(reading: FactReading, terms: frozenset[str], fact: Fact) -> bool:
    values = reading.value if isinstance(reading.value, tuple) else (reading.value,)
    return any(str(value) in terms or fact.ancestors.get(TermId(str(value)), frozenset()) & terms for value in values)


def _taken_back(readings: list[FactReading], fact: FactId, terms: frozenset[str], option: bool) -> list[FactReading]:
    """``readings`` without the stated ``terms`` of ``fact``: another term says the same of the place that was told."""
    kept = []
    for one in readings:
        if one.fact == fact and one.polarity is Polarity.STATED and one.hypothetical is option and isinstance(one.value, tuple):
            left = tuple(term for term in one.value if term not in terms)
            if left:
                kept.append(replace(one, value=left))
        else:
            kept.append(one)
    return kept


def _implied_reading(
    readings: list[FactReading], meaning: Meaning, spans: tuple[Span, ...], fact: Fact, option: bool
) -> list[FactReading]:
    here = [one for one in readings if one.fact == fact.id and one.hypothetical is option]
    value = meaning.value
    if isinstance(value, tuple) or any(one.complete for one in here):
        return readings
    if fact.kind is FactKind.TERMS:
        denied = {term for one in here if one.polarity is Polarity.NEGATED for term in _terms(one)}
        old = next((one for one in here if one.polarity is Polarity.STATED), None)
        held = set(_terms(old)) if old else set()
        below = {up for term in held for up in fact.ancestors.get(TermId(term), frozenset())}
        if str(value) in denied | held | below:
            return readings
        if old is not None:
            merged = replace(old, value=(*_terms(old), str(value)), spans=tuple(dict.fromkeys((*old.spans, *spans))))
            return [merged if one is old else one for one in readings]
        return [*readings, FactReading(fact.id, (str(value),), Polarity.STATED, spans, False, "words", option)]
    if here:
        return readings
    polarity = Polarity.NEGATED if value is False else Polarity.STATED
    return [*readings, FactReading(fact.id, value, polarity, spans, False, "words", option)]


def _terms(reading: FactReading) -> tuple[str, ...]:
    return reading.value if isinstance(reading.value, tuple) else (str(reading.value),)
