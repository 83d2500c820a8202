"""Cost and benefit of decision 5 over a horizon: cash flows, value, risk, what drives it. Pure; all amounts in one currency."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Final

from kg_service.decisions.finance import EXACT, Rates, irr, npv, payback
from kg_service.decisions.montecarlo import Spread, draws, percentile

GROUPS: Final = ("tokens", "gpu", "hosting", "integration", "people", "controls", "obligations", "change", "other")
BASE: Final = "base"


@dataclass(frozen=True, slots=True)
class Quantity:
    unit: str
    spread: Spread


@dataclass(frozen=True, slots=True)
class Line:
    """A cost or a benefit: the product of its quantities, divided by ``per``, once or in each year, grown by a yearly rate.

    Year ``t`` of a yearly line (``first <= t <= last``) has ``product / per * (1 + growth) ** (t - first)``.
    """

    name: str
    benefit: bool
    group: str
    of: tuple[str, ...]
    per: Decimal
    first: int
    last: int
    growth: Decimal

    def amounts(self, product: Decimal, years: int) -> list[Decimal]:
        """The amount in each year from 0 to ``years``."""
        with localcontext(EXACT):
            return [
                product / self.per * (1 + self.growth) ** (year - self.first) if self.first <= year <= self.last else Decimal(0)
                for year in range(years + 1)
            ]


@dataclass(frozen=True, slots=True)
class Worth:
    """A value that is not money, scored from 0 to 10 with its reason."""

    name: str
    weight: Decimal
    score: Decimal
    because: str


@dataclass(frozen=True, slots=True)
class Case:
    """The input. ``options`` replace quantities: each is a pathway of its own beside the base."""

    currency: str
    years: int
    rate: Decimal
    quantities: Mapping[str, Quantity]
    lines: tuple[Line, ...]
    options: Mapping[str, Mapping[str, Quantity]] = field(default_factory=dict)
    worth: tuple[Worth, ...] = ()
    iterations: int = 5000
    seed: int = 1

    @property
    def worth_score(self) -> Decimal | None:
        """The weighted mean of the scores of what is not money, from 0 to 10; None where nothing is scored."""
        total = sum((one.weight for one in self.worth), Decimal(0))
        return sum((one.weight * one.score for one in self.worth), Decimal(0)) / total if total else None


@dataclass(frozen=True, slots=True)
class Risk:
    """What the draws of the net present value say; ``loss`` is the share below 0."""

    mean: float
    p10: float
    p50: float
    p90: float
    loss: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the tornado: the net present value with one quantity at its P10 and at its P90, all others central."""

    quantity: str
    low: float
    high: float
    npv_at_low: float
    npv_at_high: float

    @property
    def swing(self) -> float:
        return abs(self.npv_at_high - self.npv_at_low)


@dataclass(frozen=True, slots=True)
class Result:
    """One pathway: its central case in exact decimals and its risk from the draws. ``roi`` is None without costs."""

    name: str
    flows: tuple[Decimal, ...]
    costs: Mapping[str, Decimal]
    benefits: Decimal
    npv: Decimal
    rates: Rates
    payback: Decimal | None
    discounted_payback: Decimal | None
    risk: Risk
    tornado: tuple[Bar, ...]

    @property
    def tco(self) -> Decimal:
        """The total cost of ownership: the present value of all costs over the horizon."""
        return sum(self.costs.values(), Decimal(0))

    @property
    def roi(self) -> Decimal | None:
        """The return on investment: (present value of benefits - of costs) / present value of costs."""
        with localcontext(EXACT):
            return (self.benefits - self.tco) / self.tco if self.tco else None


def compute(case: Case) -> tuple[Result, ...]:
    """The base and then each option, every one with the same draws for the quantities that it shares with the base."""
    return tuple(_result(case, name, {**case.quantities, **changed}) for name, changed in ((BASE, {}), *case.options.items()))


def _result(case: Case, name: str, quantities: Mapping[str, Quantity]) -> Result:
    central = {key: quantity.spread.central for key, quantity in quantities.items()}
    flows = [Decimal(0)] * (case.years + 1)
    costs: dict[str, Decimal] = {}
    benefits = Decimal(0)
    with localcontext(EXACT):
        for line in case.lines:
            amounts = line.amounts(math.prod((central[key] for key in line.of), start=Decimal(1)), case.years)
            flows = [total + (one if line.benefit else -one) for total, one in zip(flows, amounts, strict=True)]
            worth = npv(case.rate, amounts)
            if line.benefit:
                benefits += worth
            else:
                costs[line.group] = costs.get(line.group, Decimal(0)) + worth
    model = _Model(case, quantities)
    return Result(
        name,
        tuple(flows),
        costs,
        benefits,
        npv(case.rate, flows),
        irr(flows),
        payback(flows),
        payback(flows, case.rate),
        model.risk(),
        model.tornado(),
    )


class _Model:
    """The net present value as a function of the quantities, in floating point: for each line a factor times a product."""

    def __init__(self, case: Case, quantities: Mapping[str, Quantity]) -> None:
        self._case = case
        self._central = {key: float(quantity.spread.central) for key, quantity in quantities.items()}
        used = {key for line in case.lines for key in line.of}
        self._spreads = {key: one.spread for key, one in quantities.items() if key in used and not one.spread.certain}
        self._draws = {key: draws(key, spread, case.iterations, case.seed) for key, spread in self._spreads.items()}
        self._lines: list[tuple[float, tuple[str, ...]]] = []
        for line in case.lines:
            factor = float(npv(case.rate, line.amounts(Decimal(1), case.years))) * (1 if line.benefit else -1)
            fixed = math.prod(self._central[key] for key in line.of if key not in self._spreads)
            self._lines.append((factor * fixed, tuple(key for key in line.of if key in self._spreads)))

    def value(self, quantities: Mapping[str, float]) -> float:
        return math.fsum(factor * math.prod(quantities[key] for key in keys) for factor, keys in self._lines)

    def risk(self) -> Risk:
        names = list(self._draws)
        columns: Sequence[Sequence[float]] = [self._draws[key] for key in names]
        if names:
            ordered = sorted(self.value(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True))
        else:
            ordered = [self.value({})]
        loss = sum(1 for one in ordered if one < 0) / len(ordered)
        p10, p50, p90 = (percentile(ordered, share) for share in (0.1, 0.5, 0.9))
        return Risk(math.fsum(ordered) / len(ordered), p10, p50, p90, loss)

    def tornado(self) -> tuple[Bar, ...]:
        """The bars, the widest first."""
        bars: list[Bar] = []
        for key, drawn in self._draws.items():
            ordered = sorted(drawn)
            low, high = percentile(ordered, 0.1), percentile(ordered, 0.9)
            at_low, at_high = (self.value({**self._central, key: one}) for one in (low, high))
            bars.append(Bar(key, low, high, at_low, at_high))
        return tuple(sorted(bars, key=lambda bar: (-bar.swing, bar.quantity)))
