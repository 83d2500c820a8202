"""The answers in words and the engine's verdicts say the same: each case is the question as facts, with what the law says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kg_service.applicability.evaluate import Assessment, Evaluator
from kg_service.applicability.facts import parse_facts
from kg_service.model import InterpretationId, NormId, QualificationId

TODAY, LATER = date(2026, 11, 23), date(2027, 12, 2)
BANK: dict[str, Any] = {
    "established_in": ["de"], "persons_in": ["de"], "marketed_in": [], "institution": ["credit_institution"],
    "technology": ["traditional_ml"], "model_source": "trained_in_house", "stage": "production", "affected": ["consumer"],
    "use_case": ["creditworthiness_assessment"], "product": ["consumer_credit"], "data": ["personal"],
    "task_nature": ["scores_persons", "profiles_persons"], "automation": "human_decides_with_advice", "technique": [],
    "effect": "legal_or_similarly_significant",
}  # fmt: skip
US: dict[str, Any] = {
    **BANK,
    "established_in": ["us"],
    "persons_in": ["us"],
    "institution": ["national_bank"],
    "total_assets_usd_bn": 100,
}


def assessed(evaluator: Evaluator, facts: dict[str, Any], day: date = TODAY) -> Assessment:
    return evaluator.assess(parse_facts(evaluator.knowledge.facts, facts), day)


# Interpretation, the question as facts, a qualification it rests on, and whether that holds.
QUALIFIED: list[tuple[str, dict[str, Any], str, bool]] = [
    ("eu-ai-act/fraud-detection", {**BANK, "use_case": ["fraud_detection"]}, "eu-ai-act/annex-iii-credit", False),
    (
        "eu-ai-act/sole-trader",
        {**BANK, "affected": ["sole_trader"], "product": ["business_credit"]},
        "eu-ai-act/annex-iii-credit",
        True,
    ),
    ("eu-ai-act/company-scoring", {**BANK, "affected": ["corporate"]}, "eu-ai-act/annex-iii-credit", False),
    ("eu-ai-act/human-decides", BANK, "eu-ai-act/high-risk-system", True),
    ("eu-ai-act/property-valuation", {**BANK, "use_case": ["property_valuation"]}, "eu-ai-act/annex-iii-credit", False),
    (
        "eu-ai-act/motor-insurance",
        {**BANK, "institution": ["insurer"], "use_case": ["insurance_pricing"], "product": ["motor_insurance"]},
        "eu-ai-act/annex-iii-insurance",
        False,
    ),
    ("eu-ai-act/uk-bank-eu-residents", {**BANK, "established_in": ["uk"]}, "eu-ai-act/covered", True),
    ("eu-ai-act/proof-of-concept", {**BANK, "stage": "proof_of_concept"}, "eu-ai-act/in-scope", False),
    ("eu-ai-act/proof-of-concept", {**BANK, "stage": "pilot"}, "eu-ai-act/in-scope", True),
    ("eu-ai-act/rule-based", {**BANK, "technology": ["rules_only"]}, "eu-ai-act/ai-system", False),
    (
        "eu-ai-act/rebranded-score",
        {**BANK, "model_source": "vendor_score", "own_brand": True},
        "eu-ai-act/high-risk-provider",
        True,
    ),
    (
        "eu-ai-act/coding-assistant",
        {**BANK, "use_case": ["coding_assistant"], "affected": ["nobody_outside"], "task_nature": ["drafts_text"]},
        "eu-ai-act/annex-iii-system",
        False,
    ),
    (
        "eu-ai-act/fine-tuning-gpai",
        {**BANK, "technology": ["generative_ai"], "adaptation": ["full_fine_tuning"], "modification_compute_share": 0.01},
        "eu-ai-act/gpai-modifier",
        False,
    ),
    (
        "automated-decisions/human-in-the-loop",
        {**BANK, "automation": "human_follows_strongly"},
        "eu-gdpr/solely-automated-decision",
        True,
    ),
    (
        "eu-dora/vendor-chatbot",
        {**BANK, "model_source": "proprietary_api", "hosting": "vendor_saas"},
        "eu-dora/ict-service",
        True,
    ),
    ("us-mrm-2026/generative-ai", {**US, "technology": ["generative_ai"]}, "us-mrm/outside-scope-tool", True),
    (
        "us-reg-b/business-credit",
        {**US, "affected": ["small_business"], "product": ["business_credit"]},
        "us-ecoa/creditor",
        True,
    ),
]


@pytest.mark.parametrize(("name", "facts", "qualification", "value"), QUALIFIED, ids=[one[0] for one in QUALIFIED])
def test_answer_and_conclusion_agree(
    name: str, facts: dict[str, Any], qualification: str, value: bool, evaluator: Evaluator
) -> None:
    """The engine draws the conclusion that the answer states in words."""
    assert InterpretationId(name) in evaluator.knowledge.interpretations
    assert assessed(evaluator, facts).qualifications[QualificationId(qualification)] is value


# Interpretation, the question as facts, the day, a norm that it names, and the verdict on it.
JUDGED: list[tuple[str, dict[str, Any], date, str, str]] = [
    ("eu-ai-act/annex-iii-start", BANK, TODAY, "eu-ai-act/annex-iii-5-b", "upcoming"),
    ("eu-ai-act/annex-iii-start", BANK, LATER, "eu-ai-act/annex-iii-5-b", "applies"),
    ("eu-ccd2/solely-automated", BANK, date(2026, 11, 19), "eu-ccd2/art-18-par-8", "upcoming"),
    ("eu-ccd2/solely-automated", BANK, date(2026, 11, 20), "eu-ccd2/art-18-par-8", "applies"),
    ("eu-ccd2/mortgages", {**BANK, "product": ["mortgage"]}, TODAY, "eu-ccd2/art-18-par-8", "does_not_apply"),
    ("us-mrm-2011/current", US, date(2026, 4, 16), "us-mrm-2011/whole", "applies"),
    ("us-mrm-2011/current", US, date(2026, 4, 17), "us-mrm-2011/whole", "ended"),
    ("us-reg-b-2026/effects-test", US, TODAY, "us-reg-b-2026/1002-6-a", "applies"),
    ("us-reg-b-2026/effects-test", US, date(2026, 7, 20), "us-reg-b-2026/1002-6-a", "upcoming"),
]


@pytest.mark.parametrize(("name", "facts", "day", "norm", "status"), JUDGED, ids=[f"{one[0]} {one[2]}" for one in JUDGED])
def test_answer_and_verdict_agree(
    name: str, facts: dict[str, Any], day: date, norm: str, status: str, evaluator: Evaluator
) -> None:
    """On the day before and on the day of a change the engine says what the answer says."""
    assert NormId(norm) in evaluator.knowledge.interpretations[InterpretationId(name)].norms
    found = {verdict.norm.id: verdict.status for verdict in assessed(evaluator, facts, day).verdicts}
    assert found[NormId(norm)] == status


def test_answers_change_when_the_law_does(evaluator: Evaluator) -> None:
    """A change of an answer falls on a day on which a norm begins, or the day after a norm or an instrument ended."""
    knowledge = evaluator.knowledge
    days = {dated.day for norm in knowledge.norms.values() for dated in (norm.applies_from,) if dated is not None}
    ends = {norm.applies_until.day for norm in knowledge.norms.values() if norm.applies_until is not None}
    ends |= {law.applies_until for law in knowledge.instruments.values() if law.applies_until is not None}
    for item in knowledge.interpretations.values():
        for change in item.changes:
            eve = date.fromordinal(change.dated.day.toordinal() - 1)
            assert change.dated.day in days or eve in ends, item.id
