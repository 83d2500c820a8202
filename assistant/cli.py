"""The command line ``sextant``: everything of the exact half, and ``ask``, ``chat``, ``index``; ``serve`` serves both halves.

Heavy modules are imported by the command that needs them, as in :mod:`kg_service.cli`. ``ask`` exits 3 where it refuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.settings import AssistantSettings
from kg_service import cli as exact
from kg_service.cli import Output, Root, run
from kg_service.commands.line_people import show_roles
from kg_service.commands.session import day, one_of, settings

app = typer.Typer(
    name="sextant",
    help=exact.app.info.help,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_OWN = ("serve", "roles")
app.registered_callback = exact.app.registered_callback
app.registered_groups.extend(exact.app.registered_groups)
app.registered_commands.extend(
    command for command in exact.app.registered_commands if command.callback is None or command.callback.__name__ not in _OWN
)

Facts = Annotated[Path | None, typer.Option("--facts", metavar="FILE", help="Deployment file with what is known already.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="The day asked about; else the file's, else today.")]


def main() -> None:
    """Runs the command line; every error of ours ends as a message and exit code 2, never as a trace."""
    run(app, AssistantSettings)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="A plan or a question in plain words; - for standard input.", show_default=False)],
    facts: Facts = None,
    as_of: AsOf = None,
    document: Annotated[
        list[Path] | None, typer.Option("--document", metavar="FILE", help="A text to look into; nothing in it is followed.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")] = "text",
    output: Output = None,
    root: Root = None,
) -> None:
    """A checked answer to a question in plain words, each sentence with its source, and what to tell next."""
    from assistant.commands import asking

    one_of(format_, "--format", asking.FORMATS)
    on = None if as_of is None else day(as_of, "--as-of")
    raise typer.Exit(asking.ask(text, facts, on, document or [], format_, output, root))


@app.command()
def chat(facts: Facts = None, as_of: AsOf = None, root: Root = None) -> None:
    """Questions one after the other; facts accumulate. /help lists what else can be done."""
    from assistant.commands import chatting

    raise typer.Exit(chatting.chat(facts, None if as_of is None else day(as_of, "--as-of"), root))


@app.command()
def index(root: Root = None) -> None:
    """Build the search index into the cache, so that search goes by meaning as well as by words."""
    from assistant.commands import indexing

    indexing.index(root)


@app.command()
def roles(format_: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table") -> None:
    """Who may do what over HTTP: the whole table."""
    from assistant.rest.table import RULES

    show_roles(format_, RULES)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SEXTANT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes any free one (SEXTANT_PORT).")] = None,
    root: Root = None,
) -> None:
    """Start the service; prints the address to open once it answers."""
    from assistant.commands.serving import serve as serve_both

    serve_both(settings(root, host=host, port=port))
