"""Parts of a dossier over HTTP: controls, options, what its tools are given and find, pilots."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kg_service.decisions.controls import ControlState
from kg_service.dossiers.commands import (
    AddOption,
    ChooseOption,
    FixPilot,
    RecordPilot,
    SetControls,
    SetInput,
    StartPilot,
)
from kg_service.dossiers.guards import Ground
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.tools import check, pilot_view, result
from kg_service.dossiers.views import dossier_view
from kg_service.people.acting import ActorParam
from kg_service.rest.bodies import StrictRoute
from kg_service.rest.dossier_changes import (
    RESPONSES,
    AsOfParam,
    DossierId,
    IdempotencyKey,
    IfMatch,
    carry_out,
    seen,
    version_of,
)
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1/dossiers/{dossier_id}", tags=["dossiers"], route_class=StrictRoute, responses=RESPONSES)
Tool = Literal["necessity", "risks", "workforce", "roi", "pathways"]
Shown = Literal["necessity", "risks", "workforce", "fairness", "roi", "pathways"]
Because = Annotated[str | None, Field(default=None, description="Why, in your own words; it can be erased from the trail.")]
Evidences = Annotated[list[str], Field(default_factory=list, max_length=100, description="Ids of evidence that shows it.")]


class ControlBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "in_place", "owner": "risk office"}]})

    state: ControlState
    owner: Annotated[str | None, Field(default=None, description="Who answers for it; as before where absent.")]
    on: Annotated[date | None, Field(default=None, description="The day on which the state was found.")]
    evidence: Evidences
    note: Annotated[str | None, Field(default=None, description="In your own words.")]


class ControlsBody(ControlBody):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"controls": ["tpr-contract", "tpr-due-diligence"], "state": "planned"}]}
    )

    controls: Annotated[list[str], Field(default_factory=list, max_length=500, description="Ids of controls.")]
    needed: Annotated[
        Literal["all", "1", "2", "3", "4", "5", "6"] | None,
        Field(default=None, description="And those that this decision, or all, still need: a small set that does."),
    ]
    planned: Annotated[bool, Field(default=False, description="And those that are planned now.")]


class OptionBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": 1, "name": "small model with retrieval", "chosen": True}]}
    )

    decision: Annotated[int, Field(ge=1, le=6)]
    name: str
    values: Annotated[dict[str, Any], Field(default_factory=dict, description="Whatever tells it from the others.")]
    because: Because
    chosen: Annotated[bool, Field(default=False, description="It is the one chosen of its decision.")]


class ChoiceBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"because": "the only one without a transfer"}]})

    because: Because


class PilotBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plan: Annotated[dict[str, Any], Field(description="As `plan` in a file of `sextant pilot`.")]


class StartBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2026-12-01"}]})

    on: Annotated[date, Field(description="From the day its plan was fixed to today.")]


class ResultsBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    results: Annotated[list[Any], Field(max_length=5000, description="As `results` in a file of `sextant pilot`; added.")]


@router.get("/controls", summary="Its controls", response_model=None)
async def controls(dossier_id: DossierId, services: ServicesParam) -> Response:
    """How far each control is, who answers for it, what shows it."""
    return await seen(services, dossier_id, None, lambda found, ground: {"items": dossier_view(found, ground)["controls"]})


@router.put("/controls/{control_id}", summary="Say how far a control is", response_model=None)
async def set_control(
    dossier_id: DossierId,
    control_id: str,
    body: ControlBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """The control has this state; where it fails, decisions that counted on it open again."""
    command = SetControls((control_id,), body.state, body.owner, body.on, tuple(body.evidence), body.note)
    return await carry_out(request, services, actor, dossier_id, command, (version, key))


@router.post("/controls", summary="Say how far several controls are", response_model=None)
async def set_controls(
    dossier_id: DossierId,
    body: ControlsBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """All of them have this state, or nothing is changed."""
    names = tuple(dict.fromkeys(body.controls))
    command = SetControls(names, body.state, body.owner, body.on, tuple(body.evidence), body.note, body.needed, body.planned)
    return await carry_out(request, services, actor, dossier_id, command, (version, key))


@router.get("/options", summary="What was considered", response_model=None)
async def options(dossier_id: DossierId, services: ServicesParam) -> Response:
    """The options of each decision, with the one chosen."""
    return await seen(services, dossier_id, None, lambda found, ground: {"items": dossier_view(found, ground)["options"]})


@router.post("/options", summary="Add an option", status_code=201, response_model=None)
async def add_option(
    dossier_id: DossierId,
    body: OptionBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """A rung of the ladder, a pathway, or another way that was considered."""
    command = AddOption(body.decision, body.name, body.values, body.because, body.chosen)
    return await carry_out(request, services, actor, dossier_id, command, (version, key), status=201)


@router.post("/options/{option_id}/choose", summary="Choose an option", response_model=None)
async def choose(
    dossier_id: DossierId,
    option_id: str,
    body: ChoiceBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """It, and no other of its decision, is the one chosen."""
    return await carry_out(request, services, actor, dossier_id, ChooseOption(option_id, body.because), (version, key))


@router.get("/tools/{tool}", summary="What a tool finds for it", response_model=None)
async def tool_result(dossier_id: DossierId, tool: Shown, services: ServicesParam, as_of: AsOfParam = None) -> Response:
    """Computed on what the dossier holds: necessity (1), risks (3), fairness and workforce (4), roi (5), pathways (6)."""
    root = services.settings.root
    return await seen(services, dossier_id, as_of, lambda found, ground: result(tool, found, ground, root))


@router.put("/tools/{tool}", summary="Give a tool its input", response_model=None)
async def tool_input(
    dossier_id: DossierId,
    tool: Tool,
    body: dict[str, Any],
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """As the tool's own operation takes it, kept with the dossier; a signed decision that used it opens again."""
    version_of(version)

    def checked() -> None:
        held = services.dossiers.get(dossier_id)
        check(tool, body, held, services.dossiers.ground(), services.settings.root)

    await run_in_threadpool(checked)
    return await carry_out(request, services, actor, dossier_id, SetInput(tool, body), (version, key))


