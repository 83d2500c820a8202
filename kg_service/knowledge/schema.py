"""What may stand in each kind of file under ``regulations/``: keys, types, closed choices. Every scalar comes as a string.

Documented in ``docs/regulations.md``. Conditions and answers are left as they are written: they need the facts to be understood.
"""

from __future__ import annotations

import math
import re
import types
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from kg_service.errors import Problem, nearest, shown
from kg_service.knowledge.document import Place, Value
from kg_service.model import Certainty, FactKind, LegalStatus, NormKind

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_QUOTED: Final = re.compile(r"'([^']*)'")


def day(value: object) -> date:
    """The day that ``value`` (a string as YYYY-MM-DD) names, if there is such a day."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("no-such-day", "{day} is no day: {why}", {"day": value, "why": str(error)}) from error
    raise PydanticCustomError("not-a-date", "a day is written YYYY-MM-DD, not {shown}", {"shown": shown(value)})


def number(value: object) -> float:
    """The finite number that the string ``value`` writes out in digits."""
    if isinstance(value, str) and _NUMBER.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    raise PydanticCustomError("not-a-number", "a number is written in digits, not {shown}", {"shown": shown(value)})


def _whole(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
        return int(value)
    raise PydanticCustomError("not-a-number", "a whole number is due, not {shown}", {"shown": shown(value)})


def _under(key: str) -> BeforeValidator:
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


Text = Annotated[str, StringConstraints(strict=True, min_length=1, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$")]
PathId = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*/[a-z0-9]+([._-][a-z0-9]+)*$")]
Link = Annotated[str, StringConstraints(strict=True, pattern=r"^https?://[^\s<>\"{}|\\^`]+$")]
Day = Annotated[date, BeforeValidator(day)]
Number = Annotated[float, BeforeValidator(number)]
Decision = Annotated[Literal[1, 2, 3, 4, 5, 6], BeforeValidator(_whole)]


class Bindingness(StrEnum):
    LAW = "law"
    RULE = "rule"
    REGULATORY_TECHNICAL_STANDARD = "regulatory_technical_standard"
    CASE_LAW = "case_law"
    GUIDELINE = "guideline"
    GUIDANCE = "guidance"
    STANDARD = "standard"
    SELF_REGULATORY = "self_regulatory"


class InstrumentStatus(StrEnum):
    IN_FORCE = "in_force"
    ADOPTED_NOT_APPLICABLE = "adopted_not_applicable"
    PROPOSED = "proposed"
    DRAFT = "draft"
    WITHDRAWN = "withdrawn"


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelsRecord(Record):
    label: Text
    label_zh: Text | None = None
    definition: Text | None = None
    example: Text | None = None
    alt: dict[Literal["en", "zh"], list[Text]] = {}


class TermRecord(LabelsRecord):
    parent: Id | None = None
    excludes: list[Id] = []
    aliases: list[Id] = []


class FactRecord(LabelsRecord):
    kind: FactKind
    ask: Text
    terms: dict[Id, TermRecord] = {}
    notes: list[Text] = []
    aliases: list[Id] = []
    minimum: Number | None = None
    maximum: Number | None = None
    unit: Text | None = None


class SourceRecord(Record):
    """A pinpoint of an instrument (without ``instrument``: of the one at hand), or ``text`` for a source outside the registry."""

    instrument: Id | None = None
    provision: Text | None = None
    text: Text | None = None


class DateRecord(Record):
    date: Day
    set_by: Annotated[SourceRecord, _under("provision")]
    note: Text | None = None


class DatedRecord(Record):
    date: Day
    set_by: Annotated[SourceRecord, _under("provision")] | None = None
    note: Text | None = None


class SurenessRecord(Record):
    certainty: Certainty
    certainty_note: Text | None = None
    checked_on: Day | None = None


class CitedRecord(Record):
    """A provision that is cited and carries no norm of its own."""

    number: Text
    heading: Text | None = None
    url: Link | None = None


class InstrumentRecord(SurenessRecord):
    id: Id
    short_title: Text
    title: Text
    jurisdiction: Id
    issuer: Text
    type: Id
    bindingness: Bindingness | None = None
    celex: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Z()/_-]+$")] | None = None
    eli: Link | None = None
    citations: list[Text] = []
    url: Link
    status: InstrumentStatus
    status_note: Text | None = None
    in_force_from: Day | None = None
    applies_from: Day | None = None
    applies_until: Day | None = None
    dates: list[DateRecord] = []
    provisions: list[CitedRecord] = []
    amends: list[Id] = []
    amended_by: list[Id] = []
    supersedes: list[Id] = []
    superseded_by: list[Id] = []
    penalty: Text | None = None
    note: Text | None = None
    aliases: list[Id] = []


class ProvisionRecord(Record):
    id: Id
    number: Text
    heading: Text | None = None
    url: Link | None = None


class NormRecord(SurenessRecord):
    id: PathId
    provision: Text
    title: Text
    summary: Text
    kind: NormKind
    bindingness: Bindingness
    bearers: Annotated[list[Id], Field(min_length=1)]
    applies_when: Any
    unless: Any = None
    on_event: Id | None = None
    legal_status: LegalStatus
    applies_from: Annotated[DatedRecord, _under("date")] | None = None
    applies_until: Annotated[DatedRecord, _under("date")] | None = None
    amended_by: Text | None = None
    superseded_by: list[Text] = []
    penalty: Text | None = None
    decisions: Annotated[list[Decision], Field(min_length=1)]
    controls: list[Id] = []
    measures: list[Text] = []
    evidence: list[Text] = []
    url: Link | None = None
    citation: Text | None = None
    note: Text | None = None
    unmodelled: list[Text] = []
    aliases: list[PathId] = []


class ArticleRecord(Record):
    provision: ProvisionRecord
    norms: list[Any]


class QualificationRecord(Record):
    id: PathId
    label: Text
    definition: Text
    sources: Annotated[list[Annotated[SourceRecord, _under("text")]], Field(min_length=1)]
    when: Any
    unless: Any = None
    certainty: Certainty | None = None
    certainty_note: Text | None = None
    checked_on: Day | None = None
    note: Text | None = None
    unmodelled: list[Text] = []
    aliases: list[PathId] = []


class ReadingRecord(Record):
    label: Text
    argument: Text
    held_by: Text
    followed: Literal["true"] | None = None


class AnswerChangeRecord(DatedRecord):
    before: Text | None = None
    after: Text | None = None


class QuestionsRecord(Record):
    en: Annotated[list[Text], Field(min_length=2)]
    zh: Annotated[list[Text], Field(min_length=1)]


class InterpretationRecord(SurenessRecord):
    id: PathId
    questions: QuestionsRecord
    answer: Text
    reasoning: Text
    readings: list[ReadingRecord] = []
    citations: Annotated[list[Annotated[SourceRecord, _under("text")]], Field(min_length=1)]
    norms: list[PathId] = []
    qualifications: list[PathId] = []
    holds_from: Annotated[DatedRecord, _under("date")]
    holds_until: Annotated[DatedRecord, _under("date")] | None = None
    changes: list[AnswerChangeRecord] = []
    decisions: Annotated[list[Decision], Field(min_length=1)]
    note: Text | None = None
    aliases: list[PathId] = []


class RiskRecord(Record):
    id: Id
    name: Text
    description: Text
    references: dict[Id, list[Text]] = {}


class ControlRecord(Record):
    id: Id
    name: Text
    objective: Text
    test: Text
    evidence: Annotated[list[Text], Field(min_length=1)]
    decisions: Annotated[list[Decision], Field(min_length=1)]
    mitigates: list[Id] = []
    satisfies: dict[Id, list[Text]] = {}
    aliases: list[Id] = []


class FrameworkControlRecord(Record):
    id: Text
    gist: Text
    name: Text | None = None
    kind: Text | None = None
    subcategory: Text | None = None
    risks: list[Text] = []
    mitigates: list[Text] = []
    references: dict[Id, list[Text]] = {}


class FrameworkRecord(SurenessRecord):
    id: Id
    title: Text
    status: Text
    licence: Text
    url: Link
    structure: Text | None = None
    note: Text | None = None
    controls: list[FrameworkControlRecord]


class UndeterminedRecord(Record):
    id: PathId
    missing: list[Id] = []


class ExpectedRecord(Record):
    must_apply: list[PathId] = []
    must_be_upcoming: list[PathId] = []
    must_be_exempt: list[PathId] = []
    must_be_ended: list[PathId] = []
    must_not_apply: list[PathId] = []
    must_be_undetermined: list[Annotated[UndeterminedRecord, _under("id")]] = []


class ScenarioRecord(Record):
    id: Id
    title: Text
    narrative: Text | None = None
    as_of: Day
    facts: dict[str, Any]
    expected: ExpectedRecord
    why: list[Text] = []


R = TypeVar("R", bound=Record)

_CODES: Final = {
    "missing": "missing-key",
    "extra_forbidden": "unknown-key",
    "enum": "unknown-choice",
    "literal_error": "unknown-choice",
    "string_pattern_mismatch": "wrong-form",
    "string_too_short": "empty",
    "too_short": "empty",
}
_FORMS: Final = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def typed(record: type[R], raw: Value, place: Place) -> tuple[R | None, list[Problem]]:
    """``raw``, which stands at ``place``, as ``record``; or None and every problem found in it."""
    try:
        return record.model_validate(raw), []
    except ValidationError as error:
        return None, [_problem(record, detail, place) for detail in error.errors(include_url=False)]


def _problem(record: type[Record], detail: ErrorDetails, place: Place) -> Problem:
    steps = [step for step in detail["loc"] if step != "[key]"]
    where = str(place.below(*steps))
    kind, given = detail["type"], detail["input"]
    key = str(steps[-1]) if steps else "this"
    if kind == "missing":
        return Problem(where, "missing-key", f"the key {key!r} is missing.")
    if kind == "extra_forbidden":
        return Problem(where, "unknown-key", f"there is no key {shown(key)} here.", nearest(key, _keys_at(record, steps[:-1])))
    if kind in _FORMS:
        return Problem(where, "wrong-type", f"{key!r} must be {_FORMS[kind]}, not {shown(given)}.")
    code = _CODES.get(kind, kind)
    if code == "unknown-choice":
        choices = _QUOTED.findall(detail.get("ctx", {}).get("expected", "")) or [str(n) for n in range(1, 7)]
        return Problem(where, code, f"{key!r} is one of {', '.join(choices)}, not {shown(given)}.", nearest(str(given), choices))
    if code == "empty":
        return Problem(where, code, f"{key!r} must not be empty.")
    if code == "wrong-form":
        return Problem(where, code, f"{shown(given)} has not the form of {_form_of(detail)}.")
    return Problem(where, code, f"{key!r}: {detail['msg']}.")


def _form_of(detail: ErrorDetails) -> str:
    pattern = str(detail.get("ctx", {}).get("pattern", ""))
    if pattern.startswith("^http"):
        return "a link (http or https)"
    if "/[a-z" in pattern:
        return "an id in two parts, <family>/<name>, in lower-case letters, digits and hyphens"
    return "an id: lower-case letters, digits, hyphens, underscores"


def _keys_at(record: type[Record], steps: list[str | int]) -> list[str]:
    """The keys that are allowed in the mapping at ``steps`` below ``record``."""
    kind: Any = record
    for step in steps:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found = kind.model_fields.get(str(step))
            kind = found.annotation if found else None
        else:
            kind = get_args(kind)[-1] if get_args(kind) else None
        kind = bare(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def bare(kind: Any) -> Any:
    """``kind`` without Annotated and without None."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) is types.UnionType:
            kind = next(arg for arg in get_args(kind) if arg is not type(None))
        else:
            return kind
