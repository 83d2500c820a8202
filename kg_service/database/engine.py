"""A database that is open: transactions that read one state, and transactions that change it, one at a time.

SQLite: write-ahead log, ``synchronous=FULL``, so a change is on the disk when :meth:`Database.changing` ends. PostgreSQL: the
same through ``synchronous_commit``, and an advisory lock in place of SQLite's one writer. See ``docs/database.md``.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock, local
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc

from kg_service.database import schema
from kg_service.database.faults import translated
from kg_service.errors import DatabaseError, InputError, Problem

BUSY_SECONDS: Final = 15
ADVISORY: Final = 0x5E47A47  # the lock that every Sextant process on one PostgreSQL database takes to change anything
_CHANGING: Final = "sextant_changing"
_PRAGMAS: Final = ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON", "trusted_schema=OFF")


class Database:
    """Transactions on one database. Safe in threads; several processes may hold the same database."""

    def __init__(self, engine: sa.Engine, place: str, file: Path | None) -> None:
        self.engine, self.place, self.file = engine, place, file
        self._writers = Lock()  # threads of one process queue here: fairer than the database's own polling
        self._within = local()
        self._inode = _inode(file)

    @property
    def is_sqlite(self) -> bool:
        return self.file is not None

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction in which every statement sees the same state, whatever others write meanwhile.

        Raises:
            DatabaseError: where the database cannot be read; it says what to do.
        """
        with self._told(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """The one transaction that may write, over all processes; durable on leaving, undone where an error leaves it.

        Raises:
            DatabaseError: where the database cannot be written; then nothing was changed, or the message says otherwise.
        """
        if getattr(self._within, "changing", False):
            raise RuntimeError("one changing transaction inside another would wait for itself")
        with self._told(), self._writers, self.engine.connect() as connection:
            self._require_same_file()
            connection.execution_options(**{_CHANGING: True})
            self._within.changing = True
            try:
                with connection.begin():
                    if not self.is_sqlite:
                        connection.execute(sa.text("SET LOCAL synchronous_commit = on"))
                        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"))
                        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY})
                    yield connection
            finally:
                self._within.changing = False

    def forget_deleted(self) -> None:
        """What was deleted and committed is in no file of SQLite's any more, its log included, unless a reader still needs it.

        Deleted rows are overwritten with zeros (``secure_delete``); the log held them until it is taken in and cut off.
        """
        if self.is_sqlite:
            with self._told(), self.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """No connection is open any more."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except exc.SQLAlchemyError as error:
            told = translated(error, self.place)
            if told is None:
                raise
            raise told from error

    def _require_same_file(self) -> None:
        if _inode(self.file) != self._inode:
            told = f"the database {self.place} was removed or replaced while it was in use, so nothing is written; start again."
            raise DatabaseError(told)


def may_change(connection: sa.Connection) -> bool:
    """Whether ``connection`` is that of a :meth:`Database.changing` transaction."""
    return bool(connection.get_execution_options().get(_CHANGING)) and connection.in_transaction()


def sqlite_url(file: Path) -> str:
    """The URL of the SQLite database in ``file``."""
    return sa.URL.create("sqlite", database=str(file.absolute())).render_as_string()


def open_database(url: str, *, create: bool = True) -> Database:
    """The database at ``url`` with the newest schema; an empty or absent one is made where ``create``.

    Several processes may open it at once: one brings it to the schema, the others wait.

    Raises:
        InputError: where the URL is none of SQLite or PostgreSQL.
        DatabaseError: where it cannot be used, or a newer version wrote it.
    """
    parsed = _parsed(url)
    file = None
    if parsed.get_backend_name() == "sqlite":
        file = Path(str(parsed.database))
        _prepare(file, create)
        engine = _sqlite(parsed)
    else:
        engine = _postgresql(parsed)
    place = str(file) if file else parsed.set(username=None, password=None, query={}).render_as_string()
    opened = Database(engine, place, file)
    try:
        _bring_up(opened, create)
    except BaseException:
        opened.close()
        raise
    return opened


def _bring_up(opened: Database, create: bool) -> None:
    with opened.reading() as connection:
        found = schema.present(connection)
    schema.require_known(found, opened.place)
    if found == schema.head():
        return
    if found is None and not create:
        raise DatabaseError(f"there is no Sextant database at {opened.place}.")
    with opened.changing() as connection:
        found = schema.present(connection)  # another process may have been first
        schema.require_known(found, opened.place)
        if found != schema.head():
            schema.migrate(connection)


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        parsed = None
    if parsed is not None and parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    known = parsed is not None and parsed.drivername in ("sqlite", "postgresql+psycopg")
    if parsed is None or not known or not parsed.database or parsed.database.startswith((":", "file:")):
        told = "it must be 'postgresql+psycopg://user:password@host/database' or 'sqlite:////path/to/file'."
        raise InputError([Problem("SEXTANT_DATABASE", "bad-setting", told)])
    return parsed


def _prepare(file: Path, create: bool) -> None:
    """The file is there, and only its owner can read it (its log takes the same permissions)."""
    if file.exists():
        return
    if not create:
        raise DatabaseError(f"there is no database at {file}.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        told = f"the database {file} cannot be made: {error.strerror or error}; SEXTANT_DATA sets the place."
        raise DatabaseError(told) from error


def _sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url, pool_size=8, max_overflow=32, pool_timeout=BUSY_SECONDS, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def prepared(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins no transaction by itself: the next listener does
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    @event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        changing = connection.get_execution_options().get(_CHANGING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if changing else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """The write-ahead log is on. The first switch needs the file alone, and SQLite does not wait for that by itself."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        if time.monotonic() > until:
            raise sqlite3.OperationalError("database is locked")
        time.sleep(0.02)


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        return sa.create_engine(
            url,
            pool_size=8,
            max_overflow=16,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 10, "application_name": "sextant"},
        )
    except ImportError as error:
        told = "PostgreSQL needs the package psycopg: pip install 'sextant-kg[postgresql]'."
        raise DatabaseError(told) from error


def _inode(file: Path | None) -> tuple[int, int] | None:
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
