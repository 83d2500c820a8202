"""The only place that mints IRIs. Terms live under ``def/``, things under ``id/``; the service answers all of them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

BASE: Final = "https://w3id.org/sextant/"
DEF: Final = BASE + "def/"
ID: Final = BASE + "id/"
GRAPH: Final = BASE + "graph/"
ONTOLOGY: Final = BASE + "ontology"
DATASET: Final = ID + "dataset/knowledge"

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """``text`` in lower-case ASCII letters, digits and single hyphens; the same text gives the same slug for ever."""
    ascii_text = unicodedata.normalize("NFKD", text.replace("§", "section ")).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", ascii_text).strip("-")


def term(name: str) -> str:
    """IRI of a class or property of the ontology."""
    return DEF + name


def instrument(instrument_id: str) -> str:
    return f"{ID}instrument/{instrument_id}"


def provision(instrument_id: str, pinpoint: str) -> str:
    """IRI of a provision by its pinpoint (``Art 26(1)`` gives ``.../provision/eu-ai-act/art-26-1``)."""
    return f"{ID}provision/{instrument_id}/{slug(pinpoint)}"


def norm(norm_id: str) -> str:
    return f"{ID}norm/{norm_id}"


def qualification(qualification_id: str) -> str:
    return f"{ID}qualification/{qualification_id}"


def fact(fact_id: str) -> str:
    return f"{ID}fact/{fact_id}"


def fact_term(fact_id: str, term_id: str) -> str:
    """IRI of a term that answers a fact. Jurisdictions are shared by several facts: use :func:`jurisdiction` for them."""
    return f"{ID}term/{fact_id}/{term_id}"


def jurisdiction(jurisdiction_id: str) -> str:
    return f"{ID}jurisdiction/{jurisdiction_id}"


def interpretation(interpretation_id: str) -> str:
    return f"{ID}interpretation/{interpretation_id}"


def interpretation_part(interpretation_id: str, kind: str, number: int) -> str:
    """IRI of a ``reading`` of a contested question, or of a ``change`` of an answer, by its place in the list."""
    return f"{interpretation(interpretation_id)}/{kind}/{number}"


def event(event_id: str) -> str:
    return f"{ID}event/{event_id}"


def risk(risk_id: str) -> str:
    return f"{ID}risk/{risk_id}"


def control(control_id: str) -> str:
    return f"{ID}control/{control_id}"


def framework(framework_id: str) -> str:
    return f"{ID}framework/{framework_id}"


def framework_control(framework_id: str, control_id: str) -> str:
    return f"{ID}framework-control/{framework_id}/{slug(control_id)}"


def decision(number: int) -> str:
    return f"{ID}decision/{number}"


def criterion(number: int, criterion_id: str) -> str:
    return f"{ID}criterion/{number}/{criterion_id}"


def value(kind: str, value_id: str) -> str:
    """IRI of a value of a closed list: ``certainty/verified_text``, ``status/applies``, ``bindingness/law``."""
    return f"{ID}{kind}/{value_id}"


def dated_provision(instrument_id: str, pinpoint: str, day: str) -> str:
    """IRI of a day as one provision sets it (``.../dated/eu-ai-act/art-113-d/2027-12-02``)."""
    return f"{ID}dated/{instrument_id}/{slug(pinpoint)}/{day}"


def source(text: str) -> str:
    """IRI of a legal source that is not in the registry of instruments."""
    return f"{ID}source/{slug(text)}"


def bearer(bearer_id: str) -> str:
    return f"{ID}bearer/{bearer_id}"


def evidence(text: str) -> str:
    return f"{ID}evidence/{slug(text)}"


def deployment(deployment_id: str) -> str:
    return f"{ID}deployment/{deployment_id}"


def dossier(dossier_id: str) -> str:
    return f"{ID}dossier/{dossier_id}"


def dossier_part(dossier_id: str, *steps: object) -> str:
    """IRI of a part of a dossier: ``.../dossier/loans/decision/2``, ``.../dossier/loans/control/gov-inventory``."""
    return "/".join([dossier(dossier_id), *map(str, steps)])


def deployment_value(deployment_id: str, fact_id: str, term_id: str) -> str:
    """IRI of the value by which a deployment answers a fact with a term, where values are individuals (the OWL reading)."""
    return f"{ID}deployment/{deployment_id}/{fact_id}/{term_id}"


def query(name: str) -> str:
    """IRI of a saved query."""
    return f"{ID}query/{name}"


def query_parameter(name: str, parameter: str) -> str:
    return f"{query(name)}/parameter/{parameter}"


def deployment_answer(deployment_id: str, fact_id: str) -> str:
    return f"{deployment(deployment_id)}/answer/{fact_id}"


def deployment_assessment(deployment_id: str, day: str) -> str:
    return f"{deployment(deployment_id)}/assessment/{day}"


def deployment_verdict(deployment_id: str, day: str, norm_id: str) -> str:
    return f"{deployment_assessment(deployment_id, day)}/verdict/{norm_id}"


def graph(name: str) -> str:
    """IRI of a named graph: ``graph/instrument/eu-ai-act``, ``graph/ontology``, ``graph/deployment/...``."""
    return GRAPH + name


def text(work: str, version: str) -> str:
    """IRI of one version of an official text or a policy; ``work`` is its CELEX or another name that all its versions share."""
    return f"{ID}text/{slug(work)}/{slug(version)}"


def text_unit(work: str, version: str, path: str) -> str:
    """IRI of a piece of a text by its path (``.../text/32024r1689/2026-07-27/art-6/par-2``); ``~`` parts doubled numbers."""
    return f"{text(work, version)}/{path}"


# The OWL reading (kg_service/owl): classes and properties, kept apart from the things under id/ so that nothing is punned.


def fact_property(fact_id: str) -> str:
    """IRI of the property that reads a fact in OWL."""
    return f"{DEF}fact/{fact_id}"


def term_class(fact_id: str, term_id: str) -> str:
    """IRI of the class of values at or below a term. Jurisdictions are shared: use :func:`jurisdiction_class` for them."""
    return f"{DEF}term/{fact_id}/{term_id}"


def jurisdiction_class(jurisdiction_id: str) -> str:
    return f"{DEF}jurisdiction/{jurisdiction_id}"


def qualification_class(qualification_id: str) -> str:
    """IRI of the class of deployments for which a qualification holds."""
    return f"{DEF}qualification-class/{qualification_id}"


def condition_class(norm_id: str) -> str:
    """IRI of the class of deployments that meet ``applies_when`` of a norm."""
    return f"{DEF}condition-class/{norm_id}"


def exemption_class(norm_id: str) -> str:
    """IRI of the class of deployments that meet ``unless`` of a norm."""
    return f"{DEF}exemption-class/{norm_id}"


def norm_class(norm_id: str) -> str:
    """IRI of the class of deployments that meet a norm's condition and not its exemption, whatever the date."""
    return f"{DEF}norm-class/{norm_id}"


def subject_class(norm_id: str) -> str:
    """IRI of the class of everything that is subject to a norm (``subjectTo`` has the norm as a value)."""
    return f"{DEF}subject-class/{norm_id}"
