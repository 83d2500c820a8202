"""What the assistant of a running service holds, and how one question is answered with it. Made once in ``create_app``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from assistant.answering.documents import Document
from assistant.answering.steps import Step
from assistant.conversation import ConversationStore, begun
from assistant.exchange import Asking
from assistant.gate import Gate
from assistant.model import Answer, Conversation, Turn, Understanding
from assistant.settings import AssistantSettings
from assistant.understanding.merge import facts_of
from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import Facts
from kg_service.errors import UnavailableError
from kg_service.model import Knowledge
from kg_service.people.model import Principal


class Asker(Protocol):
    """What answers a question: :class:`assistant.answering.Assistant`."""

    def steps(
        self,
        question: str,
        facts: Facts | None = None,
        as_of: date | None = None,
        conversation: Conversation | None = None,
        documents: Sequence[Document | str] = (),
    ) -> Iterator[Step]: ...


class Reader(Protocol):
    """What reads a user's words: :class:`assistant.understanding.Reader`."""

    def read(self, text: str, conversation: Conversation | None = None) -> Understanding: ...


@dataclass(frozen=True, slots=True)
class AssistantServices:
    """``model`` is the name of the model that words answers, if any. ``given`` tells the audit trail of an answer."""

    settings: AssistantSettings
    evaluator: Evaluator
    asker: Asker
    reader: Reader
    gate: Gate
    model: str | None
    conversations: ConversationStore | None
    given: Callable[[Principal, Asking, Answer], None]
    close: Callable[[], None]

    @property
    def knowledge(self) -> Knowledge:
        return self.evaluator.knowledge

    def steps(self, asking: Asking) -> Iterator[Step]:
        """The answer as it is found. Blocking; runs off the event loop."""
        return self.asker.steps(asking.question, asking.facts, asking.as_of, asking.conversation, asking.documents)

    def kept(self) -> ConversationStore:
        """Where conversations are kept.

        Raises:
            UnavailableError: where they are not.
        """
        if self.conversations is None:
            raise UnavailableError("Conversations are not kept here: SEXTANT_CONVERSATIONS is off.")
        return self.conversations


def replayed(questions: Sequence[str], reader: Reader, knowledge: Knowledge) -> Conversation:
    """The conversation of somebody who asked all this before, from the words alone; facts accumulate as when they were asked."""
    conversation = begun()
    for question in questions:
        understanding = reader.read(question, conversation)
        facts = facts_of(understanding.readings, conversation.facts, knowledge)
        turn = Turn(question, understanding, facts, "")
        day = understanding.as_of or conversation.as_of
        conversation = replace(conversation, turns=(*conversation.turns, turn), facts=facts, as_of=day)
    return conversation
