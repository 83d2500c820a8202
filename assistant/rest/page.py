"""The page ``/ask``: a form that works without scripts; with its script the same parts come as a stream."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from assistant.answering.steps import CitationShown, Done, FactsRead, QuestionBack, Status, Step, VerifiedClaim
from assistant.exchange import Asking
from assistant.gate import Run
from assistant.model import Answer
from assistant.rest.ask import EVENT_STREAM, EXAMPLE, HEARTBEAT, STREAM_HEADERS, event
from assistant.rest.service import AssistantParam, answered, asking_of, begin, next_conversation
from assistant.services import AssistantServices
from assistant.views import DOING, answer_view, citation_view, claim_view, facts_view, path_of, reading_view
from kg_service.errors import InputError, Problem, SextantError
from kg_service.model import FactId
from kg_service.people.acting import ActorParam
from kg_service.people.model import Principal
from kg_service.rest.assessments import today
from kg_service.rest.bodies import read_bounded
from kg_service.rest.problems import body_of

router = APIRouter(include_in_schema=False)

EXAMPLES: Final = (
    EXAMPLE,
    "A French insurer wants to use an open model on its own servers to triage motor claims. What changes in 2027?",
    "Does fraud detection fall under Annex III of the AI Act?",
)
AFTER_A_CHANGE: Final = "What applies?"
_MOST_FIELDS: Final = 300
# Stricter than the rest of the service: no script and no style that stands in the page.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}


def _environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader([PackageLoader("assistant.rest"), PackageLoader("kg_service.web")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"own_path": path_of, "answer_value": _answer_value}
    return made


def _answer_value(reading: Mapping[str, Any]) -> str:
    value = reading["value"]
    words = value if isinstance(value, list) else ["true" if value is True else "false" if value is False else str(value)]
    return f"{reading['fact']}={','.join(words)}"


_TEMPLATES: Final = _environment()
_PARTS: Final[Any] = _TEMPLATES.get_template("ask_parts.html").module


@router.get("/ask")
async def page(services: AssistantParam, question: str = "") -> Response:
    """The empty form, or with a question to send."""
    return HTMLResponse(_page(services, question=question[:2_000]), headers=_HEADERS)


@router.post("/ask")
async def post(request: Request, services: AssistantParam, actor: ActorParam) -> Response:
    """The answer as a page, or as a stream of its parts where the client asks for events."""
    streaming = EVENT_STREAM in request.headers.get("accept", "")
    fields = _fields(await read_bounded(request, services.settings.body_bytes))
    try:
        asking, shown = await run_in_threadpool(_asking, services, fields, actor)
        if streaming:
            run = begin(services, asking, actor)
            return StreamingResponse(_events(request, services, asking, run), headers=STREAM_HEADERS, media_type=EVENT_STREAM)
        answer = await answered(services, asking, actor)
        turn = await run_in_threadpool(_turn, services, asking, answer, shown)
    except SextantError as error:
        if streaming:
            raise
        return _refused(services, fields, error)
    return HTMLResponse(_page(services, turn=turn, as_of=fields.get("as_of", [""])[0], state=turn["state"]), headers=_HEADERS)


def _page(services: AssistantServices, **values: object) -> str:
    given = {"question": "", "as_of": "", "state": "", "turn": None, "problem": (), **values}
    template = _TEMPLATES.get_template("ask.html")
    return template.render(
        version=services.knowledge.version, today=today().isoformat(), model=services.model, examples=EXAMPLES, **given
    )


def _refused(services: AssistantServices, fields: Mapping[str, list[str]], error: SextantError) -> Response:
    problems = [str(one).split(": ", 1)[-1] for one in error.problems] if isinstance(error, InputError) else [str(error)]
    shown = {"question": "".join(fields.get("question", [])), "state": "".join(fields.get("conversation", []))}
    body = _page(services, problem=[one[:1].upper() + one[1:] for one in problems], **shown)
    return HTMLResponse(body, int(str(body_of(error)["status"])), headers=_HEADERS)


def _fields(body: bytes) -> dict[str, list[str]]:
    """The fields of a form, each with all its values.

    Raises:
        InputError: where it is no form.
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise InputError([Problem("/", "not-a-form", "the body is no form with text in UTF-8.")]) from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _asking(services: AssistantServices, fields: Mapping[str, list[str]], actor: Principal) -> tuple[Asking, str]:
    """What a form asks, and how it is shown as the user's turn."""

    def one(name: str) -> str:
        return fields.get(name, [""])[0].strip()

    raw: dict[str, Any] = {"question": one("question"), "as_of": one("as_of") or None}
    if one("conversation"):
        try:
            raw["conversation"] = orjson.loads(one("conversation"))
        except orjson.JSONDecodeError as error:
            raise InputError([Problem("/conversation", "not-json", "the conversation of the form was changed.")]) from error
    change = _change(services, fields)
    if change is None:
        return asking_of(services, raw, actor), raw["question"]
    fact, value = change
    state = dict(raw.get("conversation") or {})
    facts = dict(state.get("facts") or {})
    facts.pop(fact, None)
    if value is not None:
        facts[fact] = value
    raw |= {"question": AFTER_A_CHANGE, "conversation": state | {"facts": facts}}
    asking = asking_of(services, raw, actor)
    known = services.knowledge.facts.get(FactId(fact))
    label = fact if known is None else known.labels.label
    shown = ", ".join(value) or "none of these" if isinstance(value, list) else "removed" if value is None else str(value)
    return asking, f"{label}: {shown}"


