"""Return on investment: closed forms, textbook cases, exact roots, and draws that meet their analytic moments."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import statistics
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_service import cli
from kg_service.applicability.evaluate import Evaluator
from kg_service.commands.deciding import read_input
from kg_service.commands.findings import ASKS
from kg_service.decisions.finance import cents, irr, npv, payback
from kg_service.decisions.montecarlo import Spread, draws, percentile
from kg_service.decisions.roi import compute
from kg_service.decisions.roi_input import parse_case
from kg_service.decisions.roots import positive_roots
from kg_service.deployment import read_deployment
from kg_service.errors import InputError
from kg_service.model import Knowledge

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "examples/roi/credit-assessment.yaml"
EU_VENDOR = "examples/credit-assessment-eu-vendor.yaml"
FLOWS = st.lists(st.integers(-10_000, 10_000).map(lambda n: Decimal(n) / 100), min_size=2, max_size=9)


def decimals(*numbers: object) -> list[Decimal]:
    return [Decimal(str(number)) for number in numbers]


def case_of(**more: Any) -> dict[str, Any]:
    """A small case: one cost once, one benefit a year."""
    return {
        "currency": "EUR",
        "years": 3,
        "discount_rate": "0.1",
        "quantities": {"build": {"unit": "EUR", "value": 1000}, "saved": {"unit": "EUR a year", "value": 500}},
        "costs": [{"name": "Build", "group": "integration", "of": "build", "when": "once"}],
        "benefits": [{"name": "Saved", "of": ["saved"], "when": "yearly"}],
        "iterations": 100,
    } | more


@given(FLOWS, st.integers(-50, 300).map(lambda n: Decimal(n) / 100))
def test_npv_is_the_discounted_sum_in_exact_fractions(flows: list[Decimal], rate: Decimal) -> None:
    """The value agrees to the cent with the same sum in exact rational arithmetic, an independent evaluation."""
    exact = sum((Fraction(flow) / (1 + Fraction(rate)) ** year for year, flow in enumerate(flows)), Fraction(0))
    assert abs(Fraction(npv(rate, flows)) - exact) < Fraction(1, 10**20)


@pytest.mark.parametrize(("rate", "years"), list(itertools.product(("0.01", "0.08", "0.35"), (1, 7, 50))))
def test_npv_of_a_level_flow_is_the_annuity_formula(rate: str, years: int) -> None:
    """A level flow has the closed form C (1 - (1 + r)^-n) / r, to the cent."""
    r = Decimal(rate)
    closed = Decimal(1234) * (1 - (1 + r) ** -years) / r
    assert cents(npv(r, [Decimal(0)] + [Decimal(1234)] * years)) == cents(closed)


def test_npv_of_a_growing_flow_is_its_closed_form() -> None:
    """A flow that grows at g has C / (r - g) (1 - ((1 + g) / (1 + r))^n), through the lines of a case."""
    raw = case_of(years=10, benefits=[{"name": "Saved", "of": "saved", "when": "yearly", "growth": "0.03"}])
    (result,) = compute(parse_case(raw))
    closed = Decimal(500) / Decimal("0.07") * (1 - (Decimal("1.03") / Decimal("1.1")) ** 10) - 1000
    assert cents(result.npv) == cents(closed)


def test_npv_agrees_with_a_spreadsheet() -> None:
    """The example on the page of the NPV function of spreadsheets: 10 %, -10000 a year ahead, then 3000, 4200, 6800: 1188.44."""
    assert cents(npv(Decimal("0.1"), decimals(0, -10000, 3000, 4200, 6800))) == Decimal("1188.44")


@pytest.mark.parametrize(
    ("flows", "percent"),
    [
        ((-70000, 12000, 15000, 18000, 21000), "-2.1"),
        ((-70000, 12000, 15000, 18000, 21000, 26000), "8.7"),
        ((-70000, 12000, 15000), "-44.4"),
    ],
)
def test_irr_agrees_with_a_spreadsheet(flows: tuple[int, ...], percent: str) -> None:
    """The example on the page of the IRR function of spreadsheets: after two, four and five years, as rounded there."""
    rates = irr(decimals(*flows))
    assert rates.verdict == "one"
    assert round(rates.rates[0] * 100, 1) == Decimal(percent)


def test_two_rates_are_both_found() -> None:
    """The pump of Lorie and Savage: -1600, 10000, -10000 has 25 % and 400 %."""
    rates = irr(decimals(-1600, 10000, -10000))
    assert (rates.verdict, rates.rates, rates.sign_changes) == ("several", (Decimal("0.25"), Decimal(4)), 2)


@pytest.mark.parametrize(
    ("flows", "verdict", "found"),
    [
        ((1000, -3000, 2500), "none", ()),  # two sign changes, and a discriminant below zero
        ((100, 200), "none", ()),
        ((-100, -200), "none", ()),
        ((0, 0, 0), "undefined", ()),
        ((-100, 200, -100), "one", ("0",)),  # a double root: the value touches zero
        ((-100, 100), "one", ("0",)),
        ((-100, 0, 0, 0, 50), "one", (str(Decimal("0.5") ** (Decimal(1) / 4) - 1),)),
        ((0, -100, 121), "one", ("0.21",)),
    ],
)
def test_rates_of_closed_cases(flows: tuple[int, ...], verdict: str, found: tuple[str, ...]) -> None:
    """Flows whose rates can be written down: no sign change, no real rate, a double one, a root of a power."""
    rates = irr(decimals(*flows))
    assert rates.verdict == verdict
    assert [round(rate, 12) for rate in rates.rates] == [round(Decimal(rate), 12) for rate in found]


@given(st.lists(st.fractions(Fraction(1, 20), 20, max_denominator=20), min_size=1, max_size=5, unique=True))
def test_all_positive_roots_are_found(roots: list[Fraction]) -> None:
    """A polynomial made from its roots, with a factor that has none and one root doubled, gives back each root once."""
    coefficients = [Fraction(1), Fraction(0), Fraction(1)]  # x² + 1
    for root in (*roots, roots[0]):
        coefficients = [
            low - root * high for low, high in zip([Fraction(0), *coefficients], [*coefficients, Fraction(0)], strict=True)
        ]
    found = positive_roots(coefficients)
    assert len(found) == len(roots)
    assert all(abs(one - root) <= root / 10**25 for one, root in zip(found, sorted(roots), strict=True))


@settings(max_examples=60)
@given(FLOWS)
def test_the_value_at_each_rate_is_zero_and_descartes_holds(flows: list[Decimal]) -> None:
    """At every rate found the value is nought against the size of the flows, and there are no more rates than sign changes."""
    rates = irr(flows)
    assert len(rates.rates) <= rates.sign_changes
    for rate in rates.rates:
        size = sum(abs(flow / (1 + rate) ** year) for year, flow in enumerate(flows))
        assert abs(npv(rate, flows)) <= size * Decimal("1e-9") * (1 + 1 / (1 + rate))


def test_an_odd_number_of_sign_changes_has_a_rate() -> None:
    """Where the first and the last flow differ in sign the value changes sign somewhere, so a rate exists."""
    for flows in itertools.product((-7, 3, 11), repeat=5):
        if flows[0] * flows[-1] < 0:
            assert irr(decimals(*flows)).rates


def test_payback_of_textbook_cases() -> None:
    """Even flows: cost by flow. Uneven: the last part of a year. Discounted: ln(1 / (1 - C r / A)) / ln(1 + r), rounded up."""
    assert payback(decimals(-1000, 400, 400, 400)) == Decimal("2.5")
    assert payback(decimals(-2000, 500, 500, 5000)) == Decimal("2.2")
    assert payback(decimals(-2000, 500, 500)) is None
    assert payback(decimals(0, 5)) == 0
    discounted = payback(decimals(-1000, 400, 400, 400, 400), Decimal("0.1"))
    assert discounted is not None
    assert math.ceil(discounted) == math.ceil(math.log(1 / (1 - 1000 * 0.1 / 400)) / math.log(1.1))


def test_a_case_by_hand() -> None:
    """-1000 and 500 for three years at 10 %: NPV 243.43, payback 2 years, TCO 1000, ROI 24.3 %."""
    (result,) = compute(parse_case(case_of()))
    assert result.flows == (-1000, 500, 500, 500)
    assert cents(result.npv) == Decimal("243.43")
    assert (result.payback, result.tco) == (Decimal(2), Decimal(1000))
    assert result.roi is not None
    assert round(result.roi, 4) == Decimal("0.2434")
    assert result.risk.p10 == result.risk.p90 == pytest.approx(243.43, abs=0.005)
    assert result.tornado == ()


SPREADS = {
    "triangular": (("2", "5", "11"), 6.0, (4 + 25 + 121 - 10 - 22 - 55) / 18),
    "uniform": (("2", "8"), 5.0, 3.0),
    "pert": (("2", "5", "11"), 5.5, (5.5 - 2) * (11 - 5.5) / 7),
    "normal": (("50", "6"), 50.0, 36.0),
    "lognormal": (("50", "20"), 50.0, 400.0),
}


@pytest.mark.parametrize("kind", SPREADS)
def test_draws_meet_the_analytic_mean_and_variance(kind: str) -> None:
    """The mean of the draws lies within four standard errors of the formula, the variance within a few percent."""
    numbers, mean, variance = SPREADS[kind]
    spread = Spread(kind, tuple(map(Decimal, numbers)))
    drawn = draws("q", spread, 40_000, 3)
    assert spread.mean == pytest.approx(mean)
    assert statistics.fmean(drawn) == pytest.approx(mean, abs=4 * math.sqrt(variance / len(drawn)))
    assert statistics.pvariance(drawn) == pytest.approx(variance, rel=0.08)
    assert drawn == draws("q", spread, 40_000, 3)
    assert drawn[:5] != draws("q", spread, 5, 4)
    assert min(drawn) >= 0


@given(st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=40))
def test_percentiles_are_those_of_the_standard_library(values: list[float]) -> None:
    """Deciles agree with the library's inclusive method, which is the same definition."""
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    found = [percentile(sorted(values), share / 10) for share in range(1, 10)]
    assert found == pytest.approx(deciles)


