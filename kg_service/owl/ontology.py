"""The law's conditions as one OWL 2 DL ontology: what ``sextant export --format owl`` writes and what HermiT is given.

* a fact is a property of the deployment (an object property for terms, a functional data property for the others);
  a fact with exactly one answer is functional;
* a term is the class of the values at or below it; the classes of siblings are disjoint;
* a qualification is a defined class: its ``when`` and not its ``unless``;
* a norm has a condition class (``applies_when``), an exemption class (``unless``) and a norm class (the one and not the
  other), which stands below the class of everything that is ``subjectTo`` the norm.

Days of application are no part of it: they are compared with the calendar, which needs no reasoner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from rdflib import OWL, RDF, RDFS, XSD, BNode, Literal, URIRef
from rdflib.term import Node

from kg_service import ids
from kg_service.applicability.condition import Condition, HasTerm
from kg_service.model import Fact, FactKind, Knowledge, Norm, Qualification, TermId
from kg_service.owl.expressions import Triple, Writer, term_iri

DOCUMENT: Final = URIRef(ids.term("applicability"))
DEPLOYMENT: Final = URIRef(ids.term("Deployment"))
NORM: Final = URIRef(ids.term("Norm"))
SUBJECT_TO: Final = URIRef(ids.term("subjectTo"))

_SPACES: Final = {"rdf": str(RDF), "rdfs": str(RDFS), "owl": str(OWL), "xsd": str(XSD)}
_DATATYPES: Final = {FactKind.FLAG: XSD.boolean, FactKind.NUMBER: XSD.decimal, FactKind.DATE: XSD.dateTime}


def owl_document(knowledge: Knowledge) -> bytes:
    """All conditions of ``knowledge`` as an OWL 2 DL ontology in RDF/XML; the same knowledge gives the same bytes.

    It imports nothing, so no tool that opens it fetches anything.
    """
    return rdf_xml(axioms(knowledge))


def rdf_xml(triples: Iterable[Triple]) -> bytes:
    """``triples`` as RDF/XML: subjects as they first come, their statements in order. Predicates are of OWL's own namespaces.

    Written here because rdflib's serializer orders statements by hash, anew in each process.
    """
    about: dict[Node, list[str]] = {}
    for subject, predicate, value in triples:
        link = str(predicate)
        tag = next(f"{prefix}:{link[len(space) :]}" for prefix, space in _SPACES.items() if link.startswith(space))
        about.setdefault(subject, []).append(_statement(tag, value))
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<rdf:RDF"]
    lines += [f"  xmlns:{prefix}={quoteattr(space)}" for prefix, space in _SPACES.items()]
    lines += ["  >"]
    for subject, statements in about.items():
        lines += [f"<rdf:Description {_name('about', subject)}>", *statements, "</rdf:Description>"]
    return "\n".join([*lines, "</rdf:RDF>", ""]).encode()


def _statement(tag: str, value: Node) -> str:
    if not isinstance(value, Literal):
        return f"  <{tag} {_name('resource', value)}/>"
    mark = f" xml:lang={quoteattr(value.language)}" if value.language else ""
    if value.datatype is not None:
        mark = f" rdf:datatype={quoteattr(str(value.datatype))}"
    return f"  <{tag}{mark}>{escape(str(value))}</{tag}>"


def _name(role: str, node: Node) -> str:
    return f'rdf:nodeID="{node}"' if isinstance(node, BNode) else f"rdf:{role}={quoteattr(str(node))}"


def axioms(knowledge: Knowledge) -> Iterator[Triple]:
    """Every triple of the ontology, in the order of the law's files."""
    yield (DOCUMENT, RDF.type, OWL.Ontology)
    yield (DOCUMENT, OWL.versionInfo, Literal(knowledge.version))
    yield (DOCUMENT, RDFS.comment, Literal(_COMMENT, lang="en"))
    yield from frame_axioms()
    yield from place_axioms(knowledge)
    for fact in knowledge.facts.values():
        yield from fact_axioms(knowledge, fact)
    for qualification in knowledge.qualifications.values():
        yield from qualification_axioms(knowledge, qualification)
    for norm in knowledge.norms.values():
        yield from norm_axioms(knowledge, norm)


_COMMENT: Final = (
    "The conditions under which norms bind a deployment, as defined classes. A deployment's answered facts need closure: "
    "only values of the answered terms. Dates of application are not part of this ontology."
)


def frame_axioms() -> list[Triple]:
    """The classes and the property that stand for no single fact or norm."""
    return [
        (DEPLOYMENT, RDF.type, OWL.Class),
        (NORM, RDF.type, OWL.Class),
        (SUBJECT_TO, RDF.type, OWL.ObjectProperty),
        (SUBJECT_TO, RDFS.range, NORM),
    ]


