"""Readings beside the patterns: what a clause says in words that no pattern holds, as a small learned model hears it.

The model only tells what a clause is about. Whether that is so, denied, doubted or an option tell the same cues as for patterns,
and where a pattern has read something of a fact the model never says otherwise. Places, days, numbers and names it never reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from assistant.model import FactReading, Polarity, Span
from assistant.understanding.pattern import Match
from assistant.understanding.polarity import Cues, Turn
from assistant.understanding.words import CLAUSE, COMMA, Word, listed
from kg_service.applicability.facts import contradictions
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId

SOURCE: Final = "clauses"
FALSE: Final = "false"
_BREAKS: Final = listed("but so while whereas because although then")
_LEAST_BEFORE: Final = 4
_LEAST_BEHIND: Final = 3
_MOST: Final = 60  # clauses of one message that are heard
_DENIALS: Final = frozenset(("no_personal", "none", "nobody_outside", "no_outside_channel", "inference_only"))
_WHOLLY: Final = frozenset(("automation", "transfer_to", "effect"))  # a "no" in such a clause is part of what its terms mean
_TURNING: Final = ("negation", "negation_short", "negation_before", "negation_clause", "withdraw")
_DOUBTING: Final = ("doubt", "doubt_before", "doubt_clause", "doubt_wide")


@dataclass(frozen=True, slots=True)
class Heard:
    """A clause is about ``term`` of ``fact`` (of a flag: ``true`` or ``false``). ``margin`` is how far over its threshold;
    ``word`` the place in the clause of the word that tells most, or None.
    """

    fact: FactId
    term: str
    margin: float
    word: int | None


Hear: TypeAlias = Callable[[Sequence[tuple[str, Sequence[str]]]], Sequence[Sequence[Heard]]]


def clauses(words: Sequence[Word]) -> list[tuple[int, int]]:
    """The first and last words of each clause: as the text sets them off, and cut again at commas where both parts are long."""
    cuts = [0, *(place for place in range(1, len(words)) if words[place].stop >= CLAUSE), len(words)]
    found: list[tuple[int, int]] = []
    for begin, end in pairwise(cuts):
        first = begin
        for place in range(begin + 1, end):
            apart = words[place].stop == COMMA or words[place].low in _BREAKS
            if apart and place - first >= _LEAST_BEFORE and end - place >= _LEAST_BEHIND:
                found.append((first, place - 1))
                first = place
        if first < end:
            found.append((first, end - 1))
            if first > begin:
                found.append((begin, end - 1))
    return found


def hear_clauses(
    text: str,
    words: Sequence[Word],
    read: Sequence[FactReading],
    cues: Cues,
    hear: Hear,
    knowledge: Knowledge,
    laws: Sequence[tuple[int, int]] = (),
) -> tuple[FactReading, ...]:
    """What ``hear`` finds in the clauses of ``text`` beyond what was ``read``. ``laws`` are the word spans of names of law."""
    held = [one for one in clauses(words) if _describes(one, text, words, cues, laws)][:_MOST]
    texts = [(text[words[first].start : words[last].end], [word.low for word in words[first : last + 1]]) for first, last in held]
    best: dict[tuple[FactId, str], tuple[Heard, tuple[int, int]]] = {}
    for span, about in zip(held, hear(texts), strict=True):
        for one in about:
            key = (one.fact, one.term)
            if key not in best or one.margin > best[key][0].margin:
                best[key] = (one, span)
    found: list[FactReading] = []
    for one, span in sorted(best.values(), key=lambda pair: (-pair[0].margin, pair[0].fact, pair[0].term)):
        fact = knowledge.facts[one.fact]
        if _may_be_said(fact, one.term, (*read, *found)):
            found += _reading(fact, one, span, text, words, cues)
    return tuple(sorted(found, key=lambda one: one.spans[0].start))


def _describes(
    span: tuple[int, int], text: str, words: Sequence[Word], cues: Cues, laws: Sequence[tuple[int, int]]
) -> bool:
    """Whether a clause tells of a plan: it is no question, names no law, and is not what a later word mends."""
    first, last = span
    if any(first <= end and begin <= last for begin, end in laws):
        return False
    if any(words[first].sentence <= words[cue.first].sentence for cue in cues.found.get("correction", ())):
        return False
    end = last
    while end + 1 < len(words) and words[end + 1].sentence == words[last].sentence:
        end += 1
    mark = text[words[end].end : words[end + 1].start if end + 1 < len(words) else len(text)]
    return "?" not in mark and "？" not in mark


def _may_be_said(fact: Fact, term: str, read: Sequence[FactReading]) -> bool:
    """Whether ``term`` says something new of ``fact`` and nothing against what was read."""
    here = [one for one in read if one.fact == fact.id]
    if not here:
        return True
    if fact.kind is not FactKind.TERMS or any(one.complete for one in here):
        return False
    above = {str(one) for one in fact.ancestors.get(TermId(term), ())}
    for one in here:
        for value in one.value if isinstance(one.value, tuple) else (str(one.value),):
            if value == term or term in {str(up) for up in fact.ancestors.get(TermId(value), ())}:
                return False
            if one.polarity is Polarity.NEGATED and value in above:
                return False
            pair = frozenset((TermId(value), TermId(term)))
            if one.polarity is Polarity.STATED and any(True for _ in contradictions(fact, pair)):
                return False
    return True


def _reading(
    fact: Fact, heard: Heard, span: tuple[int, int], text: str, words: Sequence[Word], cues: Cues
) -> Iterator[FactReading]:
    turn = _turn(fact, heard, span, cues)
    if turn is None or turn.beside:
        return
    first, last = span
    start, end = words[first].start, words[last].end
    spans = (Span(start, end, text[start:end]),)
    never = heard.term in _DENIALS or str(fact.id) in _WHOLLY
    denied = turn.denied and not never
    polarity = Polarity.UNCERTAIN if turn.doubted else Polarity.NEGATED if denied else Polarity.STATED
    value: bool | str | tuple[str, ...] = heard.term
    if fact.kind is FactKind.FLAG:
        holds = heard.term != FALSE and not denied
        if turn.doubted:
            value = True
        else:
            value, polarity = holds, Polarity.STATED if holds else Polarity.NEGATED
    elif fact.kind is FactKind.TERMS:
        value = (heard.term,)
    yield FactReading(fact.id, value, polarity, spans, False, SOURCE, turn.option)


def _turn(fact: Fact, heard: Heard, span: tuple[int, int], cues: Cues) -> Turn | None:
    """What the cues make of the word that tells most; where none does, nothing is read of a clause that holds a cue."""
    first, last = span
    if heard.word is not None:
        place = first + heard.word
        return cues.turn(Match(-1, place, place, frozenset((place,)), ()), str(fact.id))
    inside = any(first <= cue.first and cue.last <= last for name in (*_TURNING, *_DOUBTING) for cue in cues.found.get(name, ()))
    return None if inside else cues.turn(Match(-1, last, last, frozenset((last,)), ()), str(fact.id))
