"""Readings of facts: what the matches of one message say, with the words that show it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.model import FactReading
from assistant.understanding.amounts import number_of
from assistant.understanding.days import Day
from assistant.understanding.groups import Amount, Place
from assistant.understanding.mentions import Mention, left_alone, one_role, standing_alone
from assistant.understanding.pattern import Group, Match
from assistant.understanding.placing import left_over
from assistant.understanding.polarity import Cues
from assistant.understanding.readings import excluded, readings_of, says_none, settled, with_implied
from assistant.understanding.rules import SLOT, Language, Meaning, Rule
from assistant.understanding.seats import one_seat
from assistant.understanding.words import Word
from kg_service.model import Fact, FactId, Knowledge

_CLOSE: Final = 60
_WEAKLY: Final = ("model_source", "use_case", "automation", "product")  # of these a weak mention that is denied says nothing
_NEAR: Final = 6
_ARTICLES: Final = ("of", "the", "all", "these", "those")
_PUT_OUT: Final = ("generates", "task_nature", "product", "affected", "data")
_SETTINGS: Final = ("persons_in", "marketed_in", "established_in", "institution", "affected")


@dataclass(frozen=True, slots=True)
class Found:
    readings: tuple[FactReading, ...]
    notes: tuple[str, ...]
    cues: Cues


def find(
    text: str,
    words: Sequence[Word],
    matches: Sequence[tuple[Rule, Match]],
    language: Language,
    knowledge: Knowledge,
    groups: Sequence[Group] = (),
    granted: frozenset[tuple[int, int]] = frozenset(),
) -> Found:
    """The readings of ``text`` in the order of their words, and what was odd about them.

    ``granted`` are the word spans of days that a premise about the law holds.
    """
    named = [set(range(group.first, group.last + 1)) for group in groups if group.kind == "law"]
    spoken = [
        (rule, match)
        for rule, match in matches
        if rule.group == "mask" or (rule.group == "fact" and not any(match.owned <= law for law in named))
    ]
    kept = unmasked(spoken, language)
    near = sorted(((match, str(meaning.fact)) for rule, match in kept for meaning in rule.means), key=lambda pair: pair[0].first)
    cues = Cues.of(text, words, language, matches, near)
    firsts = [match.first for _, match in kept]
    denials: dict[int, list[tuple[Meaning, Match]]] = {}  # by each word in them
    for rule, match in kept:
        for meaning in rule.means:
            if meaning.denied:
                for place in range(match.first, match.last + 1):
                    denials.setdefault(place, []).append((meaning, match))
    notes: list[str] = []
    mentions: list[Mention] = []
    for rule, match in kept:
        for meaning in rule.means:
            value, note, unsure = _value(meaning, match, knowledge.facts[meaning.fact])
            if note:
                notes.append(note)
            if value is None:
                continue
            turn = cues.turn(match, str(meaning.fact))
            close = kept[bisect_left(firsts, match.first - _CLOSE) : bisect_right(firsts, match.first + _CLOSE)]
            if unsure or _torn(meaning, match, words, close, language):
                turn = replace(turn, doubted=True)
            if meaning.number == "staff" or meaning.denied:
                open_yet = meaning.denied and turn.doubted and cues.doubted_before(match, str(meaning.fact))
                turn = replace(turn, denied=not open_yet, doubted=open_yet)
            if meaning.value == SLOT and _outside(match, words):
                turn = replace(turn, denied=not turn.denied)
            if (meaning.only_denied and not (turn.denied or turn.doubted)) or _within_denial(meaning, match, denials):
                continue
            if (turn.beside and meaning.fact not in _SETTINGS) or (meaning.weak and turn.denied and meaning.fact in _WEAKLY):
                continue
            slot = meaning.value == SLOT
            mentions.append(
                Mention(
                    meaning.fact, value, match, turn, meaning.weak, len(match.owned), slot, meaning.denied, meaning.only_denied
                )
            )
    idle = [match for rule, match in spoken if rule.group == "mask" and match.groups]
    mentions, aside = one_role([one for one in mentions if not (one.slot and _days_of(one.match) & granted)], idle)
    groups = [group for group in groups if group.last not in aside]
    mentions += left_alone(mentions, groups, cues, words)
    said = [(str(one.fact), one.match) for one in mentions]
    mentions += [
        Mention(FactId(fact), tuple(str(term) for term in place.terms), match, turn, slot=True, owned=1)
        for fact, place, match, turn in left_over(said, groups, cues, words, language.nearby)
    ]
    mentions = one_seat(mentions, words, language.nearby)
    mentions += standing_alone(mentions, groups, words, knowledge)
    mentions = _corrected(_only_main(mentions), cues, words, notes)
    readings = list(readings_of(text, words, mentions, knowledge, notes))
    readings = with_implied(settled(readings, knowledge), language, knowledge)
    readings += [excluded(one, knowledge.facts[one.fact]) for one in readings if says_none(one)]
    readings.sort(key=lambda one: one.spans[0].start if one.spans else 0)
    return Found(tuple(readings), tuple(dict.fromkeys(notes)), cues)


def _within_denial(meaning: Meaning, match: Match, denials: Mapping[int, Sequence[tuple[Meaning, Match]]]) -> bool:
    """Whether a longer row of words that denies the same term (of bare words: the same fact) holds ``match``."""
    return not meaning.denied and any(
        no.fact == meaning.fact
        and (meaning.only_denied or no.value == meaning.value)
        and one.first <= match.first
        and match.last <= one.last
        for no, one in denials.get(match.first, ())
    )


def _outside(match: Match, words: Sequence[Word]) -> bool:
    """Whether the place of ``match`` is where something is not: "hosted outside the EU"."""
    places = [group for group in match.groups if isinstance(group.value, Place)]
    lead = words[max(match.first, places[-1].first - 3) : places[-1].first] if places else ()
    return any(word.low == "outside" and all(one.low in _ARTICLES for one in lead[at + 1 :]) for at, word in enumerate(lead))


def _days_of(match: Match) -> frozenset[tuple[int, int]]:
    return frozenset((group.first, group.last) for group in match.groups if isinstance(group.value, Day))


def unmasked(matches: Sequence[tuple[Rule, Match]], language: Language) -> list[tuple[Rule, Match]]:
    """The matches whose words are not all part of a longer plain row that speaks of something else."""
    covering: dict[int, list[tuple[Rule, Match]]] = {}
    for rule, match in matches:
        if rule.plain and len(match.owned) > 1:
            for place in range(match.first, match.last + 1):
                covering.setdefault(place, []).append((rule, match))
    kept: list[tuple[Rule, Match]] = []
    for rule, match in matches:
        if rule.group != "fact":
            continue
        means = tuple(
            meaning
            for meaning in rule.means
            if not any(
                longer.first <= match.first
                and match.last <= longer.last
                and len(longer.owned) > len(match.owned)
                and _silences(other, meaning, language)
                for other, longer in covering.get(match.first, ())
            )
        )
        if means:
            kept.append((Rule(rule.group, rule.plain, means, rule.name, rule.where), match))
    return _without_pieces(kept)


def _silences(longer: Rule, meaning: Meaning, language: Language) -> bool:
    """Whether a longer row of words takes away what a part of it would mean alone."""
    if longer.group == "mask":
        return True
    if meaning.value == SLOT:
        return False
    habit = language.habits.get(meaning.fact)
    silencing = habit.silenced_by if habit is not None else frozenset()
    return any(
        (other.fact == meaning.fact and other.value != meaning.value) or str(other.fact) in silencing for other in longer.means
    )


def _without_pieces(matches: list[tuple[Rule, Match]]) -> list[tuple[Rule, Match]]:
    """Without matches that say the same within a longer one of the same fact and value."""
    best: dict[tuple[object, ...], list[Match]] = {}
    kept = []
    for rule, match in sorted(matches, key=lambda pair: (pair[1].first, -pair[1].last)):
        key = tuple(
            (meaning.fact, meaning.value, meaning.weak, meaning.only_denied, meaning.denied) for meaning in rule.means
        ) + tuple(
            group.value if isinstance(group.value, Place | Day | Amount) else (group.first, group.last) for group in match.groups
        )
        slot = any(meaning.value == SLOT for meaning in rule.means)  # of slots the closest row tells the role of a place
        longer = best[key] = [other for other in best.get(key, ()) if other.last >= match.first]  # the others end before
        if any(match.last <= other.last and (not slot or len(other.owned) > len(match.owned)) for other in longer):
            continue
        longer.append(match)
        kept.append((rule, match))
    return kept


def _value(meaning: Meaning, match: Match, fact: Fact) -> tuple[bool | float | str | tuple[str, ...] | None, str | None, bool]:
    """The value that ``meaning`` has in ``match``, what is odd about it, and whether that makes it doubtful."""
    if meaning.number is not None:
        amount = next((group.value for group in match.groups if isinstance(group.value, Amount)), None)
        return number_of(meaning.number, amount, match, fact)
    if meaning.value != SLOT or isinstance(meaning.value, tuple):
        return meaning.value, None, False
    for group in reversed(match.groups):
        if isinstance(group.value, Place):
            return tuple(str(term) for term in group.value.terms), None, group.value.unsure
        if isinstance(group.value, Day):
            vague = group.value.exact == "year" and group.value.day.year >= 2025
            note = f"{fact.labels.label}: only the year is told" if vague else group.value.note
            return group.value.day.isoformat(), note, vague
    return None, None, False


def _torn(meaning: Meaning, match: Match, words: Sequence[Word], close: Sequence[tuple[Rule, Match]], language: Language) -> bool:
    """Whether the mention is one side of an "or" that leaves open which holds; ``close`` are the matches around it."""
    habit = language.habits.get(meaning.fact)
    if habit is None or not habit.or_is_doubt:
        return False
    if any(isinstance(group.value, Place) and group.value.either for group in match.groups):
        return True
    around = (*words[max(0, match.first - 4) : match.first], *words[match.last + 1 : match.last + 5])
    if not any(word.low in ("or", "或") for word in around):
        return False
    for rule, other in close:
        if other is match or not any(
            one.fact == meaning.fact and (one.value != meaning.value or one.value == SLOT) for one in rule.means
        ):
            continue
        left, right = sorted((_named_at(match, meaning), _named_at(other, meaning)))
        between = words[left[1] + 1 : right[0]]
        if 0 < len(between) <= 4 and any(word.low in ("or", "或") for word in between):
            return True
    return False


def _named_at(match: Match, meaning: Meaning) -> tuple[int, int]:
    """The first and last word of what ``match`` names: of a row with a place in it those of the place."""
    places = [group for group in match.groups if isinstance(group.value, Place)] if meaning.value == SLOT else []
    return (places[-1].first, places[-1].last) if places else (match.first, match.last)


def _only_main(mentions: list[Mention]) -> list[Mention]:
    """Without denials of what a denied thing would put out ("no chatbot" does not deny that text is written).

    A bare word is not doubted where more than a bare word is doubted close to it.
    """
    main = [one for one in mentions if one.turn.denied and one.fact not in _PUT_OUT]
    doubted = [one.match for one in mentions if one.turn.doubted and not one.bare]
    return [
        one
        for one in mentions
        if not (
            one.turn.denied
            and not one.firm
            and one.fact in _PUT_OUT
            and any(
                other.match.first <= one.match.first
                and one.match.last <= other.match.last
                and (one.fact != "data" or other.fact == "use_case")
                for other in main
            )
        )
        and not (one.bare and one.turn.doubted and any(abs(other.first - one.match.first) < _NEAR for other in doubted))
    ]


def _corrected(mentions: list[Mention], cues: Cues, words: Sequence[Word], notes: list[str]) -> list[Mention]:
    """Without what a later "sorry, I mean" replaces: the earlier mentions of the facts said behind it in its sentence."""
    for cue in cues.found.get("correction", ()):
        sentence = words[cue.first].sentence
        later = {one.fact for one in mentions if one.match.first > cue.last and words[one.match.first].sentence == sentence}
        gone = [one for one in mentions if one.fact in later and one.match.last < cue.first]
        if gone:
            notes.append("what was corrected in the message was left out: " + ", ".join(sorted({str(one.fact) for one in gone})))
            mentions = [one for one in mentions if one not in gone]
    return mentions


__all__ = ["Found", "Mapping", "Mention", "find", "unmasked", "with_implied"]
