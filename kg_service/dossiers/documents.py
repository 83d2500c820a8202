"""A dossier as a document: JSON and deployment files are made here, what people read by :mod:`kg_service.exports`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

from kg_service.audit.journal import head
from kg_service.deployment import Deployment, plain_deployment
from kg_service.dossiers.commands import TOOLS
from kg_service.dossiers.guards import Ground, facts_of
from kg_service.dossiers.model import DECISIONS, Dossier
from kg_service.dossiers.service import Dossiers
from kg_service.dossiers.tools import records, result
from kg_service.dossiers.views import coming_view, decision_view, dossier_view, event_view
from kg_service.errors import SextantError
from kg_service.exports.dossiers import DOSSIER_FORMATS, rendered

FORMATS: Final = {"json": "application/json", "deployment": "application/yaml"} | {
    one.name: one.media_type for one in DOSSIER_FORMATS.values()
}
ENDINGS: Final = {"json": "json", "deployment": "yaml"} | {one.name: one.suffix for one in DOSSIER_FORMATS.values()}
BINARY: Final = ("docx", "xlsx")


def whole(dossiers: Dossiers, dossier: Dossier, ground: Ground, root: Path) -> dict[str, Any]:
    """All of the dossier as it stands: its six decisions in full, what its tools found, its trail and the head of that."""
    with dossiers.database.reading() as connection:
        last = head(connection)
    found: dict[str, Any] = {}
    for tool in TOOLS:
        if tool not in dossier.inputs:
            continue
        try:
            found[tool] = result(tool, dossier, ground, root)
        except SextantError as error:  # an input that the present law or tool no longer reads is told, not hidden
            found[tool] = {"problem": str(error)}
    return dossier_view(dossier, ground) | {
        "decisions": [decision_view(dossier, number, ground) for number in DECISIONS],
        "results": found,
        "coming": coming_view(dossier, ground),
        "trail": [event_view(event, notes) for event, notes in dossiers.trail(dossier.id)],
        "audit_head": {"seq": last.seq, "hash": last.hash},
    }


def as_deployment(dossier: Dossier, ground: Ground) -> bytes:
    """Facts and controls as a deployment file, for ``sextant check`` and whatever else reads one."""
    facts, _ = facts_of(dossier, ground.knowledge)
    found = Deployment(dossier.name, facts, dossier.description, dossier.as_of, records(dossier))
    return yaml.safe_dump(plain_deployment(found), sort_keys=False, allow_unicode=True, width=120).encode()


def exported(dossiers: Dossiers, dossier: Dossier, ground: Ground, form: str, root: Path, data: Path | None = None) -> bytes:
    """The dossier in that form.

    Raises:
        KeyError: where ``form`` is none of :data:`FORMATS`.
    """
    if form == "json":
        return (json.dumps(whole(dossiers, dossier, ground, root), ensure_ascii=False, indent=2) + "\n").encode()
    if form == "deployment":
        return as_deployment(dossier, ground)
    with dossiers.database.reading() as connection:
        last = head(connection)
    return rendered(dossier, ground, root, (last.seq, last.hash), form, data)
