"""Why a verdict is what it is, from its proof, in the ontology's words: facts, conclusions, what is missing."""

from __future__ import annotations

from typing import Final

from assistant.compose.material import Material
from assistant.verify.sayings import answer_words, terms_words
from kg_service.applicability.condition import HasTerm
from kg_service.applicability.explain import Because, Proof
from kg_service.model import FactId, Norm

_MOST: Final = 4


def because(material: Material, norm: Norm) -> str:
    """What decides the condition of ``norm``; empty where it holds for everybody."""
    proof = material.explainer.verdict(material.verdicts[norm.id])
    return _joined(steps(material, proof.condition))


def freed(material: Material, norm: Norm) -> str:
    """What frees from ``norm``, as the end of a sentence."""
    proof = material.explainer.verdict(material.verdicts[norm.id])
    why = "" if proof.unless is None else _joined(steps(material, proof.unless))
    return f", because {why}" if why else ""


def steps(material: Material, step: Proof, depth: int = 2) -> list[str]:
    """The conclusions and facts that decide ``step``; a conclusion is followed by what decides it, down to ``depth``."""
    match step.kind:
        case "all" | "any":
            enough = (step.kind == "any") == (step.value is True)
            parts = step.parts[:1] if enough else step.parts
            return list(dict.fromkeys(text for part in parts for text in steps(material, part, depth)))
        case "not":
            return steps(material, step.parts[0], depth)
        case "is" if step.qualification is not None:
            label = material.law.qualifications[step.qualification].label
            held = {True: "is met", False: "is not met", None: "is open"}[step.value]
            below = steps(material, step.parts[0], depth - 1) if depth > 1 else []
            own = f"{label} {held}"
            return [f"{own} ({'; '.join(below[:_MOST])})" if below else own]
        case _:
            return [_leaf(material, step)] if step.leaf is not None else []


def _leaf(material: Material, step: Proof) -> str:
    leaf = step.leaf
    if leaf is None:
        return ""
    fact = material.law.facts[FactId(leaf.fact)]
    if step.answer is None:
        return f"{fact.labels.label}: not answered"
    said = answer_words(fact, step.answer)
    if step.because is Because.ANSWERED and step.value:
        return said
    wanted = terms_words(fact, leaf.terms) if isinstance(leaf, HasTerm) else ""
    return f"{said}, asked for: {wanted}" if wanted else said


def _joined(found: list[str]) -> str:
    more = len(found) - _MOST
    return "; ".join(found[:_MOST]) + (f"; and {more} more" if more > 0 else "")
