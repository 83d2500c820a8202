"""Instruments, provisions, norms and qualifications over HTTP, as the law's files say them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.applicability.condition import Condition, facts_of, plain, qualifications_of
from kg_service.applicability.facts import parse_day
from kg_service.model import Instrument, Knowledge, LegalStatus, Norm, NormKind, Provision, Qualification
from kg_service.rest.filters import DecisionParam, JurisdictionParam, check, places
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, find, one, page
from kg_service.rest.views import View, dated_view, norm_view, reference_view, sureness_view
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1", tags=["law"])


@router.get("/instruments", summary="All instruments", response_model=None)
def instruments(
    request: Request,
    services: ServicesParam,
    jurisdiction: JurisdictionParam = None,
    status: Annotated[
        str | None, Query(description="`in_force`, `adopted_not_applicable`, `proposed`, `draft`, `withdrawn`.")
    ] = None,
    limit: LimitParam = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """Statutes, regulations, guidance and cases of the registry."""
    knowledge = services.knowledge
    within = places(knowledge, jurisdiction)
    check("status", status, {instrument.status for instrument in knowledge.instruments.values()})
    items = (
        (instrument.id, instrument)
        for instrument in knowledge.instruments.values()
        if (within is None or instrument.jurisdiction in within) and status in (None, instrument.status)
    )
    return page(request, knowledge.version, items, instrument_view, limit, cursor)


@router.get("/instruments/{instrument_id}", summary="One instrument", response_model=None)
def instrument(request: Request, services: ServicesParam, instrument_id: str) -> Response:
    """An instrument by its id or an old id of it."""
    knowledge = services.knowledge
    aliases = {alias: item.id for item in knowledge.instruments.values() for alias in item.aliases}
    found = find("instrument", knowledge.instruments, instrument_id, aliases)
    return one(request, knowledge.version, instrument_view(found))


@router.get("/provisions", summary="Articles, sections and annexes", response_model=None)
def provisions(
    request: Request,
    services: ServicesParam,
    instrument: Annotated[str | None, Query(description="Id of an instrument.")] = None,
    limit: LimitParam = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """The provisions that carry norms, by instrument."""
    knowledge = services.knowledge
    check("instrument", instrument, knowledge.instruments)
    items = (
        (f"{item.instrument}/{item.id}", item) for item in knowledge.provisions.values() if instrument in (None, item.instrument)
    )
    return page(request, knowledge.version, items, lambda item: provision_view(item, knowledge), limit, cursor)


@router.get("/provisions/{instrument_id}/{provision_id}", summary="One provision", response_model=None)
def provision(request: Request, services: ServicesParam, instrument_id: str, provision_id: str) -> Response:
    """A provision with the norms that it carries."""
    knowledge = services.knowledge
    by_name = {f"{item.instrument}/{item.id}": item for item in knowledge.provisions.values()}
    found = find("provision", by_name, f"{instrument_id}/{provision_id}")
    return one(request, knowledge.version, provision_view(found, knowledge))


@router.get("/norms", summary="All norms", response_model=None)
def norms(
    request: Request,
    services: ServicesParam,
    instrument: Annotated[str | None, Query(description="Id of an instrument.")] = None,
    jurisdiction: JurisdictionParam = None,
    decision: DecisionParam = None,
    kind: Annotated[
        str | None, Query(description="`duty`, `prohibition`, `permission`, `expectation`, `right`, `scope_rule`.")
    ] = None,
    bearer: Annotated[str | None, Query(description="Who bears it.", examples=["deployer"])] = None,
    date: Annotated[str | None, Query(description="Only norms in force on that day (`YYYY-MM-DD`).")] = None,
    limit: LimitParam = DEFAULT_LIMIT,
    cursor: CursorParam = None,
) -> Response:
    """Duties, prohibitions, permissions, expectations, rights and scope rules, each with its condition, dates and certainty."""
    knowledge = services.knowledge
    within = places(knowledge, jurisdiction)
    check("instrument", instrument, knowledge.instruments)
    check("kind", kind, list(map(str, NormKind)))
    check("bearer", bearer, {name for norm in knowledge.norms.values() for name in norm.bearers})
    day = None if date is None else parse_day(date, "query parameter date")
    items = (
        (norm.id, norm)
        for norm in knowledge.norms.values()
        if instrument in (None, norm.instrument)
        and (within is None or knowledge.instruments[norm.instrument].jurisdiction in within)
        and (decision is None or decision in norm.decisions)
        and kind in (None, norm.kind)
        and (bearer is None or bearer in norm.bearers)
        and (day is None or _in_force(norm, day))
    )
    return page(request, knowledge.version, items, lambda item: norm_view(item, knowledge), limit, cursor)


@router.get("/norms/{instrument_id}/{local_id}", summary="One norm", response_model=None)
def norm(request: Request, services: ServicesParam, instrument_id: str, local_id: str) -> Response:
    """A norm by its id or an old id of it."""
    found = services.evaluator.norm(f"{instrument_id}/{local_id}")
    return one(request, services.knowledge.version, norm_view(found, services.knowledge))


@router.get("/qualifications", summary="Legal conclusions that are derived", response_model=None)
def qualifications(
    request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None
) -> Response:
    """What is never asked but concluded from facts: high-risk system, solely automated decision, provider and so on."""
    knowledge = services.knowledge
    items = knowledge.qualifications.items()
    return page(request, knowledge.version, items, lambda item: qualification_view(item, knowledge), limit, cursor)


@router.get("/qualifications/{family}/{local_id}", summary="One qualification", response_model=None)
def qualification(request: Request, services: ServicesParam, family: str, local_id: str) -> Response:
    """A qualification with its condition, its sources and the norms that rest on it directly."""
    knowledge = services.knowledge
    aliases = {alias: item.id for item in knowledge.qualifications.values() for alias in item.aliases}
    found = find("qualification", knowledge.qualifications, f"{family}/{local_id}", aliases)
    return one(request, knowledge.version, qualification_view(found, knowledge))


def instrument_view(item: Instrument) -> View:
    """An instrument with its dates, each with the provision that sets it, and its links to others."""
    days = {"in_force_from": item.in_force_from, "applies_from": item.applies_from, "applies_until": item.applies_until}
    return {
        "id": item.id,
        "iri": ids.instrument(item.id),
        "short_title": item.short_title,
        "title": item.title,
        "jurisdiction": item.jurisdiction,
        "issuer": item.issuer,
        "type": item.type,
        "bindingness": item.bindingness,
        "status": item.status,
        "status_note": item.status_note,
        "celex": item.celex,
        "eli": item.eli,
        "citations": list(item.citations),
        "official_url": item.url,
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "dates": [dated_view(dated) for dated in item.dates],
        "amends": list(item.amends),
        "amended_by": list(item.amended_by),
        "supersedes": list(item.supersedes),
        "superseded_by": list(item.superseded_by),
        "penalty": item.penalty,
        "note": item.note,
        "aliases": list(item.aliases),
        **sureness_view(item.sureness),
    }


def provision_view(item: Provision, knowledge: Knowledge) -> View:
    """A provision with the norms that it carries."""
    carried = [norm.id for norm in knowledge.norms.values() if (norm.instrument, norm.article) == (item.instrument, item.id)]
    return {
        "id": f"{item.instrument}/{item.id}",
        "iri": ids.provision(item.instrument, item.number),
        "instrument": item.instrument,
        "number": item.number,
        "heading": item.heading,
        "official_url": item.url,
        "norms": carried,
    }


def qualification_view(item: Qualification, knowledge: Knowledge) -> View:
    """A qualification with its condition, its sources and what rests on it directly."""

    def rests(parts: Iterable[Condition | None]) -> bool:
        return any(part is not None and item.id in qualifications_of(part) for part in parts)

    others = knowledge.qualifications.values()
    return {
        "id": item.id,
        "iri": ids.qualification(item.id),
        "label": item.label,
        "definition": item.definition,
        "sources": [reference_view(source) for source in item.sources],
        "when": plain(item.when),
        "unless": None if item.unless is None else plain(item.unless),
        "facts": sorted(facts_of(item.when) | (frozenset() if item.unless is None else facts_of(item.unless))),
        "norms": [norm.id for norm in knowledge.norms.values() if rests((norm.applies_when, norm.unless))],
        "qualifications": [other.id for other in others if rests((other.when, other.unless))],
        "note": item.note,
        "unmodelled": list(item.unmodelled),
        "aliases": list(item.aliases),
        **sureness_view(item.sureness),
    }


def _in_force(norm: Norm, day: dt.date) -> bool:
    if norm.legal_status is LegalStatus.PENDING or norm.applies_from is None:
        return False
    return norm.applies_from.day <= day and (norm.applies_until is None or day <= norm.applies_until.day)
