"""What a user sends, checked, and the state of a conversation that its client keeps: the same for every interface."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from assistant.model import Answer, Conversation
from kg_service.applicability.facts import Facts, parse_day, parse_facts, plain_facts
from kg_service.errors import InputError, Problem, shown
from kg_service.model import FactId, Knowledge

LONGEST_QUESTION: Final = 200_000  # characters; how much of it is read is said in the answer
LONGEST_DOCUMENT: Final = 500_000
MOST_DOCUMENTS: Final = 10
MOST_TURNS: Final = 20
_LONGEST_KEPT: Final = 4_000  # characters of an earlier question
_KEYS: Final = ("id", "facts", "as_of", "asked", "questions")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class State:
    """A conversation as its client keeps it: the facts so far, what was asked back, and the last questions."""

    id: str
    facts: Facts = field(default_factory=dict)
    as_of: date | None = None
    asked: tuple[FactId, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A checked request. ``facts`` given beside the question win over those of the conversation."""

    question: str
    facts: Facts | None = None
    as_of: date | None = None
    state: State | None = None
    documents: tuple[str, ...] = ()


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_urlsafe(18)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


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


def parse_state(raw: object, knowledge: Knowledge, at: str) -> State:
    """The state that a client sends back.

    Raises:
        InputError: with what is wrong and where.
    """
    if not isinstance(raw, Mapping):
        raise InputError([Problem(at, "not-a-mapping", "a conversation is the object that the last answer gave, or its id.")])
    unknown = sorted(set(map(str, raw)) - set(_KEYS))
    if unknown:
        raise InputError([Problem(at, "unknown-key", f"there is no key {unknown[0][:60]!r} in a conversation.", _KEYS)])
    identifier = raw.get("id") or new_id()
    if not isinstance(identifier, str) or not is_id(identifier):
        raise InputError([Problem(f"{at}/id", "bad-id", "this is no id of a conversation.")])
    asked, questions = _words(raw.get("asked"), f"{at}/asked"), _words(raw.get("questions"), f"{at}/questions")
    given = raw.get("as_of")
    return State(
        id=identifier,
        facts=parse_facts(knowledge.facts, raw.get("facts") or {}, f"{at}/facts"),
        as_of=None if given is None else parse_day(given, f"{at}/as_of"),
        asked=tuple(FactId(name) for name in asked if name in knowledge.facts),
        questions=tuple(_text(one[:_LONGEST_KEPT], f"{at}/questions", "question", _LONGEST_KEPT) for one in questions)[
            -MOST_TURNS:
        ],
    )


def _words(raw: object, at: str) -> list[str]:
    if raw is None:
        return []
    if not isinstance(raw, list | tuple) or not all(isinstance(one, str) for one in raw):
        raise InputError([Problem(at, "not-a-list", "this is a list of texts.")])
    return list(raw)


def state_view(state: State) -> dict[str, Any]:
    """``state`` as JSON; :func:`parse_state` gives back an equal one."""
    return {
        "id": state.id,
        "facts": plain_facts(state.facts),
        "as_of": None if state.as_of is None else state.as_of.isoformat(),
        "asked": list(state.asked),
        "questions": list(state.questions),
    }


def state_of(conversation: Conversation) -> State:
    """What a client must keep of ``conversation``."""
    questions = tuple(turn.question[:_LONGEST_KEPT] for turn in conversation.turns)[-MOST_TURNS:]
    return State(conversation.id, dict(conversation.facts), conversation.as_of, tuple(conversation.asked), questions)


def after(state: State, answer: Answer, day: date | None) -> State:
    """The state after ``answer`` was given; ``day`` is the one that the user set, if any."""
    return State(
        id=state.id,
        facts=dict(answer.facts),
        as_of=day,
        asked=tuple(dict.fromkeys((*state.asked, *(question.fact for question in answer.questions)))),
        questions=(*state.questions, answer.understanding.text[:_LONGEST_KEPT])[-MOST_TURNS:],
    )
