"""What ``sextant backup`` and ``sextant restore`` do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from kg_service.audit.backup import restore_backup, write_backup
from kg_service.audit.journal import Journal, Versions
from kg_service.audit.opening import code_version, open_journal, second_place
from kg_service.commands.audit import opened
from kg_service.commands.session import Session
from kg_service.people.model import LOCAL
from kg_service.settings import Settings


def backup(settings: Settings, file: Path) -> str:
    """What was written, in words."""
    with opened(settings) as database:
        made = write_backup(database, second_place(settings), settings.data, file)
    told = f"{file}: {made.rows} rows and {made.files} files, {made.size} bytes\n"
    return f"{told}audit trail up to event {made.head.seq}, head {made.head.hash}\n"


def restore(session: Session, file: Path, *, force: bool) -> str:
    """What was put back, in words. What was there goes into a backup beside the data first."""
    told, second, data = "", second_place(session.settings), session.settings.data
    with opened(session.settings, create=True) as database:
        journal = Journal(database, Versions(session.knowledge.version, code_version()))
        if force:
            kept = data / f"restored-over-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.tar"
            write_backup(database, second, data, kept)
            told = f"what was there is kept in {kept}\n"
        done = restore_backup(journal, second, data, file, LOCAL, force=force)
        open_journal(session.settings, database, session.knowledge.version).close()  # names our key, makes a checkpoint
    told += f"{done.rows} rows and {done.files} files are back; audit trail up to event {done.head.seq}, head {done.head.hash}\n"
    return f"{told}event {done.event.seq} says so; a running service is best started anew\n"
