"""Stored deployments over HTTP. They come in through ``POST /api/v1/assessments?store=true``."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.deployments.record import StoredDeployment
from kg_service.errors import InputError
from kg_service.people.acting import ActorParam
from kg_service.rest.assessments import stored_view
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, one, page
from kg_service.rest.views import View, counts_view
from kg_service.services import Services, ServicesParam

router = APIRouter(prefix="/api/v1", tags=["deployments"])


@router.get("/deployments", summary="The stored deployments", response_model=None)
def deployments(
    request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None
) -> Response:
    """Every stored deployment with the counts of its verdicts, in the order in which they were stored."""
    held = services.deployments.all()
    tag = hashlib.sha256("\n".join([services.knowledge.version, *held]).encode()).hexdigest()
    return page(request, services.knowledge.version, held.items(), lambda record: view(services, record), limit, cursor, tag=tag)


@router.get("/deployments/{identifier}", summary="One stored deployment", response_model=None)
def deployment(identifier: str, request: Request, services: ServicesParam) -> Response:
    """The facts, the day and the counts of verdicts of one stored deployment."""
    record = services.deployments.get(identifier)
    return one(request, services.knowledge.version, view(services, record) | {"facts": dict(record.facts)})


@router.delete("/deployments/{identifier}", summary="Delete a stored deployment", status_code=204, response_model=None)
def delete(identifier: str, services: ServicesParam, actor: ActorParam) -> Response:
    """The deployment is neither kept nor in the graph."""
    services.deployments.remove(identifier, actor)
    return Response(status_code=204)


def view(services: Services, record: StoredDeployment) -> View:
    """A stored deployment without its facts; where they no longer fit the knowledge, ``problem`` says why."""
    found: View = stored_view(record) | {"graph": ids.graph(f"deployment/{record.id}")}
    try:
        return found | {"counts": counts_view(services.deployments.assess(record)), "problem": None}
    except InputError as error:
        return found | {"counts": None, "problem": str(error)}
