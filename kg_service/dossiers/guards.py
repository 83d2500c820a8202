"""What stands in the way of a decision, what a closed one rests on, and whether it still stands. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Evaluator, Status
from kg_service.applicability.facts import Facts, parse_facts
from kg_service.decisions.controls import ControlState
from kg_service.decisions.coverage import ASKS, needed
from kg_service.dossiers.changes import without_words
from kg_service.dossiers.codec import canonical
from kg_service.dossiers.commands import TOOLS
from kg_service.dossiers.criteria import GATES, Guides
from kg_service.dossiers.model import DECISIONS, LAST, Basis, Cause, Decision, Dossier, Met, Reopening, State, Waiver
from kg_service.dossiers.policy import Policy
from kg_service.errors import InputError, Problem
from kg_service.model import ControlId, Knowledge, Norm, NormKind
from kg_service.people.model import Principal


@dataclass(frozen=True, slots=True)
class Ground:
    """What a dossier is judged by: the law, the criteria, the policy, and the day."""

    evaluator: Evaluator
    guides: Guides
    policy: Policy
    today: date
    now: datetime

    @property
    def knowledge(self) -> Knowledge:
        return self.evaluator.knowledge


class GapKind(StrEnum):
    """A prohibition, or another obligation, is in effect without a control; or it is open whether a prohibition is."""

    PROHIBITION = "prohibition"
    NO_CONTROL = "no_control"
    OPEN_PROHIBITION = "open_prohibition"


@dataclass(frozen=True, slots=True)
class Gap:
    """A norm that stands in the way of a decision; it blocks unless a waiver holds."""

    norm: Norm
    status: Status
    kind: GapKind
    waiver: Waiver | None = None
    missing_facts: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        return self.waiver is None


Assess = Callable[[date], Assessment]


def digest(value: Any) -> str:
    """The SHA-256 of ``value`` as canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def facts_of(dossier: Dossier, knowledge: Knowledge) -> tuple[Facts, tuple[Problem, ...]]:
    """The facts as the present law understands them, and those that it no longer does: these count as unanswered."""
    try:
        return parse_facts(knowledge.facts, dossier.plain_facts), ()
    except InputError:
        found: dict[Any, Any] = {}
        problems: list[Problem] = []
        for fact, value in dossier.plain_facts.items():
            try:
                found.update(parse_facts(knowledge.facts, {fact: value}))
            except InputError as error:
                problems.extend(error.problems)
        return found, tuple(problems)


def assessor(dossier: Dossier, ground: Ground) -> Assess:
    """A function that assesses the dossier's facts for a day, once for each day."""
    facts, _ = facts_of(dossier, ground.knowledge)
    found: dict[date, Assessment] = {}

    def assess(day: date) -> Assessment:
        if day not in found:
            found[day] = ground.evaluator.assess(facts, day)
        return found[day]

    return assess


def day_of(dossier: Dossier, ground: Ground) -> date:
    """The day that the dossier is judged for."""
    return dossier.as_of or ground.today


def gaps(dossier: Dossier, number: int, found: Assessment, ground: Ground) -> tuple[Gap, ...]:
    """The norms of that decision that block it, and those that only a waiver keeps from doing so."""
    waivers = {one.norm: one for one in dossier.decision(number).waivers if one.norm is not None and one.holds(ground.today)}
    listed: list[Gap] = []
    for verdict in found.verdicts:
        norm = verdict.norm
        if number not in norm.decisions or norm.kind not in ASKS:
            continue
        prohibits = norm.kind is NormKind.PROHIBITION
        waiver = waivers.get(norm.id)
        if verdict.status is Status.UNDETERMINED and prohibits and number == 1:
            listed.append(Gap(norm, verdict.status, GapKind.OPEN_PROHIBITION, waiver, verdict.missing_facts))
        elif verdict.status in IN_EFFECT and not _met(dossier, norm.controls, number, verdict.status, ground.policy):
            listed.append(Gap(norm, verdict.status, GapKind.PROHIBITION if prohibits else GapKind.NO_CONTROL, waiver))
    return tuple(listed)


