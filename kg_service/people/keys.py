"""API keys: made once and shown once; only their hash is kept. Each has roles, scopes and an end.

A key is 256 random bits, so a plain SHA-256 of it can be neither guessed nor looked up in a table (unlike a password's).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from kg_service.audit.event import Draft
from kg_service.audit.journal import Clock, Journal, utc_now
from kg_service.database.tables import PEOPLE_KEYS
from kg_service.errors import InputError, NotFoundError, Problem, nearest, shown
from kg_service.people.model import Principal, Role, Scope

PREFIX: Final = "sxt"
MOST_DAYS: Final = 366
_ID_BYTES, _SECRET_BYTES = 6, 32
_WRITTEN: Final = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * _ID_BYTES}}})_([0-9a-f]{{{2 * _SECRET_BYTES}}})")
_NAME_MOST: Final = 100
T = TypeVar("T", Role, Scope)


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key. ``holder`` acts when it is used; two keys of one person have the same."""

    id: str
    name: str
    holder: str
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime
    revoked: datetime | None = None

    def principal(self) -> Principal:
        return Principal(self.holder, self.name, self.roles)

    def works(self, now: datetime) -> bool:
        return self.revoked is None and now < self.expires


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that is asked for, checked. Without a holder it is its own: its id says nothing of anybody."""

    name: str
    holder: str | None
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    days: int


class Keys:
    """The keys of this installation. Safe in threads and processes: every look is one at the database."""

    def __init__(self, journal: Journal, clock: Clock = utc_now) -> None:
        self._journal, self._database, self._clock = journal, journal.database, clock

    def create(self, wanted: Wanted, actor: Principal) -> tuple[Key, str]:
        """The key, and its text, which nobody can be shown again."""
        identifier, secret = secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES)
        now = self._clock()
        holder = wanted.holder or f"key:{identifier}"
        key = Key(identifier, wanted.name, holder, wanted.roles, wanted.scopes, now, now + timedelta(days=wanted.days))
        with self._database.changing() as connection:
            connection.execute(PEOPLE_KEYS.insert().values(**_row(key), hash=_hash(secret)))
            said = Draft("key.created", f"key/{key.id}", after=_chained(key), notes={"name": key.name})
            self._journal.append(connection, actor, said)
        return key, f"{PREFIX}_{identifier}_{secret}"

    def revoke(self, identifier: str, actor: Principal) -> Key:
        """The key opens nothing from now on.

        Raises:
            NotFoundError: where there is none of that id.
        """
        with self._database.changing() as connection:
            key = self._one(connection, identifier)
            if key is None:
                known = connection.execute(sa.select(PEOPLE_KEYS.c.id)).scalars()
                raise NotFoundError("key", identifier[:60], nearest(identifier, known))
            if key.revoked is None:
                now = self._clock()
                connection.execute(PEOPLE_KEYS.update().where(PEOPLE_KEYS.c.id == key.id).values(revoked=now.isoformat()))
                self._journal.append(connection, actor, Draft("key.revoked", f"key/{key.id}", before=_chained(key)))
                key = Key(key.id, key.name, key.holder, key.roles, key.scopes, key.created, key.expires, now)
        return key

    def all(self) -> tuple[Key, ...]:
        """Every key, also those that have ended, in the order of being made."""
        with self._database.reading() as connection:
            found = connection.execute(sa.select(PEOPLE_KEYS).order_by(PEOPLE_KEYS.c.created, PEOPLE_KEYS.c.id)).mappings()
            return tuple(_key(row) for row in found)

    def opened_by(self, text: str) -> Key | None:
        """The key of that text, where it is one that works now. Says nothing of why it does not."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            return None
        with self._database.reading() as connection:
            row = connection.execute(sa.select(PEOPLE_KEYS).where(PEOPLE_KEYS.c.id == match[1])).mappings().first()
        if row is None or not hmac.compare_digest(str(row["hash"]), _hash(match[2])):
            return None
        key = _key(row)
        return key if key.works(self._clock()) else None

    def _one(self, connection: sa.Connection, identifier: str) -> Key | None:
        row = connection.execute(sa.select(PEOPLE_KEYS).where(PEOPLE_KEYS.c.id == identifier)).mappings().first()
        return None if row is None else _key(row)


def parse_wanted(name: object, roles: object, scopes: object = None, days: object = 90, holder: object = None) -> Wanted:
    """The key that is asked for. Without scopes it is good for everything that its roles may do.

    Raises:
        InputError: with every problem.
    """
    problems: list[Problem] = []
    written = name.strip() if isinstance(name, str) else ""
    if not written or len(written) > _NAME_MOST or not written.isprintable():
        told = f"a key needs a name of 1 to {_NAME_MOST} characters that can be shown, not {shown(name)}."
        problems.append(Problem("/name", "not-a-name", told))
    given_roles = _words(roles, Role, "/roles", problems)
    if not given_roles and not problems:
        problems.append(Problem("/roles", "no-role", "a key without a role opens nothing.", tuple(Role)))
    given_scopes = frozenset(Scope) if scopes is None else _words(scopes, Scope, "/scopes", problems)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        problems.append(Problem("/days", "not-in-range", f"a key lives for 1 to {MOST_DAYS} days, not {shown(days)}."))
        days = 1
    if holder is not None and not (isinstance(holder, str) and re.fullmatch(r"[\w.@:+/ -]{1,200}", holder)):
        problems.append(Problem("/holder", "not-a-name", f"{shown(holder)} cannot be the id of a person or a program."))
    if problems:
        raise InputError(problems)
    return Wanted(written, None if holder is None else str(holder), given_roles, given_scopes, days)


def view(key: Key) -> dict[str, Any]:
    """What may be shown of a key: everything but the key."""
    return {
        "id": key.id,
        "name": key.name,
        "holder": key.holder,
        "roles": sorted(key.roles),
        "scopes": sorted(key.scopes),
        "created": key.created.isoformat(),
        "expires": key.expires.isoformat(),
        "revoked": None if key.revoked is None else key.revoked.isoformat(),
    }


def _chained(key: Key) -> dict[str, Any]:
    """What the trail says of a key for good; its name, which is free text, goes into a note."""
    return {name: value for name, value in view(key).items() if name != "name"}


def _words(given: object, kind: type[T], at: str, problems: list[Problem]) -> frozenset[T]:
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        problems.append(Problem(at, "not-a-list", f"it must be a list of {', '.join(kind)}."))
        return frozenset()
    found = set()
    for place, word in enumerate(given):
        if isinstance(word, str) and word in set(kind):
            found.add(kind(word))
        else:
            near = nearest(str(word), kind) or tuple(kind)
            problems.append(
                Problem(f"{at}/{place}", "unknown-word", f"there is no such {kind.__name__.lower()}: {shown(word)}.", near)
            )
    return frozenset(found)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _row(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "holder": key.holder,
        "roles": json.dumps(sorted(key.roles)),
        "scopes": json.dumps(sorted(key.scopes)),
        "created": key.created.isoformat(),
        "expires": key.expires.isoformat(),
        "revoked": None,
    }


def _key(row: Any) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        holder=row["holder"],
        roles=frozenset(map(Role, json.loads(row["roles"]))),
        scopes=frozenset(map(Scope, json.loads(row["scopes"]))),
        created=datetime.fromisoformat(row["created"]),
        expires=datetime.fromisoformat(row["expires"]),
        revoked=None if row["revoked"] is None else datetime.fromisoformat(row["revoked"]),
    )