def _change(services: AssistantServices, fields: Mapping[str, list[str]]) -> tuple[str, Any] | None:
    """The fact that a button of the form sets or (None) removes."""
    for name in fields.get("remove", []):
        return name, None
    for pair in fields.get("set", []):
        name, _, value = pair.partition("=")
        return name, _typed(services, name, value.split(","))
    for name in fields.get("none", []):
        return name, []
    for name in fields.get("answer", []):
        return name, _typed(services, name, [one.strip() for one in fields.get(f"q.{name}", []) if one.strip()])
    return None


def _typed(services: AssistantServices, name: str, words: list[str]) -> object:
    if not words:
        raise InputError([Problem(f"/facts/{name[:60]}", "empty", "choose or write an answer first.")])
    fact = services.knowledge.facts.get(FactId(name))
    return words if fact is not None and fact.kind == "terms" else words[0]


def _turn(services: AssistantServices, asking: Asking, answer: Answer, shown: str) -> dict[str, Any]:
    state = _kept(next_conversation(services, asking, answer))
    return {"asked": shown, "view": answer_view(answer, services.evaluator, "none"), "state": state, "id": _turn_id()}


def _kept(conversation: Mapping[str, Any]) -> str:
    return orjson.dumps(conversation).decode()


def _turn_id() -> str:
    return secrets.token_hex(4)


async def _events(request: Request, services: AssistantServices, asking: Asking, run: Run[Step]) -> AsyncIterator[bytes]:
    turn = _Stream(services, asking)
    try:
        async for step in run.each(request.is_disconnected):
            if part := HEARTBEAT if step is None else await run_in_threadpool(turn.event, step):
                yield part
    except SextantError as error:
        yield event("problem", {"text": str(error)})


class _Stream:
    """Makes the parts of one turn out of the steps of its answer."""

    def __init__(self, services: AssistantServices, asking: Asking) -> None:
        self._services, self._asking = services, asking
        self._turn = _turn_id()
        self._heading: str | None = None
        self._begun: set[str] = set()

    def event(self, step: Step) -> bytes:
        knowledge, parts = self._services.knowledge, _PARTS
        match step:
            case Status():
                return event("status", {"text": DOING[step.doing]})
            case FactsRead():
                readings = step.understanding.readings
                facts = facts_view(step.facts, readings, knowledge)
                return self._part("facts", parts.chips(facts, [reading_view(one, knowledge) for one in readings]))
            case VerifiedClaim():
                heading = step.claim.heading if step.claim.heading != self._heading else None
                self._heading = step.claim.heading
                return self._part("claims", parts.claim(claim_view(step.claim), self._turn, heading))
            case CitationShown():
                return self._part("sources", parts.citation(citation_view(step.citation, knowledge), self._turn))
            case QuestionBack():
                return b""  # told at the end, when the numbers of the sources are known
            case Done():
                state = _kept(next_conversation(self._services, self._asking, step.answer))
                view = answer_view(step.answer, self._services.evaluator, "none")
                asked = "".join(str(parts.question(one, self._turn)) for one in view["next_questions"])
                finish = str(parts.finish(view, state, self._turn)) + str(parts.hidden(state))
                last = event("done", {"place": "finish", "html": finish, "conversation": state})
                return (self._part("questions", asked, "To settle more, it asks") if asked else b"") + last

    def _part(self, place: str, html: object, title: str | None = None) -> bytes:
        lead = f"<h3>{title}</h3>" if title and place not in self._begun else ""
        self._begun.add(place)
        return event("part", {"place": place, "html": f"{lead}{html}"})
