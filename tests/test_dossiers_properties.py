"""Any sequence of commands by anybody on any day keeps what must always hold of a dossier (hypothesis, stateful)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from dossier_sample import ANA, ARI, PIA, ROOT, TODAY, VIC, Desk, desk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kg_service.applicability.evaluate import Evaluator
from kg_service.decisions.controls import ControlState
from kg_service.dossiers.changes import changes, patched
from kg_service.dossiers.codec import dumps, loads, plain
from kg_service.dossiers.commands import (
    AddOption,
    Archive,
    ChangeDetails,
    Reevaluate,
    Reopen,
    SetControls,
    SetFacts,
    SetInput,
    Sign,
    Waive,
)
from kg_service.dossiers.guards import earlier_open, settled
from kg_service.dossiers.model import CLOSED, FREE, Outcome, State
from kg_service.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from kg_service.knowledge.read import read
from kg_service.people.model import LOCAL, SYSTEM, Principal

PEOPLE = st.sampled_from([ANA, ARI, PIA, VIC, LOCAL, SYSTEM])
NUMBERS = st.integers(1, 6)
FACTS = st.sampled_from(
    [
        {"data": ["synthetic"]},
        {"data": ["customer_financial"]},
        {"agentic": True},
        {"agentic": None},
        {"persons_in": ["us"]},
        {"persons_in": ["de"]},
    ]
)


class Dossiers(RuleBasedStateMachine):
    """One dossier in many hands."""

    evaluator: Evaluator

    @initialize(done=st.booleans())
    def begin(self, done: bool) -> None:
        made: Desk = desk(self.evaluator)
        self.desk = made.all_passed() if done else made
        self.trail: list[Any] = [plain(self.desk.dossier)]

    def do(self, command: Any, actor: Principal) -> None:
        before = self.desk.dossier
        try:
            after = self.desk.do(command, actor)
        except (InputError, ConflictError, ForbiddenError, NotFoundError):
            assert self.desk.dossier is before
            return
        assert after.version == before.version + (after is not before)
        if after is not before:
            self.trail.append(changes(before, after))
        if isinstance(command, Sign | Waive):
            number = command.decision
            assert after.decision(number).closed or isinstance(command, Waive) or command.outcome is Outcome.FAILED
            allowed = {"architect", "approver"} if isinstance(command, Sign) and number < 6 else {"approver"}
            assert allowed & set(actor.roles)

    @rule(number=NUMBERS, actor=PEOPLE, outcome=st.sampled_from(Outcome))
    def sign(self, number: int, actor: Principal, outcome: Outcome) -> None:
        self.do(Sign(number, outcome, "as discussed"), actor)

    @rule(number=NUMBERS)
    def satisfy(self, number: int) -> None:
        if not self.desk.dossier.archived:
            before = self.desk.dossier
            self.desk.satisfy(number)
            self.trail.append(changes(before, self.desk.dossier))

    @rule(number=NUMBERS, actor=PEOPLE, days=st.integers(-5, 800))
    def waive(self, number: int, actor: Principal, days: int) -> None:
        self.do(Waive(number, "in the meantime", self.desk.ground.today + timedelta(days=days)), actor)

    @rule(number=NUMBERS, actor=PEOPLE, reason=st.sampled_from(["", "looked wrong"]))
    def reopen(self, number: int, actor: Principal, reason: str) -> None:
        self.do(Reopen(number, reason), actor)

    @rule(values=FACTS, actor=PEOPLE)
    def say(self, values: dict[str, Any], actor: Principal) -> None:
        self.do(SetFacts(values, "as told"), actor)

    @rule(
        control=st.sampled_from(["gov-inventory", "tpr-contract", "dat-privacy-impact", "nonsense"]),
        state=st.sampled_from(ControlState),
    )
    def control(self, control: str, state: ControlState) -> None:
        self.do(SetControls((control,), state, note="as seen"), ANA)

    @rule(number=NUMBERS, chosen=st.booleans())
    def option(self, number: int, chosen: bool) -> None:
        self.do(AddOption(number, f"way {len(self.desk.dossier.options)}", chosen=chosen), ANA)

    @rule(tool=st.sampled_from(["roi", "necessity", "pathways", "nonsense"]), value=st.sampled_from([None, {"a": 1}, {"a": 2}]))
    def feed(self, tool: str, value: Any) -> None:
        self.do(SetInput(tool, value), ANA)

    @rule(owner=st.sampled_from(["ana", "ari", "pia"]))
    def hand_over(self, owner: str) -> None:
        self.do(ChangeDetails(owner=owner), ANA)

    @rule(days=st.integers(-30, 400))
    def time_passes(self, days: int) -> None:
        day = min(max(self.desk.ground.today + timedelta(days=days), TODAY), date(2032, 1, 1))
        self.desk.ground = replace(self.desk.ground, today=day, now=datetime.combine(day, time(12), UTC))

    @rule()
    def look_again(self) -> None:
        self.do(Reevaluate(), SYSTEM)

    @rule(really=st.integers(0, 9))
    def archive(self, really: int) -> None:
        if really == 0:
            self.do(Archive("done"), ANA)

    @invariant()
    def sixth_stands_on_the_others(self) -> None:
        """Decision 6 is never passed or waived while one of 1 to 5 is not, now or as it will be seen today."""
        for seen in (self.desk.dossier, settled(self.desk.dossier, SYSTEM, self.desk.ground)):
            assert seen.decision(6).state not in CLOSED or not earlier_open(seen)

    @invariant()
    def closed_decisions_have_what_closed_them(self) -> None:
        """A passed decision has its signature and its basis, a waived one its waiver, an open one no basis."""
        for one in self.desk.dossier.decisions:
            assert (one.basis is None) == (one.state is State.OPEN)
            assert one.state is not State.PASSED or one.sign_offs[-1].outcome is Outcome.PASSED
            assert one.state is not State.WAIVED or any(waiver.norm is None for waiver in one.waivers)

    @invariant()
    def nobody_signed_their_own(self) -> None:
        """No signature is that of who created the dossier, except the local user's where nobody logs in."""
        for one in self.desk.dossier.decisions:
            assert "ana" not in {signature.by for signature in one.sign_offs} | {waiver.by for waiver in one.waivers}

    @invariant()
    def stored_form_is_whole(self) -> None:
        assert loads(dumps(self.desk.dossier)) == self.desk.dossier

    @invariant()
    def trail_tells_everything(self) -> None:
        """The differences that the trail holds, notes put back, give the present state; no free text stands outside the notes."""
        state = self.trail[0]
        for one in self.trail[1:]:
            assert not any(pointer.rpartition("/")[2] in FREE for pointer in one.after)
            assert not any(value for pointer, value in one.before.items() if pointer.rpartition("/")[2] in FREE)
            state = patched(state, one)
        assert state == plain(self.desk.dossier)


@pytest.fixture(scope="module")
def machine() -> type[RuleBasedStateMachine]:
    Dossiers.evaluator = Evaluator(read(ROOT))
    return Dossiers


def test_every_sequence_of_commands_keeps_the_rules(machine: type[RuleBasedStateMachine]) -> None:
    """The sixth decision stands on the others, versions grow by one, signatures are by others, the trail tells everything."""
    found = settings(max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=found)
