"""The processes that read strangers' SPARQL: one that holds the graph and forks, and its children that answer.

The first takes the graph and orders from the service through descriptor 0, reads no query ever, and has one thread, so that a
fork is whole. Each child is fenced in, then answers one query after the other until it is closed, killed, or gone with its
parent. All that is done with the text of a query is done there.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import pyoxigraph as ox

from kg_service import ids
from kg_service.sparql import faults, fence, frames, guard, negotiate, results, rewrite
from kg_service.sparql.refusal import Refusal, bad_request

_LIFE: Final = 60  # seconds of processor time beside one query that takes all it may: 500 quick queries (pool.py)
_PREFIXES: Final = {"sx": ids.DEF}


@dataclass(slots=True)
class Graph:
    """What a worker answers from. ``union``: without a dataset of its own, a query sees all named graphs as the default graph."""

    store: ox.Store
    union: bool
    names: frozenset[str]

    def knows(self, iri: str) -> bool:
        return iri in self.names or iri.startswith(ids.GRAPH)

    def holds(self, iri: str) -> bool:
        """Whether it is a subject or an object of a statement."""
        try:
            node = ox.NamedNode(iri)
        except ValueError:
            return False
        quads = self.store.quads_for_pattern
        return any(True for _ in quads(node, None, None)) or any(True for _ in quads(None, None, node))


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float
    memory: int
    answer: int
    query: int


def answer(graph: Graph, limits: Limits, job: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Head and body of what a worker says to a query: checked, negotiated, run and written; or why not."""
    base = job.get("base")
    known = graph.knows if base is None else lambda iri: graph.knows(urljoin(base, iri))
    checked = guard.check(job["query"], known, limits.query)
    if isinstance(checked, Refusal):
        return _no(checked)
    for iri in (*job["default"], *job["named"]):
        stray = guard.unknown_graph(iri, graph.knows)
        if stray:
            return _no(stray)
    wanted = negotiate.choose(negotiate.BY_FORM[checked.form], job["accept"], job["format"])
    if isinstance(wanted, Refusal):
        return _no(wanted)
    head = {"media_type": wanted.media_type, "form": checked.form, "stable": checked.stable}
    if job["check"]:
        return head | {"text": checked.text}, b""
    try:
        found = _run(graph, checked, job)
        return head, results.write(found, wanted, limits.answer, _abbreviations(checked))
    except SyntaxError as error:
        return _no(faults.explained(checked.text, lambda text: graph.store.query(text, base_iri=base), error))
    except results.TooLargeError:
        told = f"The answer would exceed {limits.answer:,} bytes. Ask for less: fewer columns, or LIMIT and OFFSET."
        return _no(bad_request(told))
    except MemoryError:
        return _no(bad_request(f"The query needs more than the {limits.memory >> 20} MB of memory that a query may use."))
    except (ValueError, OSError, RuntimeError) as error:
        return _no(bad_request(f"The query cannot be run: {str(error)[:300]}"))


def _run(graph: Graph, checked: guard.Checked, job: Mapping[str, Any]) -> results.Found:
    """The answer, not yet drained. The columns of a ``SELECT *`` come in the order in which the query names them."""
    dataset: dict[str, Any] = {}
    if job["default"] or job["named"]:  # the protocol's dataset takes the place of the query's own (Protocol, 2.1.4)
        dataset["default_graph"] = [ox.NamedNode(iri) for iri in job["default"]]
        dataset["named_graphs"] = [ox.NamedNode(iri) for iri in job["named"]]
    elif graph.union and not checked.dataset:
        dataset["use_default_graph_as_union"] = True
    base = job.get("base")
    graphs = None if checked.dataset else job["named"] if job["default"] or job["named"] else graph.names
    text = rewrite.conforming(checked.text, checked.tokens, graphs, graph.holds)
    if text != checked.text:
        graph.store.query(checked.text, base_iri=base, **dataset)  # what is wrong with it is told of what was written
    found = graph.store.query(text, base_iri=base, **dataset)
    if checked.star is None or not isinstance(found, ox.QuerySolutions):
        return found
    have = [variable.value for variable in found.variables]
    wanted = [name for name in checked.variables if name in have]
    if wanted == have or len(wanted) != len(have):
        return found
    columns = " ".join(f"?{name}" for name in wanted)
    with contextlib.suppress(SyntaxError):
        ordered = f"{text[: checked.star]} {columns} {text[checked.star + 1 :]}"
        return graph.store.query(ordered, base_iri=base, **dataset)
    return found


def _abbreviations(checked: guard.Checked) -> dict[str, str]:
    return _PREFIXES | guard.prefixes(checked.tokens) if checked.form in ("CONSTRUCT", "DESCRIBE") else {}


