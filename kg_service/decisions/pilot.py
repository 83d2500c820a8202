"""A pilot: metrics with thresholds fixed before it starts, results as they are recorded, and what they say. Pure.

The plan is frozen at the start by its hash: a plan that changed afterwards is refused, and so is a result from before the start
or after the end. The verdict is given once, at the end or when every metric has its cases: looking again and again until a
threshold happens to be cleared would make it worth little.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from kg_service.decisions.proportions import Interval, cases_needed, of_mean, pooled, power, wilson

CENTRAL_LIMIT: Final = 30


class Kind(StrEnum):
    """``proportion``: a share of cases; ``mean``: of measured cases; ``count``: how often in all; ``number``: the latest."""

    PROPORTION = "proportion"
    MEAN = "mean"
    COUNT = "count"
    NUMBER = "number"


class Direction(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured. ``sample`` is the number of cases below which nothing is concluded (0 for counts and numbers).

    With ``confident`` the bound of the interval must clear the threshold, not the value alone. ``expected`` is what one hopes
    for, from which the number of cases needed is told.
    """

    id: str
    name: str
    kind: Kind
    direction: Direction
    threshold: Decimal
    unit: str
    sample: int = 0
    confident: bool = False
    expected: Decimal | None = None
    decisions: tuple[int, ...] = ()
    controls: tuple[str, ...] = ()

    @property
    def at_least(self) -> bool:
        return self.direction is Direction.AT_LEAST


@dataclass(frozen=True, slots=True)
class Stop:
    """A condition that ends the pilot: the metric so far stands above or below a limit, once it has ``after`` cases."""

    metric: str
    above: Decimal | None
    below: Decimal | None
    after: int
    because: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed before the start. ``confidence`` is two-sided; ``chance`` the power for which cases are counted."""

    name: str
    hypothesis: str
    days: int
    metrics: tuple[Metric, ...]
    stops: tuple[Stop, ...] = ()
    population: str | None = None
    confidence: Decimal = Decimal("0.95")
    chance: Decimal = Decimal("0.8")

    def metric(self, name: str) -> Metric:
        return next(one for one in self.metrics if one.id == name)


@dataclass(frozen=True, slots=True)
class Record:
    """What was measured on one day. ``value`` is the count of a proportion or a count, else the mean or the number."""

    metric: str
    on: date
    value: Decimal
    n: int | None = None
    deviation: Decimal | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """When the pilot began, and the hash of the plan as it was then."""

    on: date
    plan: str


class Ruling(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOTHING = "nothing_recorded"


class Outcome(StrEnum):
    NOT_STARTED = "not_started"
    RUNNING = "running"
    STOPPED = "stopped"
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric with its results so far. ``ruling`` is not final while the pilot runs."""

    metric: Metric
    ruling: Ruling
    because: str
    value: Fraction | None = None
    n: int | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Triggered:
    """A stop condition that was met, with the day and the value that met it."""

    stop: Stop
    on: date
    value: Fraction


@dataclass(frozen=True, slots=True)
class Evaluation:
    plan: Plan
    plan_hash: str
    outcome: Outcome
    as_of: date
    started: date | None
    ends: date | None
    measured: tuple[Measured, ...]
    triggered: tuple[Triggered, ...]

    @property
    def final(self) -> bool:
        """Whether the pilot is over."""
        return self.outcome not in (Outcome.NOT_STARTED, Outcome.RUNNING)


def plain_plan(plan: Plan) -> dict[str, Any]:
    """``plan`` as JSON holds it, numbers as text in one form; ``parse_plan`` gives back an equal one."""
    view: dict[str, Any] = {"name": plan.name, "hypothesis": plan.hypothesis, "days": plan.days}
    if plan.population is not None:
        view["population"] = plan.population
    view |= {"confidence": plain_number(plan.confidence), "power": plain_number(plan.chance)}
    view["metrics"] = [_plain_metric(one) for one in plan.metrics]
    view["stop"] = [_plain_stop(one) for one in plan.stops]
    return view


