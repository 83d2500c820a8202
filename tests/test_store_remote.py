"""Other stores: a server that behaves is held by the contract tests; here are those that do not, and the publication."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Triple
from sparql_server import serving

from kg_service import ids
from kg_service.app import make_services
from kg_service.errors import DeadlineError, QueryError, StoreError
from kg_service.knowledge.build import Built, load
from kg_service.settings import Settings
from kg_service.store.http import Connection, Place
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.publish import METADATA, publish, published_version, require_published
from kg_service.store.registry import Access, open_store
from kg_service.store.remote import RemoteStore, Server
from kg_service.store.substitution import substituted

EX = "https://example.org/"
FOREIGN = EX + "foreign"
ONE = Triple(NamedNode(EX + "s"), NamedNode(EX + "p"), Literal("o"))


class _Odd(BaseHTTPRequestHandler):
    """A server that misbehaves as its path says, and remembers what it was sent."""

    seen: list[tuple[str, str | None]] = []  # noqa: RUF012 - one list for all requests is meant

    def do_POST(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        match self.path.strip("/"):
            case "redirect":
                self._answer(302, b"", Location="http://elsewhere.invalid/sparql")
            case "page":
                self._answer(200, b"<html>welcome</html>", type_="text/html")
            case "broken":
                self._answer(200, b'{"head": {"vars": ["s"', type_="application/sparql-results+json")
            case "large":
                self._answer(200, b" " * 5_000_000, type_="application/sparql-results+json")
            case "slow":
                self._drip()
            case "locked":
                self._answer(401, b"who are you?")
            case "failing":
                self._answer(500, b"out of \x1b[31mmemory")
            case "picky":
                self._answer(400, b"I know no such function")
            case _:
                self._answer(200, b'{"head": {}, "boolean": true}', type_="application/sparql-results+json")

    def _answer(self, status: int, body: bytes, type_: str = "text/plain", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.end_headers()
        try:
            for _ in range(40):
                self.wfile.write(b" ")
                time.sleep(0.1)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing is written."""


@pytest.fixture(scope="module")
def odd() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Odd)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving("--union-default-graph") as found:
        yield found


@pytest.fixture
def remote(address: str) -> Iterator[RemoteStore]:
    """The server, empty."""
    opened = open_store(f"{address}/query", Access(update=f"{address}/update"))
    assert isinstance(opened, RemoteStore)
    for name in opened.graphs():
        opened.drop(name)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return load(root, tmp_path_factory.mktemp("cache"))


def ask(url: str, credentials: str = "", most: int = 1_000_000) -> bool:
    place = Place(url, credentials)
    store = RemoteStore(Server(place, place), most)
    try:
        return store.ask("ASK {}", seconds=1.0)
    finally:
        store.close()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("redirect", r"points to http://elsewhere\.invalid/sparql .* not followed"),
        ("page", "is it a SPARQL server"),
        ("broken", "cannot be read"),
        ("large", "larger than the 1,000,000 bytes"),
        ("locked", "SEXTANT_STORE_CREDENTIALS"),
        ("failing", r"HTTP 500: out of \?\[31mmemory"),
    ],
)
def test_server_that_misbehaves_is_a_store_error(odd: str, path: str, told: str) -> None:
    """What a server does wrong is told with its address and what to do; its control characters are not."""
    with pytest.raises(StoreError, match=told):
        ask(f"{odd}/{path}")


def test_redirect_is_not_followed(odd: str) -> None:
    """Credentials and queries go to the address that was set and to no other."""
    _Odd.seen.clear()
    with pytest.raises(StoreError):
        ask(f"{odd}/redirect", "user:secret")
    assert [path for path, _ in _Odd.seen] == ["/redirect"]


def test_refused_query_is_a_query_error(odd: str) -> None:
    """What the server says of the query reaches the caller."""
    with pytest.raises(QueryError, match="I know no such function"):
        ask(f"{odd}/picky")


def test_server_that_drips_is_left_at_the_deadline(odd: str) -> None:
    """An answer that never ends is no way to hold a thread for ever."""
    with pytest.raises(DeadlineError, match="within 1 s"):
        ask(f"{odd}/slow")


