"""Dossiers as a service holds them: every change with its event in one transaction, one change at a time for each dossier."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from kg_service import ids
from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.event import Draft, Event
from kg_service.audit.journal import Journal, events, notes_of
from kg_service.database.engine import Database
from kg_service.dossiers import repository
from kg_service.dossiers.changes import changes
from kg_service.dossiers.commands import ACTIONS, AddEvidence, Command, CreateDossier
from kg_service.dossiers.criteria import Guides, guides, read_own
from kg_service.dossiers.guards import Ground, digest, settled
from kg_service.dossiers.model import Dossier, EvidenceKind
from kg_service.dossiers.policy import OwnApproval, Policy, read_policy
from kg_service.dossiers.repository import Answer, Entry
from kg_service.dossiers.shelf import Filed, Shelf
from kg_service.dossiers.transitions import apply, create, require_open
from kg_service.errors import InputError, Problem, SextantError, VersionError
from kg_service.knowledge.criteria import read_decisions
from kg_service.people.model import SYSTEM, Principal
from kg_service.settings import Settings

_LOG: Final = logging.getLogger(__name__)
FOLDER: Final = "evidence"
Follower = Callable[[Dossier], None]


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is carried out once: its key, what it asks by hash, and how its answer looks."""

    key: str
    fingerprint: str
    answer: Callable[[Dossier], Answer]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the institution decides by: the criteria, with its own among them, and its policy."""

    guides: Guides
    policy: Policy


def read_rules(root: Path, data: Path) -> Rules:
    """The criteria of the ontology and of ``criteria.yaml``, and ``policy.yaml``.

    Raises:
        InputError: where one of the two files in ``data`` is wrong, with every problem at its line.
    """
    ours = guides(read_decisions(root))
    own = read_own(data, ours)
    return Rules(guides(read_decisions(root), own), read_policy(data))


class Dossiers:
    """All dossiers of this installation. Safe in threads; several processes may hold the same database."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        evaluator: Evaluator,
        rules: Rules,
        shelf: Shelf,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.database, self.journal, self.evaluator = database, journal, evaluator
        self.rules, self.shelf, self._clock = rules, shelf, clock
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """``follower`` is told of every dossier after it changed here."""
        self._followers.append(follower)

    def ground(self, as_of: date | None = None) -> Ground:
        """What dossiers are judged by now, or as it will be on that day with the law as it is known now."""
        now = self._clock()
        return Ground(self.evaluator, self.rules.guides, self.rules.policy, as_of or now.date(), now)

    def create(self, actor: Principal, command: CreateDossier, once: Once | None = None) -> Dossier | Answer:
        """The dossier is kept and the trail says so. ``id`` may be empty: it gets one.

        Raises:
            InputError: where the command is wrong, its id taken, or the key of ``once`` was used for something else.
            DatabaseError: where it cannot be kept; then it is not.
        """
        ground = self.ground()
        with self.database.changing() as connection:
            given = self._given(connection, actor, once, ground)
            if given is not None:
                return given
            name = _free_id(connection, command)
            dossier = create(replace(command, id=name), actor, ground)
            repository.insert(connection, dossier)
            self._record(connection, actor, command, None, dossier)
            self._keep(connection, actor, once, dossier, ground)
        self._tell(dossier)
        return dossier

    def change(
        self, actor: Principal, dossier_id: str, command: Command, expected_version: int | None = None, once: Once | None = None
    ) -> Dossier | Answer:
        """The dossier after the command, durable with its event; nothing happened where an error is raised.

        Args:
            expected_version: the version that the caller has seen; None where it does not matter (the one local user).

        Raises:
            InputError, ConflictError, ForbiddenError, NotFoundError: as :func:`kg_service.dossiers.transitions.apply`.
            VersionError: where the dossier is at another version.
            DatabaseError: where it cannot be kept.
        """
        ground = self.ground()
        with self.database.changing() as connection:
            given = self._given(connection, actor, once, ground)
            if given is not None:
                return given
            before = repository.get(connection, dossier_id)
            _require_version(before, expected_version)
            if isinstance(command, AddEvidence) and command.sha256 is not None:
                self.shelf.open(command.sha256)
            after = apply(before, command, actor, ground)
            if after is not before:
                repository.update(connection, before, after)
                self._record(connection, actor, command, before, after)
            self._keep(connection, actor, once, after, ground)
        if after is not before:
            self._tell(after)
        return after

    def get(self, dossier_id: str, ground: Ground | None = None) -> Dossier:
        """The dossier as it stands today: a decision that no longer stands is shown as open, before anybody changes anything.

        Raises:
            NotFoundError: naming the nearest ids.
        """
        with self.database.reading() as connection:
            found = repository.get(connection, dossier_id)
        return found if found.archived else settled(found, SYSTEM, ground or self.ground())

    def seen(self, dossier_id: str, ground: Ground, *, elsewhen: bool = False) -> Dossier:
        """The dossier as it stands on the day of the ground; ``elsewhen`` where that day was asked for, whatever its own is."""
        if not elsewhen:
            return self.get(dossier_id, ground)
        with self.database.reading() as connection:
            found = replace(repository.get(connection, dossier_id), as_of=None)
        return found if found.archived else settled(found, SYSTEM, ground)

    def add_file(
        self,
        actor: Principal,
        dossier_id: str,
        chunks: Iterable[bytes],
        about: AddEvidence,
        expected_version: int | None = None,
        once: Callable[[Filed], Once | None] = lambda _: None,
    ) -> Dossier | Answer:
        """The file lies on the shelf and is evidence of the dossier; where that is refused, nothing of it is left.

        Raises:
            DocumentError: where it is empty or too large.
            ConflictError, NotFoundError, VersionError, InputError, DatabaseError: as :meth:`change`.
        """
        with self.database.reading() as connection:
            held = repository.get(connection, dossier_id)
        require_open(held)
        filed = self.shelf.put(chunks)
        command = replace(about, kind=EvidenceKind.FILE, sha256=filed.sha256, size=filed.size)
        try:
            return self.change(actor, dossier_id, command, expected_version, once(filed))
        except SextantError:
            self._discard(filed.sha256)
            raise

    def _discard(self, sha256: str) -> None:
        """The file is gone where no evidence is it. Within a change, so that nobody makes it evidence meanwhile."""
        with self.database.changing() as connection:
            if repository.uses_of(connection, sha256) == 0:
                self.shelf.remove(sha256)

    def entries(self, *, archived: bool = False) -> tuple[Entry, ...]:
        """Every dossier in the order of being created."""
        with self.database.reading() as connection:
            return repository.entries(connection, archived=archived)

    def mark(self) -> tuple[int, int]:
        """A mark that every change moves, in whatever process it is made."""
        with self.database.reading() as connection:
            return repository.mark(connection)

    def each(self) -> Iterator[Dossier]:
        """Every dossier that is not archived, as it is stored."""
        with self.database.reading() as connection:
            yield from repository.each(connection)

    def owner_of(self, dossier_id: str) -> str | None:
        """Who owns the dossier; None where there is none of that id."""
        with self.database.reading() as connection:
            return repository.owner_of(connection, dossier_id)

    def trail(self, dossier_id: str) -> list[tuple[Event, dict[str, str]]]:
        """The events of the dossier in their order, each with the notes that were not erased."""
        with self.database.reading() as connection:
            repository.get(connection, dossier_id)
            found = list(events(connection, subject=f"dossier/{dossier_id}"))
            return [(event, dict(notes_of(connection, event.seq)) if event.note_hashes else {}) for event in found]

    def _given(self, connection: sa.Connection, actor: Principal, once: Once | None, ground: Ground) -> Answer | None:
        """What the same request was answered before."""
        found = None if once is None else repository.answered(connection, actor.id, once.key, ground.now)
        if once is None or found is None:
            return None
        if found[0] != once.fingerprint:
            told = "this key came with another request in the last 24 hours; choose a new one."
            raise InputError([Problem("header Idempotency-Key", "key-reused", told)])
        return found[1]

    def _keep(self, connection: sa.Connection, actor: Principal, once: Once | None, dossier: Dossier, ground: Ground) -> None:
        if once is not None:
            repository.keep_answer(connection, actor.id, once.key, once.fingerprint, once.answer(dossier), ground.now)

    def _record(
        self, connection: sa.Connection, actor: Principal, command: object, before: Dossier | None, after: Dossier
    ) -> None:
        found = changes(before, after)
        inputs = {"facts": f"sha256:{digest(after.plain_facts)}"}
        fresh = set(after.evidence) - set(before.evidence if before else ())
        inputs |= {name: f"sha256:{sha}" for name in sorted(fresh) if (sha := after.evidence[name].sha256) is not None}
        action, subject = ACTIONS[type(command)], f"dossier/{after.id}"
        draft = Draft(action, subject, dict(found.before) or None, dict(found.after) or None, inputs, found.notes)
        self.journal.append(connection, actor, draft)

    def _tell(self, dossier: Dossier) -> None:
        for follower in self._followers:
            try:
                follower(dossier)
            except SextantError as error:  # the change is done and durable; what follows catches up at its next start
                _LOG.warning("the dossier %s changed, and who follows was not told: %s", dossier.id, error)