def plan_hash(plan: Plan) -> str:
    """``sha256:`` and the hash of the plan in canonical JSON (RFC 8785: the plan holds text, whole numbers and flags only)."""
    text = json.dumps(plain_plan(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def last_day(plan: Plan, start: Start) -> date:
    """The last day on which the pilot runs."""
    return start.on + timedelta(days=plan.days - 1)


def evaluate(plan: Plan, start: Start | None, records: Sequence[Record], as_of: date) -> Evaluation:
    """What the records say on ``as_of``; they must have been read against the same plan and start."""
    ends = None if start is None else last_day(plan, start)
    measured = tuple(_measure(plan, one, [r for r in records if r.metric == one.id]) for one in plan.metrics)
    triggered = tuple(found for stop in plan.stops if (found := _triggered(plan, stop, records)) is not None)
    outcome = _outcome(start, ends, measured, triggered, as_of)
    on = None if start is None else start.on
    return Evaluation(plan, plan_hash(plan), outcome, as_of, on, ends, measured, triggered)


def needed(plan: Plan, metric: Metric) -> tuple[int, float] | None:
    """The cases that the metric needs for the plan's power, and the power of its own ``sample``; None where it cannot be told."""
    if metric.kind is not Kind.PROPORTION or not metric.confident or metric.expected is None:
        return None
    threshold, expected, confidence = float(metric.threshold), float(metric.expected), float(plan.confidence)
    count = cases_needed(threshold, expected, confidence, float(plan.chance))
    return count, power(metric.sample, threshold, expected, confidence)


def plain_number(number: Decimal) -> str:
    """``number`` in digits, without an exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _outcome(
    start: Start | None, ends: date | None, measured: Sequence[Measured], triggered: Sequence[Triggered], as_of: date
) -> Outcome:
    if start is None or ends is None:
        return Outcome.NOT_STARTED
    if triggered:
        return Outcome.STOPPED
    full = all(one.metric.sample > 0 and (one.n or 0) >= one.metric.sample for one in measured)
    if as_of < ends and not full:
        return Outcome.RUNNING
    rulings = {one.ruling for one in measured}
    if Ruling.FAIL in rulings:
        return Outcome.FAILED
    return Outcome.PASSED if rulings == {Ruling.PASS} else Outcome.INCONCLUSIVE


def _so_far(kind: Kind, records: Sequence[Record]) -> tuple[Fraction, int | None, float | None]:
    """The value, the number of cases and their standard deviation over all records of one metric."""
    match kind:
        case Kind.PROPORTION:
            cases = sum(one.n or 0 for one in records)
            return sum((Fraction(one.value) for one in records), Fraction(0)) / cases, cases, None
        case Kind.MEAN:
            parts = [(one.n or 0, float(one.value), None if one.deviation is None else float(one.deviation)) for one in records]
            cases, _, deviation = pooled(parts)
            return sum(((one.n or 0) * Fraction(one.value) for one in records), Fraction(0)) / cases, cases, deviation
        case Kind.COUNT:
            return sum((Fraction(one.value) for one in records), Fraction(0)), None, None
        case Kind.NUMBER:
            return Fraction(max(records, key=lambda one: one.on).value), None, None


def _measure(plan: Plan, metric: Metric, records: Sequence[Record]) -> Measured:
    if not records:
        return Measured(metric, Ruling.NOTHING, "nothing was recorded")
    value, n, deviation = _so_far(metric.kind, records)
    interval = None
    if metric.kind is Kind.PROPORTION and n:
        interval = wilson(int(value * n), n, float(plan.confidence))
    elif metric.kind is Kind.MEAN and n and deviation is not None and n >= CENTRAL_LIMIT:
        interval = of_mean(n, float(value), deviation, float(plan.confidence))
    ruling, because = _ruled(metric, value, n, interval)
    return Measured(metric, ruling, because, value, n, interval)


def _ruled(metric: Metric, value: Fraction, n: int | None, interval: Interval | None) -> tuple[Ruling, str]:
    if n is not None and n < metric.sample:
        return Ruling.INCONCLUSIVE, f"{n} of {metric.sample} cases"
    threshold = Fraction(metric.threshold)
    good = value >= threshold if metric.at_least else value <= threshold
    if not metric.confident:
        return (Ruling.PASS, "the value clears the threshold") if good else (Ruling.FAIL, "the value misses the threshold")
    if interval is None:
        return Ruling.INCONCLUSIVE, f"no interval: give the deviation, and at least {CENTRAL_LIMIT} cases"
    near, far = (interval.low, interval.high) if metric.at_least else (interval.high, interval.low)
    sign = 1 if metric.at_least else -1
    if sign * (near - float(threshold)) >= 0:
        return Ruling.PASS, "the whole interval clears the threshold"
    if sign * (far - float(threshold)) < 0:
        return Ruling.FAIL, "the whole interval misses the threshold"
    return Ruling.INCONCLUSIVE, "the interval holds the threshold: too few cases, or too near"


def _triggered(plan: Plan, stop: Stop, records: Sequence[Record]) -> Triggered | None:
    """The first day on which the metric so far stood beyond the limit."""
    kind = plan.metric(stop.metric).kind
    total, cases = Fraction(0), 0
    for one in sorted((one for one in records if one.metric == stop.metric), key=lambda one: one.on):
        cases += one.n or 0
        match kind:
            case Kind.PROPORTION | Kind.COUNT:
                total += Fraction(one.value)
            case Kind.MEAN:
                total += (one.n or 0) * Fraction(one.value)
            case Kind.NUMBER:
                total = Fraction(one.value)
        if one.n is not None and cases < stop.after:
            continue
        value = total / cases if one.n is not None else total
        if (stop.above is not None and value > Fraction(stop.above)) or (stop.below is not None and value < Fraction(stop.below)):
            return Triggered(stop, one.on, value)
    return None


def _plain_metric(one: Metric) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "kind": str(one.kind),
        str(one.direction): plain_number(one.threshold),
        "unit": one.unit,
    }
    if one.kind in (Kind.PROPORTION, Kind.MEAN):
        view |= {"sample": one.sample, "confident": one.confident}
    if one.expected is not None:
        view["expected"] = plain_number(one.expected)
    if one.decisions:
        view["decisions"] = list(one.decisions)
    if one.controls:
        view["controls"] = list(one.controls)
    return view


def _plain_stop(one: Stop) -> dict[str, Any]:
    limits = {"above": one.above, "below": one.below}
    told = {key: plain_number(limit) for key, limit in limits.items() if limit is not None}
    return {"metric": one.metric, **told, "after": one.after, "because": one.because}
