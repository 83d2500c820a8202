"""Changes that someone with the files might make to an audit trail, and whether the two verifiers see each of them."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from kg_service.audit import standalone
from kg_service.audit.checkpoints import SecondPlace
from kg_service.audit.event import Draft
from kg_service.audit.export import checkpoint_lines, lines
from kg_service.audit.keys import open_signer
from kg_service.audit.opening import open_journal, open_of
from kg_service.audit.verify import verify
from kg_service.database.engine import open_database, sqlite_url
from kg_service.errors import DatabaseError
from kg_service.people.model import LOCAL
from kg_service.settings import Settings

Change: TypeAlias = Callable[[sqlite3.Connection], object]
COLUMNS = ("at", "actor", "action", "subject", "content", "hash")


@dataclass
class Tally:
    """How many changes of one kind were made, and how many each verifier saw."""

    made: int = 0
    seen: dict[str, int] = field(default_factory=lambda: {"ours": 0, "standalone": 0})
    missed: list[str] = field(default_factory=list)

    def add(self, verifier: str, *, seen: bool, what: str) -> None:
        self.seen[verifier] += seen
        if not seen:
            self.missed.append(f"{verifier}: {what}")


@dataclass(frozen=True)
class Trail:
    """A trail to tamper with: the database's file, the second place, the export, and the key that was told otherwise."""

    folder: Path
    key: str
    events: list[bytes]
    checkpoints: list[bytes]


