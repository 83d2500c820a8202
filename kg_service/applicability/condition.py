"""The condition language: what a lawyer writes in YAML, as frozen values that can be compared and hashed.

Grammar (``docs/conditions.md``)::

    {all: [C, ...]}  {any: [C, ...]}  {not: C}  {is: qualification}  {always: true}
    {<fact>: term | [term, ...]}  {<flag>: true | false}  {<number>: {min|max|above|below: n}}  {<date>: {before|from: day}}

Imports nothing but the standard library; knows no fact and no law. :mod:`kg_service.knowledge.conditions` parses it
with the facts at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Always:
    """True for every deployment."""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Is:
    """True where the qualification of that id holds."""

    qualification: str


@dataclass(frozen=True, slots=True)
class HasTerm:
    """True where an answer of ``fact`` stands at or below one of ``terms``.

    Unknown where none does and one stands strictly above; otherwise false.
    """

    fact: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    fact: str
    value: bool


@dataclass(frozen=True, slots=True)
class NumberIn:
    """``min`` and ``max`` are included in the range, ``above`` and ``below`` are not."""

    fact: str
    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class DateIn:
    """``start`` (written ``from``) is included in the range, ``before`` is not."""

    fact: str
    start: date | None = None
    before: date | None = None


Leaf: TypeAlias = HasTerm | Flag | NumberIn | DateIn
Condition: TypeAlias = Always | All | AnyOf | Not | Is | Leaf
Plain: TypeAlias = dict[str, "Plain | list[Plain] | str | list[str] | bool | dict[str, float] | dict[str, str]"]


def walk(condition: Condition) -> Iterator[Condition]:
    """Every condition inside ``condition``, itself first, depth first; qualifications are not entered."""
    yield condition
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from walk(part)
        case Not(part):
            yield from walk(part)
        case _:
            pass


def facts_of(condition: Condition) -> frozenset[str]:
    """The facts that stand at the leaves; qualifications are not entered."""
    return frozenset(part.fact for part in walk(condition) if isinstance(part, HasTerm | Flag | NumberIn | DateIn))


def qualifications_of(condition: Condition) -> frozenset[str]:
    return frozenset(part.qualification for part in walk(condition) if isinstance(part, Is))


def plain(condition: Condition) -> Plain:
    """``condition`` in the form in which it is written in YAML; the inverse of ``knowledge.conditions.parse``."""
    match condition:
        case Always():
            return {"always": True}
        case All(parts):
            return {"all": [plain(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [plain(part) for part in parts]}
        case Not(part):
            return {"not": plain(part)}
        case Is(qualification):
            return {"is": qualification}
        case HasTerm(fact, terms):
            return {fact: terms[0] if len(terms) == 1 else list(terms)}
        case Flag(fact, value):
            return {fact: value}
        case NumberIn(fact):
            bounds = {"min": condition.min, "max": condition.max, "above": condition.above, "below": condition.below}
            return {fact: {name: _whole(bound) for name, bound in bounds.items() if bound is not None}}
        case DateIn(fact, start, before):
            days = {"from": start, "before": before}
            return {fact: {name: day.isoformat() for name, day in days.items() if day is not None}}


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def replace(condition: Condition, change: Callable[[Condition], Condition]) -> Condition:
    """``condition`` with ``change`` applied to every part from the leaves up."""
    match condition:
        case All(parts):
            return change(All(tuple(replace(part, change) for part in parts)))
        case AnyOf(parts):
            return change(AnyOf(tuple(replace(part, change) for part in parts)))
        case Not(part):
            return change(Not(replace(part, change)))
        case _:
            return change(condition)
