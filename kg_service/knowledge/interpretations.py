"""Reads interpretations: the questions of law that come back again and again, with their answers."""

from __future__ import annotations

from pathlib import Path

from kg_service.knowledge.document import Place, Value
from kg_service.knowledge.draft import Draft, identifier, items
from kg_service.knowledge.law import dated_at, refuse_plain_sources, source_at
from kg_service.knowledge.schema import AnswerChangeRecord, InterpretationRecord, typed
from kg_service.knowledge.vocabulary import sureness
from kg_service.model import (
    AnswerChange,
    InstrumentId,
    Interpretation,
    InterpretationId,
    NormId,
    QualificationId,
    Reading,
)


def read_interpretations(draft: Draft, path: Path) -> None:
    """The interpretations of the file are in ``draft``: those of the instrument in whose folder it stands, or of a family."""
    tree = draft.tree(path)
    own = path.name == "interpretations.yaml" and path.parent.name != "interpretations"
    family = path.parent.name if own else path.stem
    for raw, place in items(draft, tree, "interpretations") if tree else []:
        if draft.declare("interpretation", identifier(raw) or str(place), place):
            _read(draft, raw, place, family, InstrumentId(family) if own else None)


def _read(draft: Draft, raw: Value, place: Place, family: str, instrument: InstrumentId | None) -> None:
    record, problems = typed(InterpretationRecord, raw, place)
    draft.problems.extend(problems)
    refuse_plain_sources(draft, raw, place, "citations")
    if record is None:
        return
    if record.id.partition("/")[0] != family:
        message = f"the interpretation {record.id!r} stands among those of {family!r}."
        draft.wrong(place.below("id"), "wrong-place", message)
    draft.rename("interpretation", record.aliases, record.id, place.below("aliases"))
    for kind, names in (("norm", record.norms), ("qualification", record.qualifications)):
        for number, name in enumerate(names):
            draft.refer(kind, name, place.below(f"{kind}s", number))
    _check_readings(draft, record, place)
    starts = dated_at(draft, record.holds_from, instrument, place.below("holds_from"))
    ends = dated_at(draft, record.holds_until, instrument, place.below("holds_until"))
    if starts is None:
        return
    if ends is not None and ends.day < starts.day:
        message = f"it holds until {ends.day}, before it begins to hold on {starts.day}."
        draft.wrong(place.below("holds_until"), "ends-before-it-begins", message)
    key = InterpretationId(record.id)
    draft.interpretations[key] = Interpretation(
        id=key,
        instrument=instrument,
        questions={"en": tuple(record.questions.en), "zh": tuple(record.questions.zh)},
        answer=record.answer,
        reasoning=record.reasoning,
        citations=tuple(source_at(draft, one, instrument, place.below("citations", n)) for n, one in enumerate(record.citations)),
        holds_from=starts,
        sureness=sureness(record),
        holds_until=ends,
        norms=tuple(map(NormId, record.norms)),
        qualifications=tuple(map(QualificationId, record.qualifications)),
        readings=tuple(Reading(one.label, one.argument, one.held_by, one.followed == "true") for one in record.readings),
        changes=_changes(draft, record, instrument, place),
        decisions=tuple(record.decisions),
        note=record.note,
        aliases=tuple(map(InterpretationId, record.aliases)),
        file=place.tree.name,
        line=place.line,
    )


def _check_readings(draft: Draft, record: InterpretationRecord, place: Place) -> None:
    """A contested question has two readings or more, and our conditions follow one of them."""
    if not record.readings:
        return
    if len(record.readings) < 2:
        draft.wrong(place.below("readings"), "one-reading", "a contested question has two readings or more.")
    elif sum(one.followed is not None for one in record.readings) != 1:
        message = "exactly one reading is marked 'followed: true': the one that our conditions follow."
        draft.wrong(place.below("readings"), "reading-not-chosen", message)


def _changes(
    draft: Draft, record: InterpretationRecord, instrument: InstrumentId | None, place: Place
) -> tuple[AnswerChange, ...]:
    found: list[AnswerChange] = []
    for number, entry in enumerate(record.changes):
        spot = place.below("changes", number)
        _check_change(draft, record, entry, spot)
        dated = dated_at(draft, entry, instrument, spot)
        if dated is not None:
            found.append(AnswerChange(dated, entry.before, entry.after))
    return tuple(found)


def _check_change(draft: Draft, record: InterpretationRecord, entry: AnswerChangeRecord, spot: Place) -> None:
    """A change says what the answer was before this one began to hold, or what it is after."""
    if (entry.before is None) == (entry.after is None):
        draft.wrong(spot, "before-or-after", "a change says either 'before' (what the answer was) or 'after' (what it is then).")
    elif entry.before is not None and entry.date > record.holds_from.date:
        message = f"what was answered before {entry.date} is not what holds since {record.holds_from.date}."
        draft.wrong(spot.below("date"), "change-out-of-order", message)
    elif entry.after is not None and entry.date <= record.holds_from.date:
        message = f"what is answered from {entry.date} on cannot follow an answer that holds since {record.holds_from.date}."
        draft.wrong(spot.below("date"), "change-out-of-order", message)
