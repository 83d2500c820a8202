"""Open conclusions on which open norms hang: held against what the engine says once everything is answered."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

import pytest

from kg_service.applicability.evaluate import IN_EFFECT, Evaluator
from kg_service.applicability.facts import Answer, Facts, parse_facts
from kg_service.applicability.hinges import LEAST, Hinge, hinges
from kg_service.model import Fact, FactId, FactKind, Knowledge

DAY = date(2026, 11, 23)
GERMAN_BANK = {
    "established_in": ["de"],
    "institution": ["credit_institution"],
    "use_case": ["creditworthiness_assessment"],
    "product": ["consumer_credit"],
    "affected": ["consumer"],
    "technology": ["generative_ai"],
    "model_source": "proprietary_api",
    "hosting": "public_cloud",
    "audience": ["staff"],
}
VOICE_BOT = {
    "established_in": ["fr"],
    "persons_in": ["fr"],
    "institution": ["insurer"],
    "use_case": ["customer_service_chat"],
    "channel": ["inbound_voice"],
    "technology": ["generative_ai"],
}


def _answer(fact: Fact, draw: random.Random) -> Answer:
    terms = list(fact.terms)
    if fact.kind is FactKind.FLAG:
        return draw.random() < 0.5
    if fact.kind is FactKind.ONE:
        return frozenset({draw.choice(terms)})
    if fact.kind is FactKind.TERMS:
        return frozenset(draw.sample(terms, min(len(terms), draw.choice((0, 1, 1, 2, 4)))))
    if fact.kind is FactKind.DATE:
        return date(draw.randint(2020, 2030), draw.randint(1, 12), 1)
    return float(draw.choice((0, 1, 3, 10, 50, 100, 400)))


def _completed(schema: Mapping[FactId, Fact], facts: Facts, hinge: Hinge, draw: random.Random) -> Facts:
    """``facts`` with an answer to what the conclusion waits for and to about half of everything else."""
    wanted = {name for name in schema if name in hinge.missing or draw.random() < 0.5}
    return {**facts, **{name: _answer(schema[name], draw) for name in schema if name in wanted and name not in facts}}


@pytest.mark.parametrize("plain", [GERMAN_BANK, VOICE_BOT], ids=["German bank", "French insurer"])
def test_no_norm_applies_once_the_conclusion_on_which_it_hangs_does_not_hold(
    law: Knowledge, evaluator: Evaluator, plain: dict[str, object]
) -> None:
    """Hundreds of ways to answer the rest, seen by the engine alone."""
    facts, draw = parse_facts(law.facts, plain), random.Random(4)  # noqa: S311
    found = hinges(evaluator, evaluator.assess(facts, DAY))
    fallen = 0
    for hinge in found:
        for _ in range(60):
            whole = evaluator.assess(_completed(law.facts, facts, hinge, draw), DAY)
            if whole.qualifications[hinge.qualification] is not False:
                continue
            fallen += 1
            assert not {v.norm.id for v in whole.verdicts if v.status in IN_EFFECT} & set(hinge.norms)
    assert found
    assert fallen


def test_high_risk_is_what_the_credit_assistant_of_a_german_bank_hangs_on(law: Knowledge, evaluator: Evaluator) -> None:
    """Annex III point 5(b) names the use; whether the derogation of Art 6(3) is open depends on the task of the model."""
    first = hinges(evaluator, evaluator.assess(parse_facts(law.facts, GERMAN_BANK), DAY))[0]
    assert first.qualification == "eu-ai-act/high-risk-system"
    assert FactId("task_nature") in first.missing
    assert {"eu-ai-act/art-26-par-1", "eu-ai-act/art-9"} & {str(name) for name in first.norms}


def test_nothing_hangs_where_everything_is_answered(law: Knowledge, evaluator: Evaluator) -> None:
    """An empty answer to every list and a plain one to every other fact leaves no conclusion open."""
    plain: dict[FactId, Answer] = {}
    for name, fact in law.facts.items():
        kinds: dict[FactKind, Answer] = {FactKind.TERMS: frozenset(), FactKind.FLAG: False, FactKind.DATE: DAY}
        plain[name] = frozenset(list(fact.terms)[:1]) if fact.kind is FactKind.ONE else kinds.get(fact.kind, 1.0)
    assert hinges(evaluator, evaluator.assess(plain, DAY)) == ()


def test_no_two_hinges_carry_the_same_norms(law: Knowledge, evaluator: Evaluator) -> None:
    """Each stands for provisions of its own, at least a handful."""
    found = hinges(evaluator, evaluator.assess(parse_facts(law.facts, GERMAN_BANK), DAY), limit=9)
    for place, one in enumerate(found):
        assert len(one.norms) >= LEAST
        for other in found[:place]:
            assert set(one.norms) != set(other.norms)
