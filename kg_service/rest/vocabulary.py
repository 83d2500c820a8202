"""Facts, terms, jurisdictions, events and bearers over HTTP: what a form is drawn from."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.model import Fact, Labels, Term
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, find, one, page
from kg_service.rest.views import View
from kg_service.services import ServicesParam

router = APIRouter(prefix="/api/v1", tags=["facts and terms"])


@router.get("/facts", summary="All that may be asked", response_model=None)
def facts(request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None) -> Response:
    """The facts with their terms, in the order in which a form asks them."""
    knowledge = services.knowledge
    return page(request, knowledge.version, knowledge.facts.items(), fact_view, limit, cursor)


@router.get("/facts/{fact_id}", summary="One fact", response_model=None)
def fact(request: Request, services: ServicesParam, fact_id: str) -> Response:
    """A fact by its id or an old id of it."""
    knowledge = services.knowledge
    aliases = {alias: item.id for item in knowledge.facts.values() for alias in item.aliases}
    return one(request, knowledge.version, fact_view(find("fact", knowledge.facts, fact_id, aliases)))


@router.get("/facts/{fact_id}/terms/{term_id}", summary="One term of a fact", response_model=None)
def term(request: Request, services: ServicesParam, fact_id: str, term_id: str) -> Response:
    """A term that answers a fact."""
    item = find("fact", services.knowledge.facts, fact_id)
    found = find(f"term of {fact_id}", item.terms, term_id, item.term_aliases)
    return one(request, services.knowledge.version, term_view(item, found))


@router.get("/jurisdictions", summary="Places", response_model=None)
def jurisdictions(
    request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None
) -> Response:
    """The places that facts may name, as a tree by `parent`."""
    knowledge = services.knowledge
    return page(request, knowledge.version, knowledge.jurisdictions.items(), jurisdiction_view, limit, cursor)


@router.get("/events", summary="What standing duties wait for", response_model=None)
def events(request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None) -> Response:
    """The events that make a standing duty due."""
    knowledge = services.knowledge
    items = ((item.id, item) for item in knowledge.events.values())
    return page(
        request,
        knowledge.version,
        items,
        lambda item: {"id": item.id, "iri": ids.event(item.id), **labels_view(item.labels)},
        limit,
        cursor,
    )


@router.get("/bearers", summary="Who bears norms", response_model=None)
def bearers(request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None) -> Response:
    """The roles that norms address."""
    knowledge = services.knowledge
    items = ((item.id, item) for item in knowledge.bearers.values())
    return page(
        request,
        knowledge.version,
        items,
        lambda item: {"id": item.id, "iri": ids.bearer(item.id), **labels_view(item.labels)},
        limit,
        cursor,
    )


def fact_view(item: Fact) -> View:
    """A fact with all its terms; those of places are named by ``terms_from`` and stand at ``/api/v1/jurisdictions``."""
    view: View = {
        "id": item.id,
        "iri": ids.fact(item.id),
        "kind": item.kind,
        "ask": item.ask,
        **labels_view(item.labels),
        "notes": list(item.notes),
        "aliases": list(item.aliases),
        "minimum": item.minimum,
        "maximum": item.maximum,
        "unit": item.unit,
    }
    if item.jurisdictions:
        view["terms_from"] = "/api/v1/jurisdictions"
    elif item.terms:
        view["terms"] = [term_view(item, term) for term in item.terms.values()]
    return view


def term_view(item: Fact, found: Term) -> View:
    """A term with its place in the tree and the terms that cannot be answered together with it."""
    return {
        "id": found.id,
        "iri": ids.jurisdiction(found.id) if item.jurisdictions else ids.fact_term(item.id, found.id),
        "parent": found.parent,
        "excludes": list(found.excludes),
        **labels_view(found.labels),
        "aliases": list(found.aliases),
    }


def jurisdiction_view(item: Term) -> View:
    return {"id": item.id, "iri": ids.jurisdiction(item.id), "parent": item.parent, **labels_view(item.labels)}


def labels_view(labels: Labels) -> View:
    """Names in English and Chinese, definition and example; null where nobody wrote one."""
    return {
        "label": labels.label,
        "label_zh": labels.label_zh,
        "definition": labels.definition,
        "example": labels.example,
        "alt": {language: list(names) for language, names in labels.alt.items()},
    }
