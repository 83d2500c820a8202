"""Whether the trail in the database is whole: every link, every note, every checkpoint. Reads only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from kg_service.audit.canonical import canonical
from kg_service.audit.canonical import parse as parse_json
from kg_service.audit.chain import CONTENT_KEYS, FORMAT, GENESIS, hash_of, note_hash, parse_moment
from kg_service.audit.checkpoints import Checkpoint, Place, parse, stored
from kg_service.audit.keys import key_id
from kg_service.database.tables import AUDIT_EVENTS, AUDIT_NOTES
from kg_service.errors import InputError

MOST_PROBLEMS: Final = 100
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with the trail; ``seq`` is the event, 0 where it is none."""

    seq: int
    why: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.why}" if self.seq else self.why


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. The trail is whole where there are no flaws; ``notes`` are what a reader should know besides."""

    events: int
    head: str
    checkpoints: int
    confirmed: int
    flaws: tuple[Flaw, ...]
    remarks: tuple[str, ...]


@dataclass
class _Walk:
    """What is known while going along the chain."""

    seq: int = 0
    previous: str = GENESIS
    hashes: dict[int, str] = field(default_factory=dict)
    keys: dict[str, tuple[str, int]] = field(default_factory=dict)  # introduced by the chain itself: id to key and event
    missing: dict[tuple[int, str], None] = field(default_factory=dict)  # notes without a text, until an erasure explains it
    flaws: list[Flaw] = field(default_factory=list)
    clock_jumps: int = 0

    def flaw(self, seq: int, why: str) -> None:
        if len(self.flaws) < MOST_PROBLEMS:
            self.flaws.append(Flaw(seq, why))


def verify(connection: sa.Connection, second: Place | None, trusted: Iterable[str] = ()) -> Verified:
    """The state of the trail, read in the one state that ``connection`` sees; the first flaw comes first.

    Args:
        second: where checkpoints stand besides the database; None leaves that comparison out.
        trusted: public keys whose checkpoints confirm, and which are looked for in ``second``. Without any, keys that the chain
            itself introduced are taken.
    """
    walk = _Walk()
    with _any_bytes(connection):
        return _verified(connection, second, trusted, walk)


def _verified(connection: sa.Connection, second: Place | None, trusted: Iterable[str], walk: _Walk) -> Verified:
    in_table = list(stored(connection))
    in_second = [line for line in second.lines() if line] if second is not None else None  # read after: it is never behind
    wanted = {found.seq for found in _parsed(in_table) + _parsed(in_second or [])}
    for row, texts in _rows(connection):
        _link(walk, row, texts)
        if row.seq in wanted:
            walk.hashes[row.seq] = row.hash
    for seq, name in walk.missing:
        walk.flaw(seq, f"the text of its note {name!r} is gone, and no event says that it was erased")
    orphans = sa.select(AUDIT_NOTES.c.seq).where(AUDIT_NOTES.c.seq.not_in(sa.select(AUDIT_EVENTS.c.seq))).limit(10)
    for row in connection.execute(orphans):
        walk.flaw(row.seq, "there is a note for it, and no such event")
    if connection.dialect.name == "sqlite":
        for (said,) in connection.exec_driver_sql("PRAGMA integrity_check(5)"):
            if said != "ok":
                walk.flaw(0, f"the file of the database is damaged: {str(said)[:120]!a}")
    keys = {key_id(public): (public, 0) for public in trusted}
    signed = _checkpoints(walk, walk.keys | keys, keys, in_table, in_second)
    remarks = []
    confirmed = max((seq for seq, by in signed.items() if not keys or by & keys.keys()), default=0)
    if signed and not confirmed:
        walk.flaw(0, "no checkpoint is signed with a key that you trust: the trail may have been written anew")
    if walk.seq > confirmed:
        remarks.append(f"{walk.seq - confirmed} events stand after the last checkpoint: a cut among them would not show")
    if walk.clock_jumps:
        remarks.append(f"the clock went back {walk.clock_jumps} times; the order is that of the numbers")
    if not keys:
        remarks.append("no key was given to trust: signatures were checked with the keys that the trail itself names")
    flaws = tuple(sorted(walk.flaws, key=lambda flaw: flaw.seq or 10**18))
    return Verified(walk.seq, walk.previous, len(signed), confirmed, flaws, tuple(remarks))


@contextlib.contextmanager
def _any_bytes(connection: sa.Connection) -> Iterator[None]:
    """Texts that are no UTF-8 come as text with marks in it, for a damaged row is to be named and not to end the reading."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def _rows(connection: sa.Connection) -> Iterator[tuple[Any, dict[str, tuple[str, str]]]]:
    events, texts = AUDIT_EVENTS.c, AUDIT_NOTES.c
    after: int | None = None
    while True:
        asked = sa.select(AUDIT_EVENTS).order_by(events.seq).limit(PAGE)
        rows = connection.execute(asked if after is None else asked.where(events.seq > after)).all()
        if not rows:
            return
        found: dict[int, dict[str, tuple[str, str]]] = {}
        for row in connection.execute(sa.select(AUDIT_NOTES).where(texts.seq.between(rows[0].seq, rows[-1].seq))):
            found.setdefault(row.seq, {})[row.field] = (row.key, row.text)
        for row in rows:
            yield row, found.get(row.seq, {})
        after = rows[-1].seq


