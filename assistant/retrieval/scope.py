"""Which passages a search may give: the scope that the engine found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from assistant.model import Passage, PassageId, PassageKind, Trust
from kg_service.model import Term, TermId

INTERNATIONAL: Final = "international"


@dataclass(frozen=True, slots=True)
class Scope:
    """None lets everything pass. ``boost`` is added to the score of a passage, which is 0 to 1 without it.

    ``jurisdictions`` brings in what lies above them (Germany: the Union). What has no jurisdiction or instrument, such as a
    control, is always inside. ``as_of`` leaves out what had ended by that day and official texts that did not hold on it;
    law that begins later stays, for an answer tells it as upcoming.
    """

    jurisdictions: frozenset[str] | None = None
    instruments: frozenset[str] | None = None
    as_of: date | None = None
    kinds: frozenset[PassageKind] | None = None
    trusts: frozenset[Trust] | None = None
    boost: Mapping[PassageId, float] = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        """Whether no passage is left out."""
        return all(one is None for one in (self.jurisdictions, self.instruments, self.as_of, self.kinds, self.trusts))

    def admits(self, passage: Passage, above: Mapping[str, frozenset[str]]) -> bool:
        """Whether a search in this scope may give ``passage``; ``above`` has the jurisdictions above each one."""
        if self.kinds is not None and passage.kind not in self.kinds:
            return False
        if self.trusts is not None and passage.trust not in self.trusts:
            return False
        if self.instruments is not None and passage.instrument is not None and passage.instrument not in self.instruments:
            return False
        if self.jurisdictions is not None and passage.jurisdiction not in {None, *wide(self.jurisdictions, above)}:
            return False
        return self.as_of is None or _holds(passage, self.as_of)


def wide(jurisdictions: frozenset[str], above: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The jurisdictions, those above them, and the law of nations."""
    return jurisdictions.union({INTERNATIONAL}, *(above.get(one, frozenset()) for one in jurisdictions))


def above_of(jurisdictions: Mapping[TermId, Term]) -> dict[str, frozenset[str]]:
    """For each jurisdiction those above it."""
    found: dict[str, frozenset[str]] = {}
    for one in jurisdictions.values():
        chain: list[str] = []
        parent = one.parent
        while parent is not None and parent not in chain:
            chain.append(parent)
            parent = jurisdictions[parent].parent
        found[one.id] = frozenset(chain)
    return found


def _holds(passage: Passage, day: date) -> bool:
    if passage.applies_until is not None and passage.applies_until < day:
        return False
    worded = passage.kind in (PassageKind.TEXT_UNIT, PassageKind.POLICY)
    return not (worded and passage.applies_from is not None and passage.applies_from > day)
