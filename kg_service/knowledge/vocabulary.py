"""Reads what belongs to no single law: facts, jurisdictions, events, bearers, risks, controls, frameworks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kg_service.knowledge.conditions import WORDS
from kg_service.knowledge.document import Place, Value
from kg_service.knowledge.draft import Draft, entries, identifier, items
from kg_service.knowledge.schema import (
    ControlRecord,
    FactRecord,
    FrameworkRecord,
    LabelsRecord,
    RiskRecord,
    SurenessRecord,
    TermRecord,
    typed,
)
from kg_service.model import (
    Bearer,
    Control,
    ControlId,
    Event,
    EventId,
    Fact,
    FactId,
    FactKind,
    Framework,
    FrameworkControl,
    Labels,
    Risk,
    RiskId,
    Sureness,
    Term,
    TermId,
)

SHARED = "jurisdictions"


def read_jurisdictions(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    if tree is None:
        return
    found: dict[str, tuple[TermRecord, Place]] = {}
    for key, raw, place in entries(draft, tree, "jurisdiction"):
        record, problems = typed(TermRecord, raw, place)
        draft.problems.extend(problems)
        draft.declare("jurisdiction", key, place)
        if record:
            draft.rename("jurisdiction", record.aliases, key, place.below("aliases"))
            found[key] = record, place
    draft.jurisdictions.update(_terms(draft, "jurisdiction", found))


def read_facts(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    for key, raw, place in entries(draft, tree, "fact") if tree else []:
        draft.declare("fact", key, place)
        if key in WORDS:
            draft.wrong(place, "reserved-word", f"{key!r} is a word of the condition language and cannot name a fact.")
        shared = isinstance(raw, dict) and raw.get("terms") == SHARED
        record, problems = typed(FactRecord, _without(raw, "terms") if shared else raw, place)
        draft.problems.extend(problems)
        if record is None:
            continue
        _check_shape(draft, key, record, shared, place)
        draft.rename("fact", record.aliases, key, place.below("aliases"))
        own = {term: (value, place.below("terms", term)) for term, value in record.terms.items()}
        draft.facts[FactId(key)] = Fact(
            id=FactId(key),
            kind=record.kind,
            labels=labels(record),
            ask=record.ask,
            terms=draft.jurisdictions if shared else _terms(draft, f"term of {key}", own),
            jurisdictions=shared,
            notes=tuple(record.notes),
            aliases=tuple(map(FactId, record.aliases)),
            minimum=record.minimum,
            maximum=record.maximum,
            unit=record.unit,
        )


def read_events(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    for key, raw, place in entries(draft, tree, "event") if tree else []:
        record, problems = typed(LabelsRecord, raw, place)
        draft.problems.extend(problems)
        draft.declare("event", key, place)
        if record:
            draft.events[EventId(key)] = Event(EventId(key), labels(record))


def read_bearers(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    for key, raw, place in entries(draft, tree, "bearer") if tree else []:
        record, problems = typed(LabelsRecord, raw, place)
        draft.problems.extend(problems)
        draft.declare("bearer", key, place)
        if record:
            draft.bearers[key] = Bearer(key, labels(record))


def read_risks(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    for raw, place in items(draft, tree, "risks") if tree else []:
        record, problems = typed(RiskRecord, raw, place)
        draft.problems.extend(problems)
        key = identifier(raw)
        if key is None or not draft.declare("risk", key, place) or record is None:
            continue
        references = {name: tuple(ids) for name, ids in record.references.items()}
        refer_to_frameworks(draft, references, place.below("references"))
        draft.risks[RiskId(key)] = Risk(RiskId(key), record.name, record.description, references)


def read_controls(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    for raw, place in items(draft, tree, "controls") if tree else []:
        record, problems = typed(ControlRecord, raw, place)
        draft.problems.extend(problems)
        key = identifier(raw)
        if key is None or not draft.declare("control", key, place) or record is None:
            continue
        draft.rename("control", record.aliases, key, place.below("aliases"))
        refer_to_frameworks(draft, record.satisfies, place.below("satisfies"))
        for number, risk in enumerate(record.mitigates):
            draft.refer("risk", risk, place.below("mitigates", number))
        draft.controls[ControlId(key)] = Control(
            id=ControlId(key),
            name=record.name,
            objective=record.objective,
            test=record.test,
            evidence=tuple(record.evidence),
            decisions=tuple(record.decisions),
            mitigates=tuple(map(RiskId, record.mitigates)),
            satisfies={name: tuple(ids) for name, ids in record.satisfies.items()},
            aliases=tuple(map(ControlId, record.aliases)),
        )


def read_framework(draft: Draft, path: Path) -> None:
    tree = draft.tree(path)
    if tree is None:
        return
    record, problems = typed(FrameworkRecord, tree.root, Place(tree))
    draft.problems.extend(problems)
    draft.declare("framework", identifier(tree.root) or path.stem, Place(tree))
    if record is None:
        return
    if record.id != path.stem:
        draft.wrong(Place(tree).below("id"), "wrong-place", f"the framework {record.id!r} belongs in {record.id}.yaml.")
    for number, entry in enumerate(record.controls):
        draft.declare(f"framework control of {record.id}", entry.id, Place(tree).below("controls", number))
    controls = tuple(
        FrameworkControl(
            id=entry.id,
            gist=entry.gist,
            name=entry.name,
            kind=entry.kind,
            subcategory=entry.subcategory,
            risks=tuple(entry.risks),
            mitigates=tuple(entry.mitigates),
            references={name: tuple(ids) for name, ids in entry.references.items()},
        )
        for entry in record.controls
    )
    draft.frameworks[record.id] = Framework(
        id=record.id,
        title=record.title,
        status=record.status,
        licence=record.licence,
        url=record.url,
        sureness=sureness(record),
        controls=controls,
        structure=record.structure,
        note=record.note,
    )


def refer_to_frameworks(draft: Draft, references: Mapping[str, Sequence[str]], place: Place) -> None:
    """Every framework in ``references``, and every control of it, must exist."""
    for framework, controls in references.items():
        draft.refer("framework", framework, place.below(framework))
        for number, control in enumerate(controls):
            draft.refer(f"framework control of {framework}", control, place.below(framework, number))


def labels(record: LabelsRecord) -> Labels:
    return Labels(
        label=record.label,
        label_zh=record.label_zh,
        definition=record.definition,
        example=record.example,
        alt={language: tuple(names) for language, names in record.alt.items()},
    )


def sureness(record: SurenessRecord) -> Sureness:
    return Sureness(record.certainty, record.certainty_note, record.checked_on)


def _without(raw: Value, key: str) -> Value:
    return {name: value for name, value in raw.items() if name != key} if isinstance(raw, dict) else raw


def _check_shape(draft: Draft, key: str, record: FactRecord, shared: bool, place: Place) -> None:
    needs_terms = record.kind in (FactKind.TERMS, FactKind.ONE)
    has_terms = shared or bool(record.terms)
    if needs_terms and not has_terms:
        draft.wrong(place, "missing-key", f"the fact {key!r} of kind {record.kind.value!r} needs 'terms'.")
    if has_terms and not needs_terms:
        draft.wrong(place.below("terms"), "wrong-kind", f"the fact {key!r} of kind {record.kind.value!r} takes no terms.")
    for name in ("minimum", "maximum", "unit"):
        if getattr(record, name) is not None and record.kind is not FactKind.NUMBER:
            draft.wrong(place.below(name), "wrong-kind", f"only a number has {name!r}.")


def _terms(draft: Draft, what: str, records: dict[str, tuple[TermRecord, Place]]) -> dict[TermId, Term]:
    """The terms, in their order; a parent that is unknown or above itself is noted and left out."""
    for key, (record, place) in records.items():
        draft.declare(what, key, place)
        draft.rename(what, record.aliases, key, place.below("aliases"))
    made: dict[TermId, Term] = {}
    for key, (record, place) in records.items():
        parent = record.parent
        if parent is not None:
            draft.refer(what, parent, place.below("parent"))
            if parent in records and _circular(key, records):
                draft.wrong(place.below("parent"), "term-cycle", f"the {what} {key!r} stands above itself.")
                parent = None
        for number, other in enumerate(record.excludes):
            draft.refer(what, other, place.below("excludes", number))
        made[TermId(key)] = Term(
            id=TermId(key),
            labels=labels(record),
            parent=TermId(parent) if parent in records else None,
            excludes=tuple(TermId(other) for other in record.excludes if other in records),
            aliases=tuple(map(TermId, record.aliases)),
        )
    return made


def _circular(key: str, records: dict[str, tuple[TermRecord, Place]]) -> bool:
    seen: set[str] = set()
    parent: str | None = key
    while parent is not None and parent in records:
        if parent in seen:
            return True
        seen.add(parent)
        parent = records[parent][0].parent
    return False