def make(folder: Path, count: int) -> Trail:
    """A trail of ``count`` events with notes, checkpoints along the way and one at the end."""
    settings = Settings(data=folder)
    database = open_of(settings)
    rest = count
    while rest:
        journal = open_journal(settings, database, "f" * 64)  # each closing makes a checkpoint
        for number in range(min(rest, max(1, count // 8))):
            after = {"number": number, "ratio": number / 7, "words": ["größer", "\u0007", None, True, {"é": 1e21}]}
            notes = {"why": f"because of {number}"} if number % 3 == 0 else {}
            journal.record(LOCAL, Draft("thing.changed", f"thing/{number % 5}", {"number": number - 1}, after, notes=notes))
            rest -= 1
        journal.close()
    with database.reading() as connection:
        events = list(lines(connection))
        checkpoints = list(checkpoint_lines(connection, SecondPlace(folder / "checkpoints.jsonl")))
    database.forget_deleted()
    database.close()
    return Trail(folder, open_signer(folder).public, events, checkpoints)


def is_whole_standalone(trail: Trail, events: list[bytes], checkpoints: list[bytes]) -> bool:
    return not standalone.verify(events, checkpoints, [trail.key])[2]


def is_whole_ours(trail: Trail, change: Callable[[sqlite3.Connection], object], scratch: Path) -> bool:
    """Whether our verifier calls the trail whole after ``change``, made on a copy of the database."""
    copied(trail, scratch)
    with closing(sqlite3.connect(scratch / "sextant.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        change(connection)
        connection.commit()
    return verified(trail, scratch)


def copied(trail: Trail, scratch: Path) -> None:
    for old in scratch.iterdir():
        old.unlink()
    for name in ("sextant.db", "checkpoints.jsonl"):
        shutil.copy(trail.folder / name, scratch / name)


def verified(trail: Trail, scratch: Path) -> bool:
    """Whether our verifier calls what lies in ``scratch`` whole; a database that cannot be read is not."""
    try:
        database = open_database(sqlite_url(scratch / "sextant.db"))
        try:
            with database.reading() as connection:
                return not verify(connection, SecondPlace(scratch / "checkpoints.jsonl"), [trail.key]).flaws
        finally:
            database.close()
    except DatabaseError:
        return False


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def flips(trail: Trail, random_: random.Random, count: int, scratch: Path) -> Tally:
    """One bit of the exported trail or of the checkpoints; one bit of a value in the database or of the second place."""
    tally = Tally()
    for _ in range(count):
        tally.made += 1
        files = {"trail": b"".join(trail.events), "checkpoints": b"".join(trail.checkpoints)}
        name = "checkpoints" if random_.random() < 0.1 else "trail"
        bit = random_.randrange(len(files[name]) * 8)
        files[name] = flipped(files[name], bit)
        split = {key: _lines(content) for key, content in files.items()}
        whole = is_whole_standalone(trail, split["trail"], split["checkpoints"])
        tally.add("standalone", seen=not whole, what=f"bit {bit} of {name}")
        table, column, row = _value(trail, random_)
        place = random_.random()

        def flip(
            connection: sqlite3.Connection, table: str = table, column: str = column, row: int = row, at: float = place
        ) -> None:
            raw = connection.execute(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE rowid = ?", (row,)).fetchone()[0]  # noqa: S608
            changed = flipped(raw, int(at * len(raw) * 8))
            connection.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE rowid = ?", (changed, row))  # noqa: S608

        tally.add("ours", seen=not is_whole_ours(trail, flip, scratch), what=f"{table}.{column} of row {row} at {place}")
    return tally


def _flip(connection: sqlite3.Connection, *, table: str, column: str, row: int, place: float) -> None:
    raw = connection.execute(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE rowid = ?", (row,)).fetchone()[0]  # noqa: S608
    changed = flipped(raw, int(place * len(raw) * 8))
    connection.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE rowid = ?", (changed, row))  # noqa: S608


def _lines(content: bytes) -> list[bytes]:
    return [line + b"\n" for line in content.split(b"\n")[:-1]] + ([content.split(b"\n")[-1]] if content[-1:] != b"\n" else [])


def _value(trail: Trail, random_: random.Random) -> tuple[str, str, int]:
    with closing(sqlite3.connect(trail.folder / "sextant.db")) as connection:
        tables = {"audit_events": COLUMNS, "audit_notes": ("field", "key", "text"), "audit_checkpoints": ("content",)}
        table = random_.choices(list(tables), [8, 1, 1])[0]
        rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table}")]  # noqa: S608
    return table, random_.choice(tables[table]), random_.choice(rows)


def raw_flips(trail: Trail, random_: random.Random, count: int, scratch: Path) -> tuple[Tally, int]:
    """One bit of the database's file itself; and how many of them changed nothing that is stored (unused space)."""
    tally, harmless = Tally(), 0
    before = _stored(trail.folder / "sextant.db")
    for _ in range(count):
        copied(trail, scratch)
        file = scratch / "sextant.db"
        content = file.read_bytes()
        bit = random_.randrange(len(content) * 8)
        file.write_bytes(flipped(content, bit))
        seen = not verified(trail, scratch)
        if not seen and _stored(file) == before:
            harmless += 1
            continue
        tally.made += 1
        tally.add("ours", seen=seen, what=f"bit {bit} of the file")
    return tally, harmless


def _stored(file: Path) -> list[Any]:
    try:
        with closing(sqlite3.connect(file)) as connection:
            tables = ("audit_events", "audit_notes", "audit_checkpoints")
            return [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]  # noqa: S608
    except sqlite3.DatabaseError:
        return []


def rearrangements(trail: Trail, random_: random.Random, count: int, scratch: Path) -> dict[str, Tally]:
    """Events taken out, put in (a copy, or one with a hash of its own that fits) and exchanged."""
    tallies = {"deletions": Tally(), "insertions": Tally(), "reorderings": Tally()}
    size = len(trail.events)
    for _ in range(count):
        one, other = random_.sample(range(1, size + 1), 2)
        for kind, (events, change) in _changes(trail, one, other).items():
            tallies[kind].made += 1
            what = f"{kind} {one} {other}"
            tallies[kind].add("standalone", seen=not is_whole_standalone(trail, events, trail.checkpoints), what=what)
            tallies[kind].add("ours", seen=not is_whole_ours(trail, change, scratch), what=what)
    return tallies


def _changes(trail: Trail, one: int, other: int) -> dict[str, tuple[list[bytes], Change]]:
    events, size = trail.events, len(trail.events)
    exchanged = list(events)
    exchanged[one - 1], exchanged[other - 1] = events[other - 1], events[one - 1]

    def delete(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM audit_notes WHERE seq = ?", (one,))
        connection.execute("DELETE FROM audit_events WHERE seq = ?", (one,))
        if other % 2:  # the careful one closes the gap
            connection.execute("UPDATE audit_events SET seq = -seq WHERE seq > ?", (one,))
            connection.execute("UPDATE audit_events SET seq = -seq - 1 WHERE seq < 0")

    def insert(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE audit_events SET seq = -seq WHERE seq >= ?", (one,))
        connection.execute("UPDATE audit_events SET seq = -seq + 1 WHERE seq < 0")
        source = other if other < one else other + 1
        copy = "INSERT INTO audit_events SELECT ?, at, actor, action, subject, content, hash FROM audit_events WHERE seq = ?"
        connection.execute(copy, (one, source))

    def exchange(connection: sqlite3.Connection) -> None:
        for old, new in ((one, -1), (other, one), (-1, other)):
            connection.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (new, old))

    assert size >= max(one, other)
    return {
        "deletions": (events[: one - 1] + events[one:], delete),
        "insertions": ([*events[: one - 1], events[other - 1], *events[one - 1 :]], insert),
        "reorderings": (exchanged, exchange),
    }


def cuts(trail: Trail, random_: random.Random, count: int, scratch: Path) -> Tally:
    """The end cut off: of the events, with their notes and the database's own checkpoints; the second place is out of reach."""
    tally = Tally()
    size = len(trail.events)
    for number in range(count):
        gone = 1 if number == 0 else random_.randrange(1, size)
        tally.made += 1

        def cut(connection: sqlite3.Connection, left: int = size - gone) -> None:
            for table in ("audit_notes", "audit_checkpoints", "audit_events"):
                connection.execute(f"DELETE FROM {table} WHERE seq > ?", (left,))  # noqa: S608

        what = f"the last {gone}"
        tally.add("standalone", seen=not is_whole_standalone(trail, trail.events[:-gone], trail.checkpoints), what=what)
        tally.add("ours", seen=not is_whole_ours(trail, cut, scratch), what=what)
    return tally
