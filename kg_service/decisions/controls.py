"""How far the controls of one initiative are: state, owner, evidence with its day, and when the evidence grows old. Pure.

One record stands for one control, however many norms it serves. Only a control in place or tested counts; a failed one does not.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from kg_service.applicability.facts import parse_day
from kg_service.decisions.reading import Reading, present
from kg_service.errors import InputError, nearest
from kg_service.model import ControlId

KEYS: Final = ("state", "owner", "date", "evidence", "review_months")
EVIDENCE_KEYS: Final = ("title", "link", "sha256", "date")
# How long evidence counts where the record does not say: a convention of this tool, not a rule of law.
REVIEW_MONTHS: Final = 12
MOST_MONTHS: Final = 120
_LINK: Final = re.compile(r"https?://[^\s<>\"']{1,2000}")
_HASH: Final = re.compile(r"(sha256:)?([0-9a-f]{64})")


class ControlState(StrEnum):
    """How far a control is."""

    PLANNED = "planned"
    IN_PLACE = "in_place"
    TESTED = "tested"
    FAILED = "failed"


COUNTS: Final = frozenset({ControlState.IN_PLACE, ControlState.TESTED})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that a control works: a file by its hash, a page by its link, or words alone."""

    title: str
    link: str | None = None
    sha256: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class ControlRecord:
    """One control as it stands. ``day`` is when the state was found; ``review_months`` how long that and the evidence count."""

    state: ControlState = ControlState.IN_PLACE
    owner: str | None = None
    day: date | None = None
    evidence: tuple[Evidence, ...] = ()
    review_months: int = REVIEW_MONTHS

    @property
    def counts(self) -> bool:
        """Whether a norm may rest on it."""
        return self.state in COUNTS

    @property
    def shown_on(self) -> date | None:
        """The latest day on which anything showed its state; None where nothing is dated."""
        days = [one.day for one in self.evidence if one.day is not None] + ([] if self.day is None else [self.day])
        return max(days, default=None)

    @property
    def good_until(self) -> date | None:
        """The last day on which what shows it is not too old; None where nothing is dated."""
        return None if self.shown_on is None else months_after(self.shown_on, self.review_months)

    def stale(self, as_of: date) -> bool:
        """Whether it counts but what shows it is older than its period."""
        return self.counts and self.good_until is not None and as_of > self.good_until


Records = Mapping[ControlId, ControlRecord]


def in_place(records: Records) -> Set[ControlId]:
    """The controls on which norms may rest."""
    return {control for control, record in records.items() if record.counts}


def standing(records: Records) -> dict[ControlId, bool]:
    """The controls as the pathways take them: True in place or tested, False planned; a failed one is left out."""
    return {control: record.counts for control, record in records.items() if record.state is not ControlState.FAILED}


def months_after(day: date, months: int) -> date:
    """The same day of the month ``months`` later, or the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def parse_record(reading: Reading, raw: object, at: str) -> ControlRecord:
    """The record that ``raw`` describes: a state alone, or a mapping of :data:`KEYS`."""
    if not isinstance(raw, Mapping):
        return ControlRecord(_state(reading, raw, at))
    given = reading.mapping(raw, at, KEYS)
    state = _state(reading, present(given.get("state"), str(ControlState.IN_PLACE)), f"{at}/state")
    owner = None if given.get("owner") is None else reading.text(given["owner"], f"{at}/owner", "an owner", 200)
    months = reading.whole(
        present(given.get("review_months"), REVIEW_MONTHS), f"{at}/review_months", 1, MOST_MONTHS, "a number of months"
    )
    listed = given.get("evidence")
    entries = [listed] if isinstance(listed, str | Mapping) else reading.items(listed, f"{at}/evidence")
    evidence = tuple(_evidence(reading, one, f"{at}/evidence/{place}") for place, one in enumerate(entries))
    return ControlRecord(state, owner, parse_optional_day(reading, given.get("date"), f"{at}/date"), evidence, months)


def plain_record(record: ControlRecord) -> str | dict[str, Any]:
    """``record`` as JSON holds it: the state alone where there is nothing else; :func:`parse_record` gives back an equal one."""
    view: dict[str, Any] = {"state": str(record.state)}
    if record.owner is not None:
        view["owner"] = record.owner
    if record.day is not None:
        view["date"] = record.day.isoformat()
    if record.evidence:
        view["evidence"] = [plain_evidence(one) for one in record.evidence]
    if record.review_months != REVIEW_MONTHS:
        view["review_months"] = record.review_months
    return str(record.state) if len(view) == 1 else view


def plain_evidence(evidence: Evidence) -> dict[str, str]:
    day = None if evidence.day is None else evidence.day.isoformat()
    given = {"title": evidence.title, "link": evidence.link, "sha256": evidence.sha256, "date": day}
    return {key: value for key, value in given.items() if value is not None}


def parse_optional_day(reading: Reading, raw: object, at: str) -> date | None:
    """The day that ``raw`` names, or None where it was left out."""
    if raw is None:
        return None
    try:
        return parse_day(raw, at)
    except InputError as error:
        reading.problems.extend(error.problems)
        return None


def _state(reading: Reading, raw: object, at: str) -> ControlState:
    words: Iterable[str] = tuple(map(str, ControlState))
    if isinstance(raw, str) and raw in words:
        return ControlState(raw)
    told = f"a control is {', '.join(words)}, not {str(raw)[:60]!r}."
    reading.wrong(at, "unknown-state", told, nearest(str(raw), words))
    return ControlState.PLANNED


def _evidence(reading: Reading, raw: object, at: str) -> Evidence:
    if isinstance(raw, str):
        return Evidence(reading.text(raw, at, "a name of evidence", 500))
    given = reading.mapping(raw, at, EVIDENCE_KEYS, ("title",))
    link, content = given.get("link"), given.get("sha256")
    if link is not None and not (isinstance(link, str) and _LINK.fullmatch(link)):
        reading.wrong(f"{at}/link", "not-a-link", "a link is an address that begins with https:// or http://.")
        link = None
    found = _HASH.fullmatch(content) if isinstance(content, str) else None
    if content is not None and found is None:
        reading.wrong(f"{at}/sha256", "not-a-hash", "sha256 is 64 hexadecimal digits in lower case.")
    title = reading.text(given["title"], f"{at}/title", "a name of evidence", 500) if given.get("title") is not None else ""
    return Evidence(
        title,
        str(link) if link else None,
        found[2] if found else None,
        parse_optional_day(reading, given.get("date"), f"{at}/date"),
    )
