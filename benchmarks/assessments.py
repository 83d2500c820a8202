"""One assessment and ten thousand, beside a peer on the part that it covers: ``python -m benchmarks.assessments``.

The peer is ai-act-companion 0.10.0 (one law; it asks its user for the legal conclusions that we derive). It is installed into a
temporary folder for this run and nowhere else.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from benchmarks.clock import median_ms, row, times_ms
from benchmarks.service import running_service
from kg_service.applicability.evaluate import Assessment, Evaluator
from kg_service.applicability.explain import Explainer
from kg_service.applicability.facts import Facts, plain_facts
from kg_service.applicability.portfolio import assess_all
from kg_service.deployment import read_deployment
from kg_service.knowledge.read import read
from kg_service.model import FactId, FactKind, Knowledge, QualificationId
from kg_service.services import spare_collector

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 23)
PEER = "ai-act-companion==0.10.0"
MANY = 10_000

PEER_CODE = """
import json, statistics, sys, time
from app.classifier import classify
answers = json.load(sys.stdin)
for one in answers.values(): classify(one)
times = []
for _ in range(300):
    for one in answers.values():
        start = time.perf_counter(); classify(one); times.append((time.perf_counter() - start) * 1000)
print(json.dumps({"ms": statistics.median(times), "tiers": {name: classify(one)["tier"] for name, one in answers.items()}}))
"""


def with_proofs(evaluator: Evaluator, facts: Facts) -> Assessment:
    """An assessment of every norm, and the proof of every verdict."""
    assessment = evaluator.assess(facts, DAY)
    explainer = Explainer(evaluator, assessment)
    for verdict in assessment.verdicts:
        explainer.verdict(verdict)
    return assessment


def portfolio(knowledge: Knowledge, examples: list[Facts], size: int) -> list[Facts]:
    """``size`` deployments: the examples, each with some answers left out and some given otherwise (seeded)."""
    chance = random.Random(20261123)  # noqa: S311 - a benchmark, not a secret
    made: list[Facts] = []
    for number in range(size):
        facts = dict(examples[number % len(examples)])
        for name in chance.sample(sorted(facts), 6):
            fact = knowledge.facts[FactId(name)]
            if fact.kind in (FactKind.TERMS, FactKind.ONE) and chance.random() < 0.7:
                facts[name] = frozenset((chance.choice(sorted(fact.terms)),))
            else:
                del facts[name]
        made.append(facts)
    return made


def peer_answers(evaluator: Evaluator, facts: Facts) -> dict[str, object]:
    """What the peer's questionnaire asks, answered with our conclusions: it cannot derive them itself."""
    held = evaluator.assess(facts, DAY).qualifications

    def holds(name: str) -> bool:
        return held[QualificationId(f"eu-ai-act/{name}")] is True

    areas = {
        "biometrics": holds("annex-iii-biometrics"),
        "employment": holds("annex-iii-employment"),
        "essential_services": holds("annex-iii-credit") or holds("annex-iii-insurance"),
    }
    return {
        "sys_name": "example",
        "provider_role": "both" if holds("provider") and holds("deployer") else "provider" if holds("provider") else "deployer",
        "eu_market": holds("covered"),
        "hr_usecases": [area for area, yes in areas.items() if yes],
        "hr_essential_subarea": "creditworthiness" if holds("annex-iii-credit") else "insurance_life_health",
        "hr_art6_3_minor": holds("art-6-3-derogation"),
        "t_interacts_humans": facts.get(FactId("interacts_with_persons")) is True,
    }


def beside_the_peer(evaluator: Evaluator, examples: dict[str, Facts], ours_ms: float) -> None:
    answers = {name: peer_answers(evaluator, facts) for name, facts in examples.items()}
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, PEER]
        if subprocess.run(install, check=False, capture_output=True).returncode:
            print(f"{PEER} could not be installed: left out")
            return
        done = subprocess.run(
            [sys.executable, "-c", PEER_CODE], input=json.dumps(answers), text=True, capture_output=True, check=True, cwd=folder
        )
    told = json.loads(done.stdout)
    per_norm = ours_ms / len(evaluator.knowledge.norms)
    row(f"{PEER}: one tier of one law", told["ms"], "ms", "of ours per norm", told["ms"] / per_norm)
    for name, tier in told["tiers"].items():
        high = evaluator.assess(examples[name], DAY).qualifications[QualificationId("eu-ai-act/high-risk-class")]
        agree = "agrees" if (tier == "high") == (high is True) else "DIFFERS"
        print(f"    {name:<44} peer {tier:<12} ours high-risk: {high!s:<6} {agree}")


def main() -> None:
    knowledge = read(ROOT)
    evaluator = Evaluator(knowledge)
    spare_collector()  # as the service does
    files = sorted((ROOT / "examples").glob("*.yaml"))
    examples = {file.stem: read_deployment(file, knowledge).facts for file in files}
    credit = examples["credit-assessment-eu-vendor"]
    print(f"{len(knowledge.norms)} norms, {len(knowledge.qualifications)} qualifications, {len(examples)} examples\n")

    floor = median_ms(lambda: evaluator.assess(credit, DAY))
    ours = median_ms(lambda: with_proofs(evaluator, credit))
    row("all norms, without proofs", floor, "ms")
    row("all norms, with every proof", ours, "ms", "of the same without proofs", ours / floor)

    many = portfolio(knowledge, list(examples.values()), MANY)
    together = times_ms(lambda: assess_all(evaluator, many, DAY), seconds=2.0, least=3)
    alone = median_ms(lambda: [evaluator.assess(facts, DAY) for facts in many[:100]], seconds=2.0) * MANY / 100
    row(f"{MANY:,} deployments at once, without proofs", together[len(together) // 2] / 1000, "s")
    row(f"{MANY:,} deployments one by one (from 100)", alone / 1000, "s", "of at once", alone / together[len(together) // 2])
    result = assess_all(evaluator, many, DAY)
    same = sum(
        result.row(place) == {verdict.norm.id: verdict.status for verdict in evaluator.assess(many[place], DAY).verdicts}
        for place in range(0, MANY, 20)
    )
    print(f"    verdicts equal to the single evaluator on {same} of {MANY // 20} sampled deployments\n")

    body = json.dumps({"facts": plain_facts(credit), "as_of": DAY.isoformat()}).encode()
    with running_service() as service:
        ping = times_ms(lambda: service.get("/healthz"), seconds=1.0)
        http = times_ms(lambda: service.post("/api/v1/assessments", body), seconds=3.0)
        row("HTTP, nothing to do (p50)", ping[len(ping) // 2], "ms")
        half, idle = http[len(http) // 2], ping[len(ping) // 2]
        row("HTTP assessment with proofs (p50)", half, "ms", "of nothing to do", half / idle)
        row("HTTP assessment with proofs (p95)", http[len(http) * 95 // 100], "ms")
        row("memory of the service", service.memory_mb(), "MB")
    print()
    beside_the_peer(evaluator, examples, ours)


if __name__ == "__main__":
    main()
