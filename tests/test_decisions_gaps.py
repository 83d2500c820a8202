"""Decisions 2 to 4: obligations, gaps and their order, coverage, effects on work; claims about law name norms of the graph."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from kg_service.applicability.evaluate import IN_EFFECT, Evaluator, Status
from kg_service.applicability.facts import parse_facts
from kg_service.decisions import gaps, workforce
from kg_service.decisions.catalogue import Catalogue, read_catalogue
from kg_service.decisions.controls import ControlRecord, ControlState, Evidence, months_after
from kg_service.decisions.coverage import ASKS, Standing, needed, obligations, uses
from kg_service.decisions.gaps import GapKind, Severity
from kg_service.deployment import Deployment, read_deployment
from kg_service.errors import DocumentError, InputError
from kg_service.model import ControlId, Knowledge, NormId, NormKind

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 23)
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def catalogue(law: Knowledge) -> Catalogue:
    return read_catalogue(law)


@pytest.fixture(scope="module")
def credit(law: Knowledge) -> Deployment:
    return read_deployment(ROOT / "examples/credit-assessment-eu-vendor.yaml", law)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("decision", gaps.DECISIONS)
def test_every_obligation_of_the_decision_is_there_once(evaluator: Evaluator, path: Path, decision: int) -> None:
    """The regimes hold exactly the norms in effect or open that ask for something and belong to the decision."""
    deployment = read_deployment(path, evaluator.knowledge)
    assessment = evaluator.assess(deployment.facts, DAY)
    found = gaps.review(assessment, deployment.controls, decision)
    expected = {
        one.norm.id
        for one in assessment.verdicts
        if one.norm.kind in ASKS and one.status in (*IN_EFFECT, Status.UNDETERMINED) and decision in one.norm.decisions
    }
    listed = Counter(one.verdict.norm.id for regime in found.regimes for one in regime.obligations)
    assert listed == Counter(expected)
    assert all(one.verdict.norm.instrument == regime.instrument for regime in found.regimes for one in regime.obligations)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_gaps_close_when_the_needed_controls_are_in_place(evaluator: Evaluator, path: Path) -> None:
    """With the controls that the cover asks for, shown by fresh evidence, only what is undetermined is left."""
    deployment = read_deployment(path, evaluator.knowledge)
    assessment = evaluator.assess(deployment.facts, DAY)
    norms = [one.norm for one in assessment.verdicts if one.status in IN_EFFECT]
    shown = ControlRecord(ControlState.TESTED, "x", DAY, (Evidence("report", day=DAY),))
    found = gaps.review(assessment, dict.fromkeys(needed(norms, set()), shown))
    assert {gap.kind for gap in found.gaps} <= {GapKind.OPEN}
    assert found.coverage.met == found.coverage.norms


def test_gravest_gaps_come_first(evaluator: Evaluator, credit: Deployment) -> None:
    """A prohibition in force stands before a duty in force, that before one due within a year, that before an expectation."""
    found = gaps.review(evaluator.assess(credit.facts, DAY), credit.controls)
    order = [gap.severity for gap in found.gaps]
    assert order == sorted(order)
    norms = evaluator.knowledge.norms
    for gap in (one for one in found.gaps if one.kind is GapKind.UNMET):
        norm = norms[gap.norms[0]]
        begins = norm.applies_from.day if norm.applies_from else None
        if gap.severity is Severity.PROHIBITION:
            assert norm.kind is NormKind.PROHIBITION
            assert begins is not None
            assert begins <= DAY
        elif gap.severity is Severity.SOON:
            assert begins is not None
            assert DAY < begins <= months_after(DAY, 12)
        elif gap.severity is Severity.LATER:
            assert begins is None or begins > months_after(DAY, 12)


def test_high_risk_duties_become_soon_within_the_year_before_they_apply(evaluator: Evaluator, credit: Deployment) -> None:
    """Art 26(2) AI Act applies to Annex III systems from 2 December 2027: *later* now, *soon* from 2 December 2026."""
    norm = evaluator.knowledge.norms[NormId("eu-ai-act/art-26-par-2")]
    days = [DAY, date(2026, 12, 2), date(2027, 12, 2)]
    assert [gaps.severity(norm, day) for day in days] == [Severity.LATER, Severity.SOON, Severity.DUTY]


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (ControlRecord(ControlState.FAILED), GapKind.FAILED),
        (ControlRecord(ControlState.TESTED, day=date(2025, 1, 1), evidence=(Evidence("x"),)), GapKind.STALE),
        (ControlRecord(ControlState.IN_PLACE), GapKind.UNSHOWN),
        (ControlRecord(ControlState.TESTED, day=DAY, evidence=(Evidence("x"),)), None),
        (ControlRecord(ControlState.PLANNED), None),
    ],
)
def test_control_that_failed_aged_or_shows_nothing_is_a_gap(
    evaluator: Evaluator, credit: Deployment, record: ControlRecord, kind: GapKind | None
) -> None:
    """Each way in which a control does not hold what it promises is its own kind of gap."""
    control = ControlId("gov-training")
    found = gaps.review(evaluator.assess(credit.facts, DAY), {control: record})
    of_control = [gap.kind for gap in found.gaps if gap.kind is not GapKind.UNMET and control in gap.controls]
    assert of_control == ([] if kind is None else [kind])


def test_failed_control_leaves_its_norms_unmet(evaluator: Evaluator, credit: Deployment) -> None:
    """A norm whose only recorded control failed is unmet and says failed, even where it was counted before."""
    assessment = evaluator.assess(credit.facts, DAY)
    found = obligations(assessment, {ControlId("gov-training"): ControlRecord(ControlState.FAILED)})
    own = [one for one in found if "gov-training" in one.verdict.norm.controls]
    assert own
    assert all(one.standing is Standing.FAILED and one.met is False for one in own)


def test_one_control_is_counted_once_for_all_its_regimes(evaluator: Evaluator, credit: Deployment) -> None:
    """A control is one row, whose norms and regimes are exactly those that name it."""
    assessment = evaluator.assess(credit.facts, DAY)
    found = obligations(assessment, credit.controls)
    rows = uses(found, credit.controls)
    assert len({row.control for row in rows}) == len(rows)
    for row in rows:
        naming = {one.verdict.norm.id for one in found if row.control in one.verdict.norm.controls}
        assert set(row.norms) == naming
        assert set(row.regimes) == {norm.partition("/")[0] for norm in naming}
    assert max(len(row.regimes) for row in rows) > 1


def test_open_fact_is_one_gap_with_all_that_waits_for_it(evaluator: Evaluator, law: Knowledge) -> None:
    """Each unanswered fact that keeps obligations open is one gap, with the norms that it would settle."""
    deployment = read_deployment(ROOT / "examples/canada-bank-complaints-incomplete.yaml", law)
    assessment = evaluator.assess(deployment.facts, DAY)
    found = [gap for gap in gaps.review(assessment, {}).gaps if gap.kind is GapKind.OPEN]
    missing = {fact for one in assessment.verdicts if one.norm.kind in ASKS for fact in one.missing_facts}
    assert {gap.fact for gap in found} == missing != set()


def test_every_claim_about_law_names_a_norm_of_the_graph(law: Knowledge, catalogue: Catalogue) -> None:
    """Reading the data checks each norm, control, fact and risk against the law; and each risk of the law has a profile."""
    named = [norm for test in catalogue.tests.values() for norm in (*test.asks, *test.serves)]
    named += [norm for question in catalogue.work.values() for norm in question.norms]
    assert len(named) > 100
    assert set(named) <= set(law.norms)
    assert set(catalogue.risks.profiles) == set(law.risks)


BAD: dict[str, tuple[str, str, str]] = {
    "unknown norm": (
        "tests",
        "x: {name: a, about: bias, measures: a, needs: a, guidance: a, source: a, serves: [eu-x/1]}",
        "unknown-norm",
    ),
    "unknown kind": ("tests", "x: {name: a, about: bais, measures: a, needs: a, guidance: a, source: a}", "unknown-choice"),
    "unknown risk": ("risks", "risks: {confabulatoin: {likelihood: 1, impact: 1, because: x}}", "unknown-key"),
    "level six": ("risks", "risks: {confabulation: {likelihood: 6, impact: 1, because: x}}", "out-of-range"),
    "no reason": ("risks", "risks: {confabulation: {likelihood: 1, impact: 1}}", "missing-key"),
    "unknown fact": ("workforce", "x: {ask: a, because: a, evidence: a, when: {instituton: insurer}}", "unknown-fact"),
    "not YAML": ("workforce", "x: [", "syntax"),
}


@pytest.mark.parametrize(("name", "text", "code"), BAD.values(), ids=BAD)
def test_bad_file_of_the_institution_is_refused_with_its_line(
    law: Knowledge, tmp_path: Path, name: str, text: str, code: str
) -> None:
    """A file laid over ours is read as strictly as ours, and every problem names its line."""
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((InputError, DocumentError)) as caught:
        read_catalogue(law, {name: path})
    assert any(str(path) in problem.where for problem in caught.value.problems)
    if code != "syntax":
        assert code in {problem.code for problem in caught.value.problems}


def test_file_of_the_institution_takes_the_place_of_an_entry(law: Knowledge, tmp_path: Path, catalogue: Catalogue) -> None:
    """One entry of the same id is replaced, the others stay."""
    path = tmp_path / "own.yaml"
    path.write_text("risks: {drift: {likelihood: 1, impact: 2, because: measured for three years}}", encoding="utf-8")
    own = read_catalogue(law, {"risks": path}).risks
    assert (own.profiles[next(r for r in own.profiles if r == "drift")].impact, len(own.profiles)) == (2, len(law.risks))
    assert own.respond == catalogue.risks.respond


def test_effects_on_work_arise_from_the_facts(evaluator: Evaluator, catalogue: Catalogue, credit: Deployment) -> None:
    """Lending to consumers raises AI literacy (Art 4) and oversight (Art 26(2)), not the information of workers (Art 26(7))."""
    assessment = evaluator.assess(credit.facts, DAY)
    found = {one.question.id: one for one in workforce.effects(evaluator.knowledge, catalogue.work, assessment, credit.controls)}
    assert "workers_informed" not in found
    assert "eu-ai-act/art-4-par-1" in {one.norm.id for one in found["literacy"].norms}
    assert "eu-ai-act/art-26-par-2" in {one.norm.id for one in found["oversight_roles"].norms}


def test_rating_staff_raises_the_information_of_workers(evaluator: Evaluator, catalogue: Catalogue, credit: Deployment) -> None:
    """With staff evaluation the duty to inform workers (Art 26(7)) stands behind a question."""
    told = {"use_case": ["staff_evaluation"], "affected": ["employee"]}
    raw = {**credit.facts, **parse_facts(evaluator.knowledge.facts, told)}
    found = workforce.effects(evaluator.knowledge, catalogue.work, evaluator.assess(raw, DAY), {})
    (one,) = [effect for effect in found if effect.question.id == "workers_informed"]
    assert one.arises
    assert "eu-ai-act/art-26-par-7" in {verdict.norm.id for verdict in one.norms}


def test_answer_that_a_question_does_not_apply_needs_a_reason(catalogue: Catalogue) -> None:
    """Whoever waves a question aside says why; yes and no stand alone."""
    assert workforce.parse_answers(catalogue.work, {"literacy": "yes"})["literacy"].answer == "yes"
    with pytest.raises(InputError, match="does not apply"):
        workforce.parse_answers(catalogue.work, {"literacy": "not_applicable"})
    with pytest.raises(InputError, match="literacy"):
        workforce.parse_answers(catalogue.work, {"litracy": "yes"})
