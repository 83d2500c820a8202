"""Controls with state and evidence: what counts, when evidence grows old, what is refused, what ``sextant check`` makes of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_service.applicability.evaluate import IN_EFFECT, Evaluator, Status
from kg_service.commands import findings
from kg_service.decisions.controls import (
    ControlRecord,
    ControlState,
    Evidence,
    months_after,
    parse_record,
    plain_record,
    standing,
)
from kg_service.decisions.coverage import ASKS
from kg_service.decisions.reading import Reading
from kg_service.deployment import Deployment, parse_deployment
from kg_service.errors import InputError
from kg_service.model import ControlId, Knowledge

DAY = date(2026, 11, 23)
FULL = {
    "state": "tested",
    "owner": "Head of model risk",
    "date": "2026-10-01",
    "review_months": 6,
    "evidence": ["minutes", {"title": "report", "link": "https://example.org/r", "sha256": "a" * 64, "date": "2026-09-30"}],
}


def _read(raw: object) -> ControlRecord:
    reading = Reading()
    record = parse_record(reading, raw, "/c")
    reading.done()
    return record


@pytest.mark.parametrize(("state", "counts"), [("planned", False), ("in_place", True), ("tested", True), ("failed", False)])
def test_only_what_is_in_place_or_tested_counts(state: str, counts: bool) -> None:
    """A norm may rest on a control in place or tested, never on one planned or failed."""
    assert _read(state).counts is counts


def test_record_is_read_with_owner_evidence_and_days() -> None:
    """The long form says who answers for the control, what shows it and since when."""
    record = _read(FULL)
    assert (record.state, record.owner, record.review_months) == (ControlState.TESTED, "Head of model risk", 6)
    assert record.evidence == (
        Evidence("minutes"),
        Evidence("report", "https://example.org/r", "a" * 64, date(2026, 9, 30)),
    )
    assert record.shown_on == date(2026, 10, 1)


@pytest.mark.parametrize("raw", ["planned", "failed", FULL, {"state": "in_place"}, {}])
def test_record_survives_writing_and_reading(raw: object) -> None:
    """A record that is written and read again is the same."""
    record = _read(raw)
    assert _read(plain_record(record)) == record


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 120))
def test_months_after_lands_in_the_right_month(day: date, months: int) -> None:
    """So many months later is that month of the calendar, on the same day or on its last."""
    found = months_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


def test_evidence_is_good_through_its_last_day() -> None:
    """Evidence of 30 November that counts for three months is good on 28 February and stale on 1 March."""
    record = ControlRecord(day=date(2026, 11, 30), review_months=3)
    assert not record.stale(date(2027, 2, 28))
    assert record.stale(date(2027, 3, 1))


def test_what_does_not_count_or_is_undated_is_not_stale() -> None:
    """A planned control has nothing to grow old, and evidence without a day has no age."""
    assert not ControlRecord(ControlState.PLANNED, day=date(2000, 1, 1)).stale(DAY)
    assert not ControlRecord(evidence=(Evidence("minutes"),)).stale(DAY)


BAD: dict[str, tuple[object, str, str]] = {
    "unknown state": ("testd", "/c", "unknown-state"),
    "state as a number": (3, "/c", "unknown-state"),
    "unknown key": ({"stat": "tested"}, "/c/stat", "unknown-key"),
    "script as a link": ({"evidence": [{"title": "x", "link": "javascript:alert(1)"}]}, "/c/evidence/0/link", "not-a-link"),
    "short hash": ({"evidence": [{"title": "x", "sha256": "ab"}]}, "/c/evidence/0/sha256", "not-a-hash"),
    "no such day": ({"date": "2026-02-30"}, "/c/date", "no-such-day"),
    "no months": ({"review_months": 0}, "/c/review_months", "out-of-range"),
    "endless months": ({"review_months": 100000}, "/c/review_months", "out-of-range"),
    "evidence without a title": ({"evidence": [{"link": "https://x.org"}]}, "/c/evidence/0", "missing-key"),
    "control characters": ({"owner": "a\x00b"}, "/c/owner", "not-a-text"),
    "too much evidence": ({"evidence": ["x"] * 201}, "/c/evidence", "too-many"),
}


@pytest.mark.parametrize(("raw", "where", "code"), BAD.values(), ids=BAD)
def test_bad_record_is_refused_at_its_place(raw: object, where: str, code: str) -> None:
    """What is wrong is told with its place; nothing is guessed."""
    with pytest.raises(InputError) as caught:
        _read(raw)
    assert (where, code) in [(problem.where, problem.code) for problem in caught.value.problems]


def test_failed_control_clears_nothing_for_the_pathways(law: Knowledge) -> None:
    """The pathways hear of controls that stand or are planned, not of failed ones."""
    raw = {"facts": {}, "controls": ["gov-inventory", {"tpr-exit": "failed"}, {"tpr-contract": "planned"}]}
    assert standing(parse_deployment(raw, law).controls) == {"gov-inventory": True, "tpr-contract": False}


def _checked(evaluator: Evaluator, record: ControlRecord, current: bool = False) -> findings.Report:
    """A deployment to which Art 4 AI Act applies, with one control of that norm."""
    facts = parse_deployment(
        {"facts": {"established_in": ["de"], "institution": ["credit_institution"], "technology": ["generative_ai"]}},
        evaluator.knowledge,
    ).facts
    deployment = Deployment("x", facts, controls={ControlId("gov-training"): record})
    return findings.check("x.yaml", deployment, evaluator.assess(facts, DAY), current)


@pytest.mark.parametrize("state", ControlState)
def test_check_counts_a_tested_control_and_no_failed_one(evaluator: Evaluator, state: ControlState) -> None:
    """Exactly the norms that rest on a counting control are met."""
    report = _checked(evaluator, ControlRecord(state))
    own = [one for one in report.findings if "gov-training" in one.verdict.norm.controls and one.verdict.status is Status.APPLIES]
    assert own
    assert all(one.met is (state in (ControlState.IN_PLACE, ControlState.TESTED)) for one in own)
    assert all((one.failed == ("gov-training",)) is (state is ControlState.FAILED) for one in own)


def test_check_tells_coverage_by_regime_and_decision(evaluator: Evaluator) -> None:
    """The regimes together hold every obligation once; a decision holds those of its own."""
    report = _checked(evaluator, ControlRecord(ControlState.TESTED))
    (file,) = findings.view(evaluator.knowledge, [report])["files"]
    asking = [one for one in report.assessment.verdicts if one.norm.kind in ASKS and one.status in IN_EFFECT]
    assert sum(one["norms"] for one in file["coverage"]["by_regime"].values()) == len(asking)
    for number, told in file["coverage"]["by_decision"].items():
        assert told["norms"] == sum(int(number) in one.norm.decisions for one in asking)
        assert told["met"] == sum(int(number) in one.norm.decisions and "gov-training" in one.norm.controls for one in asking)


def test_check_names_old_evidence_and_can_refuse_it(evaluator: Evaluator) -> None:
    """Old evidence is told; with --current it no longer counts."""
    record = ControlRecord(ControlState.TESTED, day=date(2025, 1, 1))
    for current in (False, True):
        own = [one for one in _checked(evaluator, record, current).findings if one.stale and one.met is not None]
        assert own
        assert all(one.met is not current for one in own)
        assert all("too old" in findings.message(evaluator.knowledge, one) for one in own)
