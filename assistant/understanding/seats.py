"""Which of several seats in a message is that of the firm that runs the system; the others are a supplier's or buyers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.understanding.groups import Place
from assistant.understanding.mentions import Mention
from assistant.understanding.rules import Nearby
from assistant.understanding.words import COMMA, Word
from kg_service.model import FactId

_SEAT, _SUPPLIER, _BUYERS = FactId("established_in"), FactId("provider_in"), FactId("marketed_in")
_KIND: Final = FactId("institution")
_CLIENTS: Final = FactId("persons_in")


def one_seat(mentions: Sequence[Mention], words: Sequence[Word], nearby: Nearby) -> list[Mention]:
    """``mentions`` with the seats that are another firm's given to the supplier or, of many firms, to where it is sold."""
    sells = any(one.fact == _KIND and one.value == "technology_vendor" and not one.turn.denied for one in mentions)
    mentions = [_choosing(one, words, nearby) for one in mentions]
    if sells:
        mentions = [
            replace(one, fact=_BUYERS) if one.fact == _CLIENTS and one.slot and _many(one, words, nearby) else one
            for one in mentions
        ]
    seats = [one for one in mentions if one.fact == _SEAT and one.slot and not one.turn.option]
    if not seats:
        return mentions
    first = min(seats, key=lambda one: (not _ours(one, words, nearby), _place(one)))
    kept: list[Mention] = []
    for one in mentions:
        if one not in seats or (one is first and not _many(one, words, nearby)):
            kept.append(one)
        elif _many(one, words, nearby):
            if sells:
                kept.append(replace(one, fact=_BUYERS))
        elif _set(one) <= _set(first) or _ours(one, words, nearby) or not _anothers(one, words, nearby):
            kept.append(one)
        else:
            kept.append(replace(one, fact=_SUPPLIER))
    return kept


def _choosing(one: Mention, words: Sequence[Word], nearby: Nearby) -> Mention:
    """``one``, left open where it is the place of a supplier that is only one of those to choose from."""
    if one.fact != _SUPPLIER or not one.slot or one.turn.denied or one.turn.doubted:
        return one
    sentence = words[one.match.first].sentence
    near = (word.low for word in words[max(0, one.match.first - 25) : one.match.last + 25] if word.sentence == sentence)
    return one if nearby["tender"].isdisjoint(near) else replace(one, turn=replace(one.turn, doubted=True))


def _place(one: Mention) -> int:
    return min((group.first for group in one.match.groups if isinstance(group.value, Place)), default=one.match.first)


def _set(one: Mention) -> frozenset[str]:
    return frozenset(one.value) if isinstance(one.value, tuple) else frozenset()


def _said(one: Mention, words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(words[place].low for place in range(one.match.first, one.match.last + 1))


def _ours(one: Mention, words: Sequence[Word], nearby: Nearby) -> bool:
    """Whether the words of ``one``, or those just before it, say that it is ours."""
    lead = range(max(0, one.match.first - 2), one.match.first)
    return not nearby["ours"].isdisjoint((*_said(one, words), *(words[place].low for place in lead)))


def _many(one: Mention, words: Sequence[Word], nearby: Nearby) -> bool:
    said = _said(one, words)
    return (
        not _ours(one, words, nearby)
        and not nearby["many_firms"].isdisjoint(said)
        and nearby["own_branch"].isdisjoint(said)
        and nearby["some_firm"].isdisjoint(said)
    )


def _anothers(one: Mention, words: Sequence[Word], nearby: Nearby) -> bool:
    """Whether ``one`` speaks of some company: "a Toronto firm", "Provider is a San Francisco company"."""
    said = _said(one, words)
    if nearby["some_firm"].isdisjoint(said) or not nearby["own_branch"].isdisjoint(said):
        return False
    lead = words[max(0, one.match.first - 3) : one.match.first]
    return not nearby["some"].isdisjoint((*said, *(word.low for word in lead))) or bool(
        lead and words[one.match.first].stop < COMMA
    )


__all__ = ["one_seat"]
