"""The options of ``sextant pathways``, ``roi``, ``necessity`` and ``pilot``; the work is in :mod:`kg_service.decisions`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from kg_service.commands.output import show, write, write_bytes, write_json
from kg_service.commands.session import day, one_of, open_session

Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]
Format = Annotated[str, typer.Option("--format", "-f", help="table, json, markdown or csv.")]
FORMATS: Final = ("table", "json", "markdown", "csv")


def pathways(
    file: Annotated[Path, typer.Argument(help="Deployment file, YAML or JSON; - for standard input.", show_default=False)],
    plan: Annotated[Path | None, typer.Option("--plan", help="Assumptions, costs, own scores and weights.")] = None,
    weights: Annotated[
        list[str] | None, typer.Option("--weights", "-w", metavar="NAME=NUMBER,...", help="Weights; else the plan's, else equal.")
    ] = None,
    show_: Annotated[str | None, typer.Option("--show", metavar="PATHWAY", help="Show this one in full, not the best.")] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many to list in the table.")] = 12,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="The day; else the file's, else today.")] = None,
    format_: Format = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """Rank the ways to build it: obligations gained and lost, blockers, controls, cost, and how stable the ranking is."""
    from kg_service.commands import deciding
    from kg_service.decisions.outcomes import evaluate
    from kg_service.decisions.plan import Plan, parse_plan, parse_weights
    from kg_service.decisions.reading import Reading

    one_of(format_, "--format", FORMATS)
    session = open_session(root)
    deployment = session.deployment(file)
    facts = session.knowledge.facts
    chosen = Plan() if plan is None else deciding.read_input(plan, lambda raw: parse_plan(facts, raw))
    if weights:
        reading = Reading()
        given = parse_weights(reading, deciding.parse_pairs(weights, "--weights"), "--weights", chosen.criteria)
        reading.done()
        chosen = replace(chosen, weights=given)
    when = day(as_of, "--as-of", deployment.as_of)
    found = evaluate(session.evaluator, deployment.facts, when, chosen, deciding.states(deployment))
    best = deciding.chosen(found, show_)
    if format_ == "table":
        show(deciding.pathways_screen(found, deployment, top, best.option.pathway.id), output)
    elif format_ == "markdown":
        write(deciding.pathways_markdown(found, deployment), output)
    else:
        from kg_service.decisions import pathway_views

        if format_ == "json":
            write_json(pathway_views.pathways_view(found), output)
        else:
            from kg_service.exports.tables import as_csv

            write_bytes(as_csv(pathway_views.columns(chosen), list(pathway_views.rows(found))), output)


def roi(
    file: Annotated[
        Path, typer.Argument(help="Quantities, costs and benefits, YAML or JSON; - for standard input.", show_default=False)
    ],
    deployment: Annotated[
        Path | None, typer.Option("--deployment", metavar="FILE", help="Count controls_needed and obligations for this one.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="The day to count them for; else the file's.")
    ] = None,
    format_: Format = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """Cost and benefit over a horizon: NPV, IRR, payback, total cost, P10 to P90, and what drives them."""
    from kg_service.commands import deciding
    from kg_service.decisions.roi import compute
    from kg_service.decisions.roi_input import parse_case

    one_of(format_, "--format", FORMATS)
    counted: dict[str, int] = {}
    if deployment is not None:
        from kg_service.decisions.coverage import counted_for

        session = open_session(root)
        read = session.deployment(deployment)
        assessment = session.evaluator.assess(read.facts, day(as_of, "--as-of", read.as_of))
        counted = counted_for(assessment, {control for control, placed in deciding.states(read).items() if placed})
    case = deciding.read_input(file, lambda raw: parse_case(raw, counted=counted))
    results = compute(case)
    if format_ == "table":
        show(deciding.roi_screen(case, results), output)
    elif format_ == "markdown":
        write(deciding.roi_markdown(case, results), output)
    else:
        from kg_service.decisions import roi_views

        if format_ == "json":
            write_json(roi_views.roi_view(case, results), output)
        else:
            from kg_service.exports.tables import as_csv

            write_bytes(as_csv(roi_views.COLUMNS, list(roi_views.rows(case, results))), output)


def necessity(
    file: Annotated[Path, typer.Argument(help="Answers, YAML or JSON; - for standard input.", show_default=False)],
    criteria: Annotated[
        Path | None, typer.Option("--criteria", help="Questions of your own, added to those of the ladder.")
    ] = None,
    format_: Format = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """The simplest technique that does the job, with reasons for and against each rung and the questions still open."""
    from kg_service.commands import deciding
    from kg_service.commands.session import settings
    from kg_service.decisions import necessity as engine
    from kg_service.decisions import necessity_views

    one_of(format_, "--format", FORMATS)
    ladder = engine.read_ladder(settings(root).root)
    if criteria is not None:
        ours = ladder
        ladder = deciding.read_input(criteria, lambda raw: engine.parse_ladder(raw, ours))
    name, answers = deciding.read_input(file, lambda raw: engine.parse_input(ladder, raw))
    found = engine.judge(ladder, answers)
    if format_ == "json":
        write_json(necessity_views.necessity_view(found), output)
    elif format_ == "csv":
        from kg_service.exports.tables import as_csv

        write_bytes(as_csv(necessity_views.COLUMNS, list(necessity_views.rows(found))), output)
    else:
        write(deciding.necessity_text(name, found, markdown=format_ == "markdown"), output)


def pilot(
    step: Annotated[str, typer.Argument(help="plan, check or report.", show_default=False)],
    file: Annotated[
        Path, typer.Argument(help="Plan, start and results, YAML or JSON; - for standard input.", show_default=False)
    ],
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="The day to look from; else today.")] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="markdown or json.")] = "markdown",
    output: Output = None,
    root: Root = None,
) -> None:
    """plan: the plan with its hash and the cases it needs; report: what the results say; check: the exit code alone tells it."""
    from kg_service.commands import deciding
    from kg_service.decisions import pilot_views
    from kg_service.decisions.pilot import evaluate
    from kg_service.decisions.pilot_input import parse_pilot

    one_of(step, "STEP", PILOT_STEPS)
    one_of(format_, "--format", ("markdown", "json"))
    when = day(as_of, "--as-of")
    controls = open_session(root).knowledge.controls
    read = deciding.read_input(file, lambda raw: parse_pilot(raw, when, controls))
    if step == "plan":
        if format_ == "json":
            write_json(pilot_views.plan_view(read.plan), output)
        else:
            write(pilot_views.plan_text(read.plan), output)
        return
    found = evaluate(read.plan, read.start, read.records, when)
    if step == "check":
        write(pilot_views.check_text(found), output)
        raise typer.Exit(PILOT_EXITS[found.outcome])
    if format_ == "json":
        write_json(pilot_views.evaluation_view(found), output)
    else:
        write(pilot_views.report_text(found), output)


PILOT_STEPS: Final = ("plan", "check", "report")
PILOT_EXITS: Final = {"passed": 0, "failed": 1, "stopped": 1, "inconclusive": 3, "running": 3, "not_started": 3}
COMMANDS: Final = (necessity, roi, pathways, pilot)
