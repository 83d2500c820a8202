"""The saved queries over HTTP: a list, and the rows of each as JSON, CSV, TSV, a workbook or a page."""

from __future__ import annotations

from typing import Final

import orjson
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.errors import InputError, Problem
from kg_service.exports.tables import as_csv, as_tsv, as_xlsx
from kg_service.knowledge.queries import Parameter, SavedQuery
from kg_service.rest.assessments import today
from kg_service.rest.problems import document, respond
from kg_service.rest.views import View
from kg_service.services import Services, ServicesParam
from kg_service.sparql.negotiate import CSV, HTML, TSV, XLSX, Format, choose
from kg_service.sparql.refusal import Refusal
from kg_service.store.saved import Answer, find_query, run_saved
from kg_service.web.rendering import render
from kg_service.web.responses import respond as send

router = APIRouter(tags=["saved queries"])

JSON: Final = Format("application/json", ("json",), "json", "application/json", ("text/json",))
LIST: Final = (JSON, HTML)
ROWS: Final = (JSON, CSV, TSV, XLSX, HTML)
_FORMAT: Final = "format"
_SHOWN: Final = 1000  # rows on a page; the other formats have all


@router.get("/queries", summary="The saved queries", response_model=None)
async def queries(request: Request, services: ServicesParam) -> Response:
    """Every saved query with its parameters; as JSON, or as a page for browsers (`format=json`, `format=html`)."""
    chosen = _chosen(request, LIST)
    if isinstance(chosen, Refusal):
        return _refuse(chosen)
    unknown = [name for name in request.query_params if name != _FORMAT]
    if unknown:
        told = "the list of queries takes no parameter but 'format'."
        raise InputError([Problem(f"query parameter {unknown[0][:60]}", "unknown-parameter", told)])
    library, version = services.queries, services.knowledge.version
    if chosen is HTML:
        tags = sorted({tag for query in library.values() for tag in query.tags})
        page = render("queries.html", version=version, queries=library.values(), tags=tags)
        return send(request, page.encode(), HTML.content_type)
    items = [query_view(query) for query in library.values()]
    body = {"items": items, "total": len(items), "knowledge_version": version}
    return send(request, orjson.dumps(body), JSON.content_type)


@router.get("/queries/{name}", summary="The rows of a saved query", response_model=None)
async def query(name: str, request: Request, services: ServicesParam) -> Response:
    """The rows that a saved query gives for its parameters; `GET /queries` lists both.

    As JSON, CSV, TSV, a workbook or a page: by the Accept header or `format=json|csv|tsv|xlsx|html`.
    """
    chosen = _chosen(request, ROWS)
    if isinstance(chosen, Refusal):
        return _refuse(chosen)
    saved = find_query(services.queries, name)
    given = [(key, value) for key, value in request.query_params.multi_items() if key != _FORMAT]
    return await run_in_threadpool(_answer, request, services, saved, given, chosen)


def _answer(request: Request, services: Services, saved: SavedQuery, given: list[tuple[str, str]], chosen: Format) -> Response:
    if chosen is HTML and not given and any(one.default is None for one in saved.parameters.values()):
        return _page(request, services, saved, None)  # somebody who came to look is shown the form, not an error
    answer = run_saved(saved, given, services.store, today(), services.settings.query_seconds)
    if chosen is HTML:
        return _page(request, services, saved, answer)
    version = services.knowledge.version
    if chosen is JSON:
        return send(request, orjson.dumps(answer_view(answer, version)), JSON.content_type)
    headers = {"Content-Disposition": f'attachment; filename="{saved.name}.{chosen.suffix}"'}
    if chosen is XLSX:
        body = as_xlsx(answer.columns, answer.rows, about(answer, version))
    else:
        body = (as_csv if chosen is CSV else as_tsv)(answer.columns, answer.rows)
    return send(request, body, chosen.content_type, headers=headers)


def _page(request: Request, services: Services, saved: SavedQuery, answer: Answer | None) -> Response:
    others = [one for one in ROWS if one is not HTML]
    values = request.query_params
    links = [(one.name, str(request.url.include_query_params(format=one.name))) for one in others] if answer else []
    page = render(
        "query.html",
        version=services.knowledge.version,
        query=saved,
        answer=answer,
        rows=[] if answer is None else answer.rows[:_SHOWN],
        values={name: values.get(name, "") for name in saved.parameters},
        links=links,
    )
    return send(request, page.encode(), HTML.content_type)


def query_view(saved: SavedQuery) -> View:
    """What a saved query is for, and what it takes and gives."""
    return {
        "name": saved.name,
        "iri": ids.query(saved.name),
        "href": f"/queries/{saved.name}",
        "summary": saved.summary,
        "description": saved.description,
        "tags": list(saved.tags),
        "parameters": [_parameter_view(one) for one in saved.parameters.values()],
        "columns": list(saved.columns),
        "query": saved.text,
    }


def answer_view(answer: Answer, version: str) -> View:
    """The rows as JSON, with what was asked."""
    return {
        "query": answer.query.name,
        "parameters": dict(answer.parameters),
        "columns": list(answer.columns),
        "rows": answer.records,
        "total": len(answer.rows),
        "knowledge_version": version,
    }


def about(answer: Answer, version: str) -> list[tuple[str, str]]:
    """Where a table comes from, for the sheet beside it."""
    asked = [(name, str(value)) for name, value in answer.parameters.items()]
    query = answer.query
    return [("query", query.name), ("summary", query.summary), ("description", query.description), *asked, ("knowledge", version)]


def _parameter_view(one: Parameter) -> View:
    return {
        "name": one.name,
        "type": one.type,
        "description": one.description,
        "default": one.default,
        "example": one.example,
        "minimum": one.minimum,
        "maximum": one.maximum,
    }


def _chosen(request: Request, offered: tuple[Format, ...]) -> Format | Refusal:
    wanted = request.query_params.getlist(_FORMAT)
    if len(wanted) > 1:
        raise InputError([Problem(f"query parameter {_FORMAT}", "given-twice", "this parameter is given twice.")])
    return choose(offered, request.headers.get("accept"), wanted[0] if wanted else None)


def _refuse(refusal: Refusal) -> Response:
    body = document(refusal.kind, refusal.status, refusal.title, refusal.detail) | dict(refusal.more)
    return respond(body, dict(refusal.headers))