def open_dossiers(settings: Settings, database: Database, journal: Journal, evaluator: Evaluator) -> Dossiers:
    """The dossiers of this installation.

    Raises:
        InputError: where ``criteria.yaml`` or ``policy.yaml`` is wrong.
    """
    rules = read_rules(settings.root, settings.data)
    if settings.authentication and rules.policy.own_approval is OwnApproval.LOCAL_ONLY:
        rules = replace(
            rules, policy=replace(rules.policy, own_approval=OwnApproval.FORBIDDEN)
        )  # people log in: there are others
    shelf = Shelf(settings.data / FOLDER, settings.evidence_bytes)
    return Dossiers(database, journal, evaluator, rules, shelf)


def _require_version(dossier: Dossier, expected: int | None) -> None:
    if expected is not None and expected != dossier.version:
        told = f"the dossier is at version {dossier.version}, not {expected}: somebody changed it; read it again, then decide."
        raise VersionError([Problem("header If-Match", "changed-meanwhile", told)])


def _free_id(connection: sa.Connection, command: CreateDossier) -> str:
    """The id asked for, or one that says nothing: it stands in the trail for good, a name can be erased."""
    if command.id:
        wanted = ids.slug(command.id)[:60].strip("-") or "dossier"
        if repository.exists(connection, wanted):
            told = f"there is a dossier {wanted!r} already; choose another id."
            raise InputError([Problem("/id", "id-taken", told)])
        return wanted
    number = repository.mark(connection)[0] + 1
    while repository.exists(connection, f"dossier-{number}"):
        number += 1
    return f"dossier-{number}"
