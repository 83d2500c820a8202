"""Dossiers over HTTP: versions, keys, refusals with closed codes, files, other people's dossiers; nothing half done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kg_service.app import create_app
from kg_service.dossiers.model import FREE
from kg_service.people.table import RULES
from kg_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
FACTS = json.loads((ROOT / "examples/credit-assessment-eu-vendor.json").read_text())["facts"]
AT = "/api/v1/dossiers"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def client(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(root=ROOT, cache=tmp_path_factory.mktemp("cache"), data=data, evidence_bytes=1_000_000)
    local = TestClient(
        create_app(settings), base_url="http://127.0.0.1:8321", client=("127.0.0.1", 5), raise_server_exceptions=False
    )
    with local as client:
        yield client


@pytest.fixture
def at(client: TestClient) -> str:
    """The address of a new dossier at version 1."""
    made = client.post(AT, json={"name": "Loans", "facts": FACTS})
    assert made.status_code == 201, made.text
    assert made.headers["etag"] == '"1"'
    return str(made.headers["location"])


def codes(answer: Any) -> set[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["code"] for error in answer.json()["errors"]}


def files(data: Path) -> list[Path]:
    return [path for path in (data / "evidence").rglob("*") if path.is_file()]


def seen(version: object) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def test_every_change_needs_the_version_seen(client: TestClient, at: str) -> None:
    """Without If-Match every change of a dossier is 428, with another version 412, whatever the operation; nothing changes."""
    bodies: dict[str, Any] = {
        f"PATCH {at}": {"name": "x"},
        f"DELETE {at}": None,
        f"PATCH {at}/facts": {"facts": {"agentic": True}},
        f"PUT {at}/decisions/1/criteria/stated-problem": {"answer": "met"},
        f"PATCH {at}/criteria": {"criteria": {"1": {"stated-problem": "met"}}},
        f"POST {at}/decisions/1/sign": {"outcome": "failed"},
        f"POST {at}/decisions/1/waive": {"reason": "x", "expires": "2099-01-01"},
        f"POST {at}/decisions/1/reopen": {"reason": "x"},
        f"POST {at}/evidence": {"kind": "note", "text": "x"},
        f"DELETE {at}/evidence/e1": None,
        f"PUT {at}/controls/gov-inventory": {"state": "planned"},
        f"POST {at}/controls": {"controls": ["gov-inventory"], "state": "planned"},
        f"POST {at}/options": {"decision": 1, "name": "x"},
        f"POST {at}/options/o1/choose": {},
        f"PUT {at}/tools/necessity": {"language": "writes"},
        f"DELETE {at}/tools/necessity": None,
        f"POST {at}/pilots": {"plan": {}},
        f"POST {at}/pilots/p1/start": {"on": "2026-11-23"},
        f"POST {at}/pilots/p1/results": {"results": []},
    }
    changing = {one for one in RULES if one.split(" ")[1].startswith(f"{AT}/") and not one.startswith("GET ")}
    assert len(changing) == len(bodies)
    for operation, body in bodies.items():
        method, path = operation.split(" ")
        missing = client.request(method, path, json=body)
        assert (missing.status_code, codes(missing)) == (428, {"version-needed"}), operation
        other = client.request(method, path, json=body, headers=seen(7))
        assert (other.status_code, codes(other)) == (412, {"changed-meanwhile"}), operation
    assert client.get(at).headers["etag"] == '"1"'


@pytest.mark.parametrize("given", ["1", 'W/"1"', '"1", "2"', '"x"', '"-1"', ""])
def test_only_a_version_is_a_version(client: TestClient, at: str, given: str) -> None:
    """What is no ETag of a dossier is refused and named."""
    answer = client.patch(f"{at}/facts", json={"facts": {}}, headers={"If-Match": given})
    assert (answer.status_code, codes(answer)) == (422, {"not-a-version"})


def test_two_people_at_once(client: TestClient, at: str) -> None:
    """Of eight changes that saw the same version one is made, the others are told."""

    def change(number: int) -> int:
        return client.patch(f"{at}/facts", json={"facts": {"individuals_count": number}}, headers=seen(1)).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(8))) == [200] + [412] * 7
    assert len(client.get(f"{at}/timeline").json()["past"]) == 2


def test_request_with_a_key_is_carried_out_once(client: TestClient, at: str) -> None:
    """Sent again, the same answer comes and nothing happens; the key with another body is 422."""
    headers = seen(1) | {"Idempotency-Key": f"once-{at}"}
    first = client.post(f"{at}/options", json={"decision": 1, "name": "rules"}, headers=headers)
    again = client.post(f"{at}/options", json={"decision": 1, "name": "rules"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert (again.content, again.headers["etag"]) == (first.content, '"2"')
    assert client.get(at).headers["etag"] == '"2"'
    other = client.post(f"{at}/options", json={"decision": 1, "name": "other"}, headers=headers)
    assert (other.status_code, codes(other)) == (422, {"key-reused"})


def test_new_dossier_with_a_key_is_made_once(client: TestClient) -> None:
    """A creation that is sent twice makes one dossier."""
    headers = {"Idempotency-Key": "new-1"}
    made = [client.post(AT, json={"name": "Twice"}, headers=headers) for _ in range(2)]
    assert made[0].headers["location"] == made[1].headers["location"]
    assert sum(one["name"] == "Twice" for one in client.get(AT).json()["items"]) == 1


def test_file_comes_back_as_it_went(client: TestClient, at: str, data: Path) -> None:
    """A file is kept by its hash, given back to be saved, and its bytes are the same; a key makes it happen once."""
    content = bytes(range(256)) * 100
    headers = seen(1) | {"Idempotency-Key": f"file-{at}"}
    for _ in range(2):
        sent = client.post(
            f"{at}/evidence",
            files={"file": ("../../r\u00e9port .pdf", content, "text/html")},
            data={"title": "Report", "decisions": "1,3"},
            headers=headers,
        )
        assert sent.status_code == 201, sent.text
    (one,) = sent.json()["evidence"]
    assert (one["title"], one["decisions"], one["size"]) == ("Report", [1, 3], len(content))
    assert "/" not in one["name"]
    back = client.get(f"{at}/evidence/e1/content")
    assert back.content == content
    assert back.headers["content-disposition"].startswith("attachment")
    assert back.headers["x-content-type-options"] == "nosniff"


def test_large_file_is_refused_and_leaves_nothing(client: TestClient, at: str, data: Path) -> None:
    """A file larger than the limit is 413, announced or not, and nothing of it is kept."""
    before = files(data)
    sent = client.post(f"{at}/evidence", files={"file": ("big.bin", b"x" * 1_000_001)}, headers=seen(1))
    assert (sent.status_code, codes(sent)) == (413, {"too-large"})

    def endless() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
        for _ in range(1_000):  # a gigabyte, if anybody took it
            yield b"x" * 1_000_000

    headers = seen(1) | {"Content-Type": "multipart/form-data; boundary=b"}
    told = client.post(f"{at}/evidence", content=endless(), headers=headers)
    assert (told.status_code, codes(told)) == (413, {"too-large"})
    claimed = client.post(f"{at}/evidence", content=b"x", headers=headers | {"Content-Length": str(10**9)})
    assert claimed.status_code == 413
    assert files(data) == before
    assert client.get(at).headers["etag"] == '"1"'


def test_refused_evidence_leaves_no_file(client: TestClient, at: str, data: Path) -> None:
    """A file for a version that is gone, an archived dossier or none at all is not kept."""
    before = files(data)
    upload = {"file": ("a.txt", b"only here")}
    assert client.post(f"{at}/evidence", files=upload, headers=seen(9)).status_code == 412
    assert client.delete(at, headers=seen(1)).status_code == 200
    assert codes(client.post(f"{at}/evidence", files=upload, headers=seen(2))) == {"archived"}
    assert client.post(f"{AT}/nowhere/evidence", files=upload, headers=seen(1)).status_code == 404
    assert files(data) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "link", "url": "javascript:alert(1)"}, "not-a-link"),
        ({"kind": "link", "url": "https://exa mple.org"}, "not-a-link"),
        ({"kind": "note", "text": "bell\x07"}, "not-a-text"),
        ({"kind": "note", "text": ""}, "not-a-text"),
        ({"kind": "film", "url": "https://example.org"}, "union-tag-invalid"),
        ({"kind": "note", "text": "x", "decisions": [7]}, "less-than-equal"),
    ],
)
def test_wrong_evidence_is_told(client: TestClient, at: str, body: Any, code: str) -> None:
    """Links lead to the web, notes can be shown, decisions exist."""
    answer = client.post(f"{at}/evidence", json=body, headers=seen(1))
    assert (answer.status_code, codes(answer)) == (422, {code})


@pytest.mark.parametrize(
    "content", [b"", b"--b--", b"garbage", b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n']
)
def test_form_without_a_file_is_told(client: TestClient, at: str, content: bytes) -> None:
    """A form that is broken or holds no file is a clear error."""
    headers = seen(1) | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post(f"{at}/evidence", content=content, headers=headers)
    assert answer.status_code in (400, 422)
    assert codes(answer) <= {"not-a-form", "missing-key"}


def test_negative_cost_is_told_by_its_place(client: TestClient, at: str) -> None:
    """A cost below zero is refused where it stands, and the dossier keeps what it had."""
    case = json.loads((ROOT / "examples/dossiers/roi.json").read_text())
    name = next(iter(case["quantities"]))
    case["quantities"][name] = {"unit": "EUR", "value": -5}
    answer = client.put(f"{at}/tools/roi", json=case, headers=seen(1))
    assert answer.status_code == 422
    assert f"/quantities/{name}/value" in {error["pointer"] for error in answer.json()["errors"]}
    assert codes(client.get(f"{at}/tools/roi")) == {"no-input"}


def test_refusals_say_what_to_do(client: TestClient, at: str) -> None:
    """Signing too early is 409 with every obstacle; a waiver without end, of a prohibition, or for no gap is refused."""
    early = client.post(f"{at}/decisions/6/sign", json={"outcome": "passed"}, headers=seen(1))
    assert early.status_code == 409
    assert {"earlier-open", "criterion-open", "no-control"} <= codes(early)
    day = (datetime.now(UTC).date() + timedelta(days=3000)).isoformat()
    late = client.post(f"{at}/decisions/5/waive", json={"reason": "x", "expires": day}, headers=seen(1))
    assert (late.status_code, codes(late)) == (422, {"bad-expiry"})
    soon = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    ban = client.post(f"{at}/decisions/2/waive", json={"reason": "x", "expires": soon}, headers=seen(1))
    assert (ban.status_code, codes(ban)) == (409, {"prohibition-not-waivable"})
    none = client.post(f"{at}/decisions/2/waive", json={"reason": "x", "expires": soon, "norm": "eu-gdpr/art-4"}, headers=seen(1))
    assert (none.status_code, codes(none)) == (422, {"no-such-gap"})


def test_pilot_is_fixed_started_and_recorded_in_this_order(client: TestClient, at: str) -> None:
    """Results before the start, a start before the plan, and a second start are refused; what is recorded is judged."""
    plan = {
        "name": "Trial",
        "hypothesis": "Drafts are right.",
        "days": 30,
        "metrics": [{"id": "right", "name": "Right", "at_least": 0.9, "unit": "share", "sample": 100}],
    }
    today = datetime.now(UTC).date()
    fixed = client.post(f"{at}/pilots", json={"plan": plan}, headers=seen(1))
    assert (fixed.status_code, fixed.json()["evaluation"]["outcome"]) == (201, "not_started")
    result = {"results": [{"metric": "right", "on": today.isoformat(), "count": 97, "of": 100}]}
    assert codes(client.post(f"{at}/pilots/p1/results", json=result, headers=seen(2))) == {"not-started"}
    early = {"on": (today - timedelta(days=1)).isoformat()}
    assert codes(client.post(f"{at}/pilots/p1/start", json=early, headers=seen(2))) == {"out-of-time"}
    assert client.post(f"{at}/pilots/p1/start", json={"on": today.isoformat()}, headers=seen(2)).status_code == 200
    assert codes(client.post(f"{at}/pilots/p1/start", json={"on": today.isoformat()}, headers=seen(3))) == {"already-started"}
    judged = client.post(f"{at}/pilots/p1/results", json=result, headers=seen(3)).json()
    assert judged["evaluation"]["outcome"] == "passed"
    assert codes(client.post(f"{at}/pilots/p1/results", json=result, headers=seen(4))) == {"recorded-twice"}


def test_free_text_stands_in_notes_alone(client: TestClient, at: str) -> None:
    """Reasons are in the trail as notes, where they can be erased, and nowhere else."""
    secret = "told by Erika Mustermann"
    client.patch(f"{at}/facts", json={"facts": {"agentic": True}, "because": secret}, headers=seen(1))
    past = client.get(f"{at}/timeline").json()["past"]
    assert secret in past[-1]["notes"].values()
    assert secret not in json.dumps([{**event, "notes": None} for event in past])
    assert all(pointer.rpartition("/")[2] in FREE for pointer in past[-1]["notes"])


def test_archived_dossier_is_out_of_the_list_and_of_the_graph(client: TestClient, at: str) -> None:
    """An archived dossier can be read by its address, and is no graph."""
    name = at.rpartition("/")[2]
    query = f"ASK {{ GRAPH <https://w3id.org/sextant/graph/dossier/{name}> {{ ?s ?p ?o }} }}"

    def in_graph() -> bool:
        return bool(client.post("/sparql", data={"query": query}, headers={"Accept": "application/json"}).json()["boolean"])

    assert in_graph()
    client.delete(at, headers=seen(1))
    assert not in_graph()
    assert name not in {one["id"] for one in client.get(AT).json()["items"]}
    assert name in {one["id"] for one in client.get(f"{AT}?archived=true").json()["items"]}
    assert client.get(at).json()["archived"]


def test_dossiers_survive_a_restart(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A dossier stands where it stood, also in the graph, after the service was started again."""
    settings = Settings(root=ROOT, cache=tmp_path_factory.mktemp("cache"), data=tmp_path)

    def service() -> TestClient:
        return TestClient(create_app(settings), base_url="http://127.0.0.1:8321", client=("127.0.0.1", 5))

    with service() as first:
        made = first.post(AT, json={"id": "kept", "name": "Kept", "facts": FACTS}).json()
    with service() as second:
        assert second.get(f"{AT}/kept").json()["facts"] == made["facts"]
        query = "SELECT ?v WHERE { GRAPH <https://w3id.org/sextant/graph/dossier/kept> { ?d <https://schema.org/version> ?v } }"
        assert second.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"}).text.split() == ["v", "1"]


@pytest.mark.parametrize("path", ["nowhere", "nowhere/facts", "nowhere/decisions/2", "nowhere/export", "nowhere/timeline"])
def test_unknown_dossier_is_not_found(client: TestClient, at: str, path: str) -> None:
    """There is no such dossier, and the nearest is named."""
    assert client.get(f"{AT}/{path}").status_code == 404
    assert client.get(f"{AT}/{at.rpartition('/')[2]}s").json()["nearest"]


def test_formats_of_the_export(client: TestClient, at: str) -> None:
    """Each format is sent with its type and a name to save it under; another is refused with the nearest."""
    for form in ("json", "docx", "xlsx", "markdown", "jsonld", "deployment"):
        answer = client.get(f"{at}/export?format={form}")
        assert answer.status_code == 200, answer.text[:500]
        assert "attachment" in answer.headers["content-disposition"]
    wrong = client.get(f"{at}/export?format=doxc")
    assert (wrong.status_code, codes(wrong)) == (422, {"unknown-format"})
    assert wrong.json()["errors"][0]["nearest"][0] == "docx"
