"""What ``sextant reevaluate`` and ``sextant notices`` do, on the database itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kg_service.audit.journal import Journal
from kg_service.audit.opening import open_journal, open_of
from kg_service.commands.session import Session, tell
from kg_service.dossiers.service import open_dossiers
from kg_service.model import Knowledge
from kg_service.watch import register
from kg_service.watch.model import Notice
from kg_service.watch.opening import open_watch
from kg_service.watch.views import notice_text, notice_title, notice_view


@dataclass(frozen=True, slots=True)
class Said:
    """What a command says, for people and for programs."""

    text: str
    view: dict[str, Any]


def reevaluated(session: Session, day: date | None) -> Said:
    """A round of today, kept; or the rehearsal of another day."""
    knowledge = session.knowledge
    with _journal(session) as journal:
        dossiers = open_dossiers(session.settings, journal.database, journal, session.evaluator)
        watching = open_watch(session.settings, journal, session.evaluator, dossiers)
        if day is not None:
            told = watching.watch.rehearsal(day)
            return _said(knowledge, told, f"Rehearsal of {day}; nothing is kept.\n", {"day": day.isoformat(), "kept": False})
        with journal.database.reading() as connection:
            last = register.last_notice(connection)
        found = watching.watch.round(watching.today(), tell)
        with journal.database.reading() as connection:
            told = list(register.notices(connection, after=last, limit=max(1, found.notices)))
        counts = f"{found.first:,} for the first time, {found.notices:,} with changes"
        head = f"{found.evaluated:,} evaluated for {found.day}, {counts}.\n"
        return _said(knowledge, told, head, {"day": found.day.isoformat(), "kept": True, "evaluated": found.evaluated})


def listed(session: Session, subject: str | None, after: int, limit: int) -> Said:
    """Notices that were kept."""
    with _journal(session) as journal, journal.database.reading() as connection:
        found = list(register.notices(connection, subject=subject, after=after, limit=limit))
    return _said(session.knowledge, found, "" if found else "Nothing has changed.\n", {})


def _said(knowledge: Knowledge, notices: Sequence[Notice], head: str, view: dict[str, Any]) -> Said:
    blocks = []
    for one in notices:
        facts = f"  facts changed: {', '.join(one.facts)}\n" if one.facts else ""
        lines = "".join(f"  - {line}\n" for line in notice_text(knowledge, one).splitlines())
        blocks.append(f"{one.at:%Y-%m-%d %H:%M} {notice_title(one)}\n{facts}{lines}")
    shown = [notice_view(knowledge, one) for one in notices]
    return Said(head + "\n".join(blocks), {**view, "knowledge_version": knowledge.version, "items": shown})


@contextlib.contextmanager
def _journal(session: Session) -> Iterator[Journal]:
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(open_of(session.settings)))
        yield stack.enter_context(contextlib.closing(open_journal(session.settings, database, session.knowledge.version)))
