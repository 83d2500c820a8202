"""The database: one state to read, one writer at a time, nothing half done, errors that say what to do; SQLite and PostgreSQL."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from kg_service.audit.event import Draft
from kg_service.audit.journal import Journal, Versions, events, head
from kg_service.database import schema
from kg_service.database.engine import Database, open_database, sqlite_url
from kg_service.database.tables import METADATA
from kg_service.errors import DatabaseError, InputError, StoreError
from kg_service.people.model import LOCAL

NUMBERS = sa.table("numbers", sa.column("n", sa.Integer))
WRITER = """
import sys
from kg_service.audit.event import Draft
from kg_service.audit.journal import Journal, Versions
from kg_service.database.engine import open_database
from kg_service.people.model import LOCAL
journal = Journal(open_database(sys.argv[1]), Versions("k", "c"))
for number in range(int(sys.argv[2])):
    journal.record(LOCAL, Draft("thing.changed", f"thing/{number}"))
"""


@pytest.fixture
def numbers(database: Database) -> Database:
    """A database with one table of one column, holding the number 1."""
    with database.changing() as connection:
        connection.execute(sa.text("CREATE TABLE numbers (n INTEGER NOT NULL)"))
        connection.execute(NUMBERS.insert(), {"n": 1})
    return database


def total(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.sum(NUMBERS.c.n))).scalar_one())


def test_change_is_seen_after_leaving(numbers: Database) -> None:
    """What a changing transaction wrote is there for whoever reads next."""
    with numbers.changing() as connection:
        connection.execute(NUMBERS.insert(), {"n": 2})
    assert total(numbers) == 3


def test_error_undoes_everything(numbers: Database) -> None:
    """An error inside the transaction, also after a table was made, leaves nothing of it."""

    def half_of_it() -> None:
        with numbers.changing() as connection:
            connection.execute(NUMBERS.insert(), {"n": 2})
            connection.execute(sa.text("CREATE TABLE more (n INTEGER)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_of_it()
    assert total(numbers) == 1
    with numbers.reading() as connection:
        assert not sa.inspect(connection).has_table("more")


def test_reader_sees_one_state(numbers: Database) -> None:
    """A change committed while a reader is at work is not seen by that reader."""
    count = sa.select(sa.func.count()).select_from(NUMBERS)
    with numbers.reading() as reader:
        before = reader.execute(count).scalar_one()
        with numbers.changing() as writer:
            writer.execute(NUMBERS.insert(), {"n": 2})
        assert reader.execute(count).scalar_one() == before == 1
    assert total(numbers) == 3


def test_no_update_is_lost_among_threads(numbers: Database) -> None:
    """Twenty threads that read a number and write the next one end twenty higher: reading and writing are one step."""

    def count_up(_: int) -> None:
        with numbers.changing() as connection:
            n = connection.execute(sa.select(NUMBERS.c.n)).scalar_one()
            connection.execute(NUMBERS.update().values(n=n + 1))

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(count_up, range(20)))
    assert total(numbers) == 21


def test_processes_append_to_one_chain(database_url: str) -> None:
    """Three processes open an empty database at once and append: one schema, no gap, each event holds the one before."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, database_url, "15"]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    opened = open_database(database_url)
    with opened.reading() as connection:
        chain = list(events(connection))
    opened.close()
    assert [event.seq for event in chain] == list(range(1, 46))
    assert [event.previous for event in chain[1:]] == [event.hash for event in chain[:-1]]


def test_changing_inside_changing_is_a_bug(numbers: Database) -> None:
    """It would wait for itself for ever, so it is refused at once, and the outer one can go on."""
    with numbers.changing() as connection:
        with pytest.raises(RuntimeError), numbers.changing():
            pass
        connection.execute(NUMBERS.insert(), {"n": 5})
    assert total(numbers) == 6


def test_migrations_make_the_tables(database: Database) -> None:
    """The steps lead to exactly the tables that the code has."""
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_migrations_are_one_line() -> None:
    """Each step has one predecessor, is numbered after it, and the last is the head that is known without Alembic."""
    configuration = Config()
    configuration.set_main_option("script_location", "kg_service.database:migrations")
    configuration.set_main_option("path_separator", "os")
    steps = list(ScriptDirectory.from_config(configuration).walk_revisions())[::-1]
    numbered = [f"{number:04}" for number in range(1, len(steps) + 1)]
    assert [step.revision for step in steps] == numbered
    assert [step.down_revision for step in steps] == [None, *numbered[:-1]]
    assert schema.head() == numbered[-1]


def test_newer_schema_is_refused(database: Database, database_url: str) -> None:
    """A database that a newer version wrote is not touched, and the message says what to install."""
    with database.changing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"schema 9999.*newer Sextant.*Install"):
        open_database(database_url)


