"""What ``sextant key`` and ``sextant roles`` do: the database is opened directly, and every change is an event."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from kg_service.audit.opening import open_journal, open_of
from kg_service.commands.session import Session
from kg_service.people.keys import Keys, Wanted, view
from kg_service.people.model import LOCAL, Role
from kg_service.people.table import Rule


def create(session: Session, wanted: Wanted) -> dict[str, Any]:
    """The new key with its text."""
    with _keys(session) as keys:
        key, text = keys.create(wanted, LOCAL)
    return {**view(key), "key": text}


def created_text(made: dict[str, Any]) -> str:
    """What a person must know of a new key."""
    return (
        f"{made['key']}\n\n"
        f"This is the key '{made['name']}' ({', '.join(made['roles'])}), good until {made['expires'][:10]}. "
        f"It is shown this once.\n"
        f"Send it as 'Authorization: Bearer ...', or log in with it at /login.\n"
    )


def listed(session: Session) -> list[dict[str, Any]]:
    """Every key, without its text."""
    with _keys(session) as keys:
        return [view(key) for key in keys.all()]


def revoke(session: Session, identifier: str) -> str:
    """The name of the key, which has ended."""
    with _keys(session) as keys:
        return keys.revoke(identifier, LOCAL).name


def table(found: list[dict[str, Any]]) -> Table:
    """Keys as a person reads them."""
    shown = Table("id", "name", "holder", "roles", "scopes", "good until", title=None)
    for key in found:
        until = f"ended {key['revoked'][:10]}" if key["revoked"] else key["expires"][:10]
        scopes = ", ".join(key["scopes"])
        shown.add_row(key["id"], key["name"], key["holder"], ", ".join(key["roles"]), scopes, until)
    return shown


def rules_view(rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The table of roles as JSON: for each operation who may do it to what is theirs, and to what is somebody else's."""
    return {
        operation: {
            "public": rule.public,
            "scope": rule.scope,
            "own": [role for role in Role if role in rule.own],
            "others": [role for role in Role if role in rule.others],
        }
        for operation, rule in rules.items()
    }


def rules_table(rules: Mapping[str, Rule]) -> Table:
    """The table of roles: a full circle where a role may, a half one where only to what is theirs."""
    shown = Table("operation", "scope", *Role, caption="● may   ◐ only to what is theirs   · may not")
    for operation, rule in rules.items():
        marks = ("●" if role in rule.own & rule.others else "◐" if role in rule.own else "·" for role in Role)
        shown.add_row(operation, "everybody" if rule.public else rule.scope, *marks)
    return shown


@contextlib.contextmanager
def _keys(session: Session) -> Iterator[Keys]:
    database = open_of(session.settings)
    with contextlib.closing(database):
        journal = open_journal(session.settings, database, session.knowledge.version)
        with contextlib.closing(journal):
            yield Keys(journal)
