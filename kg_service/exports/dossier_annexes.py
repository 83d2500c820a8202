"""The annexes of a dossier's document: every obligation, every control with its evidence, the bibliography. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg_service.decisions.gaps import DECISIONS
from kg_service.exports.blocks import Cell, Paragraph, Section, Table, cells, clean, columns, listed
from kg_service.exports.dossier_content import Content
from kg_service.exports.dossier_wording import (
    STATUS,
    controls_told,
    evidence_told,
    norm_cell,
    since,
    standing_cell,
    state_cell,
)
from kg_service.model import InstrumentId

OBLIGATIONS: Final = columns(
    ("Norm", 44), ("Kind", 12), ("Status", 11), ("Day", 17), ("Decisions", 11), ("State", 10), ("Controls", 32), ("Evidence", 24)
)


def annexes(content: Content) -> Iterator[Section]:
    yield Section(
        "Annex A: obligations by decision",
        1,
        (Paragraph("Each obligation stands once, with the first of its decisions; its other decisions are named.", "note"),),
        wide=True,
    )
    for number in DECISIONS:
        rows = _obligations(content, number)
        if rows:
            label = clean(content.ground.guides[number].label)
            yield Section(f"Decision {number}: {label}", 2, (Table(OBLIGATIONS, tuple(rows)),), wide=True)
    yield Section("Annex B: controls and evidence", 1, (controls_table(content),), wide=True)
    yield Section("Annex C: bibliography", 1, (bibliography(content),))


def obligation_table(content: Content) -> Table:
    """Every obligation once, for a spreadsheet."""
    rows = [row for number in DECISIONS for row in _obligations(content, number)]
    return Table(OBLIGATIONS, tuple(rows), "Obligations")


def _obligations(content: Content, number: int) -> list[tuple[Cell, ...]]:
    rows = []
    for one in content.overall.obligations:
        norm = one.verdict.norm
        if min(norm.decisions, default=0) != number:
            continue
        held = [control for control in norm.controls if control in content.records]
        shown = held or list(norm.controls)
        evidence = "; ".join(
            told for control in held if (told := evidence_told(content.records[control])) and content.records[control].counts
        )
        status = STATUS[one.verdict.status]
        if one.verdict.missing_facts:
            status += f" ({listed(one.verdict.missing_facts, 3)})"
        rows.append(
            cells(
                norm_cell(content.knowledge, norm),
                str(norm.kind),
                status,
                since(one),
                ", ".join(map(str, norm.decisions)),
                standing_cell(one),
                controls_told(content.knowledge, shown, 3) + ("" if held else " (any of these)"),
                evidence,
            )
        )
    return rows


def controls_table(content: Content) -> Table:
    """Every control that is recorded or that an obligation names, those that serve most norms first."""
    rows = []
    for use in content.overall.uses:
        record = use.record
        control = content.knowledge.controls[use.control]
        rows.append(
            cells(
                Cell(clean(control.name), bold=record is not None),
                state_cell(record),
                "" if record is None else clean(record.owner or ""),
                "" if record is None or record.shown_on is None else record.shown_on.isoformat(),
                _good_until(content, use.control),
                evidence_told(record),
                Cell(str(len(use.norms)), number=len(use.norms)),
                Cell(str(len(use.regimes)), number=len(use.regimes)),
            )
        )
    head = columns(
        ("Control", 34), ("State", 14), ("Owner", 18), ("Shown on", 13), ("Good until", 13), ("Evidence", 36),
        ("Norms", 9, True), ("Regimes", 10, True),
    )  # fmt: skip
    return Table(head, tuple(rows), "Controls", "A control counts once, however many norms and regimes it serves.")


def _good_until(content: Content, control: object) -> Cell:
    record = next((one for name, one in content.records.items() if name == control), None)
    if record is None or record.good_until is None:
        return Cell("")
    return Cell(record.good_until.isoformat(), "warn" if record.stale(content.day) else None)


def bibliography(content: Content) -> Table:
    """Every instrument named, with its official citation and where its publication is found."""
    named = dict.fromkeys(one.verdict.norm.instrument for one in content.overall.obligations)
    rows = []
    for name in sorted(named, key=lambda one: content.knowledge.instruments[InstrumentId(one)].short_title.casefold()):
        one = content.knowledge.instruments[name]
        citation = listed([clean(text) for text in one.citations], 2) or (
            f"CELEX {one.celex}" if one.celex else clean(one.issuer)
        )
        rows.append(
            cells(Cell(clean(one.short_title), bold=True), clean(one.title), citation, Cell(clean(one.url), link=one.url))
        )
    head = columns(("Instrument", 22), ("Title", 40), ("Citation", 20), ("Official publication", 38))
    return Table(head, tuple(rows), "Bibliography")


def evidence_table(content: Content) -> Table:
    """Every piece of evidence of the dossier, withdrawn ones too."""
    rows = []
    for one in content.dossier.evidence.values():
        used = [name for name, record in content.dossier.controls.items() if one.id in record.evidence]
        row = (
            clean(one.title), str(one.kind), clean(one.by), one.at.date().isoformat(), ", ".join(map(str, one.decisions)),
            listed(used, 8), one.sha256 or "", clean(one.url or ""), "withdrawn" if one.withdrawn else "",
        )  # fmt: skip
        rows.append(cells(*row))
    head = columns(
        ("Title", 36),
        ("Kind", 8),
        ("By", 18),
        ("Day", 12),
        ("Decisions", 10),
        ("Controls", 30),
        ("SHA-256", 66),
        ("Link", 40),
        ("", 11),
    )
    return Table(head, tuple(rows), "Evidence")
