"""Settings of the assistant, beside those of the exact half; read once from the environment (``SEXTANT_...``) and passed on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from kg_service.settings import Settings, checked, seconds, web_url, whole

PACKAGED: Final = "package"
NONE: Final = "none"
_MODEL: Final = re.compile(r"[a-z][a-z0-9_]*:\S+")


def _model(value: str) -> str:
    if value and not (value.isprintable() and _MODEL.fullmatch(value)):
        raise ValueError("it must be 'provider:model', such as 'openai:gpt-5-mini' or 'ollama:qwen3'")
    return value


def _embeddings(value: str) -> str:
    if value not in (PACKAGED, NONE) and not (value.isprintable() and _MODEL.fullmatch(value)):
        raise ValueError(f"it must be '{PACKAGED}', '{NONE}' or 'provider:model'")
    return value


def _key(value: str) -> str:
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise ValueError("it must be one word of printable ASCII")
    return value


def _on_or_off(value: str) -> str:
    if value not in ("on", "off"):
        raise ValueError("it must be 'on' or 'off'")
    return value


@dataclass(frozen=True, kw_only=True)
class AssistantSettings(Settings):
    """All settings of the service with its assistant. Without a model it composes answers by itself."""

    model: str = field(
        default="",
        metadata=checked(_model, "Chat model that words answers, as `provider:model`; empty: answers are composed without."),
    )
    model_url: str = field(default="", metadata=checked(web_url, "Where the model answers, if not at its provider's."))
    model_key: str = field(
        default="", repr=False, metadata=checked(_key, "Key for the model; else its provider's own variable holds.", secret=True)
    )
    model_seconds: float = field(
        default=15.0,
        metadata=checked(seconds, "Longest time to wait for the model's answer; for facts that it reads half of it."),
    )
    model_tokens: int = field(default=1_500, metadata=checked(whole(16, 100_000), "Longest answer of the model, in tokens."))
    model_characters: int = field(
        default=24_000, metadata=checked(whole(1_000, 10**6), "How much of the sources is handed to the model, in characters.")
    )
    model_reads: str = field(
        default="on",
        metadata=checked(_on_or_off, "`on`: the model also reads facts from the question; `off`: it only words answers."),
    )
    embeddings: str = field(
        default=PACKAGED,
        metadata=checked(_embeddings, "`package` (offline, from the installation), `none` (BM25 alone), or `provider:model`."),
    )
    chroma: str = field(default="", metadata=checked(web_url, "URL of a Chroma server; empty: the embedded one, in the cache."))
    ask_workers: int = field(default=4, metadata=checked(whole(1, 64), "How many questions are answered at once."))
    ask_queue: int = field(default=32, metadata=checked(whole(0, 10_000), "How many questions may wait for their turn."))
    conversations: str = field(
        default="off",
        metadata=checked(_on_or_off, "`on` keeps conversations on this machine until deleted; `off`: clients keep their own."),
    )
