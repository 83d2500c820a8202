"""Words that come with commands: bounded, printable, and links that lead somewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from kg_service.decisions.reading import Reading
from kg_service.dossiers.codec import canonical
from kg_service.errors import InputError, Problem, shown

SHORT, LONG, VALUES = 200, 10_000, 100_000
_SHORT: Final = frozenset({"name", "owner", "title", "media_type", "id"})
_LONG: Final = frozenset({"because", "reason", "note", "text", "description"})
_LINK: Final = re.compile(r"https?://[^\s<>\"'{}|\\^`]{1,2000}")


def check_words(command: Any) -> None:
    """Nothing, where every text of the command can be shown and kept.

    Raises:
        InputError: with each that cannot.
    """
    problems = list(_wrong(command))
    if problems:
        raise InputError(problems)


def _wrong(command: Any) -> Iterator[Problem]:
    for one in fields(command):
        value, at = getattr(command, one.name), f"/{one.name}"
        if value is None or (one.name in ("reason", "id") and not value.strip()):
            continue  # these are told by who needs them
        if one.name == "url":
            if not _LINK.fullmatch(value):
                yield Problem(at, "not-a-link", f"a link is an address that begins with https:// or http://, not {shown(value)}.")
        elif one.name in _SHORT | _LONG:
            reading = Reading()
            reading.text(value, at, "a text", SHORT if one.name in _SHORT else LONG)
            if one.name in _SHORT and isinstance(value, str) and "\n" in value.strip():
                reading.wrong(at, "not-a-text", "this is one line.")
            yield from reading.problems
        elif one.name in ("values", "value", "plan", "results", "facts"):
            try:
                size = len(canonical(value))
            except ValueError:
                yield Problem(at, "not-a-number", "it holds a number that is none.")
                continue
            if size > VALUES:
                yield Problem(at, "too-large", f"this is larger than the {VALUES:,} characters that are kept.")
