"""Conditions as OWL 2 DL class expressions, and back.

======================  =====================================================================
condition               class expression
======================  =====================================================================
``always``              ``owl:Thing``
``all``, ``any``, ``not``  intersection, union, complement
``is: q``               the named class of the qualification
``{f: t}``              some value of property f is in the class of t (of the union, for a list)
``{flag: true}``        the data property has the value true
``{n: {min: 3}}``       some value of the data property is in ``xsd:decimal[>= 3]``
``{d: {before: day}}``  some value is in ``xsd:dateTime[< day at midnight, UTC]`` (OWL 2 has no ``xsd:date``)
======================  =====================================================================

Blank nodes are named after their owner, so that the same condition always gives the same triples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from kg_service import ids
from kg_service.applicability.condition import (
    All,
    Always,
    AnyOf,
    Condition,
    DateIn,
    Flag,
    HasTerm,
    Is,
    Not,
    NumberIn,
    replace,
)
from kg_service.errors import KnowledgeError, Problem
from kg_service.model import Fact, FactId, FactKind, Knowledge

Triple: TypeAlias = tuple[Node, Node, Node]

_FACETS: Final = {
    "min": XSD.minInclusive,
    "max": XSD.maxInclusive,
    "above": XSD.minExclusive,
    "below": XSD.maxExclusive,
    "start": XSD.minInclusive,
    "before": XSD.maxExclusive,
}
_NUMBER: Final = ("min", "max", "above", "below")
_DATE: Final = ("start", "before")


def canonical(condition: Condition) -> Condition:
    """``condition`` without lists of one part and empty lists, which OWL 2 does not know; the meaning stays."""

    def change(part: Condition) -> Condition:
        match part:
            case All((only,)) | AnyOf((only,)):
                return only
            case All(()):
                return Always()
            case AnyOf(()):
                return Not(Always())
            case _:
                return part

    return replace(condition, change)


def term_iri(fact: Fact, term_id: str) -> URIRef:
    """The class of the values of ``fact`` at or below a term; facts that are answered with places share the classes."""
    return URIRef(ids.jurisdiction_class(term_id) if fact.jurisdictions else ids.term_class(fact.id, term_id))


def decimal(number: float) -> Literal:
    return Literal(format(Decimal(repr(float(number))), "f"), datatype=XSD.decimal, normalize=False)


def midnight(day: date) -> Literal:
    """``day`` as an instant. Days are compared, never hours, so one time zone for all keeps their order."""
    return Literal(f"{day.isoformat()}T00:00:00Z", datatype=XSD.dateTime, normalize=False)


class Writer:
    """Collects the triples of class expressions and axioms; ``owner`` names its blank nodes."""

    def __init__(self, knowledge: Knowledge, owner: str) -> None:
        self.triples: list[Triple] = []
        self._facts = knowledge.facts
        self._prefix = "x" + hashlib.sha256(owner.encode()).hexdigest()[:12]
        self._count = 0

    def add(self, subject: Node, predicate: Node, value: Node) -> None:
        self.triples.append((subject, predicate, value))

    def blank(self) -> BNode:
        self._count += 1
        return BNode(f"{self._prefix}n{self._count}")

    def items(self, nodes: Sequence[Node]) -> Node:
        """The head of an RDF list of ``nodes``."""
        head: Node = RDF.nil
        for node in reversed(nodes):
            cell = self.blank()
            self.add(cell, RDF.first, node)
            self.add(cell, RDF.rest, head)
            head = cell
        return head

    def combined(self, operator: URIRef, nodes: Sequence[Node]) -> Node:
        """The union or intersection of ``nodes``; a single node stands for itself."""
        if len(nodes) == 1:
            return nodes[0]
        node = self.blank()
        self.add(node, RDF.type, OWL.Class)
        self.add(node, operator, self.items(nodes))
        return node

    def complement(self, of: Node) -> Node:
        node = self.blank()
        self.add(node, RDF.type, OWL.Class)
        self.add(node, OWL.complementOf, of)
        return node

    def restriction(self, on: str, kind: URIRef, filler: Node) -> Node:
        node = self.blank()
        self.add(node, RDF.type, OWL.Restriction)
        self.add(node, OWL.onProperty, URIRef(on))
        self.add(node, kind, filler)
        return node

    def terms(self, fact: Fact, terms: Iterable[str]) -> Node:
        """The union of the classes of ``terms``, or nothing at all where there are none."""
        classes: list[Node] = [term_iri(fact, term) for term in terms]
        return self.combined(OWL.unionOf, classes) if classes else OWL.Nothing

    def expression(self, condition: Condition) -> Node:
        """The node of the class of all deployments that meet ``condition``; its triples are collected."""
        return self._expression(canonical(condition))

    def _expression(self, condition: Condition) -> Node:
        match condition:
            case Always():
                return OWL.Thing
            case All(parts):
                return self.combined(OWL.intersectionOf, [self._expression(part) for part in parts])
            case AnyOf(parts):
                return self.combined(OWL.unionOf, [self._expression(part) for part in parts])
            case Not(part):
                return self.complement(self._expression(part))
            case Is(qualification):
                return URIRef(ids.qualification_class(qualification))
            case HasTerm(fact, terms):
                filler = self.terms(self._facts[FactId(fact)], terms)
                return self.restriction(ids.fact_property(fact), OWL.someValuesFrom, filler)
            case Flag(fact, value):
                return self.restriction(ids.fact_property(fact), OWL.hasValue, Literal(value))
            case NumberIn(fact):
                bounds = {"min": condition.min, "max": condition.max, "above": condition.above, "below": condition.below}
                facets = {name: decimal(bound) for name, bound in bounds.items() if bound is not None}
                return self._range(fact, XSD.decimal, facets)
            case DateIn(fact, start, before):
                days = {"start": start, "before": before}
                return self._range(fact, XSD.dateTime, {name: midnight(day) for name, day in days.items() if day is not None})

    def _range(self, fact: str, datatype: URIRef, bounds: Mapping[str, Literal]) -> Node:
        if not bounds:
            return self.restriction(ids.fact_property(fact), OWL.someValuesFrom, datatype)
        facets: list[Node] = []
        for name, bound in bounds.items():
            facet = self.blank()
            self.add(facet, _FACETS[name], bound)
            facets.append(facet)
        node = self.blank()
        self.add(node, RDF.type, RDFS.Datatype)
        self.add(node, OWL.onDatatype, datatype)
        self.add(node, OWL.withRestrictions, self.items(facets))
        return self.restriction(ids.fact_property(fact), OWL.someValuesFrom, node)


class Reader:
    """Reads class expressions of a graph back as conditions; the inverse of :meth:`Writer.expression`."""

    def __init__(self, knowledge: Knowledge, graph: Graph) -> None:
        self._graph = graph
        self._facts = {URIRef(ids.fact_property(fact.id)): fact for fact in knowledge.facts.values()}
        self._qualifications = {URIRef(ids.qualification_class(name)): name for name in knowledge.qualifications}

    def condition(self, node: Node) -> Condition:
        """The condition that ``node`` expresses; :class:`KnowledgeError` for an expression outside our fragment."""
        if node == OWL.Thing:
            return Always()
        if isinstance(node, URIRef) and node in self._qualifications:
            return Is(self._qualifications[node])
        for predicate, build in ((OWL.intersectionOf, All), (OWL.unionOf, AnyOf)):
            if (head := self._graph.value(node, predicate)) is not None:
                return build(tuple(self.condition(part) for part in Collection(self._graph, head)))
        if (part := self._graph.value(node, OWL.complementOf)) is not None:
            return Not(self.condition(part))
        return self._leaf(node)

    def _leaf(self, node: Node) -> Condition:
        on = self._graph.value(node, OWL.onProperty)
        fact = self._facts.get(on) if isinstance(on, URIRef) else None
        if fact is None:
            raise self._outside(node)
        filler = self._graph.value(node, OWL.someValuesFrom)
        value = self._graph.value(node, OWL.hasValue)
        if fact.kind is FactKind.FLAG and isinstance(value, Literal):
            return Flag(fact.id, bool(value.toPython()))
        if filler is None:
            raise self._outside(node)
        if fact.kind in (FactKind.TERMS, FactKind.ONE):
            return self._terms(fact, filler)
        bounds = self._bounds(filler)
        if fact.kind is FactKind.NUMBER:
            return NumberIn(fact.id, **{name: float(bounds[_FACETS[name]]) for name in _NUMBER if _FACETS[name] in bounds})
        days = {name: date.fromisoformat(bounds[_FACETS[name]][:10]) for name in _DATE if _FACETS[name] in bounds}
        return DateIn(fact.id, **days)

    def _terms(self, fact: Fact, filler: Node) -> HasTerm:
        known = {term_iri(fact, term): term for term in fact.terms}
        union = self._graph.value(filler, OWL.unionOf)
        classes = [filler] if union is None else list(Collection(self._graph, union))
        terms = [known[node] for node in classes if isinstance(node, URIRef) and node in known]
        if len(terms) != len(classes):
            raise self._outside(filler)
        return HasTerm(fact.id, tuple(terms))

    def _bounds(self, datatype: Node) -> dict[Node, str]:
        head = self._graph.value(datatype, OWL.withRestrictions)
        facets = [] if head is None else list(Collection(self._graph, head))
        return {facet: str(bound) for node in facets for facet, bound in self._graph.predicate_objects(node)}

    def _outside(self, node: Node) -> KnowledgeError:
        said = "; ".join(f"{p} {o}" for p, o in self._graph.predicate_objects(node)) or str(node)
        return KnowledgeError([Problem("OWL", "owl-expression", f"This class expression is outside our fragment: {said[:200]}")])


def n_triples(triples: Iterable[Triple]) -> str:
    """``triples`` as N-Triples text, in their order."""
    return "".join(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in triples)
