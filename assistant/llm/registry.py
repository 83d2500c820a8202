"""Which language model the settings name. One line for each kind; nothing of a model is imported before one is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from assistant.llm.protocol import ChatModel
from assistant.settings import AssistantSettings


def _langchain(settings: AssistantSettings) -> ChatModel:
    from assistant.llm.lang_chain import open_model

    return open_model(settings.model, settings.model_url, settings.model_key, settings.model_seconds, settings.model_tokens)


def _none(_settings: AssistantSettings) -> None:
    return None


KINDS: Final[Mapping[str, Callable[[AssistantSettings], ChatModel | None]]] = {"none": _none, "langchain": _langchain}


def configured(settings: AssistantSettings) -> ChatModel | None:
    """The model that the settings name, or None.

    Raises:
        UnavailableError: where its package is not installed; names the extra that brings it.
    """
    return KINDS["langchain" if settings.model else "none"](settings)
