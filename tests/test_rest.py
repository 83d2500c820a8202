"""The HTTP interface as a client meets it: same verdicts as the engine, one error shape, bounded bodies, pages and ETags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kg_service.app import create_app
from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import parse_facts
from kg_service.rest.assessments import EU_CREDIT
from kg_service.rest.problems import TYPES
from kg_service.settings import Settings

COLLECTIONS = [
    "facts", "jurisdictions", "events", "bearers", "instruments", "provisions", "norms", "qualifications", "controls", "risks",
    "frameworks", "decisions", "interpretations",
]  # fmt: skip


@pytest.fixture(scope="module")
def client(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(root=root, cache=tmp_path_factory.mktemp("cache"), body_bytes=100_000, batch_bytes=1_000_000)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def post(client: TestClient, path: str, body: Any) -> Any:
    response = client.post(f"/api/v1/{path}", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_assessment_gives_the_verdicts_of_the_engine(client: TestClient, evaluator: Evaluator) -> None:
    """What HTTP says of every norm is what the evaluator says."""
    answer = post(client, "assessments?status=all", {"facts": EU_CREDIT, "as_of": "2026-11-23"})
    direct = evaluator.assess(parse_facts(evaluator.knowledge.facts, EU_CREDIT), date(2026, 11, 23))
    assert {one["norm"]: one["status"] for one in answer["verdicts"]} == {v.norm.id: v.status for v in direct.verdicts}
    assert answer["knowledge_version"] == evaluator.knowledge.version


def test_every_verdict_has_citation_date_certainty_and_proof(client: TestClient) -> None:
    """A verdict that cannot be checked is worth nothing: each says where the law says so, since when, how sure, and why."""
    answer = post(client, "assessments?status=all", {"facts": EU_CREDIT, "as_of": "2026-11-23"})
    for verdict in answer["verdicts"]:
        assert verdict["citation"]["provision"]
        assert verdict["citation"]["official_url"].startswith("http")
        assert verdict["certainty"]
        assert verdict["proof"]["condition"]
        assert verdict["applies_from_set_by"] or verdict["applies_from"] is None


def test_counts_agree_with_the_verdicts_listed(client: TestClient) -> None:
    """The counts name every status and sum up to all norms."""
    answer = post(client, "assessments?status=all", {"facts": {}})
    assert sum(answer["counts"].values()) == len(answer["verdicts"])
    listed = [one["status"] for one in answer["verdicts"]]
    assert all(listed.count(status) == count for status, count in answer["counts"].items())


def test_compact_proof_and_full_proof_tell_the_same(client: TestClient) -> None:
    """Each qualification that a compact proof names stands beside it with the value and proof that the full one shows."""
    body = {"facts": EU_CREDIT, "as_of": "2026-11-23"}
    compact, full = post(client, "assessments", body), post(client, "assessments?proof=full", body)
    beside = {one["id"]: one for one in compact["qualifications"]}

    def through(short: Any, long: Any) -> None:
        if "is" in short:
            assert beside[short["is"]]["value"] == short["value"] == long["value"]
            through(beside[short["is"]]["proof"], long["proof"])
        for key in ("all", "any"):
            for one, other in zip(short.get(key, []), long.get(key, []), strict=True):
                through(one, other)
        if "not" in short:
            through(short["not"], long["not"])
        if "fact" in short:
            assert short == long

    for one, other in zip(compact["verdicts"], full["verdicts"], strict=True):
        through(one["proof"]["condition"], other["proof"]["condition"])


def test_comparison_names_what_self_hosting_changes(client: TestClient) -> None:
    """Without any supplier DORA's contract rules fall away (Art 28(1), Art 30(2) need an ICT third-party service)."""
    base = {**EU_CREDIT, "supplier_ongoing_service": True}
    own = {**EU_CREDIT, "supplier_ongoing_service": False, "hosting": "on_premises", "model_source": "open_weight"}
    answer = post(client, "comparisons", {"base": base, "options": {"own": own}, "as_of": "2026-11-23"})
    assert "eu-dora/art-30-par-2" in {one["norm"] for one in answer["options"]["own"]["lost"]}
    assert {one["fact"] for one in answer["options"]["own"]["facts"]} == {"supplier_ongoing_service", "hosting", "model_source"}


