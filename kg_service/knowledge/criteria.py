"""The six decisions with their criteria, read from ``ontology/decisions.ttl`` without building the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from kg_service import ids
from kg_service.errors import KnowledgeError, Problem
from kg_service.knowledge.graph.terms import DEFINITION, PREF_LABEL, sx

FILE: Final = "ontology/decisions.ttl"
_CRITERION: Final = f"{ids.ID}criterion/"
_DECISION: Final = f"{ids.ID}decision/"


@dataclass(frozen=True, slots=True)
class CriterionText:
    """Something that must be the case for a decision to be passed, and what shows it."""

    id: str
    decision: int
    label: str
    definition: str
    met_when: str
    position: int


@dataclass(frozen=True, slots=True)
class DecisionText:
    number: int
    label: str
    definition: str
    criteria: tuple[CriterionText, ...]


def read_decisions(root: Path) -> tuple[DecisionText, ...]:
    """The decisions in their order, each with its criteria in theirs.

    Raises:
        KnowledgeError: where the file cannot be read.
    """
    said: dict[str, dict[NamedNode, str]] = {}
    try:
        for quad in parse(path=root / FILE, format=RdfFormat.TURTLE):
            words, subject = quad.object, quad.subject
            if isinstance(subject, NamedNode) and isinstance(words, Literal) and words.language in (None, "en"):
                said.setdefault(subject.value, {})[quad.predicate] = words.value
    except (OSError, SyntaxError) as error:
        raise KnowledgeError([Problem(FILE, "unreadable", str(error))]) from error
    met, position = sx("metWhen"), sx("position")
    criteria = [
        CriterionText(name, int(number), words[PREF_LABEL], words[DEFINITION], words[met], int(words[position]))
        for iri, words in said.items()
        if iri.startswith(_CRITERION)
        for number, _, name in [iri.removeprefix(_CRITERION).partition("/")]
    ]
    criteria.sort(key=lambda one: (one.decision, one.position))
    found = (
        DecisionText(
            int(words[position]),
            words[PREF_LABEL],
            words[DEFINITION],
            tuple(one for one in criteria if one.decision == int(words[position])),
        )
        for iri, words in said.items()
        if iri.startswith(_DECISION)
    )
    return tuple(sorted(found, key=lambda one: one.number))
