"""Dossiers over HTTP: the dossier itself, its facts, its decisions, its trail. The rest is in ``dossier_parts``."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT
from kg_service.applicability.facts import plain_facts
from kg_service.deployment import parse_deployment
from kg_service.dossiers import documents
from kg_service.dossiers.commands import (
    AnswerCriterion,
    Archive,
    ChangeDetails,
    CreateDossier,
    Reopen,
    SetFacts,
    Sign,
    Waive,
)
from kg_service.dossiers.guards import Ground, assessor, day_of
from kg_service.dossiers.model import Dossier, Met, Outcome
from kg_service.dossiers.reading import parse_answers
from kg_service.dossiers.views import coming_view, decision_view, dossier_view, entry_view, event_view, summaries_view
from kg_service.errors import InputError, Problem, nearest
from kg_service.people.acting import ActorParam
from kg_service.rest.assessments import EU_CREDIT
from kg_service.rest.bodies import StrictRoute
from kg_service.rest.dossier_changes import (
    NEVER_KEPT,
    RESPONSES,
    AsOfParam,
    DossierId,
    IdempotencyKey,
    IfMatch,
    Number,
    carry_out,
    carry_out_creation,
    etag,
    look,
    seen,
)
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, page
from kg_service.rest.views import assessment_view
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1/dossiers", tags=["dossiers"], route_class=StrictRoute, responses=RESPONSES)
Because = Annotated[str | None, Field(default=None, description="Why, in your own words; it can be erased from the trail.")]


def _example(**example: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class NewDossier(BaseModel):
    model_config = _example(name="Loan assessment", id="loans", facts=EU_CREDIT, controls=["gov-inventory"])

    name: Annotated[str, Field(description="What you call it.")]
    id: Annotated[str | None, Field(default=None, max_length=60, description="Its id, in the trail for good; else a number.")]
    owner: Annotated[str | None, Field(default=None, description="Id of who answers for it; else who asks.")]
    description: Annotated[str | None, Field(default=None, description="In your own words.")]
    as_of: Annotated[str | None, Field(default=None, description="Judge it for this day always; else for each day.")]
    facts: Annotated[dict[str, Any], Field(default_factory=dict, description="Answers by fact.")]
    controls: Annotated[list[Any] | dict[str, Any], Field(default_factory=list, description="As in a deployment file.")]
    because: Because


class Details(BaseModel):
    model_config = _example(name="Loan assessment, phase 2", owner="ana")

    name: Annotated[str | None, Field(default=None, description="Another name.")]
    owner: Annotated[str | None, Field(default=None, description="Another owner.")]
    description: Annotated[str | None, Field(default=None, description="Another description; null takes it away.")]
    as_of: Annotated[date | None, Field(default=None, description="The day to judge it for; null for each day.")]


class FactsChange(BaseModel):
    model_config = _example(facts={"agentic": True, "channel": None}, because="the design changed")

    facts: Annotated[dict[str, Any], Field(description="Answers by fact; null withdraws one. What is not named stays.")]
    because: Because


class CriterionBody(BaseModel):
    model_config = _example(answer="met", because="the problem statement of 12 October", evidence=["e1"])

    answer: Annotated[Met, Field(description="met, not_met or not_applicable (with a reason).")]
    because: Because
    evidence: Annotated[list[str], Field(default_factory=list, max_length=100, description="Ids of evidence that shows it.")]


class CriteriaBody(BaseModel):
    model_config = _example(criteria={"1": {"stated-problem": "met", "simplest-technique": {"answer": "not_met"}}})

    criteria: Annotated[
        dict[str, dict[str, Any]],
        Field(description="By decision, then by criterion: a word, or `answer`, `because`, `evidence`. All are taken, or none."),
    ]


class Signature(BaseModel):
    model_config = _example(outcome="passed", because="the committee of 3 December agreed")

    outcome: Annotated[Outcome, Field(description="passed or failed.")]
    because: Because


class WaiverBody(BaseModel):
    model_config = _example(reason="the vendor's report comes in January", expires="2027-01-31", norm="eu-dora/art-28-par-6")

    reason: Annotated[str, Field(description="Why.")]
    expires: Annotated[date, Field(description="Its last day; two years ahead at most.")]
    norm: Annotated[str | None, Field(default=None, description="Only the gap at this norm; else the whole decision.")]


class ReopeningBody(BaseModel):
    model_config = _example(reason="the vendor was replaced")

    reason: Annotated[str, Field(description="Why.")]


@router.get("", summary="The dossiers", response_model=None)
async def dossiers(
    request: Request,
    services: ServicesParam,
    limit: LimitParam = DEFAULT_LIMIT,
    cursor: CursorParam = None,
    archived: Annotated[bool, Query(description="The archived ones too.")] = False,
) -> Response:
    """Every dossier, in the order of being created."""

    def work() -> Response:
        found = services.dossiers.entries(archived=archived)
        mark = hashlib.sha256("\n".join(f"{entry.id} {entry.version}" for entry in found).encode()).hexdigest()
        listed = ((entry.id, entry) for entry in found)
        return page(request, services.knowledge.version, listed, entry_view, limit, cursor, tag=mark)

    return await run_in_threadpool(work)


@router.post("", summary="Start a dossier", status_code=201, response_model=None)
async def create(
    body: NewDossier, request: Request, services: ServicesParam, actor: ActorParam, key: IdempotencyKey = None
) -> Response:
    """A new dossier, all six decisions open; `Location` says where it is."""
    raw = {"name": body.name, "facts": body.facts, "controls": body.controls, "as_of": body.as_of}
    read = parse_deployment(raw, services.knowledge)
    command = CreateDossier(
        body.id or "",
        body.name,
        body.owner,
        body.description,
        read.as_of,
        plain_facts(read.facts),
        {str(control): record for control, record in read.controls.items()},
        body.because,
    )
    return await carry_out_creation(request, services, actor, command, key)


@router.get("/{dossier_id}", summary="One dossier", response_model=None)
async def dossier(dossier_id: DossierId, services: ServicesParam, as_of: AsOfParam = None) -> Response:
    """Facts with who said them, the six decisions with their states, evidence, controls, and the next step to take."""
    return await seen(services, dossier_id, as_of, dossier_view)


@router.patch("/{dossier_id}", summary="Change name, owner, description or day", response_model=None)
async def details(
    dossier_id: DossierId,
    body: Details,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """What the body names is changed; the rest stays."""
    clear = tuple(name for name in ("description", "as_of") if name in body.model_fields_set and getattr(body, name) is None)
    command = ChangeDetails(body.name, body.owner, body.description, body.as_of, clear)
    return await carry_out(request, services, actor, dossier_id, command, (version, key))


@router.delete("/{dossier_id}", summary="Archive a dossier", response_model=None)
async def archive(
    dossier_id: DossierId, request: Request, services: ServicesParam, actor: ActorParam, version: IfMatch = None
) -> Response:
    """It takes no more changes, leaves the list, and stays readable; nothing is deleted."""
    return await carry_out(request, services, actor, dossier_id, Archive(), (version, None))


@router.get("/{dossier_id}/facts", summary="Its facts", response_model=None)
async def facts(dossier_id: DossierId, services: ServicesParam) -> Response:
    """Each answer with who gave it, when and why."""
    return await seen(services, dossier_id, None, lambda found, ground: {"facts": dossier_view(found, ground)["facts"]})


@router.patch("/{dossier_id}/facts", summary="Answer facts", response_model=None)
async def set_facts(
    dossier_id: DossierId,
    body: FactsChange,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """The facts named are answered or withdrawn. Signed decisions whose verdicts change open again, and say so."""
    return await carry_out(request, services, actor, dossier_id, SetFacts(body.facts, body.because), (version, key))


@router.get("/{dossier_id}/assessment", summary="What applies to it", response_model=None)
async def assessment(
    dossier_id: DossierId,
    services: ServicesParam,
    as_of: AsOfParam = None,
    proof: Annotated[bool, Query(description="Proofs go down to the facts.")] = False,
) -> Response:
    """The verdicts on its facts, in the shape of `POST /api/v1/assessments`."""

    def view(found: Dossier, ground: Ground) -> Any:
        verdicts = assessor(found, ground)(day_of(found, ground))
        return assessment_view(services.evaluator, verdicts, SHOWN_BY_DEFAULT, expand=proof)

    return await seen(services, dossier_id, as_of, view)


@router.get("/{dossier_id}/decisions", summary="Its six decisions", response_model=None)
async def decisions(dossier_id: DossierId, services: ServicesParam, as_of: AsOfParam = None) -> Response:
    """Each decision with its state, and how much is still in its way."""
    return await seen(services, dossier_id, as_of, lambda found, ground: {"items": summaries_view(found, ground)})


@router.get("/{dossier_id}/decisions/{number}", summary="One decision", response_model=None)
async def decision(dossier_id: DossierId, number: Number, services: ServicesParam, as_of: AsOfParam = None) -> Response:
    """Criteria with answers, obligations with their controls, gaps, what is in the way, signatures and waivers."""
    return await seen(services, dossier_id, as_of, lambda found, ground: decision_view(found, number, ground))


@router.put("/{dossier_id}/decisions/{number}/criteria/{criterion}", summary="Answer a criterion", response_model=None)
async def answer_criterion(
    dossier_id: DossierId,
    number: Number,
    criterion: str,
    body: CriterionBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """The criterion has this answer, by who asks."""
    command = AnswerCriterion(number, criterion, body.answer, body.because, tuple(body.evidence))
    return await carry_out(request, services, actor, dossier_id, command, (version, key), _of(number))


@router.patch("/{dossier_id}/criteria", summary="Answer several criteria", response_model=None)
async def answer_criteria(
    dossier_id: DossierId,
    body: CriteriaBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """All the answers are taken, or none."""
    command = parse_answers({"criteria": body.criteria})
    return await carry_out(request, services, actor, dossier_id, command, (version, key))


@router.post("/{dossier_id}/decisions/{number}/sign", summary="Sign a decision", response_model=None)
async def sign(
    dossier_id: DossierId,
    number: Number,
    body: Signature,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """The decision is passed or failed by the signature of who asks; 409 names everything that is in the way."""
    command = Sign(number, body.outcome, body.because)
    return await carry_out(request, services, actor, dossier_id, command, (version, key), _of(number))


@router.post("/{dossier_id}/decisions/{number}/waive", summary="Waive a decision or a gap", response_model=None)
async def waive(
    dossier_id: DossierId,
    number: Number,
    body: WaiverBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """The decision, or the gap at one norm, is let pass until the day named; then it is open again by itself."""
    command = Waive(number, body.reason, body.expires, body.norm)
    return await carry_out(request, services, actor, dossier_id, command, (version, key), _of(number))


@router.post("/{dossier_id}/decisions/{number}/reopen", summary="Open a closed decision again", response_model=None)
async def reopen(
    dossier_id: DossierId,
    number: Number,
    body: ReopeningBody,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """The decision is open, and the sixth with it."""
    return await carry_out(request, services, actor, dossier_id, Reopen(number, body.reason), (version, key), _of(number))


@router.get("/{dossier_id}/timeline", summary="What happened, and what is coming", response_model=None)
async def timeline(dossier_id: DossierId, services: ServicesParam, as_of: AsOfParam = None) -> Response:
    """The events of its trail with their notes, and each day on which a norm begins or ends for its facts."""

    def view(found: Dossier, ground: Ground) -> Any:
        past = [event_view(event, notes) for event, notes in services.dossiers.trail(found.id)]
        return {"past": past, "coming": coming_view(found, ground)}

    return await seen(services, dossier_id, as_of, view)


@router.get("/{dossier_id}/export", summary="The dossier as a document", response_model=None)
async def export(
    dossier_id: DossierId,
    services: ServicesParam,
    form: Annotated[str, Query(alias="format", description=", ".join(documents.FORMATS))] = "json",
    as_of: AsOfParam = None,
) -> Response:
    """With bibliography, knowledge version and the head of the audit trail."""
    if form not in documents.FORMATS:
        told = f"there is no format {form[:60]!r}: {', '.join(documents.FORMATS)}."
        raise InputError([Problem("query parameter format", "unknown-format", told, nearest(form, documents.FORMATS))])

    def work() -> Response:
        found, ground = look(services.dossiers, dossier_id, as_of)
        content = documents.exported(services.dossiers, found, ground, form, services.settings.root, services.settings.data)
        name = f"{found.id}-v{found.version}.{documents.ENDINGS[form]}"
        headers = {**NEVER_KEPT, "ETag": etag(found), "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, headers=headers, media_type=documents.FORMATS[form])

    return await run_in_threadpool(work)


def _of(number: int) -> Any:
    return lambda found, ground: decision_view(found, number, ground)
