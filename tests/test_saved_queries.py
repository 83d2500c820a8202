"""Each saved query gives the rows that are reasoned from the law's files, on every store; its values and header are checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from saved_reasoning import CASES, TODAY, Reasoned, Row
from sparql_server import serving

from kg_service import ids
from kg_service.applicability.evaluate import Assessment, Evaluator
from kg_service.applicability.facts import parse_facts
from kg_service.deployments.folder import Folder
from kg_service.deployments.register import Deployments
from kg_service.errors import DocumentError, InputError, KnowledgeError, NotFoundError
from kg_service.knowledge.build import load
from kg_service.knowledge.queries import TYPES, SavedQuery, parse_query, read_library
from kg_service.model import Knowledge
from kg_service.rest.assessments import EU_CREDIT
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.protocol import GraphStore
from kg_service.store.publish import publish
from kg_service.store.registry import Access, open_store
from kg_service.store.saved import Answer, find_query, run_saved

LIBRARY = Path(__file__).resolve().parent.parent / "ontology" / "queries" / "library"


@pytest.fixture(scope="module")
def library() -> Mapping[str, SavedQuery]:
    return read_library(LIBRARY)


@pytest.fixture(scope="module")
def found(evaluator: Evaluator) -> dict[str, Assessment]:
    """Three deployments as the engine sees them, by the name under which they are stored."""
    described: dict[str, dict[str, object]] = {
        "Credit": dict(EU_CREDIT),
        "Critical cloud": {**EU_CREDIT, "hosting": "public_cloud", "supports_critical_function": True},
        "Nothing known": {},
    }
    facts = evaluator.knowledge.facts
    known = {name: {key: value for key, value in raw.items() if key in facts} for name, raw in described.items()}
    return {name: evaluator.assess(parse_facts(facts, raw), TODAY) for name, raw in known.items()}


@pytest.fixture(scope="module")
def embedded(
    root: Path, evaluator: Evaluator, found: dict[str, Assessment], tmp_path_factory: pytest.TempPathFactory
) -> tuple[GraphStore, dict[str, str]]:
    """The law with the three deployments in the embedded store, and the IRI of each deployment."""
    store = load(root, tmp_path_factory.mktemp("cache")).store
    held = Deployments(Folder(tmp_path_factory.mktemp("data")), evaluator, store)
    iris = {
        name: ids.deployment(held.keep(name, one.facts, TODAY, datetime(2026, 11, 23, tzinfo=UTC))[0].id)
        for name, one in found.items()
    }
    return store, iris


@pytest.fixture(scope="module")
def remote(embedded: tuple[GraphStore, dict[str, str]]) -> Iterator[GraphStore]:
    """The same on a server."""
    with serving("--union-default-graph") as address:
        store = open_store(f"{address}/query", Access(update=f"{address}/update", graphs=f"{address}/store"))
        publish(embedded[0], store)
        for graph in embedded[0].graphs():
            if "/deployment/" in graph:
                store.replace(graph, [quad.triple for quad in embedded[0].quads(graph)])
        yield store
        store.close()


# Columns that a case leaves aside, because they are words beside an IRI that is compared, or reasoned elsewhere.
ASIDE: dict[str, set[str]] = {
    "upcoming-norms": {"set_by"},
    "ending-norms": {"set_by"},
    "evidence-of-decision": {"name"},
    "framework-coverage": {"number", "gist"},
    "framework-gaps": {"number", "gist"},
    "pending-law": {"status"},
    "norms-by-certainty": {"name"},
    "norms-to-verify": {"certainty"},
    "norms-of-instrument": {"certainty"},
    "provisions-by-norms": {"name"},
}
SLUGS = {"provision", "evidence"}  # words that are compared as the IRI has them: the graph keeps one spelling of several


def rows_of(answer: Answer) -> set[Row]:
    aside = ASIDE.get(answer.query.name, set())

    def shown(column: str, value: Any) -> Any:
        return ids.slug(value or "") if column in SLUGS and not str(value).startswith(ids.BASE) else value

    return {
        tuple(shown(column, value) for column, value in zip(answer.columns, row, strict=True) if column not in aside)
        for row in answer.rows
    }


def ask(store: GraphStore, query: SavedQuery, **given: str) -> Answer:
    return run_saved(query, list(given.items()), store, TODAY, 60.0)


@pytest.mark.parametrize("name", CASES)
def test_rows_are_those_that_the_files_say(
    name: str,
    library: Mapping[str, SavedQuery],
    law: Knowledge,
    found: dict[str, Assessment],
    embedded: tuple[GraphStore, dict[str, str]],
) -> None:
    """The query gives, once each, the rows that plain Python reasons from the files."""
    store, iris = embedded
    given, expected = CASES[name]
    query = library[given[""]]
    words = {key: iris.get(word, word) for key, word in given.items() if key}
    answer = ask(store, query, **words)
    rows = rows_of(answer)
    assert rows == set(expected(Reasoned(law, found, iris)))
    assert len(rows) == len(answer.rows)


MAY_BE_EMPTY = {"risks-without-control", "norms-without-control", "framework-gaps"}


@pytest.mark.parametrize("name", CASES)
def test_server_gives_the_same_rows(
    name: str,
    library: Mapping[str, SavedQuery],
    embedded: tuple[GraphStore, dict[str, str]],
    remote: GraphStore,
) -> None:
    """A real SPARQL server, to which values go as VALUES, answers as the embedded store does, in the same order."""
    store, iris = embedded
    given, _ = CASES[name]
    words = {key: iris.get(word, word) for key, word in given.items() if key}
    here, there = (ask(one, library[given[""]], **words) for one in (store, remote))
    assert Counter(here.rows) == Counter(there.rows)
    assert here.rows or given[""] in MAY_BE_EMPTY


def test_every_query_is_reasoned(library: Mapping[str, SavedQuery]) -> None:
    """No query is in the library without a case here."""
    assert {given[""] for given, _ in CASES.values()} == set(library)
    assert len(library) >= 25


def test_known_article_is_among_the_rows(library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]) -> None:
    """DORA Article 28(8) asks for exit strategies: it binds the deployment that supports a critical function."""
    store, iris = embedded
    answer = ask(store, library["deployments-under-norm"], norm="eu-dora/art-28-par-8")
    status = {row["deployment"]: row["status"] for row in answer.records}
    assert status[iris["Critical cloud"]] == ids.value("status", "applies")
    assert status[iris["Nothing known"]] == ids.value("status", "undetermined")


@pytest.mark.parametrize(
    ("given", "where", "code", "near"),
    [
        ([("decison", "3")], "decison", "unknown-parameter", ("decision",)),
        ([("decision", "7")], "decision", "unknown-decision", ()),
        ([], "decision", "missing-parameter", ()),
        ([("decision", "3"), ("decision", "4")], "decision", "given-twice", ()),
        ([("decision", "3> } ; DROP ALL #")], "decision", "unknown-decision", ()),
        ([("decision", "")], "decision", "unknown-decision", ()),
        ([("decision", "3"), ("as_of", "tomorrow")], "as_of", "not-a-date", ()),
        ([("decision", "3"), ("as_of", "2026-02-30")], "as_of", "no-such-day", ()),
        ([("decision", "3"), ("as_of", '2026-11-23" . #')], "as_of", "not-a-date", ()),
    ],
)
def test_wrong_value_is_told_with_its_place(
    given: list[tuple[str, str]],
    where: str,
    code: str,
    near: tuple[str, ...],
    library: Mapping[str, SavedQuery],
    embedded: tuple[GraphStore, dict[str, str]],
) -> None:
    """A value is a typed term or an error that names the parameter; none ever reaches the text of the query."""
    with pytest.raises(InputError) as caught:
        run_saved(library["obligations-by-decision"], given, embedded[0], TODAY, 60.0)
    problem = caught.value.problems[0]
    assert (problem.where, problem.code) == (f"query parameter {where}", code)
    assert problem.nearest[: len(near)] == near


@pytest.mark.parametrize("word", ["-1", "601", "1.5", "٣", "1_0", "", "9" * 30])
def test_number_out_of_its_range_is_told(
    word: str, library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]
) -> None:
    """A number is a whole number in ASCII digits within its limits."""
    with pytest.raises(InputError) as caught:
        run_saved(library["upcoming-norms"], [("months", word)], embedded[0], TODAY, 60.0)
    assert caught.value.problems[0].code in ("out-of-range", "not-a-number")


def test_thing_may_be_named_by_id_or_iri_and_a_typo_is_corrected(
    library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]
) -> None:
    """The id that the interface uses and the IRI of the graph mean the same; a wrong one names the nearest."""
    query, store = library["norms-of-instrument"], embedded[0]
    by_id, by_iri = (ask(store, query, instrument=word) for word in ("eu-dora", ids.instrument("eu-dora")))
    assert by_id.rows == by_iri.rows
    assert by_id.parameters == {"instrument": ids.instrument("eu-dora")}
    with pytest.raises(InputError) as caught:
        ask(store, query, instrument="eu-dorra")
    assert caught.value.problems[0].nearest[0] == "eu-dora"
    with pytest.raises(NotFoundError, match="norms-of-instrument"):
        find_query(library, "norms-of-instruments")


def test_old_id_leads_to_the_present_one(library: Mapping[str, SavedQuery], law: Knowledge) -> None:
    """A thing that was renamed is still found by its old id."""
    store = OxigraphStore()
    new, old = ids.instrument("eu-dora"), ids.instrument("old")
    store.load(f"<{old}> <http://purl.org/dc/terms/isReplacedBy> <{new}> <{ids.graph('g')}> .\n".encode())
    answer = ask(store, library["norms-of-instrument"], instrument="old")
    assert answer.parameters == {"instrument": new}


def test_published_queries_run_as_they_stand(
    library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]
) -> None:
    """The text in the graph needs nothing beside it and gives what the query gives for its examples."""
    store, _ = embedded
    texts = store.select(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?name ?text { ?q a sh:SPARQLSelectExecutable ; sh:select ?text ; "
        "<http://purl.org/dc/terms/identifier> ?name }"
    ).rows
    assert {name.value for name, _ in texts if name} == set(library)
    for name, text in texts:
        assert isinstance(name, ox.Literal)
        assert isinstance(text, ox.Literal)
        query = library[name.value]
        if any(parameter.type == "deployment" for parameter in query.parameters.values()):
            continue
        answer = ask(store, query, **{one.name: one.example for one in query.parameters.values()})
        assert len(store.select(text.value).rows) == len(answer.rows)


def test_examples_of_the_library_give_rows(
    library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]
) -> None:
    """Whoever tries an example sees what the query is for."""
    for query in library.values():
        if "deployment" not in query.parameters and query.name not in MAY_BE_EMPTY:
            assert ask(embedded[0], query, **{one.name: one.example for one in query.parameters.values()}).rows, query.name


GOOD = """\
#+ summary: Norms
#+ description: All norms.
#+ tags: [norms]
#+ params:
#+   norm:
#+     type: norm
#+     description: The norm.
#+     example: eu-dora/art-28-par-8
SELECT ?title ?norm { ?norm <http://www.w3.org/2004/02/skos/core#prefLabel> ?title }
"""


def test_header_is_read() -> None:
    """What stands behind #+ is YAML; the rest is the query; parameters are no columns."""
    query = parse_query(GOOD, "norms.rq")
    assert (query.name, query.summary, query.tags, query.columns) == ("norms", "Norms", ("norms",), ("title",))
    assert query.parameters["norm"].type == "norm"
    assert query.text.startswith("SELECT ?title")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("type: norm", "type: nrom"), r"norms\.rq:6: .*Did you mean 'norm'"),
        (("#+ summary: Norms\n", ""), "no 'summary'"),
        (("description: The", "descripton: The"), r"norms\.rq:7: .*Did you mean 'description'"),
        (("?title ?norm {", "?title {"), "does not project its parameter"),
        (("SELECT ?title ?norm {", "ASK {"), "SELECT query"),
        (("?title }", "?title"), "cannot be parsed"),
        (("#+   norm:", "#+   format:"), "cannot be the name of a parameter"),
        (("    example: eu-dora/art-28-par-8", "    minimum: few"), "whole number"),
        (("#+ tags: [norms]", "#+ tags: &a [norms]"), r"norms\.rq:3"),
    ],
)
def test_wrong_header_is_told_with_file_and_line(change: tuple[str, str], told: str) -> None:
    """A mistake in the library ends the build with its place and the nearest valid word."""
    with pytest.raises(DocumentError, match=told):
        parse_query(GOOD.replace(*change), "norms.rq")


def test_all_wrong_files_are_told_at_once(tmp_path: Path) -> None:
    """Two wrong files are two problems; a folder that is not there is an empty library."""
    for name in ("one.rq", "Two.rq"):
        (tmp_path / name).write_text("ASK {}")
    with pytest.raises(KnowledgeError) as caught:
        read_library(tmp_path)
    assert {problem.where.partition(":")[0] for problem in caught.value.problems} == {"one.rq", "Two.rq"}
    assert read_library(tmp_path / "none") == {}


def test_page_of_the_library_is_true(library: Mapping[str, SavedQuery]) -> None:
    """docs/saved-queries.md names every query with its summary, and every type of parameter."""
    page = (LIBRARY.parents[2] / "docs" / "saved-queries.md").read_text(encoding="utf-8")
    assert [name for name, query in library.items() if f"| `{name}` | {query.summary} |" not in page] == []
    assert [name for name in TYPES if f"`{name}`" not in page] == []
