"""The six decisions over HTTP, with their criteria: read from the graph, where the ontology defines them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from kg_service import ids
from kg_service.model import Knowledge
from kg_service.rest.paging import DEFAULT_LIMIT, CursorParam, LimitParam, find, one, page
from kg_service.rest.views import View
from kg_service.services import Services, ServicesParam

router = APIRouter(prefix="/api/v1", tags=["the six decisions"])

_DECISIONS = f"""
PREFIX sx: <{ids.DEF}> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?decision ?position ?label ?definition ?question WHERE {{
  ?decision a sx:Decision ; sx:position ?position ; skos:prefLabel ?label ; skos:definition ?definition .
  OPTIONAL {{ ?decision sx:competencyQuestion ?question }}
  FILTER(LANG(?label) = "en" && LANG(?definition) = "en")
}} ORDER BY ?position"""

_CRITERIA = f"""
PREFIX sx: <{ids.DEF}> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?decision ?criterion ?position ?label ?definition ?met WHERE {{
  ?criterion sx:partOf ?decision .
  ?criterion a sx:Criterion ; sx:position ?position ; skos:prefLabel ?label ; skos:definition ?definition ; sx:metWhen ?met .
  FILTER(LANG(?label) = "en" && LANG(?definition) = "en")
}} ORDER BY ?decision ?position"""


@router.get("/decisions", summary="The six decisions", response_model=None)
def decisions(
    request: Request, services: ServicesParam, limit: LimitParam = DEFAULT_LIMIT, cursor: CursorParam = None
) -> Response:
    """The decisions in their order, each with its criteria and what the graph holds for it."""
    items = ((str(view["id"]), view) for view in _views(services))
    return page(request, services.knowledge.version, items, dict, limit, cursor)


@router.get("/decisions/{number}", summary="One decision", response_model=None)
def decision(
    request: Request, services: ServicesParam, number: Annotated[int, Path(description="1 to 6.", examples=[2])]
) -> Response:
    """A decision with its criteria."""
    by_number = {str(view["id"]): view for view in _views(services)}
    return one(request, services.knowledge.version, find("decision", by_number, str(number)))


def _views(services: Services) -> list[View]:
    seconds = services.settings.query_seconds
    criteria: dict[str, list[dict[str, Any]]] = {}
    for row in services.store.select(_CRITERIA, seconds=seconds).rows:
        where, criterion, position, label, definition, met = (_text(cell) for cell in row)
        criteria.setdefault(where, []).append(
            {"iri": criterion, "position": int(position), "label": label, "definition": definition, "met_when": met}
        )
    views: list[View] = []
    for row in services.store.select(_DECISIONS, seconds=seconds).rows:
        iri, position, label, definition, question = (_text(cell) for cell in row)
        number = int(position)
        views.append(
            {
                "id": number,
                "iri": iri,
                "label": label,
                "definition": definition,
                "competency_question": question or None,
                "criteria": criteria.get(iri, []),
                **_counts(services.knowledge, number),
            }
        )
    return views


def _counts(knowledge: Knowledge, number: int) -> View:
    return {
        "norms": sum(number in norm.decisions for norm in knowledge.norms.values()),
        "controls": [control.id for control in knowledge.controls.values() if number in control.decisions],
    }


def _text(cell: object) -> str:
    return "" if cell is None else str(getattr(cell, "value", cell))
