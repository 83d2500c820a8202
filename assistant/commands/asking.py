"""``sextant ask``: one question, one answer, offline unless a model is set."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from assistant.answering.steps import Done, Status, Step
from assistant.assembly import Assembled, for_command
from assistant.conversation import begun, continued
from assistant.exchange import LONGEST_DOCUMENT, LONGEST_QUESTION, Asking, client_view, parse_documents, parse_question
from assistant.markdown import markdown
from assistant.model import Answer
from assistant.settings import AssistantSettings
from assistant.views import DOING, answer_view
from kg_service.commands.output import show, write, write_json
from kg_service.commands.session import STDIN, Session, open_session
from kg_service.errors import DocumentError, InputError, Problem, SextantError

FORMATS: Final = ("text", "markdown", "json")
REFUSED: Final = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command needs to answer: the session and the assistant on it."""

    session: Session
    assembled: Assembled

    def steps(self, asking: Asking) -> Iterator[Step]:
        return self.assembled.asker.steps(asking.question, asking.facts, asking.as_of, asking.conversation, asking.documents)

    def answer(self, asking: Asking) -> Answer:
        """The whole answer; what is being done is told on standard error where somebody watches."""
        watched = sys.stderr.isatty()
        found: Answer | None = None
        for step in self.steps(asking):
            if isinstance(step, Done):
                found = step.answer
            elif isinstance(step, Status) and watched:
                sys.stderr.write(f"\r\x1b[K{DOING[step.doing]}")
                sys.stderr.flush()
        if watched:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        if found is None:
            raise SextantError("The answer broke off.")
        return found


def open_desk(root: Path | None) -> Desk:
    """The assistant on the present knowledge, at once: with the index that is there, else with words alone."""
    session = open_session(root)
    if not isinstance(session.settings, AssistantSettings):
        raise TypeError(session.settings)
    return Desk(session, for_command(session.settings, session.evaluator))


def ask(
    text: str,
    facts: Path | None,
    as_of: date | None,
    documents: Sequence[Path],
    format_: str,
    output: Path | None,
    root: Path | None,
) -> int:
    """The answer is written; the exit code is 3 where it is a refusal."""
    question = parse_question(_input(LONGEST_QUESTION) if text == "-" else text, "TEXT")
    sent = parse_documents([_document(path) for path in documents], "--document")
    desk = open_desk(root)
    deployment = None if facts is None else desk.session.deployment(facts)
    day = as_of or (deployment.as_of if deployment else None)
    asking = Asking(question, None if deployment is None else deployment.facts, day, None, sent)
    found = desk.answer(asking)
    if format_ == "json":
        conversation = client_view(continued(begun(), found))
        write_json(answer_view(found, desk.session.evaluator) | {"conversation": conversation}, output)
    elif format_ == "markdown":
        write(markdown(found, desk.session.knowledge), output)
    else:
        from assistant.commands import screen

        show(screen.answer(found, desk.session.knowledge), output)
    return REFUSED if found.refused else 0


def _input(longest: int) -> str:
    return _decoded(sys.stdin.buffer.read(4 * longest + 1), "stdin")


def _document(path: Path) -> str:
    """The text of a document: plain text or Markdown; other formats are loaded with ``sextant load --policy``."""
    if path == STDIN:
        return _input(LONGEST_DOCUMENT)
    try:
        with path.open("rb") as opened:
            return _decoded(opened.read(4 * LONGEST_DOCUMENT + 1), str(path))
    except OSError as error:
        raise DocumentError([Problem(str(path), "unreadable", f"the file cannot be read: {error.strerror}.")]) from error
    except ValueError as error:
        raise DocumentError([Problem(repr(str(path)), "unreadable", "this is no name of a file.")]) from error


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = "this is no text in UTF-8; word processor files and PDFs are read with 'sextant load FILE --policy NAME'."
        raise InputError([Problem(name, "not-text", told)]) from error
