"""The trail as lines of JSON, one event each, in the one form that the standalone verifier reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from kg_service.audit.canonical import canonical
from kg_service.audit.canonical import parse as parse_json
from kg_service.audit.checkpoints import SecondPlace, stored
from kg_service.database.tables import AUDIT_EVENTS, AUDIT_NOTES
from kg_service.errors import DatabaseError

WITHHELD: Final = None
PAGE: Final = 1_000


def lines(connection: sa.Connection, *, notes: bool = True) -> Iterator[bytes]:
    """Every event from the first to the last. A line is the event's content with its ``hash`` and its ``texts``.

    ``texts`` holds key and text of each note that was not erased; without ``notes`` it is null on every line.

    Raises:
        DatabaseError: where a row is no JSON at all; the trail cannot be exported then, and ``audit verify`` says more.
    """
    events, texts = AUDIT_EVENTS.c, AUDIT_NOTES.c
    after = 0
    while True:
        rows = connection.execute(
            sa.select(events.seq, events.content, events.hash).where(events.seq > after).order_by(events.seq).limit(PAGE)
        ).all()
        if not rows:
            return
        found: dict[int, dict[str, dict[str, str]]] = {}
        if notes:
            between = sa.select(texts.seq, texts.field, texts.key, texts.text).where(texts.seq.between(after + 1, rows[-1].seq))
            for note in connection.execute(between):
                found.setdefault(note.seq, {})[note.field] = {"key": note.key, "text": note.text}
        for row in rows:
            yield _line(row.seq, row.content, row.hash, found.get(row.seq, {}) if notes else WITHHELD)
        after = rows[-1].seq


def checkpoint_lines(connection: sa.Connection, second: SecondPlace) -> Iterator[bytes]:
    """Every checkpoint of the second place, and those of the database that are not there, in one file's worth of lines."""
    seen = set()
    for line in (*second.lines(), *stored(connection)):
        if line and line not in seen:
            seen.add(line)
            yield line + b"\n"


def _line(seq: int, content: str, digest: str, texts: Any) -> bytes:
    try:
        raw = parse_json(content)
    except (ValueError, RecursionError) as error:
        raise DatabaseError(f"event {seq} of the audit trail is damaged; 'sextant audit verify' says more.") from error
    return canonical(raw | {"hash": digest, "texts": texts}) + b"\n"
