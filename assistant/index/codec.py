"""Passages as JSON: what an index keeps of them, and what its version is counted from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

import orjson

from assistant.model import Passage, PassageId, PassageKind, Trust

FORMAT: Final = 4  # raised when anything changes that an index holds, the cutting of words included
_DAYS: Final = ("applies_from", "applies_until")
_LISTS: Final = ("decisions", "neighbours", "also")


def dumped(passages: Sequence[Passage]) -> bytes:
    """One line of JSON for each passage, the same for the same passages always."""
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in passages)


def loaded(content: bytes) -> tuple[Passage, ...]:
    """The passages that :func:`dumped` wrote.

    Raises:
        ValueError: where it did not.
    """
    return tuple(_passage(orjson.loads(line)) for line in content.splitlines())


def version_of(content: bytes, model: str, dense: str) -> str:
    """What names an index of these passages by that model."""
    return hashlib.sha256(b"\0".join([str(FORMAT).encode(), model.encode(), dense.encode(), content])).hexdigest()[:40]


def _passage(raw: Any) -> Passage:
    if not isinstance(raw, dict) or set(raw) != {one.name for one in fields(Passage)}:
        raise ValueError("it is no passage")
    try:
        for name in _DAYS:
            raw[name] = None if raw[name] is None else date.fromisoformat(raw[name])
        for name in _LISTS:
            raw[name] = tuple(raw[name])
        raw |= {"id": PassageId(raw["id"]), "kind": PassageKind(raw["kind"]), "trust": Trust(raw["trust"])}
        return Passage(**raw)
    except TypeError as error:
        raise ValueError(f"it is no passage: {error}") from error
