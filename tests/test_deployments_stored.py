"""Stored deployments: kept through a restart, shown in the graph beside the law, gone when deleted."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sparql_server import serving

from kg_service import ids
from kg_service.app import create_app
from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import parse_facts
from kg_service.deployments import register
from kg_service.deployments.folder import Folder
from kg_service.deployments.record import StoredDeployment, from_json, is_id, new_id, to_json
from kg_service.deployments.register import Deployments
from kg_service.errors import InputError, NotFoundError, StoreError
from kg_service.knowledge.build import load
from kg_service.rest.assessments import EU_CREDIT
from kg_service.settings import Settings
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.publish import publish
from kg_service.store.registry import configured, open_store

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DAY = date(2026, 11, 23)
BODY = {"name": "Credit assistant", "facts": EU_CREDIT, "as_of": "2026-11-23"}
SX = "PREFIX sx: <https://w3id.org/sextant/def/> PREFIX id: <https://w3id.org/sextant/id/> "


@pytest.fixture
def configuration(root: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    cache = tmp_path_factory.getbasetemp() / "deployments-cache"
    return Settings(root=root, cache=cache, data=tmp_path / "data", body_bytes=100_000)


@pytest.fixture
def client(configuration: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(configuration), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def held(evaluator: Evaluator, tmp_path: Path) -> Deployments:
    """No deployment, and an empty store beside."""
    return Deployments(Folder(tmp_path / "held"), evaluator, OxigraphStore())


def graph(client: TestClient) -> Any:
    return client.app.state.services.store  # type: ignore[attr-defined]


def keep(held: Deployments, evaluator: Evaluator, name: str, **facts: object) -> StoredDeployment:
    return held.keep(name, parse_facts(evaluator.knowledge.facts, facts), DAY, NOW)[0]


def test_stored_deployment_is_new_once(client: TestClient) -> None:
    """The first request creates it and says where; the same name, facts and day again are the same deployment."""
    first = client.post("/api/v1/assessments?store=true", json=BODY)
    assert first.status_code == 201, first.text
    stored = first.json()["deployment"]
    assert first.headers["location"] == f"/api/v1/deployments/{stored['id']}"
    assert (stored["name"], stored["as_of"]) == ("Credit assistant", "2026-11-23")
    again = client.post("/api/v1/assessments?store=true", json=BODY)
    assert (again.status_code, again.json()["deployment"]) == (200, stored)
    other = client.post("/api/v1/assessments?store=true", json=BODY | {"name": "Another"})
    assert other.json()["deployment"]["id"] != stored["id"]
    listed = client.get("/api/v1/deployments").json()
    assert [one["name"] for one in listed["items"]] == ["Credit assistant", "Another"]
    assert listed["items"][0]["counts"] == first.json()["counts"]


def test_nothing_is_stored_unless_asked(client: TestClient) -> None:
    """An assessment stores no deployment, with a name or without."""
    assert "deployment" not in client.post("/api/v1/assessments", json=BODY).json()
    assert client.get("/api/v1/deployments").json()["total"] == 0


def test_one_deployment_by_id(client: TestClient) -> None:
    """Its facts come back as they were given; an unknown id is a 404 that names the nearest."""
    stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
    one = client.get(f"/api/v1/deployments/{stored['id']}").json()
    assert parse_facts_of(client, one["facts"]) == parse_facts_of(client, EU_CREDIT)
    missing = client.get(f"/api/v1/deployments/{stored['id'][:-1]}")
    assert (missing.status_code, missing.json()["nearest"]) == (404, [stored["id"]])


def parse_facts_of(client: TestClient, raw: object) -> object:
    return parse_facts(client.app.state.services.knowledge.facts, raw)  # type: ignore[attr-defined]


def test_list_changes_its_tag_with_its_content(client: TestClient) -> None:
    """A client that holds an old list is not told that nothing changed."""
    tag = client.get("/api/v1/deployments").headers["etag"]
    assert client.get("/api/v1/deployments", headers={"If-None-Match": tag}).status_code == 304
    client.post("/api/v1/assessments?store=true", json=BODY)
    assert client.get("/api/v1/deployments", headers={"If-None-Match": tag}).status_code == 200


def test_deleted_deployment_is_gone_everywhere(client: TestClient) -> None:
    """Neither the list, nor the disk, nor the graph knows it any more; deleting it twice is a 404."""
    before = graph(client).size()
    stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
    assert graph(client).size() > before
    assert client.delete(f"/api/v1/deployments/{stored['id']}").status_code == 204
    assert client.delete(f"/api/v1/deployments/{stored['id']}").status_code == 404
    assert graph(client).size() == before
    assert list(client.app.state.services.settings.data.rglob("*.json")) == []  # type: ignore[attr-defined]


def test_strangers_see_what_is_stored_and_no_longer_what_is_deleted(client: TestClient) -> None:
    """The workers behind /sparql are kept in step: DORA's article in one query, before and after."""
    body = BODY | {"facts": {**EU_CREDIT, "supports_critical_function": True}}
    stored = client.post("/api/v1/assessments?store=true", json=body).json()["deployment"]
    asked = SX + "SELECT ?d { ?a sx:assessmentOf ?d ; sx:verdict [ sx:onNorm <" + ids.norm("eu-dora/art-28-par-8") + "> ] }"

    def found() -> list[str]:
        answer = client.get("/sparql", params={"query": asked}, headers={"Accept": "application/sparql-results+json"})
        assert answer.status_code == 200, answer.text
        return [row["d"]["value"] for row in answer.json()["results"]["bindings"]]

    assert found() == [stored["iri"]]
    client.delete(f"/api/v1/deployments/{stored['id']}")
    assert found() == []


