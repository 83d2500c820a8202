"""The SPARQL endpoint beside others on the same graph, and under attack: ``python -m benchmarks.sparql [part ...]``.

Parts: ``small``, ``attack``, ``runaways``, ``hostile`` (minutes; only when named).

Each server runs in a process of its own on this machine, in the same run, and is asked over HTTP by the same client on kept
connections. Every answer is compared with that of the embedded store first. Ratios are what matters: times move with the machine.
``rdflib-endpoint`` is no dependency: install it into an environment of its own and give its Python as ``RDFLIB_ENDPOINT_PYTHON``.
"""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from kg_service.knowledge.build import build
from kg_service.store.oxigraph import OxigraphStore
from tests.live_service import Live, below, serving
from tests.sparql_attacks import RUNAWAYS, hostile

ROOT = Path(__file__).resolve().parent.parent
# What the endpoint is for: the questions that architects ask, each answered from a few statements of many.
SMALL = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "ontology/queries/competency").glob("*.rq"))}
RUNAWAY_SECONDS = 1.0
SERVE_RDFLIB = """
import sys, rdflib, uvicorn
from rdflib_endpoint import SparqlEndpoint
graph = rdflib.Dataset(default_union=True)
graph.parse(sys.argv[1], format="nquads")
uvicorn.run(SparqlEndpoint(graph=graph, path="/sparql"), port=int(sys.argv[2]), log_level="error")
"""


class Client:
    """One kept connection to a server."""

    def __init__(self, url: str, path: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path

    def get(self, query: str, accept: str = "text/csv") -> tuple[int, bytes]:
        self._connection.request("GET", f"{self._path}?{urlencode({'query': query})}", headers={"Accept": accept})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def get_json(self, query: str) -> tuple[int, bytes]:
        return self.get(query, "application/sparql-results+json")

    def post(self, raw: bytes) -> int:
        self._connection.request("POST", self._path, body=raw, headers={"Content-Type": "application/sparql-query"})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(command: list[str], port: int, path: str) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                if Client(url, path).get("ASK {}", "application/sparql-results+json")[0] == 200:
                    break
            assert process.poll() is None, "it ended"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def oxigraph_server(data: bytes, folder: Path) -> Iterator[str]:
    """The server of the package ``oxigraph``, in memory."""
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or "oxigraph"
    port = free_port()
    with started([program, "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph"], port, "/query") as url:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        connection.request("POST", "/store", body=data, headers={"Content-Type": "application/n-quads"})
        assert connection.getresponse().status < 300
        yield url


@contextlib.contextmanager
def rdflib_server(python: str, data: bytes, folder: Path) -> Iterator[str]:
    file = folder / "law.nq"
    file.write_bytes(data)
    port = free_port()
    with started([python, "-c", SERVE_RDFLIB, str(file), str(port)], port, "/sparql") as url:
        yield url


def rows(raw: bytes) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row) for row in list(csv.reader(io.StringIO(raw.decode())))[1:])


def shown(term: object) -> str:
    return "" if term is None else str(getattr(term, "value", term))


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def measured(ask: Callable[[str], object], queries: list[str], count: int) -> list[float]:
    """Milliseconds for each of ``count`` questions, the queries in turn."""
    times = []
    for query in itertools.islice(itertools.cycle(queries), count):
        begin = time.perf_counter()
        ask(query)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def small(live: Live, data: bytes, folder: Path) -> None:
    """Small queries: ours, the oxigraph server, rdflib-endpoint. Taken in turns, so that all meet the same machine."""
    store = OxigraphStore()
    store.load(data)
    with contextlib.ExitStack() as stack:
        clients = {
            "sextant": Client(live.url, "/sparql"),
            "oxigraph": Client(stack.enter_context(oxigraph_server(data, folder)), "/query"),
        }
        python = os.environ.get("RDFLIB_ENDPOINT_PYTHON")
        if python:
            clients["rdflib-endpoint"] = Client(stack.enter_context(rdflib_server(python, data, folder)), "/sparql")
        for label, query in SMALL.items():
            table = store.select(query)
            expected = Counter(tuple(shown(term) for term in row) for row in table.rows)
            for name, client in clients.items():
                assert rows(client.get(query)[1]) == expected, (name, label)
        times: dict[str, list[float]] = {name: [] for name in clients}
        queries = list(SMALL.values())
        again: dict[str, list[float]] = {name: [] for name in clients}
        number = itertools.count()
        for _ in range(8):
            for name, client in clients.items():
                fresh = [f"{query}\n# {next(number)}" for _ in range(4 if name != "rdflib-endpoint" else 2) for query in queries]
                measured(client.get_json, queries, len(queries))
                again[name] += measured(client.get_json, queries, len(fresh))
                times[name] += measured(client.get_json, fresh, len(fresh))
        for title, group in (("asked for the first time", times), ("asked again", again)):
            ours = statistics.median(group["sextant"])
            print(f"small queries over HTTP, one client, ms: {title}")
            for name, found in group.items():
                p50, p95 = statistics.median(found), percentile(found, 0.95)
                print(f"  {name:16} p50 {p50:7.2f}  p95 {p95:7.2f}  n {len(found)}  ratio ours/its {ours / p50:.2f}")


