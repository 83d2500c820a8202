"""Proofs: why a verdict is what it is, for *no* and *cannot tell* as much as for *yes*.

A proof keeps what decides and leaves out what does not matter: of an *all* that fails, the parts that fail; of an *any* that
holds, the parts that hold; of an unknown one, the parts that are unknown.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from kg_service.applicability.condition import Leaf, plain
from kg_service.applicability.evaluate import Assessment, Evaluator, Verdict
from kg_service.applicability.facts import Answer, Facts, plain_answer
from kg_service.applicability.program import FALSE, TRUE, Node, Op, Program, Truth, truth
from kg_service.model import FactId, LegalStatus, QualificationId

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"


class Because(StrEnum):
    """Why a leaf has its value."""

    ANSWERED = "answered"  # the answer meets the condition, or rules it out
    UNANSWERED = "unanswered"  # nobody said
    TOO_GENERAL = "too_general"  # the answer stands above the term asked for


class Proof(NamedTuple):
    """One step. ``kind`` is ``all``, ``any``, ``not``, ``is`` or ``fact``; ``parts`` hold the steps that decide it."""

    kind: str
    value: bool | None
    parts: tuple[Proof, ...] = ()
    qualification: QualificationId | None = None
    leaf: Leaf | None = None
    answer: Answer | None = None
    because: Because | None = None


class Timing(NamedTuple):
    """What the calendar adds to a verdict whose condition holds."""

    applies_from: date | None
    applies_until: date | None
    pending: bool
    as_of: date


class VerdictProof(NamedTuple):
    """The whole proof of a verdict: its condition, its exception (None where the norm has none) and the calendar."""

    verdict: Verdict
    condition: Proof
    unless: Proof | None
    timing: Timing


class Explainer:
    """Makes the proofs of one assessment; steps shared by several norms are made once."""

    def __init__(self, evaluator: Evaluator, assessment: Assessment) -> None:
        self._program: Program = evaluator.program
        self._facts: Facts = assessment.facts
        self._as_of = assessment.as_of
        self._values = assessment.values
        self._made: dict[int, Proof] = {}

    def verdict(self, verdict: Verdict) -> VerdictProof:
        """The proof of ``verdict``, which must be one of the assessment's."""
        norm = verdict.norm
        unless = self._program.unless.get(norm.id)
        return VerdictProof(
            verdict=verdict,
            condition=self._step(self._program.applies[norm.id]),
            unless=None if unless is None else self._step(unless),
            timing=Timing(
                applies_from=None if norm.applies_from is None else norm.applies_from.day,
                applies_until=None if norm.applies_until is None else norm.applies_until.day,
                pending=norm.legal_status is LegalStatus.PENDING,
                as_of=self._as_of,
            ),
        )

    def qualification(self, qualification: QualificationId) -> Proof:
        """The proof of a qualification's value; its ``parts`` hold the condition behind it."""
        return self._step(self._program.qualifications[qualification])

    def _step(self, position: int) -> Proof:
        made = self._made.get(position)
        if made is None:
            made = self._made[position] = self._make(position)
        return made

    def _make(self, position: int) -> Proof:
        node = self._program.nodes[position]
        value = self._values[position]
        if node.op == Op.LEAF and node.leaf is not None:
            return self._leaf(node.leaf, value)
        if node.op == Op.IS:
            return Proof("is", truth(value), (self._step(node.parts[0]),), qualification=node.qualification)
        if node.op == Op.NOT:
            return Proof("not", truth(value), (self._step(node.parts[0]),))
        kind = "all" if node.op == Op.ALL else "any"
        return Proof(kind, truth(value), tuple(map(self._step, self._deciding(node, value))))

    def _deciding(self, node: Node, value: Truth) -> tuple[int, ...]:
        if value == (TRUE if node.op == Op.ALL else FALSE):
            return node.parts
        return tuple(part for part in node.parts if self._values[part] == value)

    def _leaf(self, leaf: Leaf, value: Truth) -> Proof:
        answer = self._facts.get(FactId(leaf.fact))
        settled = Because.ANSWERED if value in (TRUE, FALSE) else Because.TOO_GENERAL
        because = Because.UNANSWERED if answer is None else settled
        return Proof("fact", truth(value), leaf=leaf, answer=answer, because=because)


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