def test_restart_brings_them_back(configuration: Settings) -> None:
    """A service that starts anew has the same deployments and the same graph."""
    with TestClient(create_app(configuration)) as client:
        stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
        dump = graph(client).dump(ids.graph(f"deployment/{stored['id']}"))
    with TestClient(create_app(configuration)) as client:
        (again,) = client.get("/api/v1/deployments").json()["items"]
        assert {key: again[key] for key in stored} == stored
        assert graph(client).dump(ids.graph(f"deployment/{stored['id']}")) == dump != b""


def test_server_holds_them_beside_the_law(configuration: Settings) -> None:
    """With a remote store the graph of a deployment goes to the server, is found by a saved query there, and goes again."""
    with serving("--union-default-graph") as address:
        remote = replace(configuration, store=f"{address}/query", store_update=f"{address}/update")
        law = load(configuration.root, configuration.cache).store
        publish(law, configured(remote))
        for _ in range(2):  # the second start finds the graph that the first one left
            with TestClient(create_app(remote)) as client:
                stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
                norm = client.post("/api/v1/assessments", json=BODY).json()["verdicts"][0]["norm"]
                rows = client.get(f"/queries/deployments-under-norm?norm={norm}").json()["rows"]
                assert [row["deployment"] for row in rows] == [stored["iri"]]
                assert client.get("/sparql", params={"query": f"ASK {{ <{stored['iri']}> ?p ?o }}"}).json()["boolean"] is True
        with TestClient(create_app(remote)) as client:
            client.delete(f"/api/v1/deployments/{stored['id']}")
        assert configured(remote).graphs() == law.graphs()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "bell\x07"}, "/name"),
        ({"name": 5}, "/name"),
        ({"facts": {"institutoin": ["bank"]}}, "/facts/institutoin"),
        ({"as_of": "2026-02-30"}, "/as_of"),
        ({"nmae": "x"}, "/nmae"),
    ],
)
def test_bad_input_is_told_and_not_stored(client: TestClient, change: dict[str, object], pointer: str) -> None:
    """What is wrong is named by its place, and nothing is kept."""
    answer = client.post("/api/v1/assessments?store=true", json=BODY | change)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert client.get("/api/v1/deployments").json()["total"] == 0


