"""Loaded texts, joins, differences and suggestions as JSON-able dicts: one shape for REST and for the command line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from kg_service import ids
from kg_service.imports.model import Document, Finding
from kg_service.texts.changes import ProvisionChange, TextDifference, UnitChange
from kg_service.texts.joining import Joined, Use
from kg_service.texts.library import last_day
from kg_service.texts.policies import TRUST, Candidate
from kg_service.texts.record import LoadedText
from kg_service.texts.resting import Consequences, Rests, Touched
from kg_service.texts.words import Piece

View: TypeAlias = dict[str, Any]


def text_view(text: LoadedText, versions: tuple[LoadedText, ...] = ()) -> View:
    """A loaded text: whose, which version, from which file. ``last_day`` is that on which it is the text, as the others tell."""
    last = last_day(versions, text) if versions else text.valid_until
    return {
        "key": text.key,
        "iri": text.iri,
        "graph": text.graph,
        "instrument": text.instrument,
        "policy": text.name if text.is_policy else None,
        "name": text.name,
        "title": text.title,
        "version": text.version,
        "consolidated": text.consolidated,
        "language": text.language,
        "valid_from": None if text.valid_from is None else text.valid_from.isoformat(),
        "last_day": None if last is None else last.isoformat(),
        "units": text.units,
        "format": text.format,
        "file": {"name": text.file, "sha256": text.sha256, "size": text.size},
        "loaded_at": text.loaded_at.isoformat(),
    }


def findings_view(findings: Iterable[Finding]) -> list[View]:
    """What the reader of the file noticed: hidden text that was removed, gaps in numbering, elements that it does not know."""
    return [{"code": one.code, "message": one.message, "at": one.at} for one in findings]


def use_view(use: Use) -> View:
    return {"role": use.role, "id": use.id}


def joined_view(found: Sequence[Joined]) -> View:
    """How many citations are matched, and each that is not with those who cite it."""
    missed = [one for one in found if not one.matched]
    return {
        "citations": len(found),
        "matched": len(found) - len(missed),
        "missed": [
            {
                "instrument": one.instrument,
                "provision": one.pinpoint,
                "reason": "not there" if one.understood else "not understood",
                "addresses": list(one.lost),
                "cited_by": [use_view(use) for use in one.uses],
            }
            for one in missed
        ],
    }


def difference_view(
    old: tuple[LoadedText, Document], new: tuple[LoadedText, Document], found: TextDifference, effects: Consequences
) -> View:
    """What changed, provision by provision with the words marked, and what rests on it."""
    return {
        "instrument": new[0].instrument,
        "from": text_view(old[0]),
        "to": text_view(new[0]),
        "amendments": dict(new[1].amendments),
        "unchanged": found.unchanged,
        "left_out": list(found.left_out),
        "changes": [_change_view(one, old[1], new[1]) for one in found.changes],
        "rests": consequences_view(effects),
    }


def _change_view(change: ProvisionChange, old: Document, new: Document) -> View:
    return {
        "path": change.path,
        "provision": change.name,
        "heading": change.heading,
        "only_punctuation": change.only_punctuation,
        "units": [_unit_view(unit, old, new) for unit in change.units],
    }


def _unit_view(unit: UnitChange, old: Document, new: Document) -> View:
    before = unit.from_path or unit.path
    return {
        "kind": unit.kind,
        "path": unit.path,
        "provision": unit.name,
        "moved_from": None if unit.from_path is None else {"path": unit.from_path, "provision": unit.from_name},
        "old_iri": old.iri(before) if before in old.by_path else None,
        "new_iri": new.iri(unit.path) if unit.path in new.by_path else None,
        "marks": list(unit.marks),
        "words": [_piece_view(piece) for piece in unit.pieces],
    }


def _piece_view(piece: Piece) -> View:
    return {"op": piece.op, "text": piece.text}


def consequences_view(found: Consequences) -> View:
    """Norms, days, qualifications and stored deployments that rest on changed words."""
    return {
        "citations": [_rests_view(one) for one in found.rests],
        "through_qualifications": {norm: list(names) for norm, names in found.through.items()},
        "deployments": [_touched_view(one) for one in found.deployments],
    }


def _rests_view(one: Rests) -> View:
    return {**use_view(one.use), "provision": one.pinpoint, "changed": list(one.changed)}


def _touched_view(one: Touched) -> View:
    record = one.deployment
    named = {"id": record.id, "iri": ids.deployment(record.id), "name": record.name, "as_of": record.as_of.isoformat()}
    return {**named, "norms": {str(norm): status for norm, status in one.norms.items()}, "problem": one.problem}


def candidate_view(one: Candidate) -> View:
    """A section of an own policy that speaks of a control or norm: a candidate for evidence, trusted as ``own_policy``."""
    return {
        "trust": TRUST,
        "policy": one.policy.name,
        "version": one.policy.version,
        "section": one.section.heading or one.section.path,
        "text_iri": one.section.iri,
        "text_sha256": one.policy.sha256,
        "control": one.control,
        "norm": one.norm,
        "score": one.score,
        "because": list(one.because),
    }


def with_policies(view: View, candidates: Sequence[Candidate], most: int = 3) -> View:
    """An assessment with ``own_policy`` in each verdict: sections of own policies that speak of it or of its controls."""
    if not candidates:
        return view
    return view | {"verdicts": [verdict | {"own_policy": _evidence(verdict, candidates, most)} for verdict in view["verdicts"]]}


def _evidence(verdict: View, candidates: Sequence[Candidate], most: int) -> list[View]:
    controls = {control["id"] for control in verdict["controls"]}
    fitting = [one for one in candidates if one.norm == verdict["norm"] or one.control in controls]
    return [candidate_view(one) for one in sorted(fitting, key=lambda one: (one.norm is None, -one.score))[:most]]
