"""Events as others read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg_service.audit.chain import moment
from kg_service.audit.event import Event
from kg_service.audit.verify import Verified


def event_view(event: Event, notes: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An event as JSON. A note is null where its text was erased; without ``notes`` only their names are listed."""
    view: dict[str, Any] = {
        "seq": event.seq,
        "at": moment(event.at),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "before": event.before,
        "after": event.after,
        "inputs": dict(event.inputs),
        "knowledge_version": event.knowledge_version,
        "code_version": event.code_version,
        "previous": event.previous,
        "hash": event.hash,
    }
    if event.clock_behind_ms:
        view["clock_behind_ms"] = event.clock_behind_ms
    names = sorted(event.note_hashes)
    view["notes"] = names if notes is None else {name: notes.get(name) for name in names}
    return view


def verified_view(found: Verified) -> dict[str, Any]:
    """What the verifier found, as JSON."""
    return {
        "whole": not found.flaws,
        "events": found.events,
        "head": found.head,
        "checkpoints": found.checkpoints,
        "confirmed": found.confirmed,
        "flaws": [{"seq": flaw.seq or None, "why": flaw.why} for flaw in found.flaws],
        "remarks": list(found.remarks),
    }
