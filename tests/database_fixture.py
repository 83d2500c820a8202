"""The database of a test, once as SQLite and once as PostgreSQL: what holds for one holds for the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgresql_server import VARIABLE, fresh_database, server

from kg_service.database.engine import Database, open_database, sqlite_url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a running PostgreSQL; skips where there is none."""
    with server() as url:
        if url is None:
            pytest.skip(f"PostgreSQL is not installed and {VARIABLE} names none")
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            yield sqlite_url(tmp_path / "database" / "sextant.db")
        else:
            yield stack.enter_context(fresh_database(request.getfixturevalue("postgresql")))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database of the test's own."""
    opened = open_database(database_url)
    yield opened
    opened.close()