def fact_axioms(knowledge: Knowledge, fact: Fact, terms: Set[TermId] | None = None) -> list[Triple]:
    """The property of a fact, the classes of its terms, their order and their disjointness.

    ``terms`` limits the classes to those terms and all above them: the rest has no bearing on what is said with them.
    Classes of places are left to :func:`place_axioms`.
    """
    writer = Writer(knowledge, f"fact:{fact.id}")
    named = URIRef(ids.fact_property(fact.id))
    data = fact.kind in _DATATYPES
    writer.add(named, RDF.type, OWL.DatatypeProperty if data else OWL.ObjectProperty)
    _describe(writer, named, fact.labels.label, ids.fact(fact.id))
    writer.add(named, RDFS.domain, DEPLOYMENT)
    if data or fact.kind is FactKind.ONE:
        writer.add(named, RDF.type, OWL.FunctionalProperty)
    if data:
        writer.add(named, RDFS.range, _DATATYPES[fact.kind])
        return writer.triples
    kept = _with_ancestors(fact, terms)
    _exclusions(writer, fact, kept)
    if not fact.jurisdictions:
        _tree(writer, fact, kept)
    return writer.triples


def place_axioms(knowledge: Knowledge, terms: Set[TermId] | None = None) -> list[Triple]:
    """The classes of the jurisdictions, shared by all facts that are answered with places."""
    fact = next((fact for fact in knowledge.facts.values() if fact.jurisdictions), None)
    if fact is None:
        return []
    writer = Writer(knowledge, "jurisdictions")
    _tree(writer, fact, _with_ancestors(fact, terms))
    return writer.triples


def qualification_axioms(knowledge: Knowledge, qualification: Qualification) -> list[Triple]:
    """The defined class of a qualification."""
    writer = Writer(knowledge, f"qualification:{qualification.id}")
    named = URIRef(ids.qualification_class(qualification.id))
    writer.add(named, RDF.type, OWL.Class)
    _describe(writer, named, qualification.label, ids.qualification(qualification.id))
    writer.add(named, OWL.equivalentClass, _guarded(writer, qualification.when, qualification.unless))
    return writer.triples


def norm_axioms(knowledge: Knowledge, norm: Norm) -> list[Triple]:
    """The condition class, the exemption class (where there is one), the norm class and what it is subject to."""
    writer = Writer(knowledge, f"norm:{norm.id}")
    condition, named, subject, thing = (
        URIRef(mint(norm.id)) for mint in (ids.condition_class, ids.norm_class, ids.subject_class, ids.norm)
    )
    writer.add(condition, RDF.type, OWL.Class)
    writer.add(condition, OWL.equivalentClass, writer.expression(norm.applies_when))
    body: Node = condition
    if norm.unless is not None:
        exemption = URIRef(ids.exemption_class(norm.id))
        writer.add(exemption, RDF.type, OWL.Class)
        writer.add(exemption, OWL.equivalentClass, writer.expression(norm.unless))
        body = writer.combined(OWL.intersectionOf, [condition, writer.complement(exemption)])
    writer.add(named, RDF.type, OWL.Class)
    _describe(writer, named, norm.title, ids.norm(norm.id))
    writer.add(named, OWL.equivalentClass, body)
    writer.add(thing, RDF.type, OWL.NamedIndividual)
    writer.add(thing, RDF.type, NORM)
    writer.add(subject, RDF.type, OWL.Class)
    writer.add(subject, OWL.equivalentClass, writer.restriction(str(SUBJECT_TO), OWL.hasValue, thing))
    writer.add(named, RDFS.subClassOf, subject)
    return writer.triples


def _describe(writer: Writer, named: URIRef, label: str, thing: str) -> None:
    writer.add(named, RDFS.label, Literal(label, lang="en"))
    writer.add(named, RDFS.seeAlso, URIRef(thing))


def _guarded(writer: Writer, when: Condition, unless: Condition | None) -> Node:
    if unless is None:
        return writer.expression(when)
    parts = [writer.expression(when), writer.complement(writer.expression(unless))]
    return writer.combined(OWL.intersectionOf, parts)


def _with_ancestors(fact: Fact, terms: Set[TermId] | None) -> list[TermId]:
    if terms is None:
        return list(fact.terms)
    wanted = set(terms).union(*(fact.ancestors[term] for term in terms))
    return [term for term in fact.terms if term in wanted]


def _tree(writer: Writer, fact: Fact, kept: list[TermId]) -> None:
    siblings: dict[TermId | None, list[Node]] = {}
    for name in kept:
        term, named = fact.terms[name], term_iri(fact, name)
        writer.add(named, RDF.type, OWL.Class)
        _describe(
            writer, named, term.labels.label, ids.jurisdiction(name) if fact.jurisdictions else ids.fact_term(fact.id, name)
        )
        if term.parent is not None:
            writer.add(named, RDFS.subClassOf, term_iri(fact, term.parent))
        siblings.setdefault(term.parent, []).append(named)
    for group in siblings.values():
        if len(group) > 1:
            node = writer.blank()
            writer.add(node, RDF.type, OWL.AllDisjointClasses)
            writer.add(node, OWL.members, writer.items(group))


def _exclusions(writer: Writer, fact: Fact, kept: list[TermId]) -> None:
    """No deployment has a value of one term and a value of a term that it excludes."""
    for name in kept:
        for other in fact.terms[name].excludes:
            if other in kept:
                one, two = (writer.expression(HasTerm(fact.id, (term,))) for term in (name, other))
                writer.add(one, RDFS.subClassOf, writer.complement(two))