def test_mean_of_a_linear_case_is_the_value_at_the_means() -> None:
    """The value is linear in each quantity, so its mean over the draws tends to the value at the analytic means."""
    quantities = {
        "build": {"unit": "EUR", "triangular": [800, 900, 1600]},
        "saved": {"unit": "EUR a year", "pert": [200, 600, 800]},
    }
    (result,) = compute(parse_case(case_of(quantities=quantities, iterations=40_000)))
    annuity = (1 - 1.1**-3) / 0.1
    build, saved = (800 + 900 + 1600) / 3, (200 + 2400 + 800) / 6
    spread = math.sqrt(200**2 + (annuity * 120) ** 2)
    assert result.risk.mean == pytest.approx(annuity * saved - build, abs=4 * spread / 200)
    assert result.risk.p10 < result.risk.p50 < result.risk.p90
    again = compute(parse_case(case_of(quantities=quantities, iterations=40_000)))
    assert again == (result,)


def test_tornado_of_a_linear_case_is_in_the_order_of_slope_times_spread() -> None:
    """With uniform quantities a bar is slope times 0.8 of the width: here 80, 240 and 80 times the annuity factor."""
    quantities = {
        "a": {"unit": "EUR", "uniform": [100, 200]},
        "b": {"unit": "EUR", "uniform": [100, 400]},
        "c": {"unit": "EUR a year", "uniform": [500, 600]},
    }
    costs = [{"name": name, "of": name, "when": "once"} for name in ("a", "b")]
    raw = case_of(quantities=quantities, costs=costs, benefits=[{"name": "c", "of": "c", "when": "yearly"}], iterations=20_000)
    (result,) = compute(parse_case(raw))
    annuity = (1 - 1.1**-3) / 0.1
    assert [bar.quantity for bar in result.tornado] == ["b", "c", "a"]
    assert [bar.swing for bar in result.tornado] == pytest.approx([240, 80 * annuity, 80], rel=0.03)


