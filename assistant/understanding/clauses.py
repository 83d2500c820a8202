"""Readings beside the patterns: what a message says in words that no pattern holds, as a small learned model hears it.

The model marks, for each term of each fact, how likely the text speaks of it, whether it is so, denied or left open, and which
word tells most; and of each place that patterns find, whose place it is. Marks and readings of patterns are weighed together.
Names of places, days, numbers, names and questions are never heard.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Protocol

from assistant.model import FactReading, Polarity, Span
from assistant.understanding.polarity import Cues
from assistant.understanding.rules import Language
from assistant.understanding.whose import Spot
from assistant.understanding.words import CLAUSE, SENTENCE, Word
from kg_service.applicability.facts import contradictions
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId

SOURCE: Final = "clauses"
TRUE: Final = "true"
POLARITIES: Final = (Polarity.STATED, Polarity.NEGATED, Polarity.UNCERTAIN)
FEATURES: Final = (
    "always", "score", "turn", "read", "read_score", "read_turn", "turned", "same_fact", "narrower_read", "wider_read",
    "negated", "uncertain", "read_negated", "read_uncertain", "behind", "answered", "elsewhere",
)  # fmt: skip
_WINDOW: Final = 110  # words that are heard at once
_MOST: Final = 10  # windows of one message that are heard
_PLAN: Final = 2  # facts that a message states before its clauses are heard
_LEAST: Final = -6.0
_LIKELY: Final = 0.15


class Said(NamedTuple):
    """One term of a fact (of a flag: ``true``), and how it is said."""

    fact: FactId
    term: str
    polarity: Polarity


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a text speaks of ``term``: ``score`` in log odds; ``turns`` how likely it is stated, denied, left open;
    ``start`` and ``end`` of the word that tells most. Without a ``term``: how far the place there is the place of ``fact``.
    """

    fact: FactId
    term: str
    score: float
    turns: tuple[float, float, float]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Choice:
    """How much each feature weighs, what is added for each fact (and where a pattern read it), and from where on a mark is taken
    and up to where a reading of a pattern is dropped. ``places``: the weights for whose place a place is; without them none is.
    """

    weights: Mapping[str, float]
    facts: Mapping[str, tuple[float, float]]
    take: float
    drop: float
    places: Mapping[str, float] = field(default_factory=dict)


class Hearer(Protocol):
    """Hears texts; the same text always the same. Safe in threads."""

    @property
    def choice(self) -> Choice | None:
        """How its marks are weighed; None where it cannot hear."""

    def hear(self, texts: Sequence[str], spots: Sequence[Sequence[Spot]]) -> Sequence[Sequence[Heard]]:
        """The marks of each text, and those of the places named in it."""


def with_heard(
    text: str,
    words: Sequence[Word],
    read: Sequence[FactReading],
    told: Sequence[FactReading],
    cues: Cues,
    hearer: Hearer,
    knowledge: Knowledge,
    language: Language,
    laws: Sequence[tuple[int, int]],
    spots: Sequence[Spot],
) -> tuple[tuple[FactReading, ...], list[str]]:
    """``read`` with what is heard in its clauses and without what is unlikely by their sense, and notes that say so.

    Nothing changes where fewer than two facts are read, or an option is told. What was ``told`` as an answer stands.
    """
    if len({one.fact for one in read if one.polarity is Polarity.STATED}) < _PLAN or any(one.hypothetical for one in read):
        return tuple(read), []
    more, dropped = heard(text, words, read, cues, hearer, knowledge, laws, spots)
    kept = without([one for one in read if one not in told], dropped, language, knowledge.facts)
    notes = []
    gone = {one.fact for one in read} - {one.fact for one in (*kept, *told, *more)}
    for start, facts in (
        ("understood from the sense of a clause, please check", {one.fact for one in more}),
        ("some words speak of it, but hardly say it of your plan, so it was left open", gone),
    ):
        if facts:
            notes.append(f"{start}: " + ", ".join(sorted(knowledge.facts[fact].labels.label for fact in facts)))
    return (*kept, *told, *more), notes


