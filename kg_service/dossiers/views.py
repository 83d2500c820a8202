"""Dossiers as JSON: one shape for REST and for the command line. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeAlias

from kg_service import ids
from kg_service.applicability.compare import DatedChange, diff
from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Status
from kg_service.audit.event import Event
from kg_service.decisions.coverage import coverage, obligations
from kg_service.dossiers.codec import plain
from kg_service.dossiers.criteria import GATES
from kg_service.dossiers.guards import (
    Gap,
    Ground,
    assessor,
    controls_needed,
    day_of,
    earlier_open,
    facts_of,
    gaps,
    obstacles,
)
from kg_service.dossiers.model import DECISIONS, LAST, Decision, Dossier, Met, State
from kg_service.dossiers.repository import Entry
from kg_service.dossiers.tools import pilot_view, records
from kg_service.errors import Problem

View: TypeAlias = dict[str, Any]


def dossier_view(dossier: Dossier, ground: Ground) -> View:
    """The whole dossier as it stands on the day of the ground: what was said, the six decisions, and the next step."""
    found = assessor(dossier, ground)(day_of(dossier, ground))
    _, problems = facts_of(dossier, ground.knowledge)
    steps = list(next_steps(dossier, found, ground))
    return {
        **entry_view(entry_of(dossier)),
        "description": dossier.description,
        "created_by": dossier.created_by,
        "as_of": None if dossier.as_of is None else dossier.as_of.isoformat(),
        "day": found.as_of.isoformat(),
        "knowledge_version": found.knowledge_version,
        "graph": ids.graph(f"dossier/{dossier.id}"),
        "facts": {name: _said(said) for name, said in dossier.facts.items()},
        "problems": [problem_view(one) for one in problems],
        "counts": {str(status): count for status, count in found.counts().items()},
        "decisions": [summary_view(dossier, number, found, ground) for number in DECISIONS],
        "evidence": [_record(one) for one in dossier.evidence.values()],
        "controls": [{"control": name, **_record(one)} for name, one in dossier.controls.items()],
        "options": [_record(one) | {"chosen": one.chosen} for one in dossier.options.values()],
        "inputs": dict(dossier.inputs),
        "pilots": [pilot_view(one, found.as_of) for one in dossier.pilots.values()],
        "until": until_view(dossier, ground),
        "next": steps[0] if steps else None,
        "steps": steps,
    }


def entry_of(dossier: Dossier) -> Entry:
    created, updated = dossier.created_at.isoformat(), dossier.updated_at.isoformat()
    return Entry(dossier.id, dossier.name, dossier.owner, dossier.version, dossier.archived, created, updated)


def entry_view(entry: Entry) -> View:
    """A dossier in a list."""
    return {
        "id": entry.id,
        "iri": ids.dossier(entry.id),
        "name": entry.name,
        "owner": entry.owner,
        "version": entry.version,
        "archived": entry.archived,
        "created_at": entry.created,
        "updated_at": entry.updated,
    }


def summary_view(dossier: Dossier, number: int, found: Assessment, ground: Ground) -> View:
    """A decision in a line: its state, and how much is still in its way."""
    one, guide = dossier.decision(number), ground.guides[number]
    listed = gaps(dossier, number, found, ground)
    count = coverage(obligations(found, records(dossier), number))
    asked = [criterion for criterion in guide.criteria.values() if criterion.id != GATES]
    answered = [name for name, answer in one.criteria.items() if answer.answer is not Met.NOT_MET]
    return {
        "number": number,
        "label": guide.label,
        "state": one.state,
        "reopened": None if one.reopened is None else _record(one.reopened),
        "criteria_asked": len(asked),
        "criteria_met": sum(criterion.id in answered for criterion in asked),
        "gaps": sum(gap.blocks for gap in listed),
        "waived_gaps": sum(not gap.blocks for gap in listed),
        "obligations_count": count.norms,
        "met": count.met,
        "undetermined": count.undetermined,
        "signed_by": one.sign_offs[-1].name if one.sign_offs and one.state in (State.PASSED, State.FAILED) else None,
        "waived_until": _waived_until(one),
    }


def summaries_view(dossier: Dossier, ground: Ground) -> list[View]:
    """The six decisions, a line each."""
    found = assessor(dossier, ground)(day_of(dossier, ground))
    return [summary_view(dossier, number, found, ground) for number in DECISIONS]


def decision_view(dossier: Dossier, number: int, ground: Ground) -> View:
    """A decision in full: criteria with answers, obligations with their controls, gaps, what is in the way, who signed."""
    found = assessor(dossier, ground)(day_of(dossier, ground))
    one, guide = dossier.decision(number), ground.guides[number]
    listed = obligations(found, records(dossier), number)
    closed = one.state is State.PASSED
    return summary_view(dossier, number, found, ground) | {
        "definition": guide.definition,
        "day": found.as_of.isoformat(),
        "knowledge_version": found.knowledge_version,
        "criteria": [_criterion(dossier, number, name) | _told(guide.criteria[name]) for name in guide.criteria],
        "in_the_way": [] if closed else [problem_view(problem) for problem in obstacles(dossier, number, found, ground)],
        "gaps": [gap_view(gap) for gap in gaps(dossier, number, found, ground)],
        "obligations": [
            {
                "norm": item.verdict.norm.id,
                "title": item.verdict.norm.title,
                "kind": item.verdict.norm.kind,
                "status": item.verdict.status,
                "standing": item.standing,
                "applies_from": _day(item.verdict.norm.applies_from.day if item.verdict.norm.applies_from else None),
                "controls": [
                    {"control": name, "state": dossier.controls[name].state if name in dossier.controls else None}
                    for name in item.verdict.norm.controls
                ],
                "missing_facts": list(item.verdict.missing_facts),
            }
            for item in listed
        ],
        "controls_needed": list(controls_needed(dossier, found, number)),
        "options": [
            _record(option) | {"chosen": option.chosen} for option in dossier.options.values() if option.decision == number
        ],
        "sign_offs": [_record(signature) for signature in one.sign_offs],
        "waivers": [_record(waiver) | {"holds": waiver.holds(ground.today)} for waiver in one.waivers],
    }


def next_steps(dossier: Dossier, found: Assessment, ground: Ground) -> Iterable[View]:
    """What to do next, first things first: facts that leave much open, then the open decisions in their order."""
    if dossier.archived:
        return
    _, problems = facts_of(dossier, ground.knowledge)
    if problems:
        yield {"decision": None, "step": "facts", "text": f"Answer {len(problems)} facts anew: the law no longer knows them."}
    for number in DECISIONS:
        one = dossier.decision(number)
        if one.state is State.PASSED or one.state is State.WAIVED:
            continue
        label = ground.guides[number].label
        if number == LAST and (earlier := earlier_open(dossier)):
            text = f"Decision 6 waits for {', '.join(map(str, earlier))}."
            yield {"decision": number, "step": "wait", "text": text}
            continue
        if one.state is State.FAILED:
            yield {
                "decision": number,
                "step": "reopen",
                "text": f"Decision {number} ({label}) failed: change course and reopen it.",
            }
            continue
        kinds = [problem.code for problem in obstacles(dossier, number, found, ground)]
        criteria = sum(code.startswith(("criterion", "evidence")) for code in kinds)
        missing = len(kinds) - criteria
        if criteria:
            yield {"decision": number, "step": "criteria", "text": f"Decision {number} ({label}): settle {criteria} criteria."}
        if missing:
            text = f"Decision {number} ({label}): {missing} norms lack a control or an answer."
            yield {"decision": number, "step": "gaps", "text": text}
        if not kinds:
            yield {"decision": number, "step": "sign", "text": f"Decision {number} ({label}) can be signed."}


def until_view(dossier: Dossier, ground: Ground) -> View | None:
    """What the calendar changes from today to the day asked about; None where that is today."""
    today, then = ground.now.date(), day_of(dossier, ground)
    if ground.today == today:
        return None
    facts, _ = facts_of(dossier, ground.knowledge)
    found = diff(ground.evaluator, facts, today, then)
    return {
        "from": today.isoformat(),
        "to": then.isoformat(),
        "begins": [_changed(one) for one in found.begins],
        "ends": [_changed(one) for one in found.ends],
        "changed": [_changed(one) for one in found.changed],
    }


def _changed(one: DatedChange) -> View:
    norm = one.change.norm
    held = None if one.cause is None else one.cause.day.isoformat()
    status = {"before": one.change.before, "after": one.change.after}
    return {"norm": norm.id, "title": norm.title, "kind": norm.kind, "on": held, "decisions": list(norm.decisions), **status}


def coming_view(dossier: Dossier, ground: Ground) -> list[View]:
    """What the calendar brings after the day: each norm that begins or ends for these facts, in the order of days."""
    found = assessor(dossier, ground)(day_of(dossier, ground))
    listed: list[View] = []
    for verdict in found.verdicts:
        norm = verdict.norm
        if verdict.status not in IN_EFFECT:
            continue
        about = {"norm": norm.id, "title": norm.title, "kind": norm.kind, "decisions": list(norm.decisions)}
        if verdict.status is Status.UPCOMING and norm.applies_from is not None and norm.applies_from.day > found.as_of:
            listed.append({"on": norm.applies_from.day.isoformat(), "change": "begins", **about})
        if norm.applies_until is not None and norm.applies_until.day >= found.as_of:
            listed.append({"on": norm.applies_until.day.isoformat(), "change": "ends", **about})
    return sorted(listed, key=lambda one: (one["on"], one["norm"]))


def event_view(event: Event, notes: dict[str, str]) -> View:
    """One event of the trail."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "before": event.before,
        "after": event.after,
        "notes": notes,
        "inputs": dict(event.inputs),
        "knowledge_version": event.knowledge_version,
        "code_version": event.code_version,
        "hash": event.hash,
    }