def test_graph_says_what_the_engine_says(client: TestClient, evaluator: Evaluator) -> None:
    """The named graph holds a verdict for each norm that may matter, with its status, and nothing of the others."""
    stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
    found = evaluator.assess(parse_facts(evaluator.knowledge.facts, EU_CREDIT), DAY)
    rows = (
        graph(client)
        .select(SX + "SELECT ?norm ?status ?d { ?a sx:assessmentOf ?d ; sx:verdict ?v . ?v sx:onNorm ?norm ; sx:status ?status }")
        .rows
    )
    told = {norm.value: status.value for norm, status, _ in rows}
    assert told == {
        ids.norm(verdict.norm.id): ids.value("status", verdict.status)
        for verdict in found.verdicts
        if verdict.status is not Status.DOES_NOT_APPLY
    }
    missing = graph(client).select(SX + "SELECT ?n ?f { ?v sx:missingFact ?f ; sx:onNorm ?n }").rows
    assert {(norm.value, fact.value) for norm, fact in missing} == {
        (ids.norm(verdict.norm.id), ids.fact(fact)) for verdict in found.verdicts for fact in verdict.missing_facts
    }
    held = {name for name, value in found.qualifications.items() if value}
    qualified = graph(client).select(SX + "SELECT ?q { ?a sx:qualifiesAs ?q }").column("q")
    assert {one.value for one in qualified} == {ids.qualification(name) for name in held}
    assert graph(client).ask(
        SX + f"ASK {{ <{stored['iri']}> a sx:Deployment ; sx:answer ?a . ?a sx:withTerm <{ids.jurisdiction('de')}> }}"
    )


def test_every_link_of_a_deployment_leads_somewhere(client: TestClient) -> None:
    """Facts, terms, norms and qualifications that its graph names are those of the law's graph."""
    stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
    rows = (
        graph(client)
        .select(
            SX + f"SELECT DISTINCT ?o {{ GRAPH <{ids.graph('deployment/' + stored['id'])}> {{ ?s ?p ?o }} "
            "FILTER(isIRI(?o) && STRSTARTS(STR(?o), STR(id:))) FILTER NOT EXISTS { ?o a ?class } }"
        )
        .rows
    )
    assert rows == ()


