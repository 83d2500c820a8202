"""What is asked of a graph store. Small on purpose: an adapter translates these few calls and nothing else.

Terms are those of pyoxigraph, which also parses the answers of remote servers. All our statements stand in named graphs; a
query sees them all together as its default graph, and each by itself through ``GRAPH``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

Term: TypeAlias = NamedNode | BlankNode | Literal
Bindings: TypeAlias = Mapping[str, NamedNode | Literal]


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a SELECT: one row per solution, in the order of ``variables``; None where a variable is unbound."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]

    def column(self, variable: str) -> tuple[Term | None, ...]:
        at = self.variables.index(variable)
        return tuple(row[at] for row in self.rows)


class GraphStore(Protocol):
    """Quads in named graphs, and our own queries over them. Queries of strangers never come here.

    Every call may raise ``StoreError`` where the store does not answer, and a query ``QueryError``. ``bindings`` give values to
    variables that the query projects, so that no value is ever written into its text. ``seconds`` is the time after which the
    caller gets ``DeadlineError``; the store may go on working for a while. Numbers may come back in their canonical form.
    """

    def load(self, nquads: bytes) -> None:
        """The statements of the N-Quads document are in the store, besides those that were there."""

    def replace(self, graph: str, triples: Iterable[Triple]) -> None:
        """The named graph holds exactly ``triples``; no reader ever sees a part of the change."""

    def drop(self, graph: str) -> None:
        """The named graph is gone; nothing happens where it never was."""

    def graphs(self) -> tuple[str, ...]:
        """The IRIs of the named graphs that hold statements, sorted."""

    def size(self, graph: str | None = None) -> int:
        """How many statements the store, or the named graph, holds."""

    def quads(self, graph: str | None = None) -> Iterator[Quad]:
        """The statements of the store, or of the named graph, in no order."""

    def dump(self, graph: str | None = None) -> bytes:
        """The store, or the named graph, as N-Quads: one line each, sorted, so that equal content gives equal bytes."""

    def select(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> Table:
        """The solutions of a SELECT query."""

    def ask(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> bool:
        """The answer to an ASK query."""

    def construct(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> tuple[Triple, ...]:
        """The statements that a CONSTRUCT or DESCRIBE query gives."""

    def close(self) -> None:
        """Nothing is held any more; the store answers no further call."""