def test_diff_finds_the_consumer_credit_directive_beginning(client: TestClient) -> None:
    """Directive (EU) 2023/2225 applies from 20 November 2026: between 19 and 20 November its duties begin."""
    answer = post(client, "diffs", {"facts": EU_CREDIT, "from": "2026-11-19", "to": "2026-11-20"})
    begun = {one["norm"] for one in answer["begins"]}
    assert "eu-ccd2/art-18-par-1" in begun
    assert all(norm.startswith("eu-ccd2/") for norm in begun)
    assert answer["ends"] == []


def test_batch_answers_line_by_line_as_single_assessments_do(client: TestClient) -> None:
    """Good lines get the counts of a single assessment, a bad one a problem document in its place."""
    lines = [{"id": n, "facts": EU_CREDIT if n % 2 else {}, "as_of": "2026-11-23"} for n in range(150)]
    lines[7] = {"id": 7, "facts": {"institution": ["bank"]}}
    raw = "\n".join(map(json.dumps, lines)) + "\n\nnot json\n"
    response = client.post("/api/v1/assessments:batch", content=raw, headers={"content-type": "application/x-ndjson"})
    answers = [json.loads(line) for line in response.text.splitlines()]
    single = post(client, "assessments", {"facts": EU_CREDIT, "as_of": "2026-11-23"})
    assert [one["line"] for one in answers] == list(range(1, 152))
    assert answers[1]["counts"] == single["counts"]
    assert answers[7]["problem"]["errors"][0]["pointer"] == "/facts/institution/0"
    assert answers[150]["problem"]["type"].endswith("/unreadable")


BAD = {
    "unknown-fact": (b'{"facts": {"institutoin": ["credit_institution"]}}', 422, "institution"),
    "unknown-term": (b'{"facts": {"institution": ["credit_instituton"]}}', 422, "credit_institution"),
    "wrong-type": (b'{"facts": {"agentic": "perhaps"}}', 422, "true or false"),
    "two-for-one": (b'{"facts": {"stage": ["idea", "pilot"]}}', 422, "exactly one"),
    "contradiction": (b'{"facts": {"data": ["personal", "no_personal"]}}', 422, "cannot both hold"),
    "no-such-day": (b'{"facts": {"in_service_from": "2026-02-30"}}', 422, "no day"),
    "bad-as-of": (b'{"facts": {}, "as_of": "tomorrow"}', 422, "YYYY-MM-DD"),
    "unknown-key": (b'{"facts": {}, "asof": "2026-01-01"}', 422, "asof"),
    "nan": (b'{"facts": {"total_assets_usd_bn": NaN}}', 400, "no JSON"),
    "infinite": (b'{"facts": {"total_assets_usd_bn": 1e999}}', (400, 422), ""),
    "lone-surrogate": (b'{"facts": {"x\\ud800": 1}}', (400, 422), ""),
    "deep": (b'{"facts":' * 900 + b"1" + b"}" * 900, 400, "deeper"),
    "truncated": (b'{"facts": {', 400, "no JSON"),
    "array": (b"[]", 422, ""),
    "null": (b"null", 422, ""),
    "empty": (b"", 422, ""),
    "latin-1": ('{"facts": {"é": 1}}'.encode("latin-1"), 400, "no JSON"),
    "too-large": (b'{"facts": {"x": "' + b"a" * 200_000 + b'"}}', 413, "100,000 bytes"),
    "huge-number": (b'{"facts": {"total_assets_usd_bn": ' + b"9" * 5000 + b"}}", (400, 422), ""),
    "many-terms": (json.dumps({"facts": {"institution": ["x"] * 5000}}).encode(), 422, ""),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_problem_document_that_names_the_place(client: TestClient, name: str) -> None:
    """Never a 500, a stack trace or a silent default: a problem document that says where and what."""
    raw, status, told = BAD[name]
    response = client.post("/api/v1/assessments", content=raw, headers={"content-type": "application/json"})
    assert response.status_code in (status if isinstance(status, tuple) else (status,)), response.text[:300]
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == response.status_code
    assert document["type"].startswith("https://w3id.org/sextant/problem/")
    assert told in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/norms/eu-gdpr/art-999",
        "/api/v1/nothing",
        "/api/v1/norms?kind=dutty",
        "/api/v1/norms?limit=0",
        "/api/v1/norms?cursor=%ff",
        "/api/v1/norms?date=2026-13-01",
        "/api/v1/instruments/eu-gpdr",
        "/api/v1/decisions/7",
        "/api/v1/facts/%00",
    ],
)
def test_every_error_of_a_read_has_the_one_shape(client: TestClient, path: str) -> None:
    """Reads fail in the same shape as writes."""
    response = client.get(path)
    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status"} <= response.json().keys()


