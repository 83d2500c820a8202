"""Dossiers for the tests: the example of a bank's loan assessment, the people around it, and short ways through a decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import plain_facts
from kg_service.decisions.controls import ControlState
from kg_service.deployment import read_deployment
from kg_service.dossiers.commands import AnswerCriterion, Command, CreateDossier, SetControls, Sign
from kg_service.dossiers.criteria import GATES, Guides, guides
from kg_service.dossiers.guards import Ground, assessor, day_of, gaps
from kg_service.dossiers.model import DECISIONS, Dossier, Met, Outcome
from kg_service.dossiers.policy import Policy
from kg_service.dossiers.transitions import apply, create
from kg_service.knowledge.criteria import read_decisions
from kg_service.people.model import Principal, Role

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples/credit-assessment-eu-vendor.yaml"
TODAY = date(2026, 11, 23)

ANA = Principal("ana", "Ana, analyst", frozenset({Role.ANALYST}))
ARI = Principal("ari", "Ari, architect", frozenset({Role.ARCHITECT}))
PIA = Principal("pia", "Pia, approver", frozenset({Role.APPROVER}))
VIC = Principal("vic", "Vic, viewer", frozenset({Role.VIEWER}))


def our_guides() -> Guides:
    return guides(read_decisions(ROOT))


def ground_on(evaluator: Evaluator, day: date = TODAY, policy: Policy | None = None, asked: Guides | None = None) -> Ground:
    """What a dossier is judged by on that day."""
    now = datetime.combine(day, time(12), UTC)
    return Ground(evaluator, asked or our_guides(), policy or Policy(), day, now)


@dataclass
class Desk:
    """A dossier on a desk: each command replaces it by what it became."""

    dossier: Dossier
    ground: Ground

    def do(self, command: Command, actor: Principal = ANA) -> Dossier:
        self.dossier = apply(self.dossier, command, actor, self.ground)
        return self.dossier

    def on(self, day: date) -> Desk:
        """The same dossier on another day."""
        now = datetime.combine(day, time(12), UTC)
        return Desk(self.dossier, replace(self.ground, today=day, now=now))

    def satisfy(self, number: int) -> None:
        """Every criterion is met, and every obligation of the decision has one of its controls in place."""
        for criterion in self.ground.guides[number].criteria:
            if criterion != GATES:
                self.do(AnswerCriterion(number, criterion, Met.MET))
        found = assessor(self.dossier, self.ground)(day_of(self.dossier, self.ground))
        wanted = {gap.norm.controls[0] for gap in gaps(self.dossier, number, found, self.ground)}
        if wanted:
            self.do(SetControls(tuple(sorted(wanted)), ControlState.IN_PLACE))

    def passed(self, number: int) -> None:
        self.satisfy(number)
        self.do(Sign(number, Outcome.PASSED), PIA)

    def all_passed(self) -> Desk:
        for number in DECISIONS:
            self.passed(number)
        return self


def desk(evaluator: Evaluator, day: date = TODAY, policy: Policy | None = None) -> Desk:
    """Ana's new dossier on the example."""
    ground = ground_on(evaluator, day, policy)
    facts = plain_facts(read_deployment(EXAMPLE, evaluator.knowledge).facts)
    return Desk(create(CreateDossier("loans", "Loan assessment", facts=facts), ANA, ground), ground)
