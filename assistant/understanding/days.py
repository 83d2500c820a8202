"""Days in a message: written out, by month or year, or counted from today. A month or a year stands for its first day."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug"),
            *("september sept sep", "october oct", "november nov", "december dec"),
        ),
        1,
    )
    for name in names.split()
}
COUNTS: Final = {
    word: number
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {
    "a": 1,
    "an": 1,
    "fifteen": 15,
    "eighteen": 18,
    "twenty": 20,
    "fifty": 50,
}
_MONTH: Final = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR: Final = r"(?P<year>(?:19|20)\d{2})"
_THE_YEAR: Final = rf"(?:{_YEAR}|(?P<which>next|this)\syear)"
_TH: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth "
    "twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
)
_NTH: Final = tuple(_TH.split())
_SPELLED: Final = "|".join(sorted(_NTH, key=len, reverse=True))
_COUNT: Final = r"(?P<count>\d{1,3}|" + "|".join(COUNTS) + ")"
_FORMS: Final = tuple(
    (kind, re.compile(form, re.IGNORECASE))
    for kind, form in (
        ("day", r"\b(?P<year>(?:19|20)\d{2})[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2})\b"),
        ("day", r"\b(?P<year>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
        ("day", r"(?P<year>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]"),
        ("month", r"(?P<year>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月"),
        ("year", r"(?P<year>(?:19|20)\d{2})\s?年"),
        ("day", rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?\s{{1,3}}(?:of\s)?{_MONTH},?\s{{1,3}}{_YEAR}\b"),
        ("day", rf"\b{_YEAR},?\s{{1,3}}{_MONTH}\s{{1,3}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b"),
        ("day", r"\b(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<year>20\d{2})\b"),
        ("day", rf"\b(?P<spelled>{_SPELLED})\s(?:of\s)?{_MONTH},?\s{_YEAR}\b"),
        ("day", rf"\b(?P<d>\d{{1,2}})[-/.]{_MONTH}[-/.]{_YEAR}\b"),
        ("day", rf"\b{_MONTH}\s{{1,3}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s{{1,3}}{_YEAR}\b"),
        ("day", r"\b(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<year>\d{4})\b"),
        ("day", r"\b(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<short>[23]\d)\b(?![.\d])"),
        ("slash", r"\b(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<year>\d{4})\b"),
        ("end", rf"\b(?:the\s)?end\sof\s(?:(?:{_MONTH})\s)?{_YEAR}\b"),
        ("mid", rf"\bmid[\s-]{_YEAR}\b"),
        ("quarter", rf"\b(?:Q(?P<quarter>[1-4])|(?P<ordinal>first|second|third|fourth)\squarter)\s(?:of\s)?{_THE_YEAR}\b"),
        ("quarter", rf"\bQ(?P<quarter>[1-4])[/-]{_YEAR}\b"),
        ("quarter", rf"\b{_YEAR}[/ -]?Q(?P<quarter>[1-4])\b"),
        ("season", rf"\b(?:spring|summer|autumn|fall|winter)\s(?:of\s)?{_YEAR}\b"),
        ("month", rf"\b(?:(?:early|late|mid|beginning\sof|start\sof)[\s-])?{_MONTH},?\s{{1,3}}(?:of\s)?{_YEAR}\b"),
        ("yearless", rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s{{1,3}}(?:of\s)?{_MONTH}(?!\s{{1,3}}\d{{4}})"),
        ("yearless", rf"\b{_MONTH}\s{{1,3}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,?\s{{1,3}}\d{{4}})"),
        ("next-month", rf"\b(?P<which>next|this|last|coming)\s{_MONTH}"),
        ("in-month", rf"\b(?:in|since|from|until|by|during)\s{_MONTH}(?!\s{{1,3}}\d)"),
        ("count", rf"\b(?:in|within)\s{_COUNT}\s(?P<unit>day|week|month|year)s?(?:'s?\stime)?\b"),
        ("count", rf"\b{_COUNT}\s(?P<unit>day|week|month|year)s?\s(?P<way>from\s(?:now|today)|hence|later|ago|earlier)\b"),
        ("near", r"\b(?P<which>next|this|last)\s(?P<unit>week|month|year)\b"),
        ("named", r"\b(?P<name>today|tomorrow|yesterday|right\snow|currently|at\spresent)\b"),
        ("named", r"(?P<name>今天|明天|昨天|目前|现在|明年|后年|今年|去年)"),
        ("year", rf"\b(?:(?:early|late|beginning\sof|start\sof|the\sstart\sof)[\s-])?{_YEAR}\b(?![/.,]?\d|-\d)"),
    )
)
_NAMED: Final = {"tomorrow": 1, "yesterday": -1, "明天": 1, "昨天": -1}
_BEEN: Final = re.compile(
    r"\b(?:went|began|came|was|were|has been|have been|rolled out|launched|started|switched)\b[^.;:]*$", re.IGNORECASE
)
_TO_COME: Final = re.compile(r"\b(?:be|will|to|planned|scheduled|expected|due|should|shall|would|going)\b[^.;:]*$", re.IGNORECASE)
_ORDINALS: Final = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the characters ``start`` to ``end`` name it; ``exact`` is how: ``day``, ``month`` or ``year``."""

    start: int
    end: int
    day: date
    exact: str = "day"
    relative: bool = False
    note: str | None = None


