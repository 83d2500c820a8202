"""A page to log in with a key where a browser asks: the key is kept by the browser as a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kg_service.people.gate import COOKIE
from kg_service.rest.people import KeysParam
from kg_service.services import Services, ServicesParam
from kg_service.web.rendering import render

router = APIRouter(include_in_schema=False)
_HOURS: Final = 12
_NEVER_KEPT: Final = {"Cache-Control": "no-store"}


@router.get("/login")
async def page(request: Request, services: ServicesParam) -> Response:
    """Asks for a key."""
    return _page(services, request.query_params.get("next", "/"))


@router.post("/login")
async def log_in(
    request: Request,
    services: ServicesParam,
    keys: KeysParam,
    key: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """The browser keeps the key for half a day, and goes to where it wanted to."""
    found = await run_in_threadpool(keys.opened_by, key.strip())
    if found is None:
        return _page(services, wanted, "This key is not known, or it has ended.", 403)
    response = RedirectResponse(_own(wanted), 303, _NEVER_KEPT)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, key.strip(), max_age=_HOURS * 3600, httponly=True, samesite="strict", secure=secure, path="/")
    return response


@router.post("/logout")
async def log_out() -> Response:
    """The browser forgets the key."""
    response = RedirectResponse("/login", 303, _NEVER_KEPT)
    response.delete_cookie(COOKIE, path="/")
    return response


def _page(services: Services, wanted: str, problem: str | None = None, status: int = 200) -> HTMLResponse:
    page = render("login.html", version=services.knowledge.version, wanted=_own(wanted), problem=problem)
    return HTMLResponse(page, status, _NEVER_KEPT)


def _own(path: str) -> str:
    """``path`` where it leads to a page of this service, else the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
