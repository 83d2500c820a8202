"""Who may do what: the table against the operations that there are, keys, tokens, and the gate in front of everything."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from assistant.app import create_app as create_whole
from assistant.conversation import ConversationStore, begun
from assistant.rest.table import RULES as ASSISTANT
from assistant.settings import AssistantSettings
from kg_service.app import create_app
from kg_service.dossiers.commands import CreateDossier
from kg_service.dossiers.model import Dossier
from kg_service.errors import InputError
from kg_service.people.gate import Matcher
from kg_service.people.keys import Keys, parse_wanted
from kg_service.people.model import LOCAL, Principal, Role, Scope
from kg_service.people.oidc import parse_roles
from kg_service.people.opening import require_authentication
from kg_service.people.table import RULES as EXACT
from kg_service.services import Services
from kg_service.settings import Settings
from kg_service.watch.opening import Watching

RULES = {**EXACT, **ASSISTANT}
ISSUER, AUDIENCE = "https://login.example", "sextant"


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def client(root: Path, tmp_path_factory: pytest.TempPathFactory, rsa_key: rsa.RSAPrivateKey) -> Iterator[TestClient]:
    """A service with its assistant that asks everybody who they are, by keys and by tokens."""
    folder = tmp_path_factory.mktemp("people")
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key.public_key())) | {"kid": "one", "use": "sig"}
    (folder / "keys.json").write_text(json.dumps({"keys": [jwk]}), encoding="utf-8")
    settings = AssistantSettings(
        root=root,
        cache=folder / "cache",
        data=folder / "data",
        embeddings="none",
        conversations="on",
        authentication="keys oidc",
        oidc_issuer=ISSUER,
        oidc_audience=AUDIENCE,
        oidc_keys=str(folder / "keys.json"),
        oidc_claim="realm_access.roles",
        oidc_roles="risk-managers=approver readers=viewer",
        webhook_hosts="hooks.example",
    )
    with TestClient(create_whole(settings), follow_redirects=False) as found:
        yield found


def key_for(client: TestClient, *roles: Role, holder: str | None = None, scopes: list[str] | None = None) -> dict[str, str]:
    """The header of somebody with these roles."""
    keys: Keys = client.app.state.keys  # type: ignore[attr-defined]
    name = "-".join(roles)
    _, text = keys.create(parse_wanted(name, list(roles), scopes, 1, holder or f"person:{name}"), LOCAL)
    return {"Authorization": f"Bearer {text}"}


def token(key: Any, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "name": "Ada", "exp": now + timedelta(minutes=5)}
    claims["realm_access"] = {"roles": ["risk-managers", "unheard-of"]}
    return jwt.encode({**claims, **changes}, key, algorithm=algorithm, headers={"kid": kid})


def with_hmac(key: rsa.RSAPrivateKey) -> str:
    """A token signed with the issuer's public key as if it were a shared secret: the oldest trick."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    body = token(key).split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one","typ":"JWT"}').rstrip(b"=").decode()
    signature = hmac.new(public, f"{head}.{body}".encode(), "sha256").digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def operations(client: TestClient) -> list[str]:
    """Every operation of the OpenAPI document."""
    paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    methods = ("get", "put", "post", "delete", "patch", "options", "head", "trace")
    return [f"{method.upper()} {path}" for path, found in paths.items() for method in found if method in methods]


def served(routes: Any) -> Iterator[str]:
    """Every operation that the application routes, also those that the document does not show."""
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from served(inner)
        elif type(route).__name__ == "Mount":
            yield f"GET {route.path}/{{path:path}}"
        else:
            yield from (f"{method} {route.path}" for method in route.methods if method not in ("HEAD", "OPTIONS"))


def concrete(operation: str) -> str:
    return re.sub(r"{[^}]*}", "thing", operation.partition(" ")[2])


def test_every_operation_stands_in_the_table(client: TestClient) -> None:
    """None is missing, and none is there that the service does not have."""
    have = set(operations(client)) | set(served(client.app.router.routes))  # type: ignore[attr-defined]
    have.remove("GET /static/ask/{path:path}")  # within /static/{path:path}
    assert sorted(have - set(RULES)) == []
    assert sorted(key for key in set(RULES) - have if "?" not in key) == []


