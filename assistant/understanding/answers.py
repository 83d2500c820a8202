"""What answers a label or a question in the text itself: "health data: no", "US hosting? tbc", "PII - n/a", "customers (?)"."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.understanding.pattern import Match
from assistant.understanding.words import CLAUSE, COMMA, LABEL, NONE, SENTENCE, Word, listed

_GAP: Final = 3  # so many words at most between what is asked and its answer
_LABEL: Final = 8
_SET_OFF: Final = listed(
    """n y open pending false true negative unclear never unsure unknown correct ok sure likely possible optional later depends
    nil zero out off dropped banned excluded disabled forbidden prohibited"""
)  # words that answer only where a colon, a dash, a bracket or a question mark stands before them
_MARK: Final = re.compile(r"\s*(?:\(\s*\?+\s*\)|\[\s*\?+\s*\]|[:=–—-]\s*\?|\?\?)")
_AUXILIARY: Final = listed(
    "is are was were be been being has have had will would gets got it we and or in to for with at scratch"
)
_OF: Final = listed("of for from in on by with to at about")
_PRONOUNS: Final = listed("we they it i you he she one")
_OBJECTS: Final = listed("it that them those this any")
_BESIDES: Final = listed("before after when until once while where")
_ASKING: Final = listed(
    """what which who whom whose when where why how is are was were do does did can could may must should shall will would has
    have and or but if so am need"""
)


@dataclass(frozen=True, slots=True)
class _Answer:
    kind: str
    first: int
    last: int
    off: bool  # set off by more than a comma
    asked: bool = False  # a question mark stands before it


@dataclass(slots=True)
class Answers:
    """The answers in one message, ready to be asked about each mention."""

    text: str
    words: Sequence[Word]
    found: list[_Answer]
    mentions: Sequence[tuple[Match, str]]

    @classmethod
    def none(cls) -> Answers:
        return cls("", (), [], ())

    @classmethod
    def of(
        cls, text: str, words: Sequence[Word], cues: Mapping[str, Sequence[Match]], mentions: Sequence[tuple[Match, str]]
    ) -> Answers:
        found: dict[int, _Answer] = {}
        for kind in ("no", "yes", "open"):
            for cue in cues.get(f"answer_{kind}", ()):
                if cue.first == 0 or (cue.last + 1 < len(words) and words[cue.last + 1].stop in (NONE, LABEL)):
                    continue  # "not processed: ..." is a label itself
                stop = words[cue.first].stop
                if stop == NONE and words[cue.first - 1].low in _AUXILIARY:
                    continue
                begin = cue.first
                if stop == LABEL and words[begin - 1].low in ("answer", "a", "reply", "response"):
                    begin, stop = begin - 1, words[begin - 1].stop
                asked = stop == SENTENCE and "?" in text[words[begin - 1].end : words[begin].start]
                off = asked or LABEL <= stop < SENTENCE
                if stop == SENTENCE and not asked:
                    continue
                if cue.first == cue.last and not off and words[cue.first].low in _SET_OFF:
                    continue
                if not off and words[cue.first].low in _PRONOUNS and (stop == COMMA or words[cue.last].low in _OBJECTS):
                    continue  # "..., I don't look at it"
                old = found.get(cue.last)
                if old is None or cue.first < old.first:
                    found[cue.last] = _Answer(kind, begin, cue.last, off, asked)
        return cls(text, words, [found[place] for place in sorted(found)], mentions)

    def of_mention(self, match: Match) -> str | None:
        """How the text itself answers ``match``: "no", "yes" or "open"; None where nothing answers it."""
        at = bisect_left(self.found, match.last + 1, key=lambda one: one.first)
        for answer in self.found[at : at + 1]:
            if self._answers(answer, match):
                return answer.kind
        return "open" if self._asked(match) else None

    def _answers(self, answer: _Answer, match: Match) -> bool:
        words = self.words
        between = words[match.last + 1 : answer.first]
        if len(between) > _LABEL or any(word.stop >= SENTENCE for word in words[match.last + 1 : answer.first]):
            return False
        if any(word.stop >= CLAUSE for word in between):
            return False
        if not answer.asked and self._of_another(match):
            return False
        held = {spot for other, _ in self.mentions for spot in range(other.first, other.last + 1)} if between else set()
        loose = sum(spot not in held for spot in range(match.last + 1, answer.first))
        if not answer.off:
            tight = all(word.stop == NONE for word in between)
            bare = answer.first == answer.last and words[answer.first].stop == COMMA  # "on the list, no"
            return not between or (loose <= 1 and tight and (bare or words[answer.first].stop == NONE))
        if any(word.stop >= LABEL for word in between):
            return False
        if answer.asked and self._told_besides(match):
            return False
        return loose <= (_LABEL if words[answer.first].stop == LABEL else _GAP)

    def _told_besides(self, match: Match) -> bool:
        """Whether ``match`` only tells when or where what is asked happens: "does a person look before a payment is stopped?"."""
        first = match.first
        while first > 0 and self.words[first].stop < SENTENCE:
            first -= 1
            if self.words[first].low in _BESIDES and self.words[first].stop < SENTENCE:
                return True
        return False

    def _of_another(self, match: Match) -> bool:
        """Whether ``match`` says more of a mention before it in its label: "sub-processors of the cloud firm: no"."""
        first = match.first
        while first > 0 and self.words[first].stop < LABEL:
            first -= 1
        leads = match.first > 0 and self.words[match.first - 1].low in _OF
        return leads and any(first <= other.first and other.last < match.first for other, _ in self.mentions)

    def _asked(self, match: Match) -> bool:
        """Whether a question mark stands right behind ``match``, as in "US hosting (?)", or a short label ends with one."""
        end = self.words[match.last].end
        if _MARK.match(self.text, end):
            return True
        rest = self.text[end : end + 2]
        if not rest.lstrip().startswith("?"):
            return False
        first = match.first
        while first > 0 and self.words[first].stop < LABEL:
            first -= 1
        alone = self.words[0].sentence == self.words[-1].sentence and self.words[first].stop < LABEL
        labelled = self.words[first].stop == LABEL
        lead = {word.low for word in self.words[first : match.first]}
        begins = self.words[first].low not in _ASKING
        return not alone and match.last - first < 6 and (labelled or (begins and lead.isdisjoint(_ASKING)))