def test_absent_database_is_not_made_where_it_should_be_there(tmp_path: Path) -> None:
    """Who only reads makes no file."""
    with pytest.raises(DatabaseError, match="there is no database"):
        open_database(sqlite_url(tmp_path / "none.db"), create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://h", "x y", "sqlite:///file:a"]
)
def test_other_urls_are_refused(url: str) -> None:
    """What is neither SQLite nor PostgreSQL is told by the setting's name."""
    with pytest.raises(InputError, match="SEXTANT_DATABASE"):
        open_database(url)


def test_password_stands_in_no_message() -> None:
    """A server that cannot be reached is named without user and password."""
    with pytest.raises(DatabaseError) as caught:
        open_database("postgresql+psycopg://someone:s3cret@127.0.0.1:9/sextant")
    told = str(caught.value)
    assert "127.0.0.1:9/sextant" in told
    assert "s3cret" not in told


def test_wrong_name_of_a_database_is_told(postgresql: str) -> None:
    """The server's refusal is turned into what to do."""
    url = sa.make_url(postgresql).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(DatabaseError, match="nowhere"):
        open_database(url)


def file_of(database: Database) -> Path:
    assert database.file is not None
    return database.file


@pytest.fixture
def sqlite_numbers(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(sqlite_url(tmp_path / "data" / "sextant.db"))
    with opened.changing() as connection:
        connection.execute(sa.text("CREATE TABLE numbers (n INTEGER NOT NULL)"))
        connection.execute(NUMBERS.insert(), {"n": 1})
    yield opened
    opened.close()


def test_sqlite_is_as_durable_as_it_can_be(sqlite_numbers: Database) -> None:
    """Every connection syncs at each commit, writes ahead, holds foreign keys and overwrites what is deleted."""
    with sqlite_numbers.reading() as one, sqlite_numbers.reading() as two:
        for connection in (one, two):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")}
            assert found == {"synchronous": 2, "journal_mode": "wal"}
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


def test_files_are_private(sqlite_numbers: Database) -> None:
    """The database and its log can be read by their owner alone."""
    files = list(file_of(sqlite_numbers).parent.iterdir())
    assert len(files) == 3
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in files)


def test_full_disk_is_told_and_nothing_is_changed(sqlite_numbers: Database) -> None:
    """Where the disk is full the change is refused, the reader goes on, and writing works again when there is room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal = Path(f"{file_of(sqlite_numbers)}-wal")
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + 100_000, hard))
    try:
        with pytest.raises(DatabaseError, match="disk"), sqlite_numbers.changing() as connection:
            connection.execute(NUMBERS.insert(), [{"n": 1}] * 100_000)
        assert total(sqlite_numbers) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handled)
    with sqlite_numbers.changing() as connection:
        connection.execute(NUMBERS.insert(), {"n": 2})
    assert total(sqlite_numbers) == 3


def test_held_database_is_told(sqlite_numbers: Database) -> None:
    """Another process that does not let go is named as the cause; reading goes on."""
    other = sqlite3.connect(file_of(sqlite_numbers), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with sqlite_numbers.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    with pytest.raises(StoreError, match="another process holds it"), sqlite_numbers.changing():
        pass
    assert total(sqlite_numbers) == 1
    other.close()


def test_removed_file_is_noticed(sqlite_numbers: Database) -> None:
    """A change into a file that is no longer there would be acknowledged and lost: it is refused."""
    file_of(sqlite_numbers).unlink()
    with pytest.raises(DatabaseError, match="removed or replaced"), sqlite_numbers.changing():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_read_only_place_is_told(tmp_path: Path) -> None:
    """A folder that cannot be written is named with the setting that moves it."""
    tmp_path.chmod(0o500)
    with pytest.raises(DatabaseError, match="SEXTANT_DATA"):
        open_database(sqlite_url(tmp_path / "deep" / "sextant.db"))


def test_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """It is left as it is, and the message names the way back."""
    file = tmp_path / "sextant.db"
    file.write_bytes(b"hello" * 1000)
    with pytest.raises(DatabaseError, match="sextant restore"):
        open_database(sqlite_url(file))
    assert file.read_bytes() == b"hello" * 1000


def test_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where a folder should be is told with the setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="SEXTANT_DATA"):
        open_database(sqlite_url(tmp_path / "file" / "sextant.db"))


def test_lost_server_is_told_and_found_again(database: Database) -> None:
    """Connections that the server ended are told once at most; the next change works."""
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    journal = Journal(database, Versions("k", "c"))
    journal.record(LOCAL, Draft("thing.changed", "thing/1"))
    with database.reading() as connection:
        me = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    with pytest.raises(DatabaseError), database.changing() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert me
    journal.record(LOCAL, Draft("thing.changed", "thing/1"))
    with database.reading() as connection:
        assert head(connection).seq == 2
