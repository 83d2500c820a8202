"""The endpoint under attack: what never ends is ended, what kills a parser kills a worker, and nothing is ever fetched."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient
from sparql_attacks import RUNAWAYS, fetches, hostile

from kg_service.app import create_app
from kg_service.errors import BusyError, DeadlineError, QueryError
from kg_service.settings import Settings
from kg_service.sparql.pool import PoolLimits
from kg_service.sparql.refusal import Refusal
from kg_service.sparql.request import Query
from kg_service.sparql.service import Answer, SparqlService

LIMITS = PoolLimits(seconds=0.4, memory=256 << 20, answer=5 << 20, query=250_000, workers=4, queue=100)


class Attacked:
    """The service over the law's graph, on an event loop of its own."""

    def __init__(self, graph: ox.Store) -> None:
        self.runner = asyncio.Runner()
        self.service = SparqlService(LIMITS, "test", lambda: graph.dump(format=ox.RdfFormat.N_QUADS) or b"")
        self.runner.run(self.service.start())

    def ask(self, text: str) -> Answer | Refusal:
        return self.runner.run(self.service.run(Query(text), None))

    def workers(self) -> list[int]:
        """The living children of the process that holds the graph, as the kernel sees them."""
        pid = self.service.pool.holder
        if pid is None:
            return []
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]

    def settle(self) -> None:
        """Dead workers are buried and new ones stand by."""
        for _ in range(200):
            self.runner.run(asyncio.sleep(0.05))
            if LIMITS.standby <= len(self.workers()) <= LIMITS.workers and self.service.pool.quiet:
                return
        pytest.fail("processes are left, or none stand by")


@pytest.fixture(scope="module")
def attacked(law_graph: ox.Store) -> Iterator[Attacked]:
    if not Path("/proc/self/task").is_dir():
        pytest.skip("this system has no /proc to see processes in")
    found = Attacked(law_graph)
    yield found
    found.runner.run(found.service.close())
    found.runner.close()


@pytest.mark.parametrize("shape", RUNAWAYS)
def test_what_never_ends_is_ended_and_leaves_no_process(attacked: Attacked, shape: str) -> None:
    """A query of each shape is stopped at the deadline or by its memory; afterwards only the workers that stand by live."""
    answer: Answer | Refusal | None = None
    with contextlib.suppress(DeadlineError, QueryError):
        answer = attacked.ask(RUNAWAYS[shape])
    assert not isinstance(answer, Answer)  # of the size of its answer a worker says so itself, in a refusal
    attacked.settle()


def test_long_queries_leave_room_for_quick_ones(attacked: Attacked) -> None:
    """While more runaways than workers press in, each quick query is answered."""

    async def storm() -> list[Answer | Refusal]:
        runaways = [asyncio.ensure_future(attacked.service.run(Query(text), None)) for text in RUNAWAYS.values()]
        await asyncio.sleep(0.3)
        quick = [await attacked.service.run(Query(f"ASK {{ ?s ?p ?o }} # {number}"), None) for number in range(20)]
        ended = await asyncio.gather(*runaways, return_exceptions=True)
        assert all(isinstance(one, BusyError | DeadlineError | QueryError | Refusal) for one in ended)
        return quick

    assert all(isinstance(one, Answer) for one in attacked.runner.run(storm()))


def test_hostile_texts_kill_at_most_a_worker(attacked: Attacked) -> None:
    """Five hundred generated texts: each is answered, refused or stopped, and the next honest query is answered."""
    for raw in itertools.islice(hostile(20261123), 500):
        with contextlib.suppress(DeadlineError, QueryError):
            attacked.ask(raw.decode("utf-8", "surrogateescape"))
    answer = attacked.ask("SELECT (COUNT(*) AS ?n) { GRAPH <https://w3id.org/sextant/graph/controls> { ?s ?p ?o } }")
    assert isinstance(answer, Answer)
    attacked.settle()


def test_a_killed_holder_of_the_graph_is_replaced(attacked: Attacked) -> None:
    """When the process that holds the graph dies its workers die with it, and the next query is answered by others."""
    before = attacked.workers()
    holder = attacked.service.pool.holder
    assert holder is not None
    os.kill(holder, 9)
    for number in range(3):
        assert isinstance(attacked.ask(f"ASK {{ ?s ?p ?o }} # {number}"), Answer)  # another text each time: none is kept
    attacked.settle()
    assert attacked.service.pool.holder != holder
    assert not set(before) & set(attacked.workers())


