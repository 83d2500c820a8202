"""Tests of bias and explanation: chosen by the facts, weighed by the norms in effect on the day, over HTTP as in the engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import Facts, parse_facts
from kg_service.decisions.catalogue import Catalogue, read_catalogue
from kg_service.decisions.fairness import Weight, applicable
from kg_service.deployment import read_deployment
from kg_service.model import Knowledge
from kg_service.rest.decision_reviews import CONTROLS, PILOT

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def catalogue(law: Knowledge) -> Catalogue:
    return read_catalogue(law)


def _facts(evaluator: Evaluator, name: str, **changed: Any) -> Facts:
    base = read_deployment(ROOT / f"examples/{name}.yaml", evaluator.knowledge).facts
    return {**base, **parse_facts(evaluator.knowledge.facts, changed)}


def _weights(evaluator: Evaluator, catalogue: Catalogue, facts: Facts, day: date = DAY) -> dict[str, Weight]:
    found = applicable(evaluator.knowledge, catalogue.tests, evaluator.assess(facts, day))
    return {one.test.id: one.weight for one in found}


def test_new_york_hiring_is_asked_for_impact_ratios(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """NYC Local Law 144 asks for a bias audit of tools that replace or strongly steer hiring; it does not reach credit."""
    hiring = {"use_case": ["recruitment"], "affected": ["job_applicant"], "automation": "human_follows_strongly"}
    facts = _facts(evaluator, "us-bank-card-applications", persons_in=["us-nyc"], **hiring)
    assert _weights(evaluator, catalogue, facts)["adverse_impact_ratio"] is Weight.ASKED
    credit = _weights(evaluator, catalogue, _facts(evaluator, "us-bank-card-applications"))
    assert credit["adverse_impact_ratio"] is not Weight.ASKED


def test_federal_effects_test_serves_until_it_was_removed(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """Regulation B's effects test is behind the impact ratio until 20 July 2026, and no longer on the day after."""
    facts = _facts(evaluator, "us-bank-card-applications")
    for day, there in ((date(2026, 7, 20), True), (date(2026, 7, 21), False)):
        (one,) = [
            one
            for one in applicable(evaluator.knowledge, catalogue.tests, evaluator.assess(facts, day))
            if one.test.id == "adverse_impact_ratio"
        ]
        assert ("us-reg-b/1002-6-a" in {verdict.norm.id for verdict in one.serves}) is there


def test_adverse_action_reasons_are_american(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """Regulation B's reasons are tested for US credit, and not for a loan in Germany."""
    assert (
        _weights(evaluator, catalogue, _facts(evaluator, "us-bank-card-applications"))["adverse_action_reasons"] is Weight.SERVES
    )
    assert "adverse_action_reasons" not in _weights(evaluator, catalogue, _facts(evaluator, "credit-assessment-eu-vendor"))


def test_tool_that_concerns_nobody_needs_no_test_of_people(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """A coding assistant, which scores nobody and concerns nobody outside, is asked for no test of bias."""
    use = {"use_case": ["coding_assistant"], "task_nature": ["drafts_text"], "generates": ["code"]}
    facts = _facts(evaluator, "credit-assessment-eu-vendor", affected=["nobody_outside"], effect="none", **use)
    bias = {test for test in _weights(evaluator, catalogue, facts) if catalogue.tests[test].about == "bias"}
    assert bias == set()


def test_unanswered_facts_leave_a_test_open(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """Without any fact every test is open, and says which facts would settle it."""
    found = applicable(evaluator.knowledge, catalogue.tests, evaluator.assess({}, DAY))
    assert len(found) == len(catalogue.tests)
    assert all(one.weight is Weight.OPEN and one.missing_facts for one in found)


def test_guidance_is_told_as_a_choice() -> None:
    """The four-fifths rule is told with its source and as no limit of law for credit."""
    text = (ROOT / "kg_service/decisions/data/tests.yaml").read_text(encoding="utf-8")
    assert "29 CFR 1607.4(D)" in text
    assert "none of these numbers is law" in text


def test_reviews_over_http_tell_all_parts(site: TestClient) -> None:
    """One request gives the decisions with gaps, the risks with their method, the tests and the questions on work."""
    body = {
        "facts": {"institution": ["credit_institution"], "established_in": ["de"]},
        "controls": CONTROLS,
        "as_of": "2026-11-23",
    }
    answer = site.post("/api/v1/reviews", json=body)
    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert [one["decision"] for one in view["decisions"]] == [2, 3, 4]
    assert all(set(one) >= {"coverage", "regimes", "controls", "gaps"} for one in view["decisions"])
    assert "NIST SP 800-30" in view["risks"]["method"]
    assert view["tests"]
    assert view["workforce"]


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "override without a reason": ("reviews", {"facts": {}, "risks": {"drift": {"likelihood": 1, "impact": 1}}}, "missing-key"),
    "unknown question": ("reviews", {"facts": {}, "workforce": {"x": "yes"}}, "unknown-key"),
    "unknown control state": ("reviews", {"facts": {}, "controls": [{"gov-inventory": "done"}]}, "unknown-state"),
    "results without a start": ("pilots/evaluate", {"plan": PILOT, "results": [{"metric": "right"}]}, "not-started"),
    "plan of a list": ("pilots/evaluate", {"plan": {**PILOT, "metrics": 3}}, "not-a-list"),
}


@pytest.mark.parametrize(("path", "body", "code"), BAD.values(), ids=BAD)
def test_bad_input_over_http_is_a_problem_with_its_place(site: TestClient, path: str, body: dict[str, Any], code: str) -> None:
    """What is wrong comes back as 422 with a code and a place."""
    answer = site.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 422
    assert code in {problem["code"] for problem in answer.json()["errors"]}


def test_pilot_over_http_gives_the_hash_that_fixes_it(site: TestClient) -> None:
    """A plan alone is not started; with the hash it gave and results it is judged."""
    first = site.post("/api/v1/pilots/evaluate", json={"plan": PILOT, "as_of": "2026-11-23"}).json()
    assert first["outcome"] == "not_started"
    started = {"on": "2026-09-01", "plan": first["plan"]}
    results = [{"metric": "right", "on": "2026-09-20", "count": 590, "of": 600}]
    body = {"plan": PILOT, "started": started, "results": results, "as_of": "2026-11-23"}
    assert site.post("/api/v1/pilots/evaluate", json=body).json()["outcome"] == "passed"
