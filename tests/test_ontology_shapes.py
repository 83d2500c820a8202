"""The style and data rules: the law keeps those that block, each rule bites, and each exception is needed."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pyshacl
import pytest
from rdflib import OWL, RDF, RDFS, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, SH, SKOS, XSD

from kg_service import ids

SHAPES = Path(__file__).resolve().parent.parent / "ontology" / "shapes"
SX = Namespace(ids.DEF)
SHAPE = Namespace(ids.BASE + "shape/")


@pytest.fixture(scope="module")
def data(law_graph: pyoxigraph.Store) -> Graph:
    """All graphs as one graph in rdflib's memory: SHACL over a store on disk or in Oxigraph is a hundred times slower."""
    graph = Graph()
    graph.parse(data="".join(f"{quad.triple} .\n" for quad in law_graph), format="nt")
    return graph


@pytest.fixture(scope="module")
def exceptions() -> Graph:
    return Graph().parse(SHAPES / "exceptions.ttl")


@pytest.fixture(scope="module")
def must() -> Graph:
    return Graph().parse(SHAPES / "must.ttl")


def found(data: Graph, shapes: Graph, *more: Graph) -> list[tuple[str, str, str]]:
    """Message, focus node and severity of each result."""
    whole = data
    for graph in more:
        whole = whole + graph
    report = pyshacl.validate(whole, shacl_graph=shapes, inference="none")[1]
    assert isinstance(report, Graph)
    results = report.subjects(RDF.type, SH.ValidationResult)
    links = (SH.resultMessage, SH.focusNode, SH.resultSeverity)
    return sorted(tuple(str(report.value(one, link)) for link in links) for one in results)  # type: ignore[misc]


def test_law_keeps_every_rule_that_blocks(data: Graph, must: Graph, exceptions: Graph) -> None:
    """No rule of must.ttl is broken by the ontology or by the law's files, but for the exceptions."""
    assert found(data, must, exceptions) == []


def test_softer_rules_only_warn(data: Graph, exceptions: Graph) -> None:
    """A result of should.ttl is a warning, never a violation."""
    should = Graph().parse(SHAPES / "should.ttl")
    assert {severity for *_, severity in found(data, should, exceptions)} <= {str(SH.Warning)}


@pytest.mark.parametrize("name", ["must", "should"])
def test_each_rule_is_one_sentence(name: str) -> None:
    """Every rule says in one English sentence what it wants."""
    shapes = Graph().parse(SHAPES / f"{name}.ttl")
    rules = {*shapes.objects(None, SH.property), *shapes.subjects(SH.message)}
    for rule in rules:
        (message,) = shapes.objects(rule, SH.message)
        assert isinstance(message, Literal)
        assert message.language == "en"
        assert str(message)[0].isupper()
        assert str(message).endswith(".")
        assert ". " not in str(message)


# What is done to one thing of a kind, and the rule that must find it. None removes, a value is added, [value] replaces.
MISTAKES: dict[str, tuple[str, URIRef, object, str]] = {
    "definition missing": ("class", SKOS.definition, None, "A term of the ontology has a definition in English."),
    "example missing": ("class", SKOS.example, None, "A term of the ontology has an example."),
    "label missing": ("class", SKOS.prefLabel, None, "A term of the ontology has a preferred label in English."),
    "class label in capitals": (
        "class",
        SKOS.prefLabel,
        [Literal("DUTY", lang="en")],
        "The English label of a class is in sentence case: one capital at the start, then small letters.",
    ),
    "property label with a capital": (
        "property",
        SKOS.prefLabel,
        [Literal("Bearer", lang="en")],
        "The English label of a property is written in small letters.",
    ),
    "provision missing": ("norm", SX.citedProvision, None, "A norm cites one provision of its instrument."),
    "day missing": ("norm", SX.appliesFrom, None, "A norm has a first day or is pending, and never both."),
    "day without its provision": (
        "norm",
        SX.startSetBy,
        None,
        "The first day of a norm is the day that the named provision sets.",
    ),
    "day that is no day": ("norm", SX.appliesFrom, [Literal("soon")], "The first day is one day."),
    "end before the beginning": (
        "norm",
        SX.appliesUntil,
        Literal("1900-01-01", datatype=XSD.date),
        "The first day does not come after the last.",
    ),
    "certainty missing": ("norm", SX.certainty, None, "A norm says how sure its record is."),
    "certainty of one's own": ("norm", SX.certainty, [SX.certainty], "A norm says how sure its record is."),
    "decision missing": ("norm", SX.decision, None, "A norm counts for at least one of the six decisions."),
    "bearer missing": ("norm", SX.bearer, None, "A norm names at least one bearer."),
    "summary missing": ("norm", SX.summary, None, "A norm has one summary in our own words."),
    "two kinds": (
        "norm",
        RDF.type,
        SX.Permission,
        "A norm is of one kind: duty, prohibition, permission, expectation, right or scope rule.",
    ),
    "qualification without a source": ("qualification", DCTERMS.source, None, "A qualification says where the law says so."),
    "source that is no provision": (
        "qualification",
        DCTERMS.source,
        URIRef(ids.provision("eu-ai-act", "Art 999")),
        "A source in our own namespace is a provision of the registry, or a source that is marked as outside it.",
    ),
    "answer missing": ("interpretation", SX.shortAnswer, None, "An interpretation has one short answer."),
    "answer without a source": ("interpretation", DCTERMS.source, None, "An interpretation says where the law says so."),
    "answer that holds since another day": (
        "interpretation",
        SX.holdsFrom,
        [Literal("1900-01-01", datatype=XSD.date)],
        "The first day of an interpretation is the day that the named provision sets.",
    ),
    "reading that nobody holds": ("reading", SX.heldBy, None, "A reading says who holds it."),
    "change without words": (
        "change",
        SX.answerBefore,
        None,
        "A change of an answer says what was answered before or what is answered after.",
    ),
    "decision without a question": ("decision", SX.competencyQuestion, None, "A decision has a competency question."),
    "old name in use": ("norm", DCTERMS.isReplacedBy, SX.Norm, "An old name is not at the same time the name of something."),
}
KINDS = {
    "class": (RDF.type, OWL.Class),
    "property": (RDF.type, OWL.ObjectProperty),
    "norm": (RDF.type, SX.Duty),
    "qualification": (RDF.type, SX.Qualification),
    "decision": (RDF.type, SX.Decision),
    "interpretation": (RDF.type, SX.Interpretation),
    "reading": (RDF.type, SX.Reading),
    "change": (RDF.type, SX.AnswerChange),
}


