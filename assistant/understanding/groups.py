"""What stands in a message before facts are read: places, names of law, days, numbers, sums of money."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from assistant.understanding.days import COUNTS as _COUNTS
from assistant.understanding.days import Day, days_of
from assistant.understanding.pattern import Group, Match
from assistant.understanding.rules import Language, LawName, PlaceName
from assistant.understanding.words import CLAUSE, COMMA, Word, listed
from kg_service.model import Knowledge, TermId

_AMOUNT: Final = re.compile(
    r"(?P<before>US\$|HK\$|C\$|A\$|S\$|[$€£]|\b(?:USD|EUR|GBP|CHF|SGD|HKD|CAD|AUD)\b)?\s?"
    r"(?P<number>[1-9]\d{0,2}(?:[ .'’\u00a0\u202f]\d{3})+"
    r"(?![\d.,]*\d|[\s-]?(?:billion|million|trillion|bn|mn|mio|tn)\b)|\d[\d,]*(?:\.\d+)?(?:e\d{1,2})?)"
    r"[\s-]?(?P<unit>billion|million|thousand|trillion|lakh|crore|bn|mn|mio|tn|k|m|b)?\b[\s-]?"
    r"(?P<after>euros?\b|dollars?\b|pounds?\b|USD\b|EUR\b|GBP\b|CHF\b|US dollars?\b)?",
    re.IGNORECASE,
)
_POWER: Final = re.compile(
    r"(?:(?P<lead>\d+(?:\.\d+)?)\s?[x×*]\s?)?10\s?(?:\^|\*\*|to the (?:power of )?)\s?(?P<power>\d{1,2})(?:th|st)?"
)
_UNITS: Final = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "b": 1e9, "billion": 1e9}
_UNITS_MORE: Final = {"tn": 1e12, "trillion": 1e12, "lakh": 1e5, "crore": 1e7}
_SPELLED: Final = re.compile(
    r"\b(?P<count>half an?|a quarter of an?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|fifty)"
    r"\s(?P<scale>hundred thousand|thousand|million|billion)\b",
    re.IGNORECASE,
)
_PARTS: Final = {"half": 0.5, "a quarter": 0.25, "an": 1.0}
_PERHAPS: Final = listed("perhaps maybe possibly probably later tbc tbd eventually hopefully")
_LATER: Final = listed(
    """still confirmed unconfirmed parked eyed mulled negotiation talks excluded excepted dropped if once tbd tbc tba pending
    undecided unclear open follow follows perhaps maybe possibly likely"""
)
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:[ .'’\u00a0\u202f]\d{3})+")
_JOINS: Final = listed("""and or the both as well also plus in nor und either else across from one 和 或 及 与""")


_BEING: Final = listed("and is are was were will would may might has have must can no")
_ELSE: Final = listed("from here out over up")
_FAR_BACK: Final = 25


@dataclass(frozen=True, slots=True)
class Place:
    """Places in a row. ``either`` where an "or" stands between them; ``unsure`` where a name is wider than they are."""

    terms: tuple[TermId, ...]
    either: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A number; ``currency`` is None where none stands by it."""

    number: float
    currency: str | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A name of law at the words ``first`` to ``last``."""

    first: int
    last: int
    law: LawName


def names_of(words: Sequence[Word], language: Language, knowledge: Knowledge) -> tuple[list[Group], list[Named]]:
    """The places as groups that patterns can stand around, and the names of law."""
    chosen = longest(language.names.scan(words))
    places: list[tuple[Match, PlaceName]] = []
    laws: list[Named] = []
    for match in chosen:
        name = language.name_rules[match.rule]
        if isinstance(name, PlaceName):
            places.append((match, name))
        elif isinstance(name, LawName):
            laws.append(Named(match.first, match.last, name))
    groups = [group for row in _rows(places, words) for group in _groups(row, words, knowledge)]
    groups += list(_there(groups, words))
    groups += [Group("law", one.first, one.last, one.law) for one in laws]
    return groups, laws


def _there(groups: Sequence[Group], words: Sequence[Word]) -> Iterator[Group]:
    """Each "there" that ends its clause and points back at the place named last: "a house from Oslo; the files lie there"."""
    named = [group for group in groups if group.kind in ("place", "adj") and isinstance(group.value, Place)]
    for at, word in enumerate(words):
        if word.low != "there" or word.stop >= COMMA or (at + 1 < len(words) and words[at + 1].low in _BEING):
            continue
        if at == 0 or words[at - 1].low in _ELSE:
            continue
        before = [one for one in named if one.last < at and word.sentence - words[one.last].sentence <= 1]
        if before and at - before[-1].last <= _FAR_BACK:
            yield Group("there", at, at, before[-1].value)


def longest(matches: Iterable[Match]) -> list[Match]:
    """The matches that remain when a longer one, or the first of two as long, takes the words that it stands on."""
    taken: set[int] = set()
    chosen: list[Match] = []
    for match in sorted(matches, key=lambda one: (one.first - one.last, one.first, one.rule)):
        if taken.isdisjoint(range(match.first, match.last + 1)):
            taken.update(range(match.first, match.last + 1))
            chosen.append(match)
    return sorted(chosen, key=lambda one: one.first)


def _rows(places: list[tuple[Match, PlaceName]], words: Sequence[Word]) -> list[list[tuple[Match, PlaceName]]]:
    rows: list[list[tuple[Match, PlaceName]]] = []
    for match, name in places:
        if (
            rows
            and name.form != "people"
            and _joined(rows[-1][-1][0].last, match.first, words)
            and not _doubted(match, words)
            and rows[-1][-1][1].form != "people"
        ):
            rows[-1].append((match, name))
        else:
            rows.append([(match, name)])
    return rows


def _doubted(match: Match, words: Sequence[Word]) -> bool:
    """Whether ``match``, behind a comma, is doubted alone: "Spain and Portugal, Italy perhaps", "Texas, Utah filing pending"."""
    if words[match.first].stop < COMMA:
        return False
    follow = [word.low for word in words[match.last + 1 : match.last + 5]]
    stops = [word.stop for word in words[match.last + 1 : match.last + 5]]
    end = next((place for place, stop in enumerate(stops) if stop >= COMMA), len(stops))
    return not _PERHAPS.isdisjoint(follow[:1] if end else []) or not _LATER.isdisjoint(follow[:end])


def _joined(last: int, first: int, words: Sequence[Word]) -> bool:
    between = words[last + 1 : first]
    stops = [word.stop for word in words[last + 1 : first + 1]]
    if len(between) > 4 or any(stop >= CLAUSE for stop in stops) or not all(word.low in _JOINS for word in between):
        return False
    return COMMA in stops or any(word.low in ("and", "or", "nor", "plus", "well", "和", "或", "及", "与") for word in between)


def _groups(row: list[tuple[Match, PlaceName]], words: Sequence[Word], knowledge: Knowledge) -> list[Group]:
    ancestors = {term.id: term.parent for term in knowledge.jurisdictions.values()}
    terms: list[TermId] = []
    for number, (match, name) in enumerate(row):
        before = row[number - 1] if number else None
        tight = before is not None and match.first == before[0].last + 1 and words[match.first].stop == COMMA
        if tight and before is not None and set(name.terms) <= _with_above(before[1].terms, ancestors):
            continue  # "Frankfurt, Germany"
        terms += [term for term in name.terms if term not in terms]
    either = len(terms) > 1 and any(word.low in ("or", "either", "或") for word in words[row[0][0].first : row[-1][0].last])
    place = Place(tuple(terms), either, any(name.unsure for _, name in row))
    first, last, form = row[0][0].first, row[-1][0].last, row[-1][1].form
    if form == "people":
        return [Group("people", first, last, place)]
    groups = [Group("att", first, last, place)]  # may stand before a noun: "UK bank", "German bank"
    groups.append(Group("place" if form == "noun" else "adj", first, last, place))
    if form == "noun" and first and words[first - 1].low == "the" and words[first].stop == 0:
        groups.append(Group("place", first - 1, last, place))
    return groups


def _with_above(terms: tuple[TermId, ...], parents: dict[TermId, TermId | None]) -> set[TermId]:
    found: set[TermId] = set()
    for term in terms:
        above: TermId | None = term
        while above is not None and above not in found:
            found.add(above)
            above = parents.get(above)
    return found


def amounts_of(text: str, words: Sequence[Word], today: date, laws: Sequence[Named]) -> tuple[list[Group], tuple[Day, ...]]:
    """Days, numbers and sums as groups over ``words``; what belongs to a name of law or a day is no number."""
    days = tuple(day for day in days_of(text, today) if not _inside_law(day.start, day.end, words, laws))
    ends = ([word.start for word in words], [word.end for word in words])
    groups = [group for day in days if (group := _over("date", day.start, day.end, ends, day))]
    powers = [found.span() for found in _POWER.finditer(text)]
    for found in _POWER.finditer(text):
        number = float(found["lead"] or 1) * 10.0 ** int(found["power"])
        if group := _over("number", found.start(), found.end(), ends, Amount(number)):
            groups.append(group)
    spelled = (_over("number", found.start(), found.end(), ends, _spelled(found)) for found in _SPELLED.finditer(text))
    groups += [group for group in spelled if group is not None]
    for found in _AMOUNT.finditer(text):
        if any(found.start() < day.end and day.start < found.end() for day in days):
            continue
        if any(found.start("number") < end and start < found.end("number") for start, end in powers):
            continue
        amount = _amount(found, text)
        if amount is None or _inside_law(found.start("number"), found.end("number"), words, laws):
            continue
        group = _over("number", found.start(), found.end(), ends, amount)
        if group is not None:
            groups.append(group)
            if amount.currency or (found["unit"] or "").lower() in ("bn", "billion", "tn", "trillion"):
                groups.append(Group("money", group.first, group.last, amount))
    return groups, days


def _amount(found: re.Match[str], text: str) -> Amount | None:
    try:
        number = float(_written_plainly(found["number"]))
    except (ValueError, OverflowError):
        return None
    unit = (found["unit"] or "").lower()
    scale = _UNITS.get(unit) or _UNITS_MORE.get(unit) or 1.0
    sign = (found["before"] or found["after"] or "").lower()
    currency = None
    if sign:
        currency = "USD" if sign in ("$", "us$", "usd") or "dollar" in sign else "other"
    rest = text[found.end() : found.end() + 9].lstrip().lower()
    return Amount(number * scale, currency, rest.startswith(("%", "percent", "per cent")))


def _written_plainly(number: str) -> str:
    """``number`` without what sets off its thousands: "75 000", "1.200.000", "75'000", "75,000"."""
    return re.sub(r"[ .'’\u00a0\u202f](?=\d{3})", "", number) if _THOUSANDS.fullmatch(number) else number.replace(",", "")


def _spelled(found: re.Match[str]) -> Amount:
    """The number that words such as "half a million" stand for."""
    count, scale = found["count"].lower(), found["scale"].lower()
    part = next((value for name, value in _PARTS.items() if count.startswith(name)), None)
    if part is None:
        part = float(_COUNTS[count])
    return Amount(part * (1e5 if scale.startswith("hundred") else _UNITS[scale]))


def _inside_law(start: int, end: int, words: Sequence[Word], laws: Sequence[Named]) -> bool:
    return any(words[one.first].start < end and start < words[one.last].end for one in laws)


def _over(kind: str, start: int, end: int, ends: tuple[list[int], list[int]], value: object) -> Group | None:
    first = bisect_right(ends[1], start)
    last = bisect_left(ends[0], end) - 1
    return Group(kind, first, last, value) if first <= last else None
