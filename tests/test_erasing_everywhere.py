"""A marker in every text that the HTTP interface takes: after it was erased it is nowhere, and the trail is still whole.

The operations and their fields are those of the OpenAPI document; what is searched are bytes of files, not what our code says.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from assistant.app import create_app
from assistant.settings import AssistantSettings
from kg_service.audit.backup import write_backup
from kg_service.audit.opening import open_of, second_place
from kg_service.commands import audit

ROOT = Path(__file__).resolve().parent.parent
HOOK = "https://hooks.example/"
MARK = re.compile(rb"zq\d+marker")
TODAY = datetime.now(UTC).date().isoformat()
IDENTIFIERS = {("POST /api/v1/dossiers", "/id"), ("POST /api/v1/keys", "/holder")}
"""What docs/audit.md says stands for good: whoever chooses one is told so."""
D = "/api/v1/dossiers/{dossier_id}"
PLAN = {
    "name": "Trial",
    "hypothesis": "Drafts are right.",
    "population": "Every fourth file",
    "days": 30,
    "metrics": [
        {"id": "right", "name": "Right", "at_least": 0.9, "unit": "share", "sample": 100, "controls": ["mod-guardrails"]}
    ],
    "stop": [{"metric": "right", "below": 0.5, "because": "not worth it"}],
}
RESULTS = [{"metric": "right", "on": TODAY, "count": 97, "of": 100, "note": "two reviewers"}]
FACTS = {"institution": ["credit_institution"], "hosting": "on_premises"}


def example(path: str) -> Any:
    return json.loads(json.dumps(yaml.safe_load((ROOT / "examples" / path).read_text(encoding="utf-8")), default=str))


def asked(question: str = "We are a Dutch bank. What applies?") -> dict[str, Any]:
    turns = [{"question": "We are a bank", "answer": "Noted", "facts": {}, "intents": ["describe"], "language": "en"}]
    talk = {"id": "a" * 32, "facts": {}, "as_of": None, "asked": [], "turns": turns}
    return {"question": question, "facts": {}, "as_of": "2026-11-23", "conversation": talk, "documents": ["A text beside"]}


LINE = {"name": "Use", "of": ["calls", "price"], "when": "yearly"}
ROI = {
    "currency": "EUR",
    "years": 2,
    "discount_rate": 0.09,
    "iterations": 100,
    "quantities": {"calls": {"unit": "calls a year", "pert": [1, 2, 3]}, "price": {"unit": "EUR a call", "value": 2}},
    "costs": [{**LINE, "group": "tokens"}, {"name": "Controls", "of": ["controls_needed", "price"], "when": "once"}],
    "benefits": [{**LINE, "name": "Time", "of": "calls"}],
    "options": {"self-hosted": {"price": {"value": 1}}},
    "value": [{"name": "Evenness", "weight": 1, "score": 5, "because": "fewer mistakes"}],
}
PATHWAYS = {
    "only": {"model": ["open"]},
    "assume": {"vendor": {"subcontracting": True}},
    "costs": {"currency": "EUR", "years": 2, "parts": {"open": {"once": 1}}},
    "scores": {"independence": {"open": 1}},
    "weights": {"independence": 1, "obligations": 2},
    "samples": 10,
}
BODIES: dict[str, list[Any]] = {
    "POST /api/v1/assessments": [{"name": "Loans", "facts": FACTS, "as_of": "2026-11-23"}],
    "POST /api/v1/audit/events/{seq}/erasures": [{"fields": ["name"], "reason": "asked for"}],
    "POST /api/v1/dossiers": [
        {
            "name": "Loans",
            "owner": "ana",
            "description": "Drafts for officers",
            "as_of": "2026-11-23",
            "facts": FACTS,
            "controls": [{"gov-inventory": {"state": "planned", "owner": "risk office", "evidence": ["minutes"]}}],
            "because": "the plan",
            "id": None,
        }
    ],
    f"PATCH {D}": [{"name": "Cards", "owner": "ben", "description": "Limits", "as_of": "2026-11-23"}],
    f"PATCH {D}/facts": [{"facts": {"agentic": True}, "because": "as told"}],
    f"PUT {D}/decisions/{{number}}/criteria/{{criterion}}": [{"answer": "met", "because": "seen", "evidence": ["e1"]}],
    f"PATCH {D}/criteria": [{"criteria": {"1": {"stated-problem": {"answer": "met", "because": "seen", "evidence": ["e1"]}}}}],
    f"POST {D}/decisions/{{number}}/sign": [{"outcome": "failed", "because": "too early"}],
    f"POST {D}/decisions/{{number}}/waive": [{"reason": "until January", "expires": "2027-01-31", "norm": None}],
    f"POST {D}/decisions/{{number}}/reopen": [{"reason": "looked wrong"}],
    f"POST {D}/evidence": [
        {"kind": "link", "url": "https://wiki.example/1", "title": "Wiki", "decisions": [1]},
        {"kind": "link", "url": "https://wiki.example/2"},
        {"kind": "note", "text": "Agreed in the meeting", "title": "Minutes", "decisions": [1]},
        {"kind": "note", "text": "Agreed in the meeting"},
    ],
    f"POST {D}/controls": [
        {
            "controls": ["gov-inventory"],
            "state": "planned",
            "owner": "risk office",
            "evidence": ["e1"],
            "note": "soon",
            "needed": "1",
        }
    ],
    f"PUT {D}/controls/{{control_id}}": [{"state": "planned", "owner": "risk office", "evidence": ["e1"], "note": "soon"}],
    f"POST {D}/options": [
        {"decision": 6, "name": "rules", "values": {"kind": "x", "more": {"y": ["z", 1]}}, "because": "cheap", "chosen": True}
    ],
    f"POST {D}/options/{{option_id}}/choose": [{"because": "the only one"}],
    f"PUT {D}/tools/{{tool}}": [
        example("dossiers/necessity.json"),
        {"confabulation": {"likelihood": 2, "impact": 3, "because": "small"}},
        {"literacy": {"answer": "yes", "because": "listed"}},
        ROI,
        PATHWAYS,
    ],
    f"POST {D}/pilots": [{"plan": PLAN}],
    f"POST {D}/pilots/{{pilot_id}}/start": [{"on": TODAY}],
    f"POST {D}/pilots/{{pilot_id}}/results": [{"results": RESULTS}],
    "POST /api/v1/keys": [{"name": "night", "roles": ["viewer"], "scopes": ["read"], "days": 2, "holder": None}],
    "POST /api/v1/reevaluations": [{"as_of": "2027-12-03"}],
    "POST /api/v1/subscriptions": [{"url": f"{HOOK}a", "subject": "dossier/dossier-1"}],
    "POST /api/v1/assessments:batch": [{"id": "a", "facts": FACTS, "as_of": "2026-11-23"}],
    "POST /api/v1/ask": [asked()],
    "POST /api/v1/chat": [asked()],
    "POST /v1/chat/completions": [
        {"model": "sextant", "messages": [{"role": "user", "content": "We are a bank. What is DORA?"}]}
    ],
}


@dataclass
class Marked:
    """What was sent: for each marker the operation and the place, and whether the service took it."""

    taken: dict[str, tuple[str, str]] = field(default_factory=dict)
    sent: int = 0


def places(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each text in ``value`` and each key that somebody may have made up, by its pointer."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield f"{at}/{key} (key)", key
            yield from places(part, f"{at}/{key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from places(part, f"{at}/{number}")


def with_text(value: Any, old: str, new: str) -> Any:
    """``value`` with ``new`` wherever ``old`` stands as a whole text or key: what refers to it still does."""
    if isinstance(value, Mapping):
        return {new if key == old else key: with_text(part, old, new) for key, part in value.items()}
    if isinstance(value, list):
        return [with_text(part, old, new) for part in value]
    return new if value == old and isinstance(value, str) else value


def operations(client: TestClient) -> dict[str, Any]:
    """The operations of the document that take a body, each with the schema of it."""
    document = client.app.openapi()  # type: ignore[attr-defined]
    found = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            if "requestBody" in one:
                schema = one["requestBody"]["content"].get("application/json", {}).get("schema", {})
                name = schema.get("$ref", "").rpartition("/")[2]
                found[f"{method.upper()} {path}"] = document["components"]["schemas"].get(name, schema)
    return found


def bodies(client: TestClient) -> dict[str, list[Any]]:
    """Ours, and for operations that only compute the document's own examples."""
    ours = BODIES | {
        "POST /api/v1/roi": [{"case": {**ROI, "costs": [LINE]}}],
        "POST /api/v1/pathways": [{"facts": FACTS, "plan": PATHWAYS}],
    }
    return {name: ours.get(name) or [schema["examples"][0]] for name, schema in operations(client).items()}


