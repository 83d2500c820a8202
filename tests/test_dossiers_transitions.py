"""Dossiers through the six decisions: what is let through, what is refused and why, and what opens a decision again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from dossier_sample import ANA, ARI, PIA, TODAY, VIC, Desk, desk, ground_on, our_guides

from kg_service.applicability.evaluate import Evaluator
from kg_service.decisions.controls import ControlRecord, ControlState
from kg_service.dossiers.codec import dumps, loads
from kg_service.dossiers.commands import (
    AddEvidence,
    AddOption,
    AnswerCriterion,
    Archive,
    ChangeDetails,
    ChooseOption,
    CreateDossier,
    Reevaluate,
    Reopen,
    SetControls,
    SetFacts,
    SetInput,
    Sign,
    Waive,
    WithdrawEvidence,
)
from kg_service.dossiers.criteria import GATES, parse_own
from kg_service.dossiers.guards import settled
from kg_service.dossiers.model import Cause, EvidenceKind, Met, Outcome, State
from kg_service.dossiers.policy import OwnApproval, Policy, parse_policy
from kg_service.dossiers.tools import records
from kg_service.dossiers.transitions import apply, create
from kg_service.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from kg_service.model import ControlId, DatedBy, NormKind
from kg_service.people.model import LOCAL, SYSTEM

YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def done(evaluator: Evaluator) -> Desk:
    """All six decisions passed."""
    return desk(evaluator).all_passed()


@pytest.fixture
def passed(done: Desk) -> Desk:
    return replace(done)


def codes(refused: pytest.ExceptionInfo[Any]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def states(found: Desk) -> str:
    return "".join(one.state[0] for one in found.dossier.decisions)


def test_all_six_can_be_passed(done: Desk) -> None:
    """A dossier whose criteria are met and whose obligations have controls is passed to the end, and says what was signed."""
    assert states(done) == "pppppp"
    assert all(len(one.sign_offs[0].signed) == 64 and one.sign_offs[0].by == "pia" for one in done.dossier.decisions)
    assert done.dossier.decision(6).criteria[GATES].answer is Met.MET


def test_stored_form_gives_back_the_same(done: Desk) -> None:
    """What is stored is the whole dossier."""
    assert loads(dumps(done.dossier)) == done.dossier


def test_sixth_waits_for_the_others(evaluator: Evaluator) -> None:
    """Decision 6 is refused while any of 1 to 5 is open, whatever the outcome, and each open one is named."""
    found = desk(evaluator)
    found.satisfy(6)
    for outcome in Outcome:
        with pytest.raises(ConflictError) as refused:
            found.do(Sign(6, outcome), PIA)
        assert {problem.where for problem in refused.value.problems} == {f"/decisions/{number}" for number in range(1, 6)}
    with pytest.raises(ConflictError):
        found.do(Waive(6, "in a hurry", TODAY + YEAR), PIA)


def test_open_criteria_and_missing_controls_are_told(evaluator: Evaluator) -> None:
    """Passing an untouched decision is refused with every open criterion and every obligation without a control."""
    with pytest.raises(ConflictError) as refused:
        desk(evaluator).do(Sign(2, Outcome.PASSED), PIA)
    assert codes(refused) == {"criterion-open", "no-control", "prohibition"}
    assert "/decisions/2/norms/eu-gdpr~1art-44" in {problem.where for problem in refused.value.problems}


@pytest.mark.parametrize("actor", [ANA, VIC, SYSTEM], ids=lambda actor: actor.id)
def test_wrong_role_signs_nothing(evaluator: Evaluator, actor: Any) -> None:
    """Only architects and approvers sign."""
    with pytest.raises(ForbiddenError) as refused:
        desk(evaluator).do(Sign(1, Outcome.FAILED), actor)
    assert codes(refused) == {"wrong-role"}


def test_architect_signs_the_first_five_only(done: Desk) -> None:
    """The sixth decision is an approver's."""
    again = replace(done)
    again.do(Reopen(6, "once more"))
    with pytest.raises(ForbiddenError):
        again.do(Sign(6, Outcome.PASSED), ARI)
    assert again.do(Sign(6, Outcome.PASSED), PIA).decision(6).state is State.PASSED


