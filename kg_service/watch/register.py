"""What the watch keeps in the database: the last verdicts of every subject, the notices, subscriptions and their deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa

from kg_service.audit.chain import moment, parse_moment
from kg_service.database.tables import DEPLOYMENTS, DOSSIERS, WATCH_NOTICES, WATCH_ORDERS, WATCHED
from kg_service.watch.model import NormChange, Notice, content_of, parse_content

DOSSIER: Final = "dossier"
DEPLOYMENT: Final = "deployment"


@dataclass(frozen=True, slots=True)
class Pending:
    """A subject that must be evaluated. ``source`` is its record where that is newer than ``facts``; None where it is not."""

    subject: str
    version: int
    source: str | None
    facts: str | None
    day: str | None
    knowledge: str | None
    row: bytes | None


def pending(
    connection: sa.Connection, kind: str, day: date, knowledge: str, after: str, limit: int, only: str | None = None
) -> list[Pending]:
    """The next subjects of that kind, in the order of their ids behind ``after``, whose last evaluation no longer holds."""
    table = DOSSIERS if kind == DOSSIER else DEPLOYMENTS
    version: sa.ColumnElement[int] = DOSSIERS.c.version if kind == DOSSIER else sa.literal(1)
    content = DOSSIERS.c.state if kind == DOSSIER else DEPLOYMENTS.c.content
    subject = sa.literal(f"{kind}/") + table.c.id
    changed = sa.or_(WATCHED.c.subject.is_(None), WATCHED.c.version != version)
    stale = sa.or_(changed, WATCHED.c.day != day.isoformat(), WATCHED.c.knowledge != knowledge)
    asked = (
        sa.select(
            table.c.id,
            version.label("version"),
            sa.case((changed, content), else_=None).label("source"),
            WATCHED.c.facts,
            WATCHED.c.day,
            WATCHED.c.knowledge,
            WATCHED.c.statuses,
        )
        .select_from(table.outerjoin(WATCHED, WATCHED.c.subject == subject))
        .where(stale, table.c.id > after)
        .order_by(table.c.id)
        .limit(limit)
    )
    if kind == DOSSIER:
        asked = asked.where(DOSSIERS.c.archived == sa.false())
    if only is not None:
        asked = asked.where(table.c.id == only)
    return [
        Pending(f"{kind}/{row.id}", row.version, row.source, row.facts, row.day, row.knowledge, row.statuses)
        for row in connection.execute(asked)
    ]


def orders(connection: sa.Connection, versions: Sequence[str]) -> dict[str, list[str]]:
    """For each version of the knowledge the norms in the order of its rows."""
    asked = sa.select(WATCH_ORDERS.c.knowledge, WATCH_ORDERS.c.norms).where(WATCH_ORDERS.c.knowledge.in_(versions))
    return {row.knowledge: json.loads(row.norms) for row in connection.execute(asked)}


def keep_order(connection: sa.Connection, knowledge: str, norms: Sequence[str]) -> None:
    """The order of the norms of this version is known."""
    if not orders(connection, [knowledge]):
        connection.execute(WATCH_ORDERS.insert(), {"knowledge": knowledge, "norms": json.dumps(list(norms))})


def keep(connection: sa.Connection, rows: Sequence[Mapping[str, Any]], fresh: Sequence[bool]) -> None:
    """The verdicts are kept, each in place of the earlier ones of its subject."""
    inserted = [row for row, new in zip(rows, fresh, strict=True) if new]
    updated = [{f"new_{name}": value for name, value in row.items()} for row, new in zip(rows, fresh, strict=True) if not new]
    if inserted:
        connection.execute(WATCHED.insert(), inserted)
    if updated:
        columns = [column.name for column in WATCHED.c if column.name != "subject"]
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in columns}
        connection.execute(WATCHED.update().where(WATCHED.c.subject == sa.bindparam("new_subject")).values(values), updated)


def forget_removed(connection: sa.Connection) -> int:
    """How many subjects are no longer watched because they are gone or archived."""
    there = sa.union_all(
        sa.select(sa.literal(f"{DOSSIER}/") + DOSSIERS.c.id).where(DOSSIERS.c.archived == sa.false()),
        sa.select(sa.literal(f"{DEPLOYMENT}/") + DEPLOYMENTS.c.id),
    )
    return connection.execute(WATCHED.delete().where(WATCHED.c.subject.not_in(there))).rowcount


def last_notice(connection: sa.Connection) -> int:
    """The number of the last notice; 0 where there is none."""
    return int(connection.execute(sa.select(sa.func.max(WATCH_NOTICES.c.seq))).scalar() or 0)


def add_notices(connection: sa.Connection, notices: Sequence[Notice]) -> None:
    """The notices are kept."""
    rows = [
        {
            "seq": one.seq,
            "at": moment(one.at),
            "subject": one.subject,
            "day": one.day.isoformat(),
            "knowledge_before": one.knowledge_before,
            "knowledge_after": one.knowledge_after,
            "content": orjson.dumps(content_of(one.facts, one.changes)).decode(),
        }
        for one in notices
    ]
    if rows:
        connection.execute(WATCH_NOTICES.insert(), rows)


def notices(
    connection: sa.Connection, *, subject: str | None = None, after: int = 0, limit: int = 100, newest: bool = False
) -> Iterator[Notice]:
    """Notices in their order behind ``after``, or the newest first."""
    table = WATCH_NOTICES.c
    asked = sa.select(WATCH_NOTICES).where(table.seq > after).order_by(table.seq.desc() if newest else table.seq).limit(limit)
    if subject is not None:
        asked = asked.where(table.subject == subject)
    for row in connection.execute(asked):
        facts, changes = parse_content(orjson.loads(row.content))
        at, day = parse_moment(row.at), date.fromisoformat(row.day)
        yield Notice(row.seq, at, row.subject, day, row.knowledge_before, row.knowledge_after, facts, changes)


def row_of(subject: str, version: int, facts: str, day: date, knowledge: str, statuses: bytes, at: datetime) -> dict[str, Any]:
    """One row of the table of verdicts."""
    return {
        "subject": subject,
        "version": version,
        "facts": facts,
        "day": day.isoformat(),
        "knowledge": knowledge,
        "statuses": statuses,
        "evaluated": moment(at),
    }


def made(
    seq: int,
    at: datetime,
    subject: str,
    day: date,
    versions: tuple[str, str],
    facts: Sequence[str],
    changes: Sequence[NormChange],
) -> Notice:
    """A notice of what changed."""
    return Notice(seq, at, subject, day, versions[0], versions[1], tuple(facts), tuple(changes))
