"""What a message takes for granted of the law, so that it can be held against the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.model import Premise, Span
from assistant.understanding.citations import LawCited
from assistant.understanding.days import Day
from assistant.understanding.pattern import Match
from assistant.understanding.rules import Rule
from assistant.understanding.words import Word, listed
from kg_service.model import InstrumentId, Knowledge

_GRANTED: Final = listed(
    """since as because given now considering although though after assuming while if that granted seeing knowing heard read
    told know understand think believe thought right true correct 因为 既然 由于"""
)
_ASKS: Final = listed(
    """does do did is are was were will would can could may must should has have when which what who how where why shall"""
)
_PRESUMED_ANYWAY: Final = frozenset({"ended", "repealed"})
_NOT_YET: Final = frozenset({"before", "until", "till", "earlier"})
_NOT_LAW_YET: Final = frozenset({"proposed", "draft", "withdrawn"})
_NOT: Final = frozenset(["not", "never", "hardly", "isn't", "aren't", "wasn't", "hasn't", "haven't"])


def premises(
    text: str, words: Sequence[Word], matches: Sequence[tuple[Rule, Match]], knowledge: Knowledge
) -> tuple[Premise, ...]:
    """The premises of ``text``, in order; of several claims of one kind on the same law the longest words."""
    best: dict[tuple[str, str], tuple[int, Premise]] = {}
    for rule, match in matches:
        if rule.group != "premise":
            continue
        law = next((group.value for group in match.groups if isinstance(group.value, LawCited)), None)
        if law is None or not law.about or not _taken_for_granted(rule.name, match, words, text):
            continue
        if rule.name == "exists" and not _unsettled(law, knowledge):
            continue
        said = [words[place].low for place in range(match.first, match.last + 1)]
        denied = any(word in _NOT or word.endswith("n't") for word in said)
        if rule.name == "applies_from" and not _NOT_YET.isdisjoint(said):
            denied = False  # "does not apply before that day" says from when it does
        if rule.name in ("applies", "ended", "repealed", "applies_from") and denied:
            if rule.name != "applies":
                continue
            premise = _premise("does_not_apply", match, law, words, text)
        else:
            premise = _premise(rule.name, match, law, words, text)
        key = (premise.claim, premise.about.partition("/")[0])
        if key not in best or len(match.owned) > best[key][0]:
            best[key] = (len(match.owned), premise)
    found = [premise for _, premise in best.values()]
    dated = {one.about for one in found if one.claim == "applies_from"}
    found = [one for one in found if one.claim != "applies" or one.about not in dated]
    return tuple(sorted(found, key=lambda one: one.span.start))


def _premise(claim: str, match: Match, law: LawCited, words: Sequence[Word], text: str) -> Premise:
    day = next((group.value for group in match.groups if isinstance(group.value, Day)), None)
    if claim == "applies_from" and day is None:
        claim = "applies"
    start, end = words[match.first].start, words[match.last].end
    return Premise(Span(start, end, text[start:end]), law.about, claim, day.day.isoformat() if day else None)


def _taken_for_granted(claim: str, match: Match, words: Sequence[Word], text: str) -> bool:
    """Whether the sentence says it, or builds on it; a plain question does neither."""
    sentence = words[match.first].sentence
    first = match.first
    while first and words[first - 1].sentence == sentence:
        first -= 1
    last = match.last
    while last + 1 < len(words) and words[last + 1].sentence == sentence:
        last += 1
    until = text.find("?", words[last].end, words[last + 1].start if last + 1 < len(words) else len(text))
    lead = [word.low for word in words[first : match.first]]
    if until < 0 and not (lead and lead[0] in _ASKS):
        return True
    if any(low in _GRANTED for low in lead[-8:]):
        return True
    behind = [word.low for word in words[match.last + 1 : last + 1]]
    if (
        behind[:1] == ["right"]
        or behind[-1:] in (["right"], ["correct"], ["true"])
        or behind[-2:] in (["isn't", "it"], ["doesn't", "it"])
    ):
        return True
    if claim in _PRESUMED_ANYWAY and lead[:1] in (["when"], ["why"], ["what"], ["who"]):
        return True
    if claim == "exists":
        return True
    opener = words[match.first].low if match.first == first else (lead[0] if lead else "")
    return opener not in _ASKS and bool(behind) and _clause_follows(match.last, last, words)


def _clause_follows(place: int, last: int, words: Sequence[Word]) -> bool:
    """Whether a question begins behind the statement, set off by a comma: "X was repealed, so what applies?"."""
    return any(
        words[one].stop >= 1 and words[one].low in (*_ASKS, "so", "then", "and", "but", "what")
        for one in range(place + 1, last + 1)
    )


def _unsettled(law: LawCited, knowledge: Knowledge) -> bool:
    instrument = knowledge.instruments.get(InstrumentId(law.instrument or ""))
    return instrument is not None and instrument.status in _NOT_LAW_YET
