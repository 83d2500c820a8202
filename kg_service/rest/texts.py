"""Loaded texts over HTTP: which there are, the words of a provision on a day, what changed, what may be missing."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from kg_service.applicability.facts import parse_day
from kg_service.errors import InputError, Problem
from kg_service.model import InstrumentId
from kg_service.rest.assessments import today
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, cached, one, page
from kg_service.services import Services, ServicesParam
from kg_service.texts.comparison import compare_days
from kg_service.texts.joining import covering, joined
from kg_service.texts.library import held_on, required
from kg_service.texts.marked import document
from kg_service.texts.quotes import quote_view
from kg_service.texts.recognise import instrument_named
from kg_service.texts.suggestions import row, suggestions
from kg_service.texts.views import candidate_view, difference_view, joined_view, text_view

router = APIRouter(prefix="/api/v1", tags=["texts"])

DateParam = Annotated[str | None, Query(description="The text that held on this day (`YYYY-MM-DD`); today where absent.")]


@router.get("/texts", summary="The loaded texts", response_model=None)
def texts(request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None) -> Response:
    """Every version of every official text and own policy that this installation has loaded."""
    held = services.texts.library.all()
    same = {text.work: tuple(each for each in held.values() if each.work == text.work) for text in held.values()}
    version = services.knowledge.version
    return page(
        request, version, held.items(), lambda text: text_view(text, same[text.work]), limit, cursor, tag=services.texts.tag
    )


@router.get("/texts/{instrument}", summary="The loaded texts of an instrument", response_model=None)
def text(request: Request, services: ServicesParam, instrument: str) -> Response:
    """Its versions, and how the citations of the law's files join them: each that does not, with those who cite it."""
    chosen = _instrument(services, instrument)
    versions = required(services.texts.library, chosen)
    joins = joined_view(joined(services.texts.cited, services.texts.library, [chosen]))
    body = {"instrument": chosen, "versions": [text_view(each, versions) for each in versions], "joins": joins}
    return one(request, services.texts.tag, body)


@router.get("/texts/{instrument}/quote", summary="The exact words of a provision", response_model=None)
def quote(
    request: Request,
    services: ServicesParam,
    instrument: str,
    provision: Annotated[str, Query(max_length=200, description="A pinpoint.", examples=["Art 6(2)"])],
    date: DateParam = None,
) -> Response:
    """The words of a provision in the text that held on a day, or why there are none."""
    chosen = _instrument(services, instrument)
    required(services.texts.library, chosen)
    day = today() if date is None else parse_day(date, "query parameter date")
    services.texts.quotes.refresh()
    found = quote_view(services.texts.quotes.quote(chosen, provision, day))
    body = {"instrument": chosen, "provision": provision, "as_of": day.isoformat(), **found}
    return one(request, services.texts.tag, body)


@router.get("/texts/{instrument}/diff", summary="What changed in the text of an instrument", response_model=None)
def diff(
    request: Request,
    services: ServicesParam,
    instrument: str,
    start: Annotated[str, Query(alias="from", examples=["2024-08-01"])],
    end: Annotated[str, Query(alias="to", examples=["2026-07-27"])],
    format_: Annotated[Literal["json", "html", "markdown"], Query(alias="format")] = "json",
) -> Response:
    """What changed by provision, with the words marked, and what rests on it: norms, days, qualifications, stored deployments."""
    chosen = services.knowledge.instruments[_instrument(services, instrument)]
    days = (parse_day(start, "query parameter from"), parse_day(end, "query parameter to"))
    records = services.deployments.all().values()
    found = compare_days(services.texts.library, services.evaluator, services.texts.cited, chosen, days, records)
    if format_ == "json":
        view = difference_view(found.old, found.new, found.found, found.effects)
        stored = "\n".join([services.texts.tag, *(record.id for record in records)])
        return cached(request, hashlib.sha256(stored.encode()).hexdigest(), view)
    body = document(format_, found.old[0], found.new[0], found.found, found.effects, whole=False)
    return Response(body, media_type="text/html" if format_ == "html" else "text/markdown")


@router.get("/texts/{instrument}/suggestions", summary="Likely obligations that no norm covers", response_model=None)
def suggested(
    request: Request,
    services: ServicesParam,
    instrument: str,
    date: DateParam = None,
    authorities: Annotated[bool, Query(description="Also what authorities and member states must do.")] = False,
    covered: Annotated[bool, Query(description="Also in provisions on which a norm of ours rests.")] = False,
) -> Response:
    """Sentences that likely oblige: a list for a person to review, found by grammar; nothing enters the graph by itself."""
    chosen = _instrument(services, instrument)
    day = today() if date is None else parse_day(date, "query parameter date")
    held = held_on(required(services.texts.library, chosen), day)
    if not held:
        told = f"no loaded text of {chosen} held on {day.isoformat()}."
        raise InputError([Problem("query parameter date", "no-text", told)])
    found: list[dict[str, str]] = []
    for units in map(services.texts.library.document, held):
        rests = covering(services.texts.cited, chosen, units)
        found.extend(row(each) for each in suggestions(units, rests, authorities=authorities, all_=covered))
    versions = [text.version for text in held]
    return one(request, services.texts.tag, {"instrument": chosen, "versions": versions, "suggestions": found})


@router.get("/policies", summary="What own policies speak of", response_model=None)
def policies(request: Request, services: ServicesParam) -> Response:
    """Sections of own policies that may show a control or speak of a norm: candidates for evidence, trust `own_policy`."""
    held = [text_view(each) for each in services.texts.library.policies()]
    body = {"policies": held, "candidates": [candidate_view(each) for each in services.texts.candidates()]}
    return one(request, services.texts.tag, body)


def _instrument(services: Services, name: str) -> InstrumentId:
    return instrument_named(name, services.knowledge, "path").id
