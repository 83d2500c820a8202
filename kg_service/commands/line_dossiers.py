"""The options of ``sextant dossier``; the work is in :mod:`kg_service.dossiers`. Who can read the database is the local user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from kg_service.commands.output import show, write_json
from kg_service.commands.session import day, one_of
from kg_service.errors import InputError, Problem

Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]
Format = Annotated[str, typer.Option("--format", "-f", help="table or json.")]
Id = Annotated[str, typer.Argument(metavar="DOSSIER", help="Id of the dossier.", show_default=False)]
Number = Annotated[int, typer.Argument(metavar="DECISION", min=1, max=6, help="1 to 6.", show_default=False)]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="As it will stand on that day, with today's law.")]
Because = Annotated[str | None, typer.Option("--because", help="Why, in your own words.")]
Shown = Annotated[list[str] | None, typer.Option("--evidence", metavar="ID", help="Evidence that shows it (e1).")]
FORMATS: Final = ("table", "json")

dossiers = typer.Typer(no_args_is_help=True, help="Dossiers: one initiative on its way through the six decisions.")


def told(desk: Any, found: Any, format_: str, output: Path | None = None) -> None:
    """What the dossier looks like now."""
    from kg_service.commands import screen_dossiers
    from kg_service.dossiers.views import dossier_view

    view = dossier_view(found, desk.dossiers.ground())
    if one_of(format_, "--format", FORMATS) == "json":
        write_json(view, output)
    else:
        show(screen_dossiers.dossier(view), output)


def _change(dossier: str, command: Any, format_: str, root: Path | None) -> None:
    from kg_service.commands.dossiers import desk

    one_of(format_, "--format", FORMATS)
    with desk(root) as opened:
        told(opened, opened.do(dossier, command), format_)


@dossiers.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="Deployment file: facts and controls to begin with; - for standard input.")],
    name: Annotated[str | None, typer.Option("--name", help="What you call it; else the file's name.")] = None,
    dossier_id: Annotated[str | None, typer.Option("--id", help="Its id; else made of the name.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who answers for it; else you.")] = None,
    because: Because = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Start a dossier from a deployment file."""
    from kg_service.commands import dossiers as work

    one_of(format_, "--format", FORMATS)
    with work.desk(root) as desk:
        command = work.creation(desk.session.deployment(file), name, dossier_id, owner, because)
        told(desk, desk.create(command), format_)


