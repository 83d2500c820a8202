"""The command line ``sextant``: assess, compare, diff, check, questions, verify, build, export, sparql, publish, schema, serve.

Heavy modules are imported by the command that needs them. Answers go to standard output, everything else to standard error.
Exit codes: 0 done; 2 bad input. ``check`` adds 1 (a norm without a control) and 3 (cannot tell); ``verify`` 1 (problems).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from kg_service import __version__
from kg_service.commands import line_audit, line_decisions, line_dossier_tools, line_people, line_texts, line_watch
from kg_service.commands.output import show, write, write_bytes, write_json
from kg_service.commands.session import KIND, STDIN, Session, day, one_of, open_session, settings, statuses, tell
from kg_service.deployment import Deployment
from kg_service.errors import InputError, Problem, SextantError
from kg_service.settings import Settings

app = typer.Typer(
    name="sextant",
    help="Which obligations apply to a planned LLM deployment, why, since when, and what would change.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

File = Annotated[Path, typer.Argument(help="Deployment file, YAML or JSON; - for standard input.", show_default=False)]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="The day to assess for; else the file's, else today.")]
Root = Annotated[Path | None, typer.Option("--root", help="Directory of regulations/ and ontology/ (SEXTANT_ROOT).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]


def main() -> None:
    """Runs the command line; every error of ours ends as a message and exit code 2, never as a trace."""
    run(app, Settings)


def run(commands: typer.Typer, kind: type[Settings]) -> None:
    """Runs ``commands``, which read settings of that ``kind``; errors end as :func:`main` says."""
    KIND.set(kind)
    # What a command loads lives as long as it does; looking for circles in it took half of the time.
    gc.set_threshold(50_000, 20, 20)
    with _told():
        commands()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SextantError as error:
        tell(f"error: {error}")
        sys.exit(2)


@app.callback(invoke_without_command=True)
def _start(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        write(f"sextant {__version__}\n")
        raise typer.Exit


@app.command()
def assess(
    file: File,
    as_of: AsOf = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Which verdicts: applies, upcoming, undetermined, exempt, ended, all ...")
    ] = None,
    explain: Annotated[str | None, typer.Option("--explain", metavar="NORM", help="Show the whole proof of one verdict.")] = None,
    quotes: Annotated[
        bool, typer.Option("--quotes", help="With the exact words of each provision, where its text is loaded.")
    ] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help="table, json, markdown or csv.")] = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """Which norms apply to a deployment, why, since when, and which facts are missing."""
    one_of(format_, "--format", ("table", "json", "markdown", "csv"))
    wanted = statuses(status)
    session = open_session(root)
    deployment = session.deployment(file)
    found = session.evaluator.assess(deployment.facts, day(as_of, "--as-of", deployment.as_of))
    if explain is not None:
        _explain(session, found, explain, format_, output)
        return
    if format_ == "json":
        from kg_service.rest.views import assessment_view

        view = assessment_view(session.evaluator, found, wanted)
        write_json(_with_quotes(session, view, found) if quotes else view, output)
        return
    from kg_service.applicability.questions import questions_for

    shown = [verdict for verdict in found.verdicts if verdict.status in wanted]
    words = _quoted(session, shown, found) if quotes else {}
    questions = questions_for(session.evaluator, found, 5)
    if format_ == "table":
        from kg_service.commands import screen

        show(screen.assessment(session.evaluator, deployment, found, shown, questions, words), output)
        return
    from kg_service.commands import documents

    if format_ == "csv":
        write(documents.assessment_csv(session.evaluator, found, shown, words), output)
    else:
        write(documents.assessment_markdown(session.evaluator, deployment, found, shown, questions, words), output)


def _explain(session: Session, found: Any, norm: str, format_: str, output: Path | None) -> None:
    from kg_service.applicability.explain import proof

    explained = proof(session.evaluator, found, norm)
    words = _quoted(session, [explained.verdict], found)
    match one_of(format_, "--format with --explain", ("table", "json", "markdown")):
        case "json":
            from kg_service.rest.views import explanation_view

            write_json(_with_quotes(session, explanation_view(explained, session.knowledge), found), output)
        case "markdown":
            from kg_service.commands.documents import proof_markdown

            write(proof_markdown(session.knowledge, explained, words), output)
        case _:
            from kg_service.commands import screen

            show(screen.proof(session.knowledge, explained, words), output)


def _with_quotes(session: Session, view: Any, found: Any) -> Any:
    from kg_service.commands.quoting import open_quotes
    from kg_service.texts.quotes import with_quotes

    return with_quotes(view, open_quotes(session), found.as_of)


def _quoted(session: Session, verdicts: Any, found: Any) -> Any:
    from kg_service.commands.quoting import quoted

    return quoted(session, [verdict.norm for verdict in verdicts], found.as_of)


@app.command()
def compare(
    base: Annotated[Path, typer.Argument(help="Deployment file to compare with.", show_default=False)],
    options: Annotated[list[Path], typer.Argument(help="The other options, one file each.", show_default=False)],
    as_of: AsOf = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="table, json or markdown.")] = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """What each option would gain, lose and change against the first."""
    from kg_service.applicability.compare import compare as compared

    one_of(format_, "--format", ("table", "json", "markdown"))
    session = open_session(root)
    ground = session.deployment(base)
    names = _names([base, *options])
    facts = {name: session.deployment(path).facts for name, path in zip(names[1:], options, strict=True)}
    found = compared(session.evaluator, ground.facts, facts, day(as_of, "--as-of", ground.as_of))
    if format_ == "json":
        from kg_service.rest.views import comparison_view

        write_json(comparison_view(found), output)
    elif format_ == "markdown":
        from kg_service.commands.documents import comparison_markdown

        write(comparison_markdown(session.knowledge, found, names[0]), output)
    else:
        from kg_service.commands import screen

        show(screen.comparison(session.knowledge, found, names[0]), output)


def _names(paths: list[Path]) -> list[str]:
    """A name for each file: its own, with a number where two have the same."""
    names: list[str] = []
    for path in paths:
        stem = "stdin" if path == STDIN else path.stem
        count = sum(1 for name in names if name == stem or name.startswith(f"{stem} ("))
        names.append(f"{stem} ({count + 1})" if count else stem)
    return names


@app.command()
def diff(
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day.", show_default=False)],
    end: Annotated[str, typer.Option("--to", metavar="DAY", help="The other day.", show_default=False)],
    file: Annotated[Path | None, typer.Argument(help="Deployment file; - for standard input.", show_default=False)] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="INSTRUMENT", help="Compare its loaded texts instead.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="With --text: changed units in full.")] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help="table, json, markdown; with --text also html.")] = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """What the calendar changes for a deployment between two days, or what changed in the text of an instrument."""
    first, last = day(start, "--from"), day(end, "--to")
    if text is not None or file is None:
        line_texts.diff_text(text, file, first, last, format_, output, root, whole=whole)
        return
    from kg_service.applicability.compare import diff as differ

    one_of(format_, "--format", ("table", "json", "markdown"))
    session = open_session(root)
    deployment = session.deployment(file)
    found = differ(session.evaluator, deployment.facts, first, last)
    if format_ == "json":
        from kg_service.rest.views import difference_view

        write_json(difference_view(found), output)
    elif format_ == "markdown":
        from kg_service.commands.documents import difference_markdown

        write(difference_markdown(session.knowledge, found, deployment.name), output)
    else:
        from kg_service.commands import screen

        show(screen.difference(session.knowledge, found, deployment.name), output)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Deployment files.", show_default=False)],
    as_of: AsOf = None,
    current: Annotated[bool, typer.Option("--current", help="Evidence older than its period does not count.")] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help="text, json, junit or sarif.")] = "text",
    output: Output = None,
    root: Root = None,
) -> None:
    """Exit 0: every norm that applies has a control in place; 1: one has none; 2: bad input; 3: facts are missing to tell."""
    from kg_service.commands import findings
    from kg_service.commands.documents import as_json

    writers: dict[str, Callable[..., str]] = {
        "text": findings.text,
        "json": lambda knowledge, reports: as_json(findings.view(knowledge, reports)),
        "junit": findings.junit,
        "sarif": lambda knowledge, reports: as_json(findings.sarif(knowledge, reports, __version__)),
    }
    writer = writers[one_of(format_, "--format", tuple(writers))]
    session = open_session(root)
    reports = []
    for file in files:
        deployment = session.deployment(file)
        found = session.evaluator.assess(deployment.facts, day(as_of, "--as-of", deployment.as_of))
        reports.append(findings.check(str(file), deployment, found, current))
    write(writer(session.knowledge, reports), output)
    raise typer.Exit(int(findings.together(reports)))


@app.command()
def questions(
    file: File,
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="At most so many questions.")] = 10,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Ask, and write the file with the answers.")] = False,
    format_: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """Which facts to answer next, the one that settles most first."""
    from kg_service.applicability.evaluate import Status
    from kg_service.applicability.questions import questions_for

    one_of(format_, "--format", ("table", "json"))
    if interactive and file == STDIN:
        raise InputError(
            [Problem("FILE", "stdin", "with --interactive the deployment must be in a file: your answers come in here.")]
        )
    session = open_session(root)
    deployment = session.deployment(file)
    when = day(as_of, "--as-of", deployment.as_of)
    if interactive:
        _interactive(session, deployment, when, output)
        return
    assessed = session.evaluator.assess(deployment.facts, when)
    found = questions_for(session.evaluator, assessed, limit)
    if format_ == "json":
        from kg_service.rest.views import counts_view, question_view

        write_json({"counts": counts_view(assessed), "next_questions": [question_view(question) for question in found]}, output)
        return
    from kg_service.commands import screen

    show(screen.questions(deployment, found, assessed.counts()[Status.UNDETERMINED]), output)


def _interactive(session: Session, deployment: Deployment, when: Any, output: Path | None) -> None:
    import yaml

    from kg_service.commands.asking import ask_all
    from kg_service.deployment import plain_deployment

    answered = ask_all(session.evaluator, deployment, when, _ask, tell)
    counts = session.evaluator.assess(answered.facts, when).counts()
    tell("\n" + ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count))
    text = yaml.safe_dump(
        plain_deployment(replace(answered, as_of=deployment.as_of)), sort_keys=False, allow_unicode=True, width=120
    )
    write(text, output)


def _ask(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


@app.command()
def verify(root: Root = None) -> None:
    """Check the law's own files: every problem with file, line and the nearest valid choice."""
    from kg_service.knowledge.verify import verify as verified

    problems = verified(settings(root).root)
    write("".join(f"{problem}\n" for problem in problems) or "No problems.\n")
    raise typer.Exit(1 if problems else 0)


