"""A dossier: one initiative on its way through the six decisions. Frozen, without IO.

Whatever a person said carries who said it and when. What a person typed stands in fields named in :data:`FREE`, or among the
words of a tool's input (:mod:`kg_service.dossiers.words`): the audit trail keeps it apart, where it can be erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType, TypeAlias

from kg_service.decisions.controls import REVIEW_MONTHS, ControlState

DossierId = NewType("DossierId", str)
Json: TypeAlias = Any  # plain JSON: what the tools of decisions 1, 5 and 6 read, answers to facts

DECISIONS: Final = (1, 2, 3, 4, 5, 6)
LAST: Final = 6
FREE: Final = frozenset(
    {"because", "note", "text", "description", "name", "title", "owner", "owners", "url"}
    | {"hash"}  # of a pilot's plan: a guess of the plan could be tested against it
)  # field names of what a person typed


class State(StrEnum):
    OPEN = "open"
    PASSED = "passed"
    WAIVED = "waived"
    FAILED = "failed"


CLOSED: Final = frozenset({State.PASSED, State.WAIVED})


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


class Met(StrEnum):
    """The answer to a criterion."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"


class Cause(StrEnum):
    """Why a decision that was closed is open again."""

    FACTS = "facts"
    LAW = "law"
    INPUT = "input"
    OBSTACLE = "obstacle"
    EXPIRED = "expired"
    EARLIER = "earlier"
    PERSON = "person"


class EvidenceKind(StrEnum):
    FILE = "file"
    LINK = "link"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Said:
    """One fact as somebody answered it; ``value`` is the answer as JSON holds it."""

    value: Json
    by: str
    at: datetime
    because: str | None = None


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    answer: Met
    by: str
    at: datetime
    because: str | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file by its hash, a link, or a note. Withdrawn evidence stays, and counts for nothing."""

    id: str
    kind: EvidenceKind
    title: str
    by: str
    at: datetime
    decisions: tuple[int, ...] = ()
    sha256: str | None = None
    size: int | None = None
    name: str | None = None
    media_type: str | None = None
    url: str | None = None
    text: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ControlRecord:
    """How far one control is; ``on`` is the day on which that was found, ``review_months`` how long it and the evidence count."""

    state: ControlState
    by: str
    at: datetime
    owner: str | None = None
    on: date | None = None
    evidence: tuple[str, ...] = ()
    note: str | None = None
    review_months: int = REVIEW_MONTHS


@dataclass(frozen=True, slots=True)
class Option:
    """Something that was considered: a rung of the ladder (decision 1), a pathway (decision 6), or another way."""

    id: str
    decision: int
    name: str
    by: str
    at: datetime
    values: Mapping[str, Json] = field(default_factory=dict)
    chosen: bool = False
    because: str | None = None


@dataclass(frozen=True, slots=True)
class SignOff:
    """A signature. ``signed`` is the SHA-256 of what lay before the signer, but for free text, which the events before it hold;
    ``own`` says that it was the signer's own dossier.
    """

    outcome: Outcome
    by: str
    name: str
    role: str
    at: datetime
    as_of: date
    knowledge_version: str
    signed: str
    own: bool = False
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """What was let pass although it is not met: the whole decision, or the gap at one norm; until its last day."""

    expires: date
    by: str
    name: str
    role: str
    at: datetime
    knowledge_version: str
    norm: str | None = None
    because: str | None = None
    own: bool = False

    def holds(self, today: date) -> bool:
        """Whether its last day is not over."""
        return today <= self.expires


@dataclass(frozen=True, slots=True)
class Reopening:
    """Why a closed decision is open again; ``changed`` names the norms, criteria or decisions that made it so."""

    cause: Cause
    by: str
    at: datetime
    was: State
    changed: tuple[str, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a closed decision rests on, so that a change under it is seen.

    ``verdicts`` gives for each norm of the decision that may matter its status on ``as_of`` and its days; ``inputs`` the hash of
    what the tools of the decision were given; ``criteria`` those that were asked.
    """

    as_of: date
    knowledge_version: str
    facts: str
    verdicts: Mapping[str, str]
    inputs: str
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    number: int
    state: State = State.OPEN
    criteria: Mapping[str, CriterionAnswer] = field(default_factory=dict)
    sign_offs: tuple[SignOff, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    reopened: Reopening | None = None
    basis: Basis | None = None

    @property
    def closed(self) -> bool:
        return self.state in CLOSED


@dataclass(frozen=True, slots=True)
class Pilot:
    """A trial whose plan was fixed before it began. ``plan`` and each of ``results`` are in the form of ``sextant pilot``."""

    id: str
    plan: Json
    hash: str
    fixed_by: str
    fixed_at: datetime
    started: date | None = None
    started_by: str | None = None
    results: tuple[Json, ...] = ()
    recorded_by: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One initiative. ``version`` grows by one with every change; ``as_of`` is None where each day is looked at as today.

    ``inputs`` holds what the tools are given: ``necessity`` (answers), ``roi`` (a case), ``pathways`` (a plan).
    """

    id: DossierId
    name: str
    owner: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    description: str | None = None
    as_of: date | None = None
    facts: Mapping[str, Said] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = tuple(Decision(number) for number in DECISIONS)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    controls: Mapping[str, ControlRecord] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    inputs: Mapping[str, Json] = field(default_factory=dict)
    pilots: Mapping[str, Pilot] = field(default_factory=dict)
    owners: tuple[str, ...] = ()  # everybody who ever owned it
    archived: bool = False

    def decision(self, number: int) -> Decision:
        return self.decisions[number - 1]

    @property
    def plain_facts(self) -> dict[str, Json]:
        """The answers alone, as a deployment file holds them."""
        return {fact: said.value for fact, said in self.facts.items()}
