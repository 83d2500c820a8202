"""Takes personal free text out of the trail for good. The chain stays whole, for it holds only the text's keyed hash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import sqlalchemy as sa

from kg_service.audit.event import Draft, Event
from kg_service.audit.journal import Journal, get, notes_of
from kg_service.database.tables import AUDIT_NOTES
from kg_service.errors import InputError, NotFoundError, Problem, nearest
from kg_service.people.model import Principal

Elsewhere: TypeAlias = Callable[[sa.Connection, str, frozenset[str]], None]
ERASED: Final = "note.erased"
ERASED_TEXT: Final = "[erased]"  # what stands elsewhere in its place
MOST_REASON: Final = 2_000


def erase(
    journal: Journal, actor: Principal, seq: int, fields: Sequence[str], reason: str, elsewhere: Elsewhere | None = None
) -> Event:
    """The notes of event ``seq`` (all, where no field is named) and their keys are gone, and an event says so and why.

    A hash of others (``/pilots/p1/hash``) goes with any of them: a guess could be tested against it. ``elsewhere`` takes the same
    texts out of where else they stand, in the same transaction.

    On SQLite nothing of the text is left in the file or its log. On PostgreSQL the server reuses the space at its next vacuum.
    Backups made before keep it.

    Raises:
        NotFoundError: where there is no such event, or no such note of it that is not erased yet.
        InputError: where no reason is given.
    """
    why = reason.strip()
    if not why or len(why) > MOST_REASON:
        told = f"an erasure needs a reason of 1 to {MOST_REASON} characters."
        raise InputError([Problem("/reason", "missing-reason", told)])
    table = AUDIT_NOTES.c
    with journal.database.changing() as connection:
        subject = get(connection, seq).subject
        texts = notes_of(connection, seq)
        there = list(texts)
        for name in fields:
            if name not in there:
                raise NotFoundError(f"note of event {seq}", name[:100], nearest(name, there) or tuple(there[:3]))
        gone = sorted({*fields, *_hashes_of(fields, there)}) or there
        if not gone:
            raise NotFoundError("note of event", str(seq))
        connection.execute(AUDIT_NOTES.delete().where(table.seq == seq, table.field.in_(gone)))
        if elsewhere is not None:
            elsewhere(connection, subject, frozenset(texts[name] for name in gone))
        draft = Draft(ERASED, f"event/{seq}", after={"seq": seq, "fields": gone}, notes={"reason": why})
        event = journal.append(connection, actor, draft)
    journal.database.forget_deleted()
    return event


def _hashes_of(fields: Iterable[str], there: Iterable[str]) -> set[str]:
    """The notes that are hashes of what those fields belong to."""
    parents = {name.rpartition("/")[0] for name in fields if "/" in name}
    return {name for name in there if name.endswith("/hash") and name.removesuffix("/hash") in parents}
