"""The pathways of decision 6: verdicts are the engine's, ranking and cost are checked against their definitions."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import random
import re
import shlex
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from kg_service import cli
from kg_service.applicability.compare import compare
from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import Facts
from kg_service.decisions import pareto
from kg_service.decisions.coverage import ASKS, needed
from kg_service.decisions.outcomes import Pathways, evaluate, present_cost
from kg_service.decisions.pathways import AXES, Pathway, all_pathways, obstacle, options
from kg_service.decisions.plan import Costs, Part, Plan, parse_plan
from kg_service.deployment import read_deployment
from kg_service.errors import InputError
from kg_service.model import FactId, Knowledge, NormKind, TermId
from kg_service.rest.decision_tools import PLAN

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
EU_VENDOR = ROOT / "examples/credit-assessment-eu-vendor.yaml"
DAY = date(2026, 11, 23)
UTILITIES = st.lists(st.lists(st.integers(0, 3).map(float), min_size=3, max_size=3), min_size=1, max_size=8)


def base_of(path: Path, law: Knowledge) -> Facts:
    return read_deployment(path, law).facts


@pytest.fixture(scope="module")
def plan(law: Knowledge) -> Plan:
    from kg_service.commands.deciding import read_input

    return read_input(ROOT / "examples/pathways/credit-assessment.yaml", lambda raw: parse_plan(law.facts, raw))


@pytest.fixture(scope="module")
def found(evaluator: Evaluator, law: Knowledge, plan: Plan) -> Pathways:
    return evaluate(evaluator, base_of(EU_VENDOR, law), DAY, plan)


def test_the_axes_span_every_combination_once() -> None:
    """Two sources, two suppliers, four places and three adaptations make 48 pathways, each of its own name."""
    pathways = all_pathways()
    assert len({pathway.id for pathway in pathways}) == len(pathways) == math.prod(map(len, AXES.values()))


def test_infeasible_pathways_say_why() -> None:
    """What is built in house is no vendor's hosted application, and a model whose supplier runs it is not on own computers."""
    barred = {pathway.values[:3] for pathway in all_pathways() if obstacle(pathway)}
    assert barred == {
        ("open", "in_house", "vendor_saas"),
        ("proprietary", "in_house", "vendor_saas"),
        ("proprietary", "in_house", "on_premises"),
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_option_is_a_valid_deployment(path: Path, law: Knowledge) -> None:
    """The facts of each option are answers that the schema takes, and all that differs from the base is listed with a reason."""
    from kg_service.applicability.facts import parse_facts, plain_facts

    base = base_of(path, law)
    for option in options(base, {}, law.facts):
        assert parse_facts(law.facts, plain_facts(option.facts)) == option.facts
        listed = {setting.fact: setting.answer for setting in option.settings}
        assert {
            fact: option.facts.get(fact) for fact in {*base, *option.facts} if base.get(fact) != option.facts.get(fact)
        } == listed
        assert all(setting.reason for setting in option.settings)


def test_the_pathway_of_the_base_changes_nothing(law: Knowledge, evaluator: Evaluator) -> None:
    """The option with the base's own model, place and adaptation has the base's facts and gains and loses nothing."""
    found = evaluate(evaluator, base_of(EU_VENDOR, law), DAY, Plan(samples=10))
    same = next(one for one in found.outcomes if one.option.pathway.id == "proprietary/in_house/public_cloud/retrieval")
    assert (same.option.settings, same.gained, same.lost, same.changed) == ((), (), (), ())


def test_a_new_supplier_leaves_its_place_open(law: Knowledge) -> None:
    """Where a vendor would sit and where data would go is not known from a base with another supplier: both stay unanswered."""
    by_id = {option.pathway.id: option for option in options(base_of(EU_VENDOR, law), {}, law.facts)}
    assert {"provider_in", "transfer_to", "own_brand"} <= set(by_id["open/vendor/vendor_saas/prompting"].opened)
    own = by_id["open/in_house/on_premises/prompting"].facts
    assert own[FactId("transfer_to")] == frozenset({TermId("none")})
    assert own[FactId("supplier_ongoing_service")] is False


def test_tuning_uses_data_to_tune(law: Knowledge) -> None:
    """A tuning pathway answers that data are used to tune, the others that they are not."""
    for option in options(base_of(EU_VENDOR, law), {}, law.facts):
        use = option.facts[FactId("data_use")]
        assert isinstance(use, frozenset)
        assert ("fine_tuning" in use) == (option.pathway.adaptation == "tuning")


def test_the_narrower_assumption_wins(law: Knowledge) -> None:
    """An assumption for two values stands over one for one of them, whatever their order in the file."""
    plan = parse_plan(
        law.facts, {"assume": {"vendor+on_premises": {"transfer_to": "none"}, "vendor": {"transfer_to": "adequate_country"}}}
    )
    for option in options(base_of(EU_VENDOR, law), plan.assume, law.facts):
        if option.pathway.supply == "vendor":
            expected = "none" if option.pathway.hosting == "on_premises" else "adequate_country"
            assert option.facts[FactId("transfer_to")] == frozenset({TermId(expected)})


@pytest.mark.parametrize("path", [EU_VENDOR, ROOT / "examples/us-bank-card-applications.yaml"], ids=lambda path: path.stem)
def test_gained_and_lost_are_those_of_the_engine(path: Path, law: Knowledge, evaluator: Evaluator) -> None:
    """Each pathway gains, loses and leaves open exactly what a comparison of its facts with the base says."""
    base = base_of(path, law)
    found = evaluate(evaluator, base, DAY, Plan(samples=10))
    compared = compare(evaluator, base, {one.option.pathway.id: one.option.facts for one in found.outcomes}, DAY)
    for outcome, option in zip(found.outcomes, compared.options, strict=True):
        assert set(outcome.gained) == set(option.gained)
        assert set(outcome.lost) == set(option.lost)
        assert set(outcome.changed) == set(option.changed)
        verdicts = option.assessment.verdicts
        assert set(outcome.undetermined) == {one.norm.id for one in verdicts if one.status is Status.UNDETERMINED}
        assert outcome.counts == option.assessment.counts()


def test_controls_needed_meet_every_norm_that_asks(found: Pathways, law: Knowledge, evaluator: Evaluator) -> None:
    """With the controls named in place, every norm in effect that asks for something has one, and none of them is idle."""
    for outcome in found.outcomes[:6]:
        verdicts = evaluator.assess(outcome.option.facts, DAY).verdicts
        asking = [
            one.norm for one in verdicts if one.status in ("applies", "upcoming") and one.norm.kind in ASKS and one.norm.controls
        ]
        assert all(set(norm.controls) & set(outcome.controls) for norm in asking)
        assert needed(asking, set(outcome.controls)) == ()


def test_transfer_without_adequacy_stops_until_a_control_stands(law: Knowledge, evaluator: Evaluator) -> None:
    """Article 44 GDPR allows a transfer only on a basis: with a country not found adequate the pathway waits for the control."""
    plan = parse_plan(law.facts, {"assume": {"vendor_saas": {"transfer_to": "non_adequate_country"}}, "samples": 10})
    base = base_of(EU_VENDOR, law)
    cross_border = law.norms["eu-gdpr/art-44"].controls[0]  # type: ignore[index]
    for controls, stopped in (({}, True), ({cross_border: False}, False)):
        found = evaluate(evaluator, base, DAY, plan, controls)
        saas = next(one for one in found.outcomes if one.option.pathway.id == "open/vendor/vendor_saas/prompting")
        transfer = [blocker for blocker in saas.blockers if blocker.kind == "transfer" and blocker.status == "applies"]
        assert "eu-gdpr/art-44" in {blocker.norm.id for blocker in transfer}
        assert any(blocker.stops for blocker in transfer if blocker.norm.id == "eu-gdpr/art-44") == stopped
    assert not any(
        b.kind == "transfer"
        for one in found.outcomes
        if one.option.pathway.hosting == "on_premises" and one.option.pathway.supply == "in_house"
        for b in one.blockers
    )


def test_prohibitions_in_effect_are_all_blockers(found: Pathways, evaluator: Evaluator) -> None:
    """No prohibition that binds the institution is passed over, and stopped pathways come last."""
    for outcome in found.outcomes:
        verdicts = evaluator.assess(outcome.option.facts, DAY).verdicts
        banned = {
            one.norm.id for one in verdicts if one.norm.kind is NormKind.PROHIBITION and one.status in ("applies", "upcoming")
        }
        listed = {blocker.norm.id for blocker in outcome.blockers}
        missed = {norm for norm in banned - listed if "transfer" not in norm}
        assert all(
            set(evaluator.norm(norm).bearers) <= {"data_processing_service_provider"} or norm == "eu-gdpr/art-44"
            for norm in missed
        )
    stopped = [outcome.stopped for outcome in found.outcomes]
    assert stopped == sorted(stopped)


def test_leaving_a_fact_open_never_helps(law: Knowledge, evaluator: Evaluator) -> None:
    """Answering a missing fact, in whatever way, gives at most as many obligations, blockers and controls as leaving it open."""
    base = base_of(EU_VENDOR, law)
    opened = evaluate(evaluator, base, DAY, parse_plan(law.facts, {"only": {"supply": "vendor"}, "samples": 1}))
    worst = {one.option.pathway.id: one.values for one in opened.outcomes}
    for own, transfer in itertools.product((True, False), ("none", "non_adequate_country")):
        raw = {"only": {"supply": "vendor"}, "samples": 1, "assume": {"vendor": {"own_brand": own, "transfer_to": transfer}}}
        for one in evaluate(evaluator, base, DAY, parse_plan(law.facts, raw)).outcomes:
            for criterion in ("obligations", "undetermined", "blockers"):
                assert one.values[criterion] <= worst[one.option.pathway.id][criterion]


def test_cost_is_the_present_value_of_an_annuity() -> None:
    """What is paid once plus each year's cost times the annuity factor (1 - (1 + r)^-n) / r, to the cent."""
    costs = Costs(
        "EUR",
        5,
        Decimal("0.08"),
        {"every": Part(Decimal(100)), "open": Part(yearly=Decimal(1000))},
        Part(Decimal(10)),
        Part(yearly=Decimal(3)),
    )
    pathway = Pathway("open", "in_house", "on_premises", "prompting")
    factor = (1 - Decimal("1.08") ** -5) / Decimal("0.08")
    assert present_cost(costs, pathway, 7, 4) == (Decimal(170) + 1012 * factor).quantize(Decimal("0.01"))
    assert present_cost(replace(costs, discount_rate=Decimal(0)), pathway, 0, 0) == Decimal("5100.00")


@given(UTILITIES)
def test_front_is_what_nothing_dominates(rows: list[list[float]]) -> None:
    """On the front stand exactly the rows that no other row equals or beats everywhere and beats somewhere."""
    for row, on in zip(rows, pareto.front(rows), strict=True):
        beaten = any(all(b >= a for a, b in zip(row, other, strict=True)) and other != row for other in rows)
        assert on == (not beaten)


@given(UTILITIES, st.lists(st.integers(1, 5).map(float), min_size=3, max_size=3))
def test_with_all_weights_positive_the_first_is_on_the_front(rows: list[list[float]], weights: list[float]) -> None:
    """A weighted sum with positive weights is highest on the Pareto front (Geoffrion 1968)."""
    total = pareto.scores(rows, weights)
    assert all(on for on, rank in zip(pareto.front(rows), pareto.ranks(total), strict=True) if rank == 1)


@given(UTILITIES)
def test_first_shares_sum_to_one(rows: list[list[float]]) -> None:
    """Somebody is first under each weighting, ties are split; at least three, or all, are among the best three."""
    found = pareto.stability(rows, [1.0, 1.0, 1.0], 20, 1)
    assert math.isclose(sum(one.first for one in found), 1.0)
    assert sum(one.top for one in found) >= min(3, len(rows)) - 1e-9
    assert all(one.first <= one.top + 1e-9 for one in found)


def test_stability_meets_its_exact_value() -> None:
    """Of two options each best in one of two criteria, the one with 1 and 0.25 against 0.5 and 1 is first where w > 0.6."""
    found = pareto.stability([[1.0, 0.25], [0.5, 1.0]], [1.0, 1.0], 20_000, 3)
    assert found[0].first == pytest.approx(0.4, abs=4 * math.sqrt(0.4 * 0.6 / 20_000))
    assert found == pareto.stability([[1.0, 0.25], [0.5, 1.0]], [1.0, 1.0], 20_000, 3)


def test_dirichlet_has_its_mean_and_spread() -> None:
    """The mean of each part is its parameter over their sum, the variance m (1 - m) / (sum + 1); each draw sums to one."""
    chance, parameters, count = random.Random(5), [1.0, 2.0, 5.0], 20_000  # noqa: S311
    drawn = [pareto.dirichlet(chance, parameters) for _ in range(count)]
    assert all(math.isclose(sum(one), 1.0) for one in drawn)
    for place, parameter in enumerate(parameters):
        mean = parameter / 8
        values = [one[place] for one in drawn]
        variance = mean * (1 - mean) / 9
        assert sum(values) / count == pytest.approx(mean, abs=4 * math.sqrt(variance / count))
        assert sum((value - mean) ** 2 for value in values) / count == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize(
    ("raw", "at", "code"),
    [
        (
            {"costs": {"currency": "EUR", "years": 3, "parts": {"vendor": {"once": -1}}}},
            "/costs/parts/vendor/once",
            "out-of-range",
        ),
        (
            {"costs": {"currency": "EUR", "years": 3, "parts": {"vendor": {"once": "1e99"}}}},
            "/costs/parts/vendor/once",
            "out-of-range",
        ),
        ({"costs": {"currency": "euro", "years": 3}}, "/costs/currency", "not-a-currency"),
        ({"costs": {"currency": "EUR", "years": 0}}, "/costs/years", "out-of-range"),
        ({"costs": {"years": 3}}, "/costs", "missing-key"),
        ({"weights": {"obligation": 1}}, "/weights/obligation", "unknown-key"),
        ({"weights": {"obligations": 0}}, "/weights", "no-weight"),
        ({"weights": {"obligations": float("nan")}}, "/weights/obligations", "not-a-number"),
        ({"assume": {"vendors": {}}}, "/assume/vendors", "unknown-choice"),
        ({"assume": {"vendor": {"hosting": "on_premises"}}}, "/assume/vendor/hosting", "set-by-pathway"),
        ({"assume": {"vendor": {"transfer_to": "mars"}}}, "/assume/vendor/transfer_to", "unknown-term"),
        ({"only": {"hosting": ["moon"]}}, "/only/hosting/0", "unknown-choice"),
        ({"samples": 0}, "/samples", "out-of-range"),
        ({"samples": 2.5}, "/samples", "not-whole"),
        ({"scores": {"cost": {}}}, "/scores/cost", "name-taken"),
        ([], "/", "not-a-mapping"),
    ],
)
def test_wrong_plan_is_told_by_its_place(raw: Any, at: str, code: str, law: Knowledge) -> None:
    """A negative or absurd cost, an unknown name or a weight of nothing is refused where it stands."""
    with pytest.raises(InputError) as caught:
        parse_plan(law.facts, raw)
    assert (at, code) in {(problem.where, problem.code) for problem in caught.value.problems}


def test_all_wrong_places_are_told_at_once(law: Knowledge) -> None:
    """Two wrong places are two problems in one error."""
    with pytest.raises(InputError) as caught:
        parse_plan(law.facts, {"seed": "x", "only": {"hosting": ["moon"]}})
    assert len(caught.value.problems) == 2


def test_http_answers_as_the_engine(site: TestClient, law: Knowledge, evaluator: Evaluator) -> None:
    """The example of the OpenAPI document is answered, with the rank that the engine gives."""
    schema = site.get("/openapi.json").json()["components"]["schemas"]["PathwaysRequest"]
    (body,) = schema["examples"]
    answer = site.post("/api/v1/pathways", json=body).json()
    from kg_service.applicability.facts import parse_facts

    direct = evaluate(evaluator, parse_facts(law.facts, body["facts"]), DAY, parse_plan(law.facts, PLAN), {"gov-inventory": True})  # type: ignore[dict-item]
    assert [one["id"] for one in answer["pathways"]] == [one.option.pathway.id for one in direct.outcomes]
    assert answer["knowledge_version"] == law.version
    assert all(one["cost"]["currency"] == "EUR" for one in answer["pathways"])


def test_http_refuses_with_a_problem_document(site: TestClient) -> None:
    """Bad plans come back as problem documents with a pointer into the body."""
    wrong = {"costs": {"currency": "EUR", "years": 1, "parts": {"vendor": {"yearly": -3}}}}
    answer = site.post("/api/v1/pathways", json={"facts": {}, "plan": wrong})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["pointer"] == "/plan/costs/parts/vendor/yearly"


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", list(words))
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


PAGE = (ROOT / "docs/decision-tools.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_command_of_the_page_runs(line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Every command of the documentation runs as pasted."""
    assert run(monkeypatch, *shlex.split(line)) == 0, capfd.readouterr().err


def test_forms_say_the_same(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """JSON, CSV and Markdown list the same pathways in the same order with the same score."""
    words = ("sextant", "pathways", str(EU_VENDOR), "--plan", "examples/pathways/credit-assessment.yaml", "--format")
    assert run(monkeypatch, *words, "json") == 0
    view = json.loads(capfd.readouterr().out)
    assert run(monkeypatch, *words, "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert run(monkeypatch, *words, "markdown") == 0
    named = re.findall(r"^\| \d+ \| `([\w/]+)` \| ([\d.]+) ", capfd.readouterr().out, re.MULTILINE)
    listed = [(one["id"], f"{one['score']:.3f}") for one in view["pathways"]]
    assert named == listed
    assert [("/".join(row[axis] for axis in AXES), f"{float(row['score']):.3f}") for row in rows] == listed


def test_wrong_file_is_told_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A negative cost in a plan file is refused with file and line, and exit code 2."""
    plan = tmp_path / "plan.yaml"
    plan.write_text("costs:\n  currency: EUR\n  years: 3\n  parts:\n    vendor: {once: -5}\n")
    assert run(monkeypatch, "sextant", "pathways", str(EU_VENDOR), "--plan", str(plan)) == 2
    assert f"{plan}:5:" in capfd.readouterr().err
