"""The endpoint without HTTP: a query as it was asked to an answer as it is sent, by workers or by a remote store."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as package_version
from typing import Any, Final

import pyoxigraph as ox

from kg_service.errors import StoreError
from kg_service.settings import Settings
from kg_service.sparql import negotiate
from kg_service.sparql.kept import Kept
from kg_service.sparql.negotiate import Format
from kg_service.sparql.pool import Pool, PoolLimits
from kg_service.sparql.refusal import Refusal
from kg_service.sparql.remote import Remote
from kg_service.sparql.request import Query
from kg_service.store.protocol import GraphStore

_FORMATS: Final = {one.media_type: one for one in (*negotiate.TABLES, *negotiate.GRAPHS)}
_RELEASE: Final = package_version("sextant-kg")


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer. ``etag`` names it where the same request gives it again as long as the graph does not change."""

    format: Format
    form: str
    body: bytes
    etag: str | None = None


class SparqlService:
    """Answers queries of strangers. Graphs may change beside it, from any thread.

    Args:
        known_version: names the content of ``source``.
        remote: where queries go after they were checked; None: the workers answer from ``source``.
    """

    def __init__(
        self,
        limits: PoolLimits,
        known_version: str,
        source: Callable[[], bytes],
        remote: Remote | None = None,
        *,
        union: bool = True,
    ) -> None:
        self.limits = limits
        self._version = known_version
        self._remote = remote
        self._pool = Pool(limits, (lambda: b"") if remote else source, union=union)
        self._extra: dict[str, str] = {}
        self._lock = threading.Lock()
        self._kept: Kept[Answer] = Kept()

    @property
    def pool(self) -> Pool:
        return self._pool

    @property
    def is_remote(self) -> bool:
        return self._remote is not None

    async def start(self) -> None:
        """Queries are answered at once from now on; without it the first one starts what is needed.

        Raises:
            StoreError: where no process can be started here.
        """
        await self._pool.start()

    async def close(self) -> None:
        """No process is left."""
        await self._pool.close()

    def reload(self, known_version: str, source: Callable[[], bytes]) -> None:
        """Every query that begins from now on sees what ``source`` gives, and no graph that was replaced before."""
        with self._lock:
            self._version = known_version
            self._extra.clear()
            self._pool.reload(source)

    def replace_graph(self, iri: str, nquads: bytes) -> None:
        """Every query that begins from now on sees exactly these statements in that named graph.

        Raises:
            StoreError: where they are no N-Quads of that graph.
        """
        try:
            strays = [quad for quad in ox.parse(nquads, format=ox.RdfFormat.N_QUADS) if quad.graph_name != ox.NamedNode(iri)]
        except (SyntaxError, ValueError) as error:
            raise StoreError(f"these are no N-Quads of <{iri[:100]}>: {error}") from error
        if strays:
            raise StoreError(f"a statement for <{iri[:100]}> stands in the graph {strays[0].graph_name}.")
        self._change(iri, nquads)

    def drop_graph(self, iri: str) -> None:
        """No query that begins from now on sees that named graph."""
        self._change(iri, b"")

    def etag(self, query: Query, accept: str | None, base: str | None = None) -> str | None:
        """Names what a stable answer to this request says at present; None where nobody here can know that."""
        if self._remote is not None:
            return None
        with self._lock:
            extra = sorted(self._extra.items())
        asked = (_RELEASE, self._version, extra, query.text, query.default_graphs, query.named_graphs, query.format, accept, base)
        return f'"{hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'

    async def run(self, query: Query, accept: str | None, base: str | None = None) -> Answer | Refusal:
        """The answer, or why there is none. Relative IRIs in the query are resolved against ``base`` (RFC 3986, 5.1.3).

        Raises:
            BusyError: where too much is being done already.
            DeadlineError: where it did not end in time.
            QueryError: where a worker died over it.
            StoreError: where neither worker nor remote store answers.
        """
        etag, generation = self.etag(query, accept, base), self._pool.generation
        kept = self._kept.get(etag) if etag else None
        if kept is not None:
            return kept
        job: dict[str, Any] = {
            "accept": accept,
            "format": query.format,
            "default": query.default_graphs,
            "named": query.named_graphs,
            "check": self._remote is not None,
            "base": base,
        }
        head, body = await self._pool.run(job, query.text)
        if "refusal" in head:
            return Refusal(*head["refusal"])
        wanted = _FORMATS[head["media_type"]]
        if self._remote is not None:
            body = await self._remote.run(str(head["text"]), query, wanted, self.limits.seconds)
        if etag is None or not head["stable"] or self._pool.generation != generation:
            return Answer(wanted, str(head["form"]), body)
        answer = Answer(wanted, str(head["form"]), body, etag)
        self._kept.put(etag, answer, len(body))
        return answer

    def _change(self, iri: str, nquads: bytes) -> None:
        if self._remote is not None:
            return  # the remote store has it
        with self._lock:
            self._extra[iri] = hashlib.sha256(nquads).hexdigest()
            self._pool.replace(iri, nquads)


def limits_of(settings: Settings) -> PoolLimits:
    """What the settings allow a query."""
    return PoolLimits(
        seconds=settings.query_seconds,
        memory=settings.query_memory,
        answer=settings.answer_bytes,
        query=settings.query_bytes,
        workers=settings.query_workers,
        queue=settings.query_queue,
    )


def service_of(settings: Settings, store: GraphStore, known_version: str) -> SparqlService:
    """The endpoint over ``store``: over a copy of it in fenced processes, or the server itself where it is one."""
    remote = Remote.of(settings) if settings.store != "oxigraph" else None
    return SparqlService(limits_of(settings), known_version, store.dump, remote)
