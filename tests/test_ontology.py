"""The ontology: OWL 2 DL as far as a program can check, one home for each term, Turtle that two parsers read alike."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyoxigraph
import pytest
import rdflib
from rdflib import OWL, RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import SKOS

from kg_service import ids
from kg_service.errors import KnowledgeError
from kg_service.knowledge.graph.ontology import core_files, core_triples, ontology_triples, version_iri

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"
TURTLE = sorted(ONTOLOGY.rglob("*.ttl"))

# https://www.w3.org/TR/owl2-syntax/#Datatype_Maps, the part that a lawyer's ontology could want.
OWL_DATATYPES = {
    *(OWL.real, OWL.rational, RDFS.Literal, RDF.PlainLiteral, RDF.langString),
    *(XSD.string, XSD.boolean, XSD.decimal, XSD.integer, XSD.double, XSD.float, XSD.anyURI, XSD.dateTime, XSD.dateTimeStamp),
}
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty, OWL.NamedIndividual)
RESERVED = (str(RDF), str(RDFS), str(OWL), str(XSD))


@pytest.fixture(scope="module")
def core() -> Graph:
    graph = Graph()
    for file in core_files(ONTOLOGY):
        graph.parse(file)
    return graph


def kinds_of(graph: Graph) -> dict[URIRef, set[URIRef]]:
    found: dict[URIRef, set[URIRef]] = defaultdict(set)
    for kind in KINDS:
        for subject in graph.subjects(RDF.type, kind):
            found[URIRef(subject)].add(kind)
    return found


@pytest.mark.parametrize("path", TURTLE, ids=lambda path: path.relative_to(ONTOLOGY).as_posix())
def test_two_parsers_read_the_same_graph(path: Path) -> None:
    """rdflib and Oxigraph agree on every Turtle file."""
    other = rdflib.Graph()
    lines = (str(quad.triple) + " ." for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE))
    other.parse(data="\n".join(lines), format="nt")
    assert isomorphic(rdflib.Graph().parse(path), other)


def test_core_has_no_blank_node(core: Graph) -> None:
    """Every thing in the core has an IRI, so the bytes of a build do not hang on invented names."""
    assert [triple for triple in core if any(isinstance(node, rdflib.BNode) for node in triple)] == []


def test_each_property_is_of_one_kind(core: Graph) -> None:
    """OWL 2 DL section 5.8.1: no name is at once object, datatype and annotation property, nor class and property."""
    assert {str(name): kinds for name, kinds in kinds_of(core).items() if len(kinds) > 1} == {}


def test_every_name_used_is_declared(core: Graph) -> None:
    """OWL 2 DL section 5.8.2: every class, property and individual that an axiom names is declared."""
    declared = kinds_of(core)
    classes = [cls for _, cls in core.subject_objects(RDF.type)]
    classes += [node for link in (RDFS.subClassOf, OWL.disjointWith) for pair in core.subject_objects(link) for node in pair]
    classes += [cls for link in (RDFS.domain, RDFS.range) for cls in core.objects(None, link)]
    wanted = {*classes, *core.predicates(), *core.subjects()}
    ours_or_foreign = {URIRef(name) for name in wanted if not str(name).startswith(RESERVED)}
    assert ours_or_foreign - set(declared) == {URIRef(ids.ONTOLOGY)}


def test_domains_and_ranges_fit_the_kind_of_property(core: Graph) -> None:
    """An object property ranges over a class, a datatype property over a datatype of OWL 2; xsd:date is not one."""
    declared = kinds_of(core)
    for subject, target in core.subject_objects(RDFS.domain):
        assert OWL.Class in declared[URIRef(target)], subject
    for subject, target in core.subject_objects(RDFS.range):
        if OWL.ObjectProperty in declared[URIRef(subject)]:
            assert OWL.Class in declared[URIRef(target)], subject
        else:
            assert target in OWL_DATATYPES, subject
    literals = {node.datatype for node in core.objects() if isinstance(node, Literal) and node.datatype is not None}
    assert literals <= OWL_DATATYPES


def test_subproperties_are_of_the_same_kind(core: Graph) -> None:
    """A property stands only below one of its own kind."""
    declared = kinds_of(core)
    for lower, upper in core.subject_objects(RDFS.subPropertyOf):
        assert declared[URIRef(lower)] == declared[URIRef(upper)]


def test_transitive_properties_are_simple_elsewhere(core: Graph) -> None:
    """OWL 2 DL section 11.2: a transitive property is not functional, asymmetric or irreflexive at the same time."""
    banned = {OWL.FunctionalProperty, OWL.InverseFunctionalProperty, OWL.AsymmetricProperty, OWL.IrreflexiveProperty}
    for name in core.subjects(RDF.type, OWL.TransitiveProperty):
        assert not banned & set(core.objects(name, RDF.type)), name


def test_hierarchy_has_no_circle(core: Graph) -> None:
    """No class is below itself."""
    for cls in core.subjects(RDF.type, OWL.Class):
        assert (cls, RDFS.subClassOf * "+", cls) not in core


def test_each_individual_has_one_class_of_ours(core: Graph) -> None:
    """A named value belongs to exactly one closed list, decision or criterion."""
    for name in core.subjects(RDF.type, OWL.NamedIndividual):
        assert len(set(core.objects(name, RDF.type)) - {OWL.NamedIndividual}) == 1, name


def test_nothing_generated_is_written_by_hand(core: Graph) -> None:
    """Labels, the defining ontology and the version IRI come from the build."""
    for link in (RDFS.label, RDFS.isDefinedBy, OWL.versionIRI):
        assert list(core.subject_objects(link)) == []


def test_build_adds_label_defining_ontology_and_version(core: Graph) -> None:
    """Each term of ours gets its preferred labels as labels; the version IRI differs from the ontology IRI and the namespace."""
    built = set(ontology_triples(ONTOLOGY))
    labels = {(s.value, o.value) for s, p, o in built if p.value == str(RDFS.label)}
    assert labels == {(str(s), str(o)) for s, o in core.subject_objects(SKOS.prefLabel)}
    version = next(o.value for _, p, o in built if p.value == str(OWL.versionIRI))
    assert version.startswith(ids.ONTOLOGY + "/")
    assert not ids.DEF.startswith(ids.ONTOLOGY)


def test_version_follows_what_is_said_and_not_how(tmp_path: Path) -> None:
    """The version IRI ignores layout and order, and changes with one word."""
    text = '@prefix s: <https://e.org/> . s:a s:p "one" . s:b s:p "two" .'
    again = '<https://e.org/b> <https://e.org/p> "two" .\n# note\n<https://e.org/a> <https://e.org/p> "one" .'
    versions = []
    for words in (text, again, text.replace("two", "three")):
        (tmp_path / "x.ttl").write_text(words, encoding="utf-8")
        versions.append(version_iri(core_triples(tmp_path)))
    assert versions[0] == versions[1] != versions[2]


def test_broken_turtle_names_file_and_line(tmp_path: Path) -> None:
    """All files that cannot be read are named at once, with the line."""
    (tmp_path / "a.ttl").write_text("<https://e.org/a>\n <https://e.org/p> ;;; .", encoding="utf-8")
    (tmp_path / "b.ttl").write_text("[] <https://e.org/p> 1 .", encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        core_triples(tmp_path)
    assert [problem.where for problem in caught.value.problems] == ["a.ttl:2", "b.ttl"]
    with pytest.raises(KnowledgeError, match="no Turtle file"):
        core_triples(tmp_path / "absent")


def test_decisions_are_six_in_order(core: Graph) -> None:
    """arXiv 2504.02165 has six decisions; each but the last precedes the next."""
    following = core.query("SELECT ?a ?b WHERE { ?x sx:precedes ?y . ?x sx:position ?a . ?y sx:position ?b } ORDER BY ?a")
    assert [(int(a), int(b)) for a, b in following] == [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
