"""How many answers settle 95 % of the verdicts, asked in our order: ``python -m benchmarks.questions``.

Beside it: the facts in the order of the file (a fixed form), and the fewest facts found by leaving out, one by one, what is not
needed once all answers are known, which no order of asking can know beforehand.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import Facts
from kg_service.applicability.questions import questions_for
from kg_service.deployment import read_deployment
from kg_service.knowledge.read import read

ROOT = Path(__file__).resolve().parent.parent
DAY = date(2026, 11, 23)
SETTLED = 0.95


def is_settled(evaluator: Evaluator, facts: Facts) -> bool:
    statuses = [verdict.status for verdict in evaluator.assess(facts, DAY).verdicts]
    return statuses.count(Status.UNDETERMINED) <= (1 - SETTLED) * len(statuses)


def in_our_order(evaluator: Evaluator, answers: Facts) -> int | None:
    """How many questions are answered until enough is settled; None where the answers do not suffice."""
    facts: Facts = {}
    while not is_settled(evaluator, facts):
        asked = questions_for(evaluator, evaluator.assess(facts, DAY), limit=len(answers))
        known = [question.fact.id for question in asked if question.fact.id in answers and question.fact.id not in facts]
        if not known:
            return None
        facts = {**facts, known[0]: answers[known[0]]}
    return len(facts)


def in_fixed_order(evaluator: Evaluator, answers: Facts) -> int | None:
    facts: Facts = {}
    for fact in evaluator.knowledge.facts:
        if is_settled(evaluator, facts):
            return len(facts)
        if fact in answers:
            facts = {**facts, fact: answers[fact]}
    return len(facts) if is_settled(evaluator, facts) else None


def fewest(evaluator: Evaluator, answers: Facts) -> int | None:
    """The size of a set of facts from which none can be left out."""
    kept = dict(answers)
    if not is_settled(evaluator, kept):
        return None
    while True:
        open_without = {}
        for fact in kept:
            statuses = [v.status for v in evaluator.assess({k: a for k, a in kept.items() if k != fact}, DAY).verdicts]
            open_without[fact] = statuses.count(Status.UNDETERMINED)
        least = min(open_without, key=lambda fact: open_without[fact])
        if open_without[least] > (1 - SETTLED) * len(evaluator.knowledge.norms):
            return len(kept)
        del kept[least]


def main() -> None:
    knowledge = read(ROOT)
    evaluator = Evaluator(knowledge)
    print(f"{'example':<44}{'answers':>8}{'ours':>6}{'fixed':>7}{'fewest':>8}{'ours/fixed':>12}")
    for file in sorted((ROOT / "examples").glob("*.yaml")):
        answers = read_deployment(file, knowledge).facts
        ours, fixed, least = (order(evaluator, answers) for order in (in_our_order, in_fixed_order, fewest))
        ratio = f"{ours / fixed:.2f}" if ours and fixed else "-"
        print(f"{file.stem:<44}{len(answers):>8}{ours or '-':>6}{fixed or '-':>7}{least or '-':>8}{ratio:>12}")


if __name__ == "__main__":
    main()
