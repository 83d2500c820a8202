"""Conditions become OWL class expressions and come back as they were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from owl_sample import DAY, FACTS, law, qualification
from rdflib import OWL, RDF, XSD, BNode, Graph, Literal, URIRef

from kg_service import ids
from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn
from kg_service.errors import KnowledgeError
from kg_service.model import Knowledge
from kg_service.owl.expressions import Reader, Writer, canonical, n_triples

SAMPLE = law([], (qualification("q/q", Always()),))


def graph_of(writer: Writer) -> Graph:
    """The triples as another program reads them from a file."""
    return Graph().parse(data=n_triples(writer.triples), format="nt")


def term_leaf(fact: str) -> st.SearchStrategy[Condition]:
    names = st.lists(st.sampled_from(sorted(FACTS[fact].terms)), min_size=1, max_size=3, unique=True)
    return names.map(lambda terms: HasTerm(fact, tuple(terms)))


numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
days = st.dates(date(1900, 1, 1), date(2999, 1, 1))
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.just(Always()),
    st.just(Is("q/q")),
    st.sampled_from(["seat", "kind", "step"]).flatmap(term_leaf),
    st.builds(Flag, st.just("agentic"), st.booleans()),
    st.builds(NumberIn, st.just("assets"), min=numbers, below=st.none() | numbers),
    st.builds(NumberIn, st.just("assets"), above=numbers, max=st.none() | numbers),
    st.builds(DateIn, st.just("since"), days, st.none() | days),
)
conditions = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(parts, max_size=3).map(lambda found: AnyOf(tuple(found))),
        parts.map(Not),
    ),
    max_leaves=12,
)


@given(conditions)
def test_any_condition_comes_back(condition: Condition) -> None:
    """Reading what was written gives the same condition, lists of one and empty lists apart."""
    writer = Writer(SAMPLE, "test")
    node = writer.expression(condition)
    named = URIRef("urn:c")
    writer.add(named, OWL.equivalentClass, node)
    graph = Graph().parse(data=n_triples(writer.triples), format="nt")
    read = graph.value(named, OWL.equivalentClass)
    assert read is not None
    assert Reader(SAMPLE, graph).condition(read) == canonical(condition)


def test_every_condition_of_the_law_comes_back(law: Knowledge) -> None:
    """No condition that a lawyer wrote is lost or bent on its way through OWL."""
    norms = [part for norm in law.norms.values() for part in (norm.applies_when, norm.unless)]
    parts = norms + [part for one in law.qualifications.values() for part in (one.when, one.unless)]
    written = [part for part in parts if part is not None]
    writer = Writer(law, "test")
    for number, condition in enumerate(written):
        writer.add(URIRef(f"urn:c{number}"), OWL.equivalentClass, writer.expression(condition))
    graph = graph_of(writer)
    reader = Reader(law, graph)
    for number, condition in enumerate(written):
        node = graph.value(URIRef(f"urn:c{number}"), OWL.equivalentClass)
        assert node is not None
        assert reader.condition(node) == canonical(condition)


def test_bounds_keep_their_sides() -> None:
    """``min`` and ``from`` are included in OWL too, ``below`` and ``before`` are not, and nothing is rounded."""
    writer = Writer(SAMPLE, "test")
    writer.expression(All((NumberIn("assets", min=0.1, below=1e21), DateIn("since", DAY, DAY + timedelta(days=1)))))
    said = {(str(p), str(o)) for _, p, o in writer.triples if p in (XSD.minInclusive, XSD.maxExclusive)}
    assert said == {
        (str(XSD.minInclusive), "0.1"),
        (str(XSD.maxExclusive), "1000000000000000000000"),
        (str(XSD.minInclusive), "2026-08-02T00:00:00Z"),
        (str(XSD.maxExclusive), "2026-08-03T00:00:00Z"),
    }


@pytest.mark.parametrize("filler", [OWL.Thing, URIRef(ids.term_class("kind", "unheard_of"))], ids=["thing", "unknown term"])
def test_expression_outside_the_fragment_is_refused(filler: URIRef) -> None:
    """What conditions cannot say is refused and not guessed."""
    graph, node = Graph(), BNode()
    graph.add((node, RDF.type, OWL.Restriction))
    graph.add((node, OWL.onProperty, URIRef(ids.fact_property("kind"))))
    graph.add((node, OWL.someValuesFrom, filler))
    with pytest.raises(KnowledgeError, match="outside our fragment"):
        Reader(SAMPLE, graph).condition(node)


def test_unknown_property_is_refused() -> None:
    """A restriction on a property that is no fact has no condition."""
    graph, node = Graph(), BNode()
    graph.add((node, OWL.onProperty, URIRef("urn:elsewhere")))
    graph.add((node, OWL.hasValue, Literal(1)))
    with pytest.raises(KnowledgeError, match="outside our fragment"):
        Reader(SAMPLE, graph).condition(node)
