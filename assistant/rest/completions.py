"""The shapes of OpenAI's chat completions: requests read as their servers read them, answers as their clients expect. Pure.

Only what users wrote is a question. Text of the other roles may come from anywhere and is not used; parameters for sampling and
tools change nothing, as on any server that does not know them.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from assistant.model import Answer
from kg_service.errors import (
    BusyError,
    DeadlineError,
    InputError,
    NotFoundError,
    Problem,
    SextantError,
    UnavailableError,
    nearest,
    shown,
)

View: TypeAlias = dict[str, Any]
MODEL: Final = "sextant"
MOST_MESSAGES: Final = 200
_ROLES: Final = ("user", "assistant", "system", "developer", "tool", "function")
_MARK: Final = re.compile(r"\[(\d{1,4})\]")
_CHARACTERS_A_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class Request:
    """``questions`` are what the user wrote, in order; the last is the one to answer."""

    questions: tuple[str, ...]
    stream: bool
    usage_at_end: bool
    size: int  # characters of all messages


def parse_request(raw: object) -> Request:
    """The request.

    Raises:
        NotFoundError: for another model than ours.
        InputError: with what is wrong and where, as OpenAI names places (``messages[0].content``).
    """
    if not isinstance(raw, Mapping):
        raise InputError([Problem("", "not-a-mapping", "the body must be an object with 'model' and 'messages'.")])
    model = raw.get("model")
    if not isinstance(model, str) or not model:
        raise InputError([Problem("model", "missing", "you must provide a model parameter.")])
    if model != MODEL:
        raise NotFoundError("model", model[:100], nearest(model, [MODEL]) or (MODEL,))
    if raw.get("n") not in (None, 1):
        raise InputError([Problem("n", "unsupported", "there is one answer to a question: 'n' must be 1.")])
    stream = raw.get("stream")
    if stream not in (None, True, False):
        raise InputError([Problem("stream", "not-a-flag", f"'stream' must be true or false, not {shown(stream)}.")])
    messages = raw.get("messages")
    if not isinstance(messages, list) or not messages or len(messages) > MOST_MESSAGES:
        raise InputError([Problem("messages", "bad-messages", f"'messages' must be a list of 1 to {MOST_MESSAGES} messages.")])
    texts = [_message(message, place) for place, message in enumerate(messages)]
    questions = tuple(text for role, text in texts if role == "user" and text.strip())
    if not questions or texts[-1][0] != "user" or not texts[-1][1].strip():
        raise InputError(
            [Problem(f"messages[{len(messages) - 1}]", "no-question", "the last message must be the user's, with text.")]
        )
    options = raw.get("stream_options")
    usage = isinstance(options, Mapping) and options.get("include_usage") is True
    return Request(questions, stream is True, usage, sum(len(text) for _, text in texts))


def _message(raw: object, place: int) -> tuple[str, str]:
    at = f"messages[{place}]"
    if not isinstance(raw, Mapping):
        raise InputError([Problem(at, "not-a-mapping", "a message is an object with 'role' and 'content'.")])
    role, content = raw.get("role"), raw.get("content")
    if role not in _ROLES:
        raise InputError([Problem(f"{at}.role", "unknown-role", f"there is no role {shown(role)}.", nearest(str(role), _ROLES))])
    if content is None and role != "user":
        return str(role), ""
    if isinstance(content, str):
        return str(role), content
    if not isinstance(content, list):
        raise InputError([Problem(f"{at}.content", "not-text", "the content must be text, or a list of parts with text.")])
    parts = []
    for number, part in enumerate(content):
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind not in ("text", "refusal") and role == "user":
            told = f"parts of type {shown(kind)} cannot be read here: text alone."
            raise InputError([Problem(f"{at}.content[{number}].type", "unsupported-part", told)])
        text = part.get("text") if isinstance(part, Mapping) else None
        if kind == "text" and not isinstance(text, str):
            raise InputError([Problem(f"{at}.content[{number}].text", "not-text", "a part of type 'text' has text.")])
        parts.append(text if isinstance(text, str) else "")
    return str(role), "\n".join(parts)


def models_view(created: int) -> View:
    return {"object": "list", "data": [model_view(created)]}


def model_view(created: int) -> View:
    return {"id": MODEL, "object": "model", "created": created, "owned_by": "sextant"}


def url_citations(text: str, answer: Answer) -> list[View]:
    """Each mark ``[n]`` in ``text`` as a ``url_citation`` of the official page, else of the thing's own IRI."""
    by_number = {citation.n: citation.passage for citation in answer.citations}
    found: list[View] = []
    for mark in _MARK.finditer(text):
        passage = by_number.get(int(mark[1]))
        url = None if passage is None else passage.official_url or passage.iri
        if passage is None or url is None or not url.startswith(("https://", "http://")):
            continue
        cited = {"start_index": mark.start(), "end_index": mark.end(), "title": passage.title, "url": url}
        found.append({"type": "url_citation", "url_citation": cited})
    return found


def usage_view(request: Request, text: str) -> View:
    """Sizes in tokens, estimated from characters: nothing is counted or billed here."""
    asked, said = -(-request.size // _CHARACTERS_A_TOKEN), -(-len(text) // _CHARACTERS_A_TOKEN)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def completion_view(request: Request, text: str, answer: Answer) -> View:
    message = {"role": "assistant", "content": text, "refusal": None, "annotations": url_citations(text, answer)}
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage_view(request, text),
        "system_fingerprint": answer.assessment.knowledge_version[:16],
    }


class Chunks:
    """The chunks of one streamed answer: they share an id and a time."""

    def __init__(self, usage_at_end: bool) -> None:
        self._head: View = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": MODEL,
        }
        self._more: View = {"usage": None} if usage_at_end else {}

    def delta(self, finish: str | None = None, **delta: object) -> View:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head, "choices": [choice], **self._more}

    def usage(self, request: Request, text: str) -> View:
        return {**self._head, "choices": [], "usage": usage_view(request, text)}


# The first class that an error is an instance of gives its status, type and code.
_ERRORS: Final[Sequence[tuple[type[SextantError], HTTPStatus, str, str | None]]] = (
    (InputError, HTTPStatus.BAD_REQUEST, "invalid_request_error", None),
    (NotFoundError, HTTPStatus.NOT_FOUND, "invalid_request_error", "model_not_found"),
    (BusyError, HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_error", "rate_limit_exceeded"),
    (DeadlineError, HTTPStatus.GATEWAY_TIMEOUT, "server_error", "timeout"),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, "server_error", None),
    (SextantError, HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", None),
)


def error_view(error: SextantError) -> tuple[int, View]:
    """``error`` as OpenAI's servers tell it: status and body; ``param`` is where it was."""
    for family, status, kind, code in _ERRORS:
        if isinstance(error, family):
            param = None
            if isinstance(error, InputError):
                first = error.problems[0]
                param, code = first.where or None, first.code.replace("-", "_")
                if first.code == "too-large":
                    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            elif isinstance(error, NotFoundError):
                param = error.kind
            return int(status), {"error": {"message": str(error).lstrip(": "), "type": kind, "param": param, "code": code}}
    raise error
