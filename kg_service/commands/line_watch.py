"""The options of ``sextant reevaluate`` and ``sextant notices``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg_service.commands.output import write, write_json
from kg_service.commands.session import day, one_of, open_session

Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]
Format = Annotated[str, typer.Option("--format", "-f", help="text or json.")]


def reevaluate(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="Rehearse that day: what it would change; nothing is kept.")
    ] = None,
    format_: Format = "text",
    output: Output = None,
    root: Root = None,
) -> None:
    """Evaluate every dossier and stored deployment anew, and tell what changed; for cron where no service runs."""
    from kg_service.commands import watch

    one_of(format_, "--format", ("text", "json"))
    found = watch.reevaluated(open_session(root), None if as_of is None else day(as_of, "--as-of"))
    if format_ == "json":
        write_json(found.view, output)
    else:
        write(found.text, output)


def notices(
    subject: Annotated[str | None, typer.Argument(help="dossier/<id> or deployment/<id>.", show_default=False)] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Those behind the notice of this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000)] = 100,
    format_: Format = "text",
    output: Output = None,
    root: Root = None,
) -> None:
    """What changed, and what moved it."""
    from kg_service.commands import watch

    one_of(format_, "--format", ("text", "json"))
    found = watch.listed(open_session(root), subject, after, limit)
    if format_ == "json":
        write_json(found.view, output)
    else:
        write(found.text, output)


COMMANDS = (reevaluate, notices)
