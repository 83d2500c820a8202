"""What is kept of a stored deployment, and its form as JSON. The id comes from the content: the same is never kept twice."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from kg_service import ids
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


def deployment_id(name: str, facts: PlainFacts, as_of: date) -> str:
    """The id of that content: the same name, facts and day give the same id everywhere and always."""
    content = json.dumps([FORMAT, name, dict(facts), as_of.isoformat()], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"{ids.slug(name)[:48].strip('-') or 'deployment'}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


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
        ValueError: where it is none, or its id does not fit its content.
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
    if record.id != deployment_id(record.name, record.facts, record.as_of):
        raise ValueError("its id does not fit its content")
    return record
