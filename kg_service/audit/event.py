"""What the audit trail says of one thing that happened. Frozen, without IO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = Any  # what RFC 8785 can write: objects, arrays, text, finite numbers, booleans, null


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller says of an event; the journal adds when, who, the versions and the place in the chain.

    ``action`` is a closed word with a dot (``dossier.created``, ``fact.set``, ``decision.signed``, ``assessment.run``,
    ``answer.given``); ``subject`` names the thing (``dossier/<id>``). ``before`` and ``after`` are JSON and hold no personal
    free text: that goes into ``notes`` by field name, where it can be erased, for only its keyed hash is chained. ``inputs`` are
    hashes (``sha256:...``) of files and documents by name.
    """

    action: str
    subject: str
    before: Json = None
    after: Json = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One link of the chain, as it is stored. ``hash`` covers everything but the texts of the notes."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: Json
    after: Json
    inputs: Mapping[str, str]
    note_hashes: Mapping[str, str]
    knowledge_version: str
    code_version: str
    previous: str
    hash: str
    clock_behind_ms: int = 0  # how far the clock stood before that of the event before; the order is that of ``seq``