def test_server_that_is_not_there_is_named() -> None:
    """An address where nobody listens is told as such."""
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:9/sparql cannot be reached"):
        ask("http://127.0.0.1:9/sparql")


@pytest.mark.parametrize(
    ("credentials", "header"),
    [("", None), ("ada:secret", "Basic YWRhOnNlY3JldA=="), ("Bearer abc.def", "Bearer abc.def")],
)
def test_credentials_are_sent_as_set(odd: str, credentials: str, header: str | None) -> None:
    """User and password go as Basic (RFC 7617), a token as Bearer (RFC 6750)."""
    _Odd.seen.clear()
    assert ask(f"{odd}/fine", credentials)
    assert _Odd.seen == [("/fine", header)]


def test_credentials_are_shown_nowhere() -> None:
    """Neither the setting nor an address prints what opens the server."""
    settings = Settings(store="https://db.example/sparql", store_credentials="ada:secret")
    assert "secret" not in repr(settings)
    assert "secret" not in repr(Place("https://db.example/sparql?key=secret", "ada:secret")).partition("credentials")[2]
    assert Place("https://db.example/sparql?key=secret").shown == "https://db.example/sparql"


def test_no_proxy_of_the_environment_sees_a_query(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was set is the only one that is spoken to."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(f"{odd}/fine")


def test_connection_gives_the_whole_answer(odd: str) -> None:
    """Status, media type and content arrive as sent."""
    connection = Connection(1000)
    answer = connection.send(Place(f"{odd}/failing"), "POST", b"", {}, 5)
    assert (answer.status, answer.media_type, answer.body) == (500, "text/plain", b"out of \x1b[31mmemory")
    connection.close()


QUERIES = {
    "filter": "SELECT ?s ?min { ?s ex:q ?v FILTER(?v > ?min) }",
    "optional": "SELECT ?s ?v ?min { ?s ex:p ?o OPTIONAL { ?s ex:q ?v FILTER(?v > ?min) } }",
    "not exists": "SELECT ?s ?min { ?s ex:p ?o FILTER NOT EXISTS { ?s ex:q ?v FILTER(?v > ?min) } }",
    "minus": "SELECT ?s ?min { ?s ex:p ?o MINUS { ?s ex:q ?v FILTER(?v > ?min) } }",
    "union": "SELECT ?s ?min { { ?s ex:q ?v FILTER(?v > ?min) } UNION { ?s ex:p ex:e } }",
    "group": "SELECT ?o ?min (COUNT(?s) AS ?n) { ?s ex:p ?o ; ex:q ?v FILTER(?v > ?min) } GROUP BY ?o ?min",
    "inner": "SELECT ?n ?min { { SELECT ?min (COUNT(*) AS ?n) { ?s ex:q ?v FILTER(?v > ?min) } GROUP BY ?min } }",
    "graph": "SELECT ?s ?g ?min { GRAPH ?g { ?s ex:q ?v FILTER(?v > ?min) } }",
    "values": "SELECT ?s ?min { VALUES (?s) { (ex:a) (ex:c) } ?s ex:q ?v FILTER(?v > ?min) }",
    "name like a keyword": "SELECT ?s ?min { ?s ex:values ?w ; ex:q ?v FILTER(?v > ?min) }",
    "text": 'SELECT ?s ?min { ?s ex:q ?v # { ?min\n FILTER(?v > ?min && \'}{ ?min\' != """{ SELECT""") }',
}


@pytest.mark.parametrize("name", QUERIES)
def test_value_holds_as_in_the_embedded_store(remote: RemoteStore, name: str) -> None:
    """A server, which takes no values beside the text, gives the rows that the embedded store gives."""
    data = "".join(
        f"<{EX}{s}> <{EX}{p}> {o} <{EX}g> .\n"
        for s, p, o in [
            ("a", "p", f"<{EX}b>"), ("c", "p", f"<{EX}b>"), ("d", "p", f"<{EX}e>"),
            ("a", "q", '"3"^^<http://www.w3.org/2001/XMLSchema#integer>'),
            ("c", "q", '"5"^^<http://www.w3.org/2001/XMLSchema#integer>'), ("c", "values", '"x"'),
        ]
    )  # fmt: skip
    embedded = OxigraphStore()
    for store in (embedded, remote):
        store.load(data.encode())
    query, value = f"PREFIX ex: <{EX}> {QUERIES[name]}", {"min": Literal(4)}
    found = [sorted(map(str, store.select(query, value).rows)) for store in (embedded, remote)]
    assert found[0] == found[1] != []


def test_value_enters_the_text_as_a_term_only() -> None:
    """A value that looks like SPARQL is quoted, and a query without a place for it is refused."""
    text = substituted("ASK { ?s ?p ?o }", {"o": Literal('" } ; DROP ALL #\n')})
    assert text == 'ASK { VALUES (?o) { ("\\" } ; DROP ALL #\\n") }  ?s ?p ?o }'
    with pytest.raises(QueryError):
        substituted(f"DESCRIBE <{EX}a>", {"o": Literal("x")})


def test_large_graph_arrives_whole(remote: RemoteStore) -> None:
    """A document that needs several updates is there with all its statements."""
    count = 40_000
    remote.load(
        b"".join(b'<%bs%d> <%bp> "%s" <%bg> .\n' % (EX.encode(), n, EX.encode(), b"x" * 60, EX.encode()) for n in range(count))
    )
    assert remote.size(EX + "g") == count


def test_default_graph_that_is_no_union_is_told() -> None:
    """A server whose queries do not see the named graphs together cannot serve us, and is told so at once."""
    with serving() as apart:
        store = open_store(f"{apart}/query", Access(update=f"{apart}/update"))
        assert isinstance(store, RemoteStore)
        store.check()
        store.replace(EX + "g", [ONE])
        with pytest.raises(StoreError, match="union of all"):
            store.check()
        store.close()
        union = open_store(f"{apart}/query?union-default-graph=", Access(update=f"{apart}/update"))
        assert union.ask(f"ASK {{ <{EX}s> ?p ?o }}")
        union.close()


def test_publication_is_whole_and_leaves_others_alone(remote: RemoteStore, built: Built) -> None:
    """The server holds the law as it is here; foreign graphs and stored deployments stay; our old graphs go."""
    deployment, old = ids.graph("deployment/ours-1"), ids.graph("instrument/gone")
    for name in (FOREIGN, deployment, old):
        remote.replace(name, [ONE])
    assert published_version(remote) is None
    told: list[str] = []
    done = publish(built.store, remote, told.append)
    assert done.removed == (old,)
    assert len(told) == len(done.loaded) + 1
    assert set(remote.graphs()) == {*built.store.graphs(), FOREIGN, deployment}
    assert all(remote.dump(name) == built.store.dump(name) for name in built.store.graphs()[::20])
    assert remote.size() == built.store.size() + 2
    remote.check()
    require_published(remote, built.knowledge.version, "there")
    assert publish(built.store, remote).loaded == ()
    assert publish(built.store, remote, again=True).statements == built.store.size()


def test_broken_publication_is_made_again(remote: RemoteStore, built: Built) -> None:
    """A publication that ends in the middle leaves no version behind, so that nobody takes it for whole."""
    publish(built.store, remote)

    def stop(line: str) -> None:
        if line.startswith("3/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(built.store, remote, stop, again=True)
    assert published_version(remote) is None
    with pytest.raises(StoreError, match="no complete knowledge"):
        require_published(remote, built.knowledge.version, "there")
    assert publish(built.store, remote).loaded[-1] == METADATA


def test_service_refuses_to_start_beside_another_version(remote: RemoteStore, root: Path, address: str, tmp_path: Path) -> None:
    """Answers of two versions are never mixed: the service says which one the server holds and what to do."""
    settings = Settings(root=root, cache=tmp_path, store=f"{address}/query", store_update=f"{address}/update")
    version = f'<{ids.DATASET}> <{ids.term("knowledgeVersion")}> "{"0" * 64}" <{METADATA}> .\n'
    remote.load(version.encode())
    with pytest.raises(StoreError, match=r"holds knowledge 000000000000, .* run 'sextant publish'"):
        make_services(settings)
