"""Conversations: immutable values in which facts accumulate, can be taken back, and that can be stored and deleted."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from assistant.model import Answer, Conversation, Intent, Turn, Understanding
from kg_service.applicability.facts import parse_day, parse_facts, plain_facts
from kg_service.durable import remove_file, write_file
from kg_service.errors import DocumentError, NotFoundError, Problem, StoreError, shown
from kg_service.model import FactId, Knowledge
from kg_service.people.model import LOCAL

MOST_TURNS: Final = 50
_KEPT: Final = 8_000  # characters of a question or an answer that are kept
_ID: Final = re.compile(r"[A-Za-z0-9_-]{20,64}")


def begun(as_of: date | None = None) -> Conversation:
    """A conversation without a turn; nobody can guess its id."""
    return Conversation(secrets.token_urlsafe(24), as_of=as_of)


def continued(conversation: Conversation, answer: Answer) -> Conversation:
    """``conversation`` with one turn more: the answer's facts hold from now on, and what it asked back has been asked."""
    turn = Turn(answer.understanding.text[:_KEPT], answer.understanding, answer.facts, answer.text[:_KEPT])
    asked = tuple(dict.fromkeys((*conversation.asked, *(question.fact for question in answer.questions))))
    return replace(
        conversation,
        turns=(*conversation.turns, turn)[-MOST_TURNS:],
        facts=dict(answer.facts),
        as_of=answer.understanding.as_of or conversation.as_of,
        asked=tuple(fact for fact in asked if fact not in answer.facts),
    )


def withdrawn(conversation: Conversation, facts: Iterable[FactId]) -> Conversation:
    """``conversation`` in which nothing is known of these facts any more."""
    gone = set(facts)
    return replace(conversation, facts={fact: answer for fact, answer in conversation.facts.items() if fact not in gone})


def to_plain(conversation: Conversation) -> dict[str, Any]:
    """The conversation as JSON holds it; :func:`from_plain` gives it back, with of each reading only the words and the intent."""
    return {
        "id": conversation.id,
        "facts": plain_facts(conversation.facts),
        "as_of": None if conversation.as_of is None else conversation.as_of.isoformat(),
        "asked": list(conversation.asked),
        "turns": [
            {
                "question": turn.question,
                "answer": turn.answer,
                "facts": plain_facts(turn.facts),
                "intents": [str(intent) for intent in turn.understanding.intents],
                "language": turn.understanding.language,
            }
            for turn in conversation.turns
        ],
    }


def from_plain(raw: object, law: Knowledge) -> Conversation:
    """The conversation that ``raw`` holds.

    Raises:
        InputError: where facts or days are not what they must be.
        DocumentError: where it is no conversation at all.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("id"), str) or not _ID.fullmatch(raw["id"]):
        raise DocumentError([Problem("", "not-a-conversation", f"this is no stored conversation: {shown(raw)}.")])
    turns = raw.get("turns", [])
    if not isinstance(turns, list) or not all(isinstance(one, Mapping) for one in turns):
        raise DocumentError([Problem("/turns", "not-a-conversation", "the turns of a conversation are a list of objects.")])
    as_of = raw.get("as_of")
    asked = raw.get("asked") or []
    return Conversation(
        id=raw["id"],
        turns=tuple(_turn(one, law, f"/turns/{place}") for place, one in enumerate(turns[-MOST_TURNS:])),
        facts=parse_facts(law.facts, raw.get("facts") or {}),
        as_of=None if as_of is None else parse_day(as_of, "/as_of"),
        asked=tuple(FactId(one) for one in asked if isinstance(one, str) and FactId(one) in law.facts),
    )


def _turn(raw: Mapping[str, Any], law: Knowledge, at: str) -> Turn:
    question, answer = raw.get("question"), raw.get("answer")
    if not isinstance(question, str) or not isinstance(answer, str):
        raise DocumentError([Problem(at, "not-a-conversation", "a turn holds the words of its question and of its answer.")])
    known = {str(intent): intent for intent in Intent}
    intents = tuple(known[name] for name in raw.get("intents") or [] if name in known)
    language = raw.get("language")
    understanding = Understanding(question, intents, language=language if isinstance(language, str) else "en")
    return Turn(question, understanding, parse_facts(law.facts, raw.get("facts") or {}, f"{at}/facts"), answer)


class ConversationStore:
    """Conversations as files in one folder, readable by its owner alone. Each belongs to who asked in it."""

    def __init__(self, folder: Path, law: Knowledge) -> None:
        self._folder, self._law = folder, law

    def save(self, conversation: Conversation, owner: str = LOCAL.id) -> None:
        """The conversation is on the disk as that of ``owner``, in place of its older state.

        Raises:
            StoreError: where the disk does not take it; the older state is still there.
        """
        content = json.dumps({"owner": owner, **to_plain(conversation)}, ensure_ascii=False).encode()
        try:
            write_file(self._file(conversation.id), content)
        except OSError as error:
            raise StoreError(f"The conversation could not be stored: {error.strerror}.") from error

    def owner_of(self, conversation_id: str) -> str | None:
        """Whose conversation it is; None where there is none. One that does not say so is the local user's."""
        try:
            found = json.loads(self._file(conversation_id).read_bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except (OSError, ValueError):
            return LOCAL.id
        owner = found.get("owner") if isinstance(found, Mapping) else None
        return owner if isinstance(owner, str) else LOCAL.id

    def load(self, conversation_id: str) -> Conversation:
        """The stored conversation.

        Raises:
            NotFoundError: there is none of that id.
            StoreError: it cannot be read.
        """
        try:
            content = self._file(conversation_id).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError("conversation", conversation_id[:64]) from error
        except OSError as error:
            raise StoreError(f"The conversation could not be read: {error.strerror}.") from error
        try:
            return from_plain(json.loads(content), self._law)
        except ValueError as error:
            raise StoreError("The stored conversation is damaged; delete it.") from error

    def delete(self, conversation_id: str) -> None:
        """Nothing is left of the conversation.

        Raises:
            NotFoundError: there is none of that id.
        """
        file = self._file(conversation_id)
        if not file.is_file():
            raise NotFoundError("conversation", conversation_id[:64])
        try:
            remove_file(file)
        except OSError as error:
            raise StoreError(f"The conversation could not be deleted: {error.strerror}.") from error

    def _file(self, conversation_id: str) -> Path:
        if not _ID.fullmatch(conversation_id):
            raise NotFoundError("conversation", conversation_id[:64])
        return self._folder / f"{conversation_id}.json"
