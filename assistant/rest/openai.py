"""The assistant behind OpenAI's interface, so that chat programs which speak it can connect. Its model is called ``sextant``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import orjson
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse

from assistant.answering.steps import Done, Step, VerifiedClaim
from assistant.exchange import MOST_TURNS, Asking, parse_question
from assistant.gate import Run
from assistant.markdown import Writer, closing, markdown
from assistant.rest.ask import EVENT_STREAM, HEARTBEAT, NO_STORE, STREAM_HEADERS
from assistant.rest.completions import (
    MODEL,
    Chunks,
    Request,
    completion_view,
    error_view,
    model_view,
    models_view,
    parse_request,
    url_citations,
)
from assistant.rest.service import AssistantParam, answered, begin
from assistant.services import AssistantServices, replayed
from kg_service.errors import BusyError, NotFoundError, SextantError
from kg_service.people.acting import ActorParam
from kg_service.rest.bodies import parse_json, read_bounded

_END: Final = b"data: [DONE]\n\n"
_CREATED: Final = 1_764_000_000  # OpenAI's clients want a time of making; it says nothing


class OpenAiRoute(APIRoute):
    """A route whose errors have OpenAI's shape."""

    def get_route_handler(self) -> Callable[[HttpRequest], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def told(request: HttpRequest) -> Response:
            try:
                return await handler(request)
            except SextantError as error:
                status, view = error_view(error)
                wait = {"Retry-After": str(error.retry_after)} if isinstance(error, BusyError) else {}
                return Response(orjson.dumps(view), status, {**NO_STORE, **wait}, media_type="application/json")

        return told


router = APIRouter(prefix="/v1", tags=["assistant"], route_class=OpenAiRoute)


@router.get("/models", summary="The one model, as OpenAI lists models", response_model=None)
def models() -> Response:
    return Response(orjson.dumps(models_view(_CREATED)), media_type="application/json")


@router.get("/models/{name}", summary="The model", response_model=None)
def model(name: str) -> Response:
    if name != MODEL:
        raise NotFoundError("model", name[:100], (MODEL,))
    return Response(orjson.dumps(model_view(_CREATED)), media_type="application/json")


@router.post(
    "/chat/completions",
    summary="Chat completions, as OpenAI's",
    response_model=None,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"example": {"model": MODEL, "messages": [{"role": "user", "content": "What is DORA?"}]}}
            },
        }
    },
)
async def completions(request: HttpRequest, services: AssistantParam, actor: ActorParam) -> Response:
    """The last message of the user is the question, the earlier ones are the conversation. Messages of other roles are not used.

    Sources are `url_citation` annotations. With `stream` verified sentences are sent, never raw words of a model.
    """
    raw = parse_json(await read_bounded(request, services.settings.body_bytes))
    asked = parse_request(raw)
    asking = await run_in_threadpool(_asking, asked, services)
    if asked.stream:
        run = begin(services, asking, actor)
        return StreamingResponse(_chunks(request, asked, run, services), headers=STREAM_HEADERS, media_type=EVENT_STREAM)
    answer = await answered(services, asking, actor)
    view = completion_view(asked, markdown(answer, services.knowledge), answer)
    return Response(orjson.dumps(view), headers=NO_STORE, media_type="application/json")


def _asking(asked: Request, services: AssistantServices) -> Asking:
    *earlier, last = asked.questions
    before = tuple(parse_question(text, "messages") for text in earlier[-MOST_TURNS:])
    question = parse_question(last, "messages")
    return Asking(question, conversation=replayed(before, services.reader, services.knowledge) if before else None)


async def _chunks(request: HttpRequest, asked: Request, run: Run[Step], services: AssistantServices) -> AsyncIterator[bytes]:
    chunks, writer = Chunks(asked.usage_at_end), Writer()
    yield _data(chunks.delta(role="assistant", content=""))
    try:
        async for step in run.each(request.is_disconnected):
            if step is None:
                yield HEARTBEAT
            elif isinstance(step, VerifiedClaim):
                yield _data(chunks.delta(content=writer.claim(step.claim)))
            elif isinstance(step, Done):
                rest = closing(step.answer, services.knowledge, spoken=writer.text != "")
                text = writer.text + rest
                yield _data(chunks.delta(content=rest))
                yield _data(chunks.delta(annotations=url_citations(text, step.answer)))
                yield _data(chunks.delta("stop"))
                if asked.usage_at_end:
                    yield _data(chunks.usage(asked, text))
    except SextantError as error:
        yield _data(error_view(error)[1])
    yield _END


def _data(view: object) -> bytes:
    return b"data: " + orjson.dumps(view) + b"\n\n"
