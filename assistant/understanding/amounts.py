"""How a number in a message answers a fact: shares, counts, sums in US dollars, staff, computing power."""

from __future__ import annotations

import math
from typing import Final

from assistant.understanding.groups import Amount
from assistant.understanding.pattern import Match
from kg_service.model import Fact

_BILLION: Final = 1e9
_SMALL, _MICRO = 250, 10  # staff below which a firm may be a small or medium-sized enterprise, and a microenterprise
Value = bool | float | str | tuple[str, ...] | None


def number_of(rule: str, amount: Amount | None, match: Match, fact: Fact) -> tuple[Value, str | None, bool]:
    """The answer to ``fact``, what is odd about it, and whether that makes it doubtful. None where there is no answer."""
    if amount is None:
        return None, None, False
    number = amount.number
    match rule:
        case "billions":
            value = number / _BILLION
            if amount.currency != "USD":
                note = f"{fact.labels.label} is asked in US dollars; the sum was not converted"
                return _within(value, fact), note if _within(value, fact) is not None else None, True
            return _within(value, fact), None, False
        case "share":
            return _within(number / 100 if amount.percent or number >= 1 else number, fact), None, False
        case "flop":
            if number <= 0:
                return None, None, False
            return _within(round(math.log10(number), 4) if number > 1000 else number, fact), None, number <= 1000
        case "count":
            return _within(number, fact), None, False
        case "staff":  # what so many staff rule out
            terms = tuple(
                term for term, below in (("microenterprise", _MICRO), ("small_or_medium_enterprise", _SMALL)) if number >= below
            )
            return terms or None, None, False
    return None, None, False


def _within(number: float, fact: Fact) -> float | None:
    low = fact.minimum is None or number >= fact.minimum
    high = fact.maximum is None or number <= fact.maximum
    return float(number) if math.isfinite(number) and low and high else None
