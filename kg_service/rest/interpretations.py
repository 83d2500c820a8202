"""Interpretations over HTTP: the questions of law that come back again and again, with their answers."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.applicability.facts import parse_day
from kg_service.model import Interpretation, Knowledge
from kg_service.rest.filters import DecisionParam, JurisdictionParam, check, places
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, find, one, page
from kg_service.rest.views import View, dated_view, reference_view, sureness_view
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1", tags=["law"])


@router.get("/interpretations", summary="Questions of law with their answers", response_model=None)
def interpretations(
    request: Request,
    services: ServicesParam,
    instrument: Annotated[str | None, Query(description="Id of an instrument that it belongs to, cites or is about.")] = None,
    norm: Annotated[str | None, Query(description="Id of a norm that it is about.", examples=["eu-gdpr/art-22-par-1"])] = None,
    qualification: Annotated[str | None, Query(description="Id of a qualification that it is about.")] = None,
    jurisdiction: JurisdictionParam = None,
    decision: DecisionParam = None,
    date: Annotated[str | None, Query(description="Only answers that hold on that day (`YYYY-MM-DD`).")] = None,
    limit: LimitParam = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """What teams ask again and again: the answer, why, where the law says so, both readings where contested, and what changed."""
    knowledge = services.knowledge
    within = places(knowledge, jurisdiction)
    check("instrument", instrument, knowledge.instruments)
    check("norm", norm, knowledge.norms)
    check("qualification", qualification, knowledge.qualifications)
    day = None if date is None else parse_day(date, "query parameter date")
    items = (
        (item.id, item)
        for item in knowledge.interpretations.values()
        if (instrument is None or instrument in item.instruments())
        and (norm is None or norm in item.norms)
        and (qualification is None or qualification in item.qualifications)
        and (within is None or within & _places_of(item, knowledge))
        and (decision is None or decision in item.decisions)
        and (day is None or _holds(item, day))
    )
    return page(request, knowledge.version, items, lambda item: interpretation_view(item, knowledge), limit, cursor)


@router.get("/interpretations/{family}/{local_id}", summary="One question of law with its answer", response_model=None)
def interpretation(request: Request, services: ServicesParam, family: str, local_id: str) -> Response:
    """An interpretation by its id or an old id of it."""
    knowledge = services.knowledge
    aliases = {alias: item.id for item in knowledge.interpretations.values() for alias in item.aliases}
    found = find("interpretation", knowledge.interpretations, f"{family}/{local_id}", aliases)
    return one(request, knowledge.version, interpretation_view(found, knowledge))


def interpretation_view(item: Interpretation, knowledge: Knowledge) -> View:
    """The question in all its wordings, the answer with its reasons and sources, and how it changes over time."""
    return {
        "id": item.id,
        "iri": ids.interpretation(item.id),
        "instrument": item.instrument,
        "jurisdictions": sorted(_places_of(item, knowledge)),
        "questions": {language: list(wordings) for language, wordings in item.questions.items()},
        "answer": item.answer,
        "reasoning": item.reasoning,
        "readings": [
            {"label": one.label, "argument": one.argument, "held_by": one.held_by, "followed": one.followed}
            for one in item.readings
        ],
        "citations": [reference_view(reference) for reference in item.citations],
        "norms": list(item.norms),
        "qualifications": list(item.qualifications),
        "holds_from": dated_view(item.holds_from),
        "holds_until": None if item.holds_until is None else dated_view(item.holds_until),
        "changes": [{**dated_view(change.dated), "before": change.before, "after": change.after} for change in item.changes],
        "decisions": list(item.decisions),
        "note": item.note,
        "aliases": list(item.aliases),
        **sureness_view(item.sureness),
    }


def _places_of(item: Interpretation, knowledge: Knowledge) -> frozenset[str]:
    """Where the law that it speaks of comes from."""
    return frozenset(str(law.jurisdiction) for name, law in knowledge.instruments.items() if name in item.instruments())


def _holds(item: Interpretation, day: dt.date) -> bool:
    return item.holds_from.day <= day and (item.holds_until is None or day <= item.holds_until.day)
