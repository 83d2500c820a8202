"""The audit trail as the service writes it: an event and the change it tells of are committed together or not at all."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias

import sqlalchemy as sa

from kg_service.audit.canonical import canonical
from kg_service.audit.canonical import parse as parse_json
from kg_service.audit.chain import GENESIS, content_of, event_of, hash_of, moment, note_hash, parse_moment
from kg_service.audit.event import Draft, Event
from kg_service.database.engine import Database, may_change
from kg_service.database.tables import AUDIT_EVENTS, AUDIT_NOTES
from kg_service.errors import DatabaseError, InputError, NotFoundError, Problem, SextantError
from kg_service.people.model import Principal

_LOG: Final = logging.getLogger(__name__)
_ACTION: Final = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")
_FIELD: Final = re.compile(r"[\w./:-]{1,128}", re.ASCII)
_KEY_BYTES: Final = 32

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of the trail; ``seq`` is 0 and ``hash`` the genesis where there is none."""

    seq: int
    hash: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Versions:
    """What stands in every event: the knowledge and the code with which it happened."""

    knowledge: str
    code: str


class Beside(Protocol):
    """What runs beside a journal; see :mod:`kg_service.audit.keeper`."""

    def touched(self, seq: int) -> None:
        """An event was appended."""

    def note(self, actor: Principal, draft: Draft) -> bool:
        """Whether the reading will be written."""

    def close(self) -> None:
        """All is written, and nothing runs any more."""


class Journal:
    """Appends events to the chain. Safe in threads and, through :meth:`Database.changing`, in processes."""

    def __init__(self, database: Database, versions: Versions, clock: Clock = utc_now) -> None:
        self.database, self.versions, self.now = database, versions, clock
        self._beside: Beside | None = None

    def attach(self, beside: Beside) -> None:
        """Readings and checkpoints are the work of ``beside`` from now on."""
        self._beside = beside

    def close(self) -> None:
        """Every reading is written and the head has a checkpoint. The database stays open."""
        if self._beside is not None:
            self._beside.close()

    def append(self, connection: sa.Connection, actor: Principal, draft: Draft) -> Event:
        """The event stands in the chain as soon as the caller's ``changing()`` transaction is committed, and not otherwise.

        Raises:
            InputError: where the draft holds what cannot be written as JSON.
            DatabaseError: where it cannot be written; the caller's change must not be acknowledged then.
        """
        if not may_change(connection):
            raise RuntimeError("an event is appended inside a changing() transaction only")
        _check(draft)
        last = head(connection)
        now = self.now()
        behind = 0 if last.at is None else max(0, round((last.at - now).total_seconds() * 1000))
        keys = {field: secrets.token_hex(_KEY_BYTES) for field in draft.notes}
        event = Event(
            seq=last.seq + 1,
            at=now,
            actor=actor.id,
            action=draft.action,
            subject=draft.subject,
            before=draft.before,
            after=draft.after,
            inputs=dict(draft.inputs),
            note_hashes={field: note_hash(keys[field], text) for field, text in draft.notes.items()},
            knowledge_version=self.versions.knowledge,
            code_version=self.versions.code,
            previous=last.hash,
            hash="",
            clock_behind_ms=behind,
        )
        content = canonical(content_of(event), f"event {draft.action}")
        event = replace(event, hash=hash_of(content))
        connection.execute(AUDIT_EVENTS.insert(), row_of(event, content))
        if keys:
            notes = [{"seq": event.seq, "field": name, "key": keys[name], "text": text} for name, text in draft.notes.items()]
            connection.execute(AUDIT_NOTES.insert(), notes)
        if self._beside is not None:
            self._beside.touched(event.seq)
        return event

    def record(self, actor: Principal, draft: Draft) -> Event:
        """The event stands in the chain, durably, in a transaction of its own. Raises as :meth:`append`."""
        with self.database.changing() as connection:
            return self.append(connection, actor, draft)

    def note_reading(self, actor: Principal, draft: Draft) -> bool:
        """Whether the event of a reading (an assessment, an answer) will be written: in a group, a moment later, off the request.

        Never raises: a reading goes on where the trail cannot be written. What is missed is counted, logged, and told by an event
        of its own as soon as the trail can be written again. A killed process loses the readings of its last moment.
        """
        if self._beside is not None:
            return self._beside.note(actor, draft)
        try:
            self.record(actor, draft)
        except SextantError as error:
            _LOG.error("a reading is missing from the audit trail: %s", error)
            return False
        return True


