"""A condition that can never hold is found; every other one is left alone. Held against trying all answers with the engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, combinations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn
from kg_service.applicability.facts import Facts, contradictions
from kg_service.applicability.program import FALSE, TRUE, compile_program, run
from kg_service.knowledge.satisfiability import Search
from kg_service.model import Fact, FactId, FactKind, Knowledge, Labels, Qualification, QualificationId, Term, TermId


def _terms(*rows: tuple[str, str | None, tuple[str, ...]]) -> dict[TermId, Term]:
    return {
        TermId(name): Term(TermId(name), Labels(name), TermId(parent) if parent else None, tuple(map(TermId, excludes)))
        for name, parent, excludes in rows
    }


PLACES = _terms(("eu", None, ()), ("de", "eu", ()), ("fr", "eu", ()), ("us", None, ("eu",)))
STEPS = _terms(("assists", None, ()), ("decides", None, ()), ("decides_alone", "decides", ()))
FACTS = {
    FactId("place"): Fact(FactId("place"), FactKind.TERMS, Labels("place"), "?", PLACES),
    FactId("step"): Fact(FactId("step"), FactKind.ONE, Labels("step"), "?", STEPS),
    FactId("agentic"): Fact(FactId("agentic"), FactKind.FLAG, Labels("agentic"), "?"),
    FactId("assets"): Fact(FactId("assets"), FactKind.NUMBER, Labels("assets"), "?", minimum=0.0, maximum=2.0),
    FactId("since"): Fact(FactId("since"), FactKind.DATE, Labels("since"), "?"),
}
DAY = date(2026, 8, 2)
Q = QualificationId("q/q")


def all_answers() -> Iterator[Facts]:
    """Every answer that the conditions of this module can tell apart; unanswered facts among them."""
    several = chain.from_iterable(combinations(PLACES, size) for size in range(len(PLACES) + 1))
    places = [frozenset(terms) for terms in several if not any(contradictions(FACTS[FactId("place")], frozenset(terms)))]
    choices = (
        [None, *places],
        [None, *(frozenset({term}) for term in STEPS)],
        [None, True, False],
        [None, 0.0, 0.5, 1.0, 1.5, 2.0],
        [None, *(DAY + timedelta(days=days) for days in (-1, 0, 1, 2))],
    )
    for answers in product(*choices):
        yield {fact: answer for fact, answer in zip(FACTS, answers, strict=True) if answer is not None}


ANSWERS = list(all_answers())
bounds, days = st.sampled_from([0.0, 1.0, 2.0]), st.sampled_from([DAY, DAY + timedelta(days=1)])
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.just(Always()),
    st.just(Is(Q)),
    st.builds(HasTerm, st.just("place"), st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=2).map(tuple)),
    st.builds(HasTerm, st.just("step"), st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=2).map(tuple)),
    st.builds(Flag, st.just("agentic"), st.booleans()),
    st.builds(NumberIn, st.just("assets"), min=bounds, below=st.none() | bounds),
    st.builds(NumberIn, st.just("assets"), above=bounds, max=st.none() | bounds),
    st.builds(DateIn, st.just("since"), start=days) | st.builds(DateIn, st.just("since"), before=days),
)


def _wider(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return several.map(All) | several.map(AnyOf) | inner.map(Not)


conditions = st.recursive(leaves, _wider, max_leaves=14)
plain = st.recursive(leaves.filter(lambda leaf: not isinstance(leaf, Is)), _wider, max_leaves=5)


def _law(condition: Condition, when: Condition = Always(), unless: Condition | None = None) -> Knowledge:
    probe = QualificationId("q/probe")
    known = {
        Q: Qualification(Q, "", "", when, unless, ()),
        probe: Qualification(probe, "", "", condition, None, ()),
    }
    return Knowledge("", FACTS, {}, {}, {}, {}, {}, known, {}, {}, {}, {})


def _found(condition: Condition, when: Condition, unless: Condition | None, wanted: int) -> bool:
    """Whether some answers make the condition ``wanted``, by trying all of them with the engine."""
    program = compile_program(_law(condition, when, unless))
    place = program.qualifications[QualificationId("q/probe")]
    return any(run(program, facts)[place] == wanted for facts in ANSWERS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions, plain, st.none() | plain)
def test_search_agrees_with_trying_all_answers(condition: Condition, when: Condition, unless: Condition | None) -> None:
    """The search says that a condition can hold, or can fail, exactly where some answers make it so in the engine."""
    search = Search(FACTS, _law(condition, when, unless).qualifications)
    assert search.can_hold(condition) is _found(condition, when, unless, TRUE)
    assert search.can_hold(condition, holds=False) is _found(condition, when, unless, FALSE)


NEVER = {
    "a flag both ways": All((Flag("agentic", True), Flag("agentic", False))),
    "two of a single choice": All((HasTerm("step", ("assists",)), HasTerm("step", ("decides",)))),
    "a term without its own parent": All((HasTerm("place", ("de",)), Not(HasTerm("place", ("eu",))))),
    "two that exclude each other": All((HasTerm("place", ("us",)), HasTerm("place", ("fr",)))),
    "a number beyond its range": NumberIn("assets", above=2.0),
    "a day before and after": All((DateIn("since", start=DAY), DateIn("since", before=DAY))),
    "either of two impossible ones": AnyOf((NumberIn("assets", above=2.0), Not(Always()))),
}


@pytest.mark.parametrize("condition", NEVER.values(), ids=NEVER.keys())
def test_contradiction_can_never_hold(condition: Condition) -> None:
    """Contradictions of each kind of fact are seen."""
    assert not Search(FACTS, {}).can_hold(condition)


def test_everything_of_a_single_choice_cannot_be_denied() -> None:
    """A single choice has exactly one answer, so that not all of its terms can be absent."""
    assert not Search(FACTS, {}).can_hold(All(tuple(Not(HasTerm("step", (step,))) for step in STEPS)))
    assert Search(FACTS, {}).can_hold(All(tuple(Not(HasTerm("place", (place,))) for place in PLACES)))