@pytest.mark.parametrize("role", list(Role))
def test_the_table_is_what_the_service_does(client: TestClient, role: Role) -> None:
    """Every operation as every role: refused with 403 where the table says no, and let through to its own answer otherwise."""
    header = key_for(client, role)
    wrong = []
    for operation in operations(client):
        method, _, _ = operation.partition(" ")
        rule = RULES[operation]
        answer = client.request(method, concrete(operation), headers=header, content=b"{}")
        let = rule.public or role in rule.own
        if (answer.status_code == 403) == let:
            wrong.append((operation, answer.status_code, let))
    assert wrong == []


@pytest.mark.parametrize("own", [True, False], ids=["their own", "somebody else's"])
@pytest.mark.parametrize("role", list(Role))
def test_what_is_theirs_and_what_is_not(client: TestClient, role: Role, own: bool) -> None:
    """Every operation on a dossier, a subscription and a conversation, as every role, to what is theirs and what is not."""
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    watching: Watching = client.app.state.watching  # type: ignore[attr-defined]
    holder = f"person:{role}"
    owner = Principal(holder if own else "person:other", "Owner", frozenset(Role))
    dossier = services.dossiers.create(owner, CreateDossier("", f"Of {owner.id} for {role}"))
    assert isinstance(dossier, Dossier)
    subscription, _ = watching.subscriptions.create("https://hooks.example/x", None, owner)
    talk = begun()
    ConversationStore(services.settings.data / "conversations", services.knowledge).save(talk, owner.id)
    things = {"/api/v1/dossiers/{dossier_id}": dossier.id, "/api/v1/subscriptions/{subscription_id}": subscription.id}
    things["/api/v1/conversations/{identifier}"] = talk.id
    header, wrong, asked = key_for(client, role, holder=holder), [], 0
    for operation in operations(client):
        method, _, path = operation.partition(" ")
        start = next((one for one in things if path.startswith(one)), None)
        if start is None:
            continue
        asked += 1
        place = concrete(f"{method} {path.replace(start, start.rpartition('/')[0] + '/' + things[start])}")
        answer = client.request(method, place, headers=header, content=b"{}")
        refused = answer.status_code == 403 and answer.json()["errors"][0]["code"] == "wrong-role"
        if refused == (role in RULES[operation].roles(own=own)):
            wrong.append((operation, answer.status_code))
    assert (wrong, asked > 20) == ([], True)


def test_nobody_goes_on_in_somebody_elses_conversation(client: TestClient) -> None:
    """Its id opens nothing to who did not begin it, and an answer that names it is kept under another id."""
    ada, eve = (key_for(client, Role.VIEWER, holder=f"person:{name}") for name in ("ada", "eve"))
    asked = {"question": "We are a Dutch bank. What applies?", "as_of": "2026-11-23"}
    talk = client.post("/api/v1/ask", headers=ada, json=asked).json()["conversation"]
    at = f"/api/v1/conversations/{talk['id']}"
    assert client.post("/api/v1/ask", headers=eve, json={**asked, "conversation": talk["id"]}).status_code == 404
    stolen = client.post("/api/v1/ask", headers=eve, json={**asked, "conversation": talk}).json()["conversation"]
    assert stolen["id"] != talk["id"]
    assert [client.request(method, at, headers=eve).status_code for method in ("GET", "DELETE")] == [403, 403]
    assert client.post("/api/v1/ask", headers=ada, json={**asked, "conversation": talk["id"]}).status_code == 200
    assert len(client.get(at, headers=ada).json()["turns"]) == 2
    assert client.delete(at, headers=ada).status_code == 204


