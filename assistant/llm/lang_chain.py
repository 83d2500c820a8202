"""Any chat model that LangChain knows, made by ``init_chat_model``; what goes wrong inside becomes an error of ours."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from assistant.llm.protocol import ChatModel, Message
from kg_service.errors import DeadlineError, UnavailableError

# Providers whose package is an extra of ours; others need their own LangChain package.
EXTRAS: Final = ("anthropic", "ollama", "openai")
LONGEST: Final = 40_000  # characters of an answer that are looked at
_TRIES: Final = 2


def open_model(name: str, url: str, key: str, seconds: float, tokens: int) -> ChatModel:
    """The model ``provider:model``; nothing is sent yet.

    Raises:
        UnavailableError: where there is no such provider, its package is missing, or it lacks what it needs, such as a key.
    """
    provider, _, model = name.partition(":")
    from langchain.chat_models import init_chat_model

    given = _options(provider, url, key, seconds, tokens)
    made = _attempt(lambda: init_chat_model(model, model_provider=provider, **given), 60.0)
    error = made.exception()
    if isinstance(error, ImportError):
        extra = provider if provider in EXTRAS else None
        how = f"pip install 'sextant-kg[{extra}]'" if extra else f"the LangChain package for {provider!r}"
        raise UnavailableError(f"The model {name!r} needs a package that is not installed: {how}.") from error
    if error is not None:
        raise UnavailableError(f"The model {name!r} cannot be used: {_said(error, key)}.") from error
    return _LangChain(name, made.result(), key)


def _options(provider: str, url: str, key: str, seconds: float, tokens: int) -> dict[str, Any]:
    """What the provider's class takes, under its own names."""
    if provider == "ollama":
        options: dict[str, Any] = {"num_predict": tokens, "client_kwargs": {"timeout": seconds}}
    else:
        options = {"timeout": seconds, "max_retries": 0, "max_tokens": tokens}
        if key or (url and provider == "openai"):
            options["api_key"] = key or "none"  # a server of one's own often asks for none, its client always for one
    if url:
        options["base_url"] = url
    return options


class _LangChain:
    def __init__(self, name: str, model: Any, key: str) -> None:
        self._name, self._model, self._key = name, model, key

    @property
    def name(self) -> str:
        return self._name

    def complete(self, messages: Sequence[Message], seconds: float) -> str:
        """As :class:`assistant.llm.protocol.ChatModel`; tried once more where it broke off in the first half of the time."""
        import time

        pairs = [(message.role, message.content) for message in messages]
        end = time.monotonic() + seconds
        error: BaseException | None = None
        for _ in range(_TRIES):
            left = end - time.monotonic()
            if left < seconds / 2 and error is not None:
                break
            done = _attempt(lambda: self._model.invoke(pairs), left)
            error = done.exception()
            if error is None:
                text = str(done.result().text)[:LONGEST]
                if text.strip():
                    return text
                raise UnavailableError(f"The model {self._name!r} answered nothing.")
            if _is_timeout(error):
                raise DeadlineError(f"The model {self._name!r} did not answer within {seconds:g} seconds.") from error
        raise UnavailableError(f"The model {self._name!r} failed: {_said(error, self._key)}.") from error


def _attempt(work: Any, seconds: float) -> Future[Any]:
    """``work``, done or failed: what a foreign library raises is a value here, and it may not take longer than ``seconds``."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="model")
    future = pool.submit(work)
    pool.shutdown(wait=False)
    failed: Future[Any] = Future()
    try:
        future.exception(timeout=max(seconds, 0.001))
    except TimeoutError as error:
        failed.set_exception(error)
        return failed
    return future


def _is_timeout(error: BaseException) -> bool:
    """Whether it, or what it came from, says so; each provider has a class of its own for it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError) or "timeout" in type(seen).__name__.lower():
            return True
        seen = seen.__cause__
    return False


def _said(error: BaseException | None, key: str) -> str:
    """One short line of what a library said, without the key."""
    words = " ".join(str(error).split())[:200]
    words = words.replace(key, "...") if key else words
    return f"{type(error).__name__}: {words}".rstrip(".: ")
