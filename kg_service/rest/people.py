"""Who asks, and the keys of this installation, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kg_service.errors import UnavailableError
from kg_service.people.acting import ActorParam
from kg_service.people.keys import MOST_DAYS, Keys, parse_wanted, view
from kg_service.people.model import Role, Scope

router = APIRouter(prefix="/api/v1", tags=["people"])


class KeyRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Nightly check", "roles": ["analyst"], "scopes": ["read", "ask"], "days": 90}]},
    )

    name: Annotated[str, Field(description="What people call it.")]
    roles: Annotated[list[str], Field(description=f"Some of {', '.join(Role)}.")]
    scopes: Annotated[list[str] | None, Field(default=None, description=f"Some of {', '.join(Scope)}; all where absent.")]
    days: Annotated[int, Field(default=90, description=f"How long it lives, 1 to {MOST_DAYS}.")]
    holder: Annotated[str | None, Field(default=None, description="Who acts with it, as the audit trail names them.")]


def keys_of(request: Request) -> Keys:
    """The keys of the application that answers ``request``."""
    keys = getattr(request.app.state, "keys", None)
    if not isinstance(keys, Keys):
        raise UnavailableError("the database with the keys is not open.")
    return keys


KeysParam = Annotated[Keys, Depends(keys_of)]
_NEVER_KEPT = {"Cache-Control": "no-store"}


@router.get("/me", summary="Who asks")
async def me(actor: ActorParam) -> JSONResponse:
    """The id under which the audit trail knows the caller, and the caller's roles."""
    return JSONResponse({"id": actor.id, "name": actor.name, "roles": sorted(actor.roles)}, headers=_NEVER_KEPT)


@router.get("/keys", summary="The keys of this installation")
async def keys(held: KeysParam) -> JSONResponse:
    """Every key, also those that have ended; never the key itself."""
    found = await run_in_threadpool(held.all)
    return JSONResponse({"items": [view(key) for key in found]}, headers=_NEVER_KEPT)


@router.post("/keys", summary="Make a key", status_code=201)
async def create(body: KeyRequest, held: KeysParam, actor: ActorParam) -> JSONResponse:
    """The key, in the member `key`: it is shown this once."""
    wanted = parse_wanted(body.name, body.roles, body.scopes, body.days, body.holder)
    key, text = await run_in_threadpool(held.create, wanted, actor)
    shown: dict[str, Any] = {**view(key), "key": text}
    return JSONResponse(shown, 201, {**_NEVER_KEPT, "Location": f"/api/v1/keys/{key.id}"})


@router.delete("/keys/{key_id}", summary="End a key", status_code=204, response_model=None)
async def revoke(key_id: str, held: KeysParam, actor: ActorParam) -> Response:
    """The key opens nothing from now on."""
    await run_in_threadpool(held.revoke, key_id, actor)
    return Response(status_code=204)
