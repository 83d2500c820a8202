"""Reading request bodies safely: bounded in bytes and depth, strict JSON, no NaN, no lone surrogates, no repeated work."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

import orjson
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kg_service.errors import DocumentError, Problem

MAX_DEPTH: Final = 32
_IN_MEMORY: Final = 4_000_000


def parse_json(raw: bytes, at: str = "/") -> Any:
    """The value that ``raw`` holds.

    Raises:
        DocumentError: where it is no strict JSON (RFC 8259) or nested deeper than 32 levels; says where.
    """
    if _deeper_than(raw, MAX_DEPTH):
        raise DocumentError([Problem(at, "too-deep", f"the JSON is nested deeper than {MAX_DEPTH} levels.")])
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise DocumentError([Problem(at, "not-json", f"this is no JSON: {error.msg.split(':')[0]} ({where}).")]) from error


def _deeper_than(raw: bytes, limit: int) -> bool:
    """Whether brackets outside strings nest deeper than ``limit``; one pass, without recursion."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return False
    depth = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


async def read_bounded(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        DocumentError: as soon as it is known to exceed ``limit`` bytes.
    """
    _check_size(_declared(request), limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        _check_size(len(body), limit)
    return bytes(body)


def too_large(limit: int) -> DocumentError:
    return DocumentError([Problem("/", "too-large", f"the body is larger than the {limit:,} bytes that are read.")])


def _declared(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared[:20]) if declared.isascii() and declared.isdecimal() else 0


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise too_large(limit)


async def spooled(request: Request, limit: int) -> IO[bytes]:
    """The whole body in a file that nobody else sees, in memory while it is small, read from its start; the caller closes it.

    A client that sends all before it reads is thus never waited for by us while it waits for us.

    Raises:
        DocumentError: as soon as the body is known to exceed ``limit`` bytes.
    """
    _check_size(_declared(request), limit)
    spool: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    total = 0
    try:
        async for chunk in request.stream():
            total += len(chunk)
            _check_size(total, limit)
            if total < _IN_MEMORY:
                spool.write(chunk)
            else:
                await run_in_threadpool(spool.write, chunk)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return spool


def some_lines(spool: IO[bytes], count: int, line_limit: int) -> list[bytes]:
    """The next ``count`` lines that are not blank, fewer at the end.

    Raises:
        DocumentError: where a line is longer than ``line_limit`` bytes.
    """
    found: list[bytes] = []
    while len(found) < count and (line := spool.readline(line_limit + 1)):
        if len(line) > line_limit:
            raise too_large(line_limit)
        if line.strip():
            found.append(line)
    return found


class _StrictRequest(Request):
    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await read_bounded(self, self.app.state.services.settings.body_bytes)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose body is read by :func:`parse_json` within the limit of the settings."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            own = _StrictRequest(request.scope, request.receive)
            if await own.body():
                await own.json()  # here, so that what is wrong with it is said in our words
            return await handler(own)

        return strict
