"""How pages and documents leave: an ETag of knowledge version and content, 304 where the client has it, HEAD without a body."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from kg_service.exports.documents import Documents
from kg_service.services import services_of


def documents_of(request: Request) -> Documents:
    """The documents of the application that answers ``request``; made with the first request that needs them."""
    services = services_of(request)
    found = getattr(request.app.state, "documents", None)
    if not isinstance(found, Documents):
        found = request.app.state.documents = Documents(services.store, services.knowledge)
    return found


def html(request: Request, page: str, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    """``page`` as an answer to ``request``."""
    return respond(request, page.encode(), "text/html; charset=utf-8", status, headers)


def respond(
    request: Request,
    body: bytes,
    media_type: str,
    status: int = 200,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """``body`` as an answer to ``request``; the ETag changes with the knowledge version and with the content."""
    version = services_of(request).knowledge.version
    tag = f'"{version[:16]}-{hashlib.sha256(body).hexdigest()[:16]}"'
    told = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept, Origin", **headers}
    given = request.headers.get("if-none-match", "")
    if status == 200 and any(one.strip().removeprefix("W/") in (tag, "*") for one in given.split(",") if one.strip()):
        return Response(status_code=304, headers=told)
    if request.method == "HEAD":
        return Response(None, status, {**told, "Content-Type": media_type, "Content-Length": str(len(body))})
    return Response(body, status, {**told, "Content-Type": media_type})
