"""What an answer passes through, in the order in which it is told: for streaming. Everything told is verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from assistant.model import Answer, AnswerQuestion, Citation, Claim, Understanding
from kg_service.applicability.facts import Facts


@dataclass(frozen=True, slots=True)
class Status:
    doing: Literal["understanding", "determining", "searching", "writing"]


@dataclass(frozen=True, slots=True)
class FactsRead:
    """What was read from the words, and the facts that the answer rests on."""

    understanding: Understanding
    facts: Facts


@dataclass(frozen=True, slots=True)
class QuestionBack:
    question: AnswerQuestion


@dataclass(frozen=True, slots=True)
class VerifiedClaim:
    claim: Claim


@dataclass(frozen=True, slots=True)
class CitationShown:
    """A passage that the claim before it rests on, told once."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    answer: Answer


Step: TypeAlias = Status | FactsRead | QuestionBack | VerifiedClaim | CitationShown | Done
