"""What a user sends, checked, and the state of a conversation that its client keeps: the same for every interface."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from assistant.conversation import from_plain, to_plain
from assistant.model import Conversation
from kg_service.applicability.facts import Facts
from kg_service.errors import InputError, Problem, shown
from kg_service.model import Knowledge
from kg_service.people.model import LOCAL, Principal

LONGEST_QUESTION: Final = 200_000  # characters; how much of it is read is said in the answer
LONGEST_DOCUMENT: Final = 500_000
MOST_DOCUMENTS: Final = 10
MOST_TURNS: Final = 12
_LONGEST_KEPT: Final = 2_000  # characters of an earlier question


@dataclass(frozen=True, slots=True)
class Asking:
    """A checked request of ``actor``. ``facts`` given beside the question win over those of the conversation."""

    question: str
    facts: Facts | None = None
    as_of: date | None = None
    conversation: Conversation | None = None
    documents: tuple[str, ...] = ()
    actor: Principal = LOCAL


def parse_question(raw: object, at: str) -> str:
    """The question as text, with line ends of one kind.

    Raises:
        InputError: where it is no text, empty, binary or longer than 200,000 characters.
    """
    return _text(raw, at, "question", LONGEST_QUESTION)


def parse_documents(raw: object, at: str) -> tuple[str, ...]:
    """The texts that came with a question.

    Raises:
        InputError: for the first that is no text, empty, binary or too long, or where there are too many.
    """
    if raw is None:
        return ()
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise InputError([Problem(at, "not-a-list", "documents are a list of texts.")])
    if len(raw) > MOST_DOCUMENTS:
        raise InputError([Problem(at, "too-many", f"at most {MOST_DOCUMENTS} documents can come with a question.")])
    return tuple(_text(one, f"{at}/{place}", "document", LONGEST_DOCUMENT) for place, one in enumerate(raw))


def _text(raw: object, at: str, what: str, longest: int) -> str:
    if not isinstance(raw, str):
        raise InputError([Problem(at, "not-text", f"the {what} must be text, not {shown(raw)}.")])
    if len(raw) > longest:
        told = f"the {what} has {len(raw):,} characters; at most {longest:,} are taken."
        raise InputError([Problem(at, "too-long", told)])
    text = "\n".join(raw.splitlines())
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
        raise InputError([Problem(at, "not-text", f"the {what} holds binary data, not text.")])
    if not any(map(str.isalnum, text)):
        raise InputError([Problem(at, "empty", f"the {what} is empty.")])
    return text


def parse_conversation(raw: object, knowledge: Knowledge) -> Conversation:
    """The conversation that a client sends back.

    Raises:
        InputError: with what is wrong and where.
    """
    if not isinstance(raw, Mapping):
        raise InputError([Problem("/conversation", "not-a-mapping", "a conversation is the object that the last answer gave.")])
    try:
        return from_plain(raw, knowledge)
    except InputError as error:
        raise InputError(replace(one, where=f"/conversation{one.where}") for one in error.problems) from error


def client_view(conversation: Conversation) -> dict[str, Any]:
    """What a client keeps of ``conversation`` and sends back: facts, day, what was asked, the last questions; no answers."""
    turns = tuple(replace(turn, question=turn.question[:_LONGEST_KEPT], facts={}, answer="") for turn in conversation.turns)
    return to_plain(replace(conversation, turns=turns[-MOST_TURNS:]))
