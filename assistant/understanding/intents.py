"""What a message asks for, and as of which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from assistant.model import Intent
from assistant.understanding.days import Day
from assistant.understanding.pattern import Group, Match
from assistant.understanding.rules import Rule
from assistant.understanding.words import Word, listed

_ORDER: Final = (Intent.WITHDRAW, Intent.COMPARE, Intent.CHANGES, Intent.CONTROLS, Intent.EXPLAIN, Intent.APPLIES, Intent.DEFINE)
_STRONG: Final = 0.62  # a question of law asked nearly in the words of the knowledge
_ASKED: Final = listed("what which when does do will would apply applies applicable change changes valid force 适 用 变 化 什 么")
_ANOTHER_TIME: Final = listed("since before until till from by after through")
_DESCRIPTION: Final = 3
_FULL: Final = 5


@dataclass(frozen=True, slots=True)
class Signs:
    """What else was read in the message, as far as it tells what is asked."""

    facts: int
    options: bool
    laws: int
    unknown: int
    likeness: float
    qualifications: int
    answers: bool
    in_conversation: bool
    question: bool


def intents(matches: Sequence[tuple[Rule, Match]], signs: Signs) -> tuple[Intent, ...]:
    """What is asked for, the likeliest first; never empty."""
    said = {rule.name for rule, _ in matches if rule.group == "intent"}
    cues = {rule.name for rule, _ in matches if rule.group == "cue"}
    found = {Intent(name) for name in said if name in set(Intent) and name != "outside"}
    if "withdraw" in cues and signs.in_conversation:
        found.add(Intent.WITHDRAW)
    if not signs.in_conversation and Intent.WITHDRAW in found and not (cues & {"withdraw", "correction"}):
        found.discard(Intent.WITHDRAW)
    if signs.options:
        found.add(Intent.COMPARE)
    elif Intent.COMPARE in found and not signs.facts and not (signs.laws or signs.in_conversation):
        found.discard(Intent.COMPARE)
    ours = bool(
        signs.laws or signs.likeness or signs.qualifications or signs.answers or signs.options or signs.facts >= _DESCRIPTION
    )
    ours = ours or bool(found & {Intent.CHANGES, Intent.APPLIES} and said & {"as_of", "bare_day"})
    if "outside" in said and not (signs.laws or signs.likeness >= _STRONG or signs.facts >= _DESCRIPTION or signs.answers):
        return (Intent.OUTSIDE,)
    if signs.unknown and not signs.laws and signs.facts < _FULL and not signs.likeness:
        return (Intent.OUTSIDE, *[one for one in _ORDER if one in found])
    if not ours and not signs.facts and "field" not in said and not (signs.in_conversation and found - {Intent.DEFINE}):
        return (Intent.OUTSIDE,)
    ordered = [one for one in _ORDER if one in found]
    if Intent.DEFINE in ordered and signs.facts >= _DESCRIPTION and signs.likeness < _STRONG and not signs.qualifications:
        ordered.remove(Intent.DEFINE)
        if Intent.APPLIES not in ordered:
            ordered.append(Intent.APPLIES)
    if signs.likeness >= _STRONG:
        ordered = [Intent.DEFINE, *[one for one in ordered if one is not Intent.DEFINE]]
    elif signs.likeness and Intent.DEFINE not in ordered and signs.facts < _DESCRIPTION:
        ordered.append(Intent.DEFINE)
    if not ordered or (signs.facts >= _DESCRIPTION and Intent.APPLIES not in ordered and Intent.DEFINE not in ordered[:1]):
        ordered.append(Intent.APPLIES)
    return tuple(ordered)


@dataclass(frozen=True, slots=True)
class When:
    as_of: date | None = None
    until: date | None = None
    note: str | None = None


def asking(words: Sequence[Word]) -> frozenset[int]:
    """The sentences that ask what applies or changes."""
    return frozenset(word.sentence for word in words if word.low in _ASKED)


def asked_for(words: Sequence[Word], group: Group, wanted: Sequence[Intent]) -> bool:
    """Whether a day is asked for itself, or is an end of a span that is; "since", "before" and the like name another time."""
    lead = {words[group.first].low} | ({words[group.first - 1].low} if group.first else set())
    lead |= {words[group.first - 2].low} if group.first > 1 and words[group.first - 1].low in ("the", "of") else set()
    return Intent.CHANGES in wanted or lead.isdisjoint(_ANOTHER_TIME)


def _today_within(day: Day, today: date) -> date:
    """The day asked about: today, where today lies in the month or the year that is named."""
    same_year = day.day.year == today.year
    within = (day.exact == "month" and same_year and day.day.month == today.month) or (day.exact == "year" and same_year)
    return today if within and day.day <= today else day.day


def when(
    matches: Sequence[tuple[Rule, Match]],
    used: frozenset[tuple[int, int]],
    wanted: Sequence[Intent],
    today: date,
    words: Sequence[Word],
) -> When:
    """The day or the two days that the message asks about; ``used`` are the word spans of days that facts and premises took."""
    days: dict[tuple[int, int], Day] = {}
    asked = asking(words)
    for rule, match in matches:
        bare = rule.name == "bare_day" and words[match.first].sentence in asked
        if rule.group == "intent" and (rule.name in ("as_of", "until") or bare):
            for group in match.groups:
                if isinstance(group.value, Day) and (group.first, group.last) not in used and asked_for(words, group, wanted):
                    days[(group.first, group.last)] = group.value
    chosen = [days[key] for key in sorted(days)]
    if not chosen:
        return When()
    notes = [f"{day.day.isoformat()} stands for the {day.exact}" for day in chosen if day.exact != "day"] + [
        day.note for day in chosen if day.note
    ]
    note = "; ".join(dict.fromkeys(notes)) or None
    if len(chosen) > 1:
        first, last = sorted(day.day for day in chosen)[:1] + sorted(day.day for day in chosen)[-1:]
        return When(first, last if last != first else None, note)
    day = chosen[0].day if Intent.CHANGES in wanted[:2] else _today_within(chosen[0], today)
    if day == today:
        note = None
    if Intent.CHANGES in wanted[:2]:
        if day > today:
            before = chosen[0]
            exact_change = any(words[key[0] - 1].low in ("on", "in", "at") for key in days if key[0]) and before.exact == "day"
            return When(day - timedelta(days=1) if exact_change else today, day, note)
        return When(day, today if day != today else None, note)
    return When(day, None, note)
