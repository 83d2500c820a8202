"""The audit trail over HTTP: read, export, verify, replay, erase."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from kg_service.audit.assessments import replay
from kg_service.audit.chain import moment
from kg_service.audit.elsewhere import everywhere
from kg_service.audit.erasing import MOST_REASON, erase
from kg_service.audit.export import checkpoint_lines, lines
from kg_service.audit.journal import events, get, head, notes_of
from kg_service.audit.keys import open_signer
from kg_service.audit.opening import code_version, second_place
from kg_service.audit.verify import verify
from kg_service.audit.views import event_view, verified_view
from kg_service.people.acting import ActorParam
from kg_service.rest.assessments import RESPONSES
from kg_service.rest.bodies import StrictRoute
from kg_service.rest.paging import MAX_PAGE
from kg_service.services import Services, ServicesParam

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], route_class=StrictRoute)
SeqParam = Annotated[int, Path(ge=1, le=2**53, description="The number of an event.")]
_FRESH = {"Cache-Control": "no-store"}
_LINES = "application/x-ndjson"


class Erasure(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"fields": ["reason"], "reason": "asked for"}]})

    fields: Annotated[list[str], Field(default_factory=list, description="Notes by name; all of the event where empty.")]
    reason: Annotated[str, Field(min_length=1, max_length=MOST_REASON, description="Why; a note of the event that tells of it.")]


@router.get("", summary="Where the trail stands", response_model=None)
def standing(services: ServicesParam) -> Response:
    """The last event of the chain, and the versions that stand in the events of this service."""
    with services.database.reading() as connection:
        found = head(connection)
    versions = services.journal.versions
    body = {
        "events": found.seq,
        "head": found.hash,
        "at": None if found.at is None else moment(found.at),
        "knowledge_version": versions.knowledge,
        "code_version": versions.code,
    }
    return JSONResponse(body, headers=_FRESH)


@router.get("/events", summary="Events", response_model=None)
def listed(
    services: ServicesParam,
    after: Annotated[int, Query(ge=0, le=2**53, description="Begin behind this event.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    subject: Annotated[str | None, Query(max_length=400, description="`dossier/ID`, and what lies under it.")] = None,
    action: Annotated[str | None, Query(max_length=64, description="Such as `assessment.run`.")] = None,
    actor: Annotated[str | None, Query(max_length=400, description="The id of who did it.")] = None,
    newest: Annotated[bool, Query(description="The last ones, the newest first; `after` does not count then.")] = False,
) -> Response:
    """Events in the order of the chain. `next_after` is the `after` of the next page, null where there is none."""
    with services.database.reading() as connection:
        found = list(
            events(
                connection,
                after=0 if newest else after,
                limit=limit + 1,
                subject=subject,
                action=action,
                actor=actor,
                newest=newest,
            )
        )
    more = len(found) > limit and not newest
    body = {"items": [event_view(event) for event in found[:limit]], "next_after": found[limit - 1].seq if more else None}
    return JSONResponse(body, headers=_FRESH)


@router.get("/events/{seq}", summary="One event with its notes", response_model=None)
def one(seq: SeqParam, services: ServicesParam) -> Response:
    """The event, with the texts of its notes; null where a text was erased."""
    with services.database.reading() as connection:
        view = event_view(get(connection, seq), notes_of(connection, seq))
    return JSONResponse(view, headers=_FRESH)


@router.post("/events/{seq}/replays", summary="Run a past assessment again", response_model=None, responses=RESPONSES)
def replayed(seq: SeqParam, services: ServicesParam) -> Response:
    """Whether the assessment of that event, run again with the present knowledge and code, gives the same bytes."""
    with services.database.reading() as connection:
        event = get(connection, seq)
    found = replay(services.evaluator, event, code_version())
    body: dict[str, Any] = {
        "seq": seq,
        "same": found.is_same,
        "same_verdicts": found.same_verdicts,
        "same_body": found.same_body,
        "knowledge_version": {"then": found.knowledge_then, "now": found.knowledge_now},
        "code_version": {"then": found.code_then, "now": found.code_now},
    }
    return JSONResponse(body, headers=_FRESH)


@router.post("/events/{seq}/erasures", summary="Erase notes", status_code=201, response_model=None, responses=RESPONSES)
def erased(seq: SeqParam, body: Erasure, services: ServicesParam, actor: ActorParam) -> Response:
    """The texts are gone for good, the chain is whole, and the event that is returned says who erased what."""
    event = erase(services.journal, actor, seq, body.fields, body.reason, everywhere(services.settings.data))
    services.dossier_graphs.catch_up()
    services.deployments.all()  # it looks what changed
    return JSONResponse(event_view(event), 201, _FRESH)


@router.post("/verifications", summary="Verify the trail", response_model=None)
def verified(services: ServicesParam) -> Response:
    """Every link, note and checkpoint is looked at; `whole`, or the flaws with the number of the event, the first one first."""
    with services.database.reading() as connection:
        found = verify(connection, second_place(services.settings), [open_signer(services.settings.data).public])
    return JSONResponse(verified_view(found), headers=_FRESH)


@router.get("/export", summary="The whole trail", response_model=None)
def export(
    services: ServicesParam, notes: Annotated[bool, Query(description="With the texts of notes, or without any.")] = True
) -> Response:
    """A line of canonical JSON for each event, as the verifier of `GET /api/v1/audit/verifier` reads it."""
    return StreamingResponse(_exported(services, notes), media_type=_LINES, headers=_FRESH)


@router.get("/checkpoints", summary="Checkpoints", response_model=None)
def checkpoints(services: ServicesParam) -> Response:
    """Every signed checkpoint, of the second place and of the database, a line each."""
    with services.database.reading() as connection:
        content = b"".join(checkpoint_lines(connection, second_place(services.settings)))
    return Response(content, media_type=_LINES, headers=_FRESH)


@router.get("/key", summary="The public key", response_model=None)
def key(services: ServicesParam) -> Response:
    """The Ed25519 key whose other half signs the checkpoints of this service."""
    return PlainTextResponse(f"{open_signer(services.settings.data).public}\n", headers=_FRESH)


@router.get("/verifier", summary="The verifier that stands alone", response_model=None)
def verifier() -> Response:
    """One file of plain Python that needs nothing of ours: `python3 verify.py TRAIL.jsonl CHECKPOINTS.jsonl --key KEY`."""
    text = (files("kg_service.audit") / "standalone.py").read_text(encoding="utf-8")
    return PlainTextResponse(text, media_type="text/x-python", headers=_FRESH)


def _exported(services: Services, notes: bool) -> Iterator[bytes]:
    with services.database.reading() as connection:
        yield from lines(connection, notes=notes)