def days_of(text: str, today: date) -> tuple[Day, ...]:
    """The days that ``text`` names, in order, none inside another. Days that no calendar has are left out."""
    taken: list[Day] = []
    for kind, form in _FORMS:
        for found in form.finditer(text):
            if not any(found.start() < one.end and one.start < found.end() for one in taken):
                day = _day(kind, found, today)
                if day is not None:
                    taken.append(day)
    return tuple(sorted(taken, key=lambda one: one.start))


def impossible_days(text: str) -> Iterator[str]:
    """What is written like a day in ISO form and is none, as 2027-02-30."""
    for found in re.finditer(r"\b(\d{4})-(\d{2})-(\d{2})\b", text):
        if _date(int(found[1]), int(found[2]), int(found[3])) is None:
            yield found[0]


def _day(kind: str, found: re.Match[str], today: date) -> Day | None:
    got = found.groupdict()
    month = _MONTHS[got["month"].lower()] if got.get("month") else int(got["m"]) if got.get("m") else None
    year = int(got["year"]) if got.get("year") else 2000 + int(got["short"] or 0) if got.get("short") else None
    number = int(got["d"]) if got.get("d") else _NTH.index(got["spelled"].lower()) + 1 if got.get("spelled") else None
    exact, note, relative = "day", None, False
    day: date | None
    match kind:
        case "day":
            day = _date(year, month, number)
        case "slash":
            day = _date(year, month, number)
            if day is None:
                day = _date(year, number, month)
            elif (number or 0) <= 12 and number != month:
                note = f"{found[0]} is read as {day.isoformat()} (day first)"
        case "month":
            day, exact = _date(year, month, 1), "month"
        case "year" | "season":
            day, exact = _date(year, 1, 1), "year"
        case "end":
            day = _date(year, month or 12, monthrange(year or 1, month or 12)[1])
        case "mid":
            day, exact = _date(year, 7, 1), "month"
        case "quarter":
            quarter = int(got["quarter"]) if got["quarter"] else _ORDINALS.index((got.get("ordinal") or "").lower()) + 1
            day = _date(year or today.year + (got.get("which") == "next"), quarter * 3 - 2, 1)
            exact = "month"
        case "yearless":
            day, relative = _next(today, month, number), True
        case "next-month" | "in-month":
            past = kind == "in-month" and _gone_by(found)
            day, exact, relative = _month(kind, got, month, today, past), "month", True
        case _:
            day, relative = _counted(kind, got, today), True
            exact = "day" if kind == "named" and len(got.get("name") or "") and "年" not in (got.get("name") or "") else "year"
            if kind in ("count", "near"):
                exact = "day"
    start = found.start("month") if kind == "in-month" else found.start()  # "since" stays a word of its own
    return None if day is None else Day(start, found.end(), day, exact, relative, note)


def _gone_by(found: re.Match[str]) -> bool:
    """Whether the month of ``found`` has been: "since April", "was rolled out in May"."""
    if found[0].lower().startswith("since"):
        return True
    lead = found.string[max(0, found.start() - 40) : found.start()]
    return _BEEN.search(lead) is not None and _TO_COME.search(lead) is None


def _month(kind: str, got: dict[str, str | None], month: int | None, today: date, past: bool = False) -> date | None:
    """The month named without a year: the next one, or the last."""
    name, which = got.get("month") or "", (got.get("which") or "").lower()
    if kind == "in-month" and name.lower() in ("may", "mar", "march") and not name[:1].isupper():
        return None
    day = _next(today, month, 1)
    return day.replace(year=day.year - 1) if (which == "last" or past) and day is not None and day > today else day


def _counted(kind: str, got: dict[str, str | None], today: date) -> date | None:
    if kind == "named":
        name = (got["name"] or "").lower()
        if "年" in name:
            return _date(today.year + {"明年": 1, "后年": 2, "去年": -1}.get(name, 0), 1, 1)
        return today + timedelta(days=_NAMED.get(name, 0))
    unit = got["unit"] or "day"
    if kind == "near":
        sign = {"next": 1, "this": 0, "last": -1}[(got["which"] or "this").lower()]
        if unit == "year":
            return _date(today.year + sign, 1, 1)
        return _shifted(today, unit, sign)
    word = (got["count"] or "1").lower()
    count = int(word) if word.isdigit() else COUNTS[word]
    back = (got.get("way") or "").lower() in ("ago", "earlier")
    return _shifted(today, unit, -count if back else count)


def _shifted(day: date, unit: str, count: int) -> date | None:
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _next(today: date, month: int | None, number: int | None) -> date | None:
    day = _date(today.year, month, number)
    return _date(today.year + 1, month, number) if day is not None and day < today else day


def _date(year: int | None, month: int | None, day: int | None) -> date | None:
    if year is None or month is None or day is None or not (1 <= year <= 9999 and 1 <= month <= 12):
        return None
    return date(year, month, day) if 1 <= day <= monthrange(year, month)[1] else None
