"""What each command makes of a dossier, or why it is refused. Pure: the time, the law and the policy come with the ground.

After every command the dossier is settled: a closed decision that no longer stands is open again, in the same change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import singledispatch
from typing import Any, Final, TypeVar

from kg_service.applicability.facts import parse_facts, plain_facts
from kg_service.decisions.controls import ControlRecord as Record
from kg_service.decisions.controls import ControlState
from kg_service.decisions.pilot import Start, plain_plan, plan_hash
from kg_service.decisions.pilot_input import parse_plan, parse_records
from kg_service.dossiers import signing
from kg_service.dossiers.commands import (
    NEEDED,
    TOOLS,
    AddEvidence,
    AddOption,
    AnswerCriteria,
    AnswerCriterion,
    Archive,
    ChangeDetails,
    ChooseOption,
    Command,
    CreateDossier,
    FixPilot,
    RecordPilot,
    Reevaluate,
    Reopen,
    SetControls,
    SetFacts,
    SetInput,
    Sign,
    StartPilot,
    Waive,
    WithdrawEvidence,
)
from kg_service.dossiers.criteria import GATES, find
from kg_service.dossiers.guards import Ground, assessor, controls_needed, day_of, put, settled
from kg_service.dossiers.model import (
    ControlRecord,
    CriterionAnswer,
    Dossier,
    DossierId,
    Evidence,
    EvidenceKind,
    Json,
    Met,
    Option,
    Pilot,
    Said,
)
from kg_service.dossiers.wording import check_words
from kg_service.errors import ConflictError, InputError, NotFoundError, Problem, nearest
from kg_service.model import ControlId
from kg_service.people.model import Principal

MOST: Final = {"evidence": 1000, "options": 200, "pilots": 50, "signatures": 200}
_T = TypeVar("_T")


def create(command: CreateDossier, actor: Principal, ground: Ground) -> Dossier:
    """A new dossier at version 1, all six decisions open.

    Raises:
        InputError: where facts or controls are unknown, with every problem found.
    """
    check_words(command)
    owner = command.owner or actor.id
    empty = Dossier(
        id=DossierId(command.id),
        name=command.name,
        owner=owner,
        created_by=actor.id,
        created_at=ground.now,
        updated_at=ground.now,
        description=command.description,
        as_of=command.as_of,
        owners=(owner,),
    )
    dossier = _facts(empty, command.facts, command.because, actor, ground)
    problems = list(_unknown_controls(command.controls, ground))
    if problems:
        raise InputError(problems)
    for name, record in command.controls.items():
        dossier = _control_of_file(dossier, name, record, actor, ground)
    return dossier


def _control_of_file(dossier: Dossier, name: str, record: Record, actor: Principal, ground: Ground) -> Dossier:
    """The control as a deployment file describes it; what the file names as evidence becomes evidence."""
    held = dict(dossier.evidence)
    shown: list[str] = []
    for one in record.evidence:
        key = _next("e", held, "evidence")
        kind = EvidenceKind.LINK if one.link else EvidenceKind.NOTE
        words = " ".join([one.title, *([one.day.isoformat()] if one.day else []), *([one.sha256] if one.sha256 else [])])
        held[key] = Evidence(key, kind, one.title, actor.id, ground.now, url=one.link, text=None if one.link else words)
        shown.append(key)
    made = ControlRecord(record.state, actor.id, ground.now, record.owner, record.day, tuple(shown), None, record.review_months)
    return replace(dossier, evidence=held, controls={**dossier.controls, name: made})


def apply(dossier: Dossier, command: Command, actor: Principal, ground: Ground) -> Dossier:
    """``dossier`` after the command, one version on; the same object where nothing changes.

    Raises:
        InputError: where the command is wrong in itself.
        ConflictError: where the dossier's state does not allow it; every obstacle is told with what to do.
        ForbiddenError: where the actor may not do it.
        NotFoundError: where it names evidence, an option or a pilot that is not there.
    """
    require_open(dossier)
    check_words(command)
    standing = settled(dossier, actor, ground)
    changed = settled(_apply(command, standing, actor, ground), actor, ground)
    if changed == dossier:
        return dossier
    moved = max(ground.now, dossier.updated_at)  # a clock that jumps back changes no order
    return replace(changed, version=dossier.version + 1, updated_at=moved)


def require_open(dossier: Dossier) -> None:
    """Nothing, where the dossier takes changes.

    Raises:
        ConflictError: where it is archived.
    """
    if dossier.archived:
        raise ConflictError([Problem("/archived", "archived", "the dossier is archived and takes no changes; start a new one.")])


@singledispatch
def _apply(command: Any, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    raise TypeError(command)


def _on(kind: type[_T]) -> Callable[[Callable[[_T, Dossier, Principal, Ground], Dossier]], Any]:
    return _apply.register(kind)


@_on(ChangeDetails)
def _details(command: ChangeDetails, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    owner = command.owner or dossier.owner
    return replace(
        dossier,
        name=command.name or dossier.name,
        owner=owner,
        owners=dossier.owners if owner in dossier.owners else (*dossier.owners, owner),
        description=None if "description" in command.clear else command.description or dossier.description,
        as_of=None if "as_of" in command.clear else command.as_of or dossier.as_of,
    )


@_on(SetFacts)
def _set_facts(command: SetFacts, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    return _facts(dossier, command.values, command.because, actor, ground)


def _facts(dossier: Dossier, values: Any, because: str | None, actor: Principal, ground: Ground) -> Dossier:
    """The facts with those answers over them. An answer that is the same keeps who gave it first."""
    schema = ground.knowledge.facts
    answered = plain_facts(parse_facts(schema, values))
    aliases = {str(alias): str(fact.id) for fact in schema.values() for alias in fact.aliases}
    withdrawn = {aliases.get(name, name) for name, value in values.items() if value is None}
    facts = {name: said for name, said in dossier.facts.items() if name not in withdrawn}
    for name, value in answered.items():
        if name not in facts or facts[name].value != value:
            facts[name] = Said(value, actor.id, ground.now, because)
    return replace(dossier, facts=facts)


@_on(AnswerCriterion)
def _criterion(command: AnswerCriterion, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    criterion = find(ground.guides, command.decision, command.criterion)
    if criterion.id == GATES:
        told = "the dossier itself answers this one, from decisions 1 to 5."
        raise InputError([Problem("/criterion", "computed-criterion", told)])
    if command.answer is Met.NOT_APPLICABLE and not command.because:
        raise InputError([Problem("/because", "no-reason", "say why the criterion does not apply here.")])
    _known_evidence(dossier, command.evidence)
    one = dossier.decision(command.decision)
    given = CriterionAnswer(command.answer, actor.id, ground.now, command.because, command.evidence)
    held = one.criteria.get(criterion.id)
    if held is not None and (held.answer, held.because, held.evidence) == (given.answer, given.because, given.evidence):
        return dossier
    return put(dossier, replace(one, criteria={**one.criteria, criterion.id: given}))


@_on(AnswerCriteria)
def _criteria(command: AnswerCriteria, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    problems: list[Problem] = []
    for place, answer in enumerate(command.answers):
        try:
            dossier = _criterion(answer, dossier, actor, ground)
        except InputError as error:
            at = f"/answers/{place}"
            problems.extend(Problem(f"{at}{one.where}", one.code, one.message, one.nearest) for one in error.problems)
    if problems:
        raise InputError(problems)
    return dossier


@_on(AddEvidence)
def _evidence(command: AddEvidence, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    name = _next("e", dossier.evidence, "evidence")
    added = Evidence(
        name,
        command.kind,
        command.title,
        actor.id,
        ground.now,
        command.decisions,
        command.sha256,
        command.size,
        command.name,
        command.media_type,
        command.url,
        command.text,
    )
    return replace(dossier, evidence={**dossier.evidence, name: added})


@_on(WithdrawEvidence)
def _withdraw(command: WithdrawEvidence, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    found = _there("evidence", dossier.evidence, command.evidence)
    return replace(dossier, evidence={**dossier.evidence, found.id: replace(found, withdrawn=True)})


@_on(SetControls)
def _controls(command: SetControls, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    problems = list(_unknown_controls(command.controls, ground))
    names = list(command.controls)
    if command.planned:
        names += [name for name, one in dossier.controls.items() if one.state is ControlState.PLANNED]
    if command.needed in NEEDED:
        found = assessor(dossier, ground)(day_of(dossier, ground))
        names += controls_needed(dossier, found, None if command.needed == "all" else int(command.needed))
    elif command.needed is not None:
        told = f"'needed' is a decision or all, not {command.needed[:20]!r}."
        problems.append(Problem("/needed", "unknown-choice", told))
    if not command.controls and not command.planned and command.needed is None:
        problems.append(Problem("/controls", "no-control", "name at least one control."))
    if command.on is not None and command.on > ground.today:
        problems.append(Problem("/on", "in-the-future", "the day on which a state was found cannot lie in the future."))
    if problems:
        raise InputError(problems)
    _known_evidence(dossier, command.evidence)
    controls = dict(dossier.controls)
    for name in dict.fromkeys(names):
        held = controls.get(name)
        kept = held or ControlRecord(command.state, actor.id, ground.now)
        same_state = held is not None and held.state is command.state
        fresh = ControlRecord(
            command.state,
            actor.id,
            ground.now,
            command.owner or kept.owner,
            command.on or (kept.on if same_state else None),
            command.evidence or (kept.evidence if same_state else ()),
            command.note or kept.note,
            kept.review_months,
        )
        if held is None or replace(fresh, by=held.by, at=held.at) != held:
            controls[name] = fresh
    return replace(dossier, controls=controls)


@_on(AddOption)
def _option(command: AddOption, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    if any(one.decision == command.decision and one.name == command.name for one in dossier.options.values()):
        told = f"decision {command.decision} has an option {command.name[:80]!r} already."
        raise InputError([Problem("/name", "name-taken", told)])
    name = _next("o", dossier.options, "options")
    added = Option(name, command.decision, command.name, actor.id, ground.now, dict(command.values), because=command.because)
    grown = replace(dossier, options={**dossier.options, name: added})
    return _chosen(grown, added) if command.chosen else grown


@_on(ChooseOption)
def _choose(command: ChooseOption, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    found = _there("option", dossier.options, command.option)
    return _chosen(dossier, replace(found, because=command.because or found.because))


def _chosen(dossier: Dossier, option: Option) -> Dossier:
    """That option, and no other of its decision, is the one chosen."""
    options = {
        name: replace(one, chosen=False) if one.decision == option.decision and one.chosen else one
        for name, one in dossier.options.items()
    }
    return replace(dossier, options={**options, option.id: replace(option, chosen=True)})


@_on(SetInput)
def _input(command: SetInput, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    if command.tool not in TOOLS:
        raise NotFoundError("tool", command.tool, nearest(command.tool, TOOLS))
    inputs: dict[str, Json] = {name: value for name, value in dossier.inputs.items() if name != command.tool}
    if command.value is not None:
        inputs[command.tool] = command.value
    return replace(dossier, inputs=inputs)


@_on(FixPilot)
def _pilot(command: FixPilot, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    plan = parse_plan(command.plan, "/plan", ground.knowledge.controls)
    name = _next("p", dossier.pilots, "pilots")
    fixed = Pilot(name, plain_plan(plan), plan_hash(plan), actor.id, ground.now)
    return replace(dossier, pilots={**dossier.pilots, name: fixed})


@_on(StartPilot)
def _start(command: StartPilot, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    found: Pilot = _there("pilot", dossier.pilots, command.pilot)
    if found.started is not None:
        told = f"the pilot began on {found.started.isoformat()}; another start is another pilot."
        raise ConflictError([Problem(f"/pilots/{found.id}", "already-started", told)])
    first = found.fixed_at.date()
    if not first <= command.on <= ground.today:
        told = f"it starts between the day its plan was fixed, {first.isoformat()}, and today, {ground.today.isoformat()}."
        raise InputError([Problem("/on", "out-of-time", told)])
    started = replace(found, started=command.on, started_by=actor.id)
    return replace(dossier, pilots={**dossier.pilots, found.id: started})


@_on(RecordPilot)
def _record(command: RecordPilot, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    found: Pilot = _there("pilot", dossier.pilots, command.pilot)
    if found.started is None:
        told = "the pilot has not begun: start it first, so that thresholds stand before the first result."
        raise ConflictError([Problem(f"/pilots/{found.id}", "not-started", told)])
    if not command.results:
        return dossier
    results = (*found.results, *command.results)
    parse_records(list(results), parse_plan(found.plan), Start(found.started, found.hash), ground.today, "/results")
    recorded = replace(found, results=results, recorded_by=actor.id, recorded_at=ground.now)
    return replace(dossier, pilots={**dossier.pilots, found.id: recorded})


@_on(Archive)
def _archive(command: Archive, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    return replace(dossier, archived=True)


@_on(Reevaluate)
def _again(command: Reevaluate, dossier: Dossier, actor: Principal, ground: Ground) -> Dossier:
    return dossier


_on(Sign)(signing.sign)
_on(Waive)(signing.waive)
_on(Reopen)(signing.reopen)


def _next(letter: str, held: Any, kind: str) -> str:
    if len(held) >= MOST[kind]:
        told = f"a dossier holds at most {MOST[kind]} {kind}; start another one."
        raise ConflictError([Problem(f"/{kind}", "too-many", told)])
    return f"{letter}{len(held) + 1}"


def _there(kind: str, held: Any, name: str) -> Any:
    if name not in held:
        raise NotFoundError(kind, name[:80], nearest(name, held))
    return held[name]


def _known_evidence(dossier: Dossier, names: Iterable[str]) -> None:
    problems = []
    for place, name in enumerate(names):
        found = dossier.evidence.get(name)
        if found is None or found.withdrawn:
            told = "it was withdrawn" if found else f"there is no evidence {name[:60]!r}"
            there = [one.id for one in dossier.evidence.values() if not one.withdrawn]
            problems.append(Problem(f"/evidence/{place}", "unknown-evidence", f"{told}; add it first.", nearest(name, there)))
    if problems:
        raise InputError(problems)


def _unknown_controls(names: Iterable[str], ground: Ground) -> Iterable[Problem]:
    known = ground.knowledge.controls
    for name in names:
        if ControlId(name) not in known:
            told = f"there is no control {name[:80]!r}."
            yield Problem(f"/controls/{name[:80].replace('/', '~1')}", "unknown-control", told, nearest(name, known))
