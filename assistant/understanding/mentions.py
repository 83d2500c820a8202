"""Mentions of facts in a message, and which fact a place or a day belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assistant.understanding.days import Day
from assistant.understanding.groups import Amount, Place
from assistant.understanding.pattern import Group, Match
from assistant.understanding.polarity import Cues, Turn
from assistant.understanding.words import CLAUSE, COMMA, SENTENCE, Word, listed
from kg_service.model import FactId, Knowledge

_PLACES: Final = ("established_in", "persons_in", "marketed_in", "hosting_in", "provider_in")
_ROLE_WORDS: Final = listed(
    """cloud server servers data hosted hosting region vendor supplier provider customers clients users borrowers applicants
    people market markets not never no hosted runs support transfer office offices live sold licensed maybe perhaps or either"""
)
_GOING_ON: Final = ("persons_in", "marketed_in", "hosting_in")
_MOST_BETWEEN: Final = 9
_INSIDE: Final = listed("in from across of at around")
_SOME: Final = listed("few handful couple one two three four five some others another rest bit several")
_TURNED_ASIDE: Final = (("audience", "staff"), ("institution", "technology_vendor"))
_ROLES: Final = ("marketed_in", "hosting_in", "provider_in", "established_in", "persons_in", "in_service_from", "on_market_from")


@dataclass(frozen=True, slots=True)
class Mention:
    """One meaning of one match. ``value`` is typed for its fact; ``()`` is "none of these"."""

    fact: FactId
    value: bool | float | str | tuple[str, ...]
    match: Match
    turn: Turn
    weak: bool = False
    owned: int = 0
    slot: bool = False
    firm: bool = False  # its words are a denial themselves
    bare: bool = False  # its words count only where they are denied or doubted


def _idle(one: Mention) -> bool:
    """Whether ``one`` is turned by words that speak of something else.

    "Without a colleague" tells who decides, not who reads; "180 heads" tells a size; "we sell it to nobody" leaves the firm open.
    """
    if one.firm or not (one.turn.denied or one.turn.doubted):
        return False
    counted = one.fact == "institution_status" and any(isinstance(group.value, Amount) for group in one.match.groups)
    return counted or (str(one.fact), one.value) in _TURNED_ASIDE


def one_role(mentions: list[Mention], idle: Sequence[Match] = ()) -> tuple[list[Mention], frozenset[int]]:
    """Each place and day with the one fact whose words stand closest around it; without what is turned aside only.

    And the last words of the places that are none of a fact: the words of one of ``idle`` stand closer around them.
    """
    mentions = [one for one in mentions if not _idle(one)]
    best: dict[tuple[int, int], tuple[tuple[int, int, int], Mention | None]] = {}
    for match in idle:
        for group in match.groups:
            if isinstance(group.value, Place):
                aside = (len(match.owned), 0, 1)
                key = (group.last, group.last)
                best[key] = max(best.get(key, (aside, None)), (aside, None), key=lambda pair: pair[0])
    for one in mentions:
        if not one.slot:
            continue
        for group in one.match.groups:
            if isinstance(group.value, Place | Day):
                gap = one.match.last - one.match.first + 1 - one.owned
                rank = (one.owned, -gap, -_ROLES.index(one.fact) if one.fact in _ROLES else 0)
                if (group.last, group.last) not in best or rank > best[(group.last, group.last)][0]:
                    best[(group.last, group.last)] = (rank, one)
    kept = []
    for one in mentions:
        held = [group for group in one.match.groups if isinstance(group.value, Place | Day)] if one.slot else []
        winner = best[(held[-1].last, held[-1].last)][1] if held else one
        if winner is one:
            kept.append(one)
    return kept, frozenset(last for (last, _), (_, won) in best.items() if won is None)


def left_alone(mentions: Sequence[Mention], groups: Sequence[Group], cues: Cues, words: Sequence[Word]) -> list[Mention]:
    """Places that no pattern took and that go on from one before: "in Frankfurt, not in the US", "sorry, I mean Dublin"."""
    taken = {place for one in mentions for group in one.match.groups for place in range(group.first, group.last + 1)}
    found: list[Mention] = []
    corrections = [cue.first for cue in cues.found.get("correction", ())]
    placed = [one for one in mentions if one.slot and str(one.fact) in _PLACES]
    for group in groups:
        if group.kind != "place" or not isinstance(group.value, Place) or taken & set(range(group.first, group.last + 1)):
            continue
        before = [one for one in placed if one.match.last < group.first]
        if not before:
            continue
        last = max(before, key=lambda one: one.match.last)
        same = words[last.match.last].sentence == words[group.first].sentence and group.first - last.match.last <= 4
        if str(last.fact) == "established_in":
            same = same and group.first - last.match.last <= 3  # "a bank in Cork, not in Dublin"
        goes_on = str(last.fact) in _GOING_ON and _few_more(last.match, group, words)
        mended = any(last.match.last < place < group.first and group.first - place <= 5 for place in corrections)
        match = Match(-1, group.first, group.last, frozenset(range(group.first, group.last + 1)), (group,))
        turn = cues.turn(match, str(last.fact))
        if mended or goes_on or (same and (turn.denied or turn.doubted)):
            found.append(Mention(last.fact, tuple(str(term) for term in group.value.terms), match, turn, slot=True, owned=1))
            taken |= match.owned
    return found


def _few_more(before: Match, group: Group, words: Sequence[Word]) -> bool:
    """Whether ``group`` goes on from the place of ``before``: "in the UK, with a few in Jersey", "Texas + a couple in Maine"."""
    between = words[before.last + 1 : group.first]
    if not 2 <= len(between) <= _MOST_BETWEEN or any(word.stop >= CLAUSE for word in words[before.last + 2 : group.first + 1]):
        return False
    if words[before.last + 1].sentence != words[before.last].sentence:
        return False
    near = [word.low for word in between[-4:]]
    return near[-1] in _INSIDE and any(low in _SOME or low[0].isdigit() for low in near[:-1])


def standing_alone(
    mentions: Sequence[Mention], groups: Sequence[Group], words: Sequence[Word], knowledge: Knowledge
) -> list[Mention]:
    """The seat of a note that names a place by itself ("Small business loans, Ontario."), where nothing else tells the seat."""
    seat = FactId("established_in")
    if seat not in knowledge.facts or any(one.fact == seat for one in mentions):
        return []
    taken = {place for one in mentions if one.slot for group in one.match.groups for place in range(group.first, group.last + 1)}
    for group in groups:
        value = group.value
        if group.kind != "place" or not isinstance(value, Place) or value.either or value.unsure:
            continue
        first, last = group.first, group.last
        clause = first
        while clause > 0 and words[clause].stop < COMMA:
            clause -= 1
        lead = [word.low for word in words[clause:first]]
        ended = last + 1 >= len(words) or words[last + 1].stop >= COMMA
        apart = first > 0 and words[first].stop in (COMMA, CLAUSE)
        placed = bool(lead) and lead[-1] in ("in", "at", "from") and words[first].sentence == 0
        begins = words[first].stop == SENTENCE and words[first].sentence <= 2
        if (
            not ended
            or not (apart or placed or begins)
            or taken & set(range(first, last + 1))
            or not _ROLE_WORDS.isdisjoint(lead)
        ):
            continue
        match = Match(-1, first, last, frozenset(range(first, last + 1)), (group,))
        return [Mention(seat, tuple(str(term) for term in value.terms), match, Turn(), slot=True, owned=1)]
    return []