def test_nobody_approves_their_own(evaluator: Evaluator) -> None:
    """Neither the owner, nor who was it, nor who created the dossier signs it; policy may say otherwise."""
    found = desk(evaluator)
    found.do(ChangeDetails(owner="ari"))
    found.do(ChangeDetails(owner="zoe"))
    with pytest.raises(ForbiddenError) as refused:
        found.do(Sign(1, Outcome.FAILED), ARI)
    assert codes(refused) == {"own-dossier"}
    free = desk(evaluator, policy=Policy(own_approval=OwnApproval.ALLOWED))
    free.do(ChangeDetails(owner="ari"))
    assert free.do(Sign(1, Outcome.FAILED), ARI).decision(1).sign_offs[0].own


def test_local_user_may_unless_policy_forbids(evaluator: Evaluator) -> None:
    """Where nobody logs in there is nobody else to sign; a policy that forbids it forbids it there too."""
    for policy, allowed in ((Policy(), True), (Policy(own_approval=OwnApproval.FORBIDDEN), False)):
        found = desk(evaluator, policy=policy)
        found.do(ChangeDetails(owner=LOCAL.id))
        if allowed:
            assert found.do(Sign(1, Outcome.FAILED), LOCAL).decision(1).sign_offs[0].own
        else:
            with pytest.raises(ForbiddenError):
                found.do(Sign(1, Outcome.FAILED), LOCAL)


def test_fact_opens_what_rests_on_it(passed: Desk) -> None:
    """GDPR falls away where no data are personal: decision 2 opens because of facts, and with it the sixth."""
    after = passed.do(SetFacts({"data": ["synthetic"], "data_use": []}))
    reopened = after.decision(2).reopened
    assert reopened is not None
    assert reopened.cause is Cause.FACTS
    assert any(norm.startswith("eu-gdpr/") for norm in reopened.changed)
    assert after.decision(6).state is State.OPEN


def test_fact_that_changes_no_verdict_opens_nothing(passed: Desk) -> None:
    """A fact on which no verdict turns leaves the signatures as they are."""
    assert passed.do(SetFacts({"individuals_count": 400_001})).decision(2).state is State.PASSED


def test_law_that_moves_opens_what_rests_on_it(passed: Desk, evaluator: Evaluator) -> None:
    """The same facts under a law whose day was moved: the decisions of that norm open because of the law, no others do."""
    law = evaluator.knowledge
    moved = next(n for n in law.norms.values() if n.decisions == (3,) and n.id in passed.dossier.decision(3).basis.verdicts)  # type: ignore[union-attr]
    assert moved.applies_from is not None
    later = replace(moved, applies_from=DatedBy(moved.applies_from.day + YEAR, moved.applies_from.set_by))
    other = Evaluator(replace(law, version="0" * 64, norms={**law.norms, moved.id: later}))
    after = Desk(passed.dossier, replace(passed.ground, evaluator=other)).do(Reevaluate(), SYSTEM)
    assert [one.number for one in after.decisions if one.state is State.OPEN] == [3, 6]
    reopened = after.decision(3).reopened
    assert reopened is not None
    assert (reopened.cause, reopened.changed, reopened.by) == (Cause.LAW, (moved.id,), "system")


def test_new_version_of_the_same_law_opens_nothing(passed: Desk, evaluator: Evaluator) -> None:
    """Another knowledge version with the same verdicts is no change."""
    same = Evaluator(replace(evaluator.knowledge, version="0" * 64))
    assert Desk(passed.dossier, replace(passed.ground, evaluator=same)).do(Reevaluate(), SYSTEM) is passed.dossier


def test_input_of_the_tool_opens_its_decision(passed: Desk) -> None:
    """Other figures for the return on investment open decision 5."""
    after = passed.do(SetInput("roi", {"years": 3}))
    assert [one.number for one in after.decisions if one.state is State.OPEN] == [5, 6]