def heard(
    text: str,
    words: Sequence[Word],
    read: Sequence[FactReading],
    cues: Cues,
    hearer: Hearer,
    knowledge: Knowledge,
    laws: Sequence[tuple[int, int]] = (),
    spots: Sequence[Spot] = (),
) -> tuple[tuple[FactReading, ...], tuple[Said, ...]]:
    """What is heard in ``text`` beyond what was ``read``, and what was read but is unlikely.

    ``laws``: where its names stand; ``spots``: the places that it names.
    """
    choice = hearer.choice
    if choice is None:
        return (), ()
    spans, deaf = windows(words)[:_MOST], _barred(text, words, cues, laws)
    marks = marks_in(text, words, hearer, spots if choice.places else (), deaf)
    before = said_in(read, knowledge.facts, bool(choice.places))
    odds = {one: likelihood(one, marks, before, knowledge.facts, choice) for one in candidates(marks, before, knowledge.facts)}
    until = words[spans[-1][1]].end
    firm = _out_of_hearing(read, [*deaf, (until, len(text) + 1)], knowledge.facts)
    dropped = tuple(sorted(one for one in before if odds[one] < choice.drop and one not in firm))
    found: list[FactReading] = []
    taken = [one for one in before if one not in dropped]
    for one in sorted(odds, key=lambda each: (-odds[each], each)):
        if odds[one] < choice.take or one in before or not may_be_said(one, taken, knowledge.facts[one.fact]):
            continue
        taken.append(one)
        found.append(_reading(one, marks[one.fact, one.term], text, words, knowledge.facts[one.fact]))
    narrow = [one for one in found if not _wider(one, taken, knowledge.facts[one.fact])]
    return tuple(sorted(narrow, key=lambda one: one.spans[0].start)), dropped


def without(
    readings: Sequence[FactReading], dropped: Sequence[Said], language: Language, schema: Mapping[FactId, Fact]
) -> tuple[FactReading, ...]:
    """``readings`` without the ``dropped`` terms, but for those that follow from others by a definition."""
    stated = {one.fact for one in readings if one.polarity is Polarity.STATED}
    follows = [meaning for rule in language.implied if stated.issuperset(rule.when) for meaning in rule.means]
    firm = {(meaning.fact, TRUE if meaning.value is True else meaning.value) for meaning in follows}
    kept: list[FactReading] = []
    for one in readings:
        gone = [each for each in said_in([one], schema, True) if each in dropped and (each.fact, each.term) not in firm]
        if not gone:
            kept.append(one)
        elif isinstance(one.value, tuple) and (left := tuple(term for term in one.value if term not in {o.term for o in gone})):
            kept.append(replace(one, value=left))
    return tuple(kept)


def said_in(read: Sequence[FactReading], schema: Mapping[FactId, Fact], places: bool = False) -> tuple[Said, ...]:
    """What readings say, term by term; "no personal data" denies personal data. Options and facts without terms are left out.

    ``places``: facts that are answered by places too.
    """
    found: list[Said] = []
    for one in read:
        fact = schema[one.fact]
        if one.hypothetical or (fact.jurisdictions and not places) or fact.kind in (FactKind.NUMBER, FactKind.DATE):
            continue
        if fact.kind is FactKind.FLAG:
            found.append(Said(fact.id, TRUE, one.polarity if one.value is not False else Polarity.NEGATED))
            continue
        for term in one.value if isinstance(one.value, tuple) else (str(one.value),):
            if term == "no_personal":
                found.append(Said(fact.id, "personal", Polarity.NEGATED if one.polarity is Polarity.STATED else one.polarity))
            else:
                found.append(Said(fact.id, term, one.polarity))
    return tuple(dict.fromkeys(found))


def candidates(
    marks: Mapping[tuple[FactId, str], Heard], before: Sequence[Said], schema: Mapping[FactId, Fact]
) -> Iterator[Said]:
    """Everything that may be said: what was read, and each mark in each likely polarity."""
    yield from before
    for (fact, term), mark in marks.items():
        for polarity, share in zip(POLARITIES, mark.turns, strict=True):
            one = Said(fact, term, polarity)
            if share > _LIKELY and one not in before and fact in schema:
                yield one


