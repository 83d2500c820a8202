"""What the assistant passes between its parts: passages, readings of a user's words, claims with citations, answers.

Frozen, without IO. The exact half (``kg_service``) decides every verdict; nothing here does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType

from kg_service.applicability.compare import Comparison, Difference
from kg_service.applicability.evaluate import Assessment
from kg_service.applicability.facts import Answer as FactAnswer
from kg_service.applicability.facts import Facts
from kg_service.applicability.hinges import Hinge
from kg_service.applicability.questions import Question
from kg_service.model import FactId, InterpretationId, NormId, QualificationId, TermId

PassageId = NewType("PassageId", str)


class Trust(StrEnum):
    """Where a passage's text comes from. Text below ``LAW`` and ``GUIDANCE`` never supports a verdict."""

    LAW = "law"
    GUIDANCE = "guidance"
    OWN_POLICY = "own_policy"
    UNTRUSTED = "untrusted"


class PassageKind(StrEnum):
    INSTRUMENT = "instrument"
    NORM = "norm"
    PROVISION = "provision"
    QUALIFICATION = "qualification"
    INTERPRETATION = "interpretation"
    CONTROL = "control"
    RISK = "risk"
    DECISION = "decision"
    FRAMEWORK_CONTROL = "framework_control"
    TEXT_UNIT = "text_unit"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that can be found and cited.

    ``id`` is stable: kind and the thing's own id, as in ``norm:eu-ai-act/art-26-par-1``. ``context`` is where it stands (the
    instrument, the headings above). ``also`` are other words by which it is found, shown to nobody.
    """

    id: PassageId
    kind: PassageKind
    title: str
    text: str
    trust: Trust
    iri: str | None = None
    about: str | None = None  # id of the thing in the knowledge: a norm, a qualification, a control ...
    instrument: str | None = None
    provision: str | None = None
    official_url: str | None = None
    jurisdiction: str | None = None
    applies_from: date | None = None
    applies_until: date | None = None
    decisions: tuple[int, ...] = ()
    neighbours: tuple[PassageId, ...] = ()  # linked in the graph: cross-references, qualifications, controls
    context: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with how well it fits, best first in a list; ``score`` is comparable within one search only."""

    passage: Passage
    score: float


class Polarity(StrEnum):
    STATED = "stated"
    NEGATED = "negated"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Span:
    """The characters ``start`` to ``end`` (exclusive) of the user's message; ``text`` are they, verbatim."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FactReading:
    """One fact as read from the user's words. ``UNCERTAIN`` ones are shown and asked, never taken.

    ``value`` is the plain answer as in a deployment file: terms for facts of kind ``terms``, one term, a bool, a number or a day.
    ``NEGATED``: the terms that are *not* so (``("personal",)`` of "no personal data"), or ``False`` for a flag. ``complete`` says
    that the terms close the fact (none of them with ``complete`` is "none of these"). ``source`` is who read it.
    """

    fact: FactId
    value: bool | float | int | str | tuple[str, ...]
    polarity: Polarity
    spans: tuple[Span, ...]
    complete: bool = False
    source: str = "words"  # words | clauses (heard by the small model) | model | given
    hypothetical: bool = False  # of a "what if": an option to compare, never taken as so


class Intent(StrEnum):
    APPLIES = "applies"  # what applies to this deployment
    EXPLAIN = "explain"  # why does, or does not, a norm apply; what does it ask
    COMPARE = "compare"  # what if we chose otherwise
    CONTROLS = "controls"  # which control, which evidence
    CHANGES = "changes"  # what changes, when
    DEFINE = "define"  # what is X; a question of law
    WITHDRAW = "withdraw"  # a fact said before is taken back
    OUTSIDE = "outside"  # not a question that the graph can answer


@dataclass(frozen=True, slots=True)
class Premise:
    """Something that the question takes for granted and that can be held against the graph ("since Article 26 ended in 2025").

    ``claim`` is one of: applies, does_not_apply, applies_from, ended, repealed, exists.
    """

    span: Span
    about: str  # id of the norm, instrument or qualification
    claim: str
    value: str | None = None  # the day or number claimed


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was read from one message. ``norms``, ``instruments``, ``topics`` are what it names, by id, best first."""

    text: str
    intents: tuple[Intent, ...]
    readings: tuple[FactReading, ...] = ()
    as_of: date | None = None
    until: date | None = None  # the other day of a question about changes
    norms: tuple[NormId, ...] = ()
    instruments: tuple[str, ...] = ()
    provisions: tuple[tuple[str, str], ...] = ()  # (instrument, pinpoint) named
    qualifications: tuple[QualificationId, ...] = ()
    interpretations: tuple[InterpretationId, ...] = ()
    alike: tuple[InterpretationId, ...] | None = None  # questions of law near in meaning, nearest first; None: not compared
    decisions: tuple[int, ...] = ()
    premises: tuple[Premise, ...] = ()
    unknown_law: tuple[Span, ...] = ()  # names of law that the graph does not hold
    language: str = "en"
    notes: tuple[str, ...] = ()  # what was odd: too long and cut, two readings contradict ...


class ClaimKind(StrEnum):
    VERDICT = "verdict"
    DATE = "date"
    CONTROL = "control"
    INTERPRETATION = "interpretation"
    DEFINITION = "definition"
    CHANGE = "change"
    CORRECTION = "correction"  # of a false premise
    QUOTE = "quote"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, plain text without marks, and the passages (by number in the answer) on which it rests."""

    text: str
    citations: tuple[int, ...]
    kind: ClaimKind
    norms: tuple[NormId, ...] = ()
    heading: str | None = None  # the group under which it stands ("Decision 2: data governance and privacy")


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage as an answer shows it; ``n`` counts from 1. ``quote`` is verbatim from a loaded official text, or None."""

    n: int
    passage: Passage
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that verification took out, and why, in a closed word."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a composer hands to verification: sentences in order. A model's sentences carry the numbers it wrote in brackets.

    ``dropped`` and ``notes`` are what the composer left out itself and what a reader should know; they go into the answer.
    """

    claims: tuple[Claim, ...]
    source: str  # "composer" or the model's name
    notes: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What the engine and the search found for a question: all that an answer may rest on."""

    understanding: Understanding
    facts: Facts
    as_of: date
    assessment: Assessment
    passages: tuple[Citation, ...]
    comparison: Comparison | None = None
    difference: Difference | None = None
    questions: tuple[Question, ...] = ()
    hinges: tuple[Hinge, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """A question back to the user, with why it matters and the provision behind it."""

    fact: FactId
    ask: str
    terms: tuple[TermId, ...]
    settles: int
    because: str
    citation: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer: ``text`` is Markdown with ``[n]`` marks. A refused one has no claims, and ``reason`` says why."""

    text: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    understanding: Understanding
    facts: Facts
    as_of: date
    questions: tuple[AnswerQuestion, ...]
    assessment: Assessment
    refused: bool = False
    reason: str | None = None
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()  # "search is still building its index", "the model did not answer; composed without it"
    composer: str = "composer"
    comparison: Comparison | None = None
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation: what the user said, and what was made of it."""

    question: str
    understanding: Understanding
    facts: Facts
    answer: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Facts accumulate over turns; a later reading replaces an earlier one of the same fact, a withdrawal removes it."""

    id: str
    turns: tuple[Turn, ...] = ()
    facts: Mapping[FactId, FactAnswer] = field(default_factory=dict)
    as_of: date | None = None
    asked: Sequence[FactId] = ()
