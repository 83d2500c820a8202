"""The endpoint over HTTP: ``/sparql`` and ``/.well-known/void``. Thin: the request goes in, what comes back goes out.

Every answer, an error too, may be read by pages of the origins that the settings name (CORS), and never with credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from kg_service.errors import BusyError, SextantError, UnavailableError
from kg_service.rest import problems
from kg_service.rest.bodies import read_bounded
from kg_service.rest.origins import ALL, allowed
from kg_service.services import Services, services_of
from kg_service.sparql import description, negotiate
from kg_service.sparql import request as protocol
from kg_service.sparql.refusal import Refusal
from kg_service.sparql.service import SparqlService
from kg_service.web.rendering import render

T = TypeVar("T")
router = APIRouter(include_in_schema=False)
_READING: Final = ["GET", "HEAD", "OPTIONS"]
_EXPOSED: Final = "ETag, Link, Retry-After, Content-Disposition"
_WATCH_AFTER: Final = 0.05
_FIRST_QUERY: Final = """\
PREFIX sx: <https://w3id.org/sextant/def/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?norm ?label WHERE {
  ?norm a sx:Duty ; skos:prefLabel ?label .
}
ORDER BY ?norm
LIMIT 20
"""


def endpoint_of(request: HttpRequest) -> SparqlService:
    """The endpoint of the application that answers ``request``."""
    service = getattr(request.app.state, "sparql", None)
    if not isinstance(service, SparqlService):
        raise UnavailableError("the SPARQL endpoint has not been started.")
    return service


async def sparql(request: HttpRequest) -> Response:
    """SPARQL 1.1 Protocol, query operation; without a query, what the endpoint is."""
    services = services_of(request)
    return await _open(request, services, lambda: _sparql(request, services))


async def void(request: HttpRequest) -> Response:
    """VoID and DCAT of the data set."""
    services = services_of(request)
    return await _open(request, services, lambda: _void(request, services))


for _path in ("/sparql", "/sparql/"):
    router.add_route(_path, sparql, methods=[*_READING, "POST"])
router.add_route("/.well-known/void", void, methods=_READING)


async def _sparql(request: HttpRequest, services: Services) -> Response:
    body = b""
    if request.method == "POST":
        body = await read_bounded(request, 4 * services.settings.query_bytes)
    headers = request.headers
    parts = protocol.Parts(request.method, request.scope["query_string"], headers.get("content-type"), body)
    asked = protocol.parse(parts)
    if isinstance(asked, Refusal):
        return _refused(asked)
    if isinstance(asked, protocol.Describe):
        return await _described(request, services, asked.format)
    endpoint = endpoint_of(request)
    accept, base = headers.get("accept"), f"{_base(request)}/sparql"
    wanted = headers.get("if-none-match")
    if wanted and request.method != "POST":
        etag = endpoint.etag(asked, accept, base)
        if etag is not None and _has(wanted, etag):
            return Response(status_code=304, headers=_caching(etag))
    answer = await _unless_left(request, endpoint.run(asked, accept, base))
    if isinstance(answer, Refusal):
        return _refused(answer)
    told = _caching(answer.etag if request.method != "POST" else None)
    if answer.format is negotiate.XLSX:
        told["Content-Disposition"] = 'attachment; filename="answer.xlsx"'
    return Response(answer.body, headers={**told, "Content-Type": answer.format.content_type})


async def _described(request: HttpRequest, services: Services, wanted: str | None) -> Response:
    chosen = negotiate.choose((*description.OFFERED, negotiate.HTML), request.headers.get("accept"), wanted)
    if isinstance(chosen, Refusal):
        return _refused(chosen)
    if chosen is negotiate.HTML:
        page = render(
            "sparql.html",
            version=services.knowledge.version,
            query=_FIRST_QUERY,
            tables=negotiate.TABLES,
            graphs=negotiate.GRAPHS,
            seconds=services.settings.query_seconds,
        )
        return Response(page, media_type="text/html", headers=_caching(None))
    seconds = services.settings.query_seconds
    triples = await run_in_threadpool(description.service_description, services.store, f"{_base(request)}/sparql", seconds)
    return Response(description.written(triples, chosen), headers={**_caching(None), "Content-Type": chosen.content_type})


async def _void(request: HttpRequest, services: Services) -> Response:
    chosen = negotiate.choose(description.OFFERED, request.headers.get("accept"), request.query_params.get("format"))
    if isinstance(chosen, Refusal):
        return _refused(chosen)
    seconds = services.settings.query_seconds
    triples = await run_in_threadpool(description.dataset_description, services.store, _base(request), seconds)
    return Response(description.written(triples, chosen), headers={**_caching(None), "Content-Type": chosen.content_type})


async def _open(request: HttpRequest, services: Services, work: Callable[[], Awaitable[Response]]) -> Response:
    """What ``work`` gives, an error as a problem document; readable from other origins where the settings say so."""
    if request.method == "OPTIONS":
        response = Response(status_code=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})
    else:
        try:
            response = await work()
        except BusyError as error:
            response = problems.respond(problems.body_of(error), {"Retry-After": str(error.retry_after)})
        except SextantError as error:
            response = problems.respond(problems.body_of(error))
    origins = services.settings.query_origins
    if origins != ALL:
        response.headers.add_vary_header("Origin")
    reader = allowed(origins, request.headers.get("origin"))
    if reader is not None:
        response.headers["Access-Control-Allow-Origin"] = reader
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type, If-None-Match"
            response.headers["Access-Control-Max-Age"] = "86400"
    return response


async def _unless_left(request: HttpRequest, work: Awaitable[T]) -> T:
    """What ``work`` gives; it is stopped when the client leaves before."""
    asker = asyncio.current_task()
    watches: list[asyncio.Task[None]] = []
    left = False

    async def watch() -> None:
        nonlocal left
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left = True
        if asker is not None:
            asker.cancel()

    loop = asyncio.get_running_loop()
    timer = loop.call_later(_WATCH_AFTER, lambda: watches.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if left and asker is not None and asker.uncancel() == 0:
            raise BusyError("The client left before the answer was there.", 1) from None
        raise
    finally:
        timer.cancel()
        for one in watches:
            one.cancel()


def _refused(refusal: Refusal) -> Response:
    body = problems.document(refusal.kind, refusal.status, refusal.title, refusal.detail) | dict(refusal.more)
    return problems.respond(body, {"Vary": "Accept", **refusal.headers})


def _caching(etag: str | None) -> dict[str, str]:
    headers = {"Vary": "Accept", "Cache-Control": "no-cache" if etag else "no-store"}
    return {**headers, "ETag": etag} if etag else headers


def _has(given: str, etag: str) -> bool:
    return any(one.strip().removeprefix("W/") == etag for one in given.split(",")[:100])


def _base(request: HttpRequest) -> str:
    """The address of this service as the client sees it, without a slash at the end."""
    return str(request.base_url).rstrip("/")
