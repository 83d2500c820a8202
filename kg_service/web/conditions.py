"""Conditions as nested lists that a lawyer reads, with links to the facts, terms and qualifications that they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kg_service import ids
from kg_service.applicability.condition import (
    All,
    Always,
    AnyOf,
    Condition,
    DateIn,
    Flag,
    HasTerm,
    Is,
    Leaf,
    Not,
    NumberIn,
)
from kg_service.model import FactId, Knowledge, QualificationId, TermId


@dataclass(frozen=True, slots=True)
class Word:
    """A stretch of text; a link where ``iri`` is given."""

    text: str
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a condition and the lines below it."""

    words: tuple[Word, ...]
    parts: tuple[Line, ...] = field(default=())


def lines(knowledge: Knowledge, condition: Condition) -> Line:
    """``condition`` as lines."""
    match condition:
        case Always():
            return Line((Word("always"),))
        case All((only,)) | AnyOf((only,)):
            return lines(knowledge, only)
        case All(parts):
            return _list(knowledge, "all of these", parts)
        case AnyOf(parts):
            return _list(knowledge, "at least one of these", parts)
        case Not(AnyOf(parts)):
            return _list(knowledge, "none of these", parts)
        case Not(All(parts)):
            return _list(knowledge, "not all of these together", parts)
        case Not(Flag(fact, value)):
            return lines(knowledge, Flag(fact, not value))
        case Not(part):
            inner = lines(knowledge, part)
            return Line((Word("not "), *inner.words), inner.parts)
        case Is(name):
            label = knowledge.qualifications[QualificationId(name)].label
            return Line((Word(label, ids.qualification(name)),))
        case _:
            return Line(tuple(_leaf(knowledge, condition)))


def _list(knowledge: Knowledge, head: str, parts: tuple[Condition, ...]) -> Line:
    return Line((Word(head),), tuple(lines(knowledge, part) for part in parts))


def _leaf(knowledge: Knowledge, leaf: Leaf) -> Iterator[Word]:
    fact = knowledge.facts[FactId(leaf.fact)]
    yield Word(fact.labels.label, ids.fact(fact.id))
    yield Word(": ")
    match leaf:
        case HasTerm(_, terms):
            for number, name in enumerate(terms):
                if number:
                    yield Word(" or " if number == len(terms) - 1 else ", ")
                iri = ids.jurisdiction(name) if fact.jurisdictions else ids.fact_term(fact.id, name)
                yield Word(fact.terms[TermId(name)].labels.label, iri)
        case Flag(_, value):
            yield Word("yes" if value else "no")
        case NumberIn():
            bounds = {"at least": leaf.min, "at most": leaf.max, "more than": leaf.above, "less than": leaf.below}
            told = " and ".join(f"{word} {bound:,.10g}" for word, bound in bounds.items() if bound is not None)
            yield Word(f"{told} {fact.unit}" if fact.unit else told)
        case DateIn(_, start, before):
            days = {"from": start, "before": before}
            yield Word(" and ".join(f"{word} {day.isoformat()}" for word, day in days.items() if day is not None))