@pytest.fixture(scope="module")
def spoilt(data: Graph, must: Graph) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Each mistake made at a thing of its own, and what the rules say of the whole without the exceptions."""
    graph = data + Graph()
    things = {kind: sorted(data.subjects(link, cls)) for kind, (link, cls) in KINDS.items()}
    things["norm"] = [
        name for name in things["norm"] if (name, SX.appliesFrom, None) in data and (name, SX.appliesUntil, None) not in data
    ]
    places: dict[str, str] = {}
    for mistake, (kind, link, value, _) in MISTAKES.items():
        fit = (one for one in things[kind] if str(one).startswith(ids.BASE) and str(one) not in places.values())
        place = next(one for one in fit if value is not None or (one, link, None) in data)
        places[mistake] = str(place)
        if value is None or isinstance(value, list):
            graph.remove((place, link, None))
        added = value if isinstance(value, list) else [value]
        graph += [(place, link, one) for one in added if one is not None]
    return places, found(graph, must)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_rule_bites(mistake: str, spoilt: tuple[dict[str, str], list[tuple[str, str, str]]]) -> None:
    """One mistake is found and named by its rule."""
    places, results = spoilt
    assert (MISTAKES[mistake][3], places[mistake]) in {(message, focus) for message, focus, _ in results}


def test_every_exception_is_needed(spoilt: tuple[dict[str, str], list[tuple[str, str, str]]], exceptions: Graph) -> None:
    """Without the exceptions each excepted thing breaks a rule, and nothing else does but the mistakes made on purpose."""
    places, results = spoilt
    excepted = {str(name) for name in exceptions.subjects(SHAPE.exemptFrom)}
    assert {focus for _, focus, _ in results} - set(places.values()) == excepted
    assert all(exceptions.value(name, RDFS.comment) for name in exceptions.subjects())


ASSESSMENT = """@prefix sx: <https://w3id.org/sextant/def/> . @prefix status: <https://w3id.org/sextant/id/status/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix e: <https://e.org/> . status:applies a sx:VerdictStatus .
e:d a sx:Deployment ; sx:answer [ a sx:Answer ; sx:toFact e:f ; sx:withTerm e:t ] .
e:a a sx:Assessment ; sx:assessmentOf e:d ; sx:asOf "2026-11-23"^^xsd:date ; sx:knowledgeVersion "VERSION" ; sx:verdict e:v .
e:v a sx:Verdict ; sx:onNorm e:n ; sx:status status:applies ."""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", None),
        ('sx:asOf "2026-11-23"^^xsd:date ;', "", "An assessment says for which day it asked."),
        ("0" * 64, "latest", "An assessment names the knowledge version with which it was made."),
        ("sx:status status:applies", "sx:status status:perhaps", "A verdict has one status of the closed list."),
        ("sx:toFact e:f ;", "", "An answer is to one fact."),
    ],
    ids=["sound", "no day", "no version", "status of one's own", "answer to nothing"],
)
def test_stored_assessment_is_complete(old: str, new: str, message: str | None, must: Graph) -> None:
    """An assessment in the graph names deployment, day, version and one status for each norm."""
    text = ASSESSMENT.replace("VERSION", "0" * 64)
    data = Graph().parse(data=text.replace(old, new) if old else text, format="turtle")
    assert [text for text, *_ in found(data, must)] == ([] if message is None else [message])
