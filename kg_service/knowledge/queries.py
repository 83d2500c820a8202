"""The library of saved queries: ``ontology/queries/library/*.rq``, each with a header in the manner of grlc.

A header line begins with ``#+``; together they are YAML: ``summary``, ``description``, ``tags`` and ``params``. A parameter is a
variable of the query that it projects; ``docs/saved-queries.md`` shows one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.errors import DocumentError, KnowledgeError, Problem, nearest
from kg_service.knowledge.document import Limits, Tree, Value, parse_yaml

DATE: Final = "date"
INTEGER: Final = "integer"
TODAY: Final = "today"
# What an id may name: the word of the parameter's type, which is that of the IRI, and the class of the thing.
KINDS: Final[Mapping[str, str]] = {
    name: "".join(part.capitalize() for part in name.split("-"))
    for name in (
        "norm", "instrument", "provision", "qualification", "fact", "term", "jurisdiction", "control", "risk", "framework",
        "event", "bearer", "decision", "deployment", "evidence",
    )
}  # fmt: skip
TYPES: Final = (DATE, INTEGER, *KINDS)
RESERVED: Final = ("format",)
_LIMITS: Final = Limits(size=20_000, depth=6, values=400)
_KEYS: Final = ("summary", "description", "tags", "params")
_PARAMETER_KEYS: Final = ("type", "description", "default", "example", "minimum", "maximum")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A variable that whoever asks gives a value; without ``default`` they must."""

    name: str
    type: str
    description: str
    example: str
    default: str | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A SELECT query under a name. ``columns`` are what it projects besides its parameters."""

    name: str
    summary: str
    description: str
    text: str
    columns: tuple[str, ...]
    tags: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


def read_library(folder: Path) -> Mapping[str, SavedQuery]:
    """Every saved query in ``folder`` by its name; none where there is no such folder.

    Raises:
        KnowledgeError: with every problem of every file.
    """
    library: dict[str, SavedQuery] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.rq")):
        try:
            library[path.stem] = parse_query(path.read_text(encoding="utf-8"), path.name)
        except DocumentError as error:
            problems.extend(error.problems)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(path.name, "unreadable", f"the file cannot be read: {error}."))
    if problems:
        raise KnowledgeError(problems)
    return library


def parse_query(content: str, file: str) -> SavedQuery:
    """The saved query that ``content`` holds.

    Raises:
        DocumentError: with every problem, each as ``file:line``.
    """
    lines = content.splitlines()
    header = [re.sub(r"^#\+ ?", "", line) if line.startswith("#+") else "" for line in lines]
    tree = parse_yaml("\n".join(header), file, _LIMITS)
    name = file.removesuffix(".rq")
    problems: list[Problem] = []
    root = tree.root if isinstance(tree.root, dict) else {}
    if not _NAME.fullmatch(name):
        problems.append(Problem(file, "bad-name", "a saved query is named in lower-case words with hyphens."))
    problems.extend(_strangers(tree, root, "", _KEYS))
    texts = {key: _text(tree, root, "", key, problems) for key in ("summary", "description")}
    raw = root.get("params")
    parameters = dict(_parameters(tree, raw if isinstance(raw, dict) else {}, problems))
    tags = root.get("tags")
    text = "\n".join(line for line in lines if not line.startswith("#+")).strip() + "\n"
    columns = _columns(text, file, parameters, problems)
    if problems:
        raise DocumentError(problems)
    words = tuple(str(tag) for tag in tags) if isinstance(tags, list) else ()
    return SavedQuery(name, texts["summary"], texts["description"], text, columns, words, parameters)


def _parameters(tree: Tree, raw: Mapping[str, Value], problems: list[Problem]) -> Iterator[tuple[str, Parameter]]:
    for name, given in raw.items():
        at = f"/params/{name}"
        entry = given if isinstance(given, dict) else {}
        problems.extend(_strangers(tree, entry, at, _PARAMETER_KEYS))
        kind = _text(tree, entry, at, "type", problems)
        if not re.fullmatch(r"[a-z][a-z_]*", name) or name in RESERVED:
            problems.append(Problem(tree.where(at), "bad-parameter", f"{name!r} cannot be the name of a parameter."))
        if kind and kind not in TYPES:
            told = f"there is no type {kind[:60]!r}: {', '.join(TYPES)}."
            problems.append(Problem(tree.where(f"{at}/type"), "unknown-type", told, nearest(kind, TYPES)))
        bounds: dict[str, int | None] = {}
        for key in ("minimum", "maximum"):
            value = entry.get(key)
            if value is not None and not (isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value)):
                problems.append(Problem(tree.where(f"{at}/{key}"), "not-a-number", f"{key!r} is a whole number."))
                value = None
            bounds[key] = int(value) if isinstance(value, str) else None
        default = entry.get("default")
        yield (
            name,
            Parameter(
                name=name,
                type=kind,
                description=_text(tree, entry, at, "description", problems),
                example=_text(tree, entry, at, "example", problems),
                default=default if isinstance(default, str) else None,
                **bounds,
            ),
        )


def _text(tree: Tree, raw: Mapping[str, Value], at: str, key: str, problems: list[Problem]) -> str:
    value = raw.get(key)
    if isinstance(value, str) and value.strip():
        return value.strip()
    problems.append(Problem(tree.where(at), "missing-key", f"the header of a saved query has no {key!r} here."))
    return ""


def _strangers(tree: Tree, raw: Mapping[str, Value], at: str, known: tuple[str, ...]) -> Iterator[Problem]:
    for key in raw:
        if key not in known:
            told = f"there is no key {key[:60]!r} here: {', '.join(known)}."
            yield Problem(tree.where(f"{at}/{key}"), "unknown-key", told, nearest(key, known))


def _columns(text: str, file: str, parameters: Mapping[str, Parameter], problems: list[Problem]) -> tuple[str, ...]:
    try:
        found = ox.Store().query(text)
    except (SyntaxError, ValueError) as error:
        problems.append(Problem(file, "bad-query", f"this cannot be parsed: {error}."))
        return ()
    if not isinstance(found, ox.QuerySolutions):
        problems.append(Problem(file, "not-select", "a saved query is a SELECT query."))
        return ()
    projected = [variable.value for variable in found.variables]
    for name in parameters:
        if name not in projected:
            told = f"the query does not project its parameter ?{name}, so that a value would have no effect."
            problems.append(Problem(file, "not-projected", told, nearest(name, projected)))
    return tuple(name for name in projected if name not in parameters)


def example_term(parameter: Parameter) -> ox.NamedNode | ox.Literal:
    """The example of ``parameter`` as a term."""
    match parameter.type:
        case "date":
            return ox.Literal(parameter.example, datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date"))
        case "integer":
            return ox.Literal(int(parameter.example))
        case kind:
            return ox.NamedNode(ids.value(kind, parameter.example))
