"""From the model to quads: a small law made by hand, whose graph can be counted, and properties of the whole."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from kg_service import ids
from kg_service.applicability.condition import All, Always, Flag, HasTerm, Is, Not
from kg_service.errors import KnowledgeError
from kg_service.knowledge.graph import quads
from kg_service.model import (
    Bearer,
    Certainty,
    DatedBy,
    Event,
    EventId,
    Fact,
    FactId,
    FactKind,
    Instrument,
    InstrumentId,
    Knowledge,
    Labels,
    LegalStatus,
    Norm,
    NormId,
    NormKind,
    Provision,
    ProvisionRef,
    Qualification,
    QualificationId,
    Sureness,
    Term,
    TermId,
)

ROOT = Path(__file__).resolve().parent.parent
ONTOLOGY = ROOT / "ontology"
PREFIXES = """PREFIX sx: <https://w3id.org/sextant/def/> PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX id: <https://w3id.org/sextant/id/> """
SURE = Sureness(Certainty.VERIFIED_TEXT, None, date(2026, 11, 22))
ACT, AMENDER = InstrumentId("act"), InstrumentId("amender")


def instrument(name: InstrumentId, **more: object) -> Instrument:
    plain = Instrument(name, name.title(), f"The {name}", "xx", "Parliament", "statute", "in_force", SURE, "https://law.example/")
    return replace(plain, **more)  # type: ignore[arg-type]


