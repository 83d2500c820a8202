"""The options of ``sextant key`` and ``sextant roles``. Who can read the database's file is its administrator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from kg_service.commands.output import show, write, write_json
from kg_service.commands.session import one_of, open_session
from kg_service.people.table import Rule

Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Format = Annotated[str, typer.Option("--format", "-f", help="table or json.")]
keys = typer.Typer(no_args_is_help=True, help="API keys: new, list, revoke.")


@keys.command("new")
def new(
    name: Annotated[str, typer.Argument(help="What people call it.", show_default=False)],
    role: Annotated[list[str], typer.Option("--role", help="viewer, analyst, architect, approver, auditor or admin.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="read, ask, write, sign, audit, admin; else all.")] = None,
    days: Annotated[int, typer.Option("--days", help="How long it lives.")] = 90,
    holder: Annotated[str | None, typer.Option("--holder", help="Who acts with it, in the audit trail.")] = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Make a key; it is shown this once."""
    from kg_service.commands import people
    from kg_service.people.keys import parse_wanted

    one_of(format_, "--format", ("table", "json"))
    wanted = parse_wanted(name, role, scope, days, holder)
    made = people.create(open_session(root), wanted)
    if format_ == "json":
        write_json(made, None)
    else:
        write(people.created_text(made))


@keys.command("list")
def listed(format_: Format = "table", root: Root = None) -> None:
    """Every key, also those that have ended."""
    from kg_service.commands import people

    found = people.listed(open_session(root))
    if one_of(format_, "--format", ("table", "json")) == "json":
        write_json({"items": found}, None)
    else:
        show(people.table(found), None)


@keys.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="Its id.", show_default=False)], root: Root = None) -> None:
    """End a key now."""
    from kg_service.commands import people

    write(f"The key {people.revoke(open_session(root), key_id)} opens nothing any more.\n")


def roles(format_: Format = "table") -> None:
    """Who may do what over HTTP: the whole table."""
    show_roles(format_)


def show_roles(format_: str, more: Mapping[str, Rule] = MappingProxyType({})) -> None:
    """The table, with the rows that a package adds which stands on this one."""
    from kg_service.commands import people
    from kg_service.people.table import RULES

    rules = {**RULES, **more}
    if one_of(format_, "--format", ("table", "json")) == "json":
        write_json(people.rules_view(rules), None)
    else:
        show(people.rules_table(rules), None)
