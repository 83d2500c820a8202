"""What a person typed and was erased from the audit trail goes from the dossier too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

import sqlalchemy as sa

from kg_service.audit.erasing import ERASED_TEXT
from kg_service.database.tables import DOSSIERS
from kg_service.decisions.pilot import plan_hash
from kg_service.decisions.pilot_input import parse_plan
from kg_service.dossiers import repository
from kg_service.dossiers.codec import canonical, loads, plain
from kg_service.dossiers.guards import inputs_of
from kg_service.dossiers.model import FREE, Dossier
from kg_service.dossiers.words import FORMS, without


def erase_in_dossier(connection: sa.Connection, dossier_id: str, texts: Collection[str]) -> None:
    """Wherever one of ``texts`` stands as something that a person typed, the dossier says that it was erased.

    Decisions stand as they stood: what they rest on is the same without the words.
    """
    state = connection.execute(sa.select(DOSSIERS.c.state).where(DOSSIERS.c.id == dossier_id)).scalar()
    if state is None:
        return
    before = loads(state)
    after = loads(canonical(_without(plain(before), _instead(before, texts))))
    if after != before:
        repository.update(connection, before, replace(_mended(before, after), version=before.version + 1))


def _instead(dossier: Dossier, texts: Collection[str]) -> dict[str, str]:
    """A name of its own for each text, where names must differ: ``erased-1``, ``erased-2`` ..., none that is there already."""
    there = canonical(dossier)
    free = (name for number in count(1) if f'"{(name := f"erased-{number}")}"' not in there)
    return dict(zip(sorted(texts), free, strict=False))


def _without(value: Any, instead: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(key, part, instead) for key, part in value.items()}
    return [_without(part, instead) for part in value] if isinstance(value, list) else value


def _replaced(key: str, value: Any, instead: Mapping[str, str]) -> Any:
    if key in FORMS:
        return without(key, value, instead)
    if key in FREE and isinstance(value, str):
        return ERASED_TEXT if value in instead else value
    if key in FREE and isinstance(value, list):
        return [ERASED_TEXT if one in instead else one for one in value]
    return _without(value, instead)


def _mended(before: Dossier, after: Dossier) -> Dossier:
    """``after`` with the hash of each plan as it reads now, and closed decisions that rest on what they rested on."""
    pilots = {
        name: one if one == before.pilots[name] else replace(one, hash=plan_hash(parse_plan(one.plan)))
        for name, one in after.pilots.items()
    }
    mended = replace(after, pilots=pilots)
    decisions = tuple(
        replace(one, basis=replace(one.basis, inputs=inputs_of(mended, one.number)))
        if one.basis is not None and one.basis.inputs == inputs_of(before, one.number)
        else one
        for one in mended.decisions
    )
    return replace(mended, decisions=decisions)