def _no(refusal: Refusal) -> tuple[dict[str, Any], bytes]:
    members = (refusal.status, refusal.kind, refusal.title, refusal.detail, dict(refusal.headers), dict(refusal.more))
    return {"refusal": members}, b""


def serve(channel: socket.socket, graph: Graph, limits: Limits) -> None:
    """Answers until the other side is gone, or all the processor time is used that its life may take."""
    fence.allow_seconds(limits.seconds + _LIFE)
    while True:
        try:
            head_size, message = frames.message(channel)
        except EOFError:
            return
        job = frames.head_of(message[:head_size])
        job["query"] = message[head_size:].decode("utf-8", "surrogatepass")
        channel.sendall(frames.packed(*answer(graph, limits, job)))


class Zygote:
    """Holds the graph, changes it, and forks. One order at a time, each answered."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._graph = Graph(ox.Store(), union=True, names=frozenset())
        self._limits = Limits(1, 1 << 28, 1 << 24, 1 << 20)

    def obey(self) -> None:
        """Until the service is gone."""
        while True:
            try:
                order, body, descriptors = self._order()
            except EOFError:
                return
            try:
                reply = self._do(order, body, descriptors)
            except (ValueError, OSError, SyntaxError, KeyError) as error:
                reply = {"error": str(error)[:500]}
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            self._channel.sendall(frames.packed(reply))

    def _order(self) -> tuple[dict[str, Any], bytes, list[int]]:
        raw, descriptors, _, _ = socket.recv_fds(self._channel, frames.LENGTHS.size, 1)
        if not raw:
            raise EOFError
        raw += frames.exactly(self._channel, frames.LENGTHS.size - len(raw))
        head_size, body_size = frames.lengths(raw)
        head = frames.head_of(frames.exactly(self._channel, head_size))
        return head, frames.exactly(self._channel, body_size), descriptors

    def _do(self, order: Mapping[str, Any], body: bytes, descriptors: list[int]) -> dict[str, Any]:
        match order["do"]:
            case "load":
                self._limits = Limits(**order["limits"])
                store = ox.Store()
                store.bulk_load(body, format=ox.RdfFormat.N_QUADS)
                names = frozenset(name.value for name in store.named_graphs())
                self._graph = Graph(store, order["union"], names)
                return {"triples": len(store)}
            case "replace":
                self._replace(order["graph"], body)
                return {}
            case "fork":
                return {"pid": self._fork(descriptors[0])}
            case "reap":
                return {"dead": os.waitpid(order["pid"], os.WNOHANG)[0] == order["pid"]}
            case other:
                raise ValueError(f"no such order: {other!r}")

    def _replace(self, iri: str, nquads: bytes) -> None:
        """The graph holds what ``nquads`` says; nothing at all where that is nothing."""
        name = ox.NamedNode(iri)
        quads = list(ox.parse(nquads, format=ox.RdfFormat.N_QUADS))
        self._graph.store.remove_graph(name)
        self._graph.store.extend(quads)
        self._graph.names = self._graph.names | {iri} if quads else self._graph.names - {iri}

    def _fork(self, descriptor: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            self._channel.detach()  # closed by the fence
            fence.enclose(descriptor, parent, self._limits.memory)
            serve(socket.socket(fileno=fence.CHANNEL), self._graph, self._limits)
        finally:
            os._exit(1)  # whatever happened: a child never returns into the loop of its parent


def warm_up() -> None:
    """Everything that is loaded at first use is loaded: a fenced process opens no file."""
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.Literal("1"), ox.NamedNode("a:g")))
    graph = Graph(store, union=True, names=frozenset())
    limits = Limits(60, 1 << 30, 1 << 20, 1 << 20)
    job: dict[str, Any] = {"accept": None, "default": [], "named": [], "check": False}
    where = "{?s ?p ?o}"
    wheres = {
        "SELECT": f"SELECT * {where}",
        "ASK": "ASK {}",
        "CONSTRUCT": f"CONSTRUCT {where} {where}",
        "DESCRIBE": f"DESCRIBE ?s {where}",
    }
    for form, formats in negotiate.BY_FORM.items():
        for one in formats:
            head, body = answer(graph, limits, job | {"query": wheres[form], "format": one.name})
            if not body:
                raise RuntimeError(head)
    answer(graph, limits, job | {"query": "SELECT (", "format": None})


def main() -> None:
    channel = socket.socket(fileno=os.dup(0))
    fence.without_terminal()
    fence.without_network()
    warm_up()
    gc.disable()  # a worker lives too briefly for it, and pages that nobody writes stay shared
    channel.sendall(frames.packed({"ready": os.getpid()}))
    Zygote(channel).obey()
