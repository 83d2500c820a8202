"""What changed for dossiers and stored deployments: notices, feeds, subscriptions, and a round of the watch on demand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg_service.applicability.facts import parse_day
from kg_service.errors import UnavailableError
from kg_service.people.acting import ActorParam
from kg_service.people.model import Principal
from kg_service.services import ServicesParam
from kg_service.watch import register
from kg_service.watch.opening import Watching
from kg_service.watch.views import feed, notice_view

router = APIRouter(prefix="/api/v1", tags=["watch"])
_FEED_LENGTH = 50


def watching_of(request: Request) -> Watching:
    """The watch of the application that answers ``request``."""
    found = getattr(request.app.state, "watching", None)
    if not isinstance(found, Watching):
        raise UnavailableError("the watch has not been started.")
    return found


WatchParam = Annotated[Watching, Depends(watching_of)]
SubjectParam = Annotated[
    str | None,
    Query(description="`dossier/<id>` or `deployment/<id>`; everything where absent.", examples=["dossier/credit-assistant"]),
]


class SubscriptionRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://hooks.example/sextant", "subject": "dossier/credit-assistant"}]},
    )

    url: Annotated[str, Field(description="Where notices are sent; its host must stand in SEXTANT_WEBHOOK_HOSTS.")]
    subject: Annotated[str | None, Field(default=None, description="Of what alone; of everything where absent.")]


class RoundRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"as_of": "2027-12-03"}]})

    as_of: Annotated[str | None, Field(default=None, description="Rehearse that day: nothing is kept. Absent: a round of today.")]


@router.get("/notices", summary="What changed")
async def notices(
    services: ServicesParam,
    subject: SubjectParam = None,
    after: Annotated[int, Query(ge=0, description="Those behind the notice of this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JSONResponse:
    """Notices in their order; ask again with the `seq` of the last one as `after`."""

    def work() -> list[dict[str, Any]]:
        with services.database.reading() as connection:
            found = register.notices(connection, subject=subject, after=after, limit=limit)
            return [notice_view(services.knowledge, one) for one in found]

    return JSONResponse({"items": await run_in_threadpool(work)}, headers={"Cache-Control": "no-store"})


@router.get("/notices.atom", summary="What changed, as a feed", response_model=None)
async def atom(request: Request, services: ServicesParam, subject: SubjectParam = None) -> Response:
    """The newest notices as Atom (RFC 4287)."""

    def work() -> bytes:
        with services.database.reading() as connection:
            found = list(register.notices(connection, subject=subject, limit=_FEED_LENGTH, newest=True))
        query = f"?{request.url.query}" if request.url.query else ""
        base = str(request.base_url).rstrip("/")
        title = "Sextant: what changed" + (f" for {subject}" if subject else "")
        return feed(services.knowledge, found, base, f"{request.url.path}{query}", title)

    return Response(await run_in_threadpool(work), media_type="application/atom+xml", headers={"Cache-Control": "no-cache"})


@router.post("/reevaluations", summary="A round of the watch, or the rehearsal of another day")
async def reevaluate(body: RoundRequest, services: ServicesParam, watching: WatchParam) -> JSONResponse:
    """Without `as_of`: everything is evaluated for today now. With it: what that day would change; nothing is kept."""

    def work() -> dict[str, Any]:
        if body.as_of is None:
            found = watching.watch.round(watching.today())
            counts = {"evaluated": found.evaluated, "first": found.first, "notices": found.notices, "changes": found.changes}
            return {"day": found.day.isoformat(), "knowledge_version": found.knowledge, "kept": True, **counts}
        day = parse_day(body.as_of, "/as_of")
        told = watching.watch.rehearsal(day)
        items = [notice_view(services.knowledge, one) | {"seq": None} for one in told]
        return {"day": day.isoformat(), "knowledge_version": services.knowledge.version, "kept": False, "items": items}

    return JSONResponse(await run_in_threadpool(work))


@router.get("/subscriptions", summary="Who is told of changes")
async def subscriptions(watching: WatchParam) -> JSONResponse:
    """Every subscription with what became of its deliveries; never its secret."""
    return JSONResponse({"items": await run_in_threadpool(watching.subscriptions.all)})


@router.post("/subscriptions", summary="Be told of changes by signed webhook", status_code=201)
async def subscribe(body: SubscriptionRequest, watching: WatchParam, actor: ActorParam) -> JSONResponse:
    """The subscription with its `secret` (Standard Webhooks), which is shown this once."""
    made, secret = await run_in_threadpool(watching.subscriptions.create, body.url, body.subject, actor)
    shown = {"id": made.id, "url": made.url, "subject": made.subject, "owner": made.owner, "created": made.created}
    return JSONResponse(
        {**shown, "secret": secret}, 201, {"Location": f"/api/v1/subscriptions/{made.id}", "Cache-Control": "no-store"}
    )


@router.delete("/subscriptions/{subscription_id}", summary="Be told no more", status_code=204, response_model=None)
async def unsubscribe(subscription_id: str, watching: WatchParam, actor: ActorParam) -> Response:
    """Nothing more is sent; what waited is dropped."""
    await run_in_threadpool(_end, watching, subscription_id, actor)
    return Response(status_code=204)


def _end(watching: Watching, subscription_id: str, actor: Principal) -> None:
    watching.subscriptions.end(subscription_id, actor)