def settings_in(folder: Path) -> AssistantSettings:
    return AssistantSettings(
        root=ROOT,
        cache=folder / "cache",
        data=folder / "data",
        embeddings="none",
        conversations="on",
        webhook_hosts="hooks.example",
    )


def service(settings: AssistantSettings) -> TestClient:
    return TestClient(create_app(settings), base_url="http://127.0.0.1:8321", client=("127.0.0.1", 5))


class Sender:
    """Sends each body once for each text in it, with a marker of its own in that text's place."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.marked, self.number = client, Marked(), 0
        self.dossiers: dict[str, str] = {}

    def all(self) -> Marked:
        for operation, given in bodies(self.client).items():
            for which, body in enumerate(given):
                self.one(operation, which, body)
        self.file()
        return self.marked

    def one(self, operation: str, which: int, body: Any) -> None:
        assert self.send(operation, which, {name: value for name, value in body.items() if value is not None}), (operation, which)
        for old in dict.fromkeys(text for _, text in places(body)):
            at = next(place for place, text in places(body) if text == old)
            self.number += 1
            marker = f"zq{self.number}marker"
            for new in (marker, f"{HOOK}{marker}") if old.startswith("https:") else (marker,):
                if self.send(operation, which, with_text(deepcopy(body), old, new)):
                    self.marked.taken[marker] = (operation, at)
                    break
        for name in (name for name, value in body.items() if value is None and (operation, f"/{name}") not in IDENTIFIERS):
            self.number += 1
            if self.send(operation, which, {**body, name: f"zq{self.number}marker"}):
                self.marked.taken[f"zq{self.number}marker"] = (operation, f"/{name}")

    def send(self, operation: str, which: int, body: Any) -> bool:
        self.marked.sent += 1
        method, _, path = operation.partition(" ")
        content = json.dumps(body).encode()
        query = {"store": "true"} if path == "/api/v1/assessments" else {}
        headers = {"Content-Type": "application/json", "If-Match": "*", "Idempotency-Key": f"k{self.marked.sent}"}
        if path.endswith(":batch"):
            headers["Content-Type"] = "application/x-ndjson"
        answer = self.client.request(method, self.ready(path, which), content=content, headers=headers, params=query)
        assert answer.status_code < 500, (operation, answer.text)
        return answer.is_success

    def file(self) -> None:
        """The form of evidence: the name of a file, its title, and what a browser says of its kind."""
        at = self.ready(f"{D}/evidence", 0)
        for part in ("name", "kind", "title"):
            self.number += 1
            words = {"name": "a.txt", "kind": "text/plain", "title": "Minutes", part: f"zq{self.number}marker"}
            form = {"file": (words["name"], b"minutes", words["kind"])}
            answer = self.client.post(at, files=form, data={"title": words["title"]}, headers={"If-Match": "*"})
            assert answer.status_code == 201, answer.text
            self.marked.taken[f"zq{self.number}marker"] = (f"POST {D}/evidence", f"form {part}")

    def ready(self, path: str, which: int) -> str:
        """The address of something fresh on which the operation can be carried out."""
        if path == "/api/v1/audit/events/{seq}/erasures":
            made = self.client.post("/api/v1/keys", json={"name": "to be erased", "roles": ["viewer"]}).json()
            found = self.client.get("/api/v1/audit/events", params={"subject": f"key/{made['id']}"}).json()["items"]
            return path.replace("{seq}", str(found[0]["seq"]))
        if not path.startswith(D):
            return path
        once = path.rpartition("/")[2] in ("sign", "waive", "reopen", "start", "results", "options", "facts")
        if path not in self.dossiers or once:
            self.dossiers[path] = self.dossier(path)
        tool = ("necessity", "risks", "workforce", "roi", "pathways")[which % 5]
        names = {"number": "1", "criterion": "stated-problem", "control_id": "gov-inventory", "tool": tool}
        names |= {"option_id": "o1", "pilot_id": "p1", "dossier_id": self.dossiers[path]}
        return re.sub(r"{([^}]*)}", lambda found: names[found[1]], path)

    def dossier(self, path: str) -> str:
        """A new dossier with what the operation works on."""
        at = self.client.post("/api/v1/dossiers", json={"name": "Any", "facts": FACTS}).headers["location"]
        before: list[tuple[str, Any]] = [("/evidence", {"kind": "note", "text": "said"})]
        before += [("/options", {"decision": 1, "name": "any"})] if "{option_id}" in path else []
        before += [("/pilots", {"plan": PLAN})] if "{pilot_id}" in path else []
        before += [("/pilots/p1/start", {"on": TODAY})] if path.endswith("/results") else []
        before += [("/decisions/1/sign", {"outcome": "failed"})] if path.endswith("/reopen") else []
        for part, body in before:
            answer = self.client.post(f"{at}{part}", json=body, headers={"If-Match": "*"})
            assert answer.is_success, answer.text
        return str(at.rpartition("/")[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("erasing")


@pytest.fixture(scope="module")
def marked(folder: Path) -> Marked:
    """Everything was sent, and the service has ended, so that all of it is on the disk."""
    with service(settings_in(folder)) as client:
        return Sender(client).all()


@pytest.fixture(scope="module")
def held_before(folder: Path, marked: Marked) -> set[str]:
    """The markers that stood in the files before anything was erased."""
    return markers_in(folder)


@pytest.fixture(scope="module")
def erased(folder: Path, held_before: set[str]) -> Iterator[TestClient]:
    """A service in which every event was erased whose notes hold a marker."""
    with service(settings_in(folder)) as client:
        after: int | None = 0
        last = client.get("/api/v1/audit").json()["events"]
        while after is not None and after < last:  # each erasure is an event too
            found = client.get("/api/v1/audit/events", params={"after": after, "limit": 100}).json()
            for event in found["items"]:
                at = f"/api/v1/audit/events/{event['seq']}"
                if event["notes"] and MARK.search(client.get(at).content):
                    assert client.post(f"{at}/erasures", json={"reason": "asked for"}).status_code == 201
            after = found["next_after"]
        query = 'SELECT ?s ?o { GRAPH ?g { ?s ?p ?o } FILTER(isLiteral(?o) && STRSTARTS(STR(?o), "zq")) }'
        told = client.post("/sparql", data={"query": query}, headers={"Accept": "application/sparql-results+json"})
        assert told.is_success, told.text
        assert not MARK.search(told.content)
        yield client


def markers_in(folder: Path) -> set[str]:
    """Every marker in any file of the installation."""
    files = [path for path in (folder / "data").rglob("*") if path.is_file()]
    return {found.decode() for path in files for found in MARK.findall(path.read_bytes())}


def test_every_operation_with_a_body_is_tried(tmp_path: Path) -> None:
    """Each field that the document says is a text is in one of the bodies, but for days, which are refused when they are none."""
    client = TestClient(create_app(settings_in(tmp_path)))
    found, sent = operations(client), bodies(client)
    assert set(BODIES) <= set(found)
    missing = [
        (operation, name)
        for operation, schema in found.items()
        for name, one in schema.get("properties", {}).items()
        if '"string"' in json.dumps(one)
        and name not in ("as_of", "on", "started", "controls")
        and not any(name in body for body in sent[operation])
    ]
    assert missing == []


def test_markers_were_taken_in(marked: Marked, held_before: set[str]) -> None:
    """What follows says something: most of what was taken by an operation that keeps something stood in the files before."""
    assert len(held_before) > 50
    kept = {marker: where for marker, where in marked.taken.items() if "/dossiers" in where[0]}
    assert {where for marker, where in kept.items() if marker not in held_before} == {(f"POST {D}/evidence", "form kind")}


def test_erased_text_is_nowhere(marked: Marked, erased: TestClient, folder: Path) -> None:
    """No byte of a marker is in the database, its log, the checkpoints, kept answers, kept conversations, or evidence.

    What a client sent as earlier turns of a conversation was never in the trail: it goes when the conversation is deleted.
    """
    left = {marked.taken.get(marker, (marker, "")) for marker in markers_in(folder)}
    assert {where for where in left if "/conversation" not in where[1]} == set()
    for file in (folder / "data/conversations").glob("*.json"):
        assert erased.delete(f"/api/v1/conversations/{file.stem}").status_code == 204
    assert markers_in(folder) == set()


def test_what_was_erased_still_works(erased: TestClient) -> None:
    """Every tool and pilot of every dossier is as before but for the words: names still differ, references still hold."""
    wrong = []
    found: dict[str, Any] = erased.get("/api/v1/dossiers", params={"limit": 200}).json()
    for one in found["items"]:
        at = f"/api/v1/dossiers/{one['id']}"
        whole = erased.get(at).json()
        for part in (*(f"tools/{tool}" for tool in whole["inputs"]), "pilots"):
            answer = erased.get(f"{at}/{part}")
            wrong += [] if answer.is_success else [(one["id"], part, answer.text)]
    assert wrong == []


def test_backup_and_export_do_not_hold_it(erased: TestClient, folder: Path, tmp_path: Path) -> None:
    """A backup and an export made afterwards are free of it, and the verifier that stands alone finds the trail whole."""
    settings = settings_in(folder)
    database = open_of(settings)
    write_backup(database, second_place(settings), settings.data, tmp_path / "backup.tar")
    database.close()
    audit.export(settings, tmp_path / "trail.jsonl", tmp_path / "checkpoints.jsonl", notes=True)
    (tmp_path / "key.pub").write_text(audit.public_key(settings))
    (tmp_path / "verify.py").write_text(audit.verifier())
    assert {found for path in tmp_path.iterdir() for found in MARK.findall(path.read_bytes())} == set()
    command = [sys.executable, "-I", "verify.py", "trail.jsonl", "checkpoints.jsonl", "--key", "key.pub"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert erased.post("/api/v1/audit/verifications").json()["whole"]
