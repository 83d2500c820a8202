"""Stored deployments as a service holds them: kept, and each as a named graph with its verdicts under today's knowledge."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from threading import Lock
from typing import Final, Protocol

from kg_service import ids
from kg_service.applicability.evaluate import Assessment, Evaluator
from kg_service.applicability.facts import Facts, parse_facts, plain_facts
from kg_service.deployments.folder import Records
from kg_service.deployments.record import StoredDeployment, new_id
from kg_service.errors import InputError, NotFoundError, Problem, SextantError, nearest
from kg_service.knowledge.graph.deployment import NamedGraph, deployment_graph
from kg_service.people.model import LOCAL, SYSTEM, Principal
from kg_service.store.protocol import GraphStore

_LOG: Final = logging.getLogger(__name__)
MOST: Final = 1000


class Follower(Protocol):
    """Another holder of the graph that is kept in step, such as the worker that answers strangers' queries."""

    def replace_graph(self, iri: str, nquads: bytes) -> None:
        """The named graph holds exactly these statements."""

    def drop_graph(self, iri: str) -> None:
        """The named graph is gone."""


class Deployments:
    """All stored deployments of this installation. Safe in threads; what other processes store is seen at the next call."""

    def __init__(self, records: Records, evaluator: Evaluator, store: GraphStore) -> None:
        self._records, self._evaluator, self._store = records, evaluator, store
        self._held: dict[str, StoredDeployment] = {}
        self._revision = 0
        self._followers: list[Follower] = []
        self._lock = Lock()

    def open(self) -> None:
        """Every record is held and stands in the graph, assessed anew with the present knowledge."""
        with self._lock:
            self._revision = self._records.revision()
            self._held = {record.id: record for record in self._records.all()[:MOST]}
            there = set(self._store.graphs()) if self._held else set()
            fresh = []
            for record in self._held.values():
                graph = self._graph(record)
                if graph is None:
                    continue
                if graph.iri in there:
                    self._store.replace(graph.iri, graph.triples)
                else:
                    fresh.append(graph.nquads)
            if fresh:
                self._store.load(b"".join(fresh))

    def follow(self, follower: Follower) -> None:
        """``follower`` hears of every change from now on."""
        self._followers.append(follower)

    def keep(
        self, name: str, facts: Facts, as_of: date, now: datetime, actor: Principal = LOCAL
    ) -> tuple[StoredDeployment, bool]:
        """The deployment is kept and stands in the graph; and whether it is new. The same content is kept once.

        Raises:
            InputError: where there are as many as can be kept.
            StoreError, DeadlineError: where it cannot be written; then it is not kept.
        """
        plain = plain_facts(facts)
        with self._lock:
            self._sync()
            held = next((record for record in self._held.values() if record.is_of(name, plain, as_of)), None)
            if held is not None:
                return held, False
            if len(self._held) >= MOST:
                told = f"{MOST} deployments are stored, and no more can be; delete some."
                raise InputError([Problem("query parameter store", "too-many-deployments", told)])
            record = StoredDeployment(new_id(), name, plain, as_of, now, self._evaluator.knowledge.version)
            self._records.put(record, actor)
            try:
                self._show(record)
            except SextantError:
                self._records.remove(record.id, SYSTEM)
                raise
            self._held[record.id] = record
        return record, True

    def remove(self, identifier: str, actor: Principal = LOCAL) -> None:
        """The deployment is neither kept nor in the graph.

        Raises:
            NotFoundError: where there is none of that id.
        """
        with self._lock:
            self._sync()
            self._get(identifier)
            self._records.remove(identifier, actor)
            self._forget(identifier)

    def get(self, identifier: str) -> StoredDeployment:
        """The deployment of that id.

        Raises:
            NotFoundError: naming the nearest ids.
        """
        with self._lock:
            self._sync()
            return self._get(identifier)

    def all(self) -> Mapping[str, StoredDeployment]:
        """Every stored deployment by its id, in the order of being stored."""
        with self._lock:
            self._sync()
            return dict(sorted(self._held.items(), key=lambda pair: (pair[1].stored_at, pair[0])))

    def assess(self, record: StoredDeployment) -> Assessment:
        """The verdicts on a stored deployment for its day, with the present knowledge.

        Raises:
            InputError: where its facts are no longer among those that the knowledge asks for.
        """
        facts = parse_facts(self._evaluator.knowledge.facts, dict(record.facts))
        return self._evaluator.assess(facts, record.as_of)

    def _get(self, identifier: str) -> StoredDeployment:
        held = self._held.get(identifier)
        if held is None:
            raise NotFoundError("stored deployment", identifier[:100], nearest(identifier, self._held))
        return held

    def _sync(self) -> None:
        """What other processes stored and removed is held here as well; where that cannot be known, reading goes on."""
        try:
            revision = self._records.revision()
            if revision == self._revision:
                return
            there = {record.id: record for record in self._records.all()[:MOST]}
            for identifier in [name for name in self._held if name not in there]:
                self._forget(identifier)
            for identifier, record in there.items():
                if self._held.get(identifier) != record:
                    self._show(record)
                    self._held[identifier] = record
            self._revision = revision
        except SextantError as error:
            _LOG.warning("what other processes stored cannot be seen for now: %s", error)

    def _forget(self, identifier: str) -> None:
        graph = ids.graph(f"deployment/{identifier}")
        self._store.drop(graph)
        self._held.pop(identifier, None)
        for follower in self._followers:
            follower.drop_graph(graph)

    def _show(self, record: StoredDeployment) -> None:
        graph = self._graph(record)
        if graph is None:
            return
        self._store.replace(graph.iri, graph.triples)
        for follower in self._followers:
            follower.replace_graph(graph.iri, graph.nquads)

    def _graph(self, record: StoredDeployment) -> NamedGraph | None:
        try:
            found = self.assess(record)
        except InputError as error:
            _LOG.warning("the stored deployment %s does not fit the present knowledge and is in no graph: %s", record.id, error)
            return None
        return deployment_graph(self._evaluator.knowledge, record.id, record.name, record.stored_at, found)