@app.command()
def build(root: Root = None) -> None:
    """Build the knowledge and its graph into the cache, where the next command finds it."""
    from kg_service.knowledge.build import load

    chosen = settings(root)
    tell(f"building from {chosen.root} ...")
    built = load(chosen.root, chosen.cache)
    parts = {name: len(getattr(built.knowledge, name)) for name in ("instruments", "qualifications", "norms", "controls")}
    counted = ", ".join(f"{count} {name}" for name, count in parts.items())
    write(f"knowledge {built.knowledge.version}\n{counted}, {built.store.size()} statements\nkept in {chosen.cache}\n")


@app.command()
def export(
    content: Annotated[str, typer.Argument(help="graph, ontology, or conditions (as OWL 2 DL).")] = "graph",
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help="turtle, jsonld, rdfxml, ntriples; a graph also trig (default), nquads.")
    ] = None,
    output: Output = None,
    root: Root = None,
) -> None:
    """The whole graph, the ontology in one file, or the conditions as an ontology; the last two open in Protégé."""
    from kg_service.exports.graph import CONTENTS, exported

    one_of(content, "CONTENT", tuple(CONTENTS))
    format_ = format_ or CONTENTS[content][0]
    one_of(format_, "--format", CONTENTS[content])
    chosen = settings(root)
    write_bytes(exported(chosen.root, chosen.cache, content, format_), output)


