"""Assessments, comparisons, differences and questions over HTTP. The evaluator runs in a worker thread, off the event loop."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kg_service import ids
from kg_service.applicability.compare import compare, diff
from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT, Status
from kg_service.applicability.facts import Facts, parse_day, parse_facts
from kg_service.applicability.portfolio import assess_all
from kg_service.applicability.questions import next_questions
from kg_service.audit.assessments import Asked, draft_of
from kg_service.audit.assessments import body_of as body_of_assessment
from kg_service.deployments.record import StoredDeployment, parse_name
from kg_service.errors import DocumentError, InputError, Problem
from kg_service.people.acting import ActorParam
from kg_service.rest.bodies import StrictRoute, parse_json, some_lines, spooled
from kg_service.rest.problems import MEDIA_TYPE, body_of
from kg_service.rest.views import View, comparison_view, difference_view, question_view
from kg_service.services import Services, ServicesParam
from kg_service.texts.quotes import with_quotes
from kg_service.texts.views import with_policies

router = APIRouter(prefix="/api/v1", tags=["assessments"], route_class=StrictRoute)
streams = APIRouter(prefix="/api/v1", tags=["assessments"])

BATCH_LINES = 256
MAX_OPTIONS = 32

EU_CREDIT: dict[str, Any] = {
    "established_in": ["de"],
    "persons_in": ["de"],
    "institution": ["credit_institution"],
    "use_case": ["credit_scoring"],
    "product": ["consumer_credit"],
    "affected": ["consumer"],
    "technology": ["generative_ai"],
    "data": ["personal", "customer_financial"],
    "automation": "human_decides_with_advice",
    "model_source": "proprietary_api",
    "hosting": "public_cloud",
    "stage": "procurement",
}

FactsField = Annotated[
    dict[str, Any],
    Field(
        description="Answers by fact (`GET /api/v1/facts`). An absent fact is unanswered; an empty list says 'none of these'.",
        examples=[EU_CREDIT],
    ),
]
DayField = Annotated[
    str | None,
    Field(default=None, description="The day asked about, `YYYY-MM-DD`; today (UTC) where absent.", examples=["2026-11-23"]),
]


class AssessmentRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"facts": dict(EU_CREDIT), "as_of": "2026-11-23"}]})

    facts: FactsField
    as_of: DayField = None


class NamedRequest(AssessmentRequest):
    name: Annotated[
        str | None,
        Field(default=None, description="What you call it; needed where `store=true`.", examples=["Consumer credit assistant"]),
    ]


class ComparisonRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"base": EU_CREDIT, "options": {"self-hosted": {**EU_CREDIT, "hosting": "on_premises"}}}]
        },
    )

    base: FactsField
    options: Annotated[dict[str, dict[str, Any]], Field(min_length=1, max_length=MAX_OPTIONS)]
    as_of: DayField = None


class DiffRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"facts": dict(EU_CREDIT), "from": "2026-11-23", "to": "2027-12-02"}]},
    )

    facts: FactsField
    start: Annotated[str, Field(alias="from", examples=["2026-11-23"])]
    end: Annotated[str, Field(alias="to", examples=["2027-12-02"])]


StatusParam = Annotated[
    list[str] | None,
    Query(
        description="Which verdicts to list; repeat or separate by commas; `all` for every norm. "
        "Default: applies, upcoming, undetermined, exempt."
    ),
]
ProofParam = Annotated[
    Literal["compact", "full"],
    Query(description="`compact`: proofs name qualifications, whose own proofs stand beside. `full`: proofs go through them."),
]
QuotesParam = Annotated[
    bool, Query(description="Citations with the exact words of the text that held on the day, and sections of own policies.")
]
NOT_RECORDED = {"Sextant-Audit": "not-recorded"}  # on an answer whose event will be missing from the audit trail


def today() -> date:
    """The day it is (UTC)."""
    return datetime.now(UTC).date()


def parse_statuses(given: Sequence[str] | None) -> tuple[Status, ...]:
    """The statuses named, in order.

    Raises:
        InputError: naming the valid ones.
    """
    if not given:
        return SHOWN_BY_DEFAULT
    words = [word.strip() for one in given for word in one.split(",") if word.strip()]
    if "all" in words:
        return tuple(Status)
    wrong = [word for word in words if word not in set(Status)]
    if wrong:
        choices = ("all", *map(str, Status))
        raise InputError(
            Problem("query parameter status", "unknown-status", f"there is no status {word[:60]!a}.", choices) for word in wrong
        )
    return tuple(map(Status, dict.fromkeys(words)))


def _facts(services: Services, raw: object, at: str) -> Facts:
    return parse_facts(services.knowledge.facts, raw, at)


def _day(raw: str | None, at: str) -> date:
    return today() if raw is None else parse_day(raw, at)


def _respond(view: View, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(view), status, headers, media_type="application/json")


def stored_view(record: StoredDeployment) -> View:
    """What identifies a stored deployment; ``knowledge_version`` is the one with which it was first assessed."""
    return {
        "id": record.id,
        "iri": ids.deployment(record.id),
        "name": record.name,
        "as_of": record.as_of.isoformat(),
        "stored_at": record.stored_at.isoformat(),
        "knowledge_version": record.knowledge_version,
    }


RESPONSES: dict[int | str, dict[str, Any]] = {
    422: {
        "description": "Facts, days or parameters are wrong; every problem with pointer and nearest choice.",
        "content": {MEDIA_TYPE: {}},
    },
    400: {"description": "The body is no JSON.", "content": {MEDIA_TYPE: {}}},
    413: {"description": "The body is too large.", "content": {MEDIA_TYPE: {}}},
}


@router.post("/assessments", summary="Which norms apply to a deployment", response_model=None, responses=RESPONSES)
async def assess(
    body: NamedRequest,
    services: ServicesParam,
    actor: ActorParam,
    status: StatusParam = None,
    proof: ProofParam = "compact",
    questions: Annotated[int, Query(ge=0, le=50, description="How many next questions to list.")] = 5,
    store: Annotated[
        bool, Query(description="Keep the deployment under its `name` and show it in the graph (`GET /api/v1/deployments`).")
    ] = False,
    quotes: QuotesParam = False,
) -> Response:
    """The verdict on every norm as of a day, each with its proof, citation, controls and what is missing to settle it.

    With `store=true` the answer has `deployment`, and 201 says that it is new. The same name, facts and day are kept once.
    """

    def work() -> Response:
        facts = _facts(services, body.facts, "/facts")
        day = _day(body.as_of, "/as_of")
        assessment = services.evaluator.assess(facts, day)
        asked = Asked(parse_statuses(status), proof == "full", questions)
        view, raw = body_of_assessment(services.evaluator, assessment, asked)
        if quotes:
            services.texts.quotes.refresh()
            view = with_policies(with_quotes(view, services.texts.quotes, day), services.texts.candidates())
        record, new = None, False
        if store:
            record, new = services.deployments.keep(parse_name(body.name), facts, day, datetime.now(UTC), actor)
        noted = services.journal.note_reading(actor, draft_of(assessment, asked, None if quotes else raw))
        headers = {} if noted else dict(NOT_RECORDED)
        if record is None:
            return _respond(view, headers=headers) if quotes else Response(raw, 200, headers, media_type="application/json")
        headers["Location"] = f"/api/v1/deployments/{record.id}"
        return _respond(view | {"deployment": stored_view(record)}, 201 if new else 200, headers)

    return await run_in_threadpool(work)


@router.post("/comparisons", summary="What options would change", response_model=None, responses=RESPONSES)
async def compare_options(body: ComparisonRequest, services: ServicesParam) -> Response:
    """For each option the norms gained, lost and otherwise changed against the base, on one day."""

    def work() -> Response:
        base = _facts(services, body.base, "/base")
        options = {
            name: _facts(services, facts, f"/options/{name.replace('~', '~0').replace('/', '~1')[:60]}")
            for name, facts in body.options.items()
        }
        return _respond(comparison_view(compare(services.evaluator, base, options, _day(body.as_of, "/as_of"))))

    return await run_in_threadpool(work)


@router.post("/diffs", summary="What the calendar changes", response_model=None, responses=RESPONSES)
async def diff_days(body: DiffRequest, services: ServicesParam) -> Response:
    """The norms that begin, end or otherwise change between two days, each with the provision that sets the day."""

    def work() -> Response:
        start, end = parse_day(body.start, "/from"), parse_day(body.end, "/to")
        return _respond(difference_view(diff(services.evaluator, _facts(services, body.facts, "/facts"), start, end)))

    return await run_in_threadpool(work)


@router.post("/questions", summary="What to ask next", response_model=None, responses=RESPONSES)
async def questions_next(
    body: AssessmentRequest,
    services: ServicesParam,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
) -> Response:
    """The questions whose answers settle most verdicts, best first."""

    def work() -> Response:
        facts = _facts(services, body.facts, "/facts")
        found = next_questions(services.evaluator, facts, _day(body.as_of, "/as_of"), limit)
        return _respond({"next_questions": [question_view(question) for question in found]})

    return await run_in_threadpool(work)


@streams.post(
    "/assessments:batch",
    summary="Many deployments, as a stream",
    response_model=None,
    responses=RESPONSES,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": '{"id": "a", "facts": {"institution": ["credit_institution"]}, "as_of": "2026-11-23"}\n',
                }
            },
        }
    },
)
async def assess_batch(request: Request, services: ServicesParam, status: StatusParam = None) -> Response:
    """One deployment a line in, one answer a line out, in order: `{"line", "id", "as_of", "counts", "norms": {id: status}}`.

    A line that is wrong is answered by a problem document in its place; the others go on. The body is read to its end before
    the first answer is sent.
    """
    statuses = frozenset(parse_statuses(status))
    settings = services.settings

    spool = await spooled(request, settings.batch_bytes)

    def answers() -> Iterator[bytes]:
        number = itertools.count(1)
        with spool:
            try:
                while batch := some_lines(spool, BATCH_LINES, settings.body_bytes):
                    yield _answer_lines(services, [(next(number), line) for line in batch], statuses)
            except DocumentError as error:
                yield orjson.dumps({"line": next(number), "problem": body_of(error)}) + b"\n"

    return StreamingResponse(answers(), media_type="application/x-ndjson")


def _answer_lines(services: Services, pending: Sequence[tuple[int, bytes]], statuses: frozenset[Status]) -> bytes:
    """The answers to some lines, in order. Lines of one day are assessed together."""
    answers: dict[int, dict[str, object]] = {}
    by_day: dict[date, list[tuple[int, object, Facts]]] = {}
    for number, line in pending:
        identifier: object = None
        try:
            raw = _line(number, line)
            identifier = raw.get("id")
            facts = _facts(services, raw["facts"], "/facts")
            day = today() if raw.get("as_of") is None else parse_day(raw["as_of"], "/as_of")
        except InputError as error:
            answers[number] = {"line": number, "id": identifier, "problem": body_of(error)}
        else:
            by_day.setdefault(day, []).append((number, identifier, facts))
    for day, lines_of_day in by_day.items():
        verdicts = assess_all(services.evaluator, [facts for _, _, facts in lines_of_day], day)
        for place, (number, identifier, _) in enumerate(lines_of_day):
            row = verdicts.row(place)
            counts = Counter(row.values())
            answers[number] = {
                "line": number,
                "id": identifier,
                "as_of": day.isoformat(),
                "knowledge_version": services.knowledge.version,
                "counts": {str(status): counts[status] for status in Status},
                "norms": {norm: status for norm, status in row.items() if status in statuses},
            }
    return b"".join(orjson.dumps(answers[number]) + b"\n" for number, _ in pending)


def _line(number: int, line: bytes) -> dict[str, Any]:
    where = f"line {number}"
    raw = parse_json(line, where)
    if not isinstance(raw, dict):
        raise InputError([Problem(where, "not-a-mapping", "each line is an object with 'facts'.")])
    unknown = sorted(set(raw) - {"id", "facts", "as_of"})
    if unknown:
        raise InputError([Problem(where, "unknown-key", f"there is no key {unknown[0][:60]!a} here.", ("id", "facts", "as_of"))])
    if "facts" not in raw:
        raise InputError([Problem(where, "missing-key", "the line has no 'facts'.")])
    return raw
