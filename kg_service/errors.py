"""The one tree of errors. Named for what the caller can do; translated to exit codes and problem documents at the edges.

SextantError
├── InputError            the caller's input is wrong: says where, what, and the nearest valid choice (exit 2, HTTP 422)
│   └── DocumentError     the input cannot be read at all: not YAML or JSON, too large, too deep (exit 2, HTTP 400/413)
├── ConflictError         the thing's present state does not allow it: says what to do first (exit 2, HTTP 409)
│   └── VersionError       somebody changed it meanwhile, or no version was named: read it again (exit 2, HTTP 412/428)
├── ForbiddenError        this person may not do it: says who may (exit 2, HTTP 403)
├── UnauthenticatedError  nobody is known to be asking: says how to log in (exit 2, HTTP 401)
├── NotFoundError         no such norm, instrument, fact, page (exit 2, HTTP 404)
├── KnowledgeError        the law's own files are wrong: every problem with file and line (exit 2, HTTP 500 at start only)
├── StoreError            a graph store does not answer or refuses (exit 2, HTTP 502)
│   └── DatabaseError     the database cannot be read or written: says what to do (exit 2, HTTP 503)
├── QueryError            a SPARQL query cannot be parsed or run (HTTP 400)
├── DeadlineError         the work did not end in the time allowed (HTTP 504)
│   └── BusyError         too much is being done already: says after how many seconds to try again (HTTP 503)
└── UnavailableError      an optional part is not installed or not configured: says which and how to get it
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at one place.

    ``where`` is ``file:line`` for files and a JSON pointer (``/facts/institution/0``) for requests.
    ``code`` is stable and closed; ``nearest`` holds the valid choices nearest to what was written, best first.
    """

    where: str
    code: str
    message: str
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(repr(n) for n in self.nearest)}?" if self.nearest else ""
        return f"{self.where}: {self.message}{hint}"


class SextantError(Exception):
    """Root of every error that this package raises on purpose."""


class _ProblemsError(SextantError):
    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)) or "no problem named")


class InputError(_ProblemsError):
    """The caller's input is wrong; every problem found is in ``problems``."""


class DocumentError(InputError):
    """The input cannot be read at all."""


class ConflictError(_ProblemsError):
    """The present state of a thing does not allow what was asked; each problem says what to do first."""


class VersionError(ConflictError):
    """The thing is not at the version that the caller named, or a version must be named and was not (code ``version-needed``)."""


class ForbiddenError(_ProblemsError):
    """Who asks may not do this; each problem says who may."""


class UnauthenticatedError(SextantError):
    """Nobody is known to be asking."""


class NotFoundError(SextantError):
    """There is no such thing; ``nearest`` names the closest that exist."""

    def __init__(self, kind: str, identifier: str, nearest: Sequence[str] = ()) -> None:
        self.kind, self.identifier, self.nearest = kind, identifier, tuple(nearest)
        hint = f" Did you mean {' or '.join(repr(n) for n in self.nearest)}?" if self.nearest else ""
        super().__init__(f"There is no {kind} {identifier!r}.{hint}")


class KnowledgeError(_ProblemsError):
    """The law's own files are wrong; every problem carries file and line."""


class StoreError(SextantError):
    """A graph store does not answer or refuses."""


class DatabaseError(StoreError):
    """The database cannot be read or written; nothing was changed unless the message says otherwise."""


class QueryError(SextantError):
    """A SPARQL query cannot be parsed or run."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.line, self.column = line, column
        super().__init__(message)


class DeadlineError(SextantError):
    """The work did not end in the time allowed."""


class BusyError(DeadlineError):
    """Too much is being done already; nothing was begun that is not stopped again."""

    def __init__(self, message: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class UnavailableError(SextantError):
    """An optional part is not installed or not configured."""


def shown(value: object, length: int = 60) -> str:
    """``value`` as a message shows it: printable and short."""
    if value is None:
        return "nothing"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= length else text[:length] + "..."


def nearest(word: str, choices: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """The ``count`` choices nearest to ``word``, best first; empty where none is near."""
    return tuple(difflib.get_close_matches(word[:80], list(choices), n=count, cutoff=0.6))