def test_failed_control_opens_what_rests_on_it(passed: Desk) -> None:
    """A control that is found to fail leaves obligations unmet: the decisions that counted on it open."""
    law = passed.ground.knowledge
    held = set(passed.dossier.controls)
    sole = next(
        (v.norm, c)
        for v in passed.ground.evaluator.assess({}, TODAY).verdicts
        for c in v.norm.controls
        if c in held
        and held & set(v.norm.controls) == {c}
        and v.norm.id in passed.dossier.decision(3).basis.verdicts  # type: ignore[union-attr]
        and passed.dossier.decision(3).basis.verdicts[v.norm.id].startswith("applies")  # type: ignore[union-attr]
    )
    after = passed.do(SetControls((sole[1],), ControlState.FAILED))
    reopened = after.decision(3).reopened
    assert reopened is not None
    assert reopened.cause is Cause.OBSTACLE
    assert sole[0].id in reopened.changed
    assert sole[1] in law.controls


def test_waiver_ends(evaluator: Evaluator) -> None:
    """A waived decision is open again on the day after the waiver's last, and its sixth with it."""
    found = desk(evaluator)
    for number in (1, 3, 4):
        found.passed(number)
    found.passed(2)
    last = TODAY + timedelta(days=30)
    found.do(Waive(5, "the case is being worked out", last), PIA)
    found.passed(6)
    assert states(found) == "ppppwp"
    assert settled(found.dossier, SYSTEM, found.on(last).ground) == found.dossier
    after = found.on(last + timedelta(days=1)).do(Reevaluate(), SYSTEM)
    assert [one.state for one in after.decisions[4:]] == [State.OPEN, State.OPEN]
    reopened = after.decision(5).reopened
    assert reopened is not None
    assert reopened.cause is Cause.EXPIRED


@pytest.mark.parametrize("days", [0, -1, 732])
def test_waiver_needs_a_day_ahead_and_not_too_far(evaluator: Evaluator, days: int) -> None:
    """Today, yesterday and more than two years are refused."""
    with pytest.raises(InputError) as refused:
        desk(evaluator).do(Waive(5, "reason", TODAY + timedelta(days=days)), PIA)
    assert codes(refused) == {"bad-expiry"}


def test_waiver_needs_a_reason(evaluator: Evaluator) -> None:
    """A waiver without a reason is refused."""
    with pytest.raises(InputError) as refused:
        desk(evaluator).do(Waive(5, " ", TODAY + YEAR), PIA)
    assert codes(refused) == {"no-reason"}


def test_prohibition_is_not_waived(evaluator: Evaluator) -> None:
    """Neither the norm nor the decision is waived while a prohibition is in effect without a control, unless policy says so."""
    for norm in ("eu-gdpr/art-44", None):
        with pytest.raises(ConflictError) as refused:
            desk(evaluator).do(Waive(2, "reason", TODAY + YEAR, norm), PIA)
        assert codes(refused) == {"prohibition-not-waivable"}
    free = desk(evaluator, policy=Policy(waive_prohibitions=True))
    assert free.do(Waive(2, "reason", TODAY + YEAR), PIA).decision(2).state is State.WAIVED


def test_gap_can_be_waived_alone(evaluator: Evaluator) -> None:
    """One obligation without a control is let pass; the others still stand in the way."""
    found = desk(evaluator)
    found.do(Waive(3, "accepted by the risk committee", TODAY + YEAR, "eu-dora/art-28-par-6"), PIA)
    with pytest.raises(ConflictError) as refused:
        found.do(Sign(3, Outcome.PASSED), PIA)
    where = {problem.where for problem in refused.value.problems}
    assert "/decisions/3/norms/eu-dora~1art-28-par-6" not in where
    assert any(place.startswith("/decisions/3/norms/") for place in where)
    with pytest.raises(InputError):
        found.do(Waive(3, "reason", TODAY + YEAR, "eu-dora/art-28-par-66"), PIA)


def test_obligation_that_begins_opens_a_decision_whose_control_is_only_planned(evaluator: Evaluator) -> None:
    """Planned is enough for what is yet to come; on the day it applies, the sixth decision needs it in place."""
    law = evaluator.knowledge
    found = desk(evaluator).all_passed()
    held = found.dossier.decision(6).basis
    assert held is not None
    later = [name for name, said in held.verdicts.items() if said.startswith("upcoming")]
    coming = next(norm for norm in law.norms.values() if norm.id in later and norm.kind is NormKind.DUTY)
    spare = next(control for control in law.controls if control not in found.dossier.controls)
    other = Evaluator(replace(law, norms={**law.norms, coming.id: replace(coming, controls=(spare,))}))
    found.do(SetControls((spare,), ControlState.PLANNED))
    found.ground = replace(found.ground, evaluator=other)
    found.do(Reevaluate(), SYSTEM)
    assert states(found) == "pppppp"
    assert coming.applies_from is not None
    after = found.on(coming.applies_from.day).do(Reevaluate(), SYSTEM)
    reopened = after.decision(6).reopened
    assert reopened is not None
    assert (reopened.cause, reopened.changed) == (Cause.OBSTACLE, (coming.id,))


