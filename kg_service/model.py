"""The law as typed values: what the files in ``regulations/`` say, after they were read and checked. Frozen, without IO.

Ids are strings in their own types so that one cannot stand where another is due. Dates are days; ``applies_until``
is the last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NewType

from kg_service.applicability.condition import Condition

NormId = NewType("NormId", str)
InstrumentId = NewType("InstrumentId", str)
QualificationId = NewType("QualificationId", str)
FactId = NewType("FactId", str)
TermId = NewType("TermId", str)
ControlId = NewType("ControlId", str)
RiskId = NewType("RiskId", str)
EventId = NewType("EventId", str)
InterpretationId = NewType("InterpretationId", str)


class FactKind(StrEnum):
    TERMS = "terms"
    ONE = "one"
    FLAG = "flag"
    NUMBER = "number"
    DATE = "date"


class NormKind(StrEnum):
    DUTY = "duty"
    PROHIBITION = "prohibition"
    PERMISSION = "permission"
    EXPECTATION = "expectation"
    RIGHT = "right"
    SCOPE_RULE = "scope_rule"


class Certainty(StrEnum):
    """How sure we are of a record, from the official text read down to doubt."""

    VERIFIED_TEXT = "verified_text"
    VERIFIED_PRIMARY = "verified_primary"
    VERIFIED_SECONDARY = "verified_secondary"
    MEMORY_HIGH = "memory_high"
    MEMORY_MEDIUM = "memory_medium"
    MEMORY = "memory"
    UNCERTAIN = "uncertain"


class LegalStatus(StrEnum):
    IN_FORCE = "in_force"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of a thing: the preferred one in English, others by language (``en``, ``zh``)."""

    label: str
    label_zh: str | None = None
    definition: str | None = None
    example: str | None = None
    alt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Term:
    id: TermId
    labels: Labels
    parent: TermId | None = None
    excludes: tuple[TermId, ...] = ()
    aliases: tuple[TermId, ...] = ()