def _met(dossier: Dossier, controls: Iterable[ControlId], number: int, status: Status, policy: Policy) -> bool:
    enough = policy.reached(number, upcoming=status is Status.UPCOMING)
    return enough is None or any(
        record.state in enough for control in controls if (record := dossier.controls.get(control)) is not None
    )


def controls_needed(dossier: Dossier, found: Assessment, number: int | None = None) -> tuple[ControlId, ...]:
    """A small set of controls that, beside those planned or in place, gives each obligation in effect one."""
    held = {ControlId(name) for name, record in dossier.controls.items() if record.state is not ControlState.FAILED}
    asking = [
        one.norm
        for one in found.verdicts
        if one.status in IN_EFFECT and one.norm.kind in ASKS and (number is None or number in one.norm.decisions)
    ]
    return needed(asking, held)


def earlier_open(dossier: Dossier) -> tuple[int, ...]:
    """Those of decisions 1 to 5 that are neither passed nor waived."""
    return tuple(one.number for one in dossier.decisions if one.number != LAST and not one.closed)


def obstacles(
    dossier: Dossier, number: int, found: Assessment, ground: Ground, asked: Set[str] | None = None
) -> tuple[Problem, ...]:
    """Everything that keeps the decision from being passed, each with what to do; only criteria in ``asked`` where given."""
    problems = list(_criteria_open(dossier, number, ground.guides, asked))
    problems += [_told(gap, number, ground.policy) for gap in gaps(dossier, number, found, ground) if gap.blocks]
    if number == LAST:
        problems += gates(dossier)
    return tuple(problems)


def gates(dossier: Dossier) -> list[Problem]:
    """Why the sixth decision cannot be signed yet: each earlier one that is open."""
    return [
        Problem(f"/decisions/{one}", "earlier-open", f"decision {one} is {dossier.decision(one).state}: pass or waive it first.")
        for one in earlier_open(dossier)
    ]


def _criteria_open(dossier: Dossier, number: int, guides: Guides, asked: Set[str] | None) -> Iterable[Problem]:
    answers = dossier.decision(number).criteria
    for criterion in guides[number].criteria.values():
        if not criterion.mandatory or criterion.id == GATES or (asked is not None and criterion.id not in asked):
            continue
        at, answer = f"/decisions/{number}/criteria/{criterion.id}", answers.get(criterion.id)
        if answer is None:
            yield Problem(at, "criterion-open", f"{criterion.label}: answer it. It is met by: {criterion.met_when}")
        elif answer.answer is Met.NOT_MET:
            yield Problem(at, "criterion-not-met", f"{criterion.label}: it is not met; meet it, or waive the decision.")
        elif any(dossier.evidence[one].withdrawn for one in answer.evidence):
            yield Problem(at, "evidence-withdrawn", f"{criterion.label}: its evidence was withdrawn; answer it anew.")


def _told(gap: Gap, number: int, policy: Policy) -> Problem:
    at = f"/decisions/{number}/norms/{gap.norm.id.replace('/', '~1')}"
    if gap.kind is GapKind.OPEN_PROHIBITION:
        told = f"whether this prohibition applies is open; answer: {', '.join(gap.missing_facts)}."
        return Problem(at, "prohibition-open", f"{gap.norm.title}: {told}")
    states = policy.reached(number, upcoming=gap.status is Status.UPCOMING) or ()
    wanted = " or ".join(sorted(state.replace("_", " ") for state in states))
    any_of = f"one of its controls must be {wanted}: {', '.join(gap.norm.controls)}"
    if gap.kind is GapKind.PROHIBITION:
        told = f"this prohibition is in effect; change the facts, or {any_of}."
        return Problem(at, "prohibition", f"{gap.norm.title}: {told}")
    return Problem(at, "no-control", f"{gap.norm.title}: {any_of}; or waive it.")