def gap_view(gap: Gap) -> View:
    """A norm that stands in the way, or would without a waiver."""
    return {
        "norm": gap.norm.id,
        "title": gap.norm.title,
        "kind": gap.kind,
        "status": gap.status,
        "controls": list(gap.norm.controls),
        "missing_facts": list(gap.missing_facts),
        "waived_until": None if gap.waiver is None else gap.waiver.expires.isoformat(),
    }


def problem_view(problem: Problem) -> View:
    return {"pointer": problem.where, "code": problem.code, "message": problem.message, "nearest": list(problem.nearest)}


def _criterion(dossier: Dossier, number: int, name: str) -> View:
    one = dossier.decision(number)
    if name == GATES:
        computed = Met.NOT_MET if earlier_open(dossier) else Met.MET
        return {"answer": computed, "by": "system", "at": None, "because": "computed from decisions 1 to 5", "evidence": []}
    answer = one.criteria.get(name)
    if answer is None:
        return {"answer": None, "by": None, "at": None, "because": None, "evidence": []}
    found: View = _record(answer)
    return {"because": None, "evidence": []} | found


def _told(criterion: Any) -> View:
    return {
        "id": criterion.id,
        "label": criterion.label,
        "definition": criterion.definition,
        "met_when": criterion.met_when,
        "mandatory": criterion.mandatory,
        "own": criterion.own,
    }


def _said(said: Any) -> View:
    return {"because": None} | dict(plain(said))


def _record(one: Any) -> View:
    return dict(plain(one))


def _waived_until(one: Decision) -> str | None:
    if one.state is not State.WAIVED:
        return None
    return max(waiver.expires for waiver in one.waivers if waiver.norm is None).isoformat()


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
