"""Readings of facts: what the matches of one message say, with the words that show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.model import FactReading, Polarity, Span
from assistant.understanding.amounts import number_of
from assistant.understanding.days import Day
from assistant.understanding.groups import Amount, Place
from assistant.understanding.pattern import Group, Match
from assistant.understanding.placing import left_over
from assistant.understanding.polarity import Cues, Turn
from assistant.understanding.rules import SLOT, Language, Meaning, Rule
from assistant.understanding.words import CLAUSE, COMMA, Word, listed
from kg_service.applicability.facts import contradictions
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId

_CLOSE: Final = 60
_PLACES: Final = ("established_in", "persons_in", "marketed_in", "hosting_in", "provider_in")
_NEAR: Final = 6
_PUT_OUT: Final = ("generates", "task_nature", "product", "affected", "data")
_SETTINGS: Final = ("persons_in", "marketed_in", "established_in", "institution", "affected")
_ROLE_WORDS: Final = listed(
    """cloud server servers data hosted hosting region vendor supplier provider customers clients users borrowers applicants
    people market markets not never no hosted runs support transfer office offices live sold licensed maybe perhaps or either"""
)
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
    denials = [(meaning.fact, match) for rule, match in kept for meaning in rule.means if meaning.denied]
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
            if unsure or _torn(meaning, match, words, kept, language):
                turn = replace(turn, doubted=True)
            if meaning.number == "staff" or meaning.denied:
                open_yet = meaning.denied and turn.doubted and cues.doubted_before(match, str(meaning.fact))
                turn = replace(turn, denied=not open_yet, doubted=open_yet)
            if meaning.only_denied and (not (turn.denied or turn.doubted) or _within_denial(meaning, match, denials)):
                continue
            if (turn.beside and meaning.fact not in _SETTINGS) or (
                meaning.weak and turn.denied and meaning.fact in ("model_source", "use_case", "automation")
            ):
                continue
            slot = meaning.value == SLOT
            mentions.append(
                Mention(
                    meaning.fact, value, match, turn, meaning.weak, len(match.owned), slot, meaning.denied, meaning.only_denied
                )
            )
    mentions = _one_role([one for one in mentions if not (one.slot and _days_of(one.match) & granted)])
    mentions += _left_alone(mentions, groups, cues, words)
    said = [(str(one.fact), one.match) for one in mentions]
    mentions += [
        Mention(FactId(fact), tuple(str(term) for term in place.terms), match, turn, slot=True, owned=1)
        for fact, place, match, turn in left_over(said, groups, cues, words)
    ]
    mentions += _standing_alone(mentions, groups, words, knowledge)
    mentions = _corrected(_only_main(mentions), cues, words, notes)
    readings = list(_readings(text, words, mentions, knowledge, notes))
    readings = with_implied(_settled(readings, knowledge), language, knowledge)
    readings += [_excluded(one, knowledge.facts[one.fact]) for one in readings if _says_none(one)]
    readings.sort(key=lambda one: one.spans[0].start if one.spans else 0)
    return Found(tuple(readings), tuple(dict.fromkeys(notes)), cues)


def _within_denial(meaning: Meaning, match: Match, denials: Sequence[tuple[FactId, Match]]) -> bool:
    """Whether a longer row of words that is itself a denial of the same fact holds ``match``."""
    return any(fact == meaning.fact and one.first <= match.first and match.last <= one.last for fact, one in denials)


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
        ) + tuple(str(group.value) for group in match.groups)
        slot = any(meaning.value == SLOT for meaning in rule.means)  # of slots the closest row tells the role of a place
        if any(
            other.first <= match.first and match.last <= other.last and (not slot or len(other.owned) > len(match.owned))
            for other in best.get(key, ())
        ):
            continue
        best.setdefault(key, []).append(match)
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


def _torn(meaning: Meaning, match: Match, words: Sequence[Word], kept: Sequence[tuple[Rule, Match]], language: Language) -> bool:
    """Whether the mention is one side of an "or" that leaves open which holds."""
    habit = language.habits.get(meaning.fact)
    if habit is None or not habit.or_is_doubt:
        return False
    if any(isinstance(group.value, Place) and group.value.either for group in match.groups):
        return True
    for rule, other in kept:
        if (
            other is match
            or abs(other.first - match.first) > _CLOSE
            or not any(one.fact == meaning.fact and one.value != meaning.value for one in rule.means)
        ):
            continue
        left, right = (match, other) if match.last < other.first else (other, match)
        between = words[left.last + 1 : right.first]
        if 0 < len(between) <= 4 and any(word.low in ("or", "或") for word in between):
            return True
    return False


def _one_role(mentions: list[Mention]) -> list[Mention]:
    """Each place and day with the one fact whose words stand closest around it."""
    best: dict[tuple[int, int], tuple[tuple[int, int, int], Mention]] = {}
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
    return kept


def _left_alone(mentions: Sequence[Mention], groups: Sequence[Group], cues: Cues, words: Sequence[Word]) -> list[Mention]:
    """Places that no pattern took and that go on from one before: "in Frankfurt, not in the US", "sorry, I mean Dublin"."""
    taken = {place for one in mentions for group in one.match.groups for place in range(group.first, group.last + 1)}
    found: list[Mention] = []
    corrections = [cue.first for cue in cues.found.get("correction", ())]
    for group in groups:
        if group.kind != "place" or not isinstance(group.value, Place) or taken & set(range(group.first, group.last + 1)):
            continue
        before = [one for one in mentions if one.slot and str(one.fact) in _PLACES and one.match.last < group.first]
        if not before:
            continue
        last = max(before, key=lambda one: one.match.last)
        same = words[last.match.last].sentence == words[group.first].sentence and group.first - last.match.last <= 4
        mended = any(last.match.last < place < group.first and group.first - place <= 5 for place in corrections)
        match = Match(-1, group.first, group.last, frozenset(range(group.first, group.last + 1)), (group,))
        turn = cues.turn(match, str(last.fact))
        if mended or (same and (turn.denied or turn.doubted)):
            found.append(Mention(last.fact, tuple(str(term) for term in group.value.terms), match, turn, slot=True, owned=1))
            taken |= match.owned
    return found


def _standing_alone(
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
        if not ended or not (apart or placed) or taken & set(range(first, last + 1)) or not _ROLE_WORDS.isdisjoint(lead):
            continue
        match = Match(-1, first, last, frozenset(range(first, last + 1)), (group,))
        return [Mention(seat, tuple(str(term) for term in value.terms), match, Turn(), slot=True, owned=1)]
    return []


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


def _settled(readings: Sequence[FactReading], knowledge: Knowledge) -> list[FactReading]:
    """``readings`` without doubts of terms that the message also states."""
    kept: list[FactReading] = []
    for one in readings:
        if one.polarity is Polarity.UNCERTAIN and knowledge.facts[one.fact].kind is FactKind.TERMS:
            said = {
                term
                for other in readings
                if other.fact == one.fact and other.polarity is Polarity.STATED and other.hypothetical is one.hypothetical
                for term in _terms(other)
            }
            left = tuple(term for term in _terms(one) if term not in said)
            if not left:
                continue
            one = replace(one, value=left)
        kept.append(one)
    return kept


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


def _readings(
    text: str, words: Sequence[Word], mentions: Sequence[Mention], knowledge: Knowledge, notes: list[str]
) -> Iterator[FactReading]:
    by_fact: dict[FactId, list[Mention]] = {}
    for one in sorted(mentions, key=lambda each: (each.match.first, each.match.last)):
        by_fact.setdefault(one.fact, []).append(one)
    for fact_id, said in by_fact.items():
        fact = knowledge.facts[fact_id]
        for option in (False, True):
            part = [one for one in said if one.turn.option is option]
            strong = [one for one in part if not one.weak]
            if any(not one.turn.denied for one in strong):
                part = [one for one in part if not one.weak or one.turn.denied]
            yield from _of_fact(text, words, fact, part, option, notes)


def _of_fact(
    text: str, words: Sequence[Word], fact: Fact, said: list[Mention], option: bool, notes: list[str]
) -> Iterator[FactReading]:
    grouped: dict[tuple[Polarity, object], list[Mention]] = {}
    for one in said:
        polarity = _polarity(one)
        if fact.kind is FactKind.TERMS:
            grouped.setdefault((polarity, one.value == ()), []).append(one)
        else:
            grouped.setdefault((polarity, _flag(fact, one)), []).append(one)
    stated = (
        []
        if option
        else [key for key in grouped if key[0] is Polarity.STATED or (fact.kind is FactKind.FLAG and key[0] is Polarity.NEGATED)]
    )
    if fact.kind is not FactKind.TERMS and len(stated) > 1:
        winner = max(stated, key=lambda key: max(one.match.last for one in grouped[key]))
        for key in stated:
            if key != winner:
                notes.append(f"{fact.labels.label}: two readings contradict each other; the later one was taken")
                del grouped[key]
    for (polarity, _), group in grouped.items():
        value = _joined(fact, group, polarity)
        spans = tuple(dict.fromkeys(_span(text, words, one.match) for one in group))
        complete = (
            fact.kind is FactKind.TERMS
            and polarity is Polarity.STATED
            and (value == () or any(one.turn.all_there_is for one in group))
        )
        yield FactReading(fact.id, value, polarity, spans, complete, "words", option)


def _polarity(one: Mention) -> Polarity:
    if one.turn.doubted:
        return Polarity.UNCERTAIN
    denied = one.turn.denied != (one.value is False)
    return Polarity.NEGATED if denied else Polarity.STATED


def _flag(fact: Fact, one: Mention) -> bool | float | str | tuple[str, ...]:
    if fact.kind is FactKind.FLAG:
        return (one.value is True) != one.turn.denied if not one.turn.doubted else True
    return one.value


def _joined(fact: Fact, group: Sequence[Mention], polarity: Polarity) -> bool | float | str | tuple[str, ...]:
    if fact.kind is FactKind.FLAG:
        return bool(_flag(fact, group[0]))
    if fact.kind is not FactKind.TERMS:
        return group[-1].value
    terms: list[str] = []
    for one in group:
        for term in one.value if isinstance(one.value, tuple) else (str(one.value),):
            if term not in terms:
                terms.append(term)
    if polarity is not Polarity.NEGATED and str(fact.id) not in ("persons_in", "marketed_in"):
        above = {str(up) for term in terms for up in fact.ancestors.get(TermId(term), frozenset())}
        terms = [term for term in terms if term not in above]
    return tuple(terms if polarity is not Polarity.STATED else _agreeing(fact, terms))


def _agreeing(fact: Fact, terms: Sequence[str]) -> list[str]:
    """``terms`` without those that a later one rules out."""
    kept: list[TermId] = []
    for term in reversed(terms):
        if not any(True for _ in contradictions(fact, frozenset([*kept, TermId(term)]))):
            kept.append(TermId(term))
    return [str(term) for term in reversed(kept)]


def _span(text: str, words: Sequence[Word], match: Match) -> Span:
    start, end = words[match.first].start, words[match.last].end
    return Span(start, end, text[start:end])


def with_implied(readings: Sequence[FactReading], language: Language, knowledge: Knowledge) -> list[FactReading]:
    """``readings`` and what follows from the stated ones by the definitions of the terms, shown by the same words."""
    result = list(readings)
    for option in (False, True):
        stated = {
            one.fact: one
            for one in result
            if one.polarity is Polarity.STATED and one.hypothetical is option and one.fact in knowledge.facts
        }
        for rule in language.implied:
            if not all(fact in stated and _has(stated[fact], terms, knowledge.facts[fact]) for fact, terms in rule.when.items()):
                continue
            if any(one.fact in rule.unless_any and one.hypothetical is option for one in result):
                continue
            spans = tuple(dict.fromkeys(span for fact in rule.when for span in stated[fact].spans))
            for meaning in rule.means:
                if rule.instead:
                    result = _taken_back(result, meaning.fact, rule.when[meaning.fact], option)
                result = _implied_reading(result, meaning, spans, knowledge.facts[meaning.fact], option)
                stated |= {one.fact: one for one in result if one.polarity is Polarity.STATED and one.hypothetical is option}
    return result


def _says_none(reading: FactReading) -> bool:
    """Whether the reading is "no personal data": the one term that is a denial itself."""
    return reading.polarity is Polarity.STATED and isinstance(reading.value, tuple) and "no_personal" in reading.value


def _excluded(reading: FactReading, fact: Fact) -> FactReading:
    gone = tuple(dict.fromkeys(str(out) for term in _terms(reading) for out in fact.terms[TermId(term)].excludes))
    return replace(reading, value=gone, polarity=Polarity.NEGATED, complete=False)


def _has(reading: FactReading, terms: frozenset[str], fact: Fact) -> bool:
    values = reading.value if isinstance(reading.value, tuple) else (reading.value,)
    return any(str(value) in terms or fact.ancestors.get(TermId(str(value)), frozenset()) & terms for value in values)


def _taken_back(readings: list[FactReading], fact: FactId, terms: frozenset[str], option: bool) -> list[FactReading]:
    """``readings`` without the stated ``terms`` of ``fact``: another term says the same of the place that was told."""
    kept = []
    for one in readings:
        if one.fact == fact and one.polarity is Polarity.STATED and one.hypothetical is option and isinstance(one.value, tuple):
            left = tuple(term for term in one.value if term not in terms)
            if left:
                kept.append(replace(one, value=left))
        else:
            kept.append(one)
    return kept


def _implied_reading(
    readings: list[FactReading], meaning: Meaning, spans: tuple[Span, ...], fact: Fact, option: bool
) -> list[FactReading]:
    here = [one for one in readings if one.fact == fact.id and one.hypothetical is option]
    value = meaning.value
    if isinstance(value, tuple) or any(one.complete for one in here):
        return readings
    if fact.kind is FactKind.TERMS:
        denied = {term for one in here if one.polarity is Polarity.NEGATED for term in _terms(one)}
        old = next((one for one in here if one.polarity is Polarity.STATED), None)
        held = set(_terms(old)) if old else set()
        below = {up for term in held for up in fact.ancestors.get(TermId(term), frozenset())}
        if str(value) in denied | held | below:
            return readings
        if old is not None:
            merged = replace(old, value=(*_terms(old), str(value)), spans=tuple(dict.fromkeys((*old.spans, *spans))))
            return [merged if one is old else one for one in readings]
        return [*readings, FactReading(fact.id, (str(value),), Polarity.STATED, spans, False, "words", option)]
    if here:
        return readings
    polarity = Polarity.NEGATED if value is False else Polarity.STATED
    return [*readings, FactReading(fact.id, value, polarity, spans, False, "words", option)]


def _terms(reading: FactReading) -> tuple[str, ...]:
    return reading.value if isinstance(reading.value, tuple) else (str(reading.value),)


__all__ = ["Found", "Mapping", "Mention", "find", "unmasked", "with_implied"]
