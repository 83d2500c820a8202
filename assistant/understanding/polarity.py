"""Which mentions are denied, doubted, all there is, or only an option: by the words around them, within their clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.understanding.pattern import Match
from assistant.understanding.rules import Language, Rule
from assistant.understanding.words import CLAUSE, COMMA, LABEL, NONE, SENTENCE, Word, listed

_REACH: Final = {"negation": 7, "withdraw": 8, "doubt": 10, "only_after": 4, "if": 24}
_UNSURE: Final = listed(
    """be become also later have include contain involve come move extend go add reach process touch concern affect cover still
    then well even soon one possibly perhaps keep store use run host sit"""
)
_INTENDED: Final = listed("want like consider plan buy try need")
_CLAUSE_REACH: Final = 12
_JOINS: Final = frozenset(["and", "or", "nor", "neither", "no"])
_PREPOSITIONS: Final = listed("to for in on as with by")
_SUMS_UP: Final = listed("that this it which all")
_BEFORE: Final = {"negation_before": 1, "doubt_before": 2, "only_before": 1}
_CHOICES: Final = listed(
    """hosting hosting_in model_source adaptation provider_in transfer_to marketed_in data_use own_brand data subcontracting
    agentic function_outsourced technique in_service_from on_market_from automation legal_ground"""
)
_WISHES: Final = listed("""considering thinking contemplating exploring looking evaluating weighing toying leaning""")


@dataclass(frozen=True, slots=True)
class Turn:
    """What the words around a mention make of it."""

    denied: bool = False
    doubted: bool = False
    all_there_is: bool = False
    option: bool = False


@dataclass(slots=True)
class Cues:
    """The cues of one message, ready to be asked about each mention in it."""

    words: Sequence[Word]
    language: Language
    found: dict[str, list[Match]] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Sequence[Word], language: Language, matches: Sequence[tuple[Rule, Match]]) -> Cues:
        cues = [(rule, match) for rule, match in matches if rule.group == "cue"]
        taken: dict[int, int] = {}
        for _, match in cues:
            for place in range(match.first, match.last + 1):
                taken[place] = max(taken.get(place, 0), match.last - match.first + 1)
        found: dict[str, list[Match]] = {}
        for rule, match in cues:
            size = match.last - match.first + 1
            if all(taken[place] <= size for place in range(match.first, match.last + 1)):
                found.setdefault(rule.name, []).append(match)
        return cls(words, language, found)

    def turn(self, match: Match, fact: str, mentions: Sequence[tuple[Match, str]]) -> Turn:
        """What the cues make of ``match``, a mention of ``fact`` among ``mentions``."""
        denied = any(self._after("negation", cue, match, fact, mentions) for cue in self._near("negation", match))
        taken_back = any(self._after("withdraw", cue, match, fact, mentions) for cue in self._near("withdraw", match))
        denied = denied or taken_back
        denied = denied or any(self._next(cue, match, mentions) for cue in self._near("negation_short", match))
        denied = denied or any(self._just_before(cue, match, 1) for cue in self.found.get("negation_before", ()))
        denied = denied or any(self._inside(cue, match) for cue in self.found.get("negation", ()))
        denied = denied or any(
            self._goes_on_with(cue) and self._after("negation", cue, match, fact, mentions)
            for cue in self._near("negation_before", match)
        )
        doubted = any(
            self._after("doubt", cue, match, fact, mentions) and not (fact not in _CHOICES and self._wished(cue))
            for cue in self._near("doubt", match)
        ) or any(self._just_before(cue, match, 2) for cue in self.found.get("doubt_before", ()))
        doubted = doubted or any(self._inside(cue, match) for cue in self.found.get("doubt", ()))
        doubted = doubted or any(self._of_clause(cue, match) for cue in self.found.get("doubt_clause", ()))
        only = any(self._after("only_after", cue, match, fact, mentions) for cue in self._near("only_after", match)) or any(
            self._just_before(cue, match, 1) for cue in self.found.get("only_before", ())
        )
        option = any(self._option(cue, match) for cue in self._near("if", match))
        return Turn(denied, doubted and not taken_back, only, option)

    def _wished(self, cue: Match) -> bool:
        """Whether ``cue`` is a wish or a permission ("we are considering", "may overrule"), which opens only choices."""
        words = [word.low for word in self.words[cue.first : cue.last + 3]]
        if words[0] in ("may", "could"):
            return _UNSURE.isdisjoint(words[1:3])
        return words[0] in _WISHES or (words[0] == "might" and not _INTENDED.isdisjoint(words[1:]))

    def _near(self, name: str, match: Match) -> list[Match]:
        return [
            cue
            for cue in self.found.get(name, ())
            if cue.last < match.first and not (match.owned & set(range(cue.first, cue.last + 1))) and match.first - cue.last < 40
        ]

    def _after(self, name: str, cue: Match, match: Match, fact: str, mentions: Sequence[tuple[Match, str]]) -> bool:
        """Whether ``match`` stands in the reach of ``cue`` before it: in its clause, or in a list that began there."""
        reach, place = _REACH[name], cue.last + 1
        strict = name in ("negation", "negation_short", "only_after")
        while place <= match.first:
            word = self.words[place]
            if (
                word.stop >= CLAUSE
                or (word.stop == LABEL and (strict and place > cue.last + 1))
                or (place < match.first and word.low in self.language.barriers)
            ):
                return False
            item = place > cue.last + 1 and (word.stop == COMMA or (strict and word.low in ("and", "plus", "和")))
            if item and strict and word.stop == COMMA and not self._closes(place, word):
                return False
            if item and not self._goes_on(cue, place, match, fact, mentions):
                return False
            if item:
                reach = max(reach, place - cue.last + 4)
            place += 1
        return match.first - cue.last <= reach

    def _closes(self, place: int, item: Word) -> bool:
        """Whether the row of things that goes on at ``place`` is closed by an "or": "not A, B or C", against "not A, B"."""
        if not item.raw.isascii() or item.low in _JOINS:
            return True
        for word in self.words[place : place + 9]:
            if word.stop >= CLAUSE:
                return False
            if word.low in _JOINS:
                return True
        return False

    def _goes_on(self, cue: Match, place: int, match: Match, fact: str, mentions: Sequence[tuple[Match, str]]) -> bool:
        """Whether the list that began behind ``cue`` goes on at ``place``: like things on both sides and no new sentence."""
        end = match.first
        if any(self.words[one].low in self.language.subjects for one in range(place, end)):
            return False
        if sum(self.words[one].low not in self.language.fillers for one in range(place, end)) > 2:
            return (
                any(
                    place <= other.first <= place + 3 and kind == fact and self._goes_on(cue, place, other, fact, mentions)
                    for other, kind in mentions
                    if other.first < match.first
                )
                and self._goes_on(cue, _last_comma(self.words, place + 1, end), match, fact, mentions)
                if _last_comma(self.words, place + 1, end) > place
                else False
            )
        return any(kind == fact and cue.last < other.last < place for other, kind in mentions)

    def _next(self, cue: Match, match: Match, mentions: Sequence[tuple[Match, str]]) -> bool:
        """Whether ``match`` comes straight behind ``cue``, or closes a longer mention that does ("not a German bank")."""
        if self.words[cue.last + 1].stop >= CLAUSE:
            return False
        return match.first == cue.last + 1 or any(
            other.first == cue.last + 1 and other.first <= match.first and match.last <= other.last for other, _ in mentions
        )

    def _just_before(self, cue: Match, match: Match, stop: int) -> bool:
        """Whether ``cue`` follows ``match`` at once, but for a comma or a bracket where ``stop`` allows it."""
        if cue.first <= match.last or cue.first - match.last > 2:
            return False
        if stop > 1 and cue.last + 1 < len(self.words) and self.words[cue.last + 1].stop == NONE:
            return False  # "in Dublin, perhaps with a second site in Cork" doubts what comes after
        between = self.words[match.last + 1 : cue.first + 1]
        return all(word.stop <= LABEL or (stop > 1 and word.stop < SENTENCE) for word in between) and all(
            word.low in ("all", "also", "itself", "then", "though", "data", "or") for word in between[:-1]
        )

    def _goes_on_with(self, cue: Match) -> bool:
        """Whether what is denied follows: "is not used to rate anybody", against "voice is not used"."""
        follow = self.words[cue.last + 1 : cue.last + 2]
        return bool(follow) and follow[0].stop == NONE and follow[0].low in _PREPOSITIONS

    def _inside(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` stands in a gap of ``match``: "the seat may be in the US", "is not based in Spain"."""
        return match.first < cue.first and cue.last < match.last and match.owned.isdisjoint(range(cue.first, cue.last + 1))

    def _of_clause(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` says of what was said just before it that it is open: "..., but that is not decided"."""
        if match.last >= cue.first or cue.first - match.last > _CLAUSE_REACH:
            return False
        between = self.words[match.last + 1 : cue.first + 1]
        return all(word.stop < SENTENCE for word in between) and (
            self.words[cue.first].low in _SUMS_UP or all(word.stop < CLAUSE for word in between)
        )

    def _option(self, cue: Match, match: Match) -> bool:
        return self.words[cue.first].sentence == self.words[match.first].sentence


def _last_comma(words: Sequence[Word], first: int, last: int) -> int:
    found = [place for place in range(first, last + 1) if words[place].stop == COMMA]
    return found[-1] if found else -1
