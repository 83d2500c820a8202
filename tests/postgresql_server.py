"""A real PostgreSQL for tests: the one that SEXTANT_TEST_POSTGRESQL names, else a cluster of our own where initdb is found."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

VARIABLE = "SEXTANT_TEST_POSTGRESQL"
_PLACES = "/usr/lib/postgresql/*/bin/initdb"


def binaries() -> Path | None:
    """Where initdb and pg_ctl are, the newest first; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/").glob(_PLACES[1:]), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else None


@contextlib.contextmanager
def server(*, fsync: bool = False) -> Iterator[str | None]:
    """The URL of a database on a server whose user may make databases; None where there is no server and none can be started."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    found = binaries()
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="sextant-pg-", ignore_cleanup_errors=True) as name:
        yield from _cluster(found, Path(name), fsync)


def _cluster(found: Path, folder: Path, fsync: bool) -> Iterator[str]:
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        user = next(u for u in ("postgres", "nobody") if u in {entry.pw_name for entry in pwd.getpwall()})
        shutil.chown(folder, user)
        who = {"user": user, "group": pwd.getpwnam(user).pw_gid}
    folder.chmod(0o755)
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **who}
    sync = [] if fsync else ["--no-sync"]
    subprocess.run(
        [found / "initdb", *sync, "-D", data, "-U", "sextant", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], **quiet
    )
    options = (
        f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync={'on' if fsync else 'off'} -c max_connections=60"
    )
    subprocess.run([found / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], **quiet)
    try:
        yield f"postgresql+psycopg://sextant@/postgres?host={folder}"
    finally:
        subprocess.run([found / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **{**quiet, "check": False})


@contextlib.contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """The URL of an empty database on that server; it is gone afterwards."""
    name = f"sextant_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
        yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    finally:
        admin.dispose()
