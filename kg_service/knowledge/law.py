"""Reads the law itself: instruments, their articles with the norms they carry, and qualifications."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from kg_service import ids
from kg_service.applicability.condition import Condition
from kg_service.errors import InputError
from kg_service.knowledge.conditions import parse
from kg_service.knowledge.document import Place, Value
from kg_service.knowledge.draft import Draft, identifier, items
from kg_service.knowledge.schema import (
    ArticleRecord,
    DatedRecord,
    InstrumentRecord,
    NormRecord,
    QualificationRecord,
    SourceRecord,
    typed,
)
from kg_service.knowledge.vocabulary import sureness
from kg_service.model import (
    ControlId,
    DatedBy,
    EventId,
    Instrument,
    InstrumentId,
    LegalStatus,
    Norm,
    NormId,
    Provision,
    ProvisionRef,
    Qualification,
    QualificationId,
    Sureness,
)

INTERNATIONAL: Final = "international"
LINKS: Final = {"amends": "amended_by", "amended_by": "amends", "supersedes": "superseded_by", "superseded_by": "supersedes"}
_UNSET: Final = "UNSET"


def read_instrument(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    if tree is None:
        return
    place = Place(tree)
    record, problems = typed(InstrumentRecord, tree.root, place)
    draft.problems.extend(problems)
    draft.declare("instrument", identifier(tree.root) or path.parent.name, place)
    if record is None:
        return
    if record.id != path.parent.name:
        draft.wrong(place.below("id"), "wrong-place", f"the instrument {record.id!r} stands in the folder {path.parent.name!r}.")
    if record.jurisdiction != path.parent.parent.name:
        folder = path.parent.parent.name
        message = f"an instrument of {record.jurisdiction!r} stands in the folder {folder!r}."
        draft.wrong(place.below("jurisdiction"), "wrong-place", message, (folder,))
    if record.jurisdiction != INTERNATIONAL:
        draft.refer("jurisdiction", record.jurisdiction, place.below("jurisdiction"))
    draft.rename("instrument", record.aliases, record.id, place.below("aliases"))
    for link in LINKS:
        for number, other in enumerate(getattr(record, link)):
            draft.refer("instrument", other, place.below(link, number))
    instrument = InstrumentId(record.id)
    draft.instruments[instrument] = Instrument(
        id=instrument,
        short_title=record.short_title,
        title=record.title,
        jurisdiction=record.jurisdiction,
        issuer=record.issuer,
        type=record.type,
        status=record.status.value,
        sureness=sureness(record),
        url=record.url,
        bindingness=record.bindingness.value if record.bindingness else None,
        celex=record.celex,
        eli=record.eli,
        citations=tuple(record.citations),
        status_note=record.status_note,
        in_force_from=record.in_force_from,
        applies_from=record.applies_from,
        applies_until=record.applies_until,
        dates=_dates(draft, record, place),
        amends=tuple(map(InstrumentId, record.amends)),
        amended_by=tuple(map(InstrumentId, record.amended_by)),
        supersedes=tuple(map(InstrumentId, record.supersedes)),
        superseded_by=tuple(map(InstrumentId, record.superseded_by)),
        penalty=record.penalty,
        note=record.note,
        aliases=tuple(map(InstrumentId, record.aliases)),
        file=tree.name,
    )
    for number, cited in enumerate(record.provisions):
        key = ids.slug(cited.number)
        if draft.declare(f"provision of {instrument}", key, place.below("provisions", number)):
            url = cited.url or record.url
            draft.provisions[instrument, key] = Provision(key, instrument, cited.number, cited.heading, url, tree.name)


def read_article(draft: Draft, path: Path, instrument: InstrumentId) -> None:
    tree = draft.tree(path)
    if tree is None:
        return
    record, problems = typed(ArticleRecord, tree.root, Place(tree))
    draft.problems.extend(problems)
    if record is None:
        return
    place, key = Place(tree).below("provision", "id"), record.provision.id
    if key != path.stem:
        draft.wrong(place, "wrong-place", f"the provision {key!r} belongs in {key}.yaml.")
    if not draft.declare(f"provision of {instrument}", key, place):
        return
    law = draft.instruments.get(instrument)
    url = record.provision.url or (law.url if law else "")
    provision = Provision(key, instrument, record.provision.number, record.provision.heading, url, tree.name)
    draft.provisions[instrument, key] = provision
    for number, raw in enumerate(record.norms):
        _read_norm(draft, raw, Place(tree).below("norms", number), provision)


def declare_qualifications(draft: Draft, path: Path) -> list[tuple[Value, Place]]:
    """The qualifications that the file holds, not yet read; their ids are known from now on."""
    tree = draft.tree(path)
    found = items(draft, tree, "qualifications") if tree else []
    return [(raw, place) for raw, place in found if draft.declare("qualification", identifier(raw) or str(place), place)]


def read_qualification(draft: Draft, raw: Value, place: Place) -> None:
    record, problems = typed(QualificationRecord, raw, place)
    draft.problems.extend(problems)
    if record is None:
        return
    draft.rename("qualification", record.aliases, record.id, place.below("aliases"))
    when = condition(draft, record.when, place.below("when"))
    unless = condition(draft, record.unless, place.below("unless")) if record.unless is not None else None
    sources = tuple(source_at(draft, entry, None, place.below("sources", n)) for n, entry in enumerate(record.sources))
    refuse_plain_sources(draft, raw, place)
    if when is None:
        return
    draft.qualifications[QualificationId(record.id)] = Qualification(
        id=QualificationId(record.id),
        label=record.label,
        definition=record.definition,
        when=when,
        unless=unless,
        sources=sources,
        sureness=Sureness(record.certainty, record.certainty_note, record.checked_on) if record.certainty else None,
        note=record.note,
        unmodelled=tuple(record.unmodelled),
        aliases=tuple(map(QualificationId, record.aliases)),
        file=place.tree.name,
        line=place.line,
    )


def refuse_plain_sources(draft: Draft, raw: Value, place: Place, key: str = "sources") -> None:
    """A source that is written as plain words is noted: whether they are a pinpoint or a text must be said."""
    sources = raw.get(key) if isinstance(raw, dict) else None
    for number, entry in enumerate(sources if isinstance(sources, list) else ()):
        if isinstance(entry, str):
            message = "a source is written {instrument: ..., provision: ...} or {text: ...}."
            draft.wrong(place.below(key, number), "plain-source", message)


def condition(draft: Draft, raw: object, place: Place) -> Condition | None:
    """The condition written at ``place``, or None where it has a problem."""
    known = {QualificationId(name) for name in draft.known("qualification")}
    renamed = draft.aliases.get("qualification", {})
    try:
        return parse(raw, draft.facts, known, lambda at: place.tree.where(place.at + at), renamed)
    except InputError as error:
        draft.problems.extend(error.problems)
        return None


def _read_norm(draft: Draft, raw: Value, place: Place, provision: Provision) -> None:
    record, problems = typed(NormRecord, raw, place)
    draft.problems.extend(problems)
    key = identifier(raw)
    if key is None or not draft.declare("norm", key, place) or record is None:
        return
    if record.id.partition("/")[0] != provision.instrument:
        message = f"the norm {record.id!r} stands in the folder of {provision.instrument!r}."
        draft.wrong(place.below("id"), "wrong-place", message)
    draft.rename("norm", record.aliases, record.id, place.below("aliases"))
    _refer(draft, record, place)
    applies_when = condition(draft, record.applies_when, place.below("applies_when"))
    unless = condition(draft, record.unless, place.below("unless")) if record.unless is not None else None
    starts = dated_at(draft, record.applies_from, provision.instrument, place.below("applies_from"))
    ends = dated_at(draft, record.applies_until, provision.instrument, place.below("applies_until"))
    _check_dates(draft, record, place)
    if applies_when is None:
        return
    draft.norms[NormId(record.id)] = Norm(
        id=NormId(record.id),
        instrument=provision.instrument,
        article=provision.id,
        provision=record.provision,
        title=record.title,
        summary=record.summary,
        kind=record.kind,
        bindingness=record.bindingness.value,
        bearers=tuple(record.bearers),
        applies_when=applies_when,
        unless=unless,
        legal_status=record.legal_status,
        applies_from=starts,
        applies_until=ends,
        sureness=sureness(record),
        url=record.url or provision.url,
        on_event=EventId(record.on_event) if record.on_event else None,
        penalty=record.penalty,
        decisions=tuple(record.decisions),
        controls=tuple(map(ControlId, record.controls)),
        measures=tuple(record.measures),
        evidence=tuple(record.evidence),
        amended_by=record.amended_by,
        superseded_by=tuple(record.superseded_by),
        citation=record.citation,
        note=record.note,
        unmodelled=tuple(record.unmodelled),
        aliases=tuple(map(NormId, record.aliases)),
        file=place.tree.name,
        line=place.line,
    )


def _refer(draft: Draft, record: NormRecord, place: Place) -> None:
    for number, bearer in enumerate(record.bearers):
        draft.refer("bearer", bearer, place.below("bearers", number))
    for number, control in enumerate(record.controls):
        draft.refer("control", control, place.below("controls", number))
    for number, later in enumerate(record.superseded_by):
        draft.refer("norm" if "/" in later else "instrument", later, place.below("superseded_by", number))
    if record.on_event:
        draft.refer("event", record.on_event, place.below("on_event"))


def _check_dates(draft: Draft, record: NormRecord, place: Place) -> None:
    start, end = record.applies_from, record.applies_until
    if record.legal_status is LegalStatus.IN_FORCE and start is None:
        draft.wrong(place, "in-force-without-date", "a norm in force needs 'applies_from'; without a date it is 'pending'.")
    if record.legal_status is LegalStatus.PENDING and start is not None:
        draft.wrong(place.below("applies_from"), "pending-with-date", "a pending norm has no 'applies_from'.")
    if start and end and end.date < start.date and not (record.note or end.note):
        message = f"it ends on {end.date}, before it begins on {start.date}; a norm that never applied says so in 'note'."
        draft.wrong(place.below("applies_until"), "ends-before-it-begins", message)


def _dates(draft: Draft, record: InstrumentRecord, place: Place) -> tuple[DatedBy, ...]:
    instrument = InstrumentId(record.id)
    found: list[DatedBy] = []
    for number, entry in enumerate(record.dates):
        spot = place.below("dates", number, "set_by")
        found.append(DatedBy(entry.date, source_at(draft, entry.set_by, instrument, spot), entry.note))
    return tuple(found)


def dated_at(draft: Draft, record: DatedRecord | None, instrument: InstrumentId | None, place: Place) -> DatedBy | None:
    """The day with the provision that sets it: named at the day, or found among the dates of ``instrument``."""
    if record is None:
        return None
    if record.set_by is not None:
        return DatedBy(record.date, source_at(draft, record.set_by, instrument, place.below("set_by")), record.note)
    law = draft.instruments.get(instrument) if instrument is not None else None
    known = [day for day in law.dates if day.day == record.date] if law else []
    if len({day.set_by for day in known}) > 1:
        message = f"several entries of 'dates' set {record.date}; name the right one here as {{date: ..., set_by: ...}}."
        draft.wrong(place, "ambiguous-date", message, [day.set_by.pinpoint for day in known])
    if known:
        return DatedBy(record.date, known[0].set_by, record.note or known[0].note)
    if instrument is None:
        message = f"no instrument is at hand whose dates could say what sets {record.date}; write {{date: ..., set_by: ...}}."
        draft.wrong(place, "date-without-provision", message)
    elif law:
        message = f"no entry of 'dates' in {law.file} says what sets {record.date}."
        draft.wrong(place, "date-without-provision", message, _nearest_days(record.date, law))
    return DatedBy(record.date, ProvisionRef(None, _UNSET), record.note)


def _nearest_days(day: date, law: Instrument) -> tuple[str, ...]:
    days = sorted({known.day for known in law.dates}, key=lambda known: abs(known - day))
    return tuple(known.isoformat() for known in days[:2])


def source_at(draft: Draft, record: SourceRecord, own: InstrumentId | None, place: Place) -> ProvisionRef:
    """What the record points to. ``own`` is the instrument of a pinpoint that names none."""
    if record.text is not None:
        if record.instrument or record.provision:
            draft.wrong(place, "two-sources", "a source is either 'text' or a provision of an instrument, not both.")
        return ProvisionRef(None, record.text)
    if record.provision is None:
        draft.wrong(place, "missing-key", "a source needs 'provision' or 'text'.")
        return ProvisionRef(None, "")
    if record.provision == _UNSET:
        draft.wrong(place, "date-without-provision", "no provision is named that sets this date.")
        return ProvisionRef(None, _UNSET)
    if record.instrument is not None:
        draft.refer("instrument", record.instrument, place.below("instrument"))
    elif own is None:
        draft.wrong(place, "missing-key", "the provision needs its 'instrument'.")
    instrument = InstrumentId(record.instrument) if record.instrument else own
    return ProvisionRef(instrument, record.provision)
