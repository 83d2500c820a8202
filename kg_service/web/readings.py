"""The classes and properties of the OWL reading in words."""

from __future__ import annotations

from typing import Final

from kg_service import ids
from kg_service.model import Knowledge, NormId, QualificationId
from kg_service.web.cards import Link
from kg_service.web.conditions import Line, lines

_READINGS: Final = {
    "norm-class": "The class of deployments that meet the norm's condition and not its exception, whatever the day.",
    "condition-class": "The class of deployments that meet the norm's condition.",
    "exemption-class": "The class of deployments that meet the norm's exception.",
    "subject-class": "The class of everything that is subject to the norm.",
    "qualification-class": "The class of deployments for which the qualification holds.",
    "fact": "The property by which a reasoner reads the answer to a fact.",
    "term": "The class of the values at or below a term.",
    "jurisdiction": "The class of the places at or below a place.",
    "applicability": "Every condition under which a norm binds, as defined classes in OWL 2 DL, for Protégé and for reasoners. "
    "Days of application are no part of it.",
}


def reading_of(knowledge: Knowledge, kind: str, name: str) -> tuple[str, str, list[Link], list[tuple[str, Line]]]:
    """Title, explanation, the things it reads, and its condition in words."""
    norm, qualification = knowledge.norms.get(NormId(name)), knowledge.qualifications.get(QualificationId(name))
    said: list[tuple[str, Line]] = []
    if norm is not None and kind != "qualification-class":
        if kind != "exemption-class":
            said.append(("Applies when", lines(knowledge, norm.applies_when)))
        if norm.unless is not None and kind != "condition-class":
            said.append(("Unless", lines(knowledge, norm.unless)))
        return norm.title, _READINGS[kind], [Link(norm.title, ids.norm(norm.id))], said
    if qualification is not None:
        said = [("Holds when", lines(knowledge, qualification.when))]
        if qualification.unless is not None:
            said.append(("Unless", lines(knowledge, qualification.unless)))
        return qualification.label, _READINGS[kind], [Link(qualification.label, ids.qualification(qualification.id))], said
    if not name:
        return "The conditions in OWL", _READINGS[kind], [Link("The ontology", ids.ONTOLOGY)], said
    thing = ids.BASE + f"id/{kind}/{name}"
    return name, _READINGS[kind], [Link(name, thing)], said