def features(
    one: Said, marks: Mapping[tuple[FactId, str], Heard], before: Sequence[Said], schema: Mapping[FactId, Fact]
) -> tuple[float, ...]:
    """What ``FEATURES`` names, of one candidate."""
    fact = schema[one.fact]
    mark = marks.get((one.fact, one.term))
    score = max(_LEAST, mark.score) if mark else _LEAST
    turn = math.log((mark.turns[POLARITIES.index(one.polarity)] if mark else 0.1) + 0.01)
    read = float(one in before)
    same = [other for other in before if other.fact == one.fact and other != one]
    single = fact.kind is FactKind.ONE
    if fact.jurisdictions:  # another role of the same place
        rivals = [each.score for (other, term), each in marks.items() if term == one.term and other != one.fact]
        placed = [other for other in before if schema[other.fact].jurisdictions and other.fact != one.fact]
        elsewhere = any(other.term == one.term for other in placed)
    else:
        rivals = [each.score for (other, term), each in marks.items() if other == one.fact and term != one.term]
        elsewhere = False
    best = max(rivals, default=_LEAST)
    negated, uncertain = float(one.polarity is Polarity.NEGATED), float(one.polarity is Polarity.UNCERTAIN)
    return (
        1.0,
        score,
        turn,
        read,
        read * score,
        read * turn,
        float(any(other.term == one.term for other in same)),
        float(bool(same)),
        float(any(one.term in _above(fact, other.term) for other in same)),
        float(any(other.term in _above(fact, one.term) for other in same)),
        negated,
        uncertain,
        read * negated,
        read * uncertain,
        max(best - score, 0.0) if single or fact.jurisdictions else 0.0,
        float(single and bool(same)),
        float(elsewhere),
    )


