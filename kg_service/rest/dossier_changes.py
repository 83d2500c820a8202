"""What all changes of a dossier over HTTP share: the version seen (``If-Match``), the key (``Idempotency-Key``), the answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

import orjson
from fastapi import Header, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kg_service.applicability.facts import parse_day
from kg_service.dossiers.commands import Command, CreateDossier
from kg_service.dossiers.guards import Ground
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.repository import Answer
from kg_service.dossiers.service import Dossiers, Once
from kg_service.dossiers.views import dossier_view
from kg_service.errors import InputError, Problem, VersionError, shown
from kg_service.people.model import Principal
from kg_service.rest.problems import MEDIA_TYPE
from kg_service.services import Services

View = dict[str, Any]
Viewer = Callable[[Dossier, Ground], View]
_TAG: Final = re.compile(r'"([0-9]{1,9})"')
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
NEVER_KEPT: Final = {"Cache-Control": "no-store"}

DossierId = Annotated[str, Path(max_length=80, description="Id of the dossier.", examples=["loans"])]
Number = Annotated[int, Path(ge=1, le=6, description="One of the six decisions.", examples=[2])]
AsOfParam = Annotated[
    str | None, Query(description="As it will stand on that day, with the law as it is known now.", examples=["2027-12-03"])
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description='The `ETag` of the dossier as you saw it (`"3"`); `*` for whatever it is now.'),
]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="The same key with the same request is carried out once in 24 hours."),
]
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    code: {"description": text, "content": {MEDIA_TYPE: {}}}
    for code, text in {
        403: "This is not yours to do.",
        404: "There is no such dossier, or no such part of it.",
        409: "Its state does not allow this; `errors` says what to do first.",
        412: "Somebody changed it meanwhile.",
        413: "Too large.",
        422: "The input is wrong; `errors` says where.",
        428: "`If-Match` is missing.",
    }.items()
}


def etag(dossier: Dossier) -> str:
    """The version, quoted."""
    return f'"{dossier.version}"'


def version_of(given: str | None) -> int | None:
    """The version that ``If-Match`` names; None for ``*``.

    Raises:
        VersionError: where it is missing.
        InputError: where it is no version of a dossier.
    """
    if given is None:
        told = "send the ETag of the dossier as you saw it as If-Match, so that no one's change is lost."
        raise VersionError([Problem("header If-Match", "version-needed", told)])
    if given.strip() == "*":
        return None
    found = _TAG.fullmatch(given.strip())
    if found is None:
        told = f"If-Match is one ETag of a dossier, a number in quotes, not {shown(given)}."
        raise InputError([Problem("header If-Match", "not-a-version", told)])
    return int(found[1])


def ground_of(dossiers: Dossiers, as_of: str | None) -> tuple[Ground, date | None]:
    """What the dossier is looked at by, and the day asked for."""
    day = None if as_of is None else parse_day(as_of, "query parameter as_of")
    return dossiers.ground(day), day


async def fingerprint(request: Request, *more: str) -> str:
    """What the request asks, as a hash: method, address and body (or what stands for it)."""
    total = hashlib.sha256()
    body = b"" if more else await request.body()
    for part in (
        request.method.encode(),
        str(request.url.path).encode(),
        request.url.query.encode(),
        body,
        *map(str.encode, more),
    ):
        total.update(b"%d " % len(part))
        total.update(part)
    return total.hexdigest()


def once_of(key: str | None, fingerprint: str, answer: Callable[[Dossier], Answer]) -> Once | None:
    """How the request is carried out once; None where it carries no key.

    Raises:
        InputError: where the key is none.
    """
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        told = "a key has 1 to 200 printable ASCII characters without spaces."
        raise InputError([Problem("header Idempotency-Key", "not-a-key", told)])
    return Once(key, fingerprint, answer)


async def carry_out(
    request: Request,
    services: Services,
    actor: Principal,
    dossier_id: str,
    command: Command,
    headers: tuple[str | None, str | None],
    view: Viewer = dossier_view,
    status: int = 200,
    body: bytes | None = None,
) -> Response:
    """The answer to a change: the dossier (or what ``view`` shows of it) as it is now, with its new ``ETag``.

    Args:
        body: of the request, where it was read already.
    """
    dossiers = services.dossiers
    expected, mark = version_of(headers[0]), await fingerprint(request, *([] if body is None else [body.decode("latin-1")]))

    def answer(dossier: Dossier) -> Answer:
        content = orjson.dumps(view(dossier, dossiers.ground()), option=orjson.OPT_NON_STR_KEYS).decode()
        return Answer(status, (("ETag", etag(dossier)),), content)

    def work() -> Answer:
        done = dossiers.change(actor, dossier_id, command, expected, once_of(headers[1], mark, answer))
        return done if isinstance(done, Answer) else answer(done)

    return respond(await run_in_threadpool(work))


async def carry_out_creation(
    request: Request, services: Services, actor: Principal, command: CreateDossier, key: str | None
) -> Response:
    """The answer to a new dossier, with where it is."""
    dossiers, mark = services.dossiers, await fingerprint(request)

    def answer(dossier: Dossier) -> Answer:
        body = orjson.dumps(dossier_view(dossier, dossiers.ground())).decode()
        return Answer(201, (("ETag", etag(dossier)), ("Location", f"/api/v1/dossiers/{dossier.id}")), body)

    def work() -> Answer:
        done = dossiers.create(actor, command, once_of(key, mark, answer))
        return done if isinstance(done, Answer) else answer(done)

    return respond(await run_in_threadpool(work))


def respond(answer: Answer) -> Response:
    """``answer`` as a response."""
    return Response(answer.body, answer.status, {**NEVER_KEPT, **dict(answer.headers)}, "application/json")


async def seen(services: Services, dossier_id: str, as_of: str | None, view: Callable[[Dossier, Ground], Any]) -> Response:
    """What ``view`` shows of the dossier, with its ``ETag``."""

    def work() -> Response:
        dossier, ground = look(services.dossiers, dossier_id, as_of)
        body = orjson.dumps(view(dossier, ground), option=orjson.OPT_NON_STR_KEYS)
        return Response(body, headers={**NEVER_KEPT, "ETag": etag(dossier)}, media_type="application/json")

    return await run_in_threadpool(work)


def look(dossiers: Dossiers, dossier_id: str, as_of: str | None) -> tuple[Dossier, Ground]:
    """The dossier as it stands now, or as it will on that day, and what it is judged by."""
    ground, _ = ground_of(dossiers, as_of)
    return dossiers.seen(dossier_id, ground, elsewhen=as_of is not None), ground
