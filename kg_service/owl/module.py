"""The small part of the law on which a norm rests, with deployments and questions, as a document for HermiT.

One deployment against all the law takes HermiT minutes. What a norm's condition says rests only on the qualifications it
names, directly or through others, on the facts at their leaves and on the classes of the terms written there or answered: given
these, every other axiom of the ontology is about other names and can change no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

from rdflib import OWL, RDF, RDFS, Literal, URIRef

from kg_service import ids
from kg_service.applicability.condition import All, Always, Condition, DateIn, Flag, HasTerm, Is, Leaf, Not, NumberIn, walk
from kg_service.applicability.facts import Facts
from kg_service.applicability.program import closure
from kg_service.model import FactId, Knowledge, Norm, QualificationId, TermId
from kg_service.owl.expressions import Triple, Writer, decimal, midnight, n_triples
from kg_service.owl.ontology import (
    DEPLOYMENT,
    fact_axioms,
    frame_axioms,
    norm_axioms,
    place_axioms,
    qualification_axioms,
)

QUESTION: Final = "urn:sextant:question:"


class Subject(NamedTuple):
    """Something whose truth is compared, with its class.

    ``part`` is ``condition``, ``unless`` or ``norm`` (the condition and not the exemption), or ``qualification``.
    """

    part: str
    name: str
    owl_class: str


@dataclass(frozen=True)
class Module:
    """Norms that have the same condition and the same exemption, with all on which they rest."""

    knowledge: Knowledge
    norms: tuple[Norm, ...]

    @property
    def applies_when(self) -> Condition:
        return self.norms[0].applies_when

    @property
    def unless(self) -> Condition | None:
        return self.norms[0].unless

    @cached_property
    def qualifications(self) -> tuple[QualificationId, ...]:
        """Every qualification on which the norm rests, in the order of the law's files."""
        found = frozenset[QualificationId]().union(*(closure(self.knowledge, part) for part in self.own_conditions))
        return tuple(name for name in self.knowledge.qualifications if name in found)

    @property
    def own_conditions(self) -> tuple[Condition, ...]:
        """``applies_when`` and, where there is one, ``unless``."""
        return tuple(part for part in (self.applies_when, self.unless) if part is not None)

    @cached_property
    def leaves(self) -> Mapping[FactId, tuple[Leaf, ...]]:
        """The leaves of all conditions of the module by fact, each once."""
        conditions = list(self.own_conditions)
        for name in self.qualifications:
            qualification = self.knowledge.qualifications[name]
            conditions += [part for part in (qualification.when, qualification.unless) if part is not None]
        found: dict[FactId, dict[Leaf, None]] = {}
        for condition in conditions:
            for part in walk(condition):
                if isinstance(part, HasTerm | Flag | NumberIn | DateIn):
                    found.setdefault(FactId(part.fact), {})[part] = None
        return {fact: tuple(found[fact]) for fact in self.knowledge.facts if fact in found}

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """What is asked of each deployment."""
        own: list[Subject] = []
        for norm in self.norms:
            own.append(Subject("condition", norm.id, ids.condition_class(norm.id)))
            if norm.unless is not None:
                own.append(Subject("unless", norm.id, ids.exemption_class(norm.id)))
                own.append(Subject("norm", norm.id, ids.norm_class(norm.id)))
        return (*own, *(Subject("qualification", name, ids.qualification_class(name)) for name in self.qualifications))

    def condition(self, subject: Subject) -> Condition:
        """What ``subject`` says, as a condition."""
        exemption = self.unless if self.unless is not None else Not(Always())
        match subject.part:
            case "condition":
                return self.applies_when
            case "unless":
                return exemption
            case "norm":
                return All((self.applies_when, Not(exemption)))
            case _:
                return Is(subject.name)

    def document(self, deployments: Sequence[Facts], blocks: Blocks) -> str:
        """The module, the deployments and the questions about them as N-Triples.

        Question ``2 n`` has a member unless deployment and subject number n (deployments outermost) make the class
        entailed; question ``2 n + 1`` unless they make its complement entailed.
        """
        mentioned = self._mentioned(deployments)
        facts = [fact for fact in self.knowledge.facts.values() if fact.id in mentioned]
        places = frozenset[TermId]().union(*(mentioned[fact.id] for fact in facts if fact.jurisdictions))
        text = [blocks.frame]
        if places:
            text.append(_text(place_axioms(self.knowledge, places)))
        text += [_text(fact_axioms(self.knowledge, fact, mentioned[fact.id])) for fact in facts]
        text += [blocks.qualification(name) for name in self.qualifications]
        text += [_text(norm_axioms(self.knowledge, norm)) for norm in self.norms]
        text.append(_text(self._questions(deployments)))
        return "".join(text)

    def _mentioned(self, deployments: Sequence[Facts]) -> dict[FactId, set[TermId]]:
        mentioned: dict[FactId, set[TermId]] = {fact: set() for fact in self.leaves}
        for fact, leaves in self.leaves.items():
            mentioned[fact].update(TermId(term) for leaf in leaves if isinstance(leaf, HasTerm) for term in leaf.terms)
        for answers in deployments:
            for fact, answer in answers.items():
                mentioned.setdefault(fact, set()).update(answer if isinstance(answer, frozenset) else ())
        return mentioned

    def _questions(self, deployments: Sequence[Facts]) -> list[Triple]:
        """The deployments, and a class per question that lies within the deployment and outside (then inside) the subject."""
        writer = Writer(self.knowledge, "questions")
        outside = [writer.complement(URIRef(subject.owl_class)) for subject in self.subjects]
        asked = 0
        for number, answers in enumerate(deployments):
            name = f"d{number}"
            writer.triples += deployment_axioms(self.knowledge, name, answers)
            only = writer.blank()
            writer.add(only, RDF.type, OWL.Class)
            writer.add(only, OWL.oneOf, writer.items([URIRef(ids.deployment(name))]))
            for subject, complement in zip(self.subjects, outside, strict=True):
                for body in (complement, URIRef(subject.owl_class)):
                    question = URIRef(f"{QUESTION}{asked}")
                    writer.add(question, RDF.type, OWL.Class)
                    writer.add(question, RDFS.subClassOf, only)
                    writer.add(question, RDFS.subClassOf, body)
                    asked += 1
        return writer.triples