def test_all_kinds_of_answers_are_in_the_graph(held: Deployments, evaluator: Evaluator) -> None:
    """Terms, places, flags, numbers, days and the answer 'none of these' are each shown as what they are."""
    facts = evaluator.knowledge.facts
    by_kind = {str(fact.kind): fact.id for fact in facts.values() if not fact.jurisdictions}
    values: dict[str, object] = {"flag": True, "number": 12.5, "date": "2026-01-02", "terms": []}
    given_facts = {by_kind[kind]: value for kind, value in values.items() if kind in by_kind}
    record = keep(held, evaluator, "Kinds", **given_facts)
    found = {
        row[0].value: row[1]
        for row in held._store.select(SX + "SELECT ?f ?v { ?a sx:toFact ?f OPTIONAL { ?a sx:withValue ?v } }").rows
        if isinstance(row[0], ox.NamedNode)
    }
    expected = {
        "flag": ox.Literal(True),
        "number": ox.Literal(12.5),
        "date": ox.Literal("2026-01-02", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")),
        "terms": None,
    }
    assert found == {ids.fact(by_kind[kind]): expected[kind] for kind in values if kind in by_kind}
    assert held.get(record.id).facts == given_facts


def test_name_in_any_writing_is_a_value(held: Deployments, evaluator: Evaluator) -> None:
    """A name that looks like SPARQL or like a path changes nothing but itself."""
    for name in ('" } ; DROP ALL #', "../../etc/passwd", "信贷助手", "<script>"):
        record = keep(held, evaluator, name, institution=["credit_institution"])
        assert is_id(record.id)
        table = held._store.select(
            "SELECT ?s ?name { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?name }", {"name": ox.Literal(name)}
        )
        assert table.column("s") == (ox.NamedNode(ids.deployment(record.id)),)


class Heard:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.graphs: dict[str, bytes] = {}

    def replace_graph(self, iri: str, nquads: bytes) -> None:
        self.graphs[iri] = nquads

    def drop_graph(self, iri: str) -> None:
        del self.graphs[iri]


def test_followers_are_kept_in_step(held: Deployments, evaluator: Evaluator) -> None:
    """Another holder of the graph hears the same statements, and of the end."""
    heard = Heard()
    held.follow(heard)
    record = keep(held, evaluator, "One", institution=["credit_institution"])
    ((iri, nquads),) = heard.graphs.items()
    copy = OxigraphStore()
    copy.load(nquads)
    assert copy.dump() == held._store.dump(iri)
    held.remove(record.id)
    assert heard.graphs == {}


def test_no_more_than_can_be_held(held: Deployments, evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit nothing is stored, and the caller is told to delete."""
    monkeypatch.setattr(register, "MOST", 1)
    first = keep(held, evaluator, "One")
    with pytest.raises(InputError, match="delete some"):
        keep(held, evaluator, "Two")
    assert list(held.all()) == [first.id]
    with pytest.raises(NotFoundError):
        held.remove("nothing")


def test_what_the_graph_store_refuses_is_not_kept(evaluator: Evaluator, tmp_path: Path) -> None:
    """A deployment is on the disk and in the graph, or in neither."""
    nowhere = open_store("http://127.0.0.1:9/sparql")
    held = Deployments(Folder(tmp_path / "held"), evaluator, nowhere)
    with pytest.raises(StoreError, match="cannot be reached"):
        keep(held, evaluator, "One")
    assert (dict(held.all()), list((tmp_path / "held").iterdir())) == ({}, [])


def test_damaged_record_is_left_out_and_left_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that was changed by hand is told in the log, and the others are read."""
    folder = Folder(tmp_path / "records")
    records = [record(name) for name in ("One", "Two", "Three")]
    for one in records:
        folder.put(one)
    files = [tmp_path / "records" / f"{one.id}.json" for one in records]
    files[0].write_bytes(files[0].read_bytes().replace(b'"as_of": "2', b'"as_of": "x'))
    files[1].write_bytes(b"{" * 50_000)
    (tmp_path / "records" / ".half.json").write_text("{}")
    assert folder.all() == (records[2],)
    assert caplog.text.count("left out") == 2
    assert files[0].is_file()


def test_records_are_private_and_whole(tmp_path: Path) -> None:
    """Only their owner can read them, and nothing half-written lies beside."""
    folder = Folder(tmp_path / "records")
    folder.put(record("One"))
    (file,) = (tmp_path / "records").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    assert json.loads(file.read_text())["name"] == "One"


def test_unwritable_place_is_told(tmp_path: Path) -> None:
    """Where nothing can be kept, the caller learns so and which setting names the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="SEXTANT_DATA"):
        Folder(tmp_path / "file" / "records").put(record("One"))


@pytest.mark.parametrize("identifier", ["../escape", "", "a/b", "A", "x" * 81, "a--b"])
def test_id_that_is_no_id_names_no_file(tmp_path: Path, identifier: str) -> None:
    """No path can be smuggled in as an id."""
    with pytest.raises(StoreError):
        Folder(tmp_path).remove(identifier)


def record(name: str) -> StoredDeployment:
    facts: dict[str, Any] = {"institution": ["credit_institution"]}
    return StoredDeployment(new_id(), name, facts, DAY, NOW, "0" * 64)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(
    lambda text: text.isprintable() and text == text.strip()
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=names, other=names, day=st.dates())
def test_record_comes_back_equal_and_is_known_by_its_content(name: str, other: str, day: date) -> None:
    """Writing and reading give the same record; it is of the same content exactly where name, facts and day are the same."""
    one = replace(record(name), as_of=day)
    assert from_json(to_json(one)) == one
    assert is_id(one.id)
    assert one.is_of(other, {**one.facts}, day) == (other == name)
    assert not one.is_of(name, {}, day)
