"""The tools of decisions 1, 5 and 6 over HTTP: pure computations on what the body says, nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from kg_service.applicability.facts import parse_day
from kg_service.decisions import necessity, necessity_views, pathway_views, roi_views
from kg_service.decisions.controls import standing
from kg_service.decisions.coverage import counted_for
from kg_service.decisions.outcomes import evaluate
from kg_service.decisions.plan import parse_plan
from kg_service.decisions.roi import compute
from kg_service.decisions.roi_input import parse_case
from kg_service.deployment import Deployment, parse_deployment
from kg_service.model import ControlId
from kg_service.rest.assessments import EU_CREDIT, RESPONSES, DayField, FactsField, today
from kg_service.rest.bodies import StrictRoute
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1", tags=["decisions"], route_class=StrictRoute)


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


CASE: dict[str, Any] = {
    "currency": "EUR",
    "years": 3,
    "discount_rate": "0.08",
    "quantities": {
        "requests": {"unit": "requests a year", "pert": [200000, 300000, 500000]},
        "tokens": {"unit": "tokens a request", "value": 6000},
        "token_price": {"unit": "EUR a million tokens", "uniform": [2, 5]},
        "build": {"unit": "EUR", "triangular": [250000, 320000, 520000]},
        "control": {"unit": "EUR a control", "value": 9000},
        "saved": {"unit": "EUR a request", "normal": ["1.1", "0.15"]},
    },
    "costs": [
        {"name": "Model use", "group": "tokens", "of": ["requests", "tokens", "token_price"], "per": 1000000, "when": "yearly"},
        {"name": "Integration", "group": "integration", "of": "build", "when": "once"},
        {"name": "Controls", "group": "controls", "of": ["controls_needed", "control"], "when": "once"},
    ],
    "benefits": [{"name": "Handling time", "of": ["requests", "saved"], "when": "yearly"}],
    "options": {"dearer build": {"build": {"value": 600000}}},
    "seed": 7,
}


def _states(deployment: Deployment) -> dict[ControlId, bool]:
    return standing(deployment.controls)


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
        states = _states(deployment)
        found = evaluate(services.evaluator, deployment.facts, day, plan, states)
        return Response(orjson.dumps(pathway_views.pathways_view(found)), media_type="application/json")

    return await run_in_threadpool(work)


class RoiRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"case": CASE, "facts": EU_CREDIT, "as_of": "2026-11-23"}]}
    )

    case: Annotated[dict[str, Any], Field(description="Quantities, costs, benefits, options: docs/decision-tools.md.")]
    facts: Annotated[
        dict[str, Any] | None,
        Field(default=None, description="With facts, `controls_needed` and `obligations` are counted and can be used."),
    ]
    controls: Annotated[list[Any], Field(default_factory=list, description="Controls in place or planned, as for pathways.")]
    as_of: DayField = None


@router.post("/roi", summary="Cost and benefit", response_model=None, responses=RESPONSES)
async def roi(body: RoiRequest, services: ServicesParam) -> Response:
    """NPV, every IRR, payback, total cost of ownership, P10 to P90 and a tornado, for the base and each option."""

    def work() -> Response:
        counted: dict[str, int] = {}
        if body.facts is not None:
            deployment = parse_deployment({"facts": body.facts, "controls": body.controls}, services.knowledge)
            day = today() if body.as_of is None else parse_day(body.as_of, "/as_of")
            in_place = {control for control, placed in _states(deployment).items() if placed}
            counted = counted_for(services.evaluator.assess(deployment.facts, day), in_place)
        case = parse_case(body.case, "/case", counted)
        return Response(orjson.dumps(roi_views.roi_view(case, compute(case))), media_type="application/json")

    return await run_in_threadpool(work)


class NecessityRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"answers": {"language": "reads", "deterministic_alternative": "partly", "examples": "thousands"}}]
        },
    )

    answers: Annotated[dict[str, Any], Field(description="Answers by question (ontology/necessity.yaml); a missing one is open.")]
    questions: Annotated[
        dict[str, Any], Field(default_factory=dict, description="Questions of your own, in the form of ontology/necessity.yaml.")
    ]


@router.post("/necessity", summary="The simplest technique", response_model=None, responses=RESPONSES)
async def simplest_technique(body: NecessityRequest, services: ServicesParam) -> Response:
    """Each rung of the ladder, from rules to pre-training: out, open or standing, with reasons and the questions that decide."""

    def work() -> Response:
        ladder = necessity.read_ladder(services.settings.root)
        if body.questions:
            ladder = necessity.parse_ladder({"questions": body.questions}, ladder)
        found = necessity.judge(ladder, necessity.parse_answers(ladder, body.answers))
        return Response(orjson.dumps(necessity_views.necessity_view(found)), media_type="application/json")

    return await run_in_threadpool(work)
