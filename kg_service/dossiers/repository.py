"""Dossiers in the database: a JSON document each, with the version that no two changes share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from kg_service.audit.chain import moment
from kg_service.database.tables import DOSSIER_FILES, DOSSIERS, REQUESTS_ONCE
from kg_service.dossiers.codec import dumps, loads
from kg_service.dossiers.model import Dossier, EvidenceKind
from kg_service.errors import DatabaseError, NotFoundError, nearest

KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Entry:
    """A dossier in a list."""

    id: str
    name: str
    owner: str
    version: int
    archived: bool
    created: str
    updated: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, to be given again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


def insert(connection: sa.Connection, dossier: Dossier) -> None:
    """The dossier is stored; its id must be free."""
    connection.execute(DOSSIERS.insert(), _row(dossier))
    _files(connection, dossier)


def update(connection: sa.Connection, before: Dossier, after: Dossier) -> None:
    """``after`` stands where ``before`` stood."""
    where = sa.and_(DOSSIERS.c.id == before.id, DOSSIERS.c.version == before.version)
    if connection.execute(DOSSIERS.update().where(where).values(_row(after))).rowcount != 1:
        raise DatabaseError(f"the dossier {before.id} was changed outside its transaction; nothing was written, try again.")
    if len(after.evidence) != len(before.evidence):
        _files(connection, after)


def get(connection: sa.Connection, dossier_id: str) -> Dossier:
    """The dossier of that id.

    Raises:
        NotFoundError: naming the nearest ids.
    """
    found = connection.execute(sa.select(DOSSIERS.c.state).where(DOSSIERS.c.id == dossier_id)).scalar()
    if found is None:
        ids = connection.execute(sa.select(DOSSIERS.c.id).limit(5000)).scalars().all()
        raise NotFoundError("dossier", dossier_id[:100], nearest(dossier_id, ids))
    return loads(found)


def exists(connection: sa.Connection, dossier_id: str) -> bool:
    return connection.execute(sa.select(DOSSIERS.c.id).where(DOSSIERS.c.id == dossier_id)).first() is not None


def entries(connection: sa.Connection, *, archived: bool = False) -> tuple[Entry, ...]:
    """Every dossier in the order of being created; archived ones only where asked for."""
    columns = (DOSSIERS.c[name] for name in ("id", "name", "owner", "version", "archived", "created", "updated"))
    asked = sa.select(*columns).order_by(DOSSIERS.c.created, DOSSIERS.c.id)
    if not archived:
        asked = asked.where(DOSSIERS.c.archived == sa.false())
    return tuple(Entry(*row) for row in connection.execute(asked))


def mark(connection: sa.Connection) -> tuple[int, int]:
    """A mark that no change leaves as it was: how many dossiers there are, and the sum of their versions."""
    count, total = connection.execute(sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(DOSSIERS.c.version), 0))).one()
    return int(count), int(total)


def each(connection: sa.Connection, *, archived: bool = False) -> Iterator[Dossier]:
    """Every dossier in full, in the order of being created, read as it is needed."""
    asked = sa.select(DOSSIERS.c.state).order_by(DOSSIERS.c.created, DOSSIERS.c.id)
    if not archived:
        asked = asked.where(DOSSIERS.c.archived == sa.false())
    for state in connection.execute(asked.execution_options(yield_per=200)).scalars():
        yield loads(state)


def owner_of(connection: sa.Connection, dossier_id: str) -> str | None:
    """Who owns the dossier; None where there is none of that id."""
    owner: str | None = connection.execute(sa.select(DOSSIERS.c.owner).where(DOSSIERS.c.id == dossier_id)).scalar()
    return owner


def uses_of(connection: sa.Connection, sha256: str) -> int:
    """How many pieces of evidence are the file of that hash."""
    asked = sa.select(sa.func.count()).select_from(DOSSIER_FILES).where(DOSSIER_FILES.c.sha256 == sha256)
    return int(connection.execute(asked).scalar() or 0)


def answered(connection: sa.Connection, actor: str, key: str, now: datetime) -> tuple[str, Answer] | None:
    """The fingerprint and the answer of the request that carried this key in the last 24 hours."""
    table, actor = REQUESTS_ONCE.c, _short(actor)
    asked = sa.select(table.fingerprint, table.answer).where(
        table.actor == actor, table.key == key, table.at > moment(now - KEPT_FOR)
    )
    row = connection.execute(asked).first()
    if row is None:
        return None
    status, headers, body = json.loads(row.answer)
    return row.fingerprint, Answer(status, tuple((name, value) for name, value in headers), body)


def keep_answer(connection: sa.Connection, actor: str, key: str, fingerprint: str, answer: Answer, now: datetime) -> None:
    """The answer is given again to who sends the same key within 24 hours; older ones are forgotten."""
    table, actor = REQUESTS_ONCE, _short(actor)
    old = sa.or_(table.c.at <= moment(now - KEPT_FOR), sa.and_(table.c.actor == actor, table.c.key == key))
    connection.execute(table.delete().where(old))
    content = json.dumps([answer.status, answer.headers, answer.body])
    row = {"actor": actor, "key": key, "fingerprint": fingerprint, "at": moment(now), "answer": content}
    connection.execute(table.insert(), row)


def _short(actor: str) -> str:
    """The actor's id, or its hash where it is longer than the column."""
    return actor if len(actor) <= 200 else hashlib.sha256(actor.encode()).hexdigest()


def _row(dossier: Dossier) -> dict[str, object]:
    return {
        "id": dossier.id,
        "version": dossier.version,
        "name": dossier.name,
        "owner": dossier.owner,
        "archived": dossier.archived,
        "created": moment(dossier.created_at),
        "updated": moment(dossier.updated_at),
        "state": dumps(dossier),
    }


def _files(connection: sa.Connection, dossier: Dossier) -> None:
    """The files of the dossier are listed by hash."""
    held = set(connection.execute(sa.select(DOSSIER_FILES.c.evidence).where(DOSSIER_FILES.c.dossier == dossier.id)).scalars())
    fresh = [
        {"dossier": dossier.id, "evidence": one.id, "sha256": one.sha256, "size": one.size}
        for one in dossier.evidence.values()
        if one.kind is EvidenceKind.FILE and one.id not in held
    ]
    if fresh:
        connection.execute(DOSSIER_FILES.insert(), fresh)
