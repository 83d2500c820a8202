"""What changed for a dossier or a stored deployment, and why. Frozen, without IO."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from kg_service.applicability.evaluate import IN_EFFECT, Status


class Kind(StrEnum):
    """What a change means for who is bound. ``announced``: it will apply; ``becomes_determined``: nobody could tell before."""

    BEGINS = "begins"
    ENDS = "ends"
    ANNOUNCED = "announced"
    BECOMES_DETERMINED = "becomes_determined"
    CHANGES = "changes"


class Cause(StrEnum):
    """What moved. ``law``: the knowledge has another version; ``calendar``: the day; ``facts``: an answer."""

    LAW = "law"
    CALENDAR = "calendar"
    FACTS = "facts"


_UNBOUND: Final = (None, Status.DOES_NOT_APPLY, Status.ENDED)


@dataclass(frozen=True, slots=True)
class NormChange:
    """One norm whose verdict differs; None stands where the knowledge did not hold, or no longer holds, the norm."""

    norm: str
    before: Status | None
    after: Status | None
    causes: tuple[Cause, ...]

    @property
    def silent(self) -> bool:
        """Whether nobody is bound before or after: no news."""
        return self.before in _UNBOUND and self.after in _UNBOUND

    @property
    def kind(self) -> Kind:
        if self.before is Status.UNDETERMINED:
            return Kind.BECOMES_DETERMINED
        if self.after is Status.APPLIES:
            return Kind.BEGINS
        if self.after is Status.UPCOMING:
            return Kind.ANNOUNCED
        if self.before in IN_EFFECT and self.after is not Status.UNDETERMINED:
            return Kind.ENDS
        return Kind.CHANGES


@dataclass(frozen=True, slots=True)
class Notice:
    """What changed for one subject (``dossier/<id>`` or ``deployment/<id>``) at one evaluation, for the day ``day``."""

    seq: int
    at: datetime
    subject: str
    day: date
    knowledge_before: str
    knowledge_after: str
    facts: tuple[str, ...]
    changes: tuple[NormChange, ...]


def content_of(notice_facts: Iterable[str], changes: Iterable[NormChange]) -> dict[str, Any]:
    """The part of a notice that is kept as JSON."""
    return {
        "facts": list(notice_facts),
        "changes": [[one.norm, one.before, one.after, list(one.causes)] for one in changes],
    }


def parse_content(raw: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[NormChange, ...]]:
    """The inverse of :func:`content_of`."""
    changes = tuple(
        NormChange(norm, before and Status(before), after and Status(after), tuple(map(Cause, causes)))
        for norm, before, after, causes in raw["changes"]
    )
    return tuple(raw["facts"]), changes
