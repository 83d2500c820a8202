"""The options of ``sextant audit``, ``backup`` and ``restore``; the work is in :mod:`kg_service.commands.audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from kg_service.commands.output import write, write_bytes, write_json
from kg_service.commands.session import one_of, open_session, settings, tell

Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]
Format = Annotated[str, typer.Option("--format", "-f", help="table or json.")]
Seq = Annotated[str, typer.Argument(metavar="SEQ", help="The number of an event.", show_default=False)]
FORMATS: Final = ("table", "json")
audit = typer.Typer(no_args_is_help=True, help="The audit trail: verify, list, show, export, key, erase, replay, verifier.")


@audit.command()
def verify(
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="File of a public key to trust; else this installation's.")
    ] = None,
    checkpoints: Annotated[
        list[Path] | None, typer.Option("--checkpoints", help="File of checkpoints; else the second place of the settings.")
    ] = None,
    format_: Format = "table",
) -> None:
    """Whether the trail is whole: exit 0, or 1 with the first event that is wrong and why."""
    from kg_service.audit.views import verified_view
    from kg_service.commands import audit as work

    one_of(format_, "--format", FORMATS)
    found = work.check(settings(None), key or [], checkpoints or [])
    if format_ == "json":
        write_json(verified_view(found), None)
    else:
        write(work.verified_text(found))
    raise typer.Exit(1 if found.flaws else 0)


@audit.command("list")
def listed(
    subject: Annotated[str | None, typer.Option("--subject", help="Such as dossier/ID, and what lies under it.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="Such as dossier.created or assessment.run.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="The id of who did it.")] = None,
    after: Annotated[int, typer.Option("--after", help="Begin behind this event; else the last ones are listed.")] = -1,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000)] = 50,
    format_: Format = "table",
    output: Output = None,
) -> None:
    """Events in the order of the chain."""
    from kg_service.audit.views import event_view
    from kg_service.commands import audit as work

    one_of(format_, "--format", FORMATS)
    found = work.listed(settings(None), after=after, limit=limit, subject=subject, action=action, actor=actor)
    if format_ == "json":
        write_json({"items": [event_view(event) for event in found]}, output)
    else:
        write(work.listing_text(found) or "No such events.\n", output)


@audit.command()
def show(seq: Seq, format_: Format = "table", output: Output = None) -> None:
    """One event with the texts of its notes."""
    from kg_service.commands import audit as work

    view = work.shown(settings(None), work.parse_seq(seq))
    if one_of(format_, "--format", FORMATS) == "json":
        write_json(view, output)
    else:
        write(work.shown_text(view), output)


@audit.command()
def export(
    checkpoints: Annotated[Path | None, typer.Option("--checkpoints", help="Write the checkpoints to this file.")] = None,
    notes: Annotated[bool, typer.Option("--notes/--no-notes", help="With the texts of notes, or without any.")] = True,
    output: Output = None,
) -> None:
    """The whole trail, a line of JSON for each event, as the standalone verifier reads it."""
    from kg_service.commands import audit as work

    tell(f"{work.export(settings(None), output, checkpoints, notes=notes)} events")


@audit.command()
def key(output: Output = None) -> None:
    """The public key of this installation: give it to whoever verifies, in another way than the trail."""
    from kg_service.commands import audit as work

    write(work.public_key(settings(None)), output)


@audit.command()
def erase(
    seq: Seq,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is a note of the event that tells of the erasure.")],
    field: Annotated[list[str] | None, typer.Option("--field", help="A note by its name; else all of the event.")] = None,
    root: Root = None,
) -> None:
    """Take the free text of an event's notes out of the trail for good; the chain stays whole."""
    from kg_service.commands import audit as work

    event = work.erase(open_session(root), work.parse_seq(seq), field or [], reason)
    gone = ", ".join(event.after["fields"])
    write(f"Erased {gone} of event {seq}; event {event.seq} says so. Older backups still hold the text.\n")


@audit.command()
def replay(seq: Seq, output: Output = None, root: Root = None) -> None:
    """Run a past assessment again and compare: exit 0 where the bytes are the same, else 1. -o writes the answer."""
    from kg_service.commands import audit as work

    found = work.replay(open_session(root), work.parse_seq(seq))
    if output is not None:
        write_bytes(found.body, output)
    write(work.replayed_text(int(seq), found))
    raise typer.Exit(0 if found.is_same else 1)


@audit.command()
def verifier(output: Output = None) -> None:
    """The verifier that stands alone: one file of plain Python that needs nothing of ours."""
    from kg_service.commands import audit as work

    write(work.verifier(), output)


def backup(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist yet.", show_default=False)],
) -> None:
    """Everything that cannot be rebuilt, in one file, of one moment, also while the service runs."""
    from kg_service.commands import backups

    write(backups.backup(settings(None), file))


def restore(
    file: Annotated[Path, typer.Argument(help="File that backup wrote.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there; a backup of it is made first.")] = False,
    root: Root = None,
) -> None:
    """Put a backup back, into SQLite or PostgreSQL; the chain is verified before anything is replaced."""
    from kg_service.commands import backups

    write(backups.restore(open_session(root), file, force=force))


COMMANDS: Final = (backup, restore)