@app.command()
def sparql(
    query: Annotated[
        str,
        typer.Argument(help="A saved query, or a file; - for standard input. None lists them.", show_default=False),
    ] = "",
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help="A value for a parameter of a saved query.")
    ] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Give up after so long (SEXTANT_QUERY_SECONDS).")] = None,
    format_: Annotated[
        str, typer.Option("--format", "-f", help="table, csv, tsv, json or xlsx; statements come as Turtle.")
    ] = "table",
    output: Output = None,
    root: Root = None,
) -> None:
    """Ask the graph: the law and the stored deployments."""
    from kg_service.commands import querying

    one_of(format_, "--format", querying.FORMATS)
    chosen = settings(root, query_seconds=seconds)
    if not query:
        write(querying.listing(chosen.root), output)
        return
    if format_ == "xlsx" and output is None:
        raise InputError([Problem("--output", "missing", "a workbook goes into a file: name it with --output.")])
    asked = querying.find(query, chosen.root, sys.stdin.buffer.read() if Path(query) == STDIN else None)
    graph, version = querying.graph_of(chosen)
    found = querying.run(asked, param or [], graph, day(None, "--as-of"), chosen.query_seconds, version)
    if format_ == "table":
        show(querying.shown(found), output)
    else:
        write_bytes(querying.written(found, format_), output)


@app.command()
def publish(
    again: Annotated[bool, typer.Option("--again", help="Write even where the same knowledge is there already.")] = False,
    root: Root = None,
) -> None:
    """Load the knowledge into the SPARQL server that SEXTANT_STORE names; graphs that are not ours stay as they are."""
    from kg_service.commands.publishing import publish as published

    write(published(settings(root), again=again))


@app.command()
def schema(output: Output = None, root: Root = None) -> None:
    """The JSON Schema of deployment files, for completion in editors."""
    from kg_service.deployment import json_schema

    knowledge = open_session(root).knowledge
    write_json(json_schema(knowledge.facts, knowledge.controls), output)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SEXTANT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes any free one (SEXTANT_PORT).")] = None,
    root: Root = None,
) -> None:
    """Start the service; prints the address to open once it answers."""
    from kg_service.commands.serving import serve as run

    run(settings(root, host=host, port=port))


app.add_typer(line_people.keys, name="key")
app.add_typer(line_audit.audit, name="audit")
app.add_typer(line_dossier_tools.dossiers, name="dossier")
for command in (
    line_people.roles,
    line_texts.load,
    line_texts.texts,
    line_texts.suggest,
    *line_decisions.COMMANDS,
    *line_audit.COMMANDS,
    *line_watch.COMMANDS,
):
    app.command()(command)
