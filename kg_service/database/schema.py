"""Brings a database to the schema of this version. One process does it, the others wait; a newer schema is refused."""

from __future__ import annotations

import logging
import re
from importlib.resources import files
from typing import Final

import sqlalchemy as sa

from kg_service.errors import DatabaseError

_VERSIONS: Final = files("kg_service.database") / "migrations" / "versions"
_VERSION_TABLE: Final = sa.table("alembic_version", sa.column("version_num", sa.String))


def head() -> str:
    """The newest schema that this version knows: the highest number among the steps. Takes no import of Alembic."""
    return max(one.name[:4] for one in _VERSIONS.iterdir() if re.fullmatch(r"\d{4}_\w+\.py", one.name))


def present(connection: sa.Connection) -> str | None:
    """The schema of the database; None where it is empty."""
    if not sa.inspect(connection).has_table(_VERSION_TABLE.name):
        return None
    found = connection.execute(sa.select(_VERSION_TABLE.c.version_num)).scalar()
    return str(found) if found is not None else None


def require_known(found: str | None, place: str) -> None:
    """Nothing, where this version knows the schema.

    Raises:
        DatabaseError: where a newer version wrote it.
    """
    if found is not None and found > head():
        told = f"the database {place} has schema {found}, and this version knows {head()} at most: a newer Sextant wrote it."
        raise DatabaseError(f"{told} Install that version, or restore a backup of before.")


def migrate(connection: sa.Connection) -> None:
    """The database has the newest schema, within the caller's transaction."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command
    from alembic.config import Config

    configuration = Config(attributes={"connection": connection})
    configuration.set_main_option("script_location", "kg_service.database:migrations")
    configuration.set_main_option("path_separator", "os")
    command.upgrade(configuration, "head")
