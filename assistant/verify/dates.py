"""Days in any written form, with the word before them that says what they do: from, until, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH: Final = (
    r"(?P<m>jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?\.?|july?\.?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
# What stands right before a day and says what the day does.
_ROLE: Final = re.compile(
    r"\b(?:from|since|as from|with effect from|starting(?: on| in)?|effective(?: from| on)?|begin(?:s"
    r"|ning)?(?: to apply)?(?: on| in)?"
    r"|in force (?:on|from|since)|into (?:force|effect) (?:on|in)|until|till|up to|through|ends? (?:on|after)"
    r"|ended (?:on|in|after)"
    r"|expire[sd]? (?:on|in)|repealed (?:on|in|since)|last day(?: is| was)?)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<y>\d{4})-(?P<mm>\d{2})-(?P<d>\d{2})\b",
        r"\b(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:\s+(?:day\s+)?of)?\s+" + _MONTH + r",?\s+(?P<y>\d{4})\b",
        r"\b" + _MONTH + r"\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})\b",
        r"\b(?P<d>\d{1,2})[./](?P<mm>\d{1,2})[./](?P<y>\d{4})\b",
        r"\b(?P<y>\d{4})/(?P<mm>\d{1,2})/(?P<d>\d{1,2})\b",
        r"(?P<y>\d{4})年(?P<mm>\d{1,2})月(?P<d>\d{1,2})日",
        r"\b" + _MONTH + r"\s+(?P<y>\d{4})\b",
        r"(?<![\d/.(])(?P<y>(?:19|20)\d{2})(?![\d/)]|\.\d)",
    )
)
_NEAR: Final = 40
_UNTIL: Final = ("until", "till", "up to", "through", "end", "expire", "repealed", "last")
RELATIVE: Final = re.compile(
    r"\b(?:tomorrow|yesterday|(?:next|last) (?:year|month|week|quarter)|immediately in force|already (?:in force|applies)"
    r"|in (?:a few|two|three|six|\d+) (?:days|weeks|months|years)(?! of))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A day, month or year as written; ``role`` is ``from``, ``until`` or empty. ``other`` is the other reading of 03/04/2027."""

    year: int
    month: int | None
    day: int | None
    role: str
    start: int
    end: int
    other: date | None = None

    def means(self, day: date) -> bool:
        """Whether ``day`` is that day, or lies in that month or year."""
        if self.other == day:
            return True
        return self.year == day.year and self.month in (None, day.month) and self.day in (None, day.day)

    def earliest(self) -> date:
        return date(self.year, self.month or 1, self.day or 1)


def written(text: str) -> tuple[list[Written], str]:
    """The days that ``text`` names, and the text with them blanked out."""
    found: list[Written] = []
    if not any(mark.isdigit() for mark in text):
        return found, text
    for form in _FORMS:
        for match in form.finditer(text):
            role = _ROLE.search(text[max(0, match.start() - _NEAR) : match.start()])
            one = _read(match, role.group(0) if role is not None else "")
            if one is not None:
                found.append(one)
                text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    found.sort(key=lambda one: one.start)
    return found, text


def _read(match: re.Match[str], said: str) -> Written | None:
    parts = match.groupdict()
    year, named = int(parts["y"]), parts.get("m")
    month = _month(named) if named else int(parts["mm"]) if parts.get("mm") else None
    day = int(parts["d"]) if parts.get("d") else None
    said = said.lower().strip()
    role = "until" if said.startswith(_UNTIL) else "from" if said else ""
    other: date | None = None
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    if named is None and day is not None and month is not None and day <= 12 and "/" in match.group(0):
        other = date(year, day, month)
    return Written(year, month, day, role, match.start(), match.end(), other)


def _month(name: str) -> int:
    short = name.lower()[:3]
    return next(place for place, month in enumerate(_MONTHS, 1) if month.startswith(short))


def long_form(day: date) -> str:
    """``day`` as an answer writes it: 2 December 2027."""
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"
