"""Decision 4: which tests of bias and explanation are worth making for a deployment, why, and which norms they serve. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Status, Verdict
from kg_service.decisions.catalogue import FairnessTest
from kg_service.decisions.rules import holds, open_facts
from kg_service.model import FactId, Knowledge, NormId, NormKind

BINDING: Final = frozenset({NormKind.DUTY, NormKind.PROHIBITION, NormKind.RIGHT})


class Weight(StrEnum):
    """Why a test is worth making, the strongest first.

    ``asked``: a norm in effect asks for it in its text; ``serves``: its result helps to meet a duty or a prohibition in effect,
    which names no measure; ``expected``: the same of an expectation of a supervisor; ``advised``: the deployment is of the kind,
    and no norm in effect is served; ``open``: missing facts leave it open.
    """

    ASKED = "asked"
    SERVES = "serves"
    EXPECTED = "expected"
    ADVISED = "advised"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Applicable:
    """One test with the verdicts of the norms behind it (in effect or undetermined) and the facts that would settle it."""

    test: FairnessTest
    weight: Weight
    asks: tuple[Verdict, ...]
    serves: tuple[Verdict, ...]
    missing_facts: tuple[FactId, ...]


def applicable(knowledge: Knowledge, tests: Mapping[str, FairnessTest], assessment: Assessment) -> tuple[Applicable, ...]:
    """The tests worth making, those with the strongest reason first; those for other kinds of deployment are left out."""
    verdicts = {one.norm.id: one for one in assessment.verdicts}
    found = [one for test in tests.values() if (one := _one(knowledge, test, assessment, verdicts)) is not None]
    return tuple(sorted(found, key=lambda one: list(Weight).index(one.weight)))


def _one(
    knowledge: Knowledge, test: FairnessTest, assessment: Assessment, verdicts: Mapping[NormId, Verdict]
) -> Applicable | None:
    kind = holds(test.when, knowledge, assessment)
    if kind is False:
        return None
    asks, serves = (related(norms, verdicts) for norms in (test.asks, test.serves))
    missing = open_facts(test.when, knowledge, assessment) if kind is None else ()
    if kind is None:
        weight = Weight.OPEN
    elif any(one.status in IN_EFFECT for one in asks):
        weight = Weight.ASKED
    elif any(one.status in IN_EFFECT and one.norm.kind in BINDING for one in serves):
        weight = Weight.SERVES
    elif any(one.status in IN_EFFECT and one.norm.kind is NormKind.EXPECTATION for one in serves):
        weight = Weight.EXPECTED
    else:
        weight = Weight.ADVISED
    waiting = {fact for one in (*asks, *serves) for fact in one.missing_facts} | set(missing)
    return Applicable(test, weight, asks, serves, tuple(fact for fact in knowledge.facts if fact in waiting))


def related(norms: Iterable[NormId], verdicts: Mapping[NormId, Verdict]) -> tuple[Verdict, ...]:
    """The verdicts on ``norms`` that are in effect or undetermined, those in effect first."""
    found = [verdicts[norm] for norm in norms if norm in verdicts]
    open_last = (*IN_EFFECT, Status.UNDETERMINED)
    return tuple(sorted((one for one in found if one.status in open_last), key=lambda one: open_last.index(one.status)))
