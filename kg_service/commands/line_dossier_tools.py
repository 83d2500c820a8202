"""``sextant dossier input``, ``result``, ``pilot`` and ``export``: the tools of the decisions, on what a dossier holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kg_service.commands.line_dossiers import FORMATS, AsOf, Format, Id, Output, Root, dossiers
from kg_service.commands.output import write, write_bytes, write_json
from kg_service.commands.session import day, one_of
from kg_service.errors import InputError, Problem

__all__ = ["dossiers"]
Tool = Annotated[
    str,
    typer.Argument(
        metavar="TOOL", help="necessity, risks, workforce, roi or pathways; result also fairness.", show_default=False
    ),
]


@dossiers.command("input")
def set_input(
    dossier: Id,
    tool: Tool,
    file: Annotated[Path | None, typer.Argument(help="As `sextant necessity`, `roi` or `pathways --plan` takes it.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away again.")] = False,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Give a tool what it computes from; the dossier keeps it."""
    from kg_service.commands.deciding import read_input
    from kg_service.commands.dossiers import desk
    from kg_service.commands.line_dossiers import told
    from kg_service.dossiers.commands import TOOLS, SetInput
    from kg_service.dossiers.tools import check

    one_of(tool, "TOOL", tuple(TOOLS))
    one_of(format_, "--format", FORMATS)
    if (file is None) != remove:
        raise InputError([Problem("FILE", "not-one", "give a FILE, or --remove.")])
    with desk(root) as opened:
        held = opened.dossiers.get(dossier)
        kept: list[Any] = [None]

        def keep(raw: object) -> None:
            value = raw.get("answers") if tool == "necessity" and isinstance(raw, Mapping) else raw
            check(tool, value, held, opened.dossiers.ground(), opened.session.settings.root)
            kept[0] = value

        if file is not None:
            read_input(file, keep)
        told(opened, opened.do(dossier, SetInput(tool, kept[0])), format_)


@dossiers.command("result")
def result(dossier: Id, tool: Tool, as_of: AsOf = None, output: Output = None, root: Root = None) -> None:
    """What a tool makes of its input, as JSON."""
    from kg_service.commands.dossiers import desk
    from kg_service.dossiers.tools import SHOWN
    from kg_service.dossiers.tools import result as computed

    one_of(tool, "TOOL", SHOWN)
    with desk(root) as opened:
        found, ground = opened.seen(dossier, None if as_of is None else day(as_of, "--as-of"))
        write_json(computed(tool, found, ground, opened.session.settings.root), output)


@dossiers.command("pilot")
def pilot(
    dossier: Id,
    step: Annotated[str, typer.Argument(metavar="fix|start|record|show", help="The step.", show_default=False)],
    what: Annotated[str | None, typer.Argument(metavar="FILE|PILOT", help="The plan to fix; else the pilot (p1).")] = None,
    file: Annotated[Path | None, typer.Argument(help="Results to record.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="The day it began; else today.")] = None,
    root: Root = None,
) -> None:
    """Fix a pilot's plan, start it, record results, see what they say."""
    from kg_service.commands.deciding import read_input
    from kg_service.commands.dossiers import desk, plan_in, results_in
    from kg_service.dossiers.commands import FixPilot, RecordPilot, StartPilot
    from kg_service.dossiers.tools import pilot_view

    one_of(step, "STEP", ("fix", "start", "record", "show"))
    if what is None or (step == "record" and file is None):
        raise InputError([Problem("FILE", "nothing-given", "fix takes FILE; start and show take PILOT; record PILOT FILE.")])
    with desk(root) as opened:
        today = opened.dossiers.ground().today
        if step == "fix":
            found = opened.do(dossier, FixPilot(read_input(Path(what), plan_in)))
            name = list(found.pilots)[-1]
        elif step == "start":
            found, name = opened.do(dossier, StartPilot(what, today if on is None else day(on, "--on"))), what
        elif step == "record" and file is not None:
            found, name = opened.do(dossier, RecordPilot(what, read_input(file, results_in))), what
        else:
            found, name = opened.dossiers.get(dossier), what
        if name not in found.pilots:
            raise InputError([Problem("PILOT", "unknown-pilot", f"there is no pilot {name[:60]!r}.", tuple(found.pilots))])
        write_json(pilot_view(found.pilots[name], today), None)


@dossiers.command("export")
def export(
    dossier: Id,
    format_: Annotated[
        str, typer.Option("--format", "-f", help="docx, xlsx, markdown, jsonld, json or deployment.")
    ] = "markdown",
    as_of: AsOf = None,
    output: Output = None,
    root: Root = None,
) -> None:
    """The dossier as a document for those who decide."""
    from kg_service.commands.dossiers import desk
    from kg_service.dossiers.documents import BINARY, FORMATS, exported

    one_of(format_, "--format", tuple(FORMATS))
    if format_ in BINARY and output is None:
        raise InputError([Problem("--output", "missing", f"a {format_} goes into a file: name it with --output.")])
    with desk(root) as opened:
        found, ground = opened.seen(dossier, None if as_of is None else day(as_of, "--as-of"))
        chosen = opened.session.settings
        content = exported(opened.dossiers, found, ground, format_, chosen.root, chosen.data)
    if output is None:
        write(content.decode())
    else:
        write_bytes(content, output)