@dataclass(frozen=True)
class Fact:
    """Something a person can answer. ``terms`` is empty for flags, numbers and dates."""

    id: FactId
    kind: FactKind
    labels: Labels
    ask: str
    terms: Mapping[TermId, Term] = field(default_factory=dict)
    jurisdictions: bool = False
    notes: tuple[str, ...] = ()
    aliases: tuple[FactId, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None

    @cached_property
    def ancestors(self) -> Mapping[TermId, frozenset[TermId]]:
        """Each term with all terms strictly above it."""
        above: dict[TermId, frozenset[TermId]] = {}
        for term in self.terms.values():
            chain: list[TermId] = []
            parent = term.parent
            while parent is not None and parent not in chain:
                chain.append(parent)
                parent = self.terms[parent].parent
            above[term.id] = frozenset(chain)
        return above

    @cached_property
    def term_aliases(self) -> Mapping[str, TermId]:
        return {alias: term.id for term in self.terms.values() for alias in term.aliases}


@dataclass(frozen=True, slots=True)
class ProvisionRef:
    """A pinpoint in an instrument of the registry (``instrument`` set), or a source outside it (``instrument`` None)."""

    instrument: InstrumentId | None
    pinpoint: str


@dataclass(frozen=True, slots=True)
class DatedBy:
    """A day and the provision that sets it."""

    day: date
    set_by: ProvisionRef
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a record is, in one closed word, with what limits it, and the day on which it was last checked."""

    level: Certainty
    note: str | None = None
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Provision:
    """An article (or section, annex, chapter) of an instrument: one file in ``regulations/``."""

    id: str
    instrument: InstrumentId
    number: str
    heading: str | None
    url: str
    file: str


@dataclass(frozen=True, slots=True)
class Instrument:
    id: InstrumentId
    short_title: str
    title: str
    jurisdiction: str
    issuer: str
    type: str
    status: str
    sureness: Sureness
    url: str
    bindingness: str | None = None
    celex: str | None = None
    eli: str | None = None
    citations: tuple[str, ...] = ()
    status_note: str | None = None
    in_force_from: date | None = None
    applies_from: date | None = None
    applies_until: date | None = None
    dates: tuple[DatedBy, ...] = ()
    amends: tuple[InstrumentId, ...] = ()
    amended_by: tuple[InstrumentId, ...] = ()
    supersedes: tuple[InstrumentId, ...] = ()
    superseded_by: tuple[InstrumentId, ...] = ()
    penalty: str | None = None
    note: str | None = None
    aliases: tuple[InstrumentId, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Norm:
    id: NormId
    instrument: InstrumentId
    article: str
    provision: str
    title: str
    summary: str
    kind: NormKind
    bindingness: str
    bearers: tuple[str, ...]
    applies_when: Condition
    unless: Condition | None
    legal_status: LegalStatus
    applies_from: DatedBy | None
    applies_until: DatedBy | None
    sureness: Sureness
    url: str
    on_event: EventId | None = None
    penalty: str | None = None
    decisions: tuple[int, ...] = ()
    controls: tuple[ControlId, ...] = ()
    measures: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    amended_by: str | None = None
    superseded_by: tuple[str, ...] = ()
    citation: str | None = None
    note: str | None = None
    unmodelled: tuple[str, ...] = ()
    aliases: tuple[NormId, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Qualification:
    """A legal conclusion that is derived, never asked."""

    id: QualificationId
    label: str
    definition: str
    when: Condition
    unless: Condition | None
    sources: tuple[ProvisionRef, ...]
    sureness: Sureness | None = None
    note: str | None = None
    unmodelled: tuple[str, ...] = ()
    aliases: tuple[QualificationId, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to answer a contested question. Our conditions follow exactly one."""

    label: str
    argument: str
    held_by: str
    followed: bool


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A day on which the answer changes: what it was until the eve (``before``), or what it is from then on (``after``)."""

    dated: DatedBy
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A question of law that comes back again and again, with its answer. ``instrument`` is None where several share it."""

    id: InterpretationId
    instrument: InstrumentId | None
    questions: Mapping[str, tuple[str, ...]]
    answer: str
    reasoning: str
    citations: tuple[ProvisionRef, ...]
    holds_from: DatedBy
    sureness: Sureness
    holds_until: DatedBy | None = None
    norms: tuple[NormId, ...] = ()
    qualifications: tuple[QualificationId, ...] = ()
    readings: tuple[Reading, ...] = ()
    changes: tuple[AnswerChange, ...] = ()
    decisions: tuple[int, ...] = ()
    note: str | None = None
    aliases: tuple[InterpretationId, ...] = ()
    file: str = ""
    line: int = 0

    def instruments(self) -> frozenset[str]:
        """The instruments that it belongs to, cites, or speaks of through their norms."""
        cited = {ref.instrument for ref in self.citations} | {self.instrument}
        return frozenset(str(one) for one in cited if one is not None) | {norm.partition("/")[0] for norm in self.norms}


@dataclass(frozen=True, slots=True)
class Event:
    id: EventId
    labels: Labels


@dataclass(frozen=True, slots=True)
class Risk:
    id: RiskId
    name: str
    description: str
    references: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Control:
    id: ControlId
    name: str
    objective: str
    test: str
    evidence: tuple[str, ...]
    decisions: tuple[int, ...]
    mitigates: tuple[RiskId, ...]
    satisfies: Mapping[str, tuple[str, ...]]
    aliases: tuple[ControlId, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameworkControl:
    """A control, practice or risk of a framework, by its id there. The ids in ``risks`` and ``mitigates`` are the framework's."""

    id: str
    gist: str
    name: str | None = None
    kind: str | None = None
    subcategory: str | None = None
    risks: tuple[str, ...] = ()
    mitigates: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Framework:
    id: str
    title: str
    status: str
    licence: str
    url: str
    sureness: Sureness
    controls: tuple[FrameworkControl, ...]
    structure: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a norm, in the words of the law that names it."""

    id: str
    labels: Labels


@dataclass(frozen=True)
class Knowledge:
    """Everything that the files say, at one version. ``version`` is the hash of the files' content."""

    version: str
    facts: Mapping[FactId, Fact]
    jurisdictions: Mapping[TermId, Term]
    events: Mapping[EventId, Event]
    bearers: Mapping[str, Bearer]
    instruments: Mapping[InstrumentId, Instrument]
    provisions: Mapping[tuple[InstrumentId, str], Provision]
    qualifications: Mapping[QualificationId, Qualification]
    norms: Mapping[NormId, Norm]
    controls: Mapping[ControlId, Control]
    risks: Mapping[RiskId, Risk]
    frameworks: Mapping[str, Framework]
    interpretations: Mapping[InterpretationId, Interpretation] = field(default_factory=dict)
