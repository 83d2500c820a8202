"""The endpoint of a running service: the tools of architects get right answers, and no process is left behind."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
import urllib3
from fastapi.testclient import TestClient
from live_service import Live, serving
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from sparql_attacks import RUNAWAYS
from sparql_server import serving as other_server
from SPARQLWrapper import CSV, JSON, POST, TURTLE, XML, SPARQLWrapper

from kg_service.app import create_app
from kg_service.settings import Settings
from kg_service.sparql import fence

SX = "https://w3id.org/sextant/def/"
NORMS = f"SELECT ?norm WHERE {{ ?norm a <{SX}Duty> }} ORDER BY ?norm"


@pytest.fixture(scope="module")
def live(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(root, tmp_path_factory.mktemp("live"), query_seconds=20, query_origins="https://intranet.example") as found:
        yield found


@pytest.fixture(scope="module")
def norms(law_graph: ox.Store) -> list[str]:
    """The duties of the law, found without SPARQL."""
    rdf_type, duty = ox.NamedNode(str(rdflib.RDF.type)), ox.NamedNode(f"{SX}Duty")
    return sorted({quad.subject.value for quad in law_graph.quads_for_pattern(None, rdf_type, duty)})  # type: ignore[union-attr]


def test_sparqlwrapper_gets_right_answers(live: Live, norms: list[str]) -> None:
    """As JSON, XML and CSV, by GET and by POST; CONSTRUCT and ASK too."""
    wrapper = SPARQLWrapper(f"{live.url}/sparql")
    wrapper.setQuery(NORMS)
    wrapper.setReturnFormat(JSON)
    assert [row["norm"]["value"] for row in wrapper.queryAndConvert()["results"]["bindings"]] == norms
    wrapper.setReturnFormat(XML)
    assert len(wrapper.queryAndConvert().getElementsByTagName("result")) == len(norms)
    wrapper.setMethod(POST)
    wrapper.setReturnFormat(CSV)
    assert wrapper.queryAndConvert().decode().split() == ["norm", *norms]
    wrapper.setQuery(f"CONSTRUCT {{ ?norm a <{SX}Duty> }} WHERE {{ ?norm a <{SX}Duty> }}")
    wrapper.setReturnFormat(TURTLE)
    assert len(rdflib.Graph().parse(data=wrapper.queryAndConvert(), format="turtle")) == len(norms)
    wrapper.setQuery("ASK { ?s ?p ?o }")
    wrapper.setReturnFormat(JSON)
    assert wrapper.queryAndConvert()["boolean"] is True


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_sparqlstore_gets_right_answers(live: Live, norms: list[str], method: str) -> None:
    """A remote graph of rdflib lists, matches, counts and queries as a local one would."""
    store = SPARQLStore(f"{live.url}/sparql", method=method)  # type: ignore[no-untyped-call]
    graph = rdflib.Graph(store)
    assert sorted(str(row[0]) for row in graph.query(NORMS)) == norms  # type: ignore[index]
    assert sorted({str(one) for one in graph.subjects(rdflib.RDF.type, rdflib.URIRef(f"{SX}Duty"))}) == norms
    assert (rdflib.URIRef(norms[0]), rdflib.RDF.type, rdflib.URIRef(f"{SX}Duty")) in graph


def test_fetch_of_a_browser_gets_right_answers(live: Live, norms: list[str]) -> None:
    """What fetch() sends from a page of another origin: a preflight, then the query with its Origin, then the body as JSON."""
    page = {"Origin": "https://intranet.example"}
    preflight = urllib3.request(
        "OPTIONS",
        f"{live.url}/sparql",
        headers={**page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"},
    )
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, page["Origin"])
    answer = urllib3.request(
        "POST", f"{live.url}/sparql", body=NORMS.encode(), headers={**page, "Content-Type": "application/sparql-query"}
    )
    assert answer.headers["access-control-allow-origin"] == page["Origin"]
    assert [row["norm"]["value"] for row in answer.json()["results"]["bindings"]] == norms


def test_curl_gets_right_answers(live: Live, norms: list[str]) -> None:
    """The command of the documentation, as pasted."""
    command = ["curl", "-sf", f"{live.url}/sparql", "-H", "Accept: text/csv", "--data-urlencode", f"query={NORMS}"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("curl is not installed")
    assert found.stdout.split() == ["norm", *norms]


def test_a_query_ends_when_its_client_leaves(live: Live) -> None:
    """Long before its deadline of 20 s the worker of a client that hung up is gone."""
    before = set(live.children())
    place = urlsplit(live.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request("GET", f"/sparql?query={quote(RUNAWAYS['count of a cross product'])}")
    time.sleep(0.5)
    busy = {pid for pid in live.children() if _state(pid) == "R"}
    assert busy
    connection.close()
    until = time.monotonic() + 10
    while busy & set(live.children()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not busy & set(live.children())
    assert len(before) > 1


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_no_process_is_left_when_the_service_ends(root: Path, tmp_path: Path, name: str) -> None:
    """Told to stop, or killed amid a query that never ends: its processes end with it."""
    with serving(root, tmp_path, query_seconds=60) as live:
        place = urlsplit(live.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        connection.request("GET", f"/sparql?query={quote(RUNAWAYS['count of a cross product'])}")
        until = time.monotonic() + 20
        while len(children := live.children()) < 2 and time.monotonic() < until:
            time.sleep(0.05)  # the service answers before its workers are there
        time.sleep(0.5)
        assert len(children) > 1
        live.process.send_signal(getattr(signal, name))
        if name == "SIGTERM":
            connection.close()
        live.process.wait(timeout=20)
        until = time.monotonic() + 10
        while any(_state(pid) not in ("", "Z") for pid in children) and time.monotonic() < until:
            time.sleep(0.05)
        assert not [pid for pid in children if _state(pid) not in ("", "Z")]
        connection.close()


ENCLOSED = """
import os, socket, sys
from kg_service.sparql import fence
parent, ours, theirs = os.getpid(), *socket.socketpair()
network = fence.without_network()
if os.fork() == 0:
    fence.enclose(theirs.fileno(), parent, 64 << 20)
    said = []
    for name, attempt in {
        "file": lambda: open(sys.argv[1]),
        "listing": lambda: os.listdir("/"),
        "socket": lambda: socket.socket(),
        "name": lambda: socket.getaddrinfo("localhost", 80),
        "pipe": lambda: os.pipe(),
        "process": lambda: os.fork() or os._exit(0),
        "memory": lambda: bytearray(256 << 20),
        "write": lambda: os.write(3, b"") and None or open("/tmp/x", "w"),
    }.items():
        try:
            attempt()
        except (OSError, MemoryError):
            continue
        said.append(name)
    os.write(3, (",".join(said) + ".").encode())
    os._exit(0)