def _text(triples: Iterable[Triple]) -> str:
    """``triples`` as N-Triples without labels and links, which no reasoner reads."""
    return n_triples(triple for triple in triples if triple[1] not in (RDFS.label, RDFS.seeAlso))


def modules(knowledge: Knowledge, norms: Iterable[Norm]) -> list[Module]:
    """A module for each different pair of condition and exemption among ``norms``."""
    groups: dict[tuple[Condition, Condition | None], list[Norm]] = {}
    for norm in norms:
        groups.setdefault((norm.applies_when, norm.unless), []).append(norm)
    return [Module(knowledge, tuple(group)) for group in groups.values()]


class Blocks:
    """The texts that many modules share, written once."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._qualifications: dict[QualificationId, str] = {}
        self.frame = _text(frame_axioms())

    def qualification(self, name: QualificationId) -> str:
        if name not in self._qualifications:
            self._qualifications[name] = _text(qualification_axioms(self._knowledge, self._knowledge.qualifications[name]))
        return self._qualifications[name]


def deployment_axioms(knowledge: Knowledge, name: str, answers: Facts) -> list[Triple]:
    """A deployment as an individual: for each answered fact its values, and that it has no others.

    A term answered is a value in the term's class, of which no more is known. An unanswered fact says nothing.
    """
    writer = Writer(knowledge, f"deployment:{name}")
    thing = URIRef(ids.deployment(name))
    writer.add(thing, RDF.type, OWL.NamedIndividual)
    writer.add(thing, RDF.type, DEPLOYMENT)
    for fact_id, answer in answers.items():
        fact, on = knowledge.facts[fact_id], ids.fact_property(fact_id)
        if isinstance(answer, bool):
            writer.add(thing, URIRef(on), Literal(answer))
        elif isinstance(answer, float):
            writer.add(thing, URIRef(on), decimal(answer))
        elif isinstance(answer, date):
            writer.add(thing, URIRef(on), midnight(answer))
        else:
            terms = [term for term in fact.terms if term in answer]
            for term in terms:
                value = URIRef(ids.deployment_value(name, fact_id, term))
                writer.add(value, RDF.type, OWL.NamedIndividual)
                writer.add(value, RDF.type, writer.terms(fact, [term]))
                writer.add(thing, URIRef(on), value)
            writer.add(thing, RDF.type, writer.restriction(on, OWL.allValuesFrom, writer.terms(fact, terms)))
    return writer.triples