def test_reopening_needs_a_reason_and_a_closed_decision(passed: Desk) -> None:
    """A person opens a decision again with a reason, once."""
    with pytest.raises(InputError):
        passed.do(Reopen(3, ""))
    after = passed.do(Reopen(3, "the vendor changed"))
    assert [one.number for one in after.decisions if one.state is State.OPEN] == [3, 6]
    with pytest.raises(ConflictError) as refused:
        passed.do(Reopen(3, "again"))
    assert codes(refused) == {"already-open"}


def test_signed_decision_is_not_signed_twice(passed: Desk) -> None:
    """A second signature needs the decision to be opened first."""
    with pytest.raises(ConflictError) as refused:
        passed.do(Sign(1, Outcome.FAILED), PIA)
    assert codes(refused) == {"already-signed"}


def test_withdrawn_evidence_opens_what_cites_it(evaluator: Evaluator) -> None:
    """A criterion that rests on withdrawn evidence is no longer met."""
    found = desk(evaluator)
    found.do(AddEvidence(EvidenceKind.NOTE, "Baseline", text="forty minutes each"))
    found.satisfy(1)
    found.do(AnswerCriterion(1, "stated-problem", Met.MET, evidence=("e1",)))
    found.do(Sign(1, Outcome.PASSED), PIA)
    after = found.do(WithdrawEvidence("e1"))
    assert after.decision(1).state is State.OPEN
    with pytest.raises(InputError) as refused:
        found.do(AnswerCriterion(1, "stated-problem", Met.MET, evidence=("e1",)))
    assert codes(refused) == {"unknown-evidence"}


def test_own_criterion_is_asked_and_does_not_open_what_was_signed_before(evaluator: Evaluator, passed: Desk) -> None:
    """A criterion that the institution adds holds for decisions signed from then on."""
    added = parse_own(
        {
            "criteria": [
                {"id": "committee-saw-it", "decision": "1", "label": "Seen", "definition": "Seen.", "met_when": "A minute."}
            ]
        },
        our_guides(),
    )
    guide = our_guides()[1]
    asked = {**our_guides(), 1: replace(guide, criteria={**guide.criteria, added[0].id: added[0]})}
    assert settled(passed.dossier, SYSTEM, ground_on(evaluator, asked=asked)) == passed.dossier
    fresh = desk(evaluator)
    fresh.satisfy(1)
    fresh.ground = ground_on(evaluator, asked=asked)
    with pytest.raises(ConflictError) as refused:
        fresh.do(Sign(1, Outcome.PASSED), PIA)
    assert [problem.where for problem in refused.value.problems] == ["/decisions/1/criteria/committee-saw-it"]


def test_nothing_changes_without_a_change(passed: Desk) -> None:
    """What is said again in the same way is no change and no version."""
    same = passed.dossier
    assert passed.do(SetFacts({"individuals_count": 400_000})) is same
    assert passed.do(AnswerCriterion(1, "stated-problem", Met.MET)) is same
    assert passed.do(ChangeDetails(name="Loan assessment")) is same


def test_archived_takes_no_changes(evaluator: Evaluator) -> None:
    """An archived dossier refuses everything."""
    found = desk(evaluator)
    found.do(Archive())
    with pytest.raises(ConflictError) as refused:
        found.do(SetFacts({"agentic": True}))
    assert codes(refused) == {"archived"}


