"""Dossiers where people log in: who may write, who may sign what, and nobody their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kg_service.app import create_app
from kg_service.people.keys import Keys, parse_wanted
from kg_service.people.model import LOCAL, Role
from kg_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
AT = "/api/v1/dossiers"
FACTS = json.loads((ROOT / "examples/credit-assessment-eu-vendor.json").read_text())["facts"]
CRITERIA = json.loads((ROOT / "examples/dossiers/credit-assessment.json").read_text())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(
        root=ROOT, cache=tmp_path_factory.mktemp("cache"), data=tmp_path_factory.mktemp("data"), authentication="keys"
    )
    with TestClient(create_app(settings)) as client:
        yield client


class Person:
    """Somebody with a key."""

    def __init__(self, client: TestClient, name: str, *roles: Role) -> None:
        keys: Keys = client.app.state.keys  # type: ignore[attr-defined]
        _, text = keys.create(parse_wanted(name, list(roles), None, 1, name), LOCAL)
        self._client, self._headers = client, {"Authorization": f"Bearer {text}", "If-Match": "*"}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self._client.request(method, f"{AT}{path}", json=body, headers=self._headers)


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


def test_dossier_goes_through_the_hands_of_those_who_may(client: TestClient) -> None:
    """An analyst prepares, an architect signs 1 to 5, an approver the sixth; nobody else can, and nobody their own."""
    ana = Person(client, "ana", Role.ANALYST, Role.APPROVER)
    ben = Person(client, "ben", Role.ANALYST)
    ari = Person(client, "ari", Role.ARCHITECT)
    pia = Person(client, "pia", Role.APPROVER)
    vic = Person(client, "vic", Role.VIEWER)
    passed = {"outcome": "passed"}

    assert vic.send("POST", "", {"name": "Loans"}).status_code == 403
    assert ana.send("POST", "", {"name": "Loans", "id": "loans", "facts": FACTS, "owner": "ben"}).status_code == 201
    assert vic.send("GET", "/loans").json()["owner"] == "ben"
    assert vic.send("PATCH", "/loans/facts", {"facts": {"agentic": True}}).status_code == 403
    assert ben.send("PATCH", "/loans/criteria", CRITERIA).status_code == 200
    assert ben.send("POST", "/loans/controls", {"needed": "all", "state": "in_place"}).status_code == 200

    assert ben.send("POST", "/loans/decisions/1/sign", passed).status_code == 403
    own = ana.send("POST", "/loans/decisions/1/sign", passed)  # an approver, but she made it
    assert (own.status_code, codes(own)) == (403, {"own-dossier"})
    for number in range(1, 6):
        assert ari.send("POST", f"/loans/decisions/{number}/sign", passed).status_code == 200
    last = ari.send("POST", "/loans/decisions/6/sign", passed)
    assert (last.status_code, codes(last)) == (403, {"wrong-role"})
    assert pia.send("POST", "/loans/decisions/6/sign", passed).status_code == 200
    found = vic.send("GET", "/loans").json()
    assert [one["signed_by"] for one in found["decisions"]] == ["ari"] * 5 + ["pia"]
    assert {event["actor"] for event in vic.send("GET", "/loans/timeline").json()["past"]} == {"ana", "ben", "ari", "pia"}
