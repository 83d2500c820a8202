"""How a document on a dossier names things: norms by their pinpoint, facts with their answers, states with colours. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kg_service.applicability.evaluate import Status
from kg_service.decisions.controls import ControlRecord
from kg_service.decisions.coverage import Obligation, Standing
from kg_service.decisions.gaps import Gap, GapKind, Severity
from kg_service.exports.blocks import Cell, clean, listed
from kg_service.model import ControlId, FactId, Knowledge, Norm, NormId, TermId

STATUS: Final = {
    Status.APPLIES: "in force",
    Status.UPCOMING: "upcoming",
    Status.UNDETERMINED: "cannot be told",
}
STANDING: Final = {
    Standing.TESTED: ("tested", "good"),
    Standing.IN_PLACE: ("in place", "good"),
    Standing.PLANNED: ("planned", "warn"),
    Standing.FAILED: ("failed", "bad"),
    Standing.NONE: ("none", "bad"),
}
DECISION_STATE: Final = {"open": "muted", "passed": "good", "waived": "warn", "failed": "bad"}
SEVERITY: Final = {
    Severity.PROHIBITION: ("prohibition in force", "bad"),
    Severity.DUTY: ("duty in force", "bad"),
    Severity.SOON: ("due within 12 months", "warn"),
    Severity.EXPECTATION: ("expectation", "warn"),
    Severity.LATER: ("later", "muted"),
}
GAP: Final = {
    GapKind.UNMET: "no control in place",
    GapKind.FAILED: "control failed",
    GapKind.STALE: "evidence too old",
    GapKind.OPEN: "fact not answered",
    GapKind.UNSHOWN: "nothing shows the control",
}


def cited(knowledge: Knowledge, norm: Norm) -> str:
    """The norm by its instrument and provision, as a lawyer cites it."""
    return clean(f"{knowledge.instruments[norm.instrument].short_title}, {norm.provision}")


def norm_cell(knowledge: Knowledge, norm: Norm) -> Cell:
    """Citation and title, linked to the official publication."""
    return Cell(f"{cited(knowledge, norm)}: {clean(norm.title)}", link=norm.url)


def norms_cell(knowledge: Knowledge, norms: Iterable[NormId], most: int = 3) -> Cell:
    found = [knowledge.norms[norm] for norm in norms]
    if len(found) == 1:
        return norm_cell(knowledge, found[0])
    return Cell(listed([cited(knowledge, norm) for norm in found], most))


def controls_told(knowledge: Knowledge, controls: Iterable[ControlId], most: int = 4) -> str:
    """Controls by name."""
    return listed([clean(knowledge.controls[one].name) for one in controls if one in knowledge.controls], most)


def standing_cell(one: Obligation) -> Cell:
    if one.met is None:
        return Cell("open", "muted")
    text, shade = STANDING[one.standing]
    if one.verdict.status is Status.UPCOMING and shade == "bad":
        shade = "warn"
    return Cell(text, shade)


def state_cell(record: ControlRecord | None) -> Cell:
    text, shade = STANDING[Standing.NONE if record is None else Standing(str(record.state))]
    return Cell(text if record is not None else "not recorded", shade if record is not None else "muted")


def severity_cell(gap: Gap) -> Cell:
    return Cell(*SEVERITY[gap.severity])


def since(one: Obligation) -> str:
    """The day from which the norm applies, or until which."""
    norm = one.verdict.norm
    first = "" if norm.applies_from is None else norm.applies_from.day.isoformat()
    if one.verdict.status is Status.UPCOMING:
        return f"from {first}" if first else "no day set"
    if norm.applies_until is not None:
        return f"until {norm.applies_until.day.isoformat()}"
    return f"since {first}" if first else ""


def evidence_told(record: ControlRecord | None) -> str:
    """What shows a control, with its day."""
    if record is None:
        return ""
    parts = [clean(one.title) + (f" ({one.day.isoformat()})" if one.day is not None else "") for one in record.evidence]
    if not parts and record.day is not None:
        return f"found on {record.day.isoformat()}"
    return listed(parts, 6)


def fact_told(knowledge: Knowledge, fact: str, value: object) -> tuple[str, str]:
    """A fact and its answer in words; what the present law no longer knows stands as it was said."""
    known = knowledge.facts.get(FactId(fact))
    if known is None:
        return clean(fact), clean(value)
    words = value if isinstance(value, list | tuple) else [value]
    told = [clean(known.terms[TermId(str(w))].labels.label if TermId(str(w)) in known.terms else w) for w in words]
    if isinstance(value, bool):
        told = ["yes" if value else "no"]
    unit = f" {known.unit}" if known.unit and not known.terms and not isinstance(value, bool) else ""
    return clean(known.labels.label), (listed(told, 20) if told else "none of these") + unit