def likelihood(
    one: Said,
    marks: Mapping[tuple[FactId, str], Heard],
    before: Sequence[Said],
    schema: Mapping[FactId, Fact],
    choice: Choice,
) -> float:
    """How likely ``one`` is said, by marks and patterns together."""
    values = features(one, marks, before, schema)
    alone, read = choice.facts.get(str(one.fact), (0.0, 0.0))
    weights = choice.places if schema[one.fact].jurisdictions else choice.weights
    total = alone + values[3] * read + sum(weights[name] * value for name, value in zip(FEATURES, values, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def may_be_said(one: Said, taken: Sequence[Said], fact: Fact) -> bool:
    """Whether ``one`` says nothing against, and nothing that is not already in, what was ``taken``."""
    here = [other for other in taken if other.fact == one.fact]
    if any(other.term == one.term for other in here):
        return False
    stated = [other for other in here if other.polarity is Polarity.STATED]
    if fact.kind is not FactKind.TERMS:
        return not (stated and one.polarity is not Polarity.NEGATED)
    if one.polarity is Polarity.STATED:
        if any(one.term in _above(fact, other.term) for other in stated):
            return False
        if any(other.polarity is Polarity.NEGATED and other.term in _above(fact, one.term) for other in here):
            return False
        pairs = (frozenset((TermId(one.term), TermId(other.term))) for other in stated)
        return not any(True for pair in pairs for _ in contradictions(fact, pair))
    return not any(one.term in _above(fact, other.term) for other in stated)


def terms_of(mark: Heard, spots: Sequence[Spot]) -> tuple[str, ...]:
    """The terms that ``mark`` is for: its own, or those of the place of ``spots`` that it stands at."""
    if mark.term:
        return (mark.term,)
    return tuple(str(term) for spot in spots if spot[:2] == (mark.start, mark.end) for term in spot.terms)


def windows(words: Sequence[Word]) -> list[tuple[int, int]]:
    """The first and last words of each row of whole sentences that is heard at once; a long sentence is cut."""
    found: list[tuple[int, int]] = []
    first, cut = 0, 0
    for place in range(1, len(words) + 1):
        if place == len(words) or place - first >= _WINDOW:
            end = place if place == len(words) or cut <= first else cut
            found.append((first, end - 1))
            first = end
        if place < len(words) and words[place].stop >= SENTENCE:
            cut = place
    if first < len(words):
        found.append((first, len(words) - 1))
    return found


def marks_in(
    text: str, words: Sequence[Word], hearer: Hearer, spots: Sequence[Spot], deaf: Sequence[tuple[int, int]] = ()
) -> dict[tuple[FactId, str], Heard]:
    """The strongest mark for each term, in the characters of ``text``; none from what is ``deaf``."""
    spans = windows(words)[:_MOST]
    best: dict[tuple[FactId, str], Heard] = {}
    starts = [words[first].start for first, _ in spans]
    texts = [text[words[first].start : _until(text, words, last)] for first, last in spans]
    named = [
        [Spot(begin - start, end - start, terms) for begin, end, terms in spots if start <= begin and end <= start + len(part)]
        for start, part in zip(starts, texts, strict=True)
    ]
    for start, about, here in zip(starts, hearer.hear(texts, named), named, strict=True):
        for one in about:
            begin, end = one.start + start, one.end + start
            if any(low < end and begin < high for low, high in deaf):
                continue
            for term in terms_of(one, here):
                key = (one.fact, term)
                if key not in best or best[key].score < one.score:
                    best[key] = Heard(one.fact, term, one.score, one.turns, begin, end)
    return best


def _out_of_hearing(
    read: Sequence[FactReading], deaf: Sequence[tuple[int, int]], schema: Mapping[FactId, Fact]
) -> frozenset[Said]:
    """What was read from words, some of which are not heard: of that the model knows nothing."""
    beyond = [
        one
        for one in read
        if not one.spans or any(low < span.end and span.start < high for span in one.spans for low, high in deaf)
    ]
    return frozenset(said_in(beyond, schema, True))


def _until(text: str, words: Sequence[Word], last: int) -> int:
    """Where a window ends: with the marks behind its last word."""
    end = words[last + 1].start if last + 1 < len(words) else len(text)
    return words[last].end + len(text[words[last].end : end].rstrip())


def _barred(text: str, words: Sequence[Word], cues: Cues, laws: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The characters of which nothing is heard: questions, names of law, and what a later word mends."""
    found = [(words[first].start, words[last].end) for first, last in laws]
    mended = max((words[cue.first].sentence for cue in cues.found.get("correction", ())), default=-1)
    begin = 0
    for place in range(1, len(words) + 1):
        if place == len(words) or words[place].sentence != words[begin].sentence:
            mark = text[words[place - 1].end : words[place].start if place < len(words) else len(text)]
            if "?" in mark or "？" in mark or words[begin].sentence <= mended:
                found.append((words[begin].start, words[place - 1].end))
            begin = place
    return found


def _reading(one: Said, mark: Heard, text: str, words: Sequence[Word], fact: Fact) -> FactReading:
    span = _clause(mark, text, words)
    if fact.kind is FactKind.FLAG:
        return FactReading(fact.id, one.polarity is not Polarity.NEGATED, one.polarity, (span,), source=SOURCE)
    value: str | tuple[str, ...] = (one.term,) if fact.kind is FactKind.TERMS else one.term
    return FactReading(fact.id, value, one.polarity, (span,), source=SOURCE)


def _clause(mark: Heard, text: str, words: Sequence[Word]) -> Span:
    """The clause that holds the word which tells most."""
    place = next((n for n, word in enumerate(words) if word.end > mark.start), len(words) - 1)
    first = last = place
    while first > 0 and words[first].stop < CLAUSE:
        first -= 1
    while last + 1 < len(words) and words[last + 1].stop < CLAUSE:
        last += 1
    return Span(words[first].start, words[last].end, text[words[first].start : words[last].end])


def _wider(one: FactReading, taken: Sequence[Said], fact: Fact) -> bool:
    """Whether a narrower term of the same polarity is said as well."""
    terms = one.value if isinstance(one.value, tuple) else ()
    return any(
        other.fact == one.fact and other.polarity is one.polarity and other.term != term and term in _above(fact, other.term)
        for term in terms
        for other in taken
    )


def _above(fact: Fact, term: str) -> frozenset[str]:
    return frozenset(map(str, fact.ancestors.get(TermId(term), ())))
