"""What a command needs: settings and the evaluator of the present knowledge, loaded once and quickly."""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT, Evaluator, Status
from kg_service.applicability.facts import parse_day
from kg_service.deployment import LIMITS, Deployment, read_deployment, read_text
from kg_service.errors import InputError, Problem, nearest
from kg_service.model import Knowledge
from kg_service.settings import Settings, read_settings, strangers

STDIN: Final = Path("-")
KIND: Final[ContextVar[type[Settings]]] = ContextVar("KIND", default=Settings)
"""Which settings a command reads: those of the command line that runs it."""


@dataclass(frozen=True, slots=True)
class Session:
    settings: Settings
    evaluator: Evaluator

    @property
    def knowledge(self) -> Knowledge:
        return self.evaluator.knowledge

    def deployment(self, path: Path) -> Deployment:
        """The deployment in the file at ``path``, or in standard input where it is ``-``."""
        if path == STDIN:
            return read_text(sys.stdin.buffer.read(LIMITS.size + 1), "stdin", self.knowledge)
        return read_deployment(path, self.knowledge)


def settings(root: Path | None, **given: object) -> Settings:
    """The settings of this call; a variable that looks like a setting and is none is told on standard error."""
    kind = KIND.get()
    for problem in strangers(kind):
        tell(f"note: {problem}")
    return read_settings(kind, os.environ, root=root, **given)


def open_session(root: Path | None) -> Session:
    """A session on the present knowledge, from the kept build where there is one."""
    from kg_service.knowledge.build import load_knowledge

    chosen = settings(root)
    knowledge = load_knowledge(chosen.root, chosen.cache, lambda: tell("building the knowledge, once for this version ..."))
    return Session(chosen, Evaluator(knowledge))


def tell(text: str) -> None:
    """``text`` stands on standard error: progress and notes never mix with an answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def day(text: str | None, option: str, written: date | None = None) -> date:
    """The day given on the command line, else the one written in the file, else today."""
    if text is not None:
        return parse_day(text, option)
    return written or date.today()  # noqa: DTZ011 - a legal day is a day of the calendar where the user is


def statuses(words: list[str] | None) -> tuple[Status, ...]:
    """The statuses that ``--status`` names; ``all`` is every one.

    Raises:
        InputError: naming the nearest valid ones.
    """
    if not words:
        return SHOWN_BY_DEFAULT
    named = [word.strip().replace("-", "_") for text in words for word in text.split(",") if word.strip()]
    choices = ("all", *map(str, Status))
    wrong = [word for word in named if word not in choices]
    if wrong:
        raise InputError(
            Problem(
                "--status", "unknown-status", f"there is no status {word[:60]!r}: {', '.join(choices)}.", nearest(word, choices)
            )
            for word in wrong
        )
    return tuple(status for status in Status if "all" in named or status in named)


def one_of(word: str, option: str, choices: tuple[str, ...]) -> str:
    """``word``, which must be one of ``choices``.

    Raises:
        InputError: naming the choices and the nearest.
    """
    if word not in choices:
        told = f"there is no {word[:60]!r} here: {', '.join(choices)}."
        raise InputError([Problem(option, "unknown-choice", told, nearest(word, choices))])
    return word