def test_an_option_changes_what_it_names() -> None:
    """An option with twice the build cost has that much less value, and the rest as in the base."""
    base, dear = compute(parse_case(case_of(options={"dear": {"build": {"value": 2000}}})))
    assert (base.npv - dear.npv, dear.benefits, dear.tco) == (Decimal(1000), base.benefits, Decimal(2000))


def test_obligations_and_controls_are_counted_by_the_engine(evaluator: Evaluator, law: Knowledge) -> None:
    """The counts are those of an assessment: norms in effect that ask for something; each needed control serves one of them."""
    from datetime import date

    from kg_service.decisions.coverage import counted_for

    deployment = read_deployment(ROOT / EU_VENDOR, law)
    found = evaluator.assess(deployment.facts, date(2026, 11, 23))
    counted = counted_for(found, set())
    asking = [one.norm for one in found.verdicts if one.status in ("applies", "upcoming") and one.norm.kind in ASKS]
    assert counted["obligations"] == len(asking)
    assert 0 < counted["controls_needed"] <= len({control for norm in asking for control in norm.controls})


@pytest.mark.parametrize(
    ("change", "at", "code"),
    [
        ({"quantities": {"build": {"unit": "EUR", "value": -1}}}, "/quantities/build/value", "out-of-range"),
        ({"quantities": {"build": {"value": 1}}}, "/quantities/build", "missing-key"),
        ({"quantities": {"build": {"unit": "EUR"}}}, "/quantities/build", "not-one"),
        ({"quantities": {"build": {"unit": "EUR", "pert": [3, 2, 1]}}}, "/quantities/build/pert", "out-of-order"),
        ({"quantities": {"build": {"unit": "EUR", "pert": [1, 2]}}}, "/quantities/build/pert", "wrong-count"),
        ({"quantities": {"build": {"unit": "EUR", "normal": [1, 1]}}}, "/quantities/build/normal", "may-be-negative"),
        ({"quantities": {"build": {"unit": "EUR", "value": "1e-30"}}}, "/quantities/build/value", "too-fine"),
        ({"quantities": {"build": {"unit": "EUR", "value": float("inf")}}}, "/quantities/build/value", "not-a-number"),
        ({"costs": [{"name": "x", "of": ["build"] * 7, "when": "once"}]}, "/costs/0", "absurd"),
        ({"costs": [{"name": "x", "of": ["biuld"], "when": "once"}]}, "/costs/0/of/0", "unknown-quantity"),
        ({"costs": [{"name": "x", "of": [], "when": "once"}]}, "/costs/0/of", "nothing-multiplied"),
        ({"costs": [{"name": "x", "of": "build", "when": "monthly"}]}, "/costs/0/when", "unknown-choice"),
        ({"costs": [{"name": "x", "of": "build", "when": "yearly", "from": 9}]}, "/costs/0/from", "out-of-range"),
        ({"costs": [{"name": "x", "of": "build", "when": "once", "group": "fun"}]}, "/costs/0/group", "unknown-choice"),
        ({"currency": "€"}, "/currency", "not-a-currency"),
        ({"discount_rate": 8}, "/discount_rate", "out-of-range"),
        ({"years": 0}, "/years", "out-of-range"),
        ({"years": None}, "/", "missing-key"),
        ({"options": {"base": {}}}, "/options/base", "name-taken"),
        ({"options": {"o": {"x": {"value": 1}}}}, "/options/o/x", "unknown-key"),
        ({"value": [{"name": "x", "weight": 1, "score": 11, "because": "y"}]}, "/value/0/score", "out-of-range"),
        ({"value": [{"name": "x", "weight": 1, "score": 1}]}, "/value/0", "missing-key"),
        ({"iterations": 10**9}, "/iterations", "out-of-range"),
    ],
)
def test_wrong_case_is_told_by_its_place(change: dict[str, Any], at: str, code: str) -> None:
    """A negative or absurd amount, a missing unit or an unknown name is refused where it stands."""
    with pytest.raises(InputError) as caught:
        parse_case(case_of(**change))
    assert (at, code) in {(problem.where, problem.code) for problem in caught.value.problems}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["quantities", "costs", "of", "when", "pert", "value", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_input_is_read_or_refused(raw: Any) -> None:
    """Whatever stands in the file, the answer is a case or a list of problems, never another failure."""
    try:
        compute(parse_case(raw))
    except InputError as error:
        assert len(error.problems) > 0  # noqa: PT017 - either outcome is right


def test_example_of_the_interface_is_answered(site: TestClient) -> None:
    """The example of the OpenAPI document is answered in full, and a wrong one as a problem document with a pointer."""
    (body,) = site.get("/openapi.json").json()["components"]["schemas"]["RoiRequest"]["examples"]
    answer = site.post("/api/v1/roi", json=body)
    assert answer.status_code == 200, answer.text
    assert [one["name"] for one in answer.json()["results"]] == ["base", "dearer build"]
    wrong = site.post("/api/v1/roi", json={"case": body["case"]})
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
    assert wrong.json()["errors"][0]["pointer"] == "/case/costs/2/of/0"


def run(monkeypatch: pytest.MonkeyPatch, words: Sequence[str]) -> int:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", list(words))
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_forms_say_the_same(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """JSON, CSV, Markdown and the table show the same net present values, those of the file read directly."""
    case = read_input(ROOT / EXAMPLE, lambda raw: parse_case(raw, counted={"controls_needed": 39}))
    said = {}
    for form in ("json", "csv", "markdown", "table"):
        assert run(monkeypatch, ["sextant", "roi", EXAMPLE, "--deployment", EU_VENDOR, "--as-of", "2026-11-23", "-f", form]) == 0
        said[form] = capfd.readouterr().out
    view = json.loads(said["json"])
    rows = list(csv.DictReader(io.StringIO(said["csv"])))
    values = [one["npv"] for one in view["results"]]
    assert [row["npv"] for row in rows] == values
    assert all(f"{Decimal(one):,.2f}" in said[form] for one in values for form in ("markdown", "table"))
    assert [result.name for result in compute(case)] == [row["option"] for row in rows]


def test_wrong_file_is_told_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A negative amount is refused with file and line, and exit code 2."""
    text = (ROOT / EXAMPLE).read_text(encoding="utf-8").replace("value: 60000}", "value: -60000}")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "-60000" in one)
    file = tmp_path / "case.yaml"
    file.write_text(text)
    assert run(monkeypatch, ["sextant", "roi", str(file)]) == 2
    assert f"{file}:{line}:" in capfd.readouterr().err
