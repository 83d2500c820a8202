"""Personal free text that was erased from the audit trail goes from the dossier too."""

from __future__ import annotations

import json
from typing import Any, Final

import sqlalchemy as sa

from kg_service.database.tables import DOSSIERS
from kg_service.dossiers.model import FREE

ERASED: Final = "[erased]"


def erase_in_dossier(connection: sa.Connection, subject: str, texts: frozenset[str]) -> None:
    """Wherever one of ``texts`` stands as free text in the dossier that ``subject`` names, it says that it was erased."""
    kind, _, name = subject.partition("/")
    if kind != "dossier":
        return
    name = name.partition("/")[0]
    state = connection.execute(sa.select(DOSSIERS.c.state).where(DOSSIERS.c.id == name)).scalar()
    if state is None:
        return
    document = json.loads(state)
    if not _without(document, texts):
        return
    document["version"] = document.get("version", 1) + 1
    changed = {"state": json.dumps(document, ensure_ascii=False, separators=(",", ":")), "version": document["version"]}
    connection.execute(DOSSIERS.update().where(DOSSIERS.c.id == name).values(**changed))


def _without(value: Any, texts: frozenset[str]) -> bool:
    """Whether something was erased in ``value``, in place."""
    found = False
    if isinstance(value, dict):
        for key, part in value.items():
            if key in FREE and isinstance(part, str) and part in texts:
                value[key] = ERASED
                found = True
            else:
                found = _without(part, texts) or found
    elif isinstance(value, list):
        for part in value:
            found = _without(part, texts) or found
    return found
