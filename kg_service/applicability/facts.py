"""Answers about one deployment, checked against the facts that may be asked.

An absent fact is unanswered; an answered one is complete: what it does not name does not hold. An empty list is the answer
"none of these".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TypeAlias

from kg_service.errors import InputError, Problem, nearest, shown
from kg_service.model import Fact, FactId, FactKind, TermId

Answer: TypeAlias = frozenset[TermId] | bool | float | date
Facts: TypeAlias = Mapping[FactId, Answer]

_SHOWN = 60
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_facts(schema: Mapping[FactId, Fact], raw: object, at: str = "/facts") -> Facts:
    """Typed answers, in the order of ``schema``; aliases of facts and terms are replaced by what they stand for.

    ``null`` means unanswered. Numbers and flags may come as the strings that YAML files hold.

    Raises:
        InputError: with every problem found; each names its place below ``at`` and the nearest valid choice.
    """
    if not isinstance(raw, Mapping):
        raise InputError([Problem(at, "not-a-mapping", f"facts must be a mapping from fact to answer, not {shown(raw)}.")])
    aliases = {alias: fact.id for fact in schema.values() for alias in fact.aliases}
    problems: list[Problem] = []
    given: dict[FactId, Answer] = {}
    for key, value in raw.items():
        where = f"{at}/{_pointer(key)}"
        fact = schema.get(aliases.get(FactId(key), FactId(key))) if isinstance(key, str) else None
        if fact is None:
            problems.append(Problem(where, "unknown-fact", f"there is no fact {shown(key)}.", nearest(str(key), schema)))
        elif fact.id in given:
            problems.append(Problem(where, "answered-twice", f"fact {fact.id!r} is answered twice, here by its old name."))
        elif value is not None:
            answer, wrong = _answer(fact, value, where)
            problems.extend(wrong)
            if answer is not None:
                given[fact.id] = answer
    if problems:
        raise InputError(problems)
    return {fact_id: given[fact_id] for fact_id in schema if fact_id in given}


def plain_answer(answer: Answer) -> bool | float | int | str | list[str]:
    """``answer`` as JSON holds it: terms sorted, days in ISO form, whole numbers without a fraction."""
    if isinstance(answer, frozenset):
        return sorted(answer)
    if isinstance(answer, date):
        return answer.isoformat()
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    return answer


def plain_facts(facts: Facts) -> dict[str, bool | float | int | str | list[str]]:
    """``facts`` as JSON holds them; :func:`parse_facts` gives back equal facts."""
    return {str(fact): plain_answer(answer) for fact, answer in facts.items()}


def _answer(fact: Fact, value: object, where: str) -> tuple[Answer | None, list[Problem]]:
    match fact.kind:
        case FactKind.TERMS | FactKind.ONE:
            return _terms(fact, value, where)
        case FactKind.FLAG:
            flag = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
            if isinstance(flag, bool):
                return flag, []
            return None, [Problem(where, "not-a-flag", f"{fact.id!r} is answered by true or false, not {shown(value)}.")]
        case FactKind.NUMBER:
            return _number(fact, value, where)
        case FactKind.DATE:
            return _date(fact, value, where)


def _terms(fact: Fact, value: object, where: str) -> tuple[Answer | None, list[Problem]]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple | set | frozenset):
        return None, [Problem(where, "not-terms", f"{fact.id!r} is answered by a term or a list of terms, not {shown(value)}.")]
    problems: list[Problem] = []
    terms: list[TermId] = []
    for place, word in enumerate(values):
        spot = where if isinstance(value, str) else f"{where}/{place}"
        term = fact.terms.get(fact.term_aliases.get(word, TermId(word))) if isinstance(word, str) else None
        if term is None:
            near = _meant(fact, str(word)) or nearest(str(word), fact.terms)
            hint = "" if near else f" It has: {', '.join(list(fact.terms)[:12])}{' ...' if len(fact.terms) > 12 else ''}."
            problems.append(Problem(spot, "unknown-term", f"fact {fact.id!r} has no term {shown(word)}.{hint}", near))
        else:
            terms.append(term.id)
    if problems:
        return None, problems
    answer = frozenset(terms)
    if fact.kind is FactKind.ONE and len(answer) != 1:
        told = "none" if not answer else f"{len(answer)}: {', '.join(sorted(answer))}"
        return None, [Problem(where, "not-one", f"{fact.id!r} takes exactly one term; you gave {told}.")]
    return answer, [
        Problem(where, "contradiction", f"{one!r} and {other!r} of {fact.id!r} cannot both hold.")
        for one, other in contradictions(fact, answer)
    ]


def _meant(fact: Fact, word: str) -> tuple[TermId, ...]:
    """The terms that carry ``word`` as a label, in any language."""
    key = word.strip().casefold()
    found: list[TermId] = []
    for term in fact.terms.values():
        names = [term.labels.label, term.labels.label_zh or "", *(name for alt in term.labels.alt.values() for name in alt)]
        if key in map(str.casefold, names):
            found.append(term.id)
    return tuple(found)


def contradictions(fact: Fact, answer: frozenset[TermId]) -> Iterator[tuple[TermId, TermId]]:
    """Each pair of terms in ``answer`` that ``fact`` says exclude each other, below the excluded ones too; each pair once."""
    for one in sorted(answer):
        excluded = {out for term in (one, *fact.ancestors[one]) for out in fact.terms[term].excludes}
        for other in sorted(answer - {one}):
            if excluded & {other, *fact.ancestors[other]}:
                mutual = {out for term in (other, *fact.ancestors[other]) for out in fact.terms[term].excludes}
                if one < other or not mutual & {one, *fact.ancestors[one]}:
                    yield one, other


def _number(fact: Fact, value: object, where: str) -> tuple[Answer | None, list[Problem]]:
    number: float | None = None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value) if not isinstance(value, str) or (value.isascii() and "_" not in value) else None
        except (ValueError, OverflowError):
            number = None
    if number is None or not math.isfinite(number):
        return None, [Problem(where, "not-a-number", f"{fact.id!r} is answered by a finite number, not {shown(value)}.")]
    if (fact.minimum is not None and number < fact.minimum) or (fact.maximum is not None and number > fact.maximum):
        low = "" if fact.minimum is None else f" from {fact.minimum:g}"
        high = "" if fact.maximum is None else f" to {fact.maximum:g}"
        return None, [Problem(where, "out-of-range", f"{fact.id!r} is a number{low}{high}, not {number:g}.")]
    return number, []


def _date(fact: Fact, value: object, where: str) -> tuple[Answer | None, list[Problem]]:
    try:
        return parse_day(value, where), []
    except InputError as error:
        return None, [Problem(one.where, one.code, f"{fact.id!r}: {one.message}") for one in error.problems]


def parse_day(value: object, where: str) -> date:
    """The day that ``value`` names as ``YYYY-MM-DD``.

    Raises:
        InputError: where it is no such text, or no day of the calendar.
    """
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise InputError([Problem(where, "no-such-day", f"{value!r} is no day: {error}.")]) from error
    raise InputError([Problem(where, "not-a-date", f"a day is written YYYY-MM-DD, not {shown(value)}.")])


def _pointer(key: object) -> str:
    """``key`` as one part of a JSON pointer (RFC 6901), shortened."""
    text = key if isinstance(key, str) and key.isprintable() else shown(key)
    return text[:_SHOWN].replace("~", "~0").replace("/", "~1")
