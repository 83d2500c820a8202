"""Which of several seats in a message is that of the firm that runs the system; the others are a supplier's or buyers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assistant.understanding.groups import Place
from assistant.understanding.mentions import Mention
from assistant.understanding.words import COMMA, Word, listed
from kg_service.model import FactId

_SEAT, _SUPPLIER, _BUYERS = FactId("established_in"), FactId("provider_in"), FactId("marketed_in")
_KIND: Final = FactId("institution")
_CLIENTS: Final = FactId("persons_in")
_TENDER: Final = listed(
    """bid bids bidder bidders tender offers shortlist shortlisted favourite favorite either undecided race
    negotiating rumoured torn"""
)
_OURS: Final = listed("we our us we're ours i my i'm ourselves")
_BRANCH: Final = listed(
    """branch branches subsidiary licence licensed license head headquarters hq seat desk entity office offices passport arm
    licences registered chartered regulated supervised authorised bank insurer lender credit-union"""
)
_FIRM: Final = listed(
    """company firm house outfit shop agency lab publisher maker vendor supplier developer start-up startup studio boutique
    university consultancy provider editor group business bureau hoster specialist player giant fintech proptech scale-up
    manufacturer builder integrator contractor hosting software corporation publisher spin-off parent"""
)
_SOME: Final = listed("a an some one another by from with third")
_MANY: Final = listed(
    """banks lenders insurers brokers issuers institutions carriers funds houses firms companies exchanges credit-unions
    collectors acquirers dealers merchants telcos retailers managers"""
)


def one_seat(mentions: Sequence[Mention], words: Sequence[Word]) -> list[Mention]:
    """``mentions`` with the seats that are another firm's given to the supplier or, of many firms, to where it is sold."""
    sells = any(one.fact == _KIND and one.value == "technology_vendor" and not one.turn.denied for one in mentions)
    mentions = [_choosing(one, words) for one in mentions]
    if sells:
        mentions = [
            replace(one, fact=_BUYERS) if one.fact == _CLIENTS and one.slot and _many(one, words) else one for one in mentions
        ]
    seats = [one for one in mentions if one.fact == _SEAT and one.slot and not one.turn.option]
    if not seats:
        return mentions
    first = min(seats, key=lambda one: (not _ours(one, words), _place(one)))
    kept: list[Mention] = []
    for one in mentions:
        if one not in seats or (one is first and not _many(one, words)):
            kept.append(one)
        elif _many(one, words):
            if sells:
                kept.append(replace(one, fact=_BUYERS))
        elif _set(one) <= _set(first) or _ours(one, words) or not _anothers(one, words):
            kept.append(one)
        else:
            kept.append(replace(one, fact=_SUPPLIER))
    return kept


def _choosing(one: Mention, words: Sequence[Word]) -> Mention:
    """``one``, left open where it is the place of a supplier that is only one of those to choose from."""
    if one.fact != _SUPPLIER or not one.slot or one.turn.denied or one.turn.doubted:
        return one
    sentence = words[one.match.first].sentence
    near = (word.low for word in words[max(0, one.match.first - 25) : one.match.last + 25] if word.sentence == sentence)
    return one if _TENDER.isdisjoint(near) else replace(one, turn=replace(one.turn, doubted=True))


def _place(one: Mention) -> int:
    return min((group.first for group in one.match.groups if isinstance(group.value, Place)), default=one.match.first)


def _set(one: Mention) -> frozenset[str]:
    return frozenset(one.value) if isinstance(one.value, tuple) else frozenset()


def _said(one: Mention, words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(words[place].low for place in range(one.match.first, one.match.last + 1))


def _ours(one: Mention, words: Sequence[Word]) -> bool:
    """Whether the words of ``one``, or those just before it, say that it is ours."""
    lead = range(max(0, one.match.first - 2), one.match.first)
    return not _OURS.isdisjoint((*_said(one, words), *(words[place].low for place in lead)))


def _many(one: Mention, words: Sequence[Word]) -> bool:
    said = _said(one, words)
    return not _ours(one, words) and not _MANY.isdisjoint(said) and _BRANCH.isdisjoint(said) and _FIRM.isdisjoint(said)


def _anothers(one: Mention, words: Sequence[Word]) -> bool:
    """Whether ``one`` speaks of some company: "a Toronto firm", "Provider is a San Francisco company"."""
    said = _said(one, words)
    if _FIRM.isdisjoint(said) or not _BRANCH.isdisjoint(said):
        return False
    lead = words[max(0, one.match.first - 3) : one.match.first]
    return not _SOME.isdisjoint((*said, *(word.low for word in lead))) or bool(lead and words[one.match.first].stop < COMMA)


__all__ = ["one_seat"]
