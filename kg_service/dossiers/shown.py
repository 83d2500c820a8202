"""Dossiers in the graph: each as a named graph beside the law, kept in step with every change made here."""

from __future__ import annotations

import asyncio
import logging
from threading import Lock
from typing import Final, Protocol

from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.journal import Journal, Versions
from kg_service.audit.opening import DATABASE_FILE, open_of
from kg_service.dossiers.guards import assessor, day_of
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.service import Dossiers, open_dossiers
from kg_service.errors import SextantError
from kg_service.knowledge.graph.deployment import NamedGraph
from kg_service.knowledge.graph.dossier import dossier_graph, graph_name
from kg_service.settings import Settings
from kg_service.store.protocol import GraphStore

MOST: Final = 1000
EVERY_SECONDS: Final = 5.0
_LOG: Final = logging.getLogger(__name__)


class Follower(Protocol):
    """Another holder of the graph, such as the worker that answers strangers' queries."""

    def replace_graph(self, iri: str, nquads: bytes) -> None:
        """The named graph holds exactly these statements."""

    def drop_graph(self, iri: str) -> None:
        """The named graph is gone."""


class Shown:
    """The named graphs of the dossiers. Other processes' changes come in with :meth:`catch_up`."""

    def __init__(self, dossiers: Dossiers, store: GraphStore) -> None:
        self._dossiers, self._store = dossiers, store
        self._versions: dict[str, int] = {}
        self._followers: list[Follower] = []
        self._lock = Lock()
        self._mark = (-1, -1)

    def open(self) -> None:
        """Every dossier stands in the graph (the newest thousand), and every change made here will."""
        there = set(self._store.graphs())
        fresh = []
        for entry in self._dossiers.entries()[-MOST:]:
            graph = self._graph(self._dossiers.get(entry.id))
            self._versions[entry.id] = entry.version
            if graph.iri in there:
                self._store.replace(graph.iri, graph.triples)
            else:
                fresh.append(graph.nquads)
        if fresh:
            self._store.load(b"".join(fresh))
        self._dossiers.follow(self.show)

    def follow(self, follower: Follower) -> None:
        """``follower`` hears of every change from now on."""
        self._followers.append(follower)

    def show(self, dossier: Dossier) -> None:
        """The dossier stands in the graph as it is; an archived one is gone from it."""
        with self._lock:
            if self._versions.get(dossier.id, 0) > dossier.version:
                return  # a later change was quicker
            self._versions[dossier.id] = dossier.version
            if dossier.archived:
                iri = graph_name(dossier.id)
                self._store.drop(iri)
                for follower in self._followers:
                    follower.drop_graph(iri)
                return
            graph = self._graph(dossier)
            self._store.replace(graph.iri, graph.triples)
            for follower in self._followers:
                follower.replace_graph(graph.iri, graph.nquads)

    def catch_up(self) -> int:
        """What other processes changed stands in the graph too; gives how many dossiers that were."""
        mark = self._dossiers.mark()
        if mark == self._mark:
            return 0
        stale = [entry.id for entry in self._dossiers.entries(archived=True) if self._versions.get(entry.id) != entry.version]
        for name in stale[-MOST:]:
            self.show(self._dossiers.get(name))
        self._mark = mark
        return len(stale)

    async def keep_in_step(self, seconds: float = EVERY_SECONDS) -> None:
        """Catches up again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await asyncio.to_thread(self.catch_up)
            except SextantError as error:
                _LOG.warning("the dossiers in the graph may be behind those stored: %s", error)

    def _graph(self, dossier: Dossier) -> NamedGraph:
        ground = self._dossiers.ground()
        return dossier_graph(ground.knowledge, dossier, assessor(dossier, ground)(day_of(dossier, ground)))


def show_stored(settings: Settings, evaluator: Evaluator, store: GraphStore) -> None:
    """Every stored dossier stands in ``store``, for a command that only reads; nothing where there is no database yet.

    Raises:
        DatabaseError: where the database is there and cannot be used.
        InputError: where the institution's criteria or policy are wrong.
    """
    if not settings.database and not (settings.data / DATABASE_FILE).exists():
        return
    database = open_of(settings)
    try:
        journal = Journal(database, Versions(evaluator.knowledge.version, ""))
        Shown(open_dossiers(settings, database, journal, evaluator), store).open()
    finally:
        database.close()
