"""Questions in plain words over HTTP: the whole answer at once, or as it is found; conversations where they are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from assistant.answering.steps import CitationShown, Done, FactsRead, QuestionBack, Status, Step, VerifiedClaim
from assistant.conversation import to_plain
from assistant.exchange import Asking
from assistant.gate import Run
from assistant.rest.service import AssistantParam, answered, asking_of, begin, next_conversation
from assistant.services import AssistantServices
from assistant.views import DOING, answer_view, citation_view, claim_view, facts_view, question_view, reading_view
from kg_service.errors import SextantError
from kg_service.people.acting import ActorParam
from kg_service.rest.assessments import RESPONSES, DayField
from kg_service.rest.bodies import StrictRoute
from kg_service.rest.problems import MEDIA_TYPE, body_of

router = APIRouter(prefix="/api/v1", tags=["assistant"], route_class=StrictRoute)

EXAMPLE: Final = (
    "We are a German bank and want GPT through a US cloud to help loan officers judge consumer credit applications. What applies?"
)
NO_STORE: Final = {"Cache-Control": "no-store"}
STREAM_HEADERS: Final = {**NO_STORE, "X-Accel-Buffering": "no"}
EVENT_STREAM: Final = "text/event-stream"
HEARTBEAT: Final = b": still at work\n\n"


class AskRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"question": EXAMPLE}]})

    question: Annotated[str, Field(description="A plan or a question, in plain words; up to 200,000 characters.")]
    facts: Annotated[
        dict[str, Any] | None, Field(default=None, description="Answers known already, as in `POST /api/v1/assessments`.")
    ] = None
    as_of: DayField = None
    conversation: Annotated[
        dict[str, Any] | str | None,
        Field(default=None, description="`conversation` of the last answer; its id is enough where conversations are kept."),
    ] = None
    documents: Annotated[
        list[str] | None,
        Field(default=None, description="Texts to look into, such as a description of the plan. Nothing in them is followed."),
    ] = None


AssessmentParam = Annotated[
    Literal["short", "full", "none"],
    Query(description="`short`: the verdict by norm. `full`: as `POST /api/v1/assessments`. `none`: only what the answer says."),
]
_RESPONSES: Final = {
    **RESPONSES,
    503: {"description": "Too many questions at once; try again after `Retry-After` seconds.", "content": {MEDIA_TYPE: {}}},
    504: {"description": "No answer in time.", "content": {MEDIA_TYPE: {}}},
}


@router.post("/ask", summary="A checked answer to a question in plain words", response_model=None, responses=_RESPONSES)
async def ask(body: AskRequest, services: AssistantParam, actor: ActorParam, assessment: AssessmentParam = "short") -> Response:
    """Every sentence cites passages and was checked against the graph; what could not be supported is left out and counted.

    `understood` is what was read from the words, with their places; `facts` are those the verdicts rest on; `next_questions`
    are what to tell next. `conversation` goes back with the next question.
    """
    asking = await run_in_threadpool(asking_of, services, body.model_dump(), actor)
    answer = await answered(services, asking, actor)

    def work() -> Response:
        conversation = next_conversation(services, asking, answer)
        view = answer_view(answer, services.evaluator, assessment) | {"conversation": conversation}
        return Response(orjson.dumps(view), headers=NO_STORE, media_type="application/json")

    return await run_in_threadpool(work)


@router.post("/chat", summary="The same as a stream of events", response_model=None, responses=_RESPONSES)
async def chat(request: Request, body: AskRequest, services: AssistantParam, actor: ActorParam) -> Response:
    """Server-sent events: `status`, `facts`, `question`, `claim`, `citation`, then `done` with what `POST /api/v1/ask` gives.

    Claims are verified before they are sent. The questions in `done` also have the numbers of their sources. `error`, with a
    problem document, is the last event where the answer breaks off. Lines that begin with a colon say that the work goes on.
    """
    asking = await run_in_threadpool(asking_of, services, body.model_dump(), actor)
    run = begin(services, asking, actor)
    return StreamingResponse(_events(request, services, asking, run), headers=STREAM_HEADERS, media_type=EVENT_STREAM)


async def _events(request: Request, services: AssistantServices, asking: Asking, run: Run[Step]) -> AsyncIterator[bytes]:
    try:
        async for step in run.each(request.is_disconnected):
            yield HEARTBEAT if step is None else await run_in_threadpool(_event, services, asking, step)
    except SextantError as error:
        yield event("error", body_of(error))


def _event(services: AssistantServices, asking: Asking, step: Step) -> bytes:
    knowledge = services.knowledge
    match step:
        case Status():
            return event("status", {"stage": step.doing, "text": DOING[step.doing]})
        case FactsRead():
            readings = step.understanding.readings
            view = {
                "facts": facts_view(step.facts, readings, knowledge),
                "understood": [reading_view(reading, knowledge) for reading in readings],
            }
            return event("facts", view)
        case QuestionBack():
            return event("question", question_view(step.question, knowledge) | {"citation": None})
        case VerifiedClaim():
            return event("claim", claim_view(step.claim))
        case CitationShown():
            return event("citation", citation_view(step.citation, knowledge))
        case Done():
            conversation = next_conversation(services, asking, step.answer)
            return event("done", answer_view(step.answer, services.evaluator, "none") | {"conversation": conversation})


def event(name: str, data: object) -> bytes:
    """One server-sent event; JSON holds no line ends, so one line of data is enough."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


@router.get("/conversations/{identifier}", summary="A kept conversation", response_model=None)
def conversation(services: AssistantParam, identifier: str) -> Response:
    """Its facts, its day, its questions and answers; 503 where conversations are not kept."""
    kept = to_plain(services.kept().load(identifier))
    return Response(orjson.dumps(kept), headers=NO_STORE, media_type="application/json")


@router.delete("/conversations/{identifier}", summary="Forget a conversation", status_code=204, response_model=None)
def forget(services: AssistantParam, identifier: str) -> Response:
    """Nothing of it is left but what the audit trail says of its answers."""
    services.kept().delete(identifier)
    return Response(status_code=204)