def basis_of(dossier: Dossier, number: int, found: Assessment, ground: Ground) -> Basis:
    """What the decision rests on as it is closed now."""
    return Basis(
        as_of=found.as_of,
        knowledge_version=found.knowledge_version,
        facts=digest(dossier.plain_facts),
        verdicts=verdicts_of(number, found),
        inputs=inputs_of(dossier, number),
        criteria=tuple(ground.guides[number].criteria),
    )


def verdicts_of(number: int, found: Assessment) -> dict[str, str]:
    """Status and days of each norm of that decision that may matter: equal exactly where the law says the same of these facts."""
    return {
        verdict.norm.id: " ".join(
            [
                str(verdict.status),
                "-" if verdict.norm.applies_from is None else verdict.norm.applies_from.day.isoformat(),
                "-" if verdict.norm.applies_until is None else verdict.norm.applies_until.day.isoformat(),
            ]
        )
        for verdict in found.verdicts
        if number in verdict.norm.decisions and verdict.status is not Status.DOES_NOT_APPLY
    }


def inputs_of(dossier: Dossier, number: int) -> str:
    """The hash of what the decision's tool was given, and of options and pilots; without the words that people typed."""
    tools = {tool: dossier.inputs[tool] for tool, serves in TOOLS.items() if serves == number and tool in dossier.inputs}
    options = [one for one in dossier.options.values() if one.decision == number]
    pilots = list(dossier.pilots.values()) if number == LAST else []
    return digest(without_words({"tools": tools, "options": options, "pilots": pilots}))


def settled(dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    """``dossier`` with every closed decision open again that no longer stands today: facts, law, inputs, waivers, obstacles."""
    if all(one.state is State.OPEN for one in dossier.decisions):
        return dossier
    assess = assessor(dossier, ground)
    settled = dossier
    for number in DECISIONS:  # the sixth last: it falls with the others
        one = settled.decision(number)
        if one.state is State.OPEN or one.basis is None:
            continue
        fallen = _fallen(settled, one, one.basis, assess, ground)
        if fallen is not None:
            cause, changed = fallen
            reopening = Reopening(cause, actor.id, ground.now, one.state, changed)
            settled = put(settled, replace(one, state=State.OPEN, basis=None, reopened=reopening))
        elif one.basis.facts != (facts := digest(settled.plain_facts)):
            settled = put(settled, replace(one, basis=replace(one.basis, facts=facts)))
    return settled


def put(dossier: Dossier, decision: Decision) -> Dossier:
    """``dossier`` with that decision in its place."""
    return replace(dossier, decisions=tuple(decision if one.number == decision.number else one for one in dossier.decisions))


def _fallen(
    dossier: Dossier, one: Decision, basis: Basis, assess: Assess, ground: Ground
) -> tuple[Cause, tuple[str, ...]] | None:
    changed = _differences(basis.verdicts, verdicts_of(one.number, assess(basis.as_of)))
    if changed:
        return (Cause.FACTS if digest(dossier.plain_facts) != basis.facts else Cause.LAW), changed
    if inputs_of(dossier, one.number) != basis.inputs:
        return Cause.INPUT, ()
    if one.state is State.WAIVED and not any(waiver.norm is None and waiver.holds(ground.today) for waiver in one.waivers):
        return Cause.EXPIRED, ()
    if one.number == LAST and (numbers := earlier_open(dossier)):
        return Cause.EARLIER, tuple(map(str, numbers))
    if one.state is State.PASSED:
        found = obstacles(dossier, one.number, assess(day_of(dossier, ground)), ground, frozenset(basis.criteria))
        if found:
            return Cause.OBSTACLE, tuple(problem.where.rpartition("/")[2].replace("~1", "/") for problem in found)
    return None


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))
