"""IRIs that answer: every ``https://w3id.org/sextant/...`` by its path, as a page or as RDF, by Accept or by suffix.

``/id/norm/eu-ai-act/art-26-par-1`` chooses by the Accept header, ``....ttl`` by the suffix. An old name leads to the new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kg_service import ids
from kg_service.errors import NotFoundError, nearest
from kg_service.exports.description import Description, Value, members
from kg_service.exports.documents import CONDITIONS
from kg_service.exports.formats import FORMS, Form
from kg_service.model import InstrumentId, NormId, QualificationId
from kg_service.rest import problems
from kg_service.rest.origins import allowed
from kg_service.services import Services, ServicesParam
from kg_service.sparql import negotiate
from kg_service.sparql.refusal import Refusal
from kg_service.web.cards import Link
from kg_service.web.readings import reading_of
from kg_service.web.reference import cards_of, ontology_page
from kg_service.web.rendering import path_of, plain_name, render
from kg_service.web.responses import documents_of, html, respond

router = APIRouter(include_in_schema=False)
_METHODS: Final = ["GET", "HEAD"]
_NAMES: Final = ("turtle", "jsonld", "rdfxml", "ntriples")  # of everything but named graphs, which all forms can hold
_DEFINITION: Final = "http://www.w3.org/2004/02/skos/core#definition"
_SHOWN_ABOVE: Final = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "http://www.w3.org/2000/01/rdf-schema#label")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for: an IRI, and the form (None for the page)."""

    iri: str
    form: Form | None
    suffix: str = ""

    @property
    def here(self) -> str:
        """The path of the IRI on this service, to which a suffix may be added."""
        return path_of(self.iri) or "/"


