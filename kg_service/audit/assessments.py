"""The event of an assessment, and its replay: the same facts, day and knowledge give the same bytes again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from kg_service.applicability.evaluate import Assessment, Evaluator, Status
from kg_service.applicability.facts import parse_day, parse_facts, plain_facts
from kg_service.audit.canonical import canonical
from kg_service.audit.event import Draft, Event
from kg_service.errors import InputError, Problem
from kg_service.rest.views import assessment_view

RUN: Final = "assessment.run"


@dataclass(frozen=True, slots=True)
class Asked:
    """How an answer was to look: which verdicts, how proofs are written, how many next questions."""

    statuses: tuple[Status, ...]
    full_proofs: bool
    questions: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A past assessment, run again. ``same_body`` is None where the event has no hash of one (answers with quotes)."""

    body: bytes
    same_body: bool | None
    same_verdicts: bool
    knowledge_then: str
    knowledge_now: str
    code_then: str
    code_now: str

    @property
    def is_same(self) -> bool:
        """Whether all that can be compared is the same."""
        return self.same_verdicts and self.same_body is not False


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def body_of(evaluator: Evaluator, assessment: Assessment, asked: Asked) -> tuple[dict[str, Any], bytes]:
    """The answer of ``POST /api/v1/assessments``, as a view and as the bytes sent."""
    view = assessment_view(evaluator, assessment, asked.statuses, expand=asked.full_proofs, questions=asked.questions)
    return view, orjson.dumps(view)


def draft_of(assessment: Assessment, asked: Asked, body: bytes | None) -> Draft:
    """The event of an assessment. ``body`` is the answer without what is not of the law: quotes, the stored deployment."""
    facts = plain_facts(assessment.facts)
    question = sha256(orjson.dumps([facts, assessment.as_of.isoformat()], option=orjson.OPT_SORT_KEYS))
    after = {
        "facts": facts,
        "as_of": assessment.as_of.isoformat(),
        "statuses": [str(status) for status in asked.statuses],
        "proofs": "full" if asked.full_proofs else "compact",
        "questions": asked.questions,
        "body": None if body is None else sha256(body),
        "verdicts": sha256(_verdicts(assessment)),
    }
    return Draft(RUN, f"assessment/{question.removeprefix('sha256:')[:16]}", after=after, inputs={"facts": question})


def replay(evaluator: Evaluator, event: Event, code_now: str) -> Replayed:
    """The assessment of ``event``, run again with the knowledge of ``evaluator``.

    Raises:
        InputError: where the event is none of an assessment, or its facts do not fit this knowledge.
    """
    after = event.after
    if event.action != RUN or not isinstance(after, Mapping):
        told = f"event {event.seq} is {event.action!r}; only {RUN!r} can be replayed."
        raise InputError([Problem("SEQ", "not-an-assessment", told)])
    facts = parse_facts(evaluator.knowledge.facts, dict(after["facts"]), f"event {event.seq}/facts")
    assessment = evaluator.assess(facts, parse_day(after["as_of"], f"event {event.seq}/as_of"))
    asked = Asked(tuple(map(Status, after["statuses"])), after["proofs"] == "full", int(after["questions"]))
    _, body = body_of(evaluator, assessment, asked)
    return Replayed(
        body=body,
        same_body=None if after["body"] is None else sha256(body) == after["body"],
        same_verdicts=sha256(_verdicts(assessment)) == after["verdicts"],
        knowledge_then=event.knowledge_version,
        knowledge_now=evaluator.knowledge.version,
        code_then=event.code_version,
        code_now=code_now,
    )


def canonical_verdicts(assessment: Assessment) -> bytes:
    """What was found, without the way it is shown, as canonical JSON: status and missing facts of every norm, qualifications."""
    return canonical(_core(assessment))


def _verdicts(assessment: Assessment) -> bytes:
    """The same bytes as :func:`canonical_verdicts`, made five times as fast: the content is ASCII text, true, false and null."""
    return orjson.dumps(_core(assessment), option=orjson.OPT_SORT_KEYS)


def _core(assessment: Assessment) -> dict[str, Any]:
    return {
        "as_of": assessment.as_of.isoformat(),
        "qualifications": dict(assessment.qualifications),
        "verdicts": {verdict.norm.id: [str(verdict.status), *sorted(verdict.missing_facts)] for verdict in assessment.verdicts},
    }