def test_without_credentials_nothing_but_the_public_answers(client: TestClient) -> None:
    """401 with the way to log in; a browser is led to the page for it."""
    for operation in operations(client):
        method = operation.partition(" ")[0]
        answer = client.request(method, concrete(operation))
        assert (answer.status_code == 401) != RULES[operation].public, operation
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
    page = client.get("/reference?x=1", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Freference%3Fx%3D1")


def test_what_is_not_in_the_table_is_open_to_nobody(client: TestClient) -> None:
    """An administrator too: an operation that was forgotten is closed."""
    answer = client.get("/api/v1/forgotten", headers=key_for(client, *Role))
    assert answer.status_code == 403
    assert client.get("/api/v1/forgotten").status_code == 401


def test_a_key_opens_until_it_ends(client: TestClient) -> None:
    """A revoked key, one that expired and one changed in a single digit open nothing; and none tells why."""
    admin = key_for(client, Role.ADMIN)
    made = client.post("/api/v1/keys", headers=admin, json={"name": "night", "roles": ["viewer"], "days": 1}).json()
    header = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/api/v1/me", headers=header).json() == {"id": f"key:{made['id']}", "name": "night", "roles": ["viewer"]}
    last = "0" if made["key"][-1] != "0" else "1"
    changed = client.get("/api/v1/me", headers={"Authorization": f"Bearer {made['key'][:-1]}{last}"})
    assert client.delete(f"/api/v1/keys/{made['id']}", headers=admin).status_code == 204
    ended = client.get("/api/v1/me", headers=header)
    assert (changed.status_code, ended.status_code) == (401, 401)
    assert changed.json() == ended.json()
    keys: Keys = client.app.state.keys  # type: ignore[attr-defined]
    _, text = keys.create(parse_wanted("old", ["viewer"], None, 1), LOCAL)
    later = Keys(keys._journal, lambda: datetime.now(UTC) + timedelta(days=1, seconds=1))
    assert keys.opened_by(text) is not None
    assert later.opened_by(text) is None


def test_a_key_is_nowhere_in_what_is_kept(client: TestClient) -> None:
    """Neither the list nor the database holds the text of a key."""
    keys: Keys = client.app.state.keys  # type: ignore[attr-defined]
    _, text = keys.create(parse_wanted("secret", ["viewer"]), LOCAL)
    secret = text.rpartition("_")[2]
    assert secret not in client.get("/api/v1/keys", headers=key_for(client, Role.ADMIN)).text
    file = keys._database.file
    assert file is not None
    assert all(secret.encode() not in part.read_bytes() for part in file.parent.glob(f"{file.name}*"))


def test_a_scope_narrows_what_a_key_is_good_for(client: TestClient) -> None:
    """A key that may read cannot ask, whatever its roles."""
    header = key_for(client, *Role, scopes=["read"])
    assert client.get("/api/v1/norms", headers=header).status_code == 200
    assert client.post("/api/v1/assessments", headers=header, json={"facts": {}}).json()["errors"][0]["code"] == "wrong-scope"


def test_who_may_ask_may_not_thereby_store(client: TestClient) -> None:
    """?store=true changes something: a viewer, who may assess, may not."""
    viewer, body = key_for(client, Role.VIEWER), {"name": "x", "facts": {}}
    assert client.post("/api/v1/assessments", headers=viewer, json=body).status_code == 200
    for word in ("true", "1", "yes", "on", "TRUE"):
        assert client.post(f"/api/v1/assessments?store={word}", headers=viewer, json=body).status_code == 403
    assert client.post("/api/v1/assessments?store=true", headers=key_for(client, Role.ANALYST), json=body).status_code == 201


def test_a_token_of_the_issuer_says_who_asks(client: TestClient, rsa_key: rsa.RSAPrivateKey) -> None:
    """Its claim gives the roles by the mapping; words that it does not know give none."""
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token(rsa_key)}"})
    assert answer.json() == {"id": "oidc:u1", "name": "Ada", "roles": ["approver"]}


