"""Pilots: intervals against published figures, rulings against the meaning of thresholds, nothing fixed after the fact."""

from __future__ import annotations

import copy
import random
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kg_service.decisions.pilot import Kind, Outcome, Plan, Ruling, Start, evaluate, plain_plan, plan_hash
from kg_service.decisions.pilot_input import parse_pilot, parse_plan, parse_records
from kg_service.decisions.pilot_views import evaluation_view, plan_text, report_text
from kg_service.decisions.proportions import cases_needed, clears, fewest_to_clear, pooled, power, wilson
from kg_service.errors import InputError
from kg_service.model import Knowledge

ROOT = Path(__file__).resolve().parent.parent
START = date(2027, 1, 11)
END = START + timedelta(days=27)
METRIC: dict[str, Any] = {"id": "right", "name": "Right", "at_least": "0.9", "unit": "share", "sample": 100}
PLAN: dict[str, Any] = {"name": "P", "hypothesis": "It works.", "days": 28, "metrics": [METRIC]}


def _plan(**changed: Any) -> Plan:
    return parse_plan({**copy.deepcopy(PLAN), **changed})


def _ran(plan: Plan, *records: dict[str, Any], as_of: date = END) -> Any:
    start = Start(START, plan_hash(plan))
    return evaluate(plan, start, parse_records(list(records), plan, start, as_of), as_of)


