"""The tools of decisions 1, 5 and 6 over HTTP: pure computations on what the body says, nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from kg_service.applicability.facts import parse_day
from kg_service.decisions import pathway_views
from kg_service.decisions.outcomes import evaluate
from kg_service.decisions.plan import parse_plan
from kg_service.deployment import ControlState, parse_deployment
from kg_service.rest.assessments import EU_CREDIT, RESPONSES, DayField, FactsField, today
from kg_service.rest.bodies import StrictRoute
from kg_service.services import Services, services_of

router = APIRouter(prefix="/api/v1", tags=["decisions"], route_class=StrictRoute)

ServicesParam = Annotated[Services, Depends(services_of)]

PLAN: dict[str, Any] = {
    "assume": {"vendor": {"provider_in": ["us-ca"], "transfer_to": "us_dpf_certified"}},
    "costs": {
        "currency": "EUR",
        "years": 3,
        "discount_rate": "0.08",
        "parts": {"in_house": {"once": "400000", "yearly": "150000"}, "vendor": {"once": "90000", "yearly": "240000"}},
        "per_control": {"once": "8000", "yearly": "2500"},
    },
    "weights": {"obligations": 2, "blockers": 3, "undetermined": 1, "cost": 3},
    "seed": 7,
}


class PathwaysRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"facts": EU_CREDIT, "controls": ["gov-inventory"], "as_of": "2026-11-23", "plan": PLAN}]
        },
    )

    facts: FactsField
    controls: Annotated[
        list[Any], Field(default_factory=list, description="Controls in place, by id; `{id: planned}` for one that is planned.")
    ]
    as_of: DayField = None
    plan: Annotated[
        dict[str, Any],
        Field(default_factory=dict, description="Assumptions, costs, own scores, weights, sampling: docs/decision-tools.md."),
    ]


@router.post("/pathways", summary="Ways to build it, ranked", response_model=None, responses=RESPONSES)
async def pathways(body: PathwaysRequest, services: ServicesParam) -> Response:
    """Each feasible pathway with obligations gained and lost, blockers, controls and cost, its rank and how stable it is."""

    def work() -> Response:
        deployment = parse_deployment({"facts": body.facts, "controls": body.controls}, services.knowledge)
        plan = parse_plan(services.knowledge.facts, body.plan, "/plan")
        day = today() if body.as_of is None else parse_day(body.as_of, "/as_of")
        states = {control: state is ControlState.IN_PLACE for control, state in deployment.controls.items()}
        found = evaluate(services.evaluator, deployment.facts, day, plan, states)
        return Response(orjson.dumps(pathway_views.pathways_view(found)), media_type="application/json")

    return await run_in_threadpool(work)
