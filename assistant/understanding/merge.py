"""From readings to facts: what was said and denied, by the engine's rules, over what was known before.

An answered fact of the engine is complete: what it does not name does not hold. So a mention answers a fact only where the
language files say that people name such things in full; where a mention leaves a fact open and the fact has a general term for
that ("personal data, kind left open"), the general term is added, and what is below it stays undetermined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assistant.model import FactReading, Polarity
from assistant.understanding.language import habits_of
from assistant.understanding.rules import Habit
from kg_service.applicability.facts import Answer, Facts, contradictions, parse_facts, plain_facts
from kg_service.errors import InputError
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId


def facts_of(
    readings: Iterable[FactReading], base: Facts, knowledge: Knowledge, habits: Mapping[FactId, Habit] | None = None
) -> Facts:
    """``base`` with the stated and denied ``readings`` over it; doubted ones and options are left out.

    Terms add up over turns; of other facts the last word holds. A denied term is taken out of an answer and answers nothing by
    itself. A denied reading without a value takes the whole answer back.
    """
    return _merged((one for one in readings if not one.hypothetical), base, knowledge, habits)


def option_of(
    readings: Iterable[FactReading], base: Facts, knowledge: Knowledge, habits: Mapping[FactId, Habit] | None = None
) -> Facts:
    """``base`` changed as the options among ``readings`` ("what if ...") say: what an option names replaces the answer."""
    options = [one for one in readings if one.hypothetical]
    changed: dict[FactId, Answer] = dict(base)
    for one in options:
        fact = knowledge.facts.get(one.fact)
        if one.polarity is Polarity.STATED and fact is not None and fact.jurisdictions:
            changed.pop(one.fact, None)
    return _merged(options, changed, knowledge, habits)


def _merged(readings: Iterable[FactReading], base: Facts, knowledge: Knowledge, habits: Mapping[FactId, Habit] | None) -> Facts:
    facts: dict[FactId, Answer] = dict(base)
    habits = habits_of(knowledge) if habits is None else habits
    batch = list(readings)
    said = {one.fact for one in batch}
    for one in batch:
        fact = knowledge.facts.get(one.fact)
        if fact is None or one.polarity is Polarity.UNCERTAIN:
            continue
        if one.polarity is Polarity.NEGATED and not isinstance(one.value, bool):
            _take_out(facts, fact, one)
        elif fact.kind is FactKind.TERMS:
            _put_in(facts, fact, one, habits.get(fact.id, Habit()))
        else:
            answer = _single(fact, one)
            if answer is not None:
                if fact.id in facts and facts[fact.id] != answer:
                    for carried in habits.get(fact.id, Habit()).carries:
                        if carried not in said:
                            facts.pop(carried, None)
                facts[fact.id] = answer
    return {fact_id: facts[fact_id] for fact_id in knowledge.facts if fact_id in facts}


def _take_out(facts: dict[FactId, Answer], fact: Fact, reading: FactReading) -> None:
    held = facts.get(fact.id)
    gone = {TermId(term) for term in _terms(reading)}
    if not gone:
        facts.pop(fact.id, None)
    elif isinstance(held, frozenset):
        left = frozenset(term for term in held if term not in gone and not fact.ancestors[term] & gone)
        if left == held:
            return
        if left:
            facts[fact.id] = left
        else:
            facts.pop(fact.id, None)


def _put_in(facts: dict[FactId, Answer], fact: Fact, reading: FactReading, habit: Habit) -> None:
    said = frozenset(TermId(term) for term in _terms(reading) if TermId(term) in fact.terms)
    held = facts.get(fact.id)
    before = held if isinstance(held, frozenset) else frozenset()
    if reading.complete:
        facts[fact.id] = said
        return
    if not said or (said <= {TermId(term) for term in habit.holds} and not before):
        return
    if habit.mentions == "open":
        said = _left_open(fact, said, habit)
        if not said and not before:
            return
    kept = frozenset(term for term in before if not _clash(fact, term, said))
    kept = frozenset(
        term
        for term in kept
        if not any(term in fact.ancestors[new] for new in said) or term in habit.open_terms or fact.jurisdictions
    )
    facts[fact.id] = kept | said


def _left_open(fact: Fact, said: frozenset[TermId], habit: Habit) -> frozenset[TermId]:
    """``said`` with the general terms above it; nothing where none of it says anything of the general terms."""
    above = {term for term in habit.open_terms if any(term == one or term in fact.ancestors[one] for one in said)}
    settles = any(fact.terms[one].excludes for one in said)
    if not above and not settles:
        return frozenset()
    return said | above


def _clash(fact: Fact, held: TermId, said: frozenset[TermId]) -> bool:
    return any(True for pair in contradictions(fact, said | {held}) if held in pair)


def _single(fact: Fact, reading: FactReading) -> Answer | None:
    value = reading.value
    if isinstance(value, tuple):
        value = value[-1] if value else ""
    try:
        return parse_facts({fact.id: fact}, {str(fact.id): value}).get(fact.id)
    except InputError:
        return None


def _terms(reading: FactReading) -> tuple[str, ...]:
    if isinstance(reading.value, tuple):
        return reading.value
    return (reading.value,) if isinstance(reading.value, str) else ()


def plain(facts: Facts) -> Mapping[str, object]:
    """``facts`` as a deployment file holds them."""
    return plain_facts(facts)
