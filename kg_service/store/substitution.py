"""Values for variables of a query, for servers that take none beside its text: ``VALUES`` in every group that names them.

A value enters the text only as the serialisation of a typed term. The text is read as tokens, so that braces and names inside
strings, IRIs and comments count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from kg_service.errors import QueryError
from kg_service.store.protocol import Bindings

_TOKEN: Final = re.compile(
    r"""(?P<skip>\#[^\n\r]*|\s+)
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<text>\"{3}(?:[^"\\]|\\.|\"(?!\"\"))*\"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
      | (?P<variable>[?$]\w+)
      | (?P<name>[\w-]*(?:\.[\w-]+)*:(?:[\w.:%-]|\\.)*)
      | (?P<word>[^\W\d]\w*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass
class _Group:
    """One pair of braces that holds graph patterns: the place behind its opening and the variables named inside."""

    place: int
    outer: _Group | None
    names: set[str] = field(default_factory=set)
    takes: bool = True


def substituted(query: str, bindings: Bindings) -> str:
    """``query``, which must parse, with each variable of ``bindings`` joined to its value wherever a group names it.

    Raises:
        QueryError: where the query has no group into which a value could go.
    """
    if not bindings:
        return query
    groups = [group for group in _groups(query) if group.takes]
    if not groups:
        raise QueryError("the query has no WHERE in which a value could hold.")
    parts, last = [], 0
    for group in sorted(groups, key=lambda one: one.place):
        held = [name for name in bindings if name in group.names or group is groups[0]]
        if held:
            names, values = " ".join(f"?{name}" for name in held), " ".join(str(bindings[name]) for name in held)
            parts += [query[last : group.place], f" VALUES ({names}) {{ ({values}) }} "]
            last = group.place
    return "".join(parts) + query[last:]


def _groups(query: str) -> Iterator[_Group]:
    """Every pair of braces of ``query``, in order of opening; those of data, templates and around a sub-select take no values."""
    found: list[_Group] = []
    inner: _Group | None = None
    template = data = opened = False
    for token in _TOKEN.finditer(query):
        kind, text = token.lastgroup, token.group()
        if kind == "skip":
            continue
        if opened and inner is not None and text.upper() == "SELECT":
            inner.takes = False
        opened = False
        if text == "{":
            inner = _Group(token.end(), inner, takes=not (template or data))
            found.append(inner)
            template, opened = False, True
        elif text == "}":
            inner = None if inner is None else inner.outer
            data = False
        elif kind == "variable":
            _name(inner, text[1:])
        elif kind == "word":
            word = text.upper()
            template = word == "CONSTRUCT" or (template and word != "WHERE")
            data = data or word == "VALUES"
    yield from found


def _name(group: _Group | None, name: str) -> None:
    while group is not None:
        group.names.add(name)
        group = group.outer
