"""Answers that are kept: the same as those not kept, bounded, and never those of another state of the graph."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from kg_service.sparql.kept import Kept
from kg_service.sparql.pool import PoolLimits
from kg_service.sparql.request import Query
from kg_service.sparql.service import Answer, SparqlService

LIMITS = PoolLimits(seconds=20, memory=256 << 20, answer=1 << 20, query=10_000, workers=1, queue=4)


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60))))
def test_kept_never_exceeds_its_bound(entries: list[tuple[str, int]]) -> None:
    """Whatever is put in, the sizes of what is there sum up to at most the bound, and what is there is what was put in first."""
    kept: Kept[int] = Kept(most=100, entry=50)
    first: dict[str, int] = {}
    for name, size in entries:
        if kept.get(name) is None:
            first[name] = size
        kept.put(name, size, size)
        held = {one: value for one in "abcdefgh" if (value := kept.get(one)) is not None}
        assert sum(held.values()) <= 100
        assert all(first[one] == value <= 50 for one, value in held.items())


def test_a_kept_answer_is_of_the_graph_as_it_is() -> None:
    """After each change of the graph the answer is that of the new state; the state before gives its answer again."""
    graph = "https://w3id.org/sextant/graph/deployment/x"
    query = Query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", format="csv")

    async def counts() -> list[bytes]:
        service = SparqlService(LIMITS, "test", lambda: b"<x:s> <x:p> <x:o> <x:g> .\n")
        found = []
        try:
            for content in (b"", f"<x:s> <x:p> <x:1> <{graph}> .".encode(), b""):
                service.replace_graph(graph, content)
                for _ in range(2):
                    answer = await service.run(query, None)
                    assert isinstance(answer, Answer)
                    found.append(answer.body.split()[1])
        finally:
            await service.close()
        return found

    assert asyncio.run(counts()) == [b"1", b"1", b"2", b"2", b"1", b"1"]


def test_what_differs_each_time_is_not_kept() -> None:
    """Two runs of a query that makes an identifier give two, without an ETag."""

    async def made() -> set[bytes]:
        service = SparqlService(LIMITS, "test", lambda: b"")
        try:
            answers = [await service.run(Query("SELECT (UUID() AS ?u) {}", format="csv"), None) for _ in range(2)]
        finally:
            await service.close()
        assert all(isinstance(one, Answer) and one.etag is None for one in answers)
        return {one.body for one in answers if isinstance(one, Answer)}

    assert len(asyncio.run(made())) == 2
