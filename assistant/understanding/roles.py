"""What a place is the place of, told by the words that stand nearest to it: where no row of words took the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.understanding.pattern import Group
from assistant.understanding.rules import Nearby
from assistant.understanding.words import CLAUSE, COMMA, SENTENCE, Word

_SIDE: Final = {"persons_in": "people", "hosting_in": "computers", "provider_in": "supplier", "marketed_in": "buyers"}
_HEADS: Final = {"provider_in": "heads_supplier", "hosting_in": "heads_computers", "persons_in": "people"}
_FAR: Final = 7
_STILL: Final = ("still", "but", "and", "though", "only", "as", "is")


def nearest_role(group: Group, words: Sequence[Word], nearby: Nearby) -> str | None:
    """The fact whose words stand nearest to ``group`` in its sentence; None where nothing is near, or what is near is past or
    another's."""
    sentence = words[group.first].sentence
    begin, end = group.first, group.last
    while begin > 0 and words[begin].stop < CLAUSE and group.first - begin < 20:
        begin -= 1
    while end + 1 < len(words) and words[end + 1].stop < CLAUSE and end - group.last < 20:
        end += 1
    if any(words[place].low in nearby["others"] for place in (*range(begin, group.first), *range(group.last + 1, end + 1))):
        return None
    if group.kind == "adj":
        return _headed(group, words, nearby)
    best: tuple[float, str] | None = None
    for fact, row in _SIDE.items():
        cues = nearby[row]
        for place in range(max(0, group.first - 2 * _FAR), min(len(words), group.last + 2 * _FAR)):
            if group.first <= place <= group.last or words[place].sentence != sentence or words[place].low not in cues:
                continue
            gap = _gap(place, group, words)
            if gap <= _FAR and (best is None or gap < best[0]):
                best = (gap, fact)
    return None if best is None else best[1]


def _headed(group: Group, words: Sequence[Word], nearby: Nearby) -> str | None:
    """The fact of the noun that the adjective of ``group`` stands before."""
    for place in range(group.last + 1, min(group.last + 4, len(words))):
        if words[place].stop:
            return None
        for fact, row in _HEADS.items():
            if words[place].low in nearby[row]:
                return fact
    return None


def open_yet(group: Group, words: Sequence[Word], nearby: Nearby) -> bool:
    """Whether what stands behind ``group`` in its clause leaves it open: "Malta if we get round to it", "Canada TBD"."""
    for place in range(group.last + 1, min(group.last + 8, len(words))):
        lead = words[place + 1].low if words[place].low in _STILL and place + 1 < len(words) else words[place].low
        apart = words[place].stop == COMMA and lead not in nearby["open"]
        if words[place].stop >= CLAUSE or apart:
            break
        if words[place].low in nearby["open"] and not _month(place, words):
            return True
    for place in range(group.first - 1, max(-1, group.first - 5), -1):
        if words[place].low in nearby["perhaps"] and not _month(place, words):
            return True
        if words[place + 1].stop >= COMMA:
            break
    return False


def _month(place: int, words: Sequence[Word]) -> bool:
    """Whether the word at ``place`` is the month May."""
    return words[place].raw == "May" and place > 0 and words[place].stop < SENTENCE


def _gap(place: int, group: Group, words: Sequence[Word]) -> float:
    """How far the word at ``place`` is from ``group``; what stands behind it is farther, and so is what is in another clause."""
    low, high = (place, group.first) if place < group.first else (group.last, place)
    stops = sum(3.0 if words[at].stop >= CLAUSE else 1.0 if words[at].stop == COMMA else 0.0 for at in range(low + 1, high + 1))
    behind = 2.0 if place > group.last and group.kind == "place" else 0.0
    return high - low + stops + behind


__all__ = ["nearest_role"]
