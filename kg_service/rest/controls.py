"""Controls, risks and control frameworks over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.model import Control, Framework, Knowledge, Risk
from kg_service.rest.filters import DecisionParam
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, find, one, page
from kg_service.rest.views import View, sureness_view
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1", tags=["controls and risks"])


@router.get("/controls", summary="All controls", response_model=None)
def controls(
    request: Request,
    services: ServicesParam,
    decision: DecisionParam = None,
    framework: Annotated[str | None, Query(description="Only controls that satisfy a control of this framework.")] = None,
    limit: LimitParam = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """Controls with objective, test and evidence, the norms they serve and the framework controls they satisfy."""
    knowledge = services.knowledge
    if framework is not None:
        find("framework", knowledge.frameworks, framework)
    items = (
        (item.id, item)
        for item in knowledge.controls.values()
        if (decision is None or decision in item.decisions) and (framework is None or framework in item.satisfies)
    )
    return page(request, knowledge.version, items, lambda item: control_view(item, knowledge), limit, cursor)


@router.get("/controls/{control_id}", summary="One control", response_model=None)
def control(request: Request, services: ServicesParam, control_id: str) -> Response:
    """A control by its id or an old id of it."""
    knowledge = services.knowledge
    aliases = {alias: item.id for item in knowledge.controls.values() for alias in item.aliases}
    found = find("control", knowledge.controls, control_id, aliases)
    return one(request, knowledge.version, control_view(found, knowledge))


@router.get("/risks", summary="All risks", response_model=None)
def risks(request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None) -> Response:
    """Risks of language models in finance, with the controls that mitigate them."""
    knowledge = services.knowledge
    return page(request, knowledge.version, knowledge.risks.items(), lambda item: risk_view(item, knowledge), limit, cursor)


@router.get("/risks/{risk_id}", summary="One risk", response_model=None)
def risk(request: Request, services: ServicesParam, risk_id: str) -> Response:
    """A risk by its id."""
    knowledge = services.knowledge
    return one(request, knowledge.version, risk_view(find("risk", knowledge.risks, risk_id), knowledge))


@router.get("/frameworks", summary="Control frameworks", response_model=None)
def frameworks(
    request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None
) -> Response:
    """The frameworks to which controls are mapped, with the gist of each of their controls in our words."""
    knowledge = services.knowledge
    return page(request, knowledge.version, knowledge.frameworks.items(), framework_view, limit, cursor)


def control_view(item: Control, knowledge: Knowledge) -> View:
    """A control with the norms that it serves."""
    return {
        "id": item.id,
        "iri": ids.control(item.id),
        "name": item.name,
        "objective": item.objective,
        "test": item.test,
        "evidence": list(item.evidence),
        "decisions": list(item.decisions),
        "mitigates": list(item.mitigates),
        "satisfies": {framework: list(references) for framework, references in item.satisfies.items()},
        "norms": [norm.id for norm in knowledge.norms.values() if item.id in norm.controls],
        "aliases": list(item.aliases),
    }


def risk_view(item: Risk, knowledge: Knowledge) -> View:
    """A risk with the controls that mitigate it."""
    return {
        "id": item.id,
        "iri": ids.risk(item.id),
        "name": item.name,
        "description": item.description,
        "references": {framework: list(references) for framework, references in item.references.items()},
        "controls": [control.id for control in knowledge.controls.values() if item.id in control.mitigates],
    }


def framework_view(item: Framework) -> View:
    """A framework with its controls."""
    return {
        "id": item.id,
        "iri": ids.framework(item.id),
        "title": item.title,
        "status": item.status,
        "licence": item.licence,
        "official_url": item.url,
        "structure": item.structure,
        "note": item.note,
        "controls": [
            {"id": control.id, "iri": ids.framework_control(item.id, control.id), "gist": control.gist}
            for control in item.controls
        ],
        **sureness_view(item.sureness),
    }
