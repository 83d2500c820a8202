"""What may be asked of a dossier. :mod:`kg_service.dossiers.transitions` does it or refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

from kg_service.decisions.controls import ControlRecord, ControlState
from kg_service.dossiers.model import EvidenceKind, Json, Met, Outcome


@dataclass(frozen=True, slots=True)
class CreateDossier:
    """``facts`` and ``controls`` are as a deployment file holds them; the owner is whoever creates it unless named."""

    id: str
    name: str
    owner: str | None = None
    description: str | None = None
    as_of: date | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    controls: Mapping[str, ControlRecord] = field(default_factory=dict)
    because: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeDetails:
    """What is None stays as it is; ``clear`` names fields that are emptied (``description``, ``as_of``)."""

    name: str | None = None
    owner: str | None = None
    description: str | None = None
    as_of: date | None = None
    clear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetFacts:
    """Answers by fact; None withdraws one."""

    values: Mapping[str, Json]
    because: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerCriterion:
    decision: int
    criterion: str
    answer: Met
    because: str | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerCriteria:
    """Several answers at once: all of them, or none."""

    answers: tuple[AnswerCriterion, ...]


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """A file that is on the shelf already (by its hash), a link, or a note."""

    kind: EvidenceKind
    title: str
    decisions: tuple[int, ...] = ()
    sha256: str | None = None
    size: int | None = None
    name: str | None = None
    media_type: str | None = None
    url: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawEvidence:
    evidence: str


@dataclass(frozen=True, slots=True)
class SetControls:
    """The same for each of ``controls``. An owner or day left out stays as it was.

    ``needed`` adds the small set of controls that a decision (1 to 6) or ``all`` still need; ``planned`` those that are planned.
    """

    controls: tuple[str, ...]
    state: ControlState
    owner: str | None = None
    on: date | None = None
    evidence: tuple[str, ...] = ()
    note: str | None = None
    needed: str | None = None
    planned: bool = False


@dataclass(frozen=True, slots=True)
class AddOption:
    decision: int
    name: str
    values: Mapping[str, Json] = field(default_factory=dict)
    because: str | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class ChooseOption:
    option: str
    because: str | None = None


@dataclass(frozen=True, slots=True)
class SetInput:
    """What one of :data:`TOOLS` is given; None takes it away. Checked by the tool before."""

    tool: str
    value: Json


@dataclass(frozen=True, slots=True)
class FixPilot:
    """A pilot's plan as ``sextant pilot`` reads it; once here it never changes."""

    plan: Json


@dataclass(frozen=True, slots=True)
class StartPilot:
    """The pilot runs from that day; not before its plan was fixed."""

    pilot: str
    on: date


@dataclass(frozen=True, slots=True)
class RecordPilot:
    """Results are added to those that are there."""

    pilot: str
    results: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Sign:
    decision: int
    outcome: Outcome
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Waive:
    """A decision, or with ``norm`` the gap at one norm, is let pass until the last day ``expires``."""

    decision: int
    reason: str
    expires: date
    norm: str | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    decision: int
    reason: str


@dataclass(frozen=True, slots=True)
class Archive:
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Reevaluate:
    """Nothing is asked for but to look again: law, calendar and waivers may have moved on."""


Command: TypeAlias = (
    ChangeDetails
    | SetFacts
    | AnswerCriterion
    | AnswerCriteria
    | AddEvidence
    | WithdrawEvidence
    | SetControls
    | AddOption
    | ChooseOption
    | SetInput
    | FixPilot
    | StartPilot
    | RecordPilot
    | Sign
    | Waive
    | Reopen
    | Archive
    | Reevaluate
)

ACTIONS: Final[Mapping[type, str]] = {
    CreateDossier: "dossier.created",
    ChangeDetails: "dossier.changed",
    SetFacts: "fact.set",
    AnswerCriterion: "criterion.answered",
    AnswerCriteria: "criterion.answered",
    AddEvidence: "evidence.added",
    WithdrawEvidence: "evidence.withdrawn",
    SetControls: "control.set",
    AddOption: "option.added",
    ChooseOption: "option.chosen",
    SetInput: "input.set",
    FixPilot: "pilot.fixed",
    StartPilot: "pilot.started",
    RecordPilot: "pilot.recorded",
    Sign: "decision.signed",
    Waive: "decision.waived",
    Reopen: "decision.reopened",
    Archive: "dossier.archived",
    Reevaluate: "dossier.reevaluated",
}
NEEDED: Final = ("all", "1", "2", "3", "4", "5", "6")
TOOLS: Final[Mapping[str, int]] = {
    "necessity": 1,
    "risks": 3,
    "workforce": 4,
    "roi": 5,
    "pathways": 6,
}  # and the decision that each serves
