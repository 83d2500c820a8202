"""Why a request gets no answer, as a value: what the pure parts of the protocol give back instead of an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request ends here. ``kind`` is the stable end of the problem type; ``more`` are members of the problem document."""

    status: int
    kind: str
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)


def bad_request(detail: str, **more: object) -> Refusal:
    """The request does not follow the SPARQL 1.1 Protocol, or the text is no query."""
    return Refusal(400, "bad-query", "The query cannot be run", detail, more=more)


def refused(detail: str, **more: object) -> Refusal:
    """The request is understood, and is one that this endpoint never carries out."""
    return Refusal(403, "refused", "This endpoint does not do that", detail, more=more)
