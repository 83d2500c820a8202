"""All rows of all tables as lines of JSON, the same from SQLite and from PostgreSQL, and back into either."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from kg_service.database.tables import METADATA

GROUP: Final = 500


def tables() -> tuple[sa.Table, ...]:
    """Every table of ours, each behind those that it refers to."""
    return tuple(METADATA.sorted_tables)


def rows(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    """The rows of a table, a line each, in the order of its key."""
    asked = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=GROUP)
    for row in connection.execute(asked):
        yield json.dumps({name: _plain(value) for name, value in row._mapping.items()}, ensure_ascii=False).encode() + b"\n"


def empty(connection: sa.Connection) -> None:
    """No table of ours has a row any more."""
    for table in reversed(tables()):
        connection.execute(table.delete())


def fill(connection: sa.Connection, table: sa.Table, lines: Iterable[bytes]) -> int:
    """How many rows were put into the table.

    Raises:
        ValueError: where a line is no row of this table.
    """
    known, group, count = {column.name: column for column in table.columns}, [], 0
    for line in lines:
        raw = json.loads(line)
        if not isinstance(raw, dict) or set(raw) - set(known):
            raise ValueError(f"a line of {table.name} has columns that this version does not know")
        group.append({name: _value(known[name], value) for name, value in raw.items()})
        count += 1
        if len(group) == GROUP:
            connection.execute(table.insert(), group)
            group = []
    if group:
        connection.execute(table.insert(), group)
    return count


def _plain(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime | date):
        return {"time": value.isoformat()}
    return value


def _value(column: sa.Column[Any], value: object) -> object:
    if isinstance(value, Mapping) and not isinstance(column.type, sa.JSON):
        if "base64" in value:
            return base64.b64decode(value["base64"], validate=True)
        return (
            datetime.fromisoformat(value["time"]) if isinstance(column.type, sa.DateTime) else date.fromisoformat(value["time"])
        )
    return value
