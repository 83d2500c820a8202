"""Which of several seats in a message is that of the firm that runs the system; the others are a supplier's or buyers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.understanding.groups import Place
from assistant.understanding.mentions import Mention
from assistant.understanding.rules import Nearby
from assistant.understanding.words import CLAUSE, COMMA, Word
from kg_service.model import FactId

_SEAT, _SUPPLIER, _BUYERS = FactId("established_in"), FactId("provider_in"), FactId("marketed_in")
_KIND: Final = FactId("institution")
_CLIENTS: Final = FactId("persons_in")
_MARKET_DAY: Final = FactId("on_market_from")
_EARLY: Final = 12


def one_seat(mentions: Sequence[Mention], words: Sequence[Word], nearby: Nearby) -> list[Mention]:
    """``mentions`` with the seats that are another firm's given to the supplier or, of many firms, to where it is sold."""
    kinds = {one.value for one in mentions if one.fact == _KIND and not (one.turn.denied or one.turn.doubted)}
    sells = "technology_vendor" in kinds
    only_sells = kinds == {"technology_vendor"}
    handed = sells or any(one.fact == _MARKET_DAY for one in mentions)
    mentions = [_of_buyers(one, sells, only_sells, handed, words, nearby) for one in mentions]
    seats = [one for one in mentions if one.fact == _SEAT and one.slot and not one.turn.option]
    if not seats:
        return [_choosing(one, words, nearby) for one in mentions]
    first = min(seats, key=lambda one: (not _ours(one, words, nearby), _place(one)))
    kept: list[Mention] = []
    for one in mentions:
        if one not in seats or (one is first and not _many(one, words, nearby)):
            kept.append(replace(one, fact=_SUPPLIER) if one is first and _outsider(one, words, nearby) else one)
        elif _many(one, words, nearby):
            if sells:
                kept.append(replace(one, fact=_BUYERS))
        elif _set(one) <= _set(first) or _ours(one, words, nearby) or not _anothers(one, words, nearby):
            kept.append(one)
        else:
            kept.append(replace(one, fact=_SUPPLIER))
    return [_choosing(one, words, nearby) for one in kept]


def _of_buyers(one: Mention, sells: bool, only_sells: bool, handed: bool, words: Sequence[Word], nearby: Nearby) -> Mention:
    """``one`` as the place of those who buy the system, or of the people concerned: who sells nothing has no buyers."""
    if not one.slot or not one.value:
        return one
    said = _said(one, words)
    if one.fact == _CLIENTS and ((sells and _many(one, words, nearby)) or (only_sells and not nearby["takers"].isdisjoint(said))):
        return replace(one, fact=_BUYERS)
    sentence = words[one.match.last].sentence
    behind = (word.low for word in words[one.match.last + 1 : one.match.last + 9] if word.sentence == sentence)
    if not handed and one.fact == _BUYERS and nearby["selling"].isdisjoint((*said, *behind)):
        return replace(one, fact=_CLIENTS)
    return one


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


def _outsider(one: Mention, words: Sequence[Word], nearby: Nearby) -> bool:
    """Whether the only seat told is that of some company met in the middle of the text: "their API, a Toronto company"."""
    if one.match.first < _EARLY or not _anothers(one, words, nearby):
        return False
    begin = one.match.first
    while begin > 0 and words[begin].stop < CLAUSE and one.match.first - begin < _EARLY:
        begin -= 1
    lead = [word.low for word in words[begin : one.match.first]]
    if nearby["source"].isdisjoint(lead):
        return False
    return nearby["ours"].isdisjoint(lead) and not nearby["some"].isdisjoint((*lead[-2:], *_said(one, words)))


__all__ = ["one_seat"]
