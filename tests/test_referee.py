"""HermiT and our evaluator agree on random deployments. ``SEXTANT_REFEREE=full`` (``make referee``) runs the whole of it."""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random

import pytest
from owl_sample import DAY, FACTS, norm, qualification
from owl_sample import law as sample_law

from kg_service import ids
from kg_service.applicability.condition import All, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn
from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.program import closure
from kg_service.model import FactKind, Knowledge, Norm
from kg_service.owl.ontology import owl_document
from kg_service.owl.reasoner import Reasoner
from kg_service.owl.referee import Report, referee

LATER = DAY + timedelta(days=40)
FULL = os.environ.get("SEXTANT_REFEREE") == "full"
EACH = 12 if FULL else 2
SEED = int(os.environ.get("SEXTANT_REFEREE_SEED", "0"))


@pytest.fixture(scope="module")
def report(law: Knowledge, reasoner: Reasoner) -> Report:
    """Every norm of the law, each on a few random deployments."""
    found = referee(law, reasoner, law.norms.values(), EACH, SEED)
    print(found)  # noqa: T201 - shown by pytest -s, and where the run fails
    return found


def test_they_agree(report: Report) -> None:
    """True is entailed, false is refuted, unknown is neither unless every case agrees; at least a thousand pairs."""
    assert not report.disagreements, "\n".join(map(str, report.disagreements[:20]))
    assert report.pairs >= 1000
    assert {True, False, None} <= {finding.hermit for finding in report.findings}


def test_every_norm_and_qualification_is_compared(law: Knowledge, report: Report) -> None:
    """None is left out: each norm's condition, each exemption, and each qualification on which a norm rests."""
    rests = {name for one in law.norms.values() for part in _conditions(one) for name in closure(law, part)}
    assert set(report.values("condition")) == set(law.norms)
    assert set(report.values("unless")) == {one.id for one in law.norms.values() if one.unless is not None}
    assert set(report.values("qualification")) == rests


def test_complete_deployments_are_settled_and_equal(report: Report) -> None:
    """With every fact answered by the lowest terms, open and closed world are the same, without exception."""
    complete = [finding for finding in report.findings if finding.deployment.complete]
    assert len(complete) > len(report.findings) // 4
    assert all(finding.ours is finding.hermit is not None for finding in complete)


def test_open_world_settles_more_only_where_cases_prove_it(report: Report) -> None:
    """Where we say unknown and HermiT does not, splitting the cases gives HermiT's answer; such findings are few."""
    more = [finding for finding in report.findings if finding.ours is None and finding.hermit is not None]
    assert all(finding.proved is finding.hermit for finding in more)
    assert len(more) < len(report.findings) // 100


def test_verdict_follows_from_what_was_compared(law: Knowledge, evaluator: Evaluator, report: Report) -> None:
    """What the referee confirms of condition and exemption is what the verdict of a whole assessment rests on."""
    today = next(one.applies_from.day for one in law.norms.values() if one.applies_from is not None)
    binding = (Status.APPLIES, Status.UPCOMING, Status.ENDED)
    for finding in report.findings[:: len(report.findings) // 60]:
        if finding.subject.part == "norm" and finding.hermit is not None and not finding.richer:
            verdicts = {verdict.norm.id: verdict.status for verdict in evaluator.assess(finding.deployment.facts, today).verdicts}
            assert (verdicts[finding.subject.name] in binding) is finding.hermit  # type: ignore[index]


@pytest.mark.skipif(not FULL, reason="the whole referee takes minutes: make referee")
def test_each_value_was_reached(report: Report) -> None:
    """Each condition, and each norm with an exemption, came out true somewhere; nearly all also false and unknown."""
    for part in ("condition", "norm"):
        values = report.values(part)
        assert [name for name, found in values.items() if True not in found] == []
        assert sum(found == {True, False, None} for found in values.values()) > 0.9 * len(values)


def test_no_norm_is_impossible(law: Knowledge, reasoner: Reasoner) -> None:
    """The whole ontology is consistent, and each norm class (in the short run each fortieth) can have a member."""
    asked = [ids.norm_class(name) for name in law.norms] + [ids.qualification_class(name) for name in law.qualifications]
    answers = reasoner.satisfiable([owl_document(law).decode()], asked if FULL else asked[::40], seconds=1800)[0]
    assert [name for name, possible in answers.items() if not possible] == []


def _conditions(one: Norm) -> list[Condition]:
    return [part for part in (one.applies_when, one.unless) if part is not None]


def random_leaf(random: Random) -> Condition:
    """A leaf over one of the sample's facts."""
    fact = FACTS[random.choice(sorted(FACTS))]
    low = float(random.randint(0, 3))
    match fact.kind:
        case FactKind.FLAG:
            return Flag(fact.id, value=random.random() < 0.5)
        case FactKind.NUMBER:
            ranges = [{"min": low}, {"above": low}, {"min": low, "below": low + 1}, {"above": low, "max": low + 1}, {"max": low}]
            return NumberIn(fact.id, **random.choice(ranges))
        case FactKind.DATE:
            return DateIn(fact.id, **random.choice([{"start": DAY}, {"before": LATER}, {"start": DAY, "before": LATER}]))
        case _:
            return HasTerm(fact.id, tuple(random.sample(sorted(fact.terms), k=random.randint(1, 2))))


def random_condition(random: Random, depth: int, names: tuple[str, ...] = ("q/one", "q/two")) -> Condition:
    """A condition of any shape the language has; rests on the qualifications of ``names``."""
    if depth == 0 or random.random() < 0.25:
        return random_leaf(random)
    if names and random.random() < 0.15:
        return Is(random.choice(names))
    if random.random() < 0.25:
        return Not(random_condition(random, depth - 1, names))
    parts = tuple(random_condition(random, depth - 1, names) for _ in range(random.randint(2, 3)))
    return random.choice([All, AnyOf])(parts)


def test_they_agree_on_conditions_that_no_law_has(reasoner: Reasoner) -> None:
    """Random conditions of every shape, contradictions and tautologies among them, mean the same to both."""
    random = Random(SEED)  # noqa: S311 - no secret
    norms = [
        norm(f"n{number}", random_condition(random, 3), random_condition(random, 2) if number % 3 == 0 else None)
        for number in range(400 if FULL else 60)
    ]
    one = qualification("q/one", random_condition(random, 2, ()), random_condition(random, 1, ()))
    two = qualification("q/two", AnyOf((Is("q/one"), random_condition(random, 1, ()))))
    found = referee(sample_law(norms, (one, two)), reasoner, norms, 4, SEED)
    assert not found.disagreements, "\n".join(map(str, found.disagreements[:20]))
    assert {(finding.ours, finding.hermit) for finding in found.findings} >= {(True, True), (False, False), (None, None)}
    assert found.richer