@router.api_route("/id/{name:path}", methods=_METHODS)
@router.api_route("/def/{name:path}", methods=_METHODS)
@router.api_route("/graph/{name:path}", methods=_METHODS)
@router.api_route("/ontology", methods=_METHODS)
@router.api_route("/ontology.{name:path}", methods=_METHODS)
@router.api_route("/ontology/{name:path}", methods=_METHODS)
async def answer(request: Request, services: ServicesParam) -> Response:
    """What is known of the IRI at this path."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if path in ("/id/", "/graph/", "/def/"):
        return RedirectResponse("/ontology" if path == "/def/" else path_of(ids.DATASET) or "/", 303, _open(request, services))
    wanted = _wanted(request, services, path)
    if isinstance(wanted, Response):
        return wanted
    return await run_in_threadpool(_answer, request, services, wanted)


@router.api_route("/problem/{kind}", methods=_METHODS)
def problem(request: Request, services: ServicesParam, kind: str) -> Response:
    """What a type of problem document means."""
    kinds = problem_kinds()
    if kind not in kinds:
        raise NotFoundError("type of problem", kind, nearest(kind, kinds))
    return html(request, render("problem.html", version=services.knowledge.version, kind=kind, kinds=kinds, base=ids.BASE))


def problem_kinds() -> Mapping[str, tuple[str, int]]:
    """Title and status of every type of problem."""
    found = {kind: (title, int(status)) for _, kind, status, title in problems.TYPES}
    return found | {
        "method-not-allowed": ("Method Not Allowed", 405),
        "not-acceptable": ("Not Acceptable", 406),
        "unsupported-media-type": ("Unsupported Media Type", 415),
        "too-large": ("The query is too large", 413),
        "refused": ("This endpoint does not do that", 403),
        "http": ("The request cannot be answered", 400),
        "internal": ("The service failed", 500),
    }


def _wanted(request: Request, services: Services, path: str) -> Wanted | Response:
    """What is asked for, by suffix, by ``?format=`` or by Accept; a 406 with the list where nothing of ours is acceptable."""
    forms = _forms(ids.BASE + path[1:])
    head, dot, suffix = path.rpartition(".")
    named = {form.suffix: form for form in forms}
    if dot and (suffix in named or suffix == "html"):
        return Wanted(ids.BASE + head[1:], named.get(suffix), f".{suffix}")
    offered = {form.format: form for form in forms}
    chosen = negotiate.choose([*offered, negotiate.HTML], request.headers.get("accept"), request.query_params.get("format"))
    if isinstance(chosen, Refusal):
        body = problems.document(chosen.kind, chosen.status, chosen.title, chosen.detail)
        body |= {**chosen.more, "alternates": list(_alternates(Wanted(ids.BASE + path[1:], None)))}
        return problems.respond(body, {**_open(request, services), "Vary": "Accept, Origin"})
    return Wanted(ids.BASE + path[1:], offered.get(chosen))


def _answer(request: Request, services: Services, wanted: Wanted) -> Response:
    documents = documents_of(request)
    found = documents.describe(wanted.iri)
    if found is not None and found.replaced_by is not None:
        return RedirectResponse(f"{path_of(found.replaced_by)}{wanted.suffix}", 301, _open(request, services))
    if wanted.form is not None:
        body = documents.of(wanted.iri, wanted.form)
        if body is None:
            raise NotFoundError("IRI", wanted.iri, documents.nearest(wanted.iri))
        return respond(request, body, wanted.form.format.content_type, headers=_headers(request, services, wanted))
    page = _page(request, services, wanted, found)
    if page is None:
        near = documents.nearest(wanted.iri)
        return html(request, render("missing.html", version=services.knowledge.version, iri=wanted.iri, near=near), 404)
    return html(request, page, headers=_headers(request, services, wanted))


def _page(request: Request, services: Services, wanted: Wanted, found: Description | None) -> str | None:
    documents = documents_of(request)
    if wanted.iri in (ids.ONTOLOGY, documents.ontology_version):
        return ontology_page(request, services)
    graph = wanted.iri if wanted.iri.startswith(ids.GRAPH) else None
    inside = {} if graph is None else members(services.store, graph)
    if found is None and inside:  # a graph of which nothing is said but what stands in it
        found = Description(wanted.iri, {})
    if found is None:
        return _reading_page(request, services, wanted) if graph is None else None
    knowledge, words, cards = services.knowledge, documents.lexicon, cards_of(request, services)
    kind, _, name = wanted.iri.removeprefix(ids.ID).partition("/")
    norm = knowledge.norms.get(NormId(name)) if kind == "norm" else None
    qualification = knowledge.qualifications.get(QualificationId(name)) if kind == "qualification" else None
    lead = next((value.text for value in found.values.get(_DEFINITION, ()) if value.language in ("en", None)), None)
    return render(
        "thing.html",
        version=knowledge.version,
        iri=wanted.iri,
        here=wanted.here,
        forms=_forms(wanted.iri),
        title=found.label,
        types=[Link(words[iri][0] if iri in words else plain_name(iri), iri) for iri in _narrowest(found.types)],
        norm=None if norm is None else cards.norm(norm),
        qualification=None if qualification is None else cards.qualification(qualification),
        lead=lead,
        more=list(_more(kind, name, services)),
        values=_statements(found, lead),
        members=inside,
        incoming=found.incoming,
        cut=found.cut,
        words=words,
    )


def _reading_page(request: Request, services: Services, wanted: Wanted) -> str | None:
    """The page of a class or property of the OWL reading, or of the ontology of conditions."""
    documents, knowledge = documents_of(request), services.knowledge
    whole = wanted.iri in (CONDITIONS, documents.conditions_version)
    turtle = None if whole else documents.of(wanted.iri, FORMS["turtle"])
    if turtle is None and not whole:
        return None
    kind, _, name = (CONDITIONS if whole else wanted.iri).removeprefix(ids.DEF).partition("/")
    title, lead, things, said = reading_of(services.knowledge, kind, name)
    return render(
        "reading.html",
        version=knowledge.version,
        iri=wanted.iri,
        here=wanted.here,
        forms=_forms(wanted.iri),
        title=title,
        lead=lead,
        things=things,
        conditions=said,
        code=None if turtle is None else turtle.decode(),
    )


def _statements(found: Description, lead: str | None) -> dict[str, tuple[Value, ...]]:
    """What is said of a thing, without what stands at the head of its page."""
    rest = {
        name: tuple(value for value in values if value.text not in (found.label, lead))
        for name, values in found.values.items()
        if name not in _SHOWN_ABOVE
    }
    return {name: values for name, values in rest.items() if values}


def _more(kind: str, name: str, services: Services) -> list[Link]:
    if kind == "instrument" and InstrumentId(name) in services.knowledge.instruments:
        return [Link("All its provisions and norms on one page", f"/reference/instruments/{name}")]
    if kind == "fact":
        return [Link("All facts on one page", f"/reference/facts#{name}")]
    return []


def _narrowest(types: tuple[str, ...]) -> list[str]:
    """The classes of ours but for the general one of norms where a kind of norm stands beside it; those of others if alone."""
    own = [iri for iri in types if iri.startswith(ids.DEF)]
    if len(own) > 1 and ids.term("Norm") in own:
        own.remove(ids.term("Norm"))
    return own or list(types)


def _forms(iri: str) -> list[Form]:
    """In which forms there is something at ``iri``, the one preferred where the client has no preference first."""
    return [form for form in FORMS.values() if iri.startswith(ids.GRAPH) or form.name in _NAMES]


def _alternates(wanted: Wanted) -> Mapping[str, str]:
    """Media types by the paths at which the same is found in all forms."""
    found = {f"{wanted.here}.{form.suffix}": form.media_type for form in _forms(wanted.iri)}
    return found | {f"{wanted.here}.html": negotiate.HTML.media_type}


def _open(request: Request, services: Services) -> dict[str, str]:
    """What lets pages of other origins read, where they may: what stands here may lead to deployments of users."""
    reader = allowed(services.settings.query_origins, request.headers.get("origin"))
    if reader is None:
        return {}
    return {"Access-Control-Allow-Origin": reader, "Access-Control-Expose-Headers": "Link, ETag, Content-Location"}


def _headers(request: Request, services: Services, wanted: Wanted) -> dict[str, str]:
    """Where the same is found in other forms, and the IRI that all of them are about."""
    others = (f'<{at}>; rel="alternate"; type="{kind}"' for at, kind in _alternates(wanted).items())
    suffix = "html" if wanted.form is None else wanted.form.suffix
    return {
        "Link": ", ".join([f'<{wanted.iri}>; rel="canonical"', *others]),
        "Content-Location": f"{wanted.here}.{suffix}",
        **_open(request, services),
    }
