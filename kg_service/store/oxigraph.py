"""The embedded store: pyoxigraph in memory. The default; chosen by measurement (``docs/decisions/0002-store.md``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from threading import Thread
from typing import Final, TypeVar

import pyoxigraph as ox

from kg_service.errors import DeadlineError, QueryError, SextantError, StoreError
from kg_service.store.protocol import Bindings, Table

T = TypeVar("T")
_PLACE: Final = re.compile(r"error at (\d+):(\d+)")


class OxigraphStore:
    """A store in this process. Reads may run in many threads; a read sees one state from its beginning to its end."""

    def __init__(self) -> None:
        self._store = ox.Store()

    def load(self, nquads: bytes) -> None:
        try:
            self._store.bulk_load(nquads, format=ox.RdfFormat.N_QUADS)
        except (SyntaxError, ValueError, OSError) as error:
            raise StoreError(f"this is not N-Quads: {error}") from error

    def replace(self, graph: str, triples: Iterable[ox.Triple]) -> None:
        name = _node(graph)
        data = (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode()
        self._update(f"DROP SILENT GRAPH {name} ; INSERT DATA {{ GRAPH {name} {{\n{data}}} }}")

    def drop(self, graph: str) -> None:
        self._update(f"DROP SILENT GRAPH {_node(graph)}")

    def graphs(self) -> tuple[str, ...]:
        return tuple(sorted(name.value for name in self._store.named_graphs() if self.size(name.value)))

    def size(self, graph: str | None = None) -> int:
        if graph is None:
            return len(self._store)
        return sum(1 for _ in self.quads(graph))

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        return self._store.quads_for_pattern(None, None, None, None if graph is None else _node(graph))

    def dump(self, graph: str | None = None) -> bytes:
        lines = ox.serialize(self.quads(graph), format=ox.RdfFormat.N_QUADS) or b""
        return b"".join(sorted(lines.splitlines(keepends=True)))

    def select(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> Table:
        def run() -> Table:
            found = self._query(query, bindings)
            if not isinstance(found, ox.QuerySolutions):
                raise QueryError("this is no SELECT query.")
            names = tuple(variable.value for variable in found.variables)
            return Table(names, tuple(tuple(row) for row in _drained(found)))

        return _within(seconds, run)

    def ask(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> bool:
        def run() -> bool:
            found = self._query(query, bindings)
            if not isinstance(found, ox.QueryBoolean):
                raise QueryError("this is no ASK query.")
            return bool(found)

        return _within(seconds, run)

    def construct(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> tuple[ox.Triple, ...]:
        def run() -> tuple[ox.Triple, ...]:
            found = self._query(query, bindings)
            if not isinstance(found, ox.QueryTriples):
                raise QueryError("this is no CONSTRUCT or DESCRIBE query.")
            return tuple(_drained(found))

        return _within(seconds, run)

    def close(self) -> None:
        self._store = ox.Store()

    def _query(self, query: str, bindings: Bindings | None) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        values = {ox.Variable(name): value for name, value in (bindings or {}).items()}
        try:
            return self._store.query(query, use_default_graph_as_union=True, substitutions=values)  # type: ignore[arg-type]
        except SyntaxError as error:
            at = _PLACE.search(str(error))
            raise QueryError(str(error), *(int(number) for number in at.groups()) if at else ()) from error
        except (ValueError, OSError, RuntimeError) as error:
            raise QueryError(str(error)) from error

    def _update(self, update: str) -> None:
        try:
            self._store.update(update)
        except (SyntaxError, ValueError, OSError) as error:
            raise StoreError(f"the change was refused: {error}") from error


def _node(graph: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(graph)
    except ValueError as error:
        raise StoreError(f"{graph[:100]!r} cannot name a graph: {error}") from error


def _drained(found: Iterable[T]) -> Iterator[T]:
    try:
        yield from found
    except (ValueError, OSError, RuntimeError) as error:
        raise QueryError(str(error)) from error


def _within(seconds: float | None, work: Callable[[], T]) -> T:
    """What ``work`` gives, if it does so in time. A query cannot be stopped: one that is late ends by itself, unheard."""
    if seconds is None:
        return work()
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except SextantError as error:
            answer.set_exception(error)
        finally:
            if not answer.done():
                answer.set_exception(StoreError("the query broke off."))

    Thread(target=run, daemon=True, name="query").start()
    try:
        return answer.result(timeout=seconds)
    except TimeoutError as error:
        raise DeadlineError(f"the query did not end within {seconds:g} s.") from error
