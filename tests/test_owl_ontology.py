"""The exported ontology says what the law's files say, and stays inside OWL 2 DL."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import owlready2
import pytest
from owl_sample import FACTS, law, norm, qualification
from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, URIRef
from rdflib.namespace import Namespace

from kg_service import ids
from kg_service.applicability.condition import All, Always, AnyOf, Flag, HasTerm, Is, Not
from kg_service.model import FactKind, Knowledge
from kg_service.owl.ontology import SUBJECT_TO, owl_document
from kg_service.owl.reasoner import Reasoner

BUILT_IN = (str(OWL), str(RDF), str(RDFS), str(XSD))
SX = Namespace(ids.DEF)


@pytest.fixture(scope="module")
def document(law: Knowledge) -> bytes:
    return owl_document(law)


@pytest.fixture(scope="module")
def graph(document: bytes) -> Graph:
    return Graph().parse(data=document, format="xml")


def declared(graph: Graph, kind: URIRef) -> set[URIRef]:
    return {node for node in graph.subjects(RDF.type, kind) if isinstance(node, URIRef)}


def test_every_norm_and_qualification_is_a_defined_class(law: Knowledge, graph: Graph) -> None:
    """Nothing of the law is missing: each has a class with a definition, each norm class what it is subject to."""
    defined = set(graph.subjects(OWL.equivalentClass, None))
    assert {URIRef(ids.qualification_class(name)) for name in law.qualifications} <= defined
    for one in law.norms.values():
        assert {URIRef(ids.condition_class(one.id)), URIRef(ids.norm_class(one.id))} <= defined
        assert (URIRef(ids.exemption_class(one.id)) in defined) is (one.unless is not None)
        subject = graph.value(URIRef(ids.norm_class(one.id)), RDFS.subClassOf)
        restriction = graph.value(subject, OWL.equivalentClass)
        assert graph.value(restriction, OWL.onProperty) == SUBJECT_TO
        assert graph.value(restriction, OWL.hasValue) == URIRef(ids.norm(one.id))


def test_every_term_is_a_class_below_its_parent(law: Knowledge, graph: Graph) -> None:
    """The trees of terms are trees of classes; places are shared by the facts that are answered with them."""
    for fact in law.facts.values():
        for term in fact.terms.values():
            mint = ids.jurisdiction_class if fact.jurisdictions else lambda name, of=fact.id: ids.term_class(of, name)
            parents = set(graph.objects(URIRef(mint(term.id)), RDFS.subClassOf))
            assert parents == ({URIRef(mint(term.parent))} if term.parent else set())


def test_single_answers_are_functional(law: Knowledge, graph: Graph) -> None:
    """A fact with one answer has one value at most; a fact with several terms is free."""
    functional = declared(graph, OWL.FunctionalProperty)
    several = {URIRef(ids.fact_property(fact.id)) for fact in law.facts.values() if fact.kind is FactKind.TERMS}
    assert functional == {URIRef(ids.fact_property(fact)) for fact in law.facts} - several


def test_no_name_has_two_roles(graph: Graph) -> None:
    """Classes, properties and individuals have names of their own, though OWL 2 would let a class and an individual share."""
    roles = [declared(graph, kind) for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.NamedIndividual)]
    assert sum(map(len, roles)) == len(set().union(*roles))


def test_every_name_is_declared(graph: Graph) -> None:
    """OWL 2 DL wants a declaration for each class, property and individual; links by rdfs:seeAlso are annotations."""
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.NamedIndividual, OWL.Ontology)
    known = set().union(*(declared(graph, kind) for kind in kinds))
    used = {node for s, p, o in graph if p != RDFS.seeAlso for node in (s, p, o) if isinstance(node, URIRef)}
    assert {node for node in used if not str(node).startswith(BUILT_IN)} == known


def test_lists_have_two_members_and_nothing_is_imported(graph: Graph) -> None:
    """Unions and intersections have at least two parts, and opening the file fetches nothing."""
    for link in (OWL.unionOf, OWL.intersectionOf, OWL.members):
        assert all(graph.value(head, RDF.rest) != RDF.nil for head in graph.objects(None, link))
    assert not list(graph.triples((None, OWL.imports, None)))


def test_blank_nodes_form_trees(graph: Graph) -> None:
    """No class expression is shared or circular, as the RDF form of OWL 2 DL demands."""
    uses = [node for node in graph.objects() if isinstance(node, BNode)]
    assert len(uses) == len(set(uses))


def test_owlready_reads_the_document(law: Knowledge, document: bytes) -> None:
    """An independent reader finds the classes, with the definition of a norm as ours says it."""
    world = owlready2.World()
    ontology = world.get_ontology("https://w3id.org/sextant/def/applicability").load(fileobj=io.BytesIO(document))
    assert len(list(ontology.individuals())) == len(law.norms)
    one = next(norm for norm in law.norms.values() if isinstance(norm.applies_when, Is))
    named = world[ids.condition_class(one.id)]
    assert [each.iri for each in named.equivalent_to] == [ids.qualification_class(str(one.applies_when.qualification))]
    world.close()


def test_same_law_gives_the_same_bytes(root: Path) -> None:
    """The document depends on the files alone, not on the order in which a process hashes strings."""
    code = "import sys, hashlib; from pathlib import Path; from kg_service.knowledge.read import read"
    code += "; from kg_service.owl.ontology import owl_document; print(hashlib.sha256(owl_document(read(Path('.')))).hexdigest())"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("1", "2")
    ]
    said = {process.communicate()[0] for process in runs}
    assert [process.returncode for process in runs] == [0, 0]
    assert len(said) == 1


def test_impossible_norm_is_found(reasoner: Reasoner) -> None:
    """A norm whose condition no deployment can meet is an unsatisfiable class; its neighbours are not."""
    both = All((HasTerm("step", ("alone",)), HasTerm("step", ("paired",))))
    norms = [
        norm("two-steps", both),
        norm("excluded", All((HasTerm("data", ("none",)), HasTerm("data", ("voice",))))),
        norm("freed", Is("q/agent"), Flag("agentic", value=True)),
        norm("fine", Is("q/agent"), Not(AnyOf((Is("q/agent"), Always())))),
    ]
    knowledge = law(norms, (qualification("q/agent", Flag("agentic", value=True)),))
    found = reasoner.unsatisfiable(owl_document(knowledge).decode())
    assert {ids.norm_class(name) for name in ("two-steps", "excluded", "freed")} <= found
    assert ids.norm_class("fine") not in found
    assert len(FACTS) == len(knowledge.facts)
