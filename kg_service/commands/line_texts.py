"""The options of ``sextant load``, ``texts``, ``suggest``, ``diff --text``; the work is in :mod:`kg_service.commands.texts`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from kg_service.commands.output import show, write, write_json
from kg_service.commands.session import day, one_of, open_session
from kg_service.errors import InputError, Problem

Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]


def load(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of files.", show_default=False)],
    instrument: Annotated[
        str | None, typer.Option("--instrument", metavar="ID", help="Whose text it is; else recognised.")
    ] = None,
    policy: Annotated[str | None, typer.Option("--policy", metavar="NAME", help="An own policy of this name.")] = None,
    valid_from: Annotated[
        str | None, typer.Option("--valid-from", metavar="DAY", help="First day; else as the file says.")
    ] = None,
    importer: Annotated[str | None, typer.Option("--as", metavar="FORMAT", help="The format; else recognised.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of another file of the same version.")] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    output: Output = None,
    root: Root = None,
) -> None:
    """Load official texts or own policies, and tell how the law's citations join them."""
    from kg_service.commands import texts as work
    from kg_service.texts.loading import Choices

    one_of(format_, "--format", ("text", "json"))
    start = None if valid_from is None else day(valid_from, "--valid-from")
    report = work.load(paths, Choices(instrument, policy, importer, start, replace), root)
    if format_ == "json":
        write_json(work.report_view(report), output)
    else:
        write(work.report_text(report), output)
    if report.refused:
        raise typer.Exit(2)


def texts(
    name: Annotated[str | None, typer.Argument(help="An instrument or an own policy.", show_default=False)] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="KEY", help="Forget this text (its key in --format json).")
    ] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    output: Output = None,
    root: Root = None,
) -> None:
    """Which texts are loaded; of one instrument how citations join, of one policy what its sections speak of."""
    from kg_service.commands import texts as work

    one_of(format_, "--format", ("text", "json"))
    if remove is not None:
        write(work.remove(remove, root), output)
        return
    view = work.texts_view(name, root)
    if format_ == "json":
        write_json(view, output)
    else:
        write(work.texts_text(view), output)


def suggest(
    instrument: Annotated[str, typer.Argument(help="An instrument with a loaded text.", show_default=False)],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="The text that held on this day; else today.")
    ] = None,
    authorities: Annotated[bool, typer.Option("--authorities", help="Also what authorities and member states must do.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Also where a norm of ours rests on the provision.")] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help="table, csv or json.")] = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """Likely obligations in a loaded text that no norm covers: a list to review, nothing is entered."""
    from kg_service.commands import texts as work
    from kg_service.texts.suggestions import row

    one_of(format_, "--format", ("table", "csv", "json"))
    held, found = work.suggested(instrument, day(as_of, "--as-of"), root, authorities=authorities, all_=all_)
    if format_ == "csv":
        write(work.suggestions_csv(found), output)
    elif format_ == "json":
        versions = [text.version for text in held]
        write_json({"instrument": held[0].instrument, "versions": versions, "suggestions": [row(one) for one in found]}, output)
    else:
        from kg_service.commands.screen_texts import suggestion_table

        show(suggestion_table(held, found), output)


def diff_text(
    instrument: str | None,
    file: Path | None,
    start: date,
    end: date,
    format_: str,
    output: Path | None,
    root: Path | None,
    *,
    whole: bool,
) -> None:
    """What changed in the text of an instrument between two days, and what rests on it.

    Raises:
        InputError: where a deployment file and an instrument are both given, or neither.
    """
    if instrument is None or file is not None:
        told = "either a deployment file or --text INSTRUMENT is needed, and not both."
        raise InputError([Problem("--text", "file-or-text", told)])
    from kg_service.commands import texts as work
    from kg_service.texts.marked import document

    one_of(format_, "--format", ("table", "json", "markdown", "html"))
    found = work.compare(open_session(root), instrument, start, end)
    if format_ == "json":
        write_json(work.compared_view(found), output)
    elif format_ == "table":
        from kg_service.commands.screen_texts import text_difference

        show(text_difference(found, whole=whole), output)
    else:
        write(document(format_, found.old[0], found.new[0], found.found, found.effects, whole=whole), output)
