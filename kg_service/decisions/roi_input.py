"""The input of ``sextant roi``, read strictly: quantities with units, lines of cost and benefit, options, scored value. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Final

from kg_service.decisions.finance import EXACT
from kg_service.decisions.montecarlo import KINDS, Spread
from kg_service.decisions.reading import MOST, Reading, present, step
from kg_service.decisions.roi import BASE, GROUPS, Case, Line, Quantity, Worth
from kg_service.errors import nearest

KEYS: Final = (
    "currency", "years", "discount_rate", "quantities", "costs", "benefits", "options", "value", "iterations", "seed"
)  # fmt: skip
LINE_KEYS: Final = ("name", "group", "of", "per", "when", "from", "until", "growth")
MAX_YEARS: Final = 50
MAX_WORK: Final = 5_000_000


def parse_case(raw: object, at: str = "", counted: Mapping[str, int] | None = None) -> Case:
    """The case that ``raw`` (parsed YAML or JSON) describes; ``counted`` are quantities that the engine counts, such as
    ``controls_needed``. An amount cannot be negative: what is earned or saved is a benefit, what is paid a cost.

    Raises:
        InputError: with every problem found, each at its JSON pointer below ``at``.
    """
    reading = Reading()
    given = reading.mapping(raw, at, KEYS, ("currency", "years", "discount_rate", "quantities", "costs"))
    years = reading.whole(present(given.get("years"), 1), f"{at}/years", 1, MAX_YEARS, "a number of years")
    quantities = _quantities(reading, given.get("quantities"), f"{at}/quantities")
    for name, count in (counted or {}).items():
        if name in quantities:
            told = f"{name!r} is counted by the engine for the deployment given; leave it out."
            reading.wrong(f"{at}/quantities/{name}", "counted", told)
        quantities[name] = Quantity("count", Spread("certain", (Decimal(count),)))
    lines = [
        line
        for key, benefit in (("costs", False), ("benefits", True))
        for line in _lines(reading, given.get(key), f"{at}/{key}", benefit, years, quantities)
    ]
    options = _options(reading, given.get("options"), f"{at}/options", quantities)
    for changed in ({}, *options.values()):
        _check_size(reading, lines, {**quantities, **changed}, at)
    case = Case(
        currency=reading.currency(present(given.get("currency"), "XXX"), f"{at}/currency"),
        years=years,
        rate=reading.number(present(given.get("discount_rate"), 0), f"{at}/discount_rate", 0, 1, "a yearly rate (0.08 is 8 %)"),
        quantities=quantities,
        lines=tuple(lines),
        options=options,
        worth=_worth(reading, given.get("value"), f"{at}/value"),
        iterations=reading.whole(present(given.get("iterations"), 5000), f"{at}/iterations", 100, 100_000, "a number of draws"),
        seed=reading.whole(present(given.get("seed"), 1), f"{at}/seed", 0, 2**63 - 1, "a seed"),
    )
    if case.iterations * (len(lines) + len(quantities)) * (1 + len(options)) > MAX_WORK:
        told = f"draws times (lines and quantities) times options may be at most {MAX_WORK:,}; ask for fewer draws."
        reading.wrong(f"{at}/iterations", "too-much", told)
    reading.done()
    return case


def _quantities(reading: Reading, raw: object, at: str) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for name, entry in reading.mapping(raw, at).items():
        spot = f"{at}/{step(name)}"
        given = reading.mapping(entry, spot, ("unit", "value", *KINDS), ("unit",))
        unit = reading.text(given["unit"], f"{spot}/unit", "a unit", 60) if given.get("unit") is not None else ""
        found[name] = Quantity(unit, _spread(reading, {key: one for key, one in given.items() if key != "unit"}, spot))
    return found


def _spread(reading: Reading, given: Mapping[str, object], at: str) -> Spread:
    """One certain ``value``, or one distribution whose numbers fit together and cannot fall below zero."""
    if len(given) != 1:
        reading.wrong(at, "not-one", f"give exactly one of value, {', '.join(KINDS)}.")
        return Spread("certain", (Decimal(0),))
    ((kind, raw),) = given.items()
    if kind == "value":
        return Spread("certain", (reading.number(raw, f"{at}/value"),))
    words, where = KINDS[kind], f"{at}/{kind}"
    entries = reading.items(raw, where)
    if len(entries) != len(words):
        reading.wrong(where, "wrong-count", f"{kind} takes [{', '.join(words)}].")
        return Spread("certain", (Decimal(0),))
    numbers = tuple(reading.number(one, f"{where}/{place}", what=words[place]) for place, one in enumerate(entries))
    if len(words) == 3 or kind == "uniform":
        if list(numbers) != sorted(numbers):
            reading.wrong(where, "out-of-order", f"{kind} takes [{', '.join(words)}], ascending.")
    elif kind == "normal" and numbers[0] < 4 * numbers[1]:
        told = "this could fall below zero: a normal quantity needs a mean of at least 4 deviations. Take lognormal or pert."
        reading.wrong(where, "may-be-negative", told)
    elif kind == "lognormal" and numbers[0] == 0:
        reading.wrong(where, "out-of-range", "the mean of a lognormal quantity is above 0.")
    return Spread(kind, numbers)


def _lines(reading: Reading, raw: object, at: str, benefit: bool, years: int, quantities: Mapping[str, Quantity]) -> list[Line]:
    lines: list[Line] = []
    for place, entry in enumerate(reading.items(raw, at)):
        spot = f"{at}/{place}"
        given = reading.mapping(entry, spot, LINE_KEYS, ("name", "of", "when"))
        once = reading.choice(present(given.get("when"), "once"), f"{spot}/when", ("once", "yearly")) == "once"
        first = reading.whole(present(given.get("from"), 0 if once else 1), f"{spot}/from", 0, years, "a year of the horizon")
        until = present(given.get("until"), first if once else years)
        last = reading.whole(until, f"{spot}/until", first, years, "a year of the horizon, not before 'from'")
        if once and given.get("until") is not None:
            reading.wrong(f"{spot}/until", "only-yearly", "'until' belongs to a yearly line; one that is paid once has 'from'.")
        per = reading.number(present(given.get("per"), 1), f"{spot}/per", Decimal("0.000001"), MOST, "a divisor")
        lines.append(
            Line(
                name=reading.text(present(given.get("name"), "?"), f"{spot}/name", "a name", 120),
                benefit=benefit,
                group="benefit" if benefit else reading.choice(present(given.get("group"), "other"), f"{spot}/group", GROUPS),
                of=_names(reading, given.get("of"), f"{spot}/of", quantities),
                per=per,
                first=first,
                last=last,
                growth=reading.number(present(given.get("growth"), 0), f"{spot}/growth", Decimal("-0.99"), 1, "a yearly growth"),
            )
        )
    return lines


def _names(reading: Reading, raw: object, at: str, quantities: Mapping[str, Quantity]) -> tuple[str, ...]:
    names: list[str] = []
    for place, one in enumerate([raw] if isinstance(raw, str) else reading.items(raw, at, 12)):
        spot = at if isinstance(raw, str) else f"{at}/{place}"
        if not isinstance(one, str) or one not in quantities:
            told = f"there is no quantity {str(one)[:60]!r}."
            if one in ("controls_needed", "obligations"):
                told += " It is counted where a deployment is given (--deployment, or 'facts')."
            reading.wrong(spot, "unknown-quantity", told, nearest(str(one), quantities))
        else:
            names.append(one)
    if not names and not isinstance(raw, str):
        reading.wrong(at, "nothing-multiplied", "name at least one quantity.")
    return tuple(names)


def _options(reading: Reading, raw: object, at: str, quantities: Mapping[str, Quantity]) -> dict[str, dict[str, Quantity]]:
    options: dict[str, dict[str, Quantity]] = {}
    for name, changes in reading.mapping(raw, at).items():
        spot = f"{at}/{step(name)}"
        if name == BASE:
            reading.wrong(spot, "name-taken", f"{BASE!r} is the case without changes; call the option otherwise.")
        options[name] = {}
        for key, entry in reading.mapping(changes, spot, quantities).items():
            given = reading.mapping(entry, f"{spot}/{step(key)}", ("value", *KINDS))
            options[name][key] = Quantity(quantities[key].unit, _spread(reading, given, f"{spot}/{step(key)}"))
    return options


def _check_size(reading: Reading, lines: list[Line], quantities: Mapping[str, Quantity], at: str) -> None:
    """No line is worth more than can be meant, even at the top of its quantities."""
    counts = {False: 0, True: 0}
    for line in lines:
        place = counts[line.benefit]
        counts[line.benefit] += 1
        with localcontext(EXACT):
            top = math.prod((max(quantities[key].spread.numbers) for key in line.of), start=Decimal(1)) / line.per
            top *= (1 + max(line.growth, Decimal(0))) ** (line.last - line.first)
        if top > MOST:
            where = f"{at}/{'benefits' if line.benefit else 'costs'}/{place}"
            told = f"{line.name!r} reaches {top:.2E} in one year, more than the {MOST:.0E} that can be meant; see its units."
            if not any(problem.where == where for problem in reading.problems):
                reading.wrong(where, "absurd", told)


def _worth(reading: Reading, raw: object, at: str) -> tuple[Worth, ...]:
    found: list[Worth] = []
    for place, entry in enumerate(reading.items(raw, at)):
        spot = f"{at}/{place}"
        keys = ("name", "weight", "score", "because")
        given = reading.mapping(entry, spot, keys, keys)
        found.append(
            Worth(
                reading.text(present(given.get("name"), "?"), f"{spot}/name", "a name", 120),
                reading.number(present(given.get("weight"), 0), f"{spot}/weight", 0, 1000, "a weight"),
                reading.number(present(given.get("score"), 0), f"{spot}/score", 0, 10, "a score from 0 to 10"),
                reading.text(present(given.get("because"), "?"), f"{spot}/because", "a reason"),
            )
        )
    return tuple(found)