@router.delete("/tools/{tool}", summary="Take a tool's input away", response_model=None)
async def no_tool_input(
    dossier_id: DossierId, tool: Tool, request: Request, services: ServicesParam, actor: ActorParam, version: IfMatch = None
) -> Response:
    """The dossier holds none for it any more."""
    return await carry_out(request, services, actor, dossier_id, SetInput(tool, None), (version, None))


@router.get("/pilots", summary="Its pilots", response_model=None)
async def pilots(dossier_id: DossierId, services: ServicesParam, as_of: AsOfParam = None) -> Response:
    """Each with its plan, its results, and what they say on the day."""
    return await seen(services, dossier_id, as_of, lambda found, ground: {"items": dossier_view(found, ground)["pilots"]})


@router.post("/pilots", summary="Fix a pilot's plan", status_code=201, response_model=None)
async def fix_pilot(
    dossier_id: DossierId,
    body: PilotBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Metrics, thresholds, cases and duration stand from now on; another plan is another pilot."""
    return await carry_out(request, services, actor, dossier_id, FixPilot(body.plan), (version, key), _last_pilot, 201)


@router.post("/pilots/{pilot_id}/start", summary="Start a pilot", response_model=None)
async def start_pilot(
    dossier_id: DossierId,
    pilot_id: str,
    body: StartBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """It runs from that day, not before its plan was fixed."""
    command = StartPilot(pilot_id, body.on)
    return await carry_out(request, services, actor, dossier_id, command, (version, key), _pilot(pilot_id))


@router.post("/pilots/{pilot_id}/results", summary="Record results of a pilot", response_model=None)
async def record_pilot(
    dossier_id: DossierId,
    pilot_id: str,
    body: ResultsBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """They are added to those that are there; what they say is computed."""
    command = RecordPilot(pilot_id, tuple(body.results))
    return await carry_out(request, services, actor, dossier_id, command, (version, key), _pilot(pilot_id))


def _pilot(pilot_id: str) -> Any:
    return lambda found, ground: pilot_view(found.pilots[pilot_id], ground.today)


def _last_pilot(found: Dossier, ground: Ground) -> dict[str, Any]:
    return pilot_view(found.pilots[list(found.pilots)[-1]], ground.today)
