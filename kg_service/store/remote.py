"""Any server that speaks the SPARQL 1.1 Protocol, as a graph store; ``docs/stores.md`` says how each kind is set.

Reading takes the query address. Writing takes the Graph Store Protocol where its address is set, otherwise updates. The
server's default graph must be the union of its named graphs: :meth:`RemoteStore.check` says so where it is not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox

from kg_service.errors import QueryError, StoreError
from kg_service.store.http import Answer, Connection, Place
from kg_service.store.protocol import Bindings, Table
from kg_service.store.substitution import substituted

MOST_BYTES: Final = 256_000_000
READ_SECONDS: Final = 60.0
WRITE_SECONDS: Final = 300.0
_PART: Final = 2_000_000
_FORM: Final = "application/x-www-form-urlencoded"
_TABLE: Final = "application/sparql-results+json"
_TRIPLES: Final = "application/n-triples"
_PLACE: Final = re.compile(r"error at (\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server answers queries, and where it takes changes: updates, and whole graphs where it has a place for them."""

    query: Place
    update: Place
    graphs: Place | None = None


class RemoteStore:
    """A store on a server. Reads may run in many threads; a read sees what the server shows it."""

    def __init__(self, server: Server, most_bytes: int = MOST_BYTES) -> None:
        self._server = server
        self._http = Connection(most_bytes)
        self._empty = ox.Store()

    @property
    def address(self) -> str:
        """Where queries go, without anything secret."""
        return self._server.query.shown

    def check(self) -> None:
        """Nothing happens where the server can serve us.

        Raises:
            StoreError: where it cannot be reached, or a query does not see its named graphs together.
        """
        one = "{ SELECT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } LIMIT 1 }"
        if self.ask(f"ASK {{ {one} }}") and not self.ask(f"ASK {{ {one} ?s ?p ?o }}"):
            raise StoreError(
                f"a query at {self.address} does not see the named graphs together: make the default graph the union of all "
                "named graphs (docs/stores.md says how for each server)."
            )

    def load(self, nquads: bytes) -> None:
        graphs: dict[ox.NamedNode, list[ox.Triple]] = defaultdict(list)
        try:
            for quad in ox.parse(nquads, format=ox.RdfFormat.N_QUADS):
                if not isinstance(quad.graph_name, ox.NamedNode):
                    raise StoreError("a statement stands in no named graph; this store takes none such.")
                graphs[quad.graph_name].append(quad.triple)
        except (SyntaxError, ValueError) as error:
            raise StoreError(f"this is not N-Quads: {error}") from error
        for name, triples in graphs.items():
            if self._server.graphs is not None:
                self._whole("POST", name, _ntriples(triples))
            else:
                for part in _parts(_ntriples(triples)):
                    self._update(f"INSERT DATA {{ GRAPH {name} {{\n{part}}} }}")

    def replace(self, graph: str, triples: Iterable[ox.Triple]) -> None:
        name, data = _node(graph), _ntriples(triples)
        if not data:
            self.drop(graph)
        elif self._server.graphs is not None:
            self._whole("PUT", name, data)
        else:
            self._update(f"DROP SILENT GRAPH {name} ; INSERT DATA {{ GRAPH {name} {{\n{data.decode()}}} }}")

    def drop(self, graph: str) -> None:
        name = _node(graph)
        if self._server.graphs is not None:
            self._whole("DELETE", name, b"")
        else:
            self._update(f"DROP SILENT GRAPH {name}")

    def graphs(self) -> tuple[str, ...]:
        found = self.select("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }").column("g")
        return tuple(sorted(name.value for name in found if isinstance(name, ox.NamedNode)))

    def size(self, graph: str | None = None) -> int:
        where = "?g" if graph is None else _node(graph)
        (count,) = self.select(f"SELECT (COUNT(*) AS ?n) {{ GRAPH {where} {{ ?s ?p ?o }} }}").column("n")
        return int(count.value) if isinstance(count, ox.Literal) else 0

    def quads(self, graph: str | None = None) -> Iterator[ox.Quad]:
        where = "" if graph is None else f"VALUES ?g {{ {_node(graph)} }} "
        for s, p, o, g in self.select(f"SELECT ?s ?p ?o ?g {{ {where}GRAPH ?g {{ ?s ?p ?o }} }}").rows:
            if (
                isinstance(s, ox.NamedNode | ox.BlankNode)
                and isinstance(p, ox.NamedNode)
                and o is not None
                and isinstance(g, ox.NamedNode)
            ):
                yield ox.Quad(s, p, o, g)

    def dump(self, graph: str | None = None) -> bytes:
        lines = ox.serialize(self.quads(graph), format=ox.RdfFormat.N_QUADS) or b""
        return b"".join(sorted(lines.splitlines(keepends=True)))

    def select(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> Table:
        found = self._tried(query, bindings)
        if not isinstance(found, ox.QuerySolutions):
            raise QueryError("this is no SELECT query.")
        names = tuple(variable.value for variable in found.variables)
        answer = self._asked(query, bindings, seconds, f"{_TABLE}, application/sparql-results+xml;q=0.8")
        parsed = _results(answer, self.address)
        if not isinstance(parsed, ox.QuerySolutions):
            raise StoreError(f"{self.address} answered a SELECT query with something else.")
        theirs = {variable.value for variable in parsed.variables}
        return Table(names, tuple(tuple(row[name] if name in theirs else None for name in names) for row in parsed))

    def ask(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> bool:
        if not isinstance(self._tried(query, bindings), ox.QueryBoolean):
            raise QueryError("this is no ASK query.")
        answer = self._asked(query, bindings, seconds, f"{_TABLE}, application/sparql-results+xml;q=0.8")
        parsed = _results(answer, self.address)
        if not isinstance(parsed, ox.QueryBoolean):
            raise StoreError(f"{self.address} answered an ASK query with something else.")
        return bool(parsed)

    def construct(self, query: str, bindings: Bindings | None = None, seconds: float | None = None) -> tuple[ox.Triple, ...]:
        if not isinstance(self._tried(query, bindings), ox.QueryTriples):
            raise QueryError("this is no CONSTRUCT or DESCRIBE query.")
        answer = self._asked(query, bindings, seconds, f"{_TRIPLES}, text/turtle;q=0.8")
        form = ox.RdfFormat.from_media_type(answer.media_type)
        if form is None:
            raise StoreError(f"{self.address} answered in {ascii(answer.media_type)[:80]}, which is no form of statements.")
        try:
            return tuple(quad.triple for quad in ox.parse(answer.body, format=form))
        except (SyntaxError, ValueError) as error:
            raise StoreError(f"{self.address} answered with statements that cannot be read: {error}") from error

    def close(self) -> None:
        self._http.close()

    def _tried(self, query: str, bindings: Bindings | None) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """The answer of an empty store: a query that is wrong, or takes no such value, is told before it goes out."""
        values = {ox.Variable(name): value for name, value in (bindings or {}).items()}
        try:
            if values:
                self._empty.query(query)
            return self._empty.query(query, substitutions=values)  # type: ignore[arg-type]
        except SyntaxError as error:
            at = _PLACE.search(str(error))
            raise QueryError(str(error), *(int(number) for number in at.groups()) if at else ()) from error
        except (ValueError, OSError, RuntimeError) as error:
            raise QueryError(str(error)) from error

    def _asked(self, query: str, bindings: Bindings | None, seconds: float | None, accept: str) -> Answer:
        body = urlencode({"query": substituted(query, bindings or {})}).encode()
        headers = {"Content-Type": _FORM, "Accept": accept}
        answer = self._http.send(self._server.query, "POST", body, headers, seconds or READ_SECONDS)
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise QueryError(f"{self.address} refuses the query: {answer.told}")
        if answer.status != HTTPStatus.OK:
            raise StoreError(f"{self.address} answered HTTP {answer.status}: {answer.told}")
        return answer

    def _update(self, update: str) -> None:
        place = self._server.update
        body = urlencode({"update": update}).encode()
        answer = self._http.send(place, "POST", body, {"Content-Type": _FORM}, WRITE_SECONDS)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise StoreError(
                f"the change was refused by {place.shown} (HTTP {answer.status}): {answer.told} - "
                "where updates have their own address, set SEXTANT_STORE_UPDATE."
            )

    def _whole(self, method: str, graph: ox.NamedNode, data: bytes) -> None:
        base = self._server.graphs
        if base is None:
            raise TypeError(graph)
        joint = "" if base.url.endswith(("?", "&")) else "&" if "?" in base.url else "?"
        place = Place(f"{base.url}{joint}graph={quote(graph.value, safe='')}", base.credentials)
        answer = self._http.send(place, method, data, {"Content-Type": _TRIPLES} if data else {}, WRITE_SECONDS)
        gone = method == "DELETE" and answer.status == HTTPStatus.NOT_FOUND
        if not gone and not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise StoreError(f"the change was refused by {place.shown} (HTTP {answer.status}): {answer.told}")


def _results(answer: Answer, address: str) -> ox.QuerySolutions | ox.QueryBoolean:
    form = ox.QueryResultsFormat.from_media_type(answer.media_type)
    if form is None:
        raise StoreError(
            f"{address} answered in {ascii(answer.media_type)[:80]}, which is no form of results: is it a SPARQL server?"
        )
    try:
        return ox.parse_query_results(answer.body, format=form)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"{address} answered with results that cannot be read: {error}") from error


def _node(graph: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(graph)
    except ValueError as error:
        raise StoreError(f"{graph[:100]!r} cannot name a graph: {error}") from error


def _ntriples(triples: Iterable[ox.Triple]) -> bytes:
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _parts(data: bytes) -> Iterator[str]:
    """``data`` in pieces of whole lines, each small enough for one update."""
    start = 0
    while start < len(data):
        end = len(data) if len(data) - start <= _PART else data.rindex(b"\n", start, start + _PART) + 1
        yield data[start:end].decode()
        start = end
