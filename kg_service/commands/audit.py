"""What ``sextant audit`` does: the database is opened directly, so it works beside a running service and without one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kg_service.audit.assessments import Replayed
from kg_service.audit.assessments import replay as replayed
from kg_service.audit.checkpoints import Places, SecondPlace
from kg_service.audit.elsewhere import everywhere
from kg_service.audit.erasing import erase as erased
from kg_service.audit.event import Event
from kg_service.audit.export import checkpoint_lines, lines
from kg_service.audit.journal import Journal, events, get, head, notes_of
from kg_service.audit.keys import PUBLIC_FILE, open_signer, read_public
from kg_service.audit.opening import code_version, open_journal, open_of, second_place
from kg_service.audit.verify import Verified
from kg_service.audit.verify import verify as verified
from kg_service.audit.views import event_view
from kg_service.commands.output import write_lines
from kg_service.commands.session import Session
from kg_service.database.engine import Database
from kg_service.errors import InputError, Problem
from kg_service.people.model import LOCAL
from kg_service.settings import Settings


@contextlib.contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """The database of this installation, closed afterwards."""
    database = open_of(settings, create=create)
    try:
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def journal_of(session: Session) -> Iterator[Journal]:
    """The journal, for a command that changes something; what it wrote has a checkpoint afterwards."""
    with opened(session.settings, create=True) as database:
        journal = open_journal(session.settings, database, session.knowledge.version)
        try:
            yield journal
        finally:
            journal.close()


def check(settings: Settings, keys: Sequence[Path], checkpoints: Sequence[Path]) -> Verified:
    """What the verifier finds. Without a key the one of this installation is trusted, where it has one."""
    trusted = [read_public(file) for file in keys]
    own = settings.data / PUBLIC_FILE
    if not keys and own.is_file():
        trusted = [read_public(own)]
    second = Places(tuple(map(SecondPlace, checkpoints)) or (second_place(settings),))
    with opened(settings) as database, database.reading() as connection:
        return verified(connection, second, trusted)


def verified_text(found: Verified) -> str:
    """The finding as a person reads it."""
    told = [f"{found.events} events, confirmed by checkpoints up to event {found.confirmed}", f"head {found.head}"]
    told += [f"note: {remark}" for remark in found.remarks]
    told += [f"WRONG: {flaw}" for flaw in found.flaws]
    told.append("The trail is NOT whole." if found.flaws else "The trail is whole.")
    return "\n".join(told) + "\n"


def listed(
    settings: Settings, *, after: int, limit: int, subject: str | None = None, action: str | None = None, actor: str | None = None
) -> list[Event]:
    """Events in order, at most ``limit``; where ``after`` is negative, the last ones."""
    newest = after < 0
    with opened(settings) as database, database.reading() as connection:
        found = list(
            events(connection, after=max(after, 0), limit=limit, subject=subject, action=action, actor=actor, newest=newest)
        )
    return found[::-1] if newest else found


def shown(settings: Settings, seq: int) -> dict[str, Any]:
    """One event with the texts of its notes."""
    with opened(settings) as database, database.reading() as connection:
        return event_view(get(connection, seq), notes_of(connection, seq))


def listing_text(found: Sequence[Event]) -> str:
    """A line for each event."""
    return "".join(f"{one.seq:>7}  {local(one.at)}  {one.actor:<16}  {one.action:<22}  {one.subject}\n" for one in found)


def local(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")


def shown_text(view: dict[str, Any]) -> str:
    """An event as a person reads it."""
    return "".join(
        f"{name}: {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False, indent=2)}\n"
        for name, value in view.items()
    )


def export(settings: Settings, output: Path | None, checkpoints: Path | None, *, notes: bool) -> int:
    """How many events were written to ``output``, or to standard output; and the checkpoints to theirs."""
    with opened(settings) as database, database.reading() as connection:
        count = head(connection).seq
        write_lines(lines(connection, notes=notes), output)
        if checkpoints is not None:
            write_lines(checkpoint_lines(connection, second_place(settings)), checkpoints)
    return count


def public_key(settings: Settings) -> str:
    """The public key of this installation."""
    return f"{open_signer(settings.data).public}\n"


def verifier() -> str:
    """The text of the verifier that stands alone."""
    from importlib.resources import files

    return (files("kg_service.audit") / "standalone.py").read_text(encoding="utf-8")


def erase(session: Session, seq: int, fields: Sequence[str], reason: str) -> Event:
    """The event that tells of the erasure."""
    with journal_of(session) as journal:
        return erased(journal, LOCAL, seq, fields, reason, everywhere(session.settings.data))


def replay(session: Session, seq: int) -> Replayed:
    """The past assessment, run again."""
    with opened(session.settings) as database, database.reading() as connection:
        event = get(connection, seq)
    return replayed(session.evaluator, event, code_version())


def replayed_text(seq: int, found: Replayed) -> str:
    """What came of a replay, and what differs besides."""
    told = [f"event {seq}: verdicts {'the same' if found.same_verdicts else 'DIFFERENT'}"]
    if found.same_body is not None:
        told.append(f"answer: {len(found.body)} bytes, {'the same bytes' if found.same_body else 'DIFFERENT bytes'}")
    else:
        told.append("answer: it had quotes of loaded texts, so its bytes are not compared")
    if found.knowledge_then != found.knowledge_now:
        told.append(f"note: it rested on knowledge {found.knowledge_then[:12]}, this is {found.knowledge_now[:12]}")
        told.append("      with --root and the files of that version it can be compared")
    if found.code_then != found.code_now:
        told.append(f"note: it was computed by {found.code_then}, this is {found.code_now}")
    return "\n".join(told) + "\n"


def parse_seq(text: str) -> int:
    """The number of an event.

    Raises:
        InputError: where it is none.
    """
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 16 and int(text)):
        raise InputError([Problem("SEQ", "not-a-number", f"{text[:40]!a} is no number of an event: 1, 2, 3 ...")])
    return int(text)
