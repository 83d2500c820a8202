"""Inputs of the decision tools, read strictly: every problem is collected with its JSON pointer, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from kg_service.errors import InputError, Problem, nearest, shown

MOST: Final = Decimal(10) ** 15
FINEST: Final = 12
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def step(key: object) -> str:
    """``key`` as one part of a JSON pointer (RFC 6901), shortened."""
    return str(key)[:60].replace("~", "~0").replace("/", "~1")


def present(raw: object, default: object) -> object:
    """``raw``, or ``default`` where it was left out or is ``null``."""
    return default if raw is None else raw


@dataclass(slots=True)
class Reading:
    """One reading of one input. What is wrong stands in ``problems``; a harmless value is given back in its place."""

    problems: list[Problem] = field(default_factory=list)

    def wrong(self, at: str, code: str, message: str, near: Sequence[str] = ()) -> None:
        self.problems.append(Problem(at or "/", code, message, tuple(near)))

    def done(self) -> None:
        """Raises:
        InputError: where anything was wrong.
        """
        if self.problems:
            raise InputError(self.problems)

    def mapping(
        self, raw: object, at: str, keys: Iterable[str] | None = None, required: Iterable[str] = ()
    ) -> Mapping[str, object]:
        """``raw`` as a mapping; only ``keys`` may stand in it (any where None), and ``required`` must. ``null`` is empty."""
        if raw is None:
            raw = {}
        if not isinstance(raw, Mapping):
            self.wrong(at, "not-a-mapping", f"this must be a mapping, not {shown(raw)}.")
            return {}
        allowed = None if keys is None else tuple(keys)
        found: dict[str, object] = {}
        for key, value in raw.items():
            name = str(key)
            if not _NAME.fullmatch(name):
                self.wrong(at, "not-a-name", f"a name has 1 to 80 printable characters, not {shown(name)}.")
            elif allowed is not None and name not in allowed:
                told = f"there is no {shown(name)} here; there is: {', '.join(allowed)}."
                self.wrong(f"{at}/{step(name)}", "unknown-key", told, nearest(name, allowed))
            else:
                found[name] = value
        for name in required:
            if found.get(name) is None and name not in (str(key) for key, value in raw.items() if value is not None):
                self.wrong(at, "missing-key", f"{name!r} is missing.")
        return found

    def items(self, raw: object, at: str, most: int = 200) -> Sequence[object]:
        """``raw`` as a list of at most ``most`` values. ``null`` is empty."""
        if raw is None:
            return ()
        if not isinstance(raw, list | tuple):
            self.wrong(at, "not-a-list", f"this must be a list, not {shown(raw)}.")
            return ()
        if len(raw) > most:
            self.wrong(at, "too-many", f"there are {len(raw)} entries; at most {most} are read.")
            return ()
        return raw

    def number(self, raw: object, at: str, low: Decimal | int = 0, high: Decimal | int = MOST, what: str = "a number") -> Decimal:
        """``raw`` as an exact decimal number from ``low`` to ``high``; a string as YAML holds it, or a JSON number."""
        low, high = Decimal(low), Decimal(high)
        value: Decimal | None = None
        if isinstance(raw, int | float | str | Decimal) and not isinstance(raw, bool):
            text = str(raw).strip()
            if _NUMBER.fullmatch(text):
                try:
                    value = Decimal(text)
                except InvalidOperation:
                    value = None
        if value is None:
            self.wrong(at, "not-a-number", f"this must be {what}, not {shown(raw)}.")
        elif value and int(value.as_tuple().exponent) < -FINEST:
            self.wrong(at, "too-fine", f"{what} has at most {FINEST} decimals: {shown(raw)}.")
        elif value < low:
            told = "negative" if low == 0 else f"below {low:f}"
            self.wrong(at, "out-of-range", f"{what} cannot be {told}: {shown(raw)}.")
        elif value > high:
            self.wrong(at, "out-of-range", f"{what} is at most {high:f}: {shown(raw)}.")
        else:
            return value
        return max(low, Decimal(0)) if high >= 0 else low

    def whole(self, raw: object, at: str, low: int, high: int, what: str = "a whole number") -> int:
        """``raw`` as a whole number from ``low`` to ``high``."""
        count = len(self.problems)
        value = self.number(raw, at, low, high, what)
        if len(self.problems) == count and value != value.to_integral_value():
            self.wrong(at, "not-whole", f"this must be {what}, not {shown(raw)}.")
        return int(value)

    def choice(self, raw: object, at: str, choices: Sequence[str]) -> str:
        """``raw``, which must be one of ``choices``."""
        if isinstance(raw, str) and raw in choices:
            return raw
        told = f"this must be one of {', '.join(choices)}, not {shown(raw)}."
        self.wrong(at, "unknown-choice", told, nearest(str(raw), choices))
        return choices[0]

    def text(self, raw: object, at: str, what: str = "a text", most: int = 2000) -> str:
        """``raw`` as a text that can be shown."""
        if isinstance(raw, str) and raw.strip() and len(raw) <= most and all(c.isprintable() or c in "\n\t" for c in raw):
            return raw.strip()
        self.wrong(at, "not-a-text", f"this must be {what} of at most {most} characters, not {shown(raw)}.")
        return ""

    def currency(self, raw: object, at: str) -> str:
        """``raw`` as a currency code of three capital letters (ISO 4217)."""
        if isinstance(raw, str) and _CURRENCY.fullmatch(raw):
            return raw
        self.wrong(at, "not-a-currency", f"a currency is a code of three capital letters such as EUR, not {shown(raw)}.")
        return "XXX"
