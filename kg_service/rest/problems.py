"""Every error of the service in one shape: problem documents (RFC 9457) with a stable ``type``.

The types are listed in ``docs/http.md``; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kg_service import ids
from kg_service.errors import (
    BusyError,
    ConflictError,
    DatabaseError,
    DeadlineError,
    DocumentError,
    ForbiddenError,
    InputError,
    NotFoundError,
    Problem,
    QueryError,
    SextantError,
    StoreError,
    UnauthenticatedError,
    UnavailableError,
    VersionError,
)

MEDIA_TYPE = "application/problem+json"

# The first class that an error is an instance of gives its type and status.
TYPES: tuple[tuple[type[SextantError], str, HTTPStatus, str], ...] = (
    (DocumentError, "unreadable", HTTPStatus.BAD_REQUEST, "The body cannot be read"),
    (InputError, "bad-input", HTTPStatus.UNPROCESSABLE_ENTITY, "The input is wrong"),
    (VersionError, "changed", HTTPStatus.PRECONDITION_FAILED, "It was changed meanwhile"),
    (ConflictError, "conflict", HTTPStatus.CONFLICT, "Its state does not allow this"),
    (ForbiddenError, "forbidden", HTTPStatus.FORBIDDEN, "This is not yours to do"),
    (UnauthenticatedError, "unauthenticated", HTTPStatus.UNAUTHORIZED, "Nobody is known to be asking"),
    (NotFoundError, "not-found", HTTPStatus.NOT_FOUND, "There is no such thing"),
    (QueryError, "bad-query", HTTPStatus.BAD_REQUEST, "The query cannot be run"),
    (BusyError, "busy", HTTPStatus.SERVICE_UNAVAILABLE, "Too much is being done already"),
    (DeadlineError, "deadline", HTTPStatus.GATEWAY_TIMEOUT, "The work did not end in time"),
    (DatabaseError, "database", HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be read or written"),
    (StoreError, "store", HTTPStatus.BAD_GATEWAY, "The graph store does not answer"),
    (UnavailableError, "unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "This part is not available"),
)
_STATUS_BY_CODE = {
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "version-needed": HTTPStatus.PRECONDITION_REQUIRED,
}


def document(
    kind: str, status: int, title: str, detail: str | None = None, *, problems: Iterable[Problem] = (), **more: object
) -> dict[str, object]:
    """A problem document. ``problems`` become ``errors`` with pointer, code, message and nearest valid choices."""
    body: dict[str, object] = {"type": f"{ids.BASE}problem/{kind}", "title": title, "status": int(status)}
    if detail is not None:
        body["detail"] = detail
    errors = [
        {"pointer": one.where, "code": one.code, "message": str(one).removeprefix(f"{one.where}: "), "nearest": one.nearest}
        for one in problems
    ]
    if errors:
        body["errors"] = errors
    return body | more


def body_of(error: SextantError) -> dict[str, object]:
    """``error`` as a problem document."""
    for family, kind, status, title in TYPES:
        if isinstance(error, family):
            if isinstance(error, InputError | ConflictError | ForbiddenError):
                count = len(error.problems)
                detail = f"{count} problem{'s' if count != 1 else ''} found; see 'errors'."
                codes = {_STATUS_BY_CODE[one.code] for one in error.problems if one.code in _STATUS_BY_CODE}
                return document(kind, min(codes, default=status), title, detail, problems=error.problems)
            more: dict[str, Any] = {}
            if isinstance(error, NotFoundError):
                more = {"nearest": error.nearest}
            elif isinstance(error, QueryError):
                more = {"line": error.line, "column": error.column}
            return document(kind, status, title, str(error), **more)
    return document("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed", str(error))


def respond(body: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    """``body`` as a response with the status that it names."""
    try:
        raw = orjson.dumps(body)
    except orjson.JSONEncodeError:  # a lone surrogate that came in through the URL
        raw = orjson.dumps({key: ascii(value) if isinstance(value, str) else value for key, value in body.items()})
    return Response(raw, status_code=int(str(body["status"])), media_type=MEDIA_TYPE, headers=headers)


def _of_validation(error: RequestValidationError) -> Response:
    problems = []
    for one in error.errors():
        place, *path = one["loc"]
        where = "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1")[:60] for part in path)
        if place != "body":
            where = f"{place} parameter {'/'.join(str(part)[:60] for part in path)}"
        problems.append(Problem(where, one["type"].replace("_", "-"), one["msg"]))
    return respond(body_of(InputError(problems)))


def _of_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else None
    kind = {404: "not-found", 405: "method-not-allowed", 406: "not-acceptable"}.get(status, "http")
    detail = error.detail if error.detail != status.phrase else None
    return respond(document(kind, status, status.phrase, detail), headers)


def install(app: FastAPI) -> None:
    """Every error that leaves ``app`` is a problem document from now on; a bug says nothing of its inside."""

    async def sextant(_: Request, error: Exception) -> Response:
        return respond(body_of(error), _headers(error)) if isinstance(error, SextantError) else _bug()

    async def validation(_: Request, error: Exception) -> Response:
        return _of_validation(error) if isinstance(error, RequestValidationError) else _bug()

    async def http(_: Request, error: Exception) -> Response:
        return _of_http(error) if isinstance(error, HTTPException) else _bug()

    async def bug(_request: Request, _error: Exception) -> Response:
        return _bug()

    app.add_exception_handler(SextantError, sextant)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)


def _headers(error: SextantError) -> dict[str, str] | None:
    return {"Retry-After": str(error.retry_after)} if isinstance(error, BusyError) else None


def _bug() -> Response:
    told = "This is a bug; the log says more."
    return respond(document("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed", told))