def test_a_token_that_is_wrong_anywhere_opens_nothing(client: TestClient, rsa_key: rsa.RSAPrivateKey) -> None:
    """RFC 8725: another key, issuer, audience or time, no signature, a symmetric one with the public key, a strange kid."""
    now = datetime.now(UTC)
    wrong = {
        "another key": token(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "another kind of key": token(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "no signature": token(None, "none"),
        "a symmetric one": with_hmac(rsa_key),
        "another issuer": token(rsa_key, iss="https://login.example.evil"),
        "another audience": token(rsa_key, aud="other"),
        "expired": token(rsa_key, exp=now - timedelta(minutes=5)),
        "not yet": token(rsa_key, nbf=now + timedelta(minutes=5)),
        "nobody": token(rsa_key, sub=""),
        "unknown kid": token(rsa_key, kid="two"),
        "no token": "a.b.c",
        "endless": "a" * 100_000,
    }
    opened = [
        why for why, text in wrong.items() if client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).is_success
    ]
    assert opened == []


def test_a_browser_logs_in_and_out(client: TestClient) -> None:
    """The key is kept in a cookie that no script reads and no other site sends; the way back leads nowhere else."""
    text = key_for(client, Role.ANALYST)["Authorization"].removeprefix("Bearer ")
    assert client.post("/login", data={"key": "sxt_0_0", "next": "/"}).status_code == 403
    answer = client.post("/login", data={"key": text, "next": "//evil.example/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/reference/instruments", headers={"Accept": "text/html"}).status_code == 200
    foreign = client.post("/api/v1/assessments", json={"facts": {}}, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (403, "foreign-origin")
    client.post("/logout")
    client.cookies.clear()
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example:8321"}, "foreign-host"),
        ({"Host": "localhost.evil.example"}, "foreign-host"),
        ({"Host": "127.0.0.1:8321", "Origin": "https://evil.example"}, "foreign-origin"),
        ({"Host": "127.0.0.1:8321", "Origin": "null"}, "foreign-origin"),
    ],
)
def test_loopback_without_password_is_for_its_user_alone(root: Path, tmp_path: Path, headers: dict[str, str], code: str) -> None:
    """A page from elsewhere reaches loopback through the browser, by its own name or by a lying name server: it is refused."""
    settings = Settings(root=root, cache=tmp_path / "cache", data=tmp_path / "data")
    with TestClient(create_app(settings), client=("127.0.0.1", 5000), base_url="http://127.0.0.1:8321") as local:
        assert local.post("/api/v1/assessments", json={"facts": {}}).status_code == 200
        assert local.get("/api/v1/me").json()["id"] == "local"
        answer = local.post("/api/v1/assessments", json={"facts": {}}, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, code)
    with TestClient(create_app(settings), client=("10.0.0.7", 5000), base_url="http://127.0.0.1:8321") as other:
        assert other.get("/api/v1/norms").status_code == 403


def test_it_does_not_start_open_to_others(tmp_path: Path) -> None:
    """On any address that others reach it refuses, and says what to set; exit 2."""
    with pytest.raises(InputError, match="SEXTANT_AUTHENTICATION"):
        require_authentication(Settings(), "10.0.0.7")
    for address in ("127.0.0.1", "::1", "127.8.8.8"):
        require_authentication(Settings(), address)
    environ = {**os.environ, "SEXTANT_DATA": str(tmp_path), "SEXTANT_AUTHENTICATION": ""}
    command = [sys.executable, "-m", "kg_service", "serve", "--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)
    assert (ended.returncode, "SEXTANT_AUTHENTICATION" in ended.stderr) == (2, True)


def test_bad_keys_are_told_all_at_once() -> None:
    """Every problem with its place and the nearest valid word."""
    with pytest.raises(InputError) as told:
        parse_wanted(" ", ["analist"], ["reed"], 0, "\n")
    assert {(one.where, one.nearest) for one in told.value.problems} == {
        ("/name", ()),
        ("/roles/0", ("analyst",)),
        ("/scopes/0", ("read",)),
        ("/days", ()),
        ("/holder", ()),
    }
    with pytest.raises(InputError, match="aproover"):
        parse_roles("managers=aproover")


@given(
    st.sampled_from(sorted(RULES)), st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs", "Cc"]), min_size=1)
)
def test_the_gate_finds_the_rule_of_the_router(operation: str, part: str) -> None:
    """Whatever stands for a parameter, the operation found is the one asked for, or a fixed one of the same path."""
    method, _, path = operation.partition(" ")
    if "?" in path:
        return
    asked = re.sub(r"{[^}]*}", lambda _: part, path)
    found = Matcher(RULES).find(method, asked)
    assert found is not None
    assert found[2] == path or re.sub(r"{[^}]*}", lambda _: part, found[2]) == asked
    assert set(Scope) >= {found[0].scope}
