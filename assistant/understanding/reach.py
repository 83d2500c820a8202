"""How far words reach in a message: clauses, rows of like things, subjects and what is said of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.understanding.pattern import Match
from assistant.understanding.rules import Language
from assistant.understanding.words import CLAUSE, COMMA, LABEL, NONE, SENTENCE, Word, listed

_SUBJECT_REACH: Final = 8
TURNING: Final = listed("no not never without nor neither none nobody nothing cannot maybe perhaps may might could whether if")
JOINS: Final = frozenset(["and", "or", "nor", "neither", "no"])
_CLOSES: Final = frozenset(["or", "nor", "neither"])
_PREPOSITIONS: Final = listed("to for in on as with by")
OF: Final = listed("of from in on for about by at with to about")
PRONOUNS: Final = listed("it we they he she you i")
_THAT: Final = listed("that if whether think thinks believe believes assume hope expect suspect guess say says")
_FINITE: Final = listed(
    """is are was were has have had may might could can cannot must will would shall should does do did remains stays play plays
    stay"""
)
_SINGULAR: Final = listed("is was isn't wasn't isnt wasnt has does doesn't doesnt hasn't")
_BETWEEN: Final = listed(
    """too all also itself then though data or still use handling processing it being currently now function functions feature
    features option module analysis detection recognition information usage step part side purpose purposes business products"""
)


@dataclass(slots=True)
class Reach:
    """The words of a message with the mentions of facts in it, in the order of their first words."""

    words: Sequence[Word]
    language: Language
    mentions: Sequence[tuple[Match, str]] = ()
    _firsts: list[int] = field(default_factory=list)

    def _around(self, first: int, last: int) -> Sequence[tuple[Match, str]]:
        """The mentions that begin between the words ``first`` and ``last``."""
        return self.mentions[bisect_left(self._firsts, first) : bisect_right(self._firsts, last)]

    def _new_clause(self, cue: Match, place: int) -> bool:
        """Whether the pronoun at ``place`` begins a clause of its own: "instead of health data it uses ..."."""
        if self.words[place - 1].low in _THAT:
            return False
        return any(other.last < place for other, _ in self._around(cue.last + 1, place - 1))

    def _closes(self, place: int, item: Word) -> bool:
        """Whether the row of things that goes on at ``place`` is closed by an "or": "not A, B or C", against "not A, B"."""
        if not item.raw.isascii() or item.low in JOINS:
            return True
        for word in self.words[place : place + 9]:
            if word.stop >= CLAUSE:
                return False
            if word.low in JOINS:
                return True
        return False

    def _goes_on(self, cue: Match, place: int, match: Match, fact: str) -> bool:
        """Whether the list that began behind ``cue`` goes on at ``place``: like things on both sides and no new sentence."""
        end = match.first
        if any(self.words[one].low in self.language.subjects for one in range(place, end)):
            return False
        before = [(other, kind) for other, kind in self._around(cue.last + 1, place) if cue.last < other.last < place]
        if sum(self.words[one].low not in self.language.fillers for one in range(place, end)) > 2:
            comma = _last_comma(self.words, place + 1, end)
            return (
                comma > place
                and any(
                    kind == fact and self._goes_on(cue, place, other, fact)
                    for other, kind in self._around(place, place + 3)
                    if other.first < match.first
                )
                and self._goes_on(cue, comma, match, fact)
            )
        return any(kind == fact or self._in_row(place, match) for _, kind in before)

    def _in_row(self, place: int, match: Match) -> bool:
        """Whether the thing at ``match`` is one of a row of single things that an "or" joins, whatever they are."""
        if not self._row_to(place, match.first):
            return False
        lead = [word.low for word in self.words[place : match.first]]
        ends = match.last + 1 >= len(self.words) or self.words[match.last + 1].stop >= COMMA
        if not _CLOSES.isdisjoint(lead):
            return ends
        follow = self.words[match.last + 1 : match.last + 6]
        return any(word.low in _CLOSES for word in follow) and all(word.stop < CLAUSE for word in follow[:2])

    def _next(self, cue: Match, match: Match) -> bool:
        """Whether ``match`` comes straight behind ``cue``, or closes a longer mention that does ("not a German bank")."""
        if self.words[cue.last + 1].stop >= CLAUSE:
            return False
        return match.first == cue.last + 1 or any(
            other.first == cue.last + 1 and other.first <= match.first and match.last <= other.last
            for other, _ in self._around(cue.last + 1, cue.last + 1)
        )

    def _just_before(self, cue: Match, match: Match, stop: int) -> bool:
        """Whether ``cue`` follows ``match`` at once, but for a comma or a bracket where ``stop`` allows it."""
        if cue.first <= match.last or cue.first - match.last > 2:
            return False
        if stop > 1 and cue.last + 1 < len(self.words) and self.words[cue.last + 1].stop == NONE:
            return False  # "in Dublin, perhaps with a second site in Cork" doubts what comes after
        between = self.words[match.last + 1 : cue.first + 1]
        return all(word.stop <= LABEL or (stop > 1 and word.stop < SENTENCE) for word in between) and all(
            word.low in _BETWEEN for word in between[:-1]
        )

    def _predicate(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` is said of ``match``, its subject: "health data of clients is not used", "A and B are excluded"."""
        if cue.first <= match.last or cue.first - match.last > _SUBJECT_REACH or self._goes_on_to_mention(cue):
            return False
        between = self.words[match.last + 1 : cue.first + 1]
        if any(word.stop >= SENTENCE for word in between) or self._of_another(match):
            return False
        follow = self.words[cue.last + 1 : cue.last + 2]
        if self.words[cue.first].stop >= COMMA and follow and follow[0].stop == NONE:
            return False  # "health data, possibly payment data" doubts what comes after
        start = self._clause_start(match.first)
        leads = self._leads(start, match)
        if any(word.stop >= LABEL for word in between):
            return leads and len(between) == 1 and match.last - start < 6
        words = [word.low for word in between[:-1]]
        if not words or all(word in _BETWEEN for word in words):
            return True
        if any(word in self.language.barriers for word in words):
            return False
        if words == ["and"]:
            return False  # "prompts stay in a log and are not mined" says more of the same prompts
        if words[0] in OF and all(word.stop < COMMA for word in between) and "and" not in words:
            return not any(word in PRONOUNS for word in words)
        listed_on = words[0] in ("and", "or", "nor") or between[0].stop == COMMA
        if not self._verbal(cue) or holds(self.words[start : match.first], TURNING):
            return False
        if words[0] not in JOINS and self.words[cue.first].low in _SINGULAR and JOINS.isdisjoint(words) and "and" not in words:
            return False  # "balance of interests, consent is not used" denies consent alone
        return leads and listed_on and self._row_to(match.last + 1, cue.first)

    def _verbal(self, cue: Match) -> bool:
        """Whether ``cue`` holds a verb, whose subject may be a row: "A and B are excluded", against "A, B perhaps"."""
        return self.words[cue.first].low in _FINITE or self.words[cue.first].low.endswith("n't")

    def _clause_start(self, place: int) -> int:
        while place > 0 and self.words[place].stop < LABEL:
            place -= 1
        return place

    def _leads(self, start: int, match: Match) -> bool:
        """Whether nothing but small words and other mentions stands before ``match`` in its clause."""
        held = {spot for other, _ in self._around(start, match.first) for spot in range(other.first, other.last + 1)}
        small = self.language.fillers | _BETWEEN | {"both", "neither", "either", "use", "any"}
        return all(spot in held or self.words[spot].low in small for spot in range(start, match.first))

    def _row_to(self, first: int, last: int) -> bool:
        held = {spot for other, _ in self._around(first, last) for spot in range(other.first, other.last + 1)}
        return all(spot in held or self.words[spot].low in self.language.fillers for spot in range(first, last))

    def _of_another(self, match: Match) -> bool:
        """Whether ``match`` only says more of a mention before it: "customers" in "health data of customers"."""
        if match.first < 2 or self.words[match.first - 1].low not in OF or self.words[match.first].stop >= COMMA:
            return False
        return any(other.last == match.first - 2 for other, _ in self._around(match.first - 8, match.first - 2))

    def _goes_on_to_mention(self, cue: Match) -> bool:
        """Whether what is turned comes behind ``cue``: "is not used to rate anybody", against "voice is not used in it"."""
        return self._goes_on_with(cue) and any(
            all(word.stop < CLAUSE for word in self.words[cue.last + 1 : other.first + 1])
            for other, _ in self._around(cue.last + 1, cue.last + 5)
        )

    def _goes_on_with(self, cue: Match) -> bool:
        """Whether what is denied follows: "is not used to rate anybody", against "voice is not used"."""
        follow = self.words[cue.last + 1 : cue.last + 2]
        return bool(follow) and follow[0].stop == NONE and follow[0].low in _PREPOSITIONS

    def _inside(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` stands in a gap of ``match``: "the seat may be in the US", "is not based in Spain"."""
        return match.first < cue.first and cue.last < match.last and match.owned.isdisjoint(range(cue.first, cue.last + 1))

    def _end(self, cue: Match) -> int:
        """The last word of the clause of ``cue``."""
        end = cue.last
        while end + 1 < len(self.words) and self.words[end + 1].stop < COMMA:
            end += 1
        return end


def holds(words: Sequence[Word], some: frozenset[str]) -> bool:
    return any(word.low in some for word in words)


def _last_comma(words: Sequence[Word], first: int, last: int) -> int:
    found = [place for place in range(first, last + 1) if words[place].stop == COMMA]
    return found[-1] if found else -1
