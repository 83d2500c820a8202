"""Amounts, shares, periods and other numbers, with their unit, in one form whatever way they are written."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Number: TypeAlias = tuple[float, str]

_UNITS: Final = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty "
)
_TENS: Final = "thirty forty fifty sixty seventy eighty ninety hundred"
_WORDS: Final = {
    **{name: value for value, name in enumerate(_UNITS.split(), 2)},
    **{name: 10 * value for value, name in enumerate(_TENS.split(), 3)},
}
_CURRENCY: Final = r"EUR|USD|GBP|CAD|SGD|HKD|AUD|€|\$|£"
_BEFORE: Final = re.compile(r"(" + _CURRENCY + r")\s?$", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?P<n>\d+(?:[.,]\d+)*)\s?(?P<u>%|per\s?cent|m\b|mn\b|million|bn\b|billion|k\b|thousand|hours?|days?"
    r"|weeks?|months?|years?|minutes?)?"
    r"(?:\s?(?P<cur>EUR|USD|GBP|euros?|dollars?|pounds?))?",
    re.IGNORECASE,
)
_WORDED: Final = re.compile(
    r"\b(?P<w>"
    + "|".join(_WORDS)
    + r")\b(?:[\s-](?P<u>hours?|days?|weeks?|months?|years?|minutes?|per\s?cent|million|billion))?",
    re.IGNORECASE,
)
_SCALES: Final = {"m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "k": 1e3, "thousand": 1e3}
_CURRENCIES: Final = {
    "€": "eur",
    "$": "usd",
    "£": "gbp",
    "euro": "eur",
    "euros": "eur",
    "dollar": "usd",
    "dollars": "usd",
    "pound": "gbp",
    "pounds": "gbp",
}


def numbers(text: str) -> frozenset[Number]:
    """Every number of ``text`` with its unit (``eur``, ``%``, ``day``, empty)."""
    found: set[Number] = set()
    for match in _NUMBER.finditer(text):
        before = _BEFORE.search(text[max(0, match.start() - 4) : match.start()])
        currency = (before.group(1) if before is not None else match["cur"] or "").lower()
        found.add(_scaled(_value(match["n"]), match["u"] or "", _CURRENCIES.get(currency, currency)))
    for match in _WORDED.finditer(text):
        found.add(_scaled(float(_WORDS[match["w"].lower()]), match["u"] or "", ""))
    return frozenset(found)


def agrees(one: Number, known: frozenset[Number]) -> bool:
    """Whether a number stands in ``known`` with the same unit; one without a unit may stand there with any."""
    return one in known or (one[1] == "" and any(value == one[0] for value, _ in known))


def _scaled(value: float, unit: str, currency: str) -> Number:
    unit = unit.lower()
    if unit in _SCALES:
        return value * _SCALES[unit], currency
    if unit.startswith("per") or unit == "%":
        return value, "%"
    return value, currency or unit.rstrip("s")


def _value(digits: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        return float(digits.replace(",", ""))
    if re.fullmatch(r"\d+[.,]\d+", digits):
        return float(digits.replace(",", "."))
    # 1002.9.1 and the like are no amounts: one number that equals only itself
    return float(int.from_bytes(digits.encode()[:6], "big")) if not digits.isdigit() else float(digits)