def _link(walk: _Walk, row: Any, texts: Mapping[str, tuple[str, str]]) -> None:
    """One event: it follows the one before, its hash covers its content, its columns repeat it, its notes fit."""
    if row.seq != walk.seq + 1:
        walk.flaw(row.seq, f"it follows event {walk.seq}: events in between are gone, or this one was put in")
    walk.seq = row.seq
    content = _content(walk, row)
    if hash_of(row.content.encode("utf-8", "surrogateescape")) != row.hash:
        walk.flaw(row.seq, "its content does not fit its hash")
    if content is not None:
        if content["previous"] != walk.previous:
            walk.flaw(row.seq, "it does not hold the hash of the event before: one of the two was changed, moved or put in")
        repeated = (row.seq, row.at, row.actor, row.action, row.subject)
        if repeated != tuple(content[name] for name in ("seq", "at", "actor", "action", "subject")):
            walk.flaw(row.seq, "the columns beside its content say something else")
        walk.clock_jumps += content["clock_behind_ms"] > 0
        _notes(walk, row.seq, content, texts)
        _learn(walk, content)
    walk.previous = row.hash


def _content(walk: _Walk, row: Any) -> dict[str, Any] | None:
    try:
        return _parse_content(row.content)
    except (ValueError, TypeError, RecursionError, InputError) as error:
        walk.flaw(row.seq, f"its content cannot be read: {str(error)[:120]}")
        return None


def _parse_content(text: str) -> dict[str, Any]:
    content = parse_json(text)
    if not isinstance(content, dict) or set(content) != CONTENT_KEYS or content["format"] != FORMAT:
        raise ValueError("it is no event of this format")
    if type(content["clock_behind_ms"]) is not int or not isinstance(content["notes"], dict):
        raise ValueError("it is no event of this format")
    parse_moment(content["at"])
    if canonical(content) != text.encode():
        raise ValueError("it is not written in the one canonical form")
    return content


def _notes(walk: _Walk, seq: int, content: Mapping[str, Any], texts: Mapping[str, tuple[str, str]]) -> None:
    for name, chained in content["notes"].items():
        if name not in texts:
            walk.missing[seq, name] = None
            continue
        key, text = texts[name]
        try:
            fits = note_hash(key, text) == chained
        except (ValueError, UnicodeEncodeError):
            fits = False
        if not fits or key != key.lower():
            walk.flaw(seq, f"the text of its note {name!r} does not fit the hash in the chain")
    for name in texts.keys() - content["notes"].keys():
        walk.flaw(seq, f"there is a note {name!r} that the chain does not know")


def _learn(walk: _Walk, content: Mapping[str, Any]) -> None:
    """What an event says about the trail itself: a key, an erasure."""
    after = content["after"]
    if not isinstance(after, dict):
        return
    if content["action"] == "key.introduced" and isinstance(after.get("public"), str):
        try:
            walk.keys.setdefault(key_id(after["public"]), (after["public"], content["seq"]))
        except ValueError:
            walk.flaw(content["seq"], "the key that it introduces is none")
    if content["action"] == "note.erased" and isinstance(after.get("fields"), list):
        for name in after["fields"]:
            if isinstance(name, str):
                walk.missing.pop((after.get("seq", 0), name), None)


def _parsed(lines: Iterable[bytes]) -> list[Checkpoint]:
    found = []
    for line in lines:
        try:
            found.append(parse(line))
        except (ValueError, RecursionError, InputError):
            continue  # told where the checkpoints are looked at
    return found


def _checkpoints(
    walk: _Walk,
    keys: Mapping[str, tuple[str, int]],
    ours: Mapping[str, object],
    in_table: list[bytes],
    in_second: list[bytes] | None,
) -> dict[int, set[str]]:
    """The numbers that good checkpoints confirm, with the ids of the keys that signed; each bad one is a flaw."""
    good: dict[int, set[str]] = {}
    places = {"in the database": in_table} | ({} if in_second is None else {"in the second place": in_second})
    for place, lines in places.items():
        for number, line in enumerate(lines, 1):
            why = _wrong(walk, keys, line, good)
            if why:
                walk.flaw(0, f"checkpoint {number} {place}: {why}")
    if in_second is not None:  # an installation of another key has a second place of its own
        there = set(in_second)
        for line in [line for line in in_table if line not in there and (not ours or _key(line) in ours)]:
            walk.flaw(0, f"a checkpoint in the database is not in the second place: {line[:80].decode(errors='replace')}...")
    return good


def _key(line: bytes) -> str | None:
    found = _parsed([line])
    return found[0].key if found else None


def _wrong(walk: _Walk, keys: Mapping[str, tuple[str, int]], line: bytes, good: dict[int, set[str]]) -> str | None:
    try:
        checkpoint = parse(line)
    except (ValueError, RecursionError, InputError) as error:
        return f"it cannot be read: {str(error)[:120]}"
    public, since = keys.get(checkpoint.key, ("", 0))
    if not public:
        return f"it is signed with the key {checkpoint.key}, which nobody introduced"
    if since > checkpoint.seq or not checkpoint.is_by(public):
        return "its signature is wrong"
    if checkpoint.seq > walk.seq:
        return f"it saw {checkpoint.seq} events, and there are {walk.seq}: the end was cut off"
    if walk.hashes.get(checkpoint.seq) != checkpoint.hash:
        return f"it saw another event {checkpoint.seq}: the trail was written anew"
    good.setdefault(checkpoint.seq, set()).add(checkpoint.key)
    return None
