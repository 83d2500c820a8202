"""Decisions 2 to 4 and pilots over HTTP: pure computations on what the body says, nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from kg_service.applicability.facts import parse_day
from kg_service.decisions import fairness, gaps, pilot, pilot_views, residual, review_views, workforce
from kg_service.decisions.catalogue import own_files, read_catalogue
from kg_service.decisions.pilot_input import parse_pilot
from kg_service.deployment import parse_deployment
from kg_service.rest.assessments import EU_CREDIT, RESPONSES, DayField, FactsField, today
from kg_service.rest.bodies import StrictRoute
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1", tags=["decisions"], route_class=StrictRoute)


CONTROLS: list[Any] = [
    "gov-inventory",
    {"fair-testing": {"state": "tested", "owner": "Model risk", "date": "2026-10-01", "evidence": ["Fairness report"]}},
    {"dat-privacy-impact": "planned"},
]
PILOT: dict[str, Any] = {
    "name": "Service chat",
    "hypothesis": "Answers with sources are right at least as often as those of the team.",
    "days": 56,
    "metrics": [{"id": "right", "name": "Right answers", "at_least": "0.92", "unit": "share", "sample": 600, "confident": True}],
    "stop": [{"metric": "right", "below": "0.8", "after": 100, "because": "customers would be misled"}],
}


class ReviewRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"facts": EU_CREDIT, "controls": CONTROLS, "as_of": "2026-11-23", "decisions": [2, 3, 4]}]
        },
    )

    facts: FactsField
    controls: Annotated[list[Any], Field(default_factory=list, description="As in a deployment file: id, id: state, or in full.")]
    as_of: DayField = None
    decisions: Annotated[
        list[Annotated[int, Field(ge=1, le=6)]],
        Field(default_factory=lambda: [2, 3, 4], max_length=6, description="Which decisions, 1 to 6."),
    ]
    risks: Annotated[
        dict[str, Any], Field(default_factory=dict, description="Own inherent grades: {risk: {likelihood, impact, because}}.")
    ]
    workforce: Annotated[dict[str, Any], Field(default_factory=dict, description="Answers: yes, partly, no, not_applicable.")]


@router.post("/reviews", summary="Obligations, gaps, residual risk", response_model=None, responses=RESPONSES)
async def reviews(body: ReviewRequest, services: ServicesParam) -> Response:
    """Each decision by regime with controls and gaps, gravest first; residual risk; tests of fairness; effects on work."""

    def work() -> Response:
        knowledge = services.knowledge
        deployment = parse_deployment({"facts": body.facts, "controls": body.controls}, knowledge)
        catalogue = read_catalogue(knowledge, own_files(services.settings.data))
        overrides = residual.parse_overrides(body.risks, knowledge)
        answers = workforce.parse_answers(catalogue.work, body.workforce)
        day = today() if body.as_of is None else parse_day(body.as_of, "/as_of")
        assessment, records = services.evaluator.assess(deployment.facts, day), deployment.controls
        risks = residual.residual_risks(knowledge, catalogue.risks, assessment, records, overrides)
        found = workforce.effects(knowledge, catalogue.work, assessment, records, answers)
        view = {
            "as_of": day.isoformat(),
            "knowledge_version": knowledge.version,
            "decisions": [
                review_views.review_view(gaps.review(assessment, records, number)) for number in dict.fromkeys(body.decisions)
            ],
            "risks": {"method": residual.METHOD, "items": [review_views.risk_view(one) for one in risks]},
            "tests": [review_views.fairness_view(one) for one in fairness.applicable(knowledge, catalogue.tests, assessment)],
            "workforce": [review_views.effect_view(one) for one in found],
        }
        return Response(orjson.dumps(view), media_type="application/json")

    return await run_in_threadpool(work)


class PilotRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"plan": PILOT}]})

    plan: Annotated[dict[str, Any], Field(description="Metrics, thresholds, cases, duration, stop conditions: docs/pilot.md.")]
    started: Annotated[
        dict[str, Any] | None, Field(default=None, description="`on`, and `plan`: the hash of the plan as it was fixed then.")
    ]
    results: Annotated[list[Any], Field(default_factory=list, description="What was measured, by metric and day.")]
    as_of: DayField = None


@router.post("/pilots/evaluate", summary="What a pilot says", response_model=None, responses=RESPONSES)
async def pilots(body: PilotRequest, services: ServicesParam) -> Response:
    """The plan's hash and cases needed; with a start and results each metric's ruling, stop conditions met, the outcome."""

    def work() -> Response:
        day = today() if body.as_of is None else parse_day(body.as_of, "/as_of")
        raw = {"plan": body.plan, "started": body.started, "results": body.results}
        read = parse_pilot(raw, day, services.knowledge.controls)
        found = pilot.evaluate(read.plan, read.start, read.records, day)
        return Response(orjson.dumps(pilot_views.evaluation_view(found)), media_type="application/json")

    return await run_in_threadpool(work)
