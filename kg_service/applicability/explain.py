"""Proofs: why a verdict is what it is, for *no* and *cannot tell* as much as for *yes*.

A proof keeps what decides and leaves out what does not matter: of an *all* that fails, the parts that fail; of an *any* that
holds, the parts that hold; of an unknown one, the parts that are unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from kg_service.applicability.condition import Leaf, plain
from kg_service.applicability.evaluate import Assessment, Evaluator, Verdict
from kg_service.applicability.facts import Answer, Facts, plain_answer
from kg_service.applicability.program import ALL, ANY, FALSE, NOT, TRUE, UNKNOWN, Program, Truth
from kg_service.model import QualificationId

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"


class Because(StrEnum):
    """Why a leaf has its value."""

    ANSWERED = "answered"  # the answer meets the condition, or rules it out
    UNANSWERED = "unanswered"  # nobody said
    TOO_GENERAL = "too_general"  # the answer stands above the term asked for


_ANSWERED, _UNANSWERED, _TOO_GENERAL = Because.ANSWERED, Because.UNANSWERED, Because.TOO_GENERAL
_TRUTHS = (False, None, True)


class Proof(NamedTuple):
    """One step. ``kind`` is ``all``, ``any``, ``not``, ``is`` or ``fact``; ``parts`` hold the steps that decide it."""

    kind: str
    value: bool | None
    parts: tuple[Proof, ...] = ()
    qualification: QualificationId | None = None
    leaf: Leaf | None = None
    answer: Answer | None = None
    because: Because | None = None


_NOTHING = Proof("all", True)


class VerdictProof(NamedTuple):
    """The whole proof of a verdict: its condition, its exception (None where the norm has none) and the day asked about."""

    verdict: Verdict
    condition: Proof
    unless: Proof | None
    as_of: date


class Explainer:
    """Holds the proofs of one assessment; a step that several norms share is one object."""

    def __init__(self, evaluator: Evaluator, assessment: Assessment) -> None:
        self._program: Program = evaluator.program
        self._as_of = assessment.as_of
        self._steps = _steps(evaluator.program, assessment.values, assessment.facts)

    def verdict(self, verdict: Verdict) -> VerdictProof:
        """The proof of ``verdict``, which must be one of the assessment's."""
        norm_id = verdict.norm.id
        unless = self._program.unless.get(norm_id)
        condition = self._steps[self._program.applies[norm_id]]
        return VerdictProof(verdict, condition, None if unless is None else self._steps[unless], self._as_of)

    def qualification(self, qualification: QualificationId) -> Proof:
        """The proof of a qualification's value; its ``parts`` hold the condition behind it."""
        return self._steps[self._program.qualifications[qualification]]


def _steps(program: Program, values: Sequence[Truth], facts: Facts) -> list[Proof]:
    """The proof of every node, by position."""
    nodes = program.nodes
    steps: list[Proof] = [_NOTHING] * len(nodes)
    for fact, positions in program.leaves.items():
        answer = facts.get(fact)
        for place in positions:
            value = values[place]
            because = _UNANSWERED if answer is None else _TOO_GENERAL if value == UNKNOWN else _ANSWERED
            steps[place] = Proof("fact", _TRUTHS[value], (), None, nodes[place].leaf, answer, because)
    for place, op, parts in program.inner:
        value = values[place]
        if op in (ALL, ANY):
            if value == (TRUE if op == ALL else FALSE):
                deciding = [steps[part] for part in parts]
            else:
                deciding = [steps[part] for part in parts if values[part] == value]
            steps[place] = Proof("all" if op == ALL else "any", _TRUTHS[value], tuple(deciding))
        elif op == NOT:
            steps[place] = Proof("not", _TRUTHS[value], (steps[parts[0]],))
        else:
            steps[place] = Proof("is", _TRUTHS[value], (steps[parts[0]],), nodes[place].qualification)
    return steps


def proof(evaluator: Evaluator, assessment: Assessment, norm_id: str) -> VerdictProof:
    """The proof of the verdict on one norm.

    Raises:
        NotFoundError: where there is no such norm, naming the nearest.
    """
    norm = evaluator.norm(norm_id)
    verdict = next(verdict for verdict in assessment.verdicts if verdict.norm.id == norm.id)
    return Explainer(evaluator, assessment).verdict(verdict)


def step_view(step: Proof, *, expand: bool) -> dict[str, Json]:
    """``step`` as JSON: one of ``all``, ``any``, ``not``, ``is``, ``fact``, each with its ``value``.

    Without ``expand`` a qualification is named and not entered: its own proof stands beside the verdicts.
    """
    if step.kind == "fact" and step.leaf is not None:
        asks = plain(step.leaf)[step.leaf.fact]
        answer = None if step.answer is None else plain_answer(step.answer)
        return {
            "fact": step.leaf.fact,
            "asks": asks,  # type: ignore[dict-item]
            "answer": answer,  # type: ignore[dict-item]
            "value": step.value,
            "because": step.because,
        }
    if step.kind == "is":
        view: dict[str, Json] = {"is": step.qualification, "value": step.value}
        if expand:
            view["proof"] = step_view(step.parts[0], expand=True)
        return view
    if step.kind == "not":
        return {"not": step_view(step.parts[0], expand=expand), "value": step.value}
    return {step.kind: [step_view(part, expand=expand) for part in step.parts], "value": step.value}
