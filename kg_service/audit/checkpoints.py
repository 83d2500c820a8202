"""Checkpoints: where the chain stood at a moment, signed, in the database and in a second place.

Someone who may write the database could cut off the end of the chain, or write a whole new one. Not unnoticed, as long as the
second place is out of reach, or the key is. A checkpoint goes to the second place first: what stands in the database stands
there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import sqlalchemy as sa

from kg_service.audit.canonical import canonical
from kg_service.audit.chain import moment
from kg_service.audit.keys import Signer, is_signed
from kg_service.database.engine import Database
from kg_service.database.tables import AUDIT_CHECKPOINTS
from kg_service.errors import DatabaseError

if sys.platform != "win32":
    import fcntl

FORMAT: Final = 1
_KEYS: Final = {"format", "seq", "count", "hash", "at", "key", "signature"}
_HEX: Final = {"hash": re.compile(r"[0-9a-f]{64}"), "key": re.compile(r"[0-9a-f]{16}"), "signature": re.compile(r"[0-9a-f]{128}")}
_MOST_LINE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain had ``count`` events, the last of them ``seq`` with ``hash``. ``key`` is the id of the key that signed."""

    seq: int
    hash: str
    at: str
    key: str
    signature: str

    def is_by(self, public: str) -> bool:
        """Whether the owner of ``public`` signed it."""
        return is_signed(public, canonical(_unsigned(self.seq, self.hash, self.at, self.key)), self.signature)

    def line(self) -> bytes:
        """Its one writing, without an end of line."""
        return canonical(_unsigned(self.seq, self.hash, self.at, self.key) | {"signature": self.signature})


def made(signer: Signer, seq: int, digest: str, at: datetime) -> Checkpoint:
    """A checkpoint of the chain at that event, signed."""
    content = _unsigned(seq, digest, moment(at), signer.id)
    return Checkpoint(seq, digest, content["at"], signer.id, signer.sign(canonical(content)))


def parse(line: bytes) -> Checkpoint:
    """The checkpoint that :meth:`Checkpoint.line` wrote.

    Raises:
        ValueError: where a single byte differs in form.
    """
    raw = json.loads(line)
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["format"] != FORMAT or raw["count"] != raw["seq"]:
        raise ValueError("it is no checkpoint of this format")
    if not all(isinstance(raw[name], str) and pattern.fullmatch(raw[name]) for name, pattern in _HEX.items()):
        raise ValueError("a hash, key or signature is not written as it should be")
    if type(raw["seq"]) is not int or not isinstance(raw["at"], str):
        raise ValueError("its number or its time is none")
    found = Checkpoint(raw["seq"], raw["hash"], raw["at"], raw["key"], raw["signature"])
    if found.line() != line:
        raise ValueError("it is not written in the one form")
    return found


class SecondPlace:
    """A file to which checkpoints are appended; each is on its disk once :meth:`append` returns."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def append(self, checkpoint: Checkpoint) -> None:
        """Raises ``DatabaseError`` where it cannot be written."""
        with self._told():
            handle = self._open()
            try:
                if sys.platform != "win32":
                    fcntl.flock(handle, fcntl.LOCK_EX)
                _drop_torn_line(handle)
                line = checkpoint.line() + b"\n"
                if os.write(handle, line) != len(line):
                    raise OSError(28, "No space left on device")
                os.fsync(handle)
            finally:
                os.close(handle)

    def require_writable(self) -> None:
        """Nothing, where checkpoints can be written there. Raises ``DatabaseError`` otherwise."""
        with self._told():
            os.close(self._open())

    def lines(self) -> Iterator[bytes]:
        """Every line, without its end; none where the file is absent. Raises ``DatabaseError``."""
        with self._told():
            if not self.file.exists():
                return
            with self.file.open("rb") as opened:
                while line := opened.readline(_MOST_LINE):
                    yield line.removesuffix(b"\n")

    def _open(self) -> int:
        fresh = not self.file.exists()
        if fresh:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.file, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        if fresh:
            folder = os.open(self.file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return handle

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = (
                f"checkpoints cannot be kept in {self.file}: {error.strerror or error}; SEXTANT_AUDIT_CHECKPOINTS sets the place."
            )
            raise DatabaseError(told) from error


class Place(Protocol):
    """Where checkpoints can be read."""

    def lines(self) -> Iterator[bytes]:
        """Every line, without its end."""


@dataclass(frozen=True)
class Places:
    """Several places, read as one: those of installations that share a database."""

    all: tuple[SecondPlace, ...]

    def lines(self) -> Iterator[bytes]:
        for place in self.all:
            yield from place.lines()


def keep(database: Database, second: SecondPlace, checkpoint: Checkpoint) -> None:
    """The checkpoint stands in the second place, then in the database. Raises ``DatabaseError``."""
    second.append(checkpoint)
    with database.changing() as connection:
        there = sa.select(AUDIT_CHECKPOINTS.c.seq).where(AUDIT_CHECKPOINTS.c.seq == checkpoint.seq)
        if connection.execute(there).first() is None:  # another process may have been first
            row = {"seq": checkpoint.seq, "content": checkpoint.line().decode()}
            connection.execute(AUDIT_CHECKPOINTS.insert(), row)


def stored(connection: sa.Connection) -> Iterator[bytes]:
    """The lines of the checkpoints that stand in the database, in order."""
    for row in connection.execute(sa.select(AUDIT_CHECKPOINTS.c.content).order_by(AUDIT_CHECKPOINTS.c.seq)):
        yield row.content.encode("utf-8", "surrogateescape")


def _drop_torn_line(handle: int) -> None:
    """A line that a crash of the machine left unfinished goes; it was in no database yet."""
    size = os.fstat(handle).st_size
    tail = os.pread(handle, _MOST_LINE, max(0, size - _MOST_LINE))
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(handle, size - len(tail) + tail.rfind(b"\n") + 1)


def _unsigned(seq: int, digest: str, at: str, key: str) -> dict[str, Any]:
    return {"format": FORMAT, "seq": seq, "count": seq, "hash": digest, "at": at, "key": key}