def row_of(event: Event, content: bytes) -> dict[str, object]:
    """The row of ``event`` in the table: its canonical content, and the parts by which it is found."""
    return {
        "seq": event.seq,
        "at": moment(event.at),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "content": content.decode(),
        "hash": event.hash,
    }


def head(connection: sa.Connection) -> Head:
    """The last event."""
    table = AUDIT_EVENTS.c
    row = connection.execute(sa.select(table.seq, table.hash, table.at).order_by(table.seq.desc()).limit(1)).first()
    if row is None:
        return Head(0, GENESIS, None)
    try:
        return Head(row.seq, row.hash, parse_moment(row.at))
    except ValueError as error:
        raise _damaged(row.seq) from error


def get(connection: sa.Connection, seq: int) -> Event:
    """The event of that number.

    Raises:
        NotFoundError: where there is none.
    """
    found = next(events(connection, after=seq - 1, limit=1), None)
    if found is None or found.seq != seq:
        last = head(connection).seq
        raise NotFoundError("event", str(seq), [str(last)] if last else [])
    return found


def events(
    connection: sa.Connection,
    *,
    after: int = 0,
    limit: int | None = None,
    subject: str | None = None,
    action: str | None = None,
    actor: str | None = None,
    newest: bool = False,
) -> Iterator[Event]:
    """Events in the order of the chain, beginning behind ``after``; with words, those of that subject, action or person.

    With ``newest`` the order is the other way round.

    ``subject`` also finds what lies under it: ``dossier/a`` finds ``dossier/a/decision/2``.

    Raises:
        DatabaseError: where a row is damaged; ``sextant audit verify`` says more.
    """
    table = AUDIT_EVENTS.c
    asked = sa.select(table.seq, table.content, table.hash).where(table.seq > after)
    asked = asked.order_by(table.seq.desc() if newest else table.seq)
    if subject is not None:
        asked = asked.where(sa.or_(table.subject == subject, table.subject.startswith(f"{subject}/", autoescape=True)))
    if action is not None:
        asked = asked.where(table.action == action)
    if actor is not None:
        asked = asked.where(table.actor == actor)
    for row in connection.execute(asked if limit is None else asked.limit(limit)):
        try:
            yield event_of(parse_json(row.content), row.hash)
        except (ValueError, RecursionError) as error:
            raise _damaged(row.seq) from error


def _damaged(seq: int) -> DatabaseError:
    return DatabaseError(f"event {seq} of the audit trail is damaged; 'sextant audit verify' says more.")


def notes_of(connection: sa.Connection, seq: int) -> Mapping[str, str]:
    """The texts of the notes of an event that were not erased, by field."""
    table = AUDIT_NOTES.c
    rows = connection.execute(sa.select(table.field, table.text).where(table.seq == seq).order_by(table.field))
    return {row.field: row.text for row in rows}


def _check(draft: Draft) -> None:
    problems = []
    if not _ACTION.fullmatch(draft.action) or len(draft.action) > 64:
        problems.append(Problem("/action", "not-an-action", f"{draft.action[:80]!a} is no closed word with a dot."))
    if not draft.subject or len(draft.subject) > 400 or not draft.subject.isprintable():
        problems.append(Problem("/subject", "not-a-subject", "an event names its subject in 1 to 400 characters."))
    for field, text in draft.notes.items():
        if not _FIELD.fullmatch(field):
            problems.append(Problem("/notes", "not-a-field", f"{field[:80]!a} is no name of a field."))
        if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
            problems.append(Problem(f"/notes/{field}", "not-a-text", "it holds characters that no database keeps."))
    if problems:
        raise InputError(problems)
