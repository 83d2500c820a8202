"""Who may use the assistant over HTTP: its rows of the one table (:mod:`kg_service.people.table`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg_service.people.table import ASK, OWN_TALK, READ, Rule

RULES: Final[Mapping[str, Rule]] = {
    "GET /ask": READ,
    "POST /ask": ASK,
    "POST /api/v1/ask": ASK,
    "POST /api/v1/chat": ASK,
    "GET /api/v1/conversations/{identifier}": OWN_TALK,
    "DELETE /api/v1/conversations/{identifier}": OWN_TALK,
    "GET /v1/models": READ,
    "GET /v1/models/{name}": READ,
    "POST /v1/chat/completions": ASK,
}
