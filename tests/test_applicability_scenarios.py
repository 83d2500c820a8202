"""Each public scenario: a deployment, and what the law says of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import parse_facts
from kg_service.model import FactId, TermId

FILES = sorted(Path(__file__).parent.parent.glob("regulations/*/*/scenarios/*.yaml"))
EXPECTED = {
    "must_apply": {Status.APPLIES},
    "must_be_upcoming": {Status.UPCOMING},
    "must_not_apply": {Status.DOES_NOT_APPLY, Status.EXEMPT, Status.ENDED},
    "must_be_undetermined": {Status.UNDETERMINED},
}


def test_all_forty_public_scenarios_are_here() -> None:
    """No scenario got lost on the way into the repository."""
    assert len(FILES) >= 40


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_verdicts_of_scenario_are_those_reasoned_from_the_law(file: Path, evaluator: Evaluator) -> None:
    """Every norm that the scenario names has the status that its author reasoned from the law, and asks the facts it named."""
    scenario = yaml.safe_load(file.read_text(encoding="utf-8"))
    facts = parse_facts(evaluator.knowledge.facts, scenario["facts"])
    assessment = evaluator.assess(facts, date.fromisoformat(str(scenario["as_of"])))
    verdicts = {verdict.norm.id: verdict for verdict in assessment.verdicts}
    wrong = []
    for group, statuses in EXPECTED.items():
        for expectation in scenario["expected"].get(group) or []:
            name, missing = (
                (expectation["id"], set(expectation["missing"])) if isinstance(expectation, dict) else (expectation, set())
            )
            verdict = verdicts[evaluator.norm(name).id]
            if verdict.status not in statuses or not missing <= set(verdict.missing_facts):
                wrong.append((group, name, str(verdict.status), sorted(missing - set(verdict.missing_facts))))
    assert wrong == []


LICENCES = {
    "us-ny-dfs-500",
    "us-ny-dfs-ai-letters",
}  # bind whoever holds a licence of New York, wherever its seat and its customers are


@pytest.mark.parametrize("place", ["ie", "us-tx", "jp"])
def test_law_of_another_place_does_not_reach_a_firm_with_nothing_there(place: str, evaluator: Evaluator) -> None:
    """Seat, people, buyers, computers and suppliers in one place: no norm of a place elsewhere is even open, but for licences."""
    law = evaluator.knowledge
    facts = parse_facts(law.facts, {str(name): [place] for name, fact in law.facts.items() if fact.jurisdictions})
    above = law.facts[FactId("established_in")].ancestors
    wrong = []
    for verdict in evaluator.assess(facts, date(2026, 11, 23)).verdicts:
        home = TermId(law.instruments[verdict.norm.instrument].jurisdiction)
        elsewhere = home in above and home != place and home not in above[TermId(place)]
        if elsewhere and verdict.norm.instrument not in LICENCES and verdict.status is not Status.DOES_NOT_APPLY:
            wrong.append(f"{verdict.norm.id} {verdict.status}")
    assert wrong == []
