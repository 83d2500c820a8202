"""Reference pages, to read or to print: the ontology, every instrument, qualifications, facts, controls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kg_service import ids
from kg_service.exports.description import contents
from kg_service.exports.documents import ONTOLOGY_GRAPH
from kg_service.exports.formats import FORMS
from kg_service.model import Fact, FactKind, InstrumentId, Knowledge, Qualification, Term, TermId
from kg_service.rest.assessments import today
from kg_service.rest.paging import find
from kg_service.services import Services, ServicesParam
from kg_service.web.cards import Cards, QualificationCard
from kg_service.web.rendering import render
from kg_service.web.responses import documents_of, html
from kg_service.web.vocabulary import vocabulary

router = APIRouter(prefix="/reference", include_in_schema=False)
_METHODS: Final = ["GET", "HEAD"]
_KINDS: Final = {
    FactKind.TERMS: "any number of these terms",
    FactKind.ONE: "exactly one of these terms",
    FactKind.FLAG: "yes or no",
    FactKind.NUMBER: "a number",
    FactKind.DATE: "a day",
}
ONTOLOGY_FORMS: Final = tuple(form for form in FORMS.values() if not form.graphs or form.name == "jsonld")


@dataclass(frozen=True, slots=True)
class TermView:
    id: str
    text: str
    iri: str


def cards_of(request: Request, services: Services) -> Cards:
    """The cards of the running service as of today."""
    return Cards(services.knowledge, documents_of(request).lexicon, today())


@router.api_route("", methods=_METHODS)
def index() -> Response:
    """The reference begins with the instruments."""
    return RedirectResponse("/reference/instruments", 303)


@router.api_route("/instruments", methods=_METHODS)
def instruments(request: Request, services: ServicesParam) -> Response:
    """All instruments by jurisdiction, with status and counts."""
    places = cards_of(request, services).by_place()
    knowledge = services.knowledge
    return html(request, render("instruments.html", version=knowledge.version, places=places, total=len(knowledge.instruments)))


@router.api_route("/instruments/{instrument_id}", methods=_METHODS)
def instrument(request: Request, services: ServicesParam, instrument_id: str) -> Response:
    """One instrument with its provisions and norms; an old id leads to the new one."""
    knowledge = services.knowledge
    aliases = {alias: item.id for item in knowledge.instruments.values() for alias in item.aliases}
    found = find("instrument", knowledge.instruments, instrument_id, aliases)
    if found.id != instrument_id:
        return RedirectResponse(f"/reference/instruments/{found.id}", 301)
    cards = cards_of(request, services)
    page = render(
        "instrument.html",
        version=knowledge.version,
        card=cards.instrument(found),
        provisions=cards.provisions(InstrumentId(found.id)),
        graph=ids.graph(f"instrument/{found.id}"),
        questions=[one for one in knowledge.interpretations.values() if found.id in one.instruments()],
    )
    return html(request, page)


@router.api_route("/qualifications", methods=_METHODS)
def qualifications(request: Request, services: ServicesParam) -> Response:
    """All qualifications by the instrument or field to which they belong."""
    knowledge, cards = services.knowledge, cards_of(request, services)
    families: dict[str, list[Qualification]] = defaultdict(list)
    for one in knowledge.qualifications.values():
        families[one.id.partition("/")[0]].append(one)
    listed: list[tuple[str, str, list[QualificationCard]]] = []
    for family, members in families.items():
        known = knowledge.instruments.get(InstrumentId(family))
        name = family if known is None else known.short_title
        listed.append((family, name, [cards.qualification(one) for one in sorted(members, key=lambda one: one.label.casefold())]))
    listed.sort(key=lambda one: one[1].casefold())
    page = render("qualifications.html", version=knowledge.version, families=listed, total=len(knowledge.qualifications))
    return html(request, page)


@router.api_route("/facts", methods=_METHODS)
def facts(request: Request, services: ServicesParam) -> Response:
    """All facts with their terms, and the places."""
    knowledge = services.knowledge
    page = render(
        "facts.html",
        version=knowledge.version,
        facts=[(fact, () if fact.jurisdictions else _tree_of(fact)) for fact in knowledge.facts.values()],
        places=_tree(knowledge.jurisdictions, {term: ids.jurisdiction(term) for term in knowledge.jurisdictions}),
        kinds=_KINDS,
        uses=cards_of(request, services).uses(),
    )
    return html(request, page)


@router.api_route("/controls", methods=_METHODS)
def controls(request: Request, services: ServicesParam) -> Response:
    """All controls, then all risks."""
    knowledge = services.knowledge
    page = render(
        "controls.html",
        version=knowledge.version,
        controls=sorted(knowledge.controls.values(), key=lambda one: one.name.casefold()),
        risks=sorted(knowledge.risks.values(), key=lambda one: one.name.casefold()),
        names={risk.id: risk.name for risk in knowledge.risks.values()},
        titles=_framework_titles(knowledge),
        uses=cards_of(request, services).uses(),
    )
    return html(request, page)


@router.api_route("/ontology", methods=_METHODS)
def ontology(request: Request, services: ServicesParam) -> Response:
    """Classes, properties and closed values with their definitions."""
    return html(request, ontology_page(request, services))


def ontology_page(request: Request, services: Services) -> str:
    """The reference page of the ontology, which is also what its IRI shows in a browser."""
    found = vocabulary(contents(services.store, ONTOLOGY_GRAPH))
    return render(
        "ontology.html",
        version=services.knowledge.version,
        description=found.description,
        parts=[(part.title, part.anchor, part.entries) for part in found.parts],
        named=found.values,
        ontology_version=documents_of(request).ontology_version,
        forms=ONTOLOGY_FORMS,
    )


def _framework_titles(knowledge: Knowledge) -> Mapping[str, str]:
    return defaultdict(str, {name: framework.title for name, framework in knowledge.frameworks.items()})


def _tree_of(fact: Fact) -> list[tuple[TermView, list[object]]]:
    return _tree(fact.terms, {term: ids.fact_term(fact.id, term) for term in fact.terms})


def _tree(terms: Mapping[TermId, Term], iris: Mapping[TermId, str]) -> list[tuple[TermView, list[object]]]:
    below: dict[TermId | None, list[Term]] = defaultdict(list)
    for term in terms.values():
        below[term.parent].append(term)

    def under(parent: TermId | None) -> Iterable[tuple[TermView, list[object]]]:
        for term in below[parent]:
            yield TermView(term.id, term.labels.label, iris[term.id]), list(under(term.id))

    return list(under(None))
