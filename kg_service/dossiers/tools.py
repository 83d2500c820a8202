"""The tools of the decisions and the pilots, run on what a dossier holds. Pure but for reading their own data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from kg_service.applicability.evaluate import Assessment
from kg_service.decisions import (
    fairness,
    necessity,
    necessity_views,
    pathway_views,
    pilot,
    residual,
    review_views,
    roi_views,
    workforce,
)
from kg_service.decisions.catalogue import read_catalogue
from kg_service.decisions.controls import ControlRecord as Record
from kg_service.decisions.controls import Evidence as Shown
from kg_service.decisions.controls import Records, in_place, standing
from kg_service.decisions.coverage import counted_for
from kg_service.decisions.outcomes import evaluate
from kg_service.decisions.pilot_input import parse_plan as parse_pilot_plan
from kg_service.decisions.pilot_input import parse_records
from kg_service.decisions.pilot_views import evaluation_view
from kg_service.decisions.plan import parse_plan
from kg_service.decisions.roi import compute
from kg_service.decisions.roi_input import parse_case
from kg_service.dossiers.commands import TOOLS
from kg_service.dossiers.guards import Ground, assessor, day_of, facts_of
from kg_service.dossiers.model import Dossier, Json, Pilot
from kg_service.errors import ConflictError, NotFoundError, Problem, nearest
from kg_service.model import ControlId

SHOWN: Final = (*TOOLS, "fairness")  # what can be computed; fairness takes no input
NEEDS_INPUT: Final = ("necessity", "roi")


def records(dossier: Dossier) -> Records:
    """The controls of the dossier as the tools take them, each with the evidence that was not withdrawn."""
    found: dict[ControlId, Record] = {}
    for name, one in dossier.controls.items():
        shown = tuple(
            Shown(piece.title, piece.url, piece.sha256, piece.at.date())
            for piece in (dossier.evidence[key] for key in one.evidence)
            if not piece.withdrawn
        )
        found[ControlId(name)] = Record(one.state, one.owner, one.on, shown, one.review_months)
    return found


def check(tool: str, value: Json, dossier: Dossier, ground: Ground, root: Path) -> None:
    """Nothing, where the tool can read ``value`` for this dossier.

    Raises:
        InputError: with every problem found.
        NotFoundError: where there is no such tool.
    """
    _work(tool, value, dossier, ground, root, run=False)


def result(tool: str, dossier: Dossier, ground: Ground, root: Path) -> dict[str, Any]:
    """What the tool makes of the dossier's input, as its own command prints it as JSON.

    Raises:
        ConflictError: where the dossier holds no input for it yet, and it needs one.
        InputError: where the law moved on and the input no longer fits.
    """
    value = dossier.inputs.get(tool)
    if value is None and tool in NEEDS_INPUT:
        told = f"the dossier holds no input for {tool!r} yet: give it one first."
        raise ConflictError([Problem(f"/inputs/{tool}", "no-input", told)])
    found: dict[str, Any] = _work(tool, value, dossier, ground, root, run=True)
    return found


def pilot_view(one: Pilot, as_of: date) -> dict[str, Any]:
    """A pilot with its plan, its results and what they say on that day."""
    plan = parse_pilot_plan(one.plan)
    start = None if one.started is None else pilot.Start(one.started, one.hash)
    results = () if start is None else parse_records(list(one.results), plan, start, max(as_of, pilot.last_day(plan, start)))
    known = [record for record in results if record.on <= as_of]
    return {
        "id": one.id,
        "plan": one.plan,
        "hash": one.hash,
        "fixed_by": one.fixed_by,
        "fixed_at": one.fixed_at.isoformat(),
        "started_by": one.started_by,
        "results": list(one.results),
        "evaluation": evaluation_view(pilot.evaluate(plan, start, known, as_of)),
    }


def _work(tool: str, value: Json, dossier: Dossier, ground: Ground, root: Path, *, run: bool) -> Any:
    match tool:
        case "necessity":
            ladder = necessity.read_ladder(root)
            answers = necessity.parse_answers(ladder, value)
            return necessity_views.necessity_view(necessity.judge(ladder, answers)) if run else None
        case "roi":
            case = parse_case(value, "", _counted(dossier, assessor(dossier, ground)(day_of(dossier, ground))))
            return roi_views.roi_view(case, compute(case)) if run else None
        case "risks" | "workforce" | "fairness":
            return _reviewed(tool, value, dossier, ground, run=run)
        case "pathways":
            plan = parse_plan(ground.knowledge.facts, {} if value is None else value)
            if not run:
                return None
            facts, _ = facts_of(dossier, ground.knowledge)
            found = evaluate(ground.evaluator, facts, day_of(dossier, ground), plan, standing(records(dossier)))
            return pathway_views.pathways_view(found)
        case _:
            raise NotFoundError("tool", tool[:80], nearest(tool, SHOWN))


def _reviewed(tool: str, value: Json, dossier: Dossier, ground: Ground, *, run: bool) -> Any:
    """The tools of decisions 3 and 4: what remains of each risk, which tests are due, what becomes of people's work."""
    knowledge = ground.knowledge
    catalogue = read_catalogue(knowledge)
    overrides = residual.parse_overrides(value, knowledge) if tool == "risks" else {}
    answers = workforce.parse_answers(catalogue.work, value) if tool == "workforce" else {}
    if not run:
        return None
    found, held = assessor(dossier, ground)(day_of(dossier, ground)), records(dossier)
    about = {"as_of": found.as_of.isoformat(), "knowledge_version": found.knowledge_version}
    match tool:
        case "risks":
            risks = residual.residual_risks(knowledge, catalogue.risks, found, held, overrides)
            return about | {"risks": [review_views.risk_view(one) for one in risks]}
        case "workforce":
            effects = workforce.effects(knowledge, catalogue.work, found, held, answers)
            return about | {"effects": [review_views.effect_view(one) for one in effects]}
        case _:
            tests = fairness.applicable(knowledge, catalogue.tests, found)
            return about | {"tests": [review_views.fairness_view(one) for one in tests]}


def _counted(dossier: Dossier, found: Assessment) -> Mapping[str, int]:
    return counted_for(found, in_place(records(dossier)))
