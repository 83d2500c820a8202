"""Ids of passages, and the class of trust that the rank of a rule gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from assistant.model import PassageId, PassageKind, Trust
from kg_service import ids

_BINDING: Final = frozenset({"law", "rule", "regulatory_technical_standard", "case_law", "self_regulatory"})
_BINDING_TYPES: Final = frozenset({"regulation", "directive", "rts", "decision", "treaty", "case", "act", "statute"})


def name(kind: PassageKind, *parts: str) -> PassageId:
    """The id of a passage: its kind, and the thing's own id as in an IRI."""
    return PassageId(f"{kind}:{'/'.join(parts)}")


def framework_control(framework: str, control: str) -> PassageId:
    return name(PassageKind.FRAMEWORK_CONTROL, framework, ids.slug(control))


def trust_of(bindingness: str | None, kind: str = "") -> Trust:
    """``LAW`` for what binds, ``GUIDANCE`` for what an authority expects or a standard proposes."""
    binds = bindingness in _BINDING if bindingness else kind in _BINDING_TYPES
    return Trust.LAW if binds else Trust.GUIDANCE


def unique(found: Iterable[PassageId], but: PassageId) -> tuple[PassageId, ...]:
    """In order, each once, without the passage itself."""
    return tuple(one for one in dict.fromkeys(found) if one != but)


def joined(*parts: str | None) -> str:
    """The parts that say something as sentences, one after the other."""
    said = (part.strip() for part in parts if part and part.strip())
    return " ".join(part if part[-1] in ".!?;:。？！" else f"{part}." for part in said)


def listed(lead: str, parts: Iterable[str]) -> str:
    """``lead: a; b``, or nothing where there are no parts."""
    held = "; ".join(parts)
    return f"{lead}: {held}" if held else ""
