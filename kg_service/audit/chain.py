"""The chain: what an event's hash covers, and how one link holds the next. Pure.

The content of an event is everything about it but its own hash and the texts of its notes. It is written as canonical JSON
(RFC 8785) and hashed with SHA-256; the next event carries that hash as ``previous``. So no event can be changed, taken out, put
in or moved without every later hash changing. What was cut off at the end shows against the checkpoints.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from kg_service.audit.event import Event, Json

FORMAT: Final = 1
GENESIS: Final = "0" * 64
CONTENT_KEYS: Final = frozenset(
    {
        *("format", "seq", "at", "clock_behind_ms", "actor", "action", "subject", "before", "after", "inputs", "notes"),
        *("knowledge_version", "code_version", "previous"),
    }
)


def hash_of(content: bytes) -> str:
    """The hash of canonical content, in 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def note_hash(key: str, text: str) -> str:
    """The keyed hash of a note's text; without the key nobody can test a guess of the text against it."""
    return "hmac-sha256:" + hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()


def moment(at: datetime) -> str:
    """``at`` in UTC, to the microsecond, always in the same length."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_moment(text: str) -> datetime:
    """The inverse of :func:`moment`. Raises ``ValueError``."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def content_of(event: Event) -> dict[str, Json]:
    """What the hash of ``event`` covers."""
    return {
        "format": FORMAT,
        "seq": event.seq,
        "at": moment(event.at),
        "clock_behind_ms": event.clock_behind_ms,
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "before": event.before,
        "after": event.after,
        "inputs": dict(event.inputs),
        "notes": dict(event.note_hashes),
        "knowledge_version": event.knowledge_version,
        "code_version": event.code_version,
        "previous": event.previous,
    }


def event_of(content: Mapping[str, Any], digest: str) -> Event:
    """The event of a parsed content.

    Raises:
        ValueError: where it is no content of this format.
    """
    if set(content) != CONTENT_KEYS or content["format"] != FORMAT:
        raise ValueError("it is no event of this format")
    try:
        return Event(
            seq=int(content["seq"]),
            at=parse_moment(content["at"]),
            actor=str(content["actor"]),
            action=str(content["action"]),
            subject=str(content["subject"]),
            before=content["before"],
            after=content["after"],
            inputs=dict(content["inputs"]),
            note_hashes=dict(content["notes"]),
            knowledge_version=str(content["knowledge_version"]),
            code_version=str(content["code_version"]),
            previous=str(content["previous"]),
            hash=digest,
            clock_behind_ms=int(content["clock_behind_ms"]),
        )
    except TypeError as error:
        raise ValueError(f"it is no event of this format: {error}") from error
