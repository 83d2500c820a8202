"""What the assistant asks of a language model: words for messages, within a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user"]
    content: str


class ChatModel(Protocol):
    """Any chat model. ``name`` is what answers and the audit trail call it."""

    @property
    def name(self) -> str: ...

    def complete(self, messages: Sequence[Message], seconds: float) -> str:
        """The whole answer of the model, never empty.

        Raises:
            DeadlineError: where it did not end within ``seconds``.
            UnavailableError: where the model cannot be reached, refuses, or answers nothing.
        """
        ...