def attack(live: Live) -> None:
    """Everybody else's small queries, each for the first time, while four clients ask queries that never end, again and again."""
    number = itertools.count()
    queries = list(SMALL.values())
    quiet, loud = [], []
    for _ in range(3):
        honest = Client(live.url, "/sparql")

        def ask(query: str, honest: Client = honest) -> None:
            honest.get(f"{query}\n# {next(number)}")

        measured(ask, queries, 50)
        quiet += measured(ask, queries, 300)
        ending = threading.Event()

        def press(shapes: list[str], ending: threading.Event = ending) -> None:
            client = Client(live.url, "/sparql")
            for shape in itertools.cycle(shapes):
                if ending.is_set():
                    return
                client.get(shape)

        shapes = list(RUNAWAYS.values())
        attackers = [threading.Thread(target=press, args=(shapes[n * 3 :] + shapes[: n * 3],)) for n in range(4)]
        for one in attackers:
            one.start()
        time.sleep(1)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            loud += measured(ask, queries, 50)
            time.sleep(0.2)
        ending.set()
        for one in attackers:
            one.join()
    before, after = percentile(quiet, 0.95), percentile(loud, 0.95)
    print("small queries while four clients run runaways, ms")
    print(f"  quiet  p50 {statistics.median(quiet):6.2f}  p95 {before:6.2f}  n {len(quiet)}")
    print(f"  attack p50 {statistics.median(loud):6.2f}  p95 {after:6.2f}  n {len(loud)}  p95 ratio {after / before:.2f}")


def runaways(live: Live, count: int = 600) -> None:
    """Each shape again and again by four clients: how long after its deadline each ends, and what is left."""
    late: list[float] = []
    statuses: Counter[int] = Counter()
    work = iter(list(itertools.islice(itertools.cycle(RUNAWAYS.values()), count)))
    lock = threading.Lock()

    def press() -> None:
        client = Client(live.url, "/sparql")
        while True:
            with lock:
                query = next(work, None)
            if query is None:
                return
            begin = time.perf_counter()
            status, _ = client.get(query, "*/*")
            late.append(time.perf_counter() - begin - RUNAWAY_SECONDS)
            statuses[status] += 1

    threads = [threading.Thread(target=press) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    time.sleep(1)
    alive = [pid for pid in below(live.process.pid) if _seconds(pid) > RUNAWAY_SECONDS / 2]
    print(f"{count} runaways of {len(RUNAWAYS)} shapes, deadline {RUNAWAY_SECONDS:g} s: statuses {dict(statuses)}")
    inside = sum(one <= 0.5 for one in late)
    print(f"  ended within deadline + 0.5 s: {inside} of {count}; latest {max(late):+.2f} s; processes still busy: {len(alive)}")
    print(f"  processes below the service: {len(list(below(live.process.pid)))}")


def _seconds(pid: int) -> float:
    """Processor time that a process has used lately: whether it still works."""

    def used() -> int:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])
        return 0

    first = used()
    time.sleep(0.5)
    return (used() - first) / os.sysconf("SC_CLK_TCK")


def attackers_texts(live: Live, count: int = 20_000) -> None:
    """Generated hostile texts by four clients. The service must be the same process afterwards, and answer."""
    statuses: Counter[int] = Counter()
    lock = threading.Lock()
    texts = itertools.islice(hostile(7), count)
    begin = time.monotonic()

    def press() -> None:
        client = Client(live.url, "/sparql")
        while True:
            with lock:
                raw = next(texts, None)
            if raw is None:
                return
            try:
                status = client.post(raw)
            except (OSError, http.client.HTTPException):
                status = 0
                client = Client(live.url, "/sparql")
            with lock:
                statuses[status] += 1

    threads = [threading.Thread(target=press) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    survived = live.process.poll() is None and Client(live.url, "/sparql").get("ASK { ?s ?p ?o }")[0] == 200
    spent = time.monotonic() - begin
    told = dict(sorted(statuses.items()))
    print(f"{count} hostile texts in {spent:.0f} s: statuses {told}; the service lives and answers: {survived}")


def main() -> None:
    wanted = set(sys.argv[1:]) & {"small", "attack", "runaways", "hostile"} or {"small", "attack", "runaways"}
    _, parts = build(ROOT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        if wanted & {"small", "attack"}:
            with serving(ROOT, folder) as live:
                if "small" in wanted:
                    small(live, parts.graph, folder)
                if "attack" in wanted:
                    attack(live)
        if "runaways" in wanted:
            with serving(ROOT, folder, query_seconds=RUNAWAY_SECONDS) as live:
                runaways(live)
        if "hostile" in wanted:
            with serving(ROOT, folder, query_seconds=0.5, query_workers=8) as live:
                attackers_texts(live)


if __name__ == "__main__":
    main()
