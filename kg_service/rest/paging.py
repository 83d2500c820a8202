"""Lists in pages, with a cursor that names the last item seen, and an ETag that changes with the knowledge version alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from kg_service.errors import InputError, NotFoundError, Problem, nearest
from kg_service.rest.views import View

T = TypeVar("T")
MAX_PAGE: Final = 1000

LimitParam = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many items a page holds at most.")]
CursorParam = Annotated[str | None, Query(max_length=600, description="`next_cursor` of the page before.")]
DEFAULT_LIMIT: Final = 100


def page(
    request: Request,
    version: str,
    items: Iterable[tuple[str, T]],
    view: Callable[[T], View],
    limit: int,
    cursor: str | None,
    *,
    tag: str | None = None,
) -> Response:
    """The page of ``items`` (id and item, in their lasting order) that follows ``cursor``; 304 where the client has it already.

    Args:
        tag: what changes when the items do, where that is more than the knowledge version.

    Raises:
        InputError: where the cursor is none of ours, or names an item that is not in the list.
    """
    listed = list(items)
    start = 0
    if cursor is not None:
        last = _item(cursor)
        places = [place for place, (name, _) in enumerate(listed) if name == last]
        if not places:
            raise InputError([Problem("query parameter cursor", "bad-cursor", "this cursor does not belong to this list.")])
        start = places[0] + 1
    shown = listed[start : start + limit]
    more = start + limit < len(listed)
    body: View = {
        "items": [view(item) for _, item in shown],
        "total": len(listed),
        "next_cursor": _cursor(shown[-1][0]) if more else None,
        "knowledge_version": version,
    }
    return cached(request, tag or version, body)


def one(request: Request, version: str, body: View) -> Response:
    """A single item; 304 where the client has it already."""
    return cached(request, version, body)


def find(kind: str, items: Mapping[Any, T], identifier: str, aliases: Mapping[Any, Any] = MappingProxyType({})) -> T:
    """The item of that id, or of that old id.

    Raises:
        NotFoundError: naming the nearest ids.
    """
    found = items.get(aliases.get(identifier, identifier))
    if found is None:
        raise NotFoundError(kind, identifier, nearest(identifier, map(str, items)))
    return found


def cached(request: Request, version: str, body: View) -> Response:
    """``body`` as JSON with an ETag made of the knowledge version and the address; 304 where ``If-None-Match`` has it."""
    address = hashlib.sha256(str(request.url.include_query_params()).encode("utf-8", "replace")).hexdigest()[:8]
    tag = f'"{version[:16]}-{address}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept"}
    given = request.headers.get("if-none-match", "")
    if any(one.strip().removeprefix("W/") in (tag, "*") for one in given.split(",") if one.strip()):
        return Response(status_code=304, headers=headers)
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


def _cursor(item: str) -> str:
    return base64.urlsafe_b64encode(item.encode()).decode().rstrip("=")


def _item(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (UnicodeError, binascii.Error, ValueError) as error:
        raise InputError([Problem("query parameter cursor", "bad-cursor", "this is no cursor of this service.")]) from error
