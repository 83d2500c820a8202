"""Questions back: at most three, each with the reason in words and the provision that it would settle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from assistant.compose.wording import place
from assistant.model import AnswerQuestion
from kg_service.applicability.evaluate import Assessment, Status, Verdict
from kg_service.applicability.questions import Question
from kg_service.model import FactId, Knowledge, NormId, NormKind

MOST: Final = 3
_WEIGHT: Final = {NormKind.PROHIBITION: 3, NormKind.DUTY: 2, NormKind.EXPECTATION: 1}


def pick(questions: Sequence[Question], asked: Sequence[FactId], uncertain: Sequence[FactId]) -> tuple[Question, ...]:
    """At most three: what the user was unsure of, then what settles most; last what was asked before and not answered."""
    before, unsure = set(asked), set(uncertain)
    ranked = sorted(questions, key=lambda one: (one.fact.id in before, one.fact.id not in unsure))
    return tuple(ranked[:MOST])


def behind(question: Question, assessment: Assessment, order: Mapping[NormId, int]) -> Verdict | None:
    """The open norm that the answer would settle first: the fewest facts missing, then the gravest, then as ranked."""
    fact = question.fact.id
    waiting = [v for v in assessment.verdicts if v.status is Status.UNDETERMINED and fact in v.missing_facts]
    most = len(order)
    return min(
        waiting,
        key=lambda v: (len(v.missing_facts), -_WEIGHT.get(v.norm.kind, 0), order.get(v.norm.id, most)),
        default=None,
    )


def asked_back(law: Knowledge, question: Question, verdict: Verdict | None, number: int | None) -> AnswerQuestion:
    """The question as the answer shows it."""
    if verdict is None:
        because = "It matters for provisions that are still open."
    else:
        more = (
            f" and settles about {question.settles} open {'provision' if question.settles == 1 else 'provisions'}"
            if question.settles
            else ""
        )
        because = f"It decides whether {place(law, verdict.norm)} ({verdict.norm.title}) applies{more}."
    return AnswerQuestion(question.fact.id, question.ask, question.terms, question.settles, because, number)