@pytest.mark.parametrize("depth", [90, 99])
def test_honest_depth_is_answered(attacked: Attacked, depth: int) -> None:
    """The limits lie far above what people write: what they let through is parsed."""
    nested = "{" * depth + " ?s ?p ?o " + "}" * depth
    assert isinstance(attacked.ask(f"ASK {nested}"), Answer)


@pytest.mark.parametrize("service", ["service", "SERVICE", "Service"])
def test_the_word_service_is_no_crime(attacked: Attacked, service: str) -> None:
    """In a string, a comment, an IRI, a variable, a name or a language it is only a word."""
    where = f"?{service} {service}:{service} '{service} <x:>'@en , <x:{service}>"
    query = f"PREFIX {service}: <x:> SELECT ?{service} {{ {where} }} # {service}"
    assert isinstance(attacked.ask(query), Answer)


class Listener:
    """Counts who connects to a port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def entries(address: str, path: str) -> Iterator[tuple[str, str, str, str, bytes]]:
    """Bodies that would fetch, for every operation of the interface that takes one: method, path, media type and body."""
    context = f'{{"@context": "{address}/context.jsonld", "@id": "{address}/x", "facts": {{"$ref": "{address}/facts.json"}}}}'
    declared = f'<!ENTITY x SYSTEM "file://{path}"><!ENTITY % y SYSTEM "{address}/y.dtd"> %y;'
    entity = f'<?xml version="1.0"?><!DOCTYPE a [{declared}]><a>&x;</a>'
    yaml = f"facts: !include {path}\n<<: !!python/object/apply:urllib.request.urlopen ['{address}']\n"
    for name, media_type, body in (
        ("JSON-LD context", "application/ld+json", context),
        ("JSON", "application/json", context),
        ("XML entity", "application/xml", entity),
        ("RDF/XML entity", "application/rdf+xml", entity),
        ("YAML tag", "application/yaml", yaml),
    ):
        yield name, "POST", "", media_type, body.encode()


def test_nothing_is_ever_fetched(root: Path, tmp_path: Path) -> None:
    """All attempts, on every entry that takes a text: no connection to a listener, no byte of a file in any answer."""
    canary = f"canary-{uuid.uuid4()}"
    file = tmp_path / "canary.ttl"
    file.write_text(f'<x:s> <x:p> "{canary}" .', encoding="utf-8")
    listener = Listener()
    settings = Settings(root=root, cache=tmp_path / "cache", data=tmp_path / "data", query_seconds=5)
    everything = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    attempts = 0
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        answers = []
        for _, text in fetches(listener.address, str(file)):
            answers.append(client.get("/sparql", params={"query": text}))
            answers.append(client.post("/sparql", content=text.encode(), headers={"Content-Type": "application/sparql-query"}))
            answers.append(client.post("/sparql", data={"query": text}))
            answers.append(client.post("/sparql", content=text.encode(), headers={"Content-Type": "application/sparql-update"}))
            attempts += 1
        for name in ("default-graph-uri", "named-graph-uri", "using-graph-uri"):
            for target in (f"{listener.address}/data.ttl", f"file://{file}"):
                answers.append(client.get("/sparql", params={"query": everything, name: target}))
                attempts += 1
        operations = [
            (method, path)
            for path, methods in client.get("/openapi.json").json()["paths"].items()
            for method in methods
            if method in ("post", "put", "patch")
        ]
        assert operations
        for method, path in [*operations, ("post", "/sparql")]:
            for _, _, _, media_type, body in entries(listener.address, str(file)):
                answers.append(
                    client.request(
                        method, path.replace("{", "").replace("}", ""), content=body, headers={"Content-Type": media_type}
                    )
                )
                attempts += 1
    listener.close()
    assert attempts >= 60
    assert listener.connections == 0
    assert not [answer for answer in answers if canary in answer.text]
    assert not [answer for answer in answers if answer.status_code >= 500 and answer.status_code != 504]
