"""The six decisions and their criteria as the ontology words them, for who reads words and needs no graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.errors import KnowledgeError, Problem

FILE: Final = "decisions.ttl"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass(frozen=True, slots=True)
class WordedCriterion:
    """What must be the case for a decision to be passed; ``met_when`` is what shows it."""

    id: str
    iri: str
    label: str
    label_zh: str | None
    definition: str
    met_when: str


@dataclass(frozen=True, slots=True)
class WordedDecision:
    """A decision with its criteria, in their order."""

    number: int
    iri: str
    label: str
    label_zh: str | None
    definition: str
    question: str | None
    criteria: tuple[WordedCriterion, ...]


class _Words:
    def __init__(self, triples: list[ox.Triple]) -> None:
        self._values: dict[tuple[str, str], list[ox.Literal]] = {}
        self.kinds: dict[str, set[str]] = {}
        self.parts: dict[str, list[str]] = {}
        for triple in triples:
            subject, predicate, value = str(triple.subject).strip("<>"), triple.predicate.value, triple.object
            if isinstance(value, ox.Literal):
                self._values.setdefault((subject, predicate), []).append(value)
            elif isinstance(value, ox.NamedNode) and predicate == _TYPE:
                self.kinds.setdefault(value.value, set()).add(subject)
            elif isinstance(value, ox.NamedNode) and predicate == ids.term("partOf"):
                self.parts.setdefault(value.value, []).append(subject)

    def of(self, subject: str, predicate: str, language: str = "en") -> str | None:
        values = self._values.get((subject, predicate), [])
        return next((value.value for value in values if value.language in (language, None)), None)

    def place(self, subject: str) -> int:
        return int(self.of(subject, ids.term("position")) or 0)


def read_decisions(root: Path) -> tuple[WordedDecision, ...]:
    """The decisions of the ontology under ``root``, in their order.

    Raises:
        KnowledgeError: where the file is missing or is no Turtle.
    """
    file = root / "ontology" / FILE
    try:
        triples = list(ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE))
    except (OSError, SyntaxError, ValueError) as error:
        raise KnowledgeError([Problem(f"ontology/{FILE}", "unreadable", f"the decisions cannot be read: {error}")]) from error
    words = _Words([one.triple if isinstance(one, ox.Quad) else one for one in triples])
    found = [_decision(words, iri) for iri in words.kinds.get(ids.term("Decision"), ())]
    return tuple(sorted(found, key=lambda one: one.number))


def _decision(words: _Words, iri: str) -> WordedDecision:
    label, definition = _SKOS + "prefLabel", _SKOS + "definition"
    criteria = tuple(
        WordedCriterion(
            id=part.rpartition("/")[2],
            iri=part,
            label=words.of(part, label) or "",
            label_zh=words.of(part, label, "zh"),
            definition=words.of(part, definition) or "",
            met_when=words.of(part, ids.term("metWhen")) or "",
        )
        for part in sorted(words.parts.get(iri, ()), key=lambda part: (words.place(part), part))
    )
    return WordedDecision(
        number=words.place(iri),
        iri=iri,
        label=words.of(iri, label) or "",
        label_zh=words.of(iri, label, "zh"),
        definition=words.of(iri, definition) or "",
        question=words.of(iri, ids.term("competencyQuestion")),
        criteria=criteria,
    )