@dossiers.command("list")
def listed(
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones too.")] = False,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Every dossier."""
    from kg_service.commands import screen_dossiers
    from kg_service.commands.dossiers import desk
    from kg_service.dossiers.views import entry_view

    one_of(format_, "--format", FORMATS)
    with desk(root) as opened:
        found = [entry_view(entry) for entry in opened.dossiers.entries(archived=archived)]
    if format_ == "json":
        write_json({"items": found, "total": len(found)}, None)
    else:
        show(screen_dossiers.listing(found), None)


@dossiers.command("show")
def shown(
    dossier: Id,
    decision: Annotated[int | None, typer.Option("--decision", "-d", min=1, max=6, help="One decision in full.")] = None,
    as_of: AsOf = None,
    format_: Format = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """The six decisions, what is in their way, and the next step; or one decision in full."""
    from kg_service.commands import screen_dossiers
    from kg_service.commands.dossiers import desk
    from kg_service.dossiers.views import decision_view, dossier_view

    one_of(format_, "--format", FORMATS)
    with desk(root) as opened:
        found, ground = opened.seen(dossier, None if as_of is None else day(as_of, "--as-of"))
        view = dossier_view(found, ground) if decision is None else decision_view(found, decision, ground)
    if format_ == "json":
        write_json(view, output)
    else:
        show(screen_dossiers.dossier(view) if decision is None else screen_dossiers.decision(view), output)


@dossiers.command("set")
def set_facts(
    dossier: Id,
    facts: Annotated[
        list[str] | None, typer.Argument(metavar="FACT=TERM,...", help="Answers; a fact with several terms.")
    ] = None,
    withdraw: Annotated[list[str] | None, typer.Option("--withdraw", metavar="FACT", help="Leave it unanswered again.")] = None,
    file: Annotated[Path | None, typer.Option("--from", metavar="FILE", help="The facts of a deployment file.")] = None,
    because: Because = None,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Another owner.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="Another description.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="Judge it for this day; 'today' for each day.")
    ] = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Answer facts, or change name, owner, description or day."""
    from dataclasses import replace

    from kg_service.commands import dossiers as work
    from kg_service.dossiers.commands import ChangeDetails

    one_of(format_, "--format", FORMATS)
    given = facts or withdraw or file
    details = any(value is not None for value in (name, owner, description, as_of))
    if not given and not details:
        raise InputError([Problem("FACT", "nothing-given", "name a fact (fact=term), --from, --withdraw, --name or --owner.")])
    moved = None if as_of in (None, "today") else day(as_of, "--as-of")
    with work.desk(root) as desk:
        found = None
        if details:
            clear = ("as_of",) if as_of == "today" else ()
            found = desk.do(dossier, ChangeDetails(name, owner, description, moved, clear))
        if given:
            source = None if file is None else desk.session.deployment(file)
            command = replace(work.answers_to_facts(facts or (), withdraw or (), source), because=because)
            found = desk.do(dossier, command)
        told(desk, found, format_)


@dossiers.command("criterion")
def criterion(
    dossier: Id,
    decision: Annotated[int | None, typer.Argument(metavar="DECISION", min=1, max=6, help="1 to 6.")] = None,
    name: Annotated[str | None, typer.Argument(metavar="CRITERION", help="Id of the criterion.")] = None,
    answer: Annotated[str | None, typer.Argument(metavar="ANSWER", help="met, not_met or not_applicable.")] = None,
    because: Because = None,
    evidence: Shown = None,
    file: Annotated[Path | None, typer.Option("--file", help="Answers to many, by decision and criterion.")] = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Answer a criterion of a decision, or many from a file."""
    from kg_service.commands.deciding import read_input
    from kg_service.dossiers.commands import AnswerCriterion, Command
    from kg_service.dossiers.model import Met
    from kg_service.dossiers.reading import parse_answers

    command: Command
    if file is not None:
        command = read_input(file, parse_answers)
    elif decision is None or name is None or answer is None:
        raise InputError([Problem("CRITERION", "nothing-given", "give DECISION CRITERION ANSWER, or --file.")])
    else:
        said = Met(one_of(answer.replace("-", "_"), "ANSWER", tuple(map(str, Met))))
        command = AnswerCriterion(decision, name, said, because, tuple(evidence or ()))
    _change(dossier, command, format_, root)


@dossiers.command("evidence")
def evidence(
    dossier: Id,
    what: Annotated[str | None, typer.Argument(metavar="FILE|LINK", help="A file, or an address that begins with http.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="What it is.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="A note instead of a file.")] = None,
    decision: Annotated[list[int] | None, typer.Option("--decision", "-d", min=1, max=6, help="For which decisions.")] = None,
    withdraw: Annotated[str | None, typer.Option("--withdraw", metavar="ID", help="It no longer counts (e1).")] = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Add a file, a link or a note as evidence, or withdraw one."""
    from kg_service.commands import dossiers as work
    from kg_service.dossiers.commands import AddEvidence, WithdrawEvidence
    from kg_service.dossiers.model import EvidenceKind

    one_of(format_, "--format", FORMATS)
    if sum(value is not None for value in (what, note, withdraw)) != 1:
        raise InputError([Problem("FILE", "not-one", "give exactly one of FILE, LINK, --note and --withdraw.")])
    for_them = tuple(dict.fromkeys(decision or ()))
    with work.desk(root) as desk:
        if withdraw is not None:
            found = desk.do(dossier, WithdrawEvidence(withdraw))
        elif note is not None:
            found = desk.do(dossier, AddEvidence(EvidenceKind.NOTE, title or note[:60], for_them, text=note))
        elif what is not None and what.startswith(("http://", "https://")):
            found = desk.do(dossier, AddEvidence(EvidenceKind.LINK, title or what[:200], for_them, url=what))
        else:
            found = work.add_file(desk, dossier, Path(str(what)), title, for_them)
        told(desk, found, format_)


@dossiers.command("control")
def control(
    dossier: Id,
    controls: Annotated[list[str] | None, typer.Argument(metavar="CONTROL ...", help="Ids of controls.")] = None,
    state: Annotated[str, typer.Option("--state", "-s", help="planned, in_place, tested or failed.")] = "in_place",
    needed: Annotated[
        str | None, typer.Option("--needed", metavar="DECISION|all", help="Those that the decision still needs.")
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who answers for them.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="When their state was found.")] = None,
    evidence: Shown = None,
    note: Annotated[str | None, typer.Option("--note", help="In your own words.")] = None,
    planned: Annotated[bool, typer.Option("--planned", help="Those that are planned now.")] = False,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Say how far controls are."""
    from kg_service.decisions.controls import ControlState
    from kg_service.dossiers.commands import NEEDED, SetControls

    said = ControlState(one_of(state.replace("-", "_"), "--state", tuple(map(str, ControlState))))
    if needed is not None:
        one_of(needed, "--needed", NEEDED)
    when = None if on is None else day(on, "--on")
    names = tuple(dict.fromkeys(controls or ()))
    command = SetControls(names, said, owner, when, tuple(evidence or ()), note, needed, planned)
    _change(dossier, command, format_, root)


@dossiers.command("option")
def option(
    dossier: Id,
    decision: Number,
    name: Annotated[str, typer.Argument(help="What it is; or the id of an option (o1) with --choose.", show_default=False)],
    choose: Annotated[bool, typer.Option("--choose", help="It is the one chosen.")] = False,
    because: Because = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Add something that was considered, or choose what is there."""
    from kg_service.commands.dossiers import desk
    from kg_service.dossiers.commands import AddOption, ChooseOption

    one_of(format_, "--format", FORMATS)
    with desk(root) as opened:
        held = opened.dossiers.get(dossier).options
        same = next((one.id for one in held.values() if one.decision == decision and name in (one.id, one.name)), None)
        command = ChooseOption(same, because) if choose and same else AddOption(decision, name, {}, because, choose)
        told(opened, opened.do(dossier, command), format_)


@dossiers.command("sign")
def sign(
    dossier: Id,
    decision: Number,
    failed: Annotated[bool, typer.Option("--failed", help="Sign that it is not passed.")] = False,
    because: Because = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Sign a decision: it is passed, or failed."""
    from kg_service.dossiers.commands import Sign
    from kg_service.dossiers.model import Outcome

    _change(dossier, Sign(decision, Outcome.FAILED if failed else Outcome.PASSED, because), format_, root)


@dossiers.command("waive")
def waive(
    dossier: Id,
    decision: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why.", show_default=False)],
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="Its last day, two years ahead at most.", show_default=False)
    ],
    norm: Annotated[str | None, typer.Option("--norm", help="Only the gap at this norm.")] = None,
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Let a decision, or the gap at one norm, pass until a day."""
    from kg_service.dossiers.commands import Waive

    _change(dossier, Waive(decision, reason, day(until, "--until"), norm), format_, root)


@dossiers.command("reopen")
def reopen(
    dossier: Id,
    decision: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why.", show_default=False)],
    format_: Format = "table",
    root: Root = None,
) -> None:
    """Open a closed decision again."""
    from kg_service.dossiers.commands import Reopen

    _change(dossier, Reopen(decision, reason), format_, root)


@dossiers.command("archive")
def archive(dossier: Id, because: Because = None, format_: Format = "table", root: Root = None) -> None:
    """Put a dossier away: it takes no more changes and stays readable."""
    from kg_service.dossiers.commands import Archive

    _change(dossier, Archive(because), format_, root)


@dossiers.command("timeline")
def timeline(dossier: Id, as_of: AsOf = None, format_: Format = "table", output: Output = None, root: Root = None) -> None:
    """What happened to it, and what the calendar brings."""
    from kg_service.commands import screen_dossiers
    from kg_service.commands.dossiers import desk
    from kg_service.dossiers.views import coming_view, event_view

    one_of(format_, "--format", FORMATS)
    with desk(root) as opened:
        found, ground = opened.seen(dossier, None if as_of is None else day(as_of, "--as-of"))
        past = [event_view(event, notes) for event, notes in opened.dossiers.trail(dossier)]
        coming = coming_view(found, ground)
    if format_ == "json":
        write_json({"past": past, "coming": coming}, output)
    else:
        show(screen_dossiers.timeline(past, coming), output)
