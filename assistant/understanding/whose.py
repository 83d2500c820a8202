"""Places that a message names, of which the small model may tell whose they are: the firm's, its people's, the computers'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assistant.understanding.groups import Place
from assistant.understanding.pattern import Group
from assistant.understanding.words import Word
from kg_service.model import TermId


class Spot(NamedTuple):
    """The characters ``start`` to ``end`` name the jurisdictions ``terms``."""

    start: int
    end: int
    terms: tuple[TermId, ...]


def spots_of(words: Sequence[Word], groups: Iterable[Group]) -> tuple[Spot, ...]:
    """The places of ``groups`` in their order, each once; names that are wider than what they stand for are left out."""
    found: dict[int, Spot] = {}
    for group in groups:
        if isinstance(group.value, Place) and not group.value.unsure:
            spot = Spot(words[group.first].start, words[group.last].end, group.value.terms)
            held = found.get(group.last)
            if held is None or spot.start > held.start:  # without "the"
                found[group.last] = spot
    return tuple(sorted(found.values()))
