"""Which mentions are denied, doubted, all there is, or only an option: by the words around them, within their clause."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.understanding.answers import Answers
from assistant.understanding.groups import Place
from assistant.understanding.pattern import Match
from assistant.understanding.reach import JOINS, OF, PRONOUNS, TURNING, Reach, holds
from assistant.understanding.rules import Language, Rule
from assistant.understanding.words import CLAUSE, COMMA, LABEL, NONE, SENTENCE, Word, listed

_REACH: Final = {"negation": 7, "withdraw": 8, "doubt": 10, "doubt_wide": 40, "only_after": 4, "if": 24}
_WINDOW: Final = 60
_UNSURE: Final = listed(
    """be become also later have include contain involve come move extend go add reach process touch concern affect cover still
    then well even soon one possibly perhaps keep store use run host sit end"""
)
_INTENDED: Final = listed("want like consider plan buy try need")
_CLAUSE_REACH: Final = 12
_OPEN_REACH: Final = 24
_FAR: Final = 40
_BEYOND: Final = 250  # words behind a mention, in the longest sentences
_HELPING: Final = listed("doesn't don't won't didn't isn't aren't not")
_FEW: Final = 8  # cues among which none are chosen
_OFF: Final = listed("switched turned disabled deactivated")
_WHERE: Final = listed("hosting_in provider_in transfer_to hosting")
_DOING: Final = listed("hosting_in transfer_to data_use")
_VERBS: Final = listed("is are was were goes go leaves leave will gets get may must can shall ever")
_SHUT: Final = listed("blocked geo geoblocked away refused onboarded served eligible ineligible")
_ABROAD: Final = ("persons_in", "marketed_in", "provider_in", "hosting_in")
_PLACES: Final = listed("persons_in marketed_in affected audience")
_FEATURES: Final = listed("technique data_use data adaptation agentic channel generates subcontracting")
_DECISIONS: Final = frozenset(["choice", "decision", "question"])
_TENDERED: Final = frozenset(["table", "running", "race", "candidate"])  # "two offers are on the table" tells the stage
_SPEAKERS: Final = frozenset(["i", "we"])  # "I am not sure, but I think ..." speaks of what comes
_LINKS: Final = listed("and but however so still yet though for now although at present the that")
_CONTRASTS: Final = frozenset(["though", "but", "whereas", "while", "however"])
_SUMS_UP: Final = listed("that this it which all")
_CHOICES: Final = listed(
    """hosting hosting_in model_source adaptation provider_in transfer_to marketed_in data_use own_brand data subcontracting
    agentic function_outsourced technique in_service_from on_market_from automation legal_ground"""
)
_FIXED: Final = listed("institution institution_status established_in total_assets_usd_bn stage")
_WISHES: Final = listed(
    """considering consider considers thinking contemplating exploring looking evaluating weighing toying leaning"""
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the words around a mention make of it."""

    denied: bool = False
    doubted: bool = False
    all_there_is: bool = False
    option: bool = False
    beside: bool = False  # only says more of something denied: "client data" in "no training on client data"


