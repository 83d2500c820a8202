"""rdflib's own memory store beside pyoxigraph, on the real graph and the competency questions: ``python -m benchmarks.stores``.

Both answer every question first, and the answers must be equal; only then is anything timed. Ratios are what matters: the
times move with the machine.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from kg_service.knowledge.build import build
from kg_service.store.conversion import to_rdflib
from kg_service.store.oxigraph import OxigraphStore

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "ontology" / "queries" / "competency"
SHOWN = (
    "1-credit-uses",
    "2-impact-assessment",
    "3-dora-critical",
    "4-credit-refusal",
    "4-deployer-transparency",
    "norms-by-control",
)
GROUPED = """
PREFIX sx: <https://w3id.org/sextant/def/>
SELECT ?control (COUNT(DISTINCT ?norm) AS ?norms) WHERE { ?control sx:satisfies ?norm } GROUP BY ?control ORDER BY DESC(?norms)
"""


def median_ms(work: Callable[[], object], seconds: float = 1.0, most: int = 200) -> float:
    """The median time of ``work`` in milliseconds, over as many runs as fit."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < end and len(times) < most):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def ox_rows(store: OxigraphStore, query: str) -> list[tuple[str | None, ...]]:
    rows = [tuple(None if term is None else term.value for term in row) for row in store.select(query).rows]
    return sorted(rows, key=str)


def rdflib_rows(dataset: rdflib.Dataset, query: str | Query) -> list[tuple[str | None, ...]]:
    rows = [tuple(None if term is None else str(term) for term in row) for row in dataset.query(query)]  # type: ignore[union-attr]
    return sorted(rows, key=str)


def main() -> None:
    """Prints the time of loading, then each question shown, and the median over all."""
    _, parts = build(ROOT)
    print(f"graph: {parts.graph.count(b'.' + chr(10).encode()):,} statements, {len(parts.graph) / 1e6:.1f} MB of N-Quads")
    start = time.perf_counter()
    store = OxigraphStore()
    store.load(parts.graph)
    fast = time.perf_counter() - start
    start = time.perf_counter()
    dataset = to_rdflib(ox.parse(parts.graph, format=ox.RdfFormat.N_QUADS))
    slow = time.perf_counter() - start
    dataset.default_union = True
    print(f"load: pyoxigraph {fast:.2f} s, rdflib {slow:.2f} s, ratio {slow / fast:.0f}")
    queries = {path.stem: path.read_text(encoding="utf-8") for path in sorted(QUESTIONS.glob("*.rq"))} | {
        "norms-by-control": GROUPED
    }
    print(f"{'question':28}{'pyoxigraph ms':>15}{'rdflib ms':>12}{'prepared ms':>13}{'ratio':>8}{'prepared':>10}")
    ratios: list[tuple[float, float]] = []
    for name, query in queries.items():
        prepared, rows = prepareQuery(query), ox_rows(store, query)
        if not rows or any(rdflib_rows(dataset, form) != rows for form in (query, prepared)):
            raise SystemExit(f"{name}: the two stores disagree")
        gc.collect()
        quick = median_ms(lambda query=query: store.select(query))  # type: ignore[misc]
        plain = median_ms(lambda query=query: list(dataset.query(query)))  # type: ignore[misc]
        ready = median_ms(lambda prepared=prepared: list(dataset.query(prepared)))  # type: ignore[misc]
        ratios.append((plain / quick, ready / quick))
        if name in SHOWN:
            print(f"{name:28}{quick:15.3f}{plain:12.2f}{ready:13.2f}{plain / quick:8.0f}{ready / quick:10.0f}")
    both = [statistics.median(column) for column in zip(*ratios, strict=True)]
    print(f"median ratio over {len(ratios)} questions: {both[0]:.0f} as text, {both[1]:.0f} prepared; all answers equal")


if __name__ == "__main__":
    main()