def _right(count: int, of: int, day: int = 1, metric: str = "right") -> dict[str, Any]:
    return {"metric": metric, "on": (START + timedelta(days=day)).isoformat(), "count": count, "of": of}


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_is_the_published_one(count: int, of: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, method 3 gives these intervals at 95 %."""
    found = wilson(count, of, 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 3000), st.data())
def test_wilson_bounds_are_where_the_score_test_just_rejects(of: int, data: st.DataObject) -> None:
    """Each bound p solves |x/n - p| = z sqrt(p (1 - p) / n), which is how Wilson defined the interval."""
    count = data.draw(st.integers(0, of))
    found = wilson(count, of, 0.95)
    for bound in (found.low, found.high):
        if 0 < bound < 1:
            assert abs(count / of - bound) == pytest.approx(1.959964 * (bound * (1 - bound) / of) ** 0.5, rel=1e-5, abs=1e-9)


def test_cases_needed_are_those_of_the_textbook() -> None:
    """To tell 0.6 from 0.5 at 5 % with power 0.8 takes 194 cases by the formula; the exact binomial needs about as many."""
    assert 194 <= cases_needed(0.5, 0.6, 0.95, 0.8) <= 200


def test_power_is_the_share_of_trials_that_clear() -> None:
    """The exact power agrees with a simulation of 4,000 pilots."""
    chance = random.Random(7)  # noqa: S311 - a simulation
    cleared = sum(
        clears(sum(chance.random() < 0.95 for _ in range(200)), 200, 0.9, at_least=True, confidence=0.95) for _ in range(4000)
    )
    assert power(200, 0.9, 0.95, 0.95) == pytest.approx(cleared / 4000, abs=0.025)


@given(st.floats(0.01, 0.99), st.booleans(), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_fewest_cases_are_the_first_with_which_a_flawless_result_clears(limit: float, at_least: bool, confidence: float) -> None:
    """With that many cases a flawless result clears the threshold, with one fewer it does not."""
    n = fewest_to_clear(limit, at_least, confidence)
    best = [count if at_least else 0 for count in (n, n - 1)]
    assert clears(best[0], n, limit + (-1e-9 if at_least else 1e-9), at_least, confidence)
    assert n <= 1 or not clears(best[1], n - 1, limit, at_least, confidence)


@given(st.lists(st.lists(st.floats(-100, 100), min_size=2, max_size=8), min_size=1, max_size=5))
def test_pooled_mean_and_deviation_are_those_of_all_values(groups: list[list[float]]) -> None:
    """Parts summed up give what all values together give."""
    import statistics

    parts = [(len(group), statistics.fmean(group), statistics.stdev(group)) for group in groups]
    everything = [value for group in groups for value in group]
    n, mean, deviation = pooled(parts)
    assert n == len(everything)
    assert mean == pytest.approx(statistics.fmean(everything), abs=1e-7)
    assert deviation == pytest.approx(statistics.stdev(everything), abs=1e-6)


@pytest.mark.parametrize(
    ("count", "of", "confident", "ruling"),
    [
        (90, 100, False, Ruling.PASS),  # exactly at the threshold clears it
        (89, 100, False, Ruling.FAIL),
        (99, 99, False, Ruling.INCONCLUSIVE),  # one case too few
        (95, 100, True, Ruling.INCONCLUSIVE),  # 0.887 to 0.978 holds 0.9
        (98, 100, True, Ruling.PASS),  # from 0.930
        (80, 100, True, Ruling.FAIL),  # up to 0.867
    ],
)
def test_ruling_follows_value_or_interval(count: int, of: int, confident: bool, ruling: Ruling) -> None:
    """Without confidence the value decides; with it the whole interval must stand on one side; too few cases decide nothing."""
    plan = _plan(metrics=[{**METRIC, "confident": confident}])
    (measured,) = _ran(plan, _right(count, of)).measured
    assert measured.ruling is ruling


def test_share_is_exact_over_all_records() -> None:
    """A tenth is a tenth: 30 of 300 in three parts is not above a limit of 0.1."""
    metric = {"id": "right", "name": "Wrong", "at_most": "0.1", "unit": "share", "sample": 10}
    found = _ran(_plan(metrics=[metric]), _right(7, 100, 1), _right(11, 100, 2), _right(12, 100, 3))
    assert found.measured[0].value == Fraction(1, 10)
    assert found.measured[0].ruling is Ruling.PASS


@pytest.mark.parametrize(
    ("records", "as_of", "outcome"),
    [
        ([], START, Outcome.RUNNING),
        ([_right(50, 60)], END - timedelta(days=1), Outcome.RUNNING),
        ([_right(50, 60)], END, Outcome.INCONCLUSIVE),
        ([], END, Outcome.INCONCLUSIVE),
        ([_right(95, 100)], END - timedelta(days=1), Outcome.PASSED),  # every metric has its cases
        ([_right(80, 100)], END, Outcome.FAILED),
    ],
)
def test_outcome_waits_for_the_end_or_for_all_cases(records: list[dict[str, Any]], as_of: date, outcome: Outcome) -> None:
    """A pilot runs until its last day unless all cases are there; too few at the end are inconclusive, never passed."""
    assert _ran(_plan(), *records, as_of=as_of).outcome is outcome


def test_stop_condition_ends_the_pilot_whatever_else_passes() -> None:
    """A limit that was crossed once, with enough cases, stops it on that day, though the share recovers later."""
    plan = _plan(stop=[{"metric": "right", "below": "0.8", "after": 50, "because": "harm"}])
    early = _right(10, 20, 1)  # 0.5, but only 20 cases
    found = _ran(plan, early, _right(25, 40, 2), _right(1000, 1000, 3))
    assert found.outcome is Outcome.STOPPED
    assert found.triggered[0].on == START + timedelta(days=2)
    assert found.triggered[0].value == Fraction(35, 60)


def test_stop_condition_does_not_fire_at_its_limit() -> None:
    """Above means above: a count that reaches the limit has not crossed it."""
    metric = {"id": "right", "name": "Harm", "kind": "count", "at_most": 5, "unit": "cases"}
    plan = _plan(metrics=[metric], stop=[{"metric": "right", "above": 2, "because": "harm"}])
    records = [{"metric": "right", "on": (START + timedelta(days=day)).isoformat(), "count": 1} for day in (1, 2, 3)]
    assert _ran(plan, *records[:2]).triggered == ()
    assert _ran(plan, *records).triggered[0].on == START + timedelta(days=3)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=12), st.integers(1, 60))
def test_stop_condition_looks_at_each_day_so_far(days: list[tuple[int, int]], after: int) -> None:
    """The day on which a pilot stops is the first on which all results until then, with enough cases, lie below the limit."""
    parts = [(min(count, of), of) for count, of in days]
    plan = _plan(stop=[{"metric": "right", "below": "0.5", "after": after, "because": "harm"}])
    found = _ran(plan, *(_right(count, of, day) for day, (count, of) in enumerate(parts)))
    expected = None
    for day in range(1, len(parts) + 1):
        good, cases = sum(count for count, _ in parts[:day]), sum(of for _, of in parts[:day])
        if expected is None and cases >= after and 2 * good < cases:
            expected = START + timedelta(days=day - 1)
    assert [one.on for one in found.triggered] == ([] if expected is None else [expected])


def test_largest_plan_is_looked_at_in_bounded_work() -> None:
    """Twenty thousand cases, or a million, cost no more terms than lie near the expected result."""
    assert power(1_000_000, 0.5, 0.502, 0.95) == pytest.approx(0.979, abs=0.002)  # normal: (0.002 * 1000 - 0.98) / 0.5 = 2.04
    assert 78_000 < cases_needed(0.5, 0.505, 0.95, 0.8) < 79_000  # Fleiss: ((0.98 + 0.42) / 0.005)² = 78,486


def test_mean_needs_a_deviation_and_thirty_cases_to_be_sure() -> None:
    """Without a deviation, or with few cases, a mean proves nothing with confidence."""
    metric = {"id": "right", "name": "Wait", "kind": "mean", "at_most": 120, "unit": "s", "sample": 10, "confident": True}
    plan = _plan(metrics=[metric])
    base = {"metric": "right", "on": START.isoformat(), "mean": 100}
    for given_, ruling in (
        ({"n": 100}, Ruling.INCONCLUSIVE),
        ({"n": 20, "deviation": 1}, Ruling.INCONCLUSIVE),
        ({"n": 100, "deviation": 40}, Ruling.PASS),  # up to 107.8
        ({"n": 100, "deviation": 200}, Ruling.INCONCLUSIVE),  # up to 139
    ):
        assert _ran(plan, {**base, **given_}).measured[0].ruling is ruling


def test_plan_survives_writing_and_reading_and_keeps_its_hash() -> None:
    """A plan written out and read again is the same plan; 0.90 and 0.9 are the same threshold."""
    plan = _plan(stop=[{"metric": "right", "below": "0.80", "because": "harm"}])
    again = parse_plan(plain_plan(plan))
    assert again == plan
    assert plan_hash(again) == plan_hash(plan)
    assert plan_hash(_plan(metrics=[{**METRIC, "at_least": "0.90"}])) == plan_hash(_plan())


CHANGES: dict[str, dict[str, Any]] = {
    "threshold": {"metrics": [{**METRIC, "at_least": "0.89"}]},
    "direction": {"metrics": [{k: v for k, v in METRIC.items() if k != "at_least"} | {"at_most": "0.9"}]},
    "sample": {"metrics": [{**METRIC, "sample": 50}]},
    "duration": {"days": 29},
    "confidence": {"confidence": "0.9"},
    "a metric more": {"metrics": [METRIC, {**METRIC, "id": "other"}]},
    "a stop condition": {"stop": [{"metric": "right", "below": "0.1", "because": "harm"}]},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_plan_that_changed_after_the_start_is_refused(changed: dict[str, Any]) -> None:
    """Nothing that decides the result can be set after the fact."""
    raw = {"plan": {**PLAN, **changed}, "started": {"on": START.isoformat(), "plan": plan_hash(_plan())}, "results": []}
    with pytest.raises(InputError) as caught:
        parse_pilot(raw, END)
    assert [problem.code for problem in caught.value.problems] == ["plan-changed"]


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "results before a start": ({"results": [_right(1, 2)]}, "/results", "not-started"),
    "start in the future": ({"started": {"on": "2030-01-01", "plan": "HASH"}}, "/started/on", "in-the-future"),
    "result before the start": ({"results": [_right(1, 2, -1)], "started": "HASH"}, "/results/0/on", "out-of-time"),
    "result after the end": ({"results": [_right(1, 2, 28)], "started": "HASH"}, "/results/0/on", "out-of-time"),
    "two of a day": ({"results": [_right(1, 2), _right(1, 3)], "started": "HASH"}, "/results/1", "recorded-twice"),
    "more than all": ({"results": [_right(3, 2)], "started": "HASH"}, "/results/0/count", "out-of-range"),
    "no cases": ({"results": [_right(0, 0)], "started": "HASH"}, "/results/0/of", "out-of-range"),
    "half a case": ({"results": [{**_right(1, 2), "count": 0.5}], "started": "HASH"}, "/results/0/count", "not-whole"),
    "unknown metric": ({"results": [_right(1, 2, 1, "rihgt")], "started": "HASH"}, "/results/0/metric", "unknown-metric"),
    "no metric": ({"plan": {**PLAN, "metrics": []}}, "/plan/metrics", "nothing-measured"),
    "metric twice": ({"plan": {**PLAN, "metrics": [METRIC, METRIC]}}, "/plan/metrics/1/id", "metric-twice"),
    "two thresholds": ({"plan": {**PLAN, "metrics": [{**METRIC, "at_most": 1}]}}, "/plan/metrics/0", "not-one"),
    "share above one": ({"plan": {**PLAN, "metrics": [{**METRIC, "at_least": 90}]}}, "/plan/metrics/0/at_least", "out-of-range"),
    "never to be shown": (
        {"plan": {**PLAN, "metrics": [{**METRIC, "at_least": 1, "confident": True}]}},
        "/plan/metrics/0/at_least",
        "cannot-pass",
    ),
    "too few to be shown": (
        {"plan": {**PLAN, "metrics": [{**METRIC, "sample": 34, "confident": True}]}},
        "/plan/metrics/0/sample",
        "too-few",
    ),
    "expects to fail": (
        {"plan": {**PLAN, "metrics": [{**METRIC, "expected": "0.9"}]}},
        "/plan/metrics/0/expected",
        "expects-to-fail",
    ),
    "a hundred years": ({"plan": {**PLAN, "days": 36500}}, "/plan/days", "out-of-range"),
    "not a mapping": ({"plan": [1]}, "/plan", "not-a-mapping"),
    "unknown control": (
        {"plan": {**PLAN, "metrics": [{**METRIC, "controls": ["gov-x"]}]}},
        "/plan/metrics/0/controls/0",
        "unknown-control",
    ),
}


@pytest.mark.parametrize(("changed", "where", "code"), BAD.values(), ids=BAD)
def test_bad_pilot_is_refused_at_its_place(law: Knowledge, changed: dict[str, Any], where: str, code: str) -> None:
    """What is wrong is told with its place; no harmless value takes its part."""
    raw = {"plan": PLAN, **changed}
    fixed = {"on": START.isoformat(), "plan": plan_hash(_plan())}
    if raw.get("started") == "HASH":
        raw["started"] = fixed
    elif "started" in raw:
        raw["started"] = {**raw["started"], "plan": fixed["plan"]}
    with pytest.raises(InputError) as caught:
        parse_pilot(raw, END + timedelta(days=30), law.controls)
    assert (where, code) in [(problem.where, problem.code) for problem in caught.value.problems]


def test_words_of_a_plan_cannot_break_the_report() -> None:
    """Names and reasons are shown as they are, never as Markdown."""
    plan = _plan(name="<script>|x|", metrics=[{**METRIC, "name": "a|b\n# c"}])
    text = report_text(_ran(plan))
    assert "<script>" not in text
    assert "\n# c" not in text
    assert "\\|x\\|" in plan_text(plan)


def test_plan_of_every_kind_survives_writing_and_reading() -> None:
    """The plan of the example, which has every kind of metric, is the same after writing and reading."""
    raw = yaml.load((ROOT / "examples/pilots/service-chat.yaml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    plan = parse_plan(raw["plan"])
    assert {one.kind for one in plan.metrics} == set(Kind)
    assert parse_plan(plain_plan(plan)) == plan


def test_example_passes(law: Knowledge) -> None:
    """The pilot of the examples names controls that exist, keeps its plan, and is over with every metric cleared."""
    raw = yaml.load((ROOT / "examples/pilots/service-chat.yaml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    pilot = parse_pilot(raw, date(2026, 11, 23), law.controls)
    view = evaluation_view(evaluate(pilot.plan, pilot.start, pilot.records, date(2026, 11, 23)))
    assert view["outcome"] == "passed"
    assert {one["ruling"] for one in view["metrics"]} == {"pass"}
