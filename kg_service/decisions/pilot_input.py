"""The input of ``sextant pilot``, read strictly: plan, start, results. What was fixed after the fact is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kg_service.decisions.controls import parse_optional_day
from kg_service.decisions.pilot import Direction, Kind, Metric, Plan, Record, Start, Stop, last_day, plan_hash
from kg_service.decisions.proportions import MOST_CASES, fewest_to_clear
from kg_service.decisions.reading import MOST, Reading, present
from kg_service.errors import nearest, shown

KEYS: Final = ("name", "plan", "started", "results")
PLAN_KEYS: Final = ("name", "hypothesis", "population", "days", "confidence", "power", "metrics", "stop")
METRIC_KEYS: Final = (
    "id", "name", "kind", "at_least", "at_most", "unit", "sample", "confident", "expected", "decisions", "controls"
)  # fmt: skip
STOP_KEYS: Final = ("metric", "above", "below", "after", "because")
RECORD_KEYS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PROPORTION: ("count", "of"),
    Kind.MEAN: ("mean", "n", "deviation"),
    Kind.COUNT: ("count",),
    Kind.NUMBER: ("value",),
}
MAX_DAYS: Final = 730
MAX_METRICS, MAX_RECORDS = 40, 5000
_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pilot:
    """One file: the plan, and once it has begun the start and the results."""

    plan: Plan
    start: Start | None
    records: tuple[Record, ...]


def parse_pilot(raw: object, as_of: date, controls: Collection[str] | None = None) -> Pilot:
    """The pilot that ``raw`` (parsed YAML or JSON) describes.

    Raises:
        InputError: with every problem found; ``plan-changed`` where the plan is not the one that was fixed at the start.
    """
    reading = Reading()
    given = reading.mapping(raw, "", KEYS, ("plan",))
    plan = read_plan(reading, given.get("plan"), "/plan", controls)
    if given.get("name") is not None:
        reading.text(given["name"], "/name", "a name", 200)
    reading.done()
    start = read_start(reading, given.get("started"), "/started", plan, as_of)
    if start is None and given.get("results") and not reading.problems:
        reading.wrong("/results", "not-started", "there are results but no start: thresholds are fixed before the first result.")
    reading.done()
    records = () if start is None else read_records(reading, given.get("results"), "/results", plan, start, as_of)
    reading.done()
    return Pilot(plan, start, records)


def parse_plan(raw: object, at: str = "", controls: Collection[str] | None = None) -> Plan:
    """The plan that ``raw`` describes; ``controls`` are those that may be named.

    Raises:
        InputError: with every problem found, each at its JSON pointer below ``at``.
    """
    reading = Reading()
    plan = read_plan(reading, raw, at, controls)
    reading.done()
    return plan


def parse_records(raw: object, plan: Plan, start: Start, as_of: date, at: str = "") -> tuple[Record, ...]:
    """The results that ``raw`` lists, taken between the start and the earlier of the last day and ``as_of``.

    Raises:
        InputError: with every problem found, each at its JSON pointer below ``at``.
    """
    reading = Reading()
    records = read_records(reading, raw, at, plan, start, as_of)
    reading.done()
    return records


def read_plan(reading: Reading, raw: object, at: str, controls: Collection[str] | None) -> Plan:
    given = reading.mapping(raw, at, PLAN_KEYS, ("name", "hypothesis", "days", "metrics"))
    confidence = reading.number(
        present(given.get("confidence"), "0.95"), f"{at}/confidence", Decimal("0.5"), Decimal("0.9999"), "a confidence"
    )
    chance = reading.number(present(given.get("power"), "0.8"), f"{at}/power", Decimal("0.5"), Decimal("0.9999"), "a power")
    entries = reading.items(given.get("metrics"), f"{at}/metrics", MAX_METRICS)
    metrics = tuple(_metric(reading, one, f"{at}/metrics/{place}", controls, confidence) for place, one in enumerate(entries))
    if not metrics and isinstance(given.get("metrics"), list | tuple):
        reading.wrong(f"{at}/metrics", "nothing-measured", "a pilot has at least one metric.")
    for place, one in enumerate(metrics):
        if one.id in [other.id for other in metrics[:place]]:
            reading.wrong(f"{at}/metrics/{place}/id", "metric-twice", f"there are two metrics {one.id!r}.")
    population = given.get("population")
    stops = tuple(
        _stop(reading, one, f"{at}/stop/{place}", metrics)
        for place, one in enumerate(reading.items(given.get("stop"), f"{at}/stop", MAX_METRICS))
    )
    return Plan(
        name=reading.text(present(given.get("name"), "?"), f"{at}/name", "a name", 200),
        hypothesis=reading.text(present(given.get("hypothesis"), "?"), f"{at}/hypothesis", "a hypothesis"),
        days=reading.whole(present(given.get("days"), 1), f"{at}/days", 1, MAX_DAYS, "a number of days"),
        metrics=metrics,
        stops=stops,
        population=None if population is None else reading.text(population, f"{at}/population"),
        confidence=confidence,
        chance=chance,
    )


def read_start(reading: Reading, raw: object, at: str, plan: Plan, as_of: date) -> Start | None:
    """The start, where the plan is still the one that was fixed then."""
    if raw is None:
        return None
    given = reading.mapping(raw, at, ("on", "plan"), ("on", "plan"))
    on, fixed = parse_optional_day(reading, given.get("on"), f"{at}/on"), given.get("plan")
    if on is None or fixed is None:
        return None
    if not (isinstance(fixed, str) and _HASH.fullmatch(fixed)):
        reading.wrong(f"{at}/plan", "not-a-hash", f"the plan is named by sha256: and 64 hexadecimal digits, not {shown(fixed)}.")
    elif fixed != plan_hash(plan):
        told = "the plan is not the one that was fixed at the start; nothing is set after the fact. Another plan is a new pilot."
        reading.wrong(f"{at}/plan", "plan-changed", told)
    elif on > as_of:
        reading.wrong(f"{at}/on", "in-the-future", f"it cannot have started on {on.isoformat()}: today is {as_of.isoformat()}.")
    else:
        return Start(on, fixed)
    return None


def read_records(reading: Reading, raw: object, at: str, plan: Plan, start: Start, as_of: date) -> tuple[Record, ...]:
    records: list[Record] = []
    taken: set[tuple[str, date]] = set()
    known = {one.id: one for one in plan.metrics}
    until = min(last_day(plan, start), as_of)
    for place, entry in enumerate(reading.items(raw, at, MAX_RECORDS)):
        spot, count = f"{at}/{place}", len(reading.problems)
        name = entry.get("metric") if isinstance(entry, Mapping) else None
        metric = known.get(name) if isinstance(name, str) else None
        if metric is None:
            told = f"there is no metric {shown(name)}; the plan has {', '.join(known)}."
            reading.wrong(f"{spot}/metric", "unknown-metric", told, nearest(str(name), known))
            continue
        given = reading.mapping(entry, spot, ("metric", "on", "note", *RECORD_KEYS[metric.kind]), ("on",))
        on = parse_optional_day(reading, given.get("on"), f"{spot}/on")
        if on is not None and not start.on <= on <= until:
            bounds = f"from {start.on.isoformat()} to {until.isoformat()}"
            reading.wrong(f"{spot}/on", "out-of-time", f"a result is of a day on which the pilot ran, {bounds}.")
        if on is not None and (metric.id, on) in taken:
            reading.wrong(spot, "recorded-twice", f"{metric.id!r} has a result of {on.isoformat()} already; give one for a day.")
        elif on is not None:
            taken.add((metric.id, on))
        record = _record(reading, given, spot, metric, on or start.on)
        if len(reading.problems) == count:
            records.append(record)
    return tuple(records)


def _metric(reading: Reading, raw: object, at: str, controls: Collection[str] | None, confidence: Decimal) -> Metric:
    given = reading.mapping(raw, at, METRIC_KEYS, ("id", "name", "unit"))
    name = given.get("id")
    if name is not None and not (isinstance(name, str) and _ID.fullmatch(name)):
        told = "an id begins with a small letter; small letters, digits, - and _ follow."
        reading.wrong(f"{at}/id", "not-an-id", told)
    kind = Kind(reading.choice(present(given.get("kind"), "proportion"), f"{at}/kind", tuple(map(str, Kind))))
    limits = [key for key in ("at_least", "at_most") if given.get(key) is not None]
    if len(limits) != 1:
        reading.wrong(at, "not-one", "give exactly one of at_least and at_most: the threshold.")
        return Metric("?", "?", kind, Direction.AT_LEAST, Decimal(0), "?")
    direction = Direction(limits[0])
    low, high = (Decimal(0), Decimal(1)) if kind is Kind.PROPORTION else (-MOST, MOST)
    what = "a share from 0 to 1" if kind is Kind.PROPORTION else "a threshold"
    threshold = reading.number(given[limits[0]], f"{at}/{limits[0]}", low, high, what)
    cases = kind in (Kind.PROPORTION, Kind.MEAN)
    if not cases and (given.get("sample") is not None or given.get("confident") is not None):
        reading.wrong(at, "no-cases", f"'sample' and 'confident' belong to a proportion or a mean, not to a {kind}.")
    if cases and given.get("sample") is None:
        reading.wrong(at, "missing-key", "'sample' is missing: how few cases are too few.")
    expected = given.get("expected")
    metric = Metric(
        id=str(name),
        name=reading.text(present(given.get("name"), "?"), f"{at}/name", "a name", 200),
        kind=kind,
        direction=direction,
        threshold=threshold,
        unit=reading.text(present(given.get("unit"), "?"), f"{at}/unit", "a unit", 100),
        sample=reading.whole(present(given.get("sample"), 1), f"{at}/sample", 1, MOST_CASES, "a number of cases") if cases else 0,
        confident=_flag(reading, given.get("confident"), f"{at}/confident"),
        expected=None if expected is None else reading.number(expected, f"{at}/expected", low, high, what),
        decisions=tuple(
            reading.whole(one, f"{at}/decisions/{place}", 1, 6, "a decision from 1 to 6")
            for place, one in enumerate(reading.items(given.get("decisions"), f"{at}/decisions", 6))
        ),
        controls=_controls(reading, given.get("controls"), f"{at}/controls", controls),
    )
    _check_metric(reading, metric, at, float(confidence))
    return metric


def _check_metric(reading: Reading, metric: Metric, at: str, confidence: float) -> None:
    """A metric that could never pass, or that expects to fail, is refused: better now than at the end."""
    if reading.problems:
        return
    limit = float(metric.threshold)
    if metric.confident and metric.kind is Kind.PROPORTION:
        fewest = fewest_to_clear(limit, metric.at_least, confidence)
        if fewest > MOST_CASES:
            told = (
                "no number of cases can show that with confidence; take a threshold short of the ideal, or leave 'confident' out."
            )
            reading.wrong(f"{at}/{metric.direction}", "cannot-pass", told)
        elif metric.sample < fewest:
            told = f"with {metric.sample} cases not even a flawless result is sure to clear the threshold; it takes {fewest}."
            reading.wrong(f"{at}/sample", "too-few", told)
    if metric.expected is not None:
        ahead = metric.expected - metric.threshold if metric.at_least else metric.threshold - metric.expected
        if ahead <= 0:
            reading.wrong(f"{at}/expected", "expects-to-fail", "what is expected does not clear the threshold.")


def _stop(reading: Reading, raw: object, at: str, metrics: tuple[Metric, ...]) -> Stop:
    given = reading.mapping(raw, at, STOP_KEYS, ("metric", "because"))
    known = tuple(one.id for one in metrics) or ("?",)
    name = reading.choice(present(given.get("metric"), known[0]), f"{at}/metric", known)
    kind = next((one.kind for one in metrics if one.id == name), Kind.NUMBER)
    low, high = (Decimal(0), Decimal(1)) if kind is Kind.PROPORTION else (-MOST, MOST)
    limits: dict[str, Decimal | None] = {
        key: None if given.get(key) is None else reading.number(given[key], f"{at}/{key}", low, high, "a limit")
        for key in ("above", "below")
    }
    if (limits["above"] is None) == (limits["below"] is None):
        reading.wrong(at, "not-one", "give exactly one of above and below: the limit that ends the pilot.")
    return Stop(
        name,
        limits["above"],
        limits["below"],
        reading.whole(present(given.get("after"), 1), f"{at}/after", 1, MOST_CASES, "a number of cases"),
        reading.text(present(given.get("because"), "?"), f"{at}/because", "a reason", 500),
    )


def _record(reading: Reading, given: Mapping[str, object], at: str, metric: Metric, on: date) -> Record:
    note = None if given.get("note") is None else reading.text(given["note"], f"{at}/note", "a note", 500)
    keys = RECORD_KEYS[metric.kind]
    for key in keys:
        if key != "deviation" and given.get(key) is None:
            reading.wrong(at, "missing-key", f"{key!r} is missing: a {metric.kind} is recorded as {', '.join(keys)}.")
    match metric.kind:
        case Kind.PROPORTION:
            of = reading.whole(present(given.get("of"), 1), f"{at}/of", 1, MOST_CASES, "a number of cases")
            count = reading.whole(present(given.get("count"), 0), f"{at}/count", 0, of, f"a number of cases of the {of}")
            return Record(metric.id, on, Decimal(count), of, None, note)
        case Kind.MEAN:
            deviation = given.get("deviation")
            return Record(
                metric.id,
                on,
                reading.number(present(given.get("mean"), 0), f"{at}/mean", -MOST, MOST, "a mean"),
                reading.whole(present(given.get("n"), 1), f"{at}/n", 1, MOST_CASES, "a number of cases"),
                None if deviation is None else reading.number(deviation, f"{at}/deviation", what="a standard deviation"),
                note,
            )
        case Kind.COUNT:
            count = reading.whole(present(given.get("count"), 0), f"{at}/count", 0, int(MOST), "a count")
            return Record(metric.id, on, Decimal(count), None, None, note)
        case Kind.NUMBER:
            value = reading.number(present(given.get("value"), 0), f"{at}/value", -MOST, MOST)
            return Record(metric.id, on, value, None, None, note)


def _controls(reading: Reading, raw: object, at: str, known: Collection[str] | None) -> tuple[str, ...]:
    found: list[str] = []
    for place, one in enumerate(reading.items(raw, at, 20)):
        if not isinstance(one, str) or (known is not None and one not in known):
            near = nearest(str(one), known or ())
            reading.wrong(f"{at}/{place}", "unknown-control", f"there is no control {shown(one)}.", near)
        else:
            found.append(one)
    return tuple(found)


def _flag(reading: Reading, raw: object, at: str) -> bool:
    if raw in (None, False, "false"):
        return False
    if raw not in (True, "true"):
        reading.wrong(at, "not-a-flag", f"this must be true or false, not {shown(raw)}.")
    return True
