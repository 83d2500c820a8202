"""Pages for people, rendered on the server, readable without scripts."""

from __future__ import annotations

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

from kg_service.rest.assessments import EU_CREDIT, today
from kg_service.services import ServicesParam

router = APIRouter(include_in_schema=False)

_TEMPLATES = Environment(
    loader=PackageLoader("kg_service.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@router.get("/")
async def first_page(request: Request, services: ServicesParam) -> Response:
    """What this is, at which knowledge version, and how to ask."""
    knowledge = services.knowledge
    places = {instrument.jurisdiction for instrument in knowledge.instruments.values()}
    page = _TEMPLATES.get_template("first.html").render(
        version=knowledge.version,
        today=today().isoformat(),
        base=str(request.base_url).rstrip("/"),
        counts={
            "norms": len(knowledge.norms),
            "instruments": len(knowledge.instruments),
            "qualifications": len(knowledge.qualifications),
            "controls": len(knowledge.controls),
            "jurisdictions": len(places),
        },
        example=EU_CREDIT,
        sparql=_answers(request, "/sparql"),
        ask=_answers(request, "/ask"),
    )
    return HTMLResponse(page)


def _answers(request: Request, path: str) -> bool:
    """Whether the application has a route at ``path``."""
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
