"""Records in the database: each is stored, and removed, together with its event in the audit trail."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from kg_service.audit.erasing import ERASED
from kg_service.audit.event import Draft
from kg_service.audit.journal import Journal
from kg_service.audit.opening import DATABASE_FILE, open_of
from kg_service.database.engine import Database
from kg_service.database.tables import AUDIT_EVENTS, DEPLOYMENTS
from kg_service.deployments.folder import Folder
from kg_service.deployments.record import StoredDeployment, from_json, to_json
from kg_service.errors import StoreError
from kg_service.people.model import LOCAL, SYSTEM, Principal
from kg_service.settings import Settings

_LOG: Final = logging.getLogger(__name__)
STORED, REMOVED = "deployment.stored", "deployment.removed"


class Table:
    """Records in the table ``deployments``. Safe in threads and processes."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    def all(self) -> tuple[StoredDeployment, ...]:
        """Every record, in order of id."""
        return read_all(self._database)

    def put(self, record: StoredDeployment, actor: Principal = LOCAL) -> None:
        """The record and its event are durable; nothing happens where it is there already."""
        with self._database.changing() as connection:
            if _there(connection, record.id):
                return
            connection.execute(DEPLOYMENTS.insert(), {"id": record.id, "content": to_json(record).decode()})
            said = Draft(STORED, _subject(record.id), after=_shown(record), notes={"name": record.name})
            self._journal.append(connection, actor, said)

    def remove(self, deployment_id: str, actor: Principal = LOCAL) -> None:
        """The record is gone, and its event says so; nothing happens where it never was."""
        with self._database.changing() as connection:
            content = connection.execute(sa.select(DEPLOYMENTS.c.content).where(DEPLOYMENTS.c.id == deployment_id)).scalar()
            if content is None:
                return
            connection.execute(DEPLOYMENTS.delete().where(DEPLOYMENTS.c.id == deployment_id))
            before = None
            with contextlib.suppress(ValueError):
                before = _shown(from_json(content.encode()))
            self._journal.append(connection, actor, Draft(REMOVED, _subject(deployment_id), before=before))

    def revision(self) -> int:
        """A number that grows with every change that any process makes to the records."""
        newest = sa.select(sa.func.max(AUDIT_EVENTS.c.seq))
        with self._database.reading() as connection:
            words = (STORED, REMOVED, ERASED)
            found = [connection.execute(newest.where(AUDIT_EVENTS.c.action == word)).scalar() for word in words]
        return max(seq or 0 for seq in found)

    def take_in(self, folder: Path) -> int:
        """How many records came from the files of an earlier version; the folder is put aside, so that it happens once.

        A file that cannot be read stays where it was put aside, and the log names it.
        """
        if not folder.is_dir():
            return 0
        records = Folder(folder).all()
        for record in records:
            self.put(record, SYSTEM)
        aside = folder.with_name(f"{folder.name}.imported")
        try:
            folder.rename(aside)
        except OSError as error:
            _LOG.warning("the stored deployments of %s are in the database, but it cannot be put aside: %s", folder, error)
        else:
            _LOG.info("%d stored deployments came into the database; their files are in %s", len(records), aside)
        return len(records)


class ReadOnly:
    """What is stored, for a command that only reads."""

    def __init__(self, records: tuple[StoredDeployment, ...]) -> None:
        self._records = records

    def all(self) -> tuple[StoredDeployment, ...]:
        """Every record, in order of id."""
        return self._records

    def put(self, record: StoredDeployment, actor: Principal = LOCAL) -> None:
        raise StoreError(f"{record.id} cannot be stored here: this only reads.")

    def remove(self, deployment_id: str, actor: Principal = LOCAL) -> None:
        raise StoreError(f"{deployment_id[:80]} cannot be removed here: this only reads.")

    def revision(self) -> int:
        return 0


def stored_records(settings: Settings) -> ReadOnly:
    """What this installation has stored, for a command that only reads: the table, and files that no service took in yet.

    Raises:
        DatabaseError: where the database is there and cannot be used.
    """
    found = {record.id: record for record in Folder(settings.data / "deployments").all()}
    if settings.database or (settings.data / DATABASE_FILE).exists():
        database = open_of(settings)
        try:
            found |= {record.id: record for record in read_all(database)}
        finally:
            database.close()
    return ReadOnly(tuple(found[name] for name in sorted(found)))


def read_all(database: Database) -> tuple[StoredDeployment, ...]:
    """Every record that can be read, in order of id; one that cannot is told in the log."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(DEPLOYMENTS).order_by(DEPLOYMENTS.c.id)).all()
    found = []
    for row in rows:
        try:
            record = from_json(row.content.encode())
        except (ValueError, RecursionError) as error:
            _LOG.warning("the stored deployment %s cannot be read and is left out: %s", row.id, error)
            continue
        if record.id == row.id:
            found.append(record)
    return tuple(sorted(found, key=lambda record: record.id))


def _there(connection: sa.Connection, deployment_id: str) -> bool:
    return connection.execute(sa.select(DEPLOYMENTS.c.id).where(DEPLOYMENTS.c.id == deployment_id)).first() is not None


def _subject(deployment_id: str) -> str:
    return f"deployment/{deployment_id}"


def _shown(record: StoredDeployment) -> dict[str, Any]:
    """What the event says of a record; its name, which is free text, goes into a note."""
    return {"as_of": record.as_of.isoformat(), "facts": dict(record.facts)}
