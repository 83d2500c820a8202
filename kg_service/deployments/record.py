"""What is kept of a stored deployment, and its form as JSON."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from kg_service.errors import InputError, Problem, shown

FORMAT: Final = 1
MAX_NAME: Final = 200
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PlainFacts: TypeAlias = Mapping[str, bool | float | int | str | list[str]]


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """Facts under a name, asked about for one day; ``knowledge_version`` is the one with which they were first assessed."""

    id: str
    name: str
    facts: PlainFacts
    as_of: date
    stored_at: datetime
    knowledge_version: str

    def is_of(self, name: str, facts: PlainFacts, as_of: date) -> bool:
        """Whether that is what it holds: the same content is kept once."""
        return (self.name, dict(self.facts), self.as_of) == (name, dict(facts), as_of)


def new_id() -> str:
    """An id that no other deployment has and that says nothing: it stands in the audit trail for good, a name can be erased."""
    return f"deployment-{secrets.token_hex(8)}"


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of an id: nothing else ever becomes the name of a file."""
    return len(text) <= 80 and _ID.fullmatch(text) is not None


def parse_name(raw: object, at: str = "/name") -> str:
    """The name that ``raw`` gives.

    Raises:
        InputError: where it is none that can be shown.
    """
    text = raw.strip() if isinstance(raw, str) else ""
    if not text or len(text) > MAX_NAME or not text.isprintable():
        told = f"a stored deployment needs a name of 1 to {MAX_NAME} characters that can be shown, not {shown(raw)}."
        raise InputError([Problem(at, "not-a-name", told)])
    return text


def to_json(record: StoredDeployment) -> bytes:
    return json.dumps(
        {
            "format": FORMAT,
            "id": record.id,
            "name": record.name,
            "as_of": record.as_of.isoformat(),
            "stored_at": record.stored_at.isoformat(),
            "knowledge_version": record.knowledge_version,
            "facts": dict(record.facts),
        },
        indent=2,
        ensure_ascii=False,
    ).encode()


def from_json(content: bytes) -> StoredDeployment:
    """The record that :func:`to_json` wrote.

    Raises:
        ValueError: where it is none.
    """
    raw: Any = json.loads(content)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ValueError("it is no record of this format")
    try:
        record = StoredDeployment(
            id=str(raw["id"]),
            name=parse_name(raw["name"]),
            facts=dict(raw["facts"]),
            as_of=date.fromisoformat(raw["as_of"]),
            stored_at=datetime.fromisoformat(raw["stored_at"]),
            knowledge_version=str(raw["knowledge_version"]),
        )
    except (KeyError, TypeError, InputError) as error:
        raise ValueError(f"it is incomplete: {error}") from error
    if not is_id(record.id):
        raise ValueError("its id is none")
    return record
