"""Evidence of a dossier over HTTP: files, links, notes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from kg_service.dossiers.commands import AddEvidence, WithdrawEvidence
from kg_service.dossiers.model import Dossier, EvidenceKind
from kg_service.dossiers.repository import Answer
from kg_service.dossiers.service import Once
from kg_service.dossiers.shelf import Filed, chunks_of, type_of
from kg_service.dossiers.views import dossier_view
from kg_service.errors import DocumentError, InputError, NotFoundError, Problem, nearest
from kg_service.people.acting import ActorParam
from kg_service.rest.bodies import parse_json, read_bounded, too_large
from kg_service.rest.dossier_changes import (
    NEVER_KEPT,
    RESPONSES,
    DossierId,
    IdempotencyKey,
    IfMatch,
    carry_out,
    etag,
    fingerprint,
    once_of,
    respond,
    seen,
    version_of,
)
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1/dossiers/{dossier_id}", tags=["dossiers"], responses=RESPONSES)
_AROUND: Final = 100_000  # what a form may be larger than the file in it


class Link(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "link", "url": "https://wiki.example/1"}]})

    kind: Literal["link"]
    url: str
    title: str | None = None
    decisions: list[Annotated[int, Field(ge=1, le=6)]] = Field(default_factory=list)


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "note", "text": "Agreed on 3 December."}]})

    kind: Literal["note"]
    text: str
    title: str | None = None
    decisions: list[Annotated[int, Field(ge=1, le=6)]] = Field(default_factory=list)


_EVIDENCE: Final[TypeAdapter[Link | Note]] = TypeAdapter(Annotated[Link | Note, Field(discriminator="kind")])
_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string"},
                        "decisions": {"type": "string", "description": "Numbers, joined by commas."},
                    },
                }
            },
            "application/json": {"schema": {"oneOf": [Link.model_json_schema(), Note.model_json_schema()]}},
        },
    }
}


@router.get("/evidence", summary="Its evidence", response_model=None)
async def evidence(dossier_id: DossierId, services: ServicesParam) -> Response:
    """Files by their hash, links and notes, withdrawn ones too."""
    return await seen(services, dossier_id, None, lambda found, ground: {"items": dossier_view(found, ground)["evidence"]})


@router.post("/evidence", summary="Add evidence", status_code=201, response_model=None, openapi_extra=_FORM)
async def add_evidence(
    dossier_id: DossierId,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """A file (`multipart/form-data`, up to `SEXTANT_EVIDENCE_BYTES`), or a link or a note as JSON."""
    expected = version_of(version)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raw = await read_bounded(request, services.settings.body_bytes)
        command = _said(parse_json(raw))
        return await carry_out(request, services, actor, dossier_id, command, (version, key), status=201, body=raw)
    await run_in_threadpool(services.dossiers.get, dossier_id)
    form = await _form(request, services.settings.evidence_bytes + _AROUND)
    try:
        file, about = _about(form)
        mark = await fingerprint(request, str(about))

        def answer(dossier: Dossier) -> Answer:
            body = orjson.dumps(dossier_view(dossier, services.dossiers.ground())).decode()
            return Answer(201, (("ETag", etag(dossier)),), body)

        def once(filed: Filed) -> Once | None:
            return once_of(key, f"{mark[:32]}{filed.sha256[:32]}", answer)

        def work() -> Answer:
            done = services.dossiers.add_file(actor, dossier_id, chunks_of(file), about, expected, once)
            return done if isinstance(done, Answer) else answer(done)

        return respond(await run_in_threadpool(work))
    finally:
        await form.close()


@router.get("/evidence/{evidence_id}/content", summary="A file of evidence", response_model=None)
async def content(dossier_id: DossierId, evidence_id: str, services: ServicesParam) -> Response:
    """The file as it was given, to be saved."""

    def work() -> Response:
        held = services.dossiers.get(dossier_id).evidence
        found = held.get(evidence_id)
        if found is None or found.sha256 is None:
            files = [one.id for one in held.values() if one.sha256 is not None]
            raise NotFoundError("file of evidence", evidence_id[:80], nearest(evidence_id, files))
        path = services.dossiers.shelf.open(found.sha256)
        return FileResponse(path, media_type=found.media_type, filename=found.name or found.id, headers=NEVER_KEPT)

    return await run_in_threadpool(work)


@router.delete("/evidence/{evidence_id}", summary="Withdraw evidence", response_model=None)
async def withdraw(
    dossier_id: DossierId,
    evidence_id: str,
    request: Request,
    services: ServicesParam,
    actor: ActorParam,
    version: IfMatch = None,
) -> Response:
    """It stays and counts for nothing; signed decisions whose criteria cite it open again."""
    return await carry_out(request, services, actor, dossier_id, WithdrawEvidence(evidence_id), (version, None))


def _said(raw: Any) -> AddEvidence:
    """The link or note that the body holds."""
    try:
        body = _EVIDENCE.validate_python(raw)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
    decisions = tuple(dict.fromkeys(body.decisions))
    if isinstance(body, Link):
        return AddEvidence(EvidenceKind.LINK, body.title or body.url[:200], decisions, url=body.url)
    title = body.title or " ".join(body.text.split())[:60] or "note"
    return AddEvidence(EvidenceKind.NOTE, title, decisions, text=body.text)


class _TooLargeError(MultiPartException):
    """Raised within the parser so that it closes what it opened."""


async def _form(request: Request, most: int) -> FormData:
    """The form, spooled to files that nobody else sees; refused as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdecimal() and int(declared[:20]) > most:
        raise too_large(most)

    async def bounded() -> AsyncGenerator[bytes, None]:
        total = 0
        async for chunk in request.stream():
            total += len(chunk)
            if total > most:
                raise _TooLargeError("too large")
            yield chunk

    parser = MultiPartParser(request.headers, bounded(), max_files=1, max_fields=5, max_part_size=10_000)
    try:
        return await parser.parse()
    except _TooLargeError as error:
        raise too_large(most) from error
    except (MultiPartException, KeyError) as error:
        told = f"this is no form with one file: {getattr(error, 'message', 'its boundary is missing')}"
        raise DocumentError([Problem("/", "not-a-form", told)]) from error


def _about(form: FormData) -> tuple[Any, AddEvidence]:
    """The file of the form, and what the form says of it."""
    problems = []
    file, title, numbers = form.get("file"), form.get("title"), form.get("decisions") or ""
    for name in form:
        if name not in ("file", "title", "decisions"):
            near = nearest(name, ("file", "title", "decisions"))
            problems.append(Problem(f"/{name[:60]}", "unknown-key", "a form has file, title and decisions.", near))
    if not isinstance(file, UploadFile):
        problems.append(Problem("/file", "missing-key", "the form holds no file under 'file'."))
    decisions = []
    for word in str(numbers).split(",") if numbers else ():
        if word.strip() not in tuple("123456"):
            problems.append(Problem("/decisions", "not-a-decision", f"decisions are numbers from 1 to 6, not {word[:20]!r}."))
        else:
            decisions.append(int(word))
    if problems or not isinstance(file, UploadFile):
        raise InputError(problems)
    name = (file.filename or "file").replace("\\", "/").rpartition("/")[2][-200:] or "file"
    kind = type_of(name, file.content_type or "")
    return file.file, AddEvidence(
        EvidenceKind.FILE, str(title or name), tuple(dict.fromkeys(decisions)), name=name, media_type=kind
    )