def norm(name: str, **more: object) -> Norm:
    plain = Norm(
        id=NormId(name),
        instrument=ACT,
        article="art-2",
        provision="Art 2(1)",
        title="Do it",
        summary="Whoever runs the system does it.",
        kind=NormKind.DUTY,
        bindingness="law",
        bearers=("deployer",),
        applies_when=Is("act/high"),
        unless=None,
        legal_status=LegalStatus.IN_FORCE,
        applies_from=DatedBy(date(2027, 12, 2), ProvisionRef(AMENDER, "Art 9(2)")),
        applies_until=None,
        sureness=SURE,
        url="https://law.example/2",
        decisions=(3,),
        evidence=("Record of it",),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def qualification(name: str, when: object, **more: object) -> Qualification:
    plain = Qualification(QualificationId(name), name, "It is so.", when, None, (ProvisionRef(ACT, "Art 1"),))  # type: ignore[arg-type]
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.fixture
def small() -> Knowledge:
    """An act with two norms; the second rests on the first's qualification only through another one."""
    bank = Term(TermId("bank"), Labels("Bank", "银行"), aliases=(TermId("lender"),))
    savings = Term(TermId("savings"), Labels("Savings bank"), parent=TermId("bank"))
    place = Term(TermId("xx"), Labels("Xland"))
    facts = (
        Fact(FactId("kind"), FactKind.TERMS, Labels("Kind"), "Which kind?", {bank.id: bank, savings.id: savings}),
        Fact(FactId("place"), FactKind.TERMS, Labels("Place"), "Where?", {place.id: place}, jurisdictions=True),
        Fact(FactId("agentic"), FactKind.FLAG, Labels("Agentic"), "Does it act?"),
    )
    qualifications = (
        qualification("act/high", All((HasTerm("kind", ("savings",)), Is("shared/reach")))),
        qualification("shared/reach", HasTerm("place", ("xx",)), sources=(ProvisionRef(None, "Old custom"),)),
    )
    norms = (
        norm("act/one", unless=Flag("agentic", True), aliases=(NormId("act/first"),)),
        norm("act/two", provision="Art 2(2)", applies_when=Always(), superseded_by=("act/one",)),
    )
    return Knowledge(
        version="0" * 64,
        facts={fact.id: fact for fact in facts},
        jurisdictions={place.id: place},
        events={EventId("breach"): Event(EventId("breach"), Labels("Breach"))},
        bearers={"deployer": Bearer("deployer", Labels("Deployer"))},
        instruments={ACT: instrument(ACT), AMENDER: instrument(AMENDER, amends=(ACT,))},
        provisions={(ACT, "art-2"): Provision("art-2", ACT, "Art 2", "What to do", "https://law.example/2", "")},
        qualifications={one.id: one for one in qualifications},
        norms={one.id: one for one in norms},
        controls={},
        risks={},
        frameworks={},
    )


def store_of(knowledge: Knowledge) -> Store:
    store = Store()
    store.extend(quads(knowledge, ONTOLOGY))
    return store


def ask(store: Store, query: str) -> list[tuple[str, ...]]:
    found = store.query(PREFIXES + query, use_default_graph_as_union=True)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    return sorted(tuple(value.value for value in row) for row in found)


def test_norm_leads_to_its_instrument(small: Knowledge) -> None:
    """The pinpoint is part of the article, the article part of the instrument."""
    path = "SELECT ?p ?whole WHERE { <https://w3id.org/sextant/id/norm/act/one> sx:citedProvision ?p . ?p sx:partOf+ ?whole }"
    pinpoint = ids.provision("act", "Art 2(1)")
    assert ask(store_of(small), path) == [(pinpoint, ids.instrument("act")), (pinpoint, ids.provision("act", "Art 2"))]


def test_provision_has_one_iri_whatever_its_file_is_called(small: Knowledge) -> None:
    """A norm that cites a whole section hangs on the section itself, and not on a second thing of the same number."""
    section = Provision("1002-9", ACT, "12 CFR 1002.9", None, "https://law.example/9", "")
    norms = {NormId("act/nine"): norm("act/nine", article="1002-9", provision="12 CFR 1002.9")}
    changed = replace(small, provisions={(ACT, "1002-9"): section}, norms=norms)
    query = "SELECT ?p ?whole WHERE { ?n sx:citedProvision ?p . ?p sx:partOf ?whole }"
    assert ask(store_of(changed), query) == [(ids.provision("act", "12 CFR 1002.9"), ids.instrument("act"))]


def test_name_without_letters_is_refused(small: Knowledge) -> None:
    """Two sources whose names have no Latin letter would fall into one IRI; the build says so instead."""
    nameless = qualification("act/high", Always(), sources=(ProvisionRef(None, "国"),))
    with pytest.raises(KnowledgeError, match="no IRI of its own"):
        list(quads(replace(small, qualifications={**small.qualifications, nameless.id: nameless}), ONTOLOGY))


def test_day_comes_with_the_provision_that_sets_it(small: Knowledge) -> None:
    """A first day is there as a plain day and as a dated provision, which may be one of another instrument."""
    found = ask(store_of(small), "SELECT DISTINCT ?d ?i WHERE { ?n sx:startSetBy ?s . ?s sx:day ?d ; sx:setBy/sx:partOf ?i }")
    assert found == [("2027-12-02", ids.instrument("amender"))]


def test_everything_that_rests_on_one_qualification(small: Knowledge) -> None:
    """One property path finds norms and qualifications behind a qualification, at any distance."""
    query = f"SELECT ?x WHERE {{ ?x sx:dependsOnQualification+ <{ids.qualification('shared/reach')}> }}"
    assert ask(store_of(small), query) == [(ids.norm("act/one"),), (ids.qualification("act/high"),)]


def test_conditions_are_links_and_canonical_text(small: Knowledge) -> None:
    """Facts, terms and places that a condition or exception names are linked; the condition itself is JSON with sorted keys."""
    store = store_of(small)
    assert ask(store, "SELECT ?o WHERE { ?s sx:dependsOnTerm ?o }") == [
        (ids.jurisdiction("xx"),),
        (ids.fact_term("kind", "savings"),),
    ]
    assert (ids.fact("agentic"),) in ask(store, "SELECT ?o WHERE { ?s a sx:Norm ; sx:dependsOnFact ?o }")
    assert ask(store, f"SELECT ?o WHERE {{ <{ids.qualification('act/high')}> sx:appliesWhen ?o }}") == [
        ('{"all":[{"kind":"savings"},{"is":"shared/reach"}]}',)
    ]
    assert ask(store, f"SELECT ?o WHERE {{ <{ids.norm('act/one')}> sx:unless ?o }}") == [('{"agentic":true}',)]


def test_old_names_lead_to_new_ones(small: Knowledge) -> None:
    """An alias of a norm or a term is replaced by the present name."""
    assert ask(store_of(small), "SELECT ?old ?new WHERE { ?old dcterms:isReplacedBy ?new }") == [
        (ids.norm("act/first"), ids.norm("act/one")),
        (ids.fact_term("kind", "lender"), ids.fact_term("kind", "bank")),
    ]


def test_parts_of_a_renamed_thing_keep_their_old_names(small: Knowledge) -> None:
    """The provisions of a renamed instrument and the terms of a renamed fact can still be found by their old IRIs."""
    facts = {**small.facts, FactId("kind"): replace(small.facts[FactId("kind")], aliases=(FactId("sort"),))}
    instruments = {**small.instruments, ACT: instrument(ACT, aliases=(InstrumentId("old-act"),))}
    links = ask(
        store_of(replace(small, facts=facts, instruments=instruments)),
        "SELECT ?old ?new WHERE { ?old dcterms:isReplacedBy ?new }",
    )
    assert (ids.fact_term("sort", "savings"), ids.fact_term("kind", "savings")) in links
    assert (ids.provision("old-act", "Art 2(1)"), ids.provision("act", "Art 2(1)")) in links
    assert (ids.instrument("old-act"), ids.instrument("act")) in links


def test_links_of_succession_do_not_depend_on_who_states_them(small: Knowledge) -> None:
    """ "Amends" said by the later act and "amended by" said by the earlier one give the same graph."""
    turned = dict(small.instruments)
    turned[AMENDER], turned[ACT] = instrument(AMENDER), instrument(ACT, amended_by=(AMENDER,))
    assert set(quads(replace(small, instruments=turned), ONTOLOGY)) == set(quads(small, ONTOLOGY))


def test_unknown_successor_is_named_with_file_and_line(small: Knowledge) -> None:
    """A successor that is nowhere is a problem of the knowledge, with the nearest name there is."""
    norms = {**small.norms, NormId("act/two"): norm("act/two", superseded_by=("act/onee",), file="xx/act/art-2.yaml", line=7)}
    with pytest.raises(KnowledgeError) as caught:
        list(quads(replace(small, norms=norms), ONTOLOGY))
    (problem,) = caught.value.problems
    assert (problem.where, problem.nearest[0]) == ("xx/act/art-2.yaml:7", "act/one")


def test_address_that_is_no_iri_is_a_problem(small: Knowledge) -> None:
    """A page with a space in its address stops the build with a message, not with a trace."""
    broken = {**small.instruments, ACT: instrument(ACT, url="https://law.example/a page")}
    with pytest.raises(KnowledgeError, match="not an IRI"):
        list(quads(replace(small, instruments=broken), ONTOLOGY))


def test_order_of_the_model_does_not_show(small: Knowledge) -> None:
    """Reading files in another order gives the same quads in the same order."""
    turned = replace(
        small,
        facts=dict(reversed(small.facts.items())),
        norms=dict(reversed(small.norms.items())),
        qualifications=dict(reversed(small.qualifications.items())),
        instruments=dict(reversed(small.instruments.items())),
    )
    assert list(quads(turned, ONTOLOGY)) == list(quads(small, ONTOLOGY))


def test_negation_keeps_its_links(small: Knowledge) -> None:
    """A norm that applies when a qualification does not hold still depends on it."""
    norms = {**small.norms, NormId("act/two"): norm("act/two", applies_when=Not(Is("act/high")))}
    query = f"SELECT ?n WHERE {{ ?n a sx:Norm ; sx:dependsOnQualification <{ids.qualification('act/high')}> }}"
    assert ask(store_of(replace(small, norms=norms)), query) == [(ids.norm("act/one"),), (ids.norm("act/two"),)]


def test_literal_in_another_language_keeps_its_tag(small: Knowledge) -> None:
    """Labels carry their language."""
    label = NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
    found = {
        quad.object
        for quad in quads(small, ONTOLOGY)
        if quad.subject.value == ids.fact_term("kind", "bank") and quad.predicate == label
    }
    assert found == {Literal("Bank", language="en"), Literal("银行", language="zh")}


def words_of(knowledge: Knowledge) -> set[str]:
    return {quad.object.value for quad in quads(knowledge, ONTOLOGY) if isinstance(quad.object, Literal | NamedNode)}


def text_fields(record: type) -> list[str]:
    """Fields that hold words of their own; ``line`` and ids of other things are none."""
    links = {"id", "instrument", "article", "jurisdiction", "bindingness", "type", "status", "on_event"}
    return [one.name for one in fields(record) if str(one.type) in ("str", "str | None") and one.name not in links]


@pytest.mark.parametrize("name", text_fields(Norm))
def test_every_word_of_a_norm_is_in_the_graph(small: Knowledge, name: str) -> None:
    """What the file of a norm says can be read in the graph; a new field needs a home there."""
    word = "https://law.example/sentinel"
    assert word in words_of(replace(small, norms={**small.norms, NormId("act/two"): norm("act/two", **{name: word})}))


@pytest.mark.parametrize("name", text_fields(Instrument))
def test_every_word_of_an_instrument_is_in_the_graph(small: Knowledge, name: str) -> None:
    """What the file of an instrument says can be read in the graph."""
    word = "https://law.example/sentinel"
    assert word in words_of(replace(small, instruments={**small.instruments, ACT: instrument(ACT, **{name: word})}))


@pytest.mark.parametrize("name", text_fields(Qualification))
def test_every_word_of_a_qualification_is_in_the_graph(small: Knowledge, name: str) -> None:
    """What the file of a qualification says can be read in the graph."""
    word = "https://law.example/sentinel"
    changed = qualification("act/high", Always(), **{name: word})
    assert word in words_of(replace(small, qualifications={**small.qualifications, changed.id: changed}))


def test_framework_entries_keep_their_own_links(law_graph: Store) -> None:
    """FINOS means its mitigation mi-1 for its risk ri-1; NIST AI 600-1 numbers actions by the entry they work out."""
    query = "SELECT DISTINCT ?b WHERE {{ ?x dcterms:identifier '{0}' ; {1} ?y . ?y dcterms:identifier ?b }}"
    assert ask(law_graph, query.format("mi-1", "sx:addresses")) == [("ri-1",)]
    assert ask(law_graph, query.format("GV-1.1-001", "sx:elaborates")) == [("GOVERN 1.1",)]


@pytest.fixture(scope="module")
def whole(law: Knowledge) -> list[Quad]:
    return list(quads(law, ONTOLOGY))


def test_no_blank_nodes_and_nothing_twice(whole: list[Quad]) -> None:
    """Each statement stands once, in one graph, between things with names."""
    assert not any(isinstance(node, BlankNode) for quad in whole for node in (quad.subject, quad.object))
    assert [triple for triple, count in Counter(quad.triple for quad in whole).items() if count > 1] == []


def test_one_graph_per_instrument(whole: list[Quad], law: Knowledge) -> None:
    """Each instrument has a graph of its own, and the norms in it are those of its folder."""
    norm_class = NamedNode(ids.term("Norm"))
    found = Counter(
        quad.graph_name.value for quad in whole if quad.object == norm_class and "graph/instrument/" in quad.graph_name.value
    )
    assert found == Counter(ids.graph(f"instrument/{one.instrument}") for one in law.norms.values())
    graphs = {quad.graph_name.value for quad in whole}
    shared = {
        ids.graph(name)
        for name in (
            "ontology",
            "reference",
            "controls",
            "frameworks",
            "qualifications",
            "interpretations",
            "queries",
            "metadata",
        )
    }
    assert graphs == shared | {ids.graph(f"instrument/{name}") for name in law.instruments}


def test_every_link_leads_somewhere(law_graph: Store) -> None:
    """Nothing under id/ is named that is not described."""
    query = """SELECT DISTINCT ?p ?o WHERE { ?s ?p ?o FILTER(isIRI(?o) && STRSTARTS(STR(?o), STR(id:)))
        FILTER NOT EXISTS { ?o a ?class } }"""
    assert ask(law_graph, query) == []


def test_every_name_of_the_vocabulary_is_declared(whole: list[Quad]) -> None:
    """Each class and property that the data use is declared in the ontology, ours and borrowed ones alike."""
    rdf_type = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    ontology = NamedNode(ids.graph("ontology"))
    declared = {quad.subject for quad in whole if quad.graph_name == ontology and quad.predicate == rdf_type}
    data = [quad for quad in whole if quad.graph_name != ontology]
    used = {quad.predicate for quad in data} | {quad.object for quad in data if quad.predicate == rdf_type}
    assert used - declared == {rdf_type}


def test_every_term_of_ours_is_used_or_waits_for_a_named_use(whole: list[Quad]) -> None:
    """No term is declared for nothing: it is in the data, is abstract, bounds a number, or belongs to what users store."""
    abstract = {"Citable", "ClosedValue", "ConditionalRecord", "Record", "dependsOn"}
    bounds = {"maximum", "minimum", "unit"}
    text = "".join((ONTOLOGY / f"{name}.ttl").read_text(encoding="utf-8") for name in ("assessment", "texts"))
    waiting = {ids.term(name) for name in {*abstract, *bounds, *re.findall(r"^sx:(\w+) a owl:", text, re.MULTILINE)}}
    ontology = NamedNode(ids.graph("ontology"))
    declared = {quad.subject.value for quad in whole if quad.graph_name == ontology and quad.subject.value.startswith(ids.DEF)}
    used = {node.value for quad in whole if quad.graph_name != ontology for node in (quad.predicate, quad.object)}
    used |= {node.value for quad in whole if quad.subject.value.startswith(ids.ID) for node in (quad.predicate, quad.object)}
    assert declared - used <= waiting


def test_sizes_are_told_truly(law_graph: Store) -> None:
    """The VoID description of each graph gives the number of its triples."""
    told = ask(law_graph, "SELECT ?g ?n WHERE { ?g <http://rdfs.org/ns/void#triples> ?n FILTER(CONTAINS(STR(?g), '/graph/')) }")
    counted = Counter(quad.graph_name.value for quad in law_graph)
    assert {graph: int(size) for graph, size in told} == {g: n for g, n in counted.items() if g != ids.graph("metadata")}


def test_bytes_do_not_hang_on_the_seed_of_hashes() -> None:
    """Two processes with different hash seeds write the same quads in the same order."""
    program = (
        "import hashlib, sys; from pathlib import Path; from kg_service.knowledge.read import read;"
        "from kg_service.knowledge.graph import quads; root = Path(sys.argv[1]); digest = hashlib.sha256();"
        "[digest.update(str(quad).encode()) for quad in quads(read(root), root / 'ontology')]; print(digest.hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program, str(ROOT)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "4711")
    ]
    assert runs[0] == runs[1] != ""


DOCUMENTED = re.findall(r"```sparql\n(.*?)```", (ROOT / "docs" / "graph.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("query", DOCUMENTED, ids=range(len(DOCUMENTED)))
def test_documented_queries_work_as_pasted(query: str, law_graph: Store) -> None:
    """Each query of docs/graph.md runs and finds something."""
    found = law_graph.query(query, use_default_graph_as_union=True)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    assert len(list(found)) >= 5


def test_documented_queries_are_three() -> None:
    """The page keeps its three queries."""
    assert len(DOCUMENTED) == 3
