"""On which open conclusion the open norms hang: "high-risk AI system" before the forty provisions that rest on it.

A norm hangs on a conclusion where it cannot apply, whatever else is answered, once that conclusion turns out not to hold. That is
read off the shared nodes in one pass: for each unknown node the conclusions whose fall makes it false, and those whose fall makes
it true. What is found is sound; a norm that falls by two branches together, which no single conclusion decides, is not found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kg_service.applicability.evaluate import Assessment, Evaluator, Status
from kg_service.applicability.program import ALL, ANY, IS, NOT, UNKNOWN
from kg_service.model import FactId, NormId, QualificationId

LEAST: Final = 5  # fewer norms than that are told by themselves


@dataclass(frozen=True, slots=True)
class Hinge:
    """A conclusion that cannot be told: ``norms`` (all undetermined) do not apply unless it holds, ``missing`` settle it."""

    qualification: QualificationId
    missing: tuple[FactId, ...]
    norms: tuple[NormId, ...]


def hinges(evaluator: Evaluator, assessment: Assessment, limit: int = 3) -> tuple[Hinge, ...]:
    """At most ``limit`` conclusions, the one on which most undetermined norms hang first; no two for the same norms.

    Of conclusions that contain each other (in scope, high-risk, provider of such a system) the one is taken that says most: that
    on which most facts bear, while more than half of the norms still hang on it.
    """
    hanging = _hanging(evaluator, assessment)
    missing = {name: _missing(evaluator, assessment, name) for name in hanging}
    found: list[Hinge] = []
    told: set[NormId] = set()
    for _, norms in sorted(hanging.items(), key=lambda pair: -len(pair[1])):
        if len(norms) < LEAST or 2 * len(norms.keys() - told) <= len(norms):
            continue
        inner = [name for name, held in hanging.items() if held.keys() <= norms.keys() and 2 * len(held) > len(norms)]
        best = max(inner, key=lambda name: (len(missing[name]), len(hanging[name])))
        told |= norms.keys()
        found.append(Hinge(best, missing[best], tuple(hanging[best])))
        if len(found) == limit:
            break
    return tuple(found)


def _hanging(evaluator: Evaluator, assessment: Assessment) -> dict[QualificationId, dict[NormId, None]]:
    """For each unknown conclusion the undetermined norms that hang on it, in the order of the law's files."""
    program = evaluator.program
    falls, rises = _turns(evaluator, assessment)
    bits = list(program.qualifications)
    hanging: dict[QualificationId, dict[NormId, None]] = {}
    for verdict in assessment.verdicts:
        if verdict.status is not Status.UNDETERMINED:
            continue
        unless = program.unless.get(verdict.norm.id)
        where = falls[program.applies[verdict.norm.id]] | (0 if unless is None else rises[unless])
        while where:
            low = where & -where
            hanging.setdefault(bits[low.bit_length() - 1], {})[verdict.norm.id] = None
            where ^= low
    return hanging


def _turns(evaluator: Evaluator, assessment: Assessment) -> tuple[list[int], list[int]]:
    """For each node, as bits, the conclusions whose fall makes it false, and those whose fall makes it true."""
    program, values = evaluator.program, assessment.values
    bit = {name: 1 << place for place, name in enumerate(program.qualifications)}
    falls, rises = [0] * len(program.nodes), [0] * len(program.nodes)
    for place, node in enumerate(program.nodes):
        parts = [part for part in node.parts if values[part] == UNKNOWN]
        if values[place] != UNKNOWN or not parts:
            continue
        first, last = falls[parts[0]], rises[parts[0]]
        for part in parts[1:]:
            if node.op == ALL:  # one part that falls is enough; to rise, all parts must
                first, last = first | falls[part], last & rises[part]
            elif node.op == ANY:
                first, last = first & falls[part], last | rises[part]
        if node.op == NOT:
            first, last = last, first
        elif node.op == IS and node.qualification is not None:
            first |= bit[node.qualification]
        falls[place], rises[place] = first, last
    return falls, rises


def _missing(evaluator: Evaluator, assessment: Assessment, name: QualificationId) -> tuple[FactId, ...]:
    return evaluator.missing(assessment, evaluator.program.qualifications[name])