def test_unknown_instrument_names_the_nearest(client: TestClient) -> None:
    """A slip of the finger is answered with what was meant."""
    assert "eu-gdpr" in client.get("/api/v1/instruments/eu-gpdr").json()["nearest"]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_pages_put_together_are_the_whole_list_once(client: TestClient, name: str) -> None:
    """Following the cursors gives every item exactly once, in the order of one large page."""
    whole = client.get(f"/api/v1/{name}?limit=1000").json()
    size = max(1, whole["total"] // 3)
    items, cursor = [], None
    while True:
        answer = client.get(f"/api/v1/{name}", params={"limit": size} | ({"cursor": cursor} if cursor else {})).json()
        items += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert items == whole["items"]
    assert len(items) == whole["total"] > 0


@pytest.mark.parametrize("name", COLLECTIONS)
def test_unchanged_knowledge_is_not_sent_twice(client: TestClient, name: str) -> None:
    """A second request with the ETag gets 304 and no body; another address has another ETag."""
    first = client.get(f"/api/v1/{name}")
    again = client.get(f"/api/v1/{name}", headers={"If-None-Match": first.headers["etag"]})
    other = client.get(f"/api/v1/{name}?limit=2", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_filters_of_norms_hold_for_every_norm_listed(client: TestClient) -> None:
    """Jurisdiction, decision, kind, bearer and date each narrow the list to norms that fit."""
    query = {"jurisdiction": "eu", "decision": 3, "kind": "duty", "bearer": "deployer", "date": "2027-12-02", "limit": 1000}
    found = client.get("/api/v1/norms", params=query).json()["items"]
    assert "eu-ai-act/art-26-par-1" in {norm["norm"] for norm in found}
    for norm in found:
        assert 3 in norm["decisions"]
        assert norm["kind"] == "duty"
        assert "deployer" in norm["bearer"]
        assert norm["applies_from"] <= "2027-12-02"
    before = client.get("/api/v1/norms", params=query | {"date": "2027-12-01"}).json()["items"]
    assert "eu-ai-act/art-26-par-1" not in {norm["norm"] for norm in before}


def test_openapi_describes_every_route_with_an_example_body(client: TestClient) -> None:
    """The OpenAPI document names every operation with a summary, and every JSON body with an example."""
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
    for name in ("AssessmentRequest", "ComparisonRequest", "DiffRequest"):
        assert document["components"]["schemas"][name]["examples"]


def test_documentation_needs_nothing_from_elsewhere(client: TestClient) -> None:
    """The interactive documentation and the first page load from this service alone."""
    for path in ("/docs", "/"):
        page = client.get(path)
        assert page.status_code == 200
        links = [part.split('"')[1] for part in page.text.replace("href=", "src=").split("src=")[1:]]
        assert links
        for link in links:
            assert not link.startswith(("http:", "https:", "//")), link
            if link.startswith(("/static", "/docs-assets")):
                assert client.get(link).status_code == 200, link


def test_every_problem_type_is_documented(root: Path) -> None:
    """docs/http.md lists each type of error with its status."""
    documented = (root / "docs" / "http.md").read_text(encoding="utf-8")
    for _, kind, status, _ in TYPES:
        row = next(line for line in documented.splitlines() if line.startswith(f"| `{kind}`"))
        assert str(int(status)) in row
