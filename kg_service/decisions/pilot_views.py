"""A pilot as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from kg_service.decisions.pilot import Evaluation, Measured, Metric, Plan, Triggered, needed, plain_number, plain_plan, plan_hash

INTERVAL: Final = "Wilson score interval (1927; Newcombe 1998); for means the normal interval, from 30 cases"
_WORDS: Final = {
    "not_started": "not started",
    "running": "running",
    "stopped": "stopped by a stop condition",
    "passed": "passed",
    "failed": "failed",
    "inconclusive": "inconclusive",
}


def plan_view(plan: Plan) -> dict[str, Any]:
    """The plan with its hash, and for each metric the cases it needs where that can be told."""
    return {"hash": plan_hash(plan), "plan": plain_plan(plan), "cases": list(_cases(plan))}


def evaluation_view(found: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON; shares and values are numbers rounded to six decimals."""
    return {
        "outcome": found.outcome,
        "final": found.final,
        "as_of": found.as_of.isoformat(),
        "plan": found.plan_hash,
        "started": None if found.started is None else found.started.isoformat(),
        "ends": None if found.ends is None else found.ends.isoformat(),
        "confidence": plain_number(found.plan.confidence),
        "interval": INTERVAL,
        "metrics": [_measured_view(one) for one in found.measured],
        "stops": [_triggered_view(one) for one in found.triggered],
        "cases": list(_cases(found.plan)),
    }


def plan_text(plan: Plan) -> str:
    """The plan as Markdown that a person can read before it is fixed."""
    lines = [f"# Pilot: {_plain(plan.name)}", "", _plain(plan.hypothesis), ""]
    if plan.population is not None:
        lines += [f"Population: {_plain(plan.population)}", ""]
    lines += [f"{plan.days} days. Confidence {plain_number(plan.confidence)}, power {plain_number(plan.chance)}.", ""]
    lines += ["| metric | threshold | cases at least | confident | cases needed |", "|---|---|---|---|---|"]
    cases = {one["metric"]: one for one in _cases(plan)}
    for metric in plan.metrics:
        case = cases.get(metric.id)
        told = "" if case is None else f"{case['needed']} (with {metric.sample}: power {case['power']:.0%})"
        cells = (metric.name, _threshold(metric), metric.sample or "", "yes" if metric.confident else "no", told)
        lines.append("| " + " | ".join(map(_plain, cells)) + " |")
    if plan.stops:
        lines += ["", "Stop where:", ""]
        for stop in plan.stops:
            limit = f"above {plain_number(stop.above)}" if stop.above is not None else ""
            limit = f"below {plain_number(stop.below)}" if stop.below is not None else limit
            first = f", from {stop.after} cases on" if stop.after > 1 else ""
            lines.append(f"- {_plain(plan.metric(stop.metric).name)} {limit}{first}: {_plain(stop.because)}")
    return "\n".join([*lines, "", f"Plan: {plan_hash(plan)}", ""])


def report_text(found: Evaluation) -> str:
    """Plan and results as Markdown."""
    lines = [plan_text(found.plan), f"## Result as of {found.as_of.isoformat()}: {_WORDS[found.outcome]}", ""]
    if found.started is not None and found.ends is not None:
        lines += [f"Ran from {found.started.isoformat()}; last day {found.ends.isoformat()}.", ""]
    lines += ["| metric | value | cases | interval | threshold | result |", "|---|---|---|---|---|---|"]
    for one in found.measured:
        value = "" if one.value is None else _number(one.value)
        interval = "" if one.interval is None else f"{one.interval.low:.4f} to {one.interval.high:.4f}"
        ruling = f"{one.ruling.replace('_', ' ')}: {one.because}"
        cells = (one.metric.name, value, "" if one.n is None else one.n, interval, _threshold(one.metric), ruling)
        lines.append("| " + " | ".join(map(_plain, cells)) + " |")
    for met in found.triggered:
        name = _plain(found.plan.metric(met.stop.metric).name)
        lines += ["", f"Stopped on {met.on.isoformat()}: {name} stood at {_number(met.value)}. {_plain(met.stop.because)}"]
    if not found.final:
        lines += ["", "While it runs nothing here is a verdict."]
    return "\n".join([*lines, "", f"Intervals: {INTERVAL}.", ""])


def check_text(found: Evaluation) -> str:
    """The outcome in a line, then each metric in one."""
    lines = [f"{found.plan.name}: {_WORDS[found.outcome]} (as of {found.as_of.isoformat()})"]
    lines += [f"  {one.ruling.replace('_', ' ')}  {one.metric.id}: {one.because}" for one in found.measured]
    lines += [f"  stopped  {one.stop.metric} on {one.on.isoformat()}: {one.stop.because}" for one in found.triggered]
    return "\n".join(lines) + "\n"


def _cases(plan: Plan) -> Iterable[dict[str, Any]]:
    for metric in plan.metrics:
        told = needed(plan, metric)
        if told is not None:
            yield {"metric": metric.id, "needed": told[0], "sample": metric.sample, "power": round(told[1], 6)}


def _measured_view(one: Measured) -> dict[str, Any]:
    metric = one.metric
    return {
        "metric": metric.id,
        "name": metric.name,
        "unit": metric.unit,
        "kind": metric.kind,
        str(metric.direction): plain_number(metric.threshold),
        "ruling": one.ruling,
        "because": one.because,
        "value": None if one.value is None else round(float(one.value), 6),
        "n": one.n,
        "sample": metric.sample,
        "interval": None if one.interval is None else [round(one.interval.low, 6), round(one.interval.high, 6)],
        "decisions": list(metric.decisions),
        "controls": list(metric.controls),
    }


def _triggered_view(one: Triggered) -> dict[str, Any]:
    value = round(float(one.value), 6)
    return {"metric": one.stop.metric, "on": one.on.isoformat(), "value": value, "because": one.stop.because}


def _threshold(metric: Metric) -> str:
    return f"{'at least' if metric.at_least else 'at most'} {plain_number(metric.threshold)} {metric.unit}"


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.4f}"


def _plain(text: object) -> str:
    words = " ".join(str(text).split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#~" else char for char in words)
