"""Places that stand by themselves and are open or denied: "Hungary is under consideration", "hosted by them; Utah or Oregon"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from assistant.understanding.groups import Place
from assistant.understanding.pattern import Group, Match
from assistant.understanding.polarity import Cues, Turn
from assistant.understanding.roles import nearest_role, open_yet
from assistant.understanding.rules import Nearby
from assistant.understanding.words import CLAUSE, COMMA, Word, listed

_LEAD: Final = listed(
    """maybe perhaps possibly probably also and or either whether the in from to for later we add may might could can be it is not
    sure if then likely next plus even only soon one day"""
)
_RUN: Final = listed("run runs hosted host hosting servers server sit sits stored located cloud region")
_SEAT: Final = "established_in"
_CLIENTS, _BUYERS, _HOSTING, _COMPUTERS = "persons_in", "marketed_in", "hosting", "hosting_in"
_ROLES: Final = (_CLIENTS, _BUYERS, "provider_in", _COMPUTERS)


def left_over(
    mentioned: Sequence[tuple[str, Match]], groups: Sequence[Group], cues: Cues, words: Sequence[Word], nearby: Nearby
) -> Iterator[tuple[str, Place, Match, Turn]]:
    """Each place that no row of words took, that begins its clause and is open or denied, with the fact that it belongs to.

    That is the fact of the place before it in its sentence; else where the people are, or where the system is sold. Of the
    others each place whose role the nearest words tell.
    """
    taken = {at for fact, match in mentioned if fact in (*_ROLES, _SEAT) for one in match.groups for at in _range(one)}
    sold = any(fact == _BUYERS for fact, _ in mentioned)
    seated = any(fact == _SEAT for fact, _ in mentioned)
    for group in groups:
        value = group.value
        if group.kind not in ("place", "adj") or not isinstance(value, Place) or taken & set(_range(group)):
            continue
        match = Match(-1, group.first, group.last, frozenset(_range(group)), (group,))
        if group.kind == "place" and _heads(group, words):
            taken |= set(_range(group))
            seated = True
            yield _SEAT, value, match, Turn()
            continue
        if group.kind == "place" and _leads(group, words):
            fact = _role(mentioned, group, words) or (_BUYERS if sold else _CLIENTS)
            turn = cues.turn(match, fact)
            if not turn.denied and open_yet(group, words, nearby):
                turn = replace(turn, doubted=True)
            if turn.doubted or turn.denied or (value.either and fact == _COMPUTERS):
                taken |= set(_range(group))
                yield fact, value, match, turn
                continue
        near = None if not seated and _apart(group, words) else nearest_role(group, words, nearby)
        if near is None and group.kind == "place" and open_yet(group, words, nearby) and seated:
            near = _BUYERS if sold else _CLIENTS  # nothing tells whose place it is, and it is open
        if near is None:
            continue
        turn = cues.turn(match, near)
        if turn.denied and near in (_COMPUTERS, "provider_in"):
            continue  # what is denied there is seldom the place
        taken |= set(_range(group))
        yield near, value, match, replace(turn, doubted=True) if not turn.denied and open_yet(group, words, nearby) else turn


def _role(mentioned: Sequence[tuple[str, Match]], group: Group, words: Sequence[Word]) -> str | None:
    """The fact of what is said closest before ``group`` in its sentence, where that tells a place."""
    sentence = words[group.first].sentence
    near = [
        (match.last, _COMPUTERS if fact == _HOSTING else fact)
        for fact, match in mentioned
        if fact in (*_ROLES, _HOSTING) and match.last < group.first and words[match.last].sentence == sentence
    ]
    runs = [_COMPUTERS for word in words[: group.first] if word.sentence == sentence and word.low in _RUN]
    return max(near)[1] if near else next(iter(runs), None)


def _leads(group: Group, words: Sequence[Word]) -> bool:
    """Whether nothing but small words stands between the begin of its clause and ``group``."""
    place = group.first
    while place > 0 and words[place].stop < COMMA:
        place -= 1
        if words[place].low not in _LEAD:
            return False
    return place == 0 or words[place].stop >= CLAUSE


def _heads(group: Group, words: Sequence[Word]) -> bool:
    """Whether ``group`` is what the message begins with, set off: "Oslo. We ...", "Vilnius, we issue ...", "Zagreb here"."""
    follow = words[group.last + 1 : group.last + 2]
    return group.first == 0 and bool(follow) and (follow[0].stop >= COMMA or follow[0].low == "here")


def _apart(group: Group, words: Sequence[Word]) -> bool:
    """Whether ``group`` is set off or ends its clause, as the seat of a note may be."""
    ended = group.last + 1 >= len(words) or words[group.last + 1].stop >= COMMA
    return ended and (words[group.first].stop >= COMMA or words[group.first].sentence == 0)


def _range(group: Group) -> range:
    return range(group.first, group.last + 1)


__all__ = ["left_over"]