theirs.close()
os.wait()
print(ours.recv(1000).decode())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the fence is complete on Linux alone")
def test_an_enclosed_process_can_only_answer(tmp_path: Path) -> None:
    """Inside the fence no file, directory, socket, name, pipe, process or great memory is had, whatever the guard let through."""
    file = tmp_path / "secret"
    file.write_text("secret", encoding="utf-8")
    found = subprocess.run([sys.executable, "-c", ENCLOSED, str(file)], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "."
    assert fence.CHANNEL == 3


def test_a_remote_store_gets_the_checked_query_and_nothing_of_the_client(root: Path, tmp_path: Path) -> None:
    """With SEXTANT_STORE set, queries are checked here and answered there; headers of the client stay here."""
    seen: list[dict[str, str]] = []

    class Store(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append({**{name.lower(): value for name, value in self.headers.items()}, "body": body.decode()})
            answer = json.dumps({"head": {}, "boolean": True}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with TestClient(create_app(Settings(root=root, cache=tmp_path / "cache", data=tmp_path / "data"))) as client:
        from kg_service.sparql.service import service_of

        remote = Settings(root=root, store=f"http://127.0.0.1:{server.server_port}/query")
        endpoint = service_of(remote, client.app.state.services.store, "test")  # type: ignore[attr-defined]
        local, client.app.state.sparql = client.app.state.sparql, endpoint  # type: ignore[attr-defined]
        secret = {"Cookie": "session=1", "Authorization": "Bearer x", "X-Forwarded-For": "1.2.3.4", "User-Agent": "client"}
        answer = client.get("/sparql", params={"query": "ASK { ?s ?p ?o }"}, headers=secret)
        refused = client.get("/sparql", params={"query": "ASK { SERVICE <http://x/> {} }"})
        client.portal.call(endpoint.close)  # type: ignore[union-attr]
        client.app.state.sparql = local  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    assert (answer.json(), refused.status_code) == ({"head": {}, "boolean": True}, 403)
    assert [one["body"] for one in seen] == [urlencode({"query": "ASK { ?s ?p ?o }"})]
    assert not {"cookie", "authorization", "x-forwarded-for"} & set(seen[0])
    assert "client" not in seen[0].get("user-agent", "")


def test_a_real_remote_store_answers(law_graph: ox.Store) -> None:
    """The oxigraph server as the store: the same answer as the graph gives."""
    import asyncio

    from kg_service.sparql.request import Query
    from kg_service.sparql.service import Answer, service_of
    from kg_service.store.oxigraph import OxigraphStore

    async def ask(url: str) -> Answer:
        endpoint = service_of(Settings(store=url), OxigraphStore(), "test")
        try:
            found = await endpoint.run(Query("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", format="csv"), None)
        finally:
            await endpoint.close()
        assert isinstance(found, Answer), found
        return found

    with other_server("--union-default-graph") as address:
        urllib3.request(
            "POST",
            f"{address}/store",
            body=law_graph.dump(format=ox.RdfFormat.N_QUADS),
            headers={"Content-Type": "application/n-quads"},
        )
        answer = asyncio.run(ask(f"{address}/query"))
    assert answer.body.split() == [b"n", str(len(law_graph)).encode()]


def examples(root: Path, language: str) -> list[str]:
    """The blocks of code in that language on the page about the endpoint."""
    page = (root / "docs" / "sparql.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", [0, 1])
def test_examples_in_python_run_as_pasted(live: Live, root: Path, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each block prints the number that the graph has."""
    code = examples(root, "python")[number].replace("http://localhost:8321", live.url)
    exec(compile(code, "docs/sparql.md", "exec"), {})  # noqa: S102 our own page
    assert int(capsys.readouterr().out) > 100


def test_example_for_the_shell_runs_as_pasted(live: Live, root: Path) -> None:
    """The first query of the page gives the table that it promises, ordered by date."""
    (command,) = examples(root, "sh")
    found = subprocess.run(
        ["sh", "-c", command.replace("http://localhost:8321", live.url)], capture_output=True, text=True, check=True
    )
    head, *rows = found.stdout.split("\r\n")[:-1] if "\r\n" in found.stdout else found.stdout.splitlines()
    assert head == "norm,label,from"
    days = [row.rpartition(",")[2] for row in rows]
    assert len(rows) == 10
    assert days == sorted(days)


def test_example_for_the_browser_sends_what_fetch_sends(live: Live, root: Path, law_graph: ox.Store) -> None:
    """The query in the block gets the answer of the graph when it is sent as fetch sends it."""
    (code,) = examples(root, "js")
    query = re.search(r'body: "(.*)"', code)
    assert query
    answer = urllib3.request(
        "POST",
        f"{live.url}/sparql",
        body=query[1].encode(),
        headers={"Content-Type": "application/sparql-query", "Accept": "*/*"},
    )
    rdf_type, kind = ox.NamedNode(str(rdflib.RDF.type)), ox.NamedNode(f"{SX}Prohibition")
    expected = {quad.subject for quad in law_graph.quads_for_pattern(None, rdf_type, kind)}
    assert len(answer.json()["results"]["bindings"]) == len(expected)


def test_head_of_a_request_has_a_bound(live: Live) -> None:
    """Headers without an end are answered 431 and cut off; a request of ordinary size is answered beside and after."""
    place = urlsplit(live.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(ConnectionError):
            for number in range(1000):
                endless.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1000))
        said = b""
        with contextlib.suppress(ConnectionError):
            while piece := endless.recv(4096):
                said += piece
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as endless:
        endless.sendall(b"GET /" + b"a" * 70_000)
        assert endless.recv(4096).startswith(b"HTTP/1.1 431 ")
    assert urllib3.request("GET", f"{live.url}/healthz", headers={"X-Long": "a" * 20_000}).status == 200