@dataclass(slots=True)
class Cues(Reach):
    """The cues of one message, ready to be asked about each mention in it."""

    answers: Answers = field(default_factory=Answers.none)
    found: dict[str, list[Match]] = field(default_factory=dict)  # in the order of their first words
    starts: dict[str, list[int]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)  # the last word of each sentence
    longest: int = 0  # words of a cue

    @classmethod
    def of(
        cls,
        text: str,
        words: Sequence[Word],
        language: Language,
        matches: Sequence[tuple[Rule, Match]],
        mentions: Sequence[tuple[Match, str]],
    ) -> Cues:
        """The cues among ``matches``; of two that share words the longer. ``mentions`` stand in the order of words."""
        cues = [(rule, match) for rule, match in matches if rule.group == "cue"]
        taken: dict[tuple[str, int], int] = {}
        for rule, match in cues:
            for place in range(match.first, match.last + 1):
                key = (_rival(rule.name), place)
                taken[key] = max(taken.get(key, 0), match.last - match.first + 1)
        plain = {place: length for (name, place), length in taken.items() if name == "nothing"}
        rivals = {name for name, _ in taken} - {""}
        found: dict[str, list[Match]] = {}
        for rule, match in cues:  # of a kind that ends in "_end" are those alone that close their clause: "health data don't"
            size = match.last - match.first + 1
            kin = _rival(rule.name)
            if kin.startswith("negation") and any(plain.get(place, 0) >= size for place in range(match.first, match.last + 1)):
                continue
            against = () if not kin else [one for one in rivals if one == kin or one[:5] != kin[:5]]
            if all(taken.get((one, place), 0) <= size for one in against for place in range(match.first, match.last + 1)):
                name = rule.name.removesuffix("_end")
                if name == rule.name or match.last + 1 >= len(words) or words[match.last + 1].stop >= COMMA:
                    found.setdefault(name, []).append(match)
        answers = Answers.of(text, words, found, mentions)
        firsts = [match.first for match, _ in mentions]
        starts = {name: [cue.first for cue in some] for name, some in found.items()}
        longest = max((cue.last - cue.first + 1 for some in found.values() for cue in some), default=0)
        ends: dict[int, int] = {word.sentence: place for place, word in enumerate(words)}
        return cls(words, language, mentions, firsts, answers, found, starts, ends, longest)

    def turn(self, match: Match, fact: str) -> Turn:
        """What the cues make of ``match``, a mention of ``fact``."""
        answer = self.answers.of_mention(match)
        taken_back = self._any("withdraw", match, fact)
        denied = taken_back or self._denied(match, fact)
        beside = denied and not taken_back and self._beside(match, fact)
        doubted = self._doubted(match, fact)
        if answer is not None and not taken_back:
            denied, doubted, beside = answer == "no", answer == "open", False
        only = self._any("only_after", match, fact) or any(
            self._just_before(cue, match, 1) for cue in self._within("only_before", match)
        )
        only = only or any(cue.first == match.first for cue in self._within("only_after", match))  # "only public data" as one row
        option = any(self._option(cue, match) for cue in self._near("if", match)) and not self._open_clause(match)
        return Turn(denied and not beside, doubted and not taken_back, only, option, beside)

    def _within(self, name: str, match: Match) -> Sequence[Match]:
        """The cues that may say something of ``match``: from some words before it to the end of the next sentence."""
        cues = self.found.get(name, ())
        if len(cues) < _FEW:
            return cues
        sentence = self.words[match.last].sentence
        end = min(self.ends.get(sentence + 1, self.ends[sentence]), match.last + _BEYOND)
        starts = self.starts[name]
        return cues[bisect_left(starts, match.first - _FAR - self.longest) : bisect_right(starts, end)]

    def doubted_before(self, match: Match, fact: str) -> bool:
        """Whether a word before ``match`` doubts it, not one that is part of it."""
        return any(
            self._after("doubt", cue, match, fact) and not self._wished(cue, fact) and not self._permits(cue, fact)
            for cue in self._near("doubt", match)
        )

    def open_place(self, match: Match) -> bool:
        """Whether the place at ``match``, that no pattern took, is doubted by the words around it."""
        answer = self.answers.of_mention(match)
        return answer == "open" or (answer is None and self._doubted(match, "persons_in"))

    def _denied(self, match: Match, fact: str) -> bool:
        return (
            self._any("negation", match, fact)
            or any(self._next(cue, match) for cue in self._near("negation_short", match))
            or any(self._predicate(cue, match) and self._fits(cue, fact) for cue in self._within("negation_before", match))
            or any(
                fact != "effect" and self._inside(cue, match) and self._of_place(cue, match)
                for name in ("negation", "negation_short")
                for cue in self._within(name, match)
            )
            or (
                fact not in _FIXED
                and any(
                    self._of_clause(cue, match) or self._looks_back(cue, match) for cue in self._within("negation_clause", match)
                )
            )
            or any(
                self._goes_on_with(cue) and self._after("negation", cue, match, fact)
                for cue in self._near("negation_before", match)
            )
        )

    def _doubted(self, match: Match, fact: str) -> bool:
        return (
            any(
                self._after("doubt", cue, match, fact)
                and not (self._wished(cue, fact) and (fact not in _CHOICES or self._of_project(cue, match)))
                and not self._permits(cue, fact)
                for cue in self._near("doubt", match)
            )
            or (fact not in _FIXED and any(self._option(cue, match) for cue in self._near("doubt_wide", match)))
            or (
                (fact in _CHOICES or fact in _ABROAD or fact in ("use_case", "product"))
                and any(cue.first > match.last and self._option(cue, match) for cue in self._within("doubt_wide", match))
            )
            or any(
                (self._just_before(cue, match, 2) or self._predicate(cue, match))
                and not (fact == "stage" and holds(self.words[cue.first : cue.last + 1], _TENDERED))
                for cue in self._within("doubt_before", match)
            )
            or any(
                self._goes_on_with(cue) and self._after("doubt", cue, match, fact) for cue in self._near("doubt_before", match)
            )
            or any(
                self._inside(cue, match)
                and (self.words[cue.first].stop < COMMA or self._leads_place(cue, match))
                and not (fact not in _CHOICES and self._wished(cue, fact))
                and not self._permits(cue, fact)
                for cue in self._within("doubt", match)
            )
            or any(self._of_clause(cue, match, fact) for cue in self._within("doubt_clause", match))
            or (
                fact not in _FIXED
                and (
                    self._open_clause(match)
                    or any(self._looks_back(cue, match) for cue in self._within("doubt_clause", match))
                    or any(self._trails(cue, match) for cue in self._within("doubt_before", match))
                )
            )
        )

    def _of_place(self, cue: Match, match: Match) -> bool:
        """Whether no comma parts ``cue``, in a gap of ``match``, from the place in it: "a lender, no deposits, Cork"."""
        places = [group.first for group in match.groups if isinstance(group.value, Place) and group.first > cue.last]
        return not places or all(word.stop < COMMA for word in self.words[cue.last + 1 : places[0] + 1])

    def _leads_place(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` stands right before a place in ``match``: "the vendor is American, I believe in Boston"."""
        return any(isinstance(group.value, Place) and 0 < group.first - cue.last <= 3 for group in match.groups)

    def _wished(self, cue: Match, fact: str) -> bool:
        """Whether ``cue`` is a wish or a permission ("we are considering", "may overrule"), which opens only choices."""
        words = [word.low for word in self.words[cue.first : cue.last + 3]]
        if words[0] in ("may", "might", "could") and (fact in _ABROAD or cue.last > cue.first + 1):
            return False
        if words[0] in ("may", "could"):
            return _UNSURE.isdisjoint(words[1:3])
        if "think" in words[:2] and words[words.index("think") + 1 : words.index("think") + 2] in (
            ["in"],
            ["of"],
            ["about"],
            ["to"],
        ):
            return True
        if words[:2] == ["no", "decision"] and cue.last == cue.first + 2:
            return True
        if words[1:2] == ["or"]:
            return False
        return words[0] in _WISHES or (words[0] == "might" and not _INTENDED.isdisjoint(words[1:]))

    def _permits(self, cue: Match, fact: str) -> bool:
        """Whether ``cue`` is the "may" of a contract: "the vendor may keep prompts for 30 days"."""
        if fact != "data_use" or cue.first != cue.last or cue.first == 0 or self.words[cue.first].low != "may":
            return False
        return self.words[cue.first - 1].low not in ("it", "there", "we", "i", "this", "that")

    def _of_project(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` is a wish for a whole thing that ``match`` says more of: "toying with an agent built on ..."."""
        lead = [word.low for word in self.words[cue.last + 1 : cue.last + 5]]
        named = next((number for number, word in enumerate(lead) if word in ("a", "an")), None)
        return named is not None and match.first - cue.last > named + 2

    def _near(self, name: str, match: Match) -> list[Match]:
        return [
            cue
            for cue in self._within(name, match)
            if cue.first < match.first
            and match.first - cue.last < _FAR
            and (cue.last < match.first or (cue.last < match.last and self._shared(cue, match)))
        ]

    def _shared(self, cue: Match, match: Match) -> bool:
        """Whether the words that ``cue`` and ``match`` share turn nothing: "to use" in "do not plan to use social media"."""
        return not holds(self.words[match.first : cue.last + 1], TURNING)

    def _any(self, name: str, match: Match, fact: str) -> bool:
        return any(self._after(name, cue, match, fact) for cue in self._near(name, match))

    def _after(self, name: str, cue: Match, match: Match, fact: str) -> bool:
        """Whether ``match`` stands in the reach of ``cue`` before it: in its clause, or in a list that began there."""
        if cue.last >= match.first:
            return True
        reach, place = _REACH[name], cue.last + 1
        strict = name in ("negation", "negation_short", "only_after")
        if strict and self.words[place].stop == COMMA:
            return False  # "no, we use ..."
        while place <= match.first:
            word = self.words[place]
            if (
                word.stop >= CLAUSE
                or (word.stop == LABEL and (place > cue.last + 1 or self.words[cue.last].low == "nothing"))
                or (place < match.first and word.low in self.language.barriers)
                or (strict and word.low in PRONOUNS and place < match.first and self._new_clause(cue, place))
            ):
                return False
            item = place > cue.last + 1 and (word.stop == COMMA or (strict and word.low in ("and", "plus", "和")))
            if item and strict and word.stop == COMMA and not self._closes(place, word):
                return False
            if item and not self._goes_on(cue, place, match, fact):
                return False
            if item:
                reach = max(reach, place - cue.last + 4)
            place += 1
        return match.first - cue.last <= reach

    def _beside(self, match: Match, fact: str) -> bool:
        """Whether what is denied is not ``match`` but a thing of another fact that it belongs to."""
        cues = [cue for cue in self._near("negation", match) if self._after("negation", cue, match, fact)]
        if not cues:
            return False
        cue = cues[-1]
        if fact in ("provider_in", "established_in"):
            return match.first - cue.last > 3
        if fact in _WHERE:
            return False
        follow = self.words[match.last + 1 : match.last + 2]
        if match.first <= cue.last + 2 and follow and follow[0].stop == NONE and follow[0].low in _VERBS:
            end = match.last + 1
            while end + 1 < len(self.words) and self.words[end + 1].stop < COMMA:
                end += 1
            return any(kind in _DOING and other.first <= end for other, kind in self._around(match.last + 2, match.last + 6))
        for other, kind in self._around(cue.last + 1, match.first):
            if kind == fact or other.last >= match.first:
                continue
            between = self.words[other.last + 1 : match.first + 1]
            if kind == "function_outsourced" and len(between) <= 3:
                return True
            linked = between[0].low in OF and all(word.stop < COMMA and word.low not in JOINS | {"and"} for word in between)
            if linked:
                return True
        return False

    def _fits(self, cue: Match, fact: str) -> bool:
        """Whether ``cue`` can be said of ``fact``: features are switched off, people are blocked, a whole system is retired."""
        words = {word.low for word in self.words[cue.first : cue.last + 1]}
        return (fact in _FEATURES or words.isdisjoint(_OFF)) and (fact in _PLACES or words.isdisjoint(_SHUT))

    def _of_clause(self, cue: Match, match: Match, fact: str = "") -> bool:
        """Whether ``cue`` says of what was said just before it that it is open: "..., but that is not decided"."""
        if match.last < cue.first and fact in _CHOICES and holds(self.words[cue.first : cue.last + 1], _DECISIONS):
            return self.words[match.last].sentence == self.words[cue.first].sentence
        if match.last >= cue.first or cue.first - match.last > _CLAUSE_REACH or self._verb_follows(cue):
            return False
        between = self.words[match.last + 1 : cue.first + 1]
        if any(word.stop >= SENTENCE or word.low == "whose" for word in between) or self._end(cue) - cue.last > 2:
            return False
        if self.words[cue.first].low in _SUMS_UP:
            return not holds(between[:-2], _CONTRASTS)
        if self.words[cue.first].stop >= COMMA or (between[-2:-1] and between[-2].low in ("but", "though", "and")):
            return sum(word.stop >= COMMA for word in between) <= 1 + (between[-1].stop < COMMA)
        return self._predicate(cue, match)

    def _verb_follows(self, cue: Match) -> bool:
        """Whether the verb of ``cue`` comes behind it: "it will not reply", against "..., it will not"."""
        return self.words[cue.last].low in _HELPING and self._end(cue) > cue.last

    def _open_clause(self, match: Match) -> bool:
        """Whether ``match`` stands in "whether ... is open", or in an "if ... is not decided" that means the same."""
        place = match.first
        while place > 0 and self.words[place].stop < CLAUSE and match.first - place < _OPEN_REACH:
            place -= 1
        first = self.words[place].low
        if first in ("whether", "weather") and place < match.first:
            return True
        if first != "if" or place >= match.first:
            return False
        return any(
            cue.first > match.last and all(word.stop < SENTENCE for word in self.words[match.last + 1 : cue.last + 1])
            for name in ("doubt_clause", "doubt_before")
            for cue in self._within(name, match)
        )

    def _trails(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` closes the clause of ``match`` behind a comma: "it runs in Dublin on Azure, I think"."""
        if match.last >= cue.first or self.words[cue.first].stop != COMMA:
            return False
        ends = cue.last + 1 >= len(self.words) or self.words[cue.last + 1].stop >= CLAUSE
        return ends and all(word.stop < COMMA for word in self.words[match.last + 1 : cue.first])

    def _looks_back(self, cue: Match, match: Match) -> bool:
        """Whether ``cue`` begins the sentence behind that of ``match`` and names nothing itself: "This is not decided yet."."""
        first = self.words[cue.first]
        if self.words[match.last].sentence != first.sentence - 1 or self._verb_follows(cue):
            return False
        begin = cue.first
        while begin > 0 and self.words[begin].stop < SENTENCE:
            begin -= 1
        if any(word.low not in _LINKS for word in self.words[begin : cue.first]):
            return False
        end = self._end(cue)
        ends = self.ends.get(first.sentence, end) if self.words[begin].low in _SPEAKERS else end
        if end - cue.last > 2 or any(True for _ in self._around(begin, ends)):
            return False
        return all(word.stop < CLAUSE or word.stop == SENTENCE for word in self.words[match.last + 1 : begin + 1])

    def _option(self, cue: Match, match: Match) -> bool:
        return self.words[cue.first].sentence == self.words[match.first].sentence


def _rival(name: str) -> str:
    """The kind of cue that ``name`` is: a longer cue silences shorter ones of its own kind and of another family."""
    return "" if name.startswith("answer_") else "negation" if name == "negation_short" else name
