"""Conditions as they are written, understood with the facts at hand; the inverse of ``condition.plain``.

The language is described in ``docs/conditions.md``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn
from kg_service.errors import InputError, Problem, nearest, shown
from kg_service.knowledge.document import escape
from kg_service.model import Fact, FactId, FactKind, QualificationId, TermId

WORDS: Final = ("all", "any", "not", "is", "always")
_BOUNDS: Final = ("min", "max", "above", "below")
_DAYS: Final = ("from", "before")
_DEPTH: Final = 40
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse(
    plain: object,
    facts: Mapping[FactId, Fact],
    qualifications: Collection[QualificationId],
    where: Callable[[str], str] = str,
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> Condition:
    """The condition that ``plain`` writes out.

    Args:
        where: names the place of a part, given its JSON pointer below the condition.
        renamed: old ids of qualifications, which are refused with the new one as the nearest choice.

    Raises:
        InputError: with every problem found.
    """
    parser = _Parser(facts, qualifications, where, renamed)
    condition = parser.condition(plain, "", 0)
    if parser.problems:
        raise InputError(parser.problems)
    return condition


@dataclass(slots=True)
class _Parser:
    facts: Mapping[FactId, Fact]
    qualifications: Collection[QualificationId]
    where: Callable[[str], str]
    renamed: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def condition(self, plain: object, at: str, depth: int) -> Condition:
        """The condition, or *always* in the place of one with a problem, which is then noted."""
        if depth > _DEPTH:
            return self._wrong(at, "too-deep", f"a condition is nested more than {_DEPTH} levels deep.")
        if not isinstance(plain, Mapping) or len(plain) != 1:
            return self._wrong(at, "not-a-condition", f"a condition is a mapping with one key, not {shown(plain)}.")
        [(key, value)] = plain.items()
        if not isinstance(key, str):
            return self._wrong(at, "not-a-condition", f"a condition begins with a word, not {shown(key)}.")
        below = f"{at}/{escape(key)}"
        match key:
            case "all":
                return All(self._parts(value, below, depth))
            case "any":
                return AnyOf(self._parts(value, below, depth))
            case "not":
                return Not(self.condition(value, below, depth + 1))
            case "is":
                return self._qualification(value, below)
            case "always":
                if value in (True, "true"):
                    return Always()
                return self._wrong(below, "wrong-kind", f"'always' takes true, not {shown(value)}.")
            case _:
                return self._leaf(key, value, below)

    def _parts(self, value: object, at: str, depth: int) -> tuple[Condition, ...]:
        if not isinstance(value, list):
            self._wrong(at, "wrong-kind", f"a list of conditions is due, not {shown(value)}.")
            return ()
        if not value:
            self._wrong(at, "empty-list", "an empty list of conditions says nothing.")
        return tuple(self.condition(part, f"{at}/{place}", depth + 1) for place, part in enumerate(value))

    def _qualification(self, value: object, at: str) -> Condition:
        if not isinstance(value, str):
            return self._wrong(at, "wrong-kind", f"'is' takes the id of a qualification, not {shown(value)}.")
        if value not in self.qualifications:
            near = (self.renamed[value],) if value in self.renamed else nearest(value, self.qualifications)
            return self._wrong(at, "unknown-qualification", f"there is no qualification {shown(value)}.", near)
        return Is(value)

    def _leaf(self, key: str, value: object, at: str) -> Condition:
        fact = self.facts.get(FactId(key))
        if fact is None:
            near = [f.id for f in self.facts.values() if key in f.aliases] or nearest(key, [*WORDS, *self.facts])
            return self._wrong(at, "unknown-fact", f"there is no fact {shown(key)}.", tuple(near))
        match fact.kind:
            case FactKind.TERMS | FactKind.ONE:
                return self._terms(fact, value, at)
            case FactKind.FLAG:
                flag = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
                if isinstance(flag, bool):
                    return Flag(key, flag)
                return self._wrong(at, "wrong-kind", f"the flag {key!r} takes true or false, not {shown(value)}.")
            case FactKind.NUMBER:
                return self._number(key, value, at)
            case FactKind.DATE:
                return self._date(key, value, at)

    def _terms(self, fact: Fact, value: object, at: str) -> Condition:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list):
            return self._wrong(at, "wrong-kind", f"the fact {fact.id!r} takes a term or a list of terms, not {shown(value)}.")
        if not words:
            return self._wrong(at, "empty-list", f"an empty list of terms of {fact.id!r} can never hold.")
        for place, word in enumerate(words):
            spot = at if isinstance(value, str) else f"{at}/{place}"
            if not isinstance(word, str) or TermId(word) not in fact.terms:
                old = fact.term_aliases.get(word) if isinstance(word, str) else None
                near = (old,) if old else nearest(str(word), fact.terms)
                self._wrong(spot, "unknown-term", f"the fact {fact.id!r} has no term {shown(word)}.", near)
            elif word in words[:place]:
                self._wrong(spot, "duplicate-term", f"the term {word!r} stands twice.")
        return HasTerm(fact.id, tuple(str(word) for word in words))

    def _number(self, fact: str, value: object, at: str) -> Condition:
        bounds: dict[str, float] = {}
        for name, text, spot in self._range(fact, value, _BOUNDS, at):
            bound = _number(text)
            if bound is None:
                self._wrong(spot, "wrong-kind", f"{name!r} of {fact!r} takes a finite number, not {shown(text)}.")
            else:
                bounds[name] = bound
        low = max((bounds[name] for name in ("min", "above") if name in bounds), default=-math.inf)
        high = min((bounds[name] for name in ("max", "below") if name in bounds), default=math.inf)
        if low > high or (low == high and bounds.keys() & {"above", "below"}):
            return self._wrong(at, "empty-range", f"no number of {fact!r} lies between these bounds.")
        return NumberIn(fact, **bounds)

    def _date(self, fact: str, value: object, at: str) -> Condition:
        days: dict[str, date] = {}
        for name, text, spot in self._range(fact, value, _DAYS, at):
            found = _day(text)
            if found is None:
                self._wrong(spot, "wrong-kind", f"{name!r} of {fact!r} takes a day as YYYY-MM-DD, not {shown(text)}.")
            else:
                days[name] = found
        start, before = days.get("from"), days.get("before")
        if start and before and start >= before:
            return self._wrong(at, "empty-range", f"no day of {fact!r} lies between these bounds.")
        return DateIn(fact, start=start, before=before)

    def _range(self, fact: str, value: object, names: tuple[str, ...], at: str) -> Iterator[tuple[str, object, str]]:
        if not isinstance(value, Mapping) or not value:
            self._wrong(at, "wrong-kind", f"{fact!r} takes bounds ({', '.join(names)}), not {shown(value)}.")
            return
        for name, bound in value.items():
            spot = f"{at}/{escape(str(name))}"
            if name in names:
                yield name, bound, spot
            else:
                near = nearest(str(name), names)
                self._wrong(spot, "unknown-bound", f"{fact!r} has the bounds {', '.join(names)}, not {shown(name)}.", near)

    def _wrong(self, at: str, code: str, message: str, near: tuple[str, ...] = ()) -> Condition:
        self.problems.append(Problem(self.where(at), code, message, near))
        return Always()


def _number(text: object) -> float | None:
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text) if -1e15 < text < 1e15 else None
    return float(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else None


def _day(text: object) -> date | None:
    if isinstance(text, date):
        return text
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
