"""The W3C's own suite of SPARQL 1.1 against our pipeline: guard, negotiation, a worker, serialisation. One test for each case.

Each expected failure is a line in ``sparql_suite_failures.txt`` with its reason; one that passes unexpectedly fails the run.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import SHARED
from sparql_suite import Case, cases, same_csv, same_graph, same_table

from kg_service.sparql import guard, request
from kg_service.sparql.pool import PoolLimits
from kg_service.sparql.refusal import Refusal
from kg_service.sparql.request import Query
from kg_service.sparql.service import Answer, SparqlService

SUITE = SHARED / "data" / "suites" / "w3c-sparql11"
FOLDERS = (
    *("aggregates", "bind", "bindings", "cast", "construct", "exists", "functions", "grouping", "negation"),
    *("project-expression", "property-path", "subquery", "csv-tsv-res", "json-res", "syntax-query"),
)
FEDERATION = ("service", "syntax-fed")
FAILURES = Path(__file__).with_name("sparql_suite_failures.txt")
LIMITS = PoolLimits(seconds=20, memory=512 << 20, answer=10 << 20, query=250_000, workers=1, queue=8)
KINDS = {".srx": "xml", ".srj": "json", ".tsv": "tsv", ".csv": "csv"}
FORMATS = {"xml": ox.QueryResultsFormat.XML, "json": ox.QueryResultsFormat.JSON, "tsv": ox.QueryResultsFormat.TSV}


def expected_failures() -> dict[str, str]:
    """The reason for each case that is known to fail."""
    lines = FAILURES.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def parameters() -> list[object]:
    if not SUITE.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip("the W3C suite in ../shared/data/suites is absent"), id="absent")]
    known = expected_failures()
    marked = []
    for case in cases(SUITE, FOLDERS):
        marks = [pytest.mark.xfail(reason=known[case.id])] if case.id in known else []
        marked.append(pytest.param(case, marks=marks, id=case.id))
    return marked


class Endpoint:
    """The real service over a scratch dataset, asked from a test without an event loop of its own."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._service = SparqlService(LIMITS, "suite", lambda: b"", union=False)
        self._data = b""

    def ask(self, case: Case, wanted: str | None) -> Answer | Refusal:
        data = case.nquads()
        if data != self._data:
            self._service.reload(hashlib.sha256(data).hexdigest(), lambda: data)
            self._data = data
        return self._runner.run(self._service.run(Query(case.text, format=wanted), None, case.base))

    def close(self) -> None:
        self._runner.run(self._service.close())
        self._runner.close()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    yield found
    found.close()


@pytest.mark.parametrize("case", parameters())
def test_case_of_the_suite(case: Case, endpoint: Endpoint) -> None:
    """The case ends as the W3C's manifest says."""
    if case.type.startswith("NegativeSyntax"):
        answer = endpoint.ask(case, None)
        assert isinstance(answer, Refusal), answer
        assert answer.status == 400, answer
        return
    if case.type.startswith("PositiveSyntax"):
        answer = endpoint.ask(case, None)
        assert isinstance(answer, Answer), answer
        return
    assert case.result is not None
    if case.result.suffix == ".ttl" and "CONSTRUCT" in case.text.upper():
        answer = endpoint.ask(case, "nt")
        assert isinstance(answer, Answer), answer
        assert same_graph(answer.body, case.result), answer.body.decode()
        return
    kind = KINDS.get(case.result.suffix, "json")
    answer = endpoint.ask(case, kind)
    assert isinstance(answer, Answer), answer
    if kind == "csv":
        assert same_csv(answer.body, case.result), answer.body.decode()
    else:
        ordered = "ORDER BY" in case.text.upper()
        assert same_table(answer.body, FORMATS[kind], case.result, ordered), answer.body.decode()


def test_at_least_99_of_100_evaluation_cases_pass() -> None:
    """The list of expected failures is no way around conformance: it may hold at most one evaluation case in a hundred."""
    if not SUITE.is_dir():
        pytest.skip("the W3C suite in ../shared/data/suites is absent")
    evaluated = {case.id for case in cases(SUITE, FOLDERS) if not case.type.endswith("Test11")}
    assert len(evaluated) > 200
    assert len(evaluated & set(expected_failures())) <= len(evaluated) // 100
    assert set(expected_failures()) <= {case.id for case in cases(SUITE, FOLDERS)}


def test_federation_is_refused_by_policy() -> None:
    """Every query of the federation suites calls another endpoint, and is refused with 403 before any parser sees it."""
    if not SUITE.is_dir():
        pytest.skip("the W3C suite in ../shared/data/suites is absent")
    found = [guard.check(case.text, lambda _: True, 250_000) for case in cases(SUITE, FEDERATION)]
    assert len(found) == 10
    assert all(isinstance(one, Refusal) and one.status == 403 for one in found)


def test_every_update_of_the_suite_is_refused() -> None:
    """However an update is sent, as such or as a query, it is refused."""
    if not SUITE.is_dir():
        pytest.skip("the W3C suite in ../shared/data/suites is absent")
    texts = [path.read_text(encoding="utf-8") for path in sorted(SUITE.glob("*/*.ru"))]
    assert len(texts) > 100
    for text in texts:
        sent = request.parse(request.Parts("POST", content_type=request.UPDATE_TYPE, body=text.encode()))
        assert isinstance(sent, Refusal)
        assert sent.status == 403
        assert isinstance(guard.check(text, lambda _: True, 250_000), Refusal)
