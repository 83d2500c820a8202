"""Running a saved query: words in, typed terms bound to its variables, plain rows out. No word ever becomes part of a query."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

import pyoxigraph as ox

from kg_service import ids
from kg_service.applicability.facts import parse_day
from kg_service.errors import InputError, NotFoundError, Problem, nearest, shown
from kg_service.knowledge.queries import DATE, INTEGER, KINDS, TODAY, Parameter, SavedQuery
from kg_service.store.protocol import GraphStore, Term

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS: Final = frozenset(XSD + name for name in ("integer", "int", "long", "nonNegativeInteger"))
_NUMBERS: Final = frozenset(XSD + name for name in ("decimal", "double", "float"))
_IS_REPLACED_BY: Final = "http://purl.org/dc/terms/isReplacedBy"
_LONGEST: Final = 300
Plain: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a saved query as plain values, and the values of its parameters as they were understood."""

    query: SavedQuery
    parameters: Mapping[str, str | int]
    columns: tuple[str, ...]
    rows: tuple[tuple[Plain, ...], ...]

    @property
    def records(self) -> list[dict[str, Plain]]:
        """Each row as a mapping from column to value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def find_query(library: Mapping[str, SavedQuery], name: str) -> SavedQuery:
    """The saved query of that name.

    Raises:
        NotFoundError: naming the nearest.
    """
    found = library.get(name)
    if found is None:
        raise NotFoundError("saved query", name[:100], nearest(name, library))
    return found


def run_saved(
    query: SavedQuery,
    given: Sequence[tuple[str, str]],
    store: GraphStore,
    today: date,
    seconds: float,
    at: str = "query parameter",
) -> Answer:
    """The answer of ``store``, with the values ``given`` and the defaults for the others.

    Raises:
        InputError: with every parameter that is unknown, repeated, missing or wrong, and the nearest valid choice.
        DeadlineError: where the store does not answer in time.
    """
    words = _words(query, given, at)
    problems: list[Problem] = []
    terms: dict[str, ox.NamedNode | ox.Literal] = {}
    for name, parameter in query.parameters.items():
        try:
            terms[name] = _term(parameter, words[name], store, today, f"{at} {name}")
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    table = store.select(query.text, terms, seconds)
    places = [table.variables.index(name) for name in query.columns]
    rows = tuple(tuple(plain(row[place]) for place in places) for row in table.rows)
    return Answer(query, {name: _told(term) for name, term in terms.items()}, query.columns, rows)


def plain(term: Term | ox.Triple | None) -> Plain:
    """``term`` as JSON holds it: an IRI as text, a number as a number."""
    if not isinstance(term, ox.Literal):
        return None if term is None else str(term) if isinstance(term, ox.Triple) else term.value
    kind = term.datatype.value
    try:
        if kind in _INTEGERS:
            return int(term.value)
        if kind in _NUMBERS:
            number = float(term.value)
            return number if math.isfinite(number) else term.value
    except ValueError:
        return term.value
    if kind == XSD + "boolean":
        return term.value in ("true", "1")
    return term.value


def _words(query: SavedQuery, given: Sequence[tuple[str, str]], at: str) -> dict[str, str]:
    problems: list[Problem] = []
    words: dict[str, str] = {}
    for name, word in given:
        if name not in query.parameters:
            known = ", ".join(query.parameters) or "none"
            told = f"the query {query.name!r} has no parameter {shown(name)}; it has: {known}."
            problems.append(Problem(f"{at} {name[:60]}", "unknown-parameter", told, nearest(name, query.parameters)))
        elif name in words:
            problems.append(Problem(f"{at} {name}", "given-twice", "this parameter is given twice."))
        else:
            words[name] = word
    for name, parameter in query.parameters.items():
        if name not in words and parameter.default is not None:
            words[name] = parameter.default
        elif name not in words:
            told = f"this parameter is needed ({parameter.type}): {parameter.description} For example {parameter.example!r}."
            problems.append(Problem(f"{at} {name}", "missing-parameter", told))
    if problems:
        raise InputError(problems)
    return words


def _term(parameter: Parameter, word: str, store: GraphStore, today: date, at: str) -> ox.NamedNode | ox.Literal:
    match parameter.type:
        case "date":
            day = today if word == TODAY else parse_day(word, at)
            return ox.Literal(day.isoformat(), datatype=ox.NamedNode(XSD + DATE))
        case "integer":
            return ox.Literal(str(_whole(parameter, word, at)), datatype=ox.NamedNode(XSD + INTEGER))
        case kind:
            return _thing(kind, word, store, at)


def _whole(parameter: Parameter, word: str, at: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", word):
        raise InputError([Problem(at, "not-a-number", f"this is a whole number, not {shown(word)}.")])
    number, low, high = int(word), parameter.minimum, parameter.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        limits = " and ".join(
            part for part in (f"at least {low}" * (low is not None), f"at most {high}" * (high is not None)) if part
        )
        raise InputError([Problem(at, "out-of-range", f"this is a whole number of {limits}, not {number}.")])
    return number


def _thing(kind: str, word: str, store: GraphStore, at: str) -> ox.NamedNode:
    """The thing of that kind which ``word`` names: by its id, by an old id, or by its IRI."""
    of_kind = {"class": ox.NamedNode(ids.term(KINDS[kind]))}
    start = ids.value(kind, "")
    local = word.removeprefix(start)
    found: ox.NamedNode | None = None
    try:
        found = ox.NamedNode(start + local) if 0 < len(local) <= _LONGEST else None
    except ValueError:
        found = None
    if found is not None:
        if store.ask("ASK { ?thing a ?class }", {"thing": found, **of_kind}):
            return found
        later = store.select(f"SELECT ?old ?new {{ ?old <{_IS_REPLACED_BY}> ?new }}", {"old": found}).column("new")
        if len(later) == 1 and isinstance(later[0], ox.NamedNode):
            return later[0]
    things = store.select("SELECT ?thing ?class { ?thing a ?class }", of_kind).column("thing")
    choices = sorted(thing.value.removeprefix(start) for thing in things if isinstance(thing, ox.NamedNode))
    few = f" There is: {', '.join(choices)}." if 0 < len(choices) <= 12 else "" if choices else f" There is no {kind} yet."
    raise InputError([Problem(at, f"unknown-{kind}", f"there is no {kind} {shown(word)}.{few}", nearest(local, choices))])


def _told(term: ox.NamedNode | ox.Literal) -> str | int:
    return int(term.value) if isinstance(term, ox.Literal) and term.datatype.value == XSD + INTEGER else term.value
