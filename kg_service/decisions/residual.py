"""Residual risk: each relevant risk before controls, with those in place, and with those planned. Pure.

The process is that of ISO 31000:2018 (analyse, evaluate, treat, look at what remains); the level of a pair of likelihood and
impact is read from the matrix of NIST SP 800-30 Rev. 1 (2012), table I-2. How much a control takes away is a convention of this
tool, said openly: a tested control one step, one in place half a step, at most :data:`MOST` steps together, never below 1.
Controls that answer to harm lower the impact, all others the likelihood. A half step that is left over counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kg_service.applicability.evaluate import Assessment
from kg_service.decisions.catalogue import LEVELS, RiskData, RiskProfile
from kg_service.decisions.controls import ControlRecord, ControlState, Records
from kg_service.decisions.reading import Reading, present, step
from kg_service.decisions.rules import holds, open_facts
from kg_service.model import Control, ControlId, FactId, Knowledge, Risk, RiskId

MOST: Final = 3
STEPS: Final = {ControlState.TESTED: Fraction(1), ControlState.IN_PLACE: Fraction(1, 2)}
METHOD: Final = (
    "Process of ISO 31000:2018; levels by NIST SP 800-30 Rev. 1, table I-2. Inherent levels are starting values with reasons. "
    "A tested control takes one step, one in place half a step, at most three steps together and never below 1; failed controls "
    "take none, and old evidence halves. How much a control takes away is a convention, not a measurement."
)


class Level(StrEnum):
    VERY_LOW = "very low"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    VERY_HIGH = "very high"


_V, _L, _M, _H, _X = Level
# NIST SP 800-30 Rev. 1, table I-2: rows by likelihood from 1 to 5, columns by impact from 1 to 5.
MATRIX: Final = ((_V, _V, _V, _L, _L), (_V, _L, _L, _L, _M), (_V, _L, _M, _M, _H), (_V, _L, _M, _H, _X), (_V, _L, _M, _H, _X))


@dataclass(frozen=True, slots=True)
class Grade:
    """Likelihood and impact, each from 1 to 5."""

    likelihood: int
    impact: int

    @property
    def level(self) -> Level:
        return MATRIX[self.likelihood - 1][self.impact - 1]

    @property
    def score(self) -> int:
        """Their product: for sorting, it measures nothing."""
        return self.likelihood * self.impact


@dataclass(frozen=True, slots=True)
class Override:
    """A grade that the institution sets in place of the inherent one, with its reason."""

    grade: Grade
    because: str


@dataclass(frozen=True, slots=True)
class Mitigation:
    """One control that bears on the risk; ``steps`` is what it takes away now, of the impact or of the likelihood."""

    control: ControlId
    record: ControlRecord | None
    on_impact: bool
    steps: Fraction


@dataclass(frozen=True, slots=True)
class Residual:
    """One risk. ``relevant`` is None where unanswered facts (``open_facts``) leave it open; it is then shown as if it were.

    ``target`` is what remains once the planned controls are in place too; it promises nothing.
    """

    risk: Risk
    relevant: bool | None
    open_facts: tuple[FactId, ...]
    inherent: Grade
    reasons: tuple[str, ...]
    override: str | None
    mitigations: tuple[Mitigation, ...]
    residual: Grade
    target: Grade


def residual_risks(
    knowledge: Knowledge,
    data: RiskData,
    assessment: Assessment,
    records: Records,
    overrides: Mapping[RiskId, Override] | None = None,
) -> tuple[Residual, ...]:
    """Every risk relevant to the facts, the greatest remaining first."""
    own = overrides or {}
    mitigating: dict[RiskId, list[Control]] = {}
    for control in knowledge.controls.values():
        for name in control.mitigates:
            mitigating.setdefault(name, []).append(control)
    found = []
    for risk_id, risk in knowledge.risks.items():
        profile = data.profiles.get(risk_id)
        if profile is None:
            continue
        relevant = holds(profile.relevant, knowledge, assessment)
        if relevant is False and risk_id not in own:
            continue
        found.append(_residual(knowledge, data, assessment, records, profile, relevant, own.get(risk_id), risk, mitigating))
    return tuple(sorted(found, key=_order))


def parse_overrides(raw: object, knowledge: Knowledge, at: str = "/risks") -> dict[RiskId, Override]:
    """Grades of the institution by risk: ``likelihood``, ``impact`` and ``because``, all three.

    Raises:
        InputError: with every problem found.
    """
    reading = Reading()
    found: dict[RiskId, Override] = {}
    keys = ("likelihood", "impact", "because")
    for name, entry in reading.mapping(raw, at, knowledge.risks).items():
        spot = f"{at}/{step(name)}"
        given = reading.mapping(entry, spot, keys, keys)
        levels = (reading.whole(present(given.get(key), 1), f"{spot}/{key}", 1, 5, "a level from 1 to 5") for key in keys[:2])
        found[RiskId(name)] = Override(Grade(*levels), reading.text(present(given.get("because"), "?"), f"{spot}/because"))
    reading.done()
    return found


def inherent(profile: RiskProfile, knowledge: Knowledge, assessment: Assessment) -> tuple[Grade, tuple[str, ...]]:
    """The grade before controls with its reasons; what cannot be told does not raise it."""
    likelihood, impact, reasons = profile.likelihood, profile.impact, [profile.because]
    for one in profile.raises:
        if holds(one.when, knowledge, assessment):
            likelihood, impact = likelihood + one.likelihood, impact + one.impact
            reasons.append(one.because)
    return Grade(min(likelihood, LEVELS[-1]), min(impact, LEVELS[-1])), tuple(reasons)


def steps_of(record: ControlRecord | None, as_of: date) -> Fraction:
    """What a control in that state takes away; half of it where its evidence is older than its period."""
    if record is None or not record.counts:
        return Fraction(0)
    return STEPS[record.state] / (2 if record.stale(as_of) else 1)


def lowered(grade: Grade, on_likelihood: Fraction, on_impact: Fraction) -> Grade:
    """``grade`` less whole steps (halves are cut off), at most :data:`MOST` together; those on the likelihood come first."""
    first = min(int(on_likelihood), MOST)
    second = min(int(on_impact), MOST - first)
    return Grade(max(1, grade.likelihood - first), max(1, grade.impact - second))


def _residual(
    knowledge: Knowledge,
    data: RiskData,
    assessment: Assessment,
    records: Records,
    profile: RiskProfile,
    relevant: bool | None,
    override: Override | None,
    risk: Risk,
    mitigating: Mapping[RiskId, Iterable[Control]],
) -> Residual:
    grade, reasons = inherent(profile, knowledge, assessment)
    if override is not None:
        grade, reasons = override.grade, ()
    mitigations = tuple(
        Mitigation(one.id, records.get(one.id), one.id in data.respond, steps_of(records.get(one.id), assessment.as_of))
        for one in mitigating.get(risk.id, ())
    )
    planned = ControlRecord(ControlState.IN_PLACE)
    later = tuple(
        steps_of(planned, assessment.as_of) if one.record is not None and one.record.state is ControlState.PLANNED else one.steps
        for one in mitigations
    )
    now = [sum((one.steps for one in mitigations if one.on_impact is on), Fraction(0)) for on in (False, True)]
    then = [
        sum((steps for one, steps in zip(mitigations, later, strict=True) if one.on_impact is on), Fraction(0))
        for on in (False, True)
    ]
    return Residual(
        risk,
        relevant,
        () if relevant is not None else open_facts(profile.relevant, knowledge, assessment),
        grade,
        reasons,
        None if override is None else override.because,
        mitigations,
        lowered(grade, *now),
        lowered(grade, *then),
    )


def _order(one: Residual) -> tuple[int, int, int, str]:
    rank = list(Level).index(one.residual.level)
    return (-rank, -one.residual.score, -one.inherent.score, one.risk.id)
