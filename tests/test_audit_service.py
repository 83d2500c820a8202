"""The trail of a running service: every assessment can be replayed, what was acknowledged survives, and others can verify it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from postgresql_server import fresh_database

from benchmarks import durability
from kg_service import cli
from kg_service.app import create_app
from kg_service.audit.opening import open_journal, open_of
from kg_service.database.engine import open_database, sqlite_url
from kg_service.deployments.folder import Folder
from kg_service.deployments.record import StoredDeployment
from kg_service.deployments.sql import stored_records
from kg_service.rest.assessments import EU_CREDIT
from kg_service.settings import Settings

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing of it depends on the database
HOST = "http://127.0.0.1:8321"
BODY = {"name": "Credit assistant", "facts": EU_CREDIT, "as_of": "2026-11-23"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def configuration(root: Path, cache: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation on SQLite and on PostgreSQL, also for the commands."""
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.setenv("SEXTANT_DATA", str(tmp_path / "data"))
    given = "" if database_url.startswith("sqlite") else database_url
    monkeypatch.setenv("SEXTANT_DATABASE", given)
    return Settings(root=root, cache=cache, data=tmp_path / "data", database=given)


@pytest.fixture
def client(configuration: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(configuration), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


def sextant(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str]:
    """Runs a command as a person does; its exit code and what it said."""
    monkeypatch.setattr(sys, "argv", ["sextant", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capfd.readouterr()
    return int(caught.value.code or 0), said.out + said.err


def finished(configuration: Settings, *queries: str) -> None:
    """A service that answered these assessments and was ended."""
    with TestClient(create_app(configuration), base_url=HOST) as client:
        for query in queries:
            assert client.post(f"/api/v1/assessments{query}", json=BODY).is_success


@ON_SQLITE
@pytest.mark.parametrize("query", ["", "?proof=full&questions=0", "?status=all", "?store=true"])
def test_past_assessment_gives_the_same_bytes(
    configuration: Settings, tmp_path: Path, query: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is computed again from the event is, byte for byte, what was sent."""
    with TestClient(create_app(configuration), base_url=HOST) as client:
        sent = client.post(f"/api/v1/assessments{query}", json=BODY)
    seq = 2 if query != "?store=true" else 3
    code, said = sextant(capfd, monkeypatch, "audit", "replay", seq, "-o", tmp_path / "answer.json")
    assert (code, "the same bytes" in said) == (0, True), said
    again = (tmp_path / "answer.json").read_bytes()
    if query == "?store=true":
        assert json.loads(again) == {key: value for key, value in sent.json().items() if key != "deployment"}
    else:
        assert again == sent.content


@ON_SQLITE
def test_other_knowledge_is_told(
    configuration: Settings, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay with another version of the law says so, and what to do."""
    database = open_of(configuration)
    with TestClient(create_app(configuration), base_url=HOST) as client:
        client.post("/api/v1/assessments", json=BODY)
        journal = client.app.state.services.journal  # type: ignore[attr-defined]
        journal.versions = replace(journal.versions, knowledge="0" * 64)
        client.post("/api/v1/assessments", json=BODY)
    database.close()
    code, said = sextant(capfd, monkeypatch, "audit", "replay", 3)
    assert (code, "it rested on knowledge 000000000000" in said, "--root" in said) == (0, True, True), said


def test_verify_says_it_by_words_and_exit_code(
    configuration: Settings, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 for a whole trail; 1 with the number of the first bad event after a change past the service."""
    finished(configuration, "", "")
    assert sextant(capfd, monkeypatch, "audit", "verify")[0] == 0
    database = open_of(configuration)
    with database.changing() as connection:
        connection.exec_driver_sql("UPDATE audit_events SET actor = 'somebody' WHERE seq = 2")
    database.close()
    code, said = sextant(capfd, monkeypatch, "audit", "verify")
    assert (code, "WRONG: event 2: the columns" in said) == (1, True), said


@ON_SQLITE
def test_export_is_verified_by_the_script_given_out(
    configuration: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the commands write, a bare interpreter verifies."""
    finished(configuration, "?store=true", "")
    names = {name: tmp_path / name for name in ("trail", "checkpoints", "key", "verify.py")}
    sextant(capfd, monkeypatch, "audit", "export", "-o", names["trail"], "--checkpoints", names["checkpoints"])
    sextant(capfd, monkeypatch, "audit", "key", "-o", names["key"])
    sextant(capfd, monkeypatch, "audit", "verifier", "-o", names["verify.py"])
    command = [
        sys.executable,
        "-I",
        "-S",
        *map(str, (names["verify.py"], names["trail"], names["checkpoints"], "--key", names["key"])),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "4 events, confirmed by checkpoints up to event 4\nThe trail is whole.\n")


def test_trail_over_http(client: TestClient) -> None:
    """Events, one with its notes, erasure, verification and export: what one says the others say."""
    stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
    listed = client.get("/api/v1/audit/events", params={"subject": f"deployment/{stored['id']}"}).json()
    (event,) = listed["items"]
    assert (event["action"], event["actor"], event["notes"], listed["next_after"]) == (
        "deployment.stored",
        "local",
        ["name"],
        None,
    )
    place = f"/api/v1/audit/events/{event['seq']}"
    assert client.get(place).json()["notes"] == {"name": "Credit assistant"}
    erased = client.post(f"{place}/erasures", json={"reason": "a name"})
    assert (erased.status_code, erased.json()["after"]) == (201, {"seq": event["seq"], "fields": ["name"]})
    assert client.get(place).json()["notes"] == {"name": None}
    found = client.post("/api/v1/audit/verifications").json()
    assert (found["whole"], found["flaws"]) == (True, [])
    assert client.get("/api/v1/audit/export").content.count(b"\n") >= found["events"]
    assert client.get("/api/v1/audit").json()["events"] >= found["events"]
    page = client.get("/api/v1/audit/events", params={"limit": 1}).json()
    assert page["next_after"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/events/99", None, 404),
        ("GET", "/events/0", None, 422),
        ("GET", "/events/99999999999999999999", None, 422),
        ("POST", "/events/1/replays", None, 422),
        ("POST", "/events/1/erasures", {"reason": ""}, 422),
        ("POST", "/events/1/erasures", {"reason": "x"}, 404),
        ("GET", "/events?after=-1", None, 422),
    ],
)
def test_bad_requests_are_told(site: TestClient, method: str, path: str, body: object, status: int) -> None:
    """Each as a problem document."""
    answer = site.request(method, f"{HOST}/api/v1/audit{path}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@ON_SQLITE
def test_changes_are_refused_and_reading_goes_on(client: TestClient, configuration: Settings) -> None:
    """Where the log cannot be written, an assessment is still answered, and storing one is a 503 that says what to do."""
    (configuration.data / "sextant.db").rename(configuration.data / "aside")
    assert client.post("/api/v1/assessments", json=BODY).status_code == 200
    refused = client.post("/api/v1/assessments?store=true", json=BODY)
    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (503, "database")
    assert "nothing is written" in refused.json()["detail"]
    (configuration.data / "aside").rename(configuration.data / "sextant.db")


@ON_SQLITE
def test_answer_says_where_its_event_is_missing(client: TestClient) -> None:
    """After the journal has closed an answer still comes, with a header that tells."""
    client.app.state.services.journal.close()  # type: ignore[attr-defined]
    answer = client.post("/api/v1/assessments", json=BODY)
    assert (answer.status_code, answer.headers["sextant-audit"]) == (200, "not-recorded")


def test_files_of_an_earlier_version_are_taken_in_once(configuration: Settings) -> None:
    """Deployments kept as JSON files come into the database with an event each; the files are put aside."""
    facts = {"institution": ["credit_institution"]}
    day = date(2026, 11, 23)
    old = StoredDeployment("old-0123456789abcdef", "Old", facts, day, datetime(2026, 11, 1, tzinfo=UTC), "0" * 64)
    folder = configuration.data / "deployments"
    Folder(folder).put(old)
    assert stored_records(configuration).all() == (old,)
    for _ in range(2):
        with TestClient(create_app(configuration), base_url=HOST) as client:
            items = client.get("/api/v1/deployments").json()["items"]
            events = client.get("/api/v1/audit/events", params={"action": "deployment.stored"}).json()["items"]
            assert [item["id"] for item in items] == [old.id]
            assert [event["actor"] for event in events] == ["system"]
    assert not folder.exists()
    assert [file.stem for file in folder.with_name("deployments.imported").iterdir()] == [old.id]


def test_two_services_on_one_database_see_each_other(configuration: Settings, tmp_path: Path) -> None:
    """What one stores or deletes, the other lists and no longer lists; the chain of both is one and whole."""
    other = replace(configuration, data=tmp_path / "other" if configuration.database else configuration.data)
    with (
        TestClient(create_app(configuration), base_url=HOST) as one,
        TestClient(create_app(other), base_url=HOST) as two,
    ):
        stored = [
            client.post("/api/v1/assessments?store=true", json=BODY | {"name": name}).json()["deployment"]["id"]
            for client, name in ((one, "A"), (two, "B"))
        ]
        for client in (one, two):
            assert {item["id"] for item in client.get("/api/v1/deployments").json()["items"]} == set(stored)
        assert two.delete(f"/api/v1/deployments/{stored[0]}").status_code == 204
        assert one.get(f"/api/v1/deployments/{stored[0]}").status_code == 404
        threads = [
            threading.Thread(target=lambda c=client: [c.post("/api/v1/assessments", json=BODY) for _ in range(3)])
            for client in (one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.post("/api/v1/audit/verifications").json()["flaws"] == []


def test_backup_comes_back_elsewhere(
    configuration: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, postgresql: str
) -> None:
    """A backup made beside the running service is restored into the other kind of database, and the chain is whole there."""
    with TestClient(create_app(configuration), base_url=HOST) as client:
        stored = client.post("/api/v1/assessments?store=true", json=BODY).json()["deployment"]
        code, said = sextant(capfd, monkeypatch, "backup", tmp_path / "b.tar")
        assert code == 0, said
    with fresh_database(postgresql) as fresh:
        monkeypatch.setenv("SEXTANT_DATA", str(tmp_path / "new"))
        monkeypatch.setenv("SEXTANT_DATABASE", "" if configuration.database else fresh)
        code, said = sextant(capfd, monkeypatch, "restore", tmp_path / "b.tar")
        assert code == 0, said
        assert sextant(capfd, monkeypatch, "audit", "verify")[0] == 0
        there = Settings(data=tmp_path / "new", cache=configuration.cache, database="" if configuration.database else fresh)
        with TestClient(create_app(there), base_url=HOST) as client:
            assert [item["id"] for item in client.get("/api/v1/deployments").json()["items"]] == [stored["id"]]


def test_restore_replaces_nothing_unasked(
    configuration: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --force it is refused; with it, what was there is kept in a backup of its own, and the trail says what happened."""
    finished(configuration, "")
    sextant(capfd, monkeypatch, "backup", tmp_path / "b.tar")
    finished(configuration, "", "")
    code, said = sextant(capfd, monkeypatch, "restore", tmp_path / "b.tar")
    assert (code, "--force" in said) == (2, True), said
    code, said = sextant(capfd, monkeypatch, "restore", tmp_path / "b.tar", "--force")
    assert code == 0, said
    assert len(list(configuration.data.glob("restored-over-*.tar"))) == 1
    code, said = sextant(capfd, monkeypatch, "audit", "list", "--format", "json")
    last = json.loads(said)["items"][-1]
    assert (last["action"], last["before"]["seq"], last["after"]["seq"]) == ("database.restored", 4, 2)
    assert sextant(capfd, monkeypatch, "audit", "verify")[0] == 0


@pytest.mark.parametrize("place", [0.01, 0.3, 0.5, 0.7, 0.9])
def test_damaged_backup_is_refused(
    root: Path, cache: Path, tmp_path: Path, place: float, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup with a changed byte, or half of one, is told, and the database stays as it was."""
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.setenv("SEXTANT_DATA", str(tmp_path / "data"))
    settings = Settings(root=root, cache=cache, data=tmp_path / "data")
    database = open_of(settings)
    open_journal(settings, database, "k" * 64).close()
    database.close()
    sextant(capfd, monkeypatch, "backup", tmp_path / "b.tar")
    content = (tmp_path / "b.tar").read_bytes()
    used = len(content.rstrip(b"\0"))
    at = next(n for n in range(int(used * place), used) if content[n])
    (tmp_path / "bad.tar").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    (tmp_path / "half.tar").write_bytes(content[:at])
    before = (tmp_path / "data" / "sextant.db").read_bytes()
    for name in ("bad.tar", "half.tar"):
        code, said = sextant(capfd, monkeypatch, "restore", tmp_path / name, "--force")
        assert code == 2, said
        assert "Traceback" not in said
    opened = open_database(sqlite_url(tmp_path / "data" / "sextant.db"))
    with opened.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == 1
    opened.close()
    assert before


def test_killed_service_lost_nothing(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two kills under load: what was acknowledged is there, what was ended is not, the chain is whole."""
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.delenv("SEXTANT_DATABASE", raising=False)
    acknowledged, lost, broken = durability.killed(2, tmp_path / "data")
    assert acknowledged > 0
    assert (lost, broken) == ([], [])


def test_acknowledgement_comes_after_the_sync(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under strace: before each 201 the kernel has finished a sync of the write-ahead log."""
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.delenv("SEXTANT_DATABASE", raising=False)
    found = durability.traced(20, tmp_path / "data")
    if found is None:
        pytest.skip("strace is not installed, or may not trace here")
    assert found == (20, 0)
