"""Residual risk: the matrix of NIST SP 800-30, what controls take away, and what they cannot."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_service.applicability.evaluate import Evaluator
from kg_service.decisions.catalogue import Catalogue, read_catalogue
from kg_service.decisions.controls import ControlRecord, ControlState, Evidence
from kg_service.decisions.residual import MATRIX, Grade, Level, lowered, parse_overrides, residual_risks, steps_of
from kg_service.deployment import read_deployment
from kg_service.errors import InputError
from kg_service.model import ControlId, Knowledge, RiskId

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 23)
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
FRESH = ControlRecord(ControlState.TESTED, day=DAY, evidence=(Evidence("x"),))
# NIST SP 800-30 Rev. 1, table I-2: rows from very high to very low likelihood, columns from very low to very high impact.
TABLE_I_2 = """
Very High: very low, low, moderate, high, very high
High: very low, low, moderate, high, very high
Moderate: very low, low, moderate, moderate, high
Low: very low, low, low, low, moderate
Very Low: very low, very low, very low, low, low
"""


@pytest.fixture(scope="module")
def catalogue(law: Knowledge) -> Catalogue:
    return read_catalogue(law)


def test_matrix_is_that_of_nist() -> None:
    """The level of each pair is that of table I-2."""
    printed = [line.partition(": ")[2].split(", ") for line in TABLE_I_2.strip().splitlines()]
    assert [list(map(str, row)) for row in reversed(MATRIX)] == printed


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_more_controls_never_raise_a_risk_and_none_removes_it(
    likelihood: int, impact: int, first: int, second: int, more: int
) -> None:
    """What remains is at least 1 by 1, never above the inherent grade, and never grows with another control."""
    grade = Grade(likelihood, impact)
    some, all_ = (lowered(grade, Fraction(first + extra, 2), Fraction(second, 2)) for extra in (0, more))
    assert 1 <= all_.likelihood <= some.likelihood <= likelihood
    assert 1 <= some.impact <= impact
    assert 1 <= all_.impact <= impact
    assert (likelihood - all_.likelihood) + (impact - all_.impact) <= 3
    levels = list(Level)
    assert levels.index(some.level) <= levels.index(grade.level)


@pytest.mark.parametrize(
    ("record", "steps"),
    [
        (None, 0),
        (ControlRecord(ControlState.PLANNED), 0),
        (ControlRecord(ControlState.FAILED), 0),
        (ControlRecord(ControlState.IN_PLACE), Fraction(1, 2)),
        (FRESH, 1),
        (ControlRecord(ControlState.TESTED, day=date(2024, 1, 1)), Fraction(1, 2)),
    ],
)
def test_steps_follow_the_rule_that_is_told(record: ControlRecord | None, steps: Fraction) -> None:
    """A tested control takes one step, one in place half, old evidence halves, the rest takes none."""
    assert steps_of(record, DAY) == steps


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_without_controls_nothing_is_lowered_and_with_all_nothing_is_raised(
    evaluator: Evaluator, catalogue: Catalogue, path: Path
) -> None:
    """Before and after are equal without controls; with every control tested each risk is lower or at its floor."""
    knowledge = evaluator.knowledge
    assessment = evaluator.assess(read_deployment(path, knowledge).facts, DAY)
    bare = residual_risks(knowledge, catalogue.risks, assessment, {})
    assert all(one.inherent == one.residual == one.target for one in bare)
    full = residual_risks(knowledge, catalogue.risks, assessment, dict.fromkeys(knowledge.controls, FRESH))
    assert {one.risk.id for one in full} == {one.risk.id for one in bare}
    assert all(one.residual.score < one.inherent.score for one in full)


def test_risks_of_agents_arise_with_agents_alone(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """Excessive agency is no risk where nothing acts by itself, and is shown as open where nobody said."""
    knowledge = evaluator.knowledge
    facts = dict(read_deployment(ROOT / "examples/credit-assessment-eu-vendor.yaml", knowledge).facts)
    agentic = next(fact for fact in facts if fact == "agentic")
    told = {}
    for answer in (False, True, None):
        asked = {**facts, agentic: answer} if answer is not None else {f: a for f, a in facts.items() if f != agentic}
        found = residual_risks(knowledge, catalogue.risks, evaluator.assess(asked, DAY), {})
        told[answer] = [(one.relevant, one.open_facts) for one in found if one.risk.id == "excessive-agency"]
    assert told == {False: [], True: [(True, ())], None: [(None, ("agentic",))]}


def test_planned_controls_lower_the_target_alone(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """What is planned changes nothing now; it shows what would remain."""
    knowledge = evaluator.knowledge
    assessment = evaluator.assess(read_deployment(ROOT / "examples/credit-assessment-eu-vendor.yaml", knowledge).facts, DAY)
    records = dict.fromkeys(knowledge.controls, ControlRecord(ControlState.PLANNED))
    found = residual_risks(knowledge, catalogue.risks, assessment, records)
    assert all(one.residual == one.inherent for one in found)
    assert any(one.target.score < one.residual.score for one in found)


def test_override_takes_the_place_of_the_default_with_its_reason(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """The institution's own grade stands, and so does why."""
    knowledge = evaluator.knowledge
    assessment = evaluator.assess(read_deployment(EXAMPLES[0], knowledge).facts, DAY)
    own = parse_overrides({"drift": {"likelihood": 5, "impact": 5, "because": "seen twice"}}, knowledge)
    (one,) = [r for r in residual_risks(knowledge, catalogue.risks, assessment, {}, own) if r.risk.id == "drift"]
    assert (one.inherent, one.inherent.level, one.override) == (Grade(5, 5), Level.VERY_HIGH, "seen twice")


@pytest.mark.parametrize(
    "raw",
    [
        {"drift": {"likelihood": 5, "impact": 5}},
        {"drift": {"likelihood": 0, "impact": 5, "because": "x"}},
        {"drift": {"likelihood": 2.5, "impact": 5, "because": "x"}},
        {"drfit": {"likelihood": 2, "impact": 5, "because": "x"}},
        [1],
    ],
)
def test_override_without_a_reason_or_off_the_scale_is_refused(law: Knowledge, raw: object) -> None:
    """A grade needs a reason and stands from 1 to 5."""
    with pytest.raises(InputError):
        parse_overrides(raw, law)


def test_controls_that_respond_lower_the_impact(evaluator: Evaluator, catalogue: Catalogue) -> None:
    """A stop switch does not make an outage rarer: it lowers what it costs."""
    knowledge = evaluator.knowledge
    assessment = evaluator.assess(read_deployment(EXAMPLES[0], knowledge).facts, DAY)
    (one,) = [
        r
        for r in residual_risks(knowledge, catalogue.risks, assessment, {ControlId("mod-fallback-stop"): FRESH})
        if r.risk.id == RiskId("outage")
    ]
    assert one.residual == Grade(one.inherent.likelihood, one.inherent.impact - 1)