def test_one_option_is_chosen(evaluator: Evaluator) -> None:
    """Choosing one option of a decision unchooses the other."""
    found = desk(evaluator)
    found.do(AddOption(1, "small model", chosen=True))
    found.do(AddOption(1, "large model"))
    after = found.do(ChooseOption("o2", "quality"))
    assert [(one.id, one.chosen) for one in after.options.values()] == [("o1", False), ("o2", True)]
    with pytest.raises(NotFoundError):
        found.do(ChooseOption("o3"))


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "unknown fact": (lambda: SetFacts({"institutoin": ["bank"]}), "unknown-fact"),
    "unknown control": (lambda: SetControls(("gov-inventry",), ControlState.PLANNED), "unknown-control"),
    "no control": (lambda: SetControls((), ControlState.PLANNED), "no-control"),
    "tested tomorrow": (
        lambda: SetControls(("gov-inventory",), ControlState.TESTED, on=TODAY + timedelta(days=1)),
        "in-the-future",
    ),
    "unknown criterion": (lambda: AnswerCriterion(1, "stated-problm", Met.MET), "unknown-criterion"),
    "not applicable without a reason": (lambda: AnswerCriterion(1, "stated-problem", Met.NOT_APPLICABLE), "no-reason"),
    "the dossier's own criterion": (lambda: AnswerCriterion(6, GATES, Met.MET), "computed-criterion"),
    "unknown evidence": (lambda: AnswerCriterion(1, "stated-problem", Met.MET, evidence=("e1",)), "unknown-evidence"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_command_is_told_and_changes_nothing(evaluator: Evaluator, name: str) -> None:
    """Each wrong command has its closed code."""
    make, code = WRONG[name]
    found = desk(evaluator)
    before = found.dossier
    with pytest.raises(InputError) as refused:
        found.do(make())
    assert codes(refused) == {code}
    assert found.dossier is before


def test_facts_say_who_said_them(evaluator: Evaluator) -> None:
    """Each fact names who answered it last, and keeps that where the same is said again."""
    found = desk(evaluator)
    after = found.do(SetFacts({"agentic": True, "automation": "human_follows_strongly"}, "the design changed"), ARI)
    assert (after.facts["agentic"].by, after.facts["agentic"].because) == ("ari", "the design changed")
    assert after.facts["automation"].by == "ana"
    assert "agentic" not in found.do(SetFacts({"agentic": None}), ARI).facts


def test_clock_that_jumps_back_changes_no_order(evaluator: Evaluator) -> None:
    """A change made after another is never dated before it."""
    found = desk(evaluator)
    found.do(SetFacts({"agentic": True}))
    back = found.on(TODAY - YEAR)
    assert back.do(SetFacts({"agentic": False})).updated_at == found.dossier.updated_at


def test_unknown_facts_and_controls_create_nothing(evaluator: Evaluator) -> None:
    """A dossier is not made from facts or controls that do not exist."""
    for command in (
        CreateDossier("x", "X", facts={"nonsense": True}),
        CreateDossier("x", "X", controls={"nonsense": ControlRecord()}),
    ):
        with pytest.raises(InputError):
            create(command, ANA, ground_on(evaluator))


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"own_approvals": "allowed"}, "/own_approvals"),
        ({"own_approval": "yes"}, "/own_approval"),
        ({"waivers": {"longest_days": 732}}, "/waivers/longest_days"),
        ({"waivers": {"longest_days": -1}}, "/waivers/longest_days"),
        ({"signers": {"7": "approver"}}, "/signers/7"),
        ({"signers": {"1": ["boss"]}}, "/signers/1"),
        ({"signers": {"1": []}}, "/signers/1"),
        ({"controls": {"6": "painted"}}, "/controls/6"),
    ],
)
def test_wrong_policy_is_told_by_its_place(raw: Any, where: str) -> None:
    """A policy that cannot be is refused, not half understood."""
    with pytest.raises(InputError) as refused:
        parse_policy(raw)
    assert [problem.where for problem in refused.value.problems] == [where]


def test_review_period_of_a_file_is_kept(evaluator: Evaluator) -> None:
    """What a deployment file says is looked at every three months is too old after them, also when its owner changed."""
    ground = ground_on(evaluator)
    record = ControlRecord(ControlState.TESTED, "risk office", date(2026, 8, 1), (), 3)
    made = create(CreateDossier("loans", "Loans", controls={"gov-inventory": record}), ANA, ground)
    made = apply(made, SetControls(("gov-inventory",), ControlState.TESTED, owner="model risk"), ANA, ground)
    held = records(made)[ControlId("gov-inventory")]
    assert (held.owner, held.good_until) == ("model risk", date(2026, 11, 1))
    assert [held.stale(day) for day in (date(2026, 11, 1), date(2026, 11, 2))] == [False, True]
