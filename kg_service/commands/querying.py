"""``sextant sparql``: a query file, or a saved query by its name, over the law and the stored deployments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from kg_service import ids
from kg_service.applicability.evaluate import Evaluator
from kg_service.commands.session import STDIN
from kg_service.deployments.register import Deployments
from kg_service.deployments.sql import stored_records
from kg_service.dossiers.shown import show_stored
from kg_service.errors import DocumentError, InputError, Problem, QueryError, nearest
from kg_service.exports.answers import as_turtle
from kg_service.exports.tables import as_csv, as_tsv, as_xlsx
from kg_service.knowledge.build import load
from kg_service.knowledge.queries import SavedQuery, parse_query, read_library
from kg_service.settings import Settings
from kg_service.sparql.guard import check
from kg_service.sparql.refusal import Refusal
from kg_service.store.protocol import GraphStore
from kg_service.store.publish import require_published
from kg_service.store.registry import configured
from kg_service.store.saved import Plain, plain, run_saved

FORMATS: Final = ("table", "csv", "tsv", "json", "xlsx")
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """An answer in whatever form the query has: rows, a yes or no (one row), or statements."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Plain, ...], ...] = ()
    boolean: bool | None = None
    turtle: bytes | None = None
    about: tuple[tuple[str, str], ...] = ()


def graph_of(settings: Settings) -> tuple[GraphStore, str]:
    """The graph that the service would show, stored deployments and dossiers included, and its knowledge version.

    Raises:
        StoreError: where a remote store does not answer, or holds another version of the knowledge.
    """
    built = load(settings.root, settings.cache)
    version = built.knowledge.version
    if settings.store != "oxigraph":
        remote = configured(settings)
        require_published(remote, version, settings.store)
        return remote, version
    evaluator = Evaluator(built.knowledge)
    Deployments(stored_records(settings), evaluator, built.store).open()
    show_stored(settings, evaluator, built.store)
    return built.store, version


def find(word: str, root: Path, stdin: bytes | None) -> SavedQuery | str:
    """The saved query of that name, or of that file where it has a header; otherwise the text of the file.

    Raises:
        InputError: where there is neither, with the nearest name.
    """
    library = read_library(root / "ontology" / "queries" / "library")
    if word in library:
        return library[word]
    path = Path(word)
    if path == STDIN and stdin is not None:
        content, name = stdin, "stdin.rq"
    else:
        content, name = _read(path, library), path.name
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError([Problem(word, "not-utf-8", f"this is no UTF-8 text: {error.reason}.")]) from error
    return parse_query(text, name) if text.lstrip().startswith("#+") else text


def listing(root: Path) -> str:
    """Every saved query with what it gives, one a line."""
    library = read_library(root / "ontology" / "queries" / "library")
    widest = max(map(len, library), default=0)
    return "".join(f"{name:<{widest}}  {query.summary}\n" for name, query in library.items())


def _read(path: Path, library: Mapping[str, SavedQuery]) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a file"
        told = f"there is no saved query of this name, and the file cannot be read: {reason}."
        raise InputError([Problem(str(path)[:200], "no-query", told, nearest(str(path), library))]) from error


def run(query: SavedQuery | str, params: Sequence[str], store: GraphStore, today: date, seconds: float, version: str) -> Found:
    """The answer of ``store`` within ``seconds``.

    Raises:
        InputError: where a parameter is wrong.
        QueryError: where the text is no query, or one that is not run here.
        DeadlineError: where it takes longer.
    """
    given = [_pair(param) for param in params]
    text = query if isinstance(query, str) else query.text
    checked = check(text, lambda _: True, _MOST_BYTES)
    if isinstance(checked, Refusal):
        line, column = checked.more.get("line"), checked.more.get("column")
        raise QueryError(checked.detail, line if isinstance(line, int) else None, column if isinstance(column, int) else None)
    if isinstance(query, SavedQuery):
        answer = run_saved(query, given, store, today, seconds, "--param")
        asked = [(name, str(value)) for name, value in answer.parameters.items()]
        about = (("query", query.name), ("summary", query.summary), *asked, ("knowledge", version))
        return Found(answer.columns, answer.rows, about=about)
    if given:
        told = "this file has no header with parameters (docs/saved-queries.md shows one)."
        raise InputError([Problem("--param", "no-parameters", told)])
    match checked.form:
        case "SELECT":
            table = store.select(text, seconds=seconds)
            rows = tuple(tuple(plain(value) for value in row) for row in table.rows)
            return Found(table.variables, rows, about=(("query", text), ("knowledge", version)))
        case "ASK":
            yes = store.ask(text, seconds=seconds)
            return Found(("answer",), ((yes,),), boolean=yes, about=(("query", text), ("knowledge", version)))
        case _:
            return Found(turtle=as_turtle(store.construct(text, seconds=seconds)))


def written(found: Found, format_: str) -> bytes:
    """The answer as bytes; statements are Turtle whatever the format."""
    if found.turtle is not None:
        return found.turtle
    match format_:
        case "csv":
            return as_csv(found.columns, found.rows)
        case "tsv":
            return as_tsv(found.columns, found.rows)
        case "xlsx":
            return as_xlsx(found.columns, found.rows, found.about)
        case "json" if found.boolean is not None:
            return (json.dumps({"boolean": found.boolean}) + "\n").encode()
        case "json":
            rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
            view = {"columns": list(found.columns), "rows": rows, "total": len(rows), **dict(found.about[-1:])}
            return (json.dumps(view, ensure_ascii=False, indent=2) + "\n").encode()
        case _:
            raise ValueError(format_)


def shown(found: Found) -> RenderableType:
    """The answer as a table for people, with our own IRIs shortened to their ids."""
    if found.turtle is not None:
        return Text(found.turtle.decode())
    table = Table(box=box.SIMPLE_HEAD, caption=f"{len(found.rows)} rows", caption_justify="left")
    for column in found.columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in found.rows:
        table.add_row(*(Text(_short(value)) for value in row))
    return table


def _short(value: Plain) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            local = value.removeprefix(ids.ID)
            return (
                local.partition("/")[2] if local != value else "".join(c if c.isprintable() or c == "\n" else "?" for c in value)
            )
        case _:
            return str(value)


def _pair(param: str) -> tuple[str, str]:
    name, sign, value = param.partition("=")
    if not sign or not name.strip():
        told = f"a parameter is given as name=value, not {param[:60]!r}."
        raise InputError([Problem("--param", "not-a-pair", told)])
    return name.strip(), value.strip()
