"""The three-valued semantics of DESIGN section 3, held as properties over random conditions and over the real law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Not, NumberIn, walk
from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import Answer, Facts, contradictions
from kg_service.applicability.portfolio import assess_all
from kg_service.model import (
    Certainty,
    DatedBy,
    Fact,
    FactId,
    FactKind,
    InstrumentId,
    Knowledge,
    Labels,
    LegalStatus,
    Norm,
    NormId,
    NormKind,
    ProvisionRef,
    QualificationId,
    Sureness,
    Term,
    TermId,
)

TODAY = date(2026, 11, 23)
SCHEMA: dict[FactId, Fact] = {
    FactId("place"): Fact(
        FactId("place"),
        FactKind.TERMS,
        Labels("Place"),
        "Where?",
        {
            TermId(name): Term(TermId(name), Labels(name), None if parent is None else TermId(parent))
            for name, parent in {"eu": None, "de": "eu", "fr": "eu", "us": None, "us-ny": "us", "us-nyc": "us-ny"}.items()
        },
    ),
    FactId("stage"): Fact(
        FactId("stage"),
        FactKind.ONE,
        Labels("Stage"),
        "How far?",
        {TermId(name): Term(TermId(name), Labels(name)) for name in ("idea", "pilot", "live")},
    ),
    FactId("agent"): Fact(FactId("agent"), FactKind.FLAG, Labels("Agent"), "Acts by itself?"),
    FactId("assets"): Fact(FactId("assets"), FactKind.NUMBER, Labels("Assets"), "How much?"),
    FactId("since"): Fact(FactId("since"), FactKind.DATE, Labels("Since"), "Since when?"),
}


def leaves() -> st.SearchStrategy[Condition]:
    place, stage = SCHEMA[FactId("place")], SCHEMA[FactId("stage")]
    days = st.dates(TODAY - timedelta(9), TODAY + timedelta(9))
    return st.one_of(
        st.lists(st.sampled_from(list(place.terms)), min_size=1, max_size=3).map(lambda terms: HasTerm("place", tuple(terms))),
        st.sampled_from(list(stage.terms)).map(lambda term: HasTerm("stage", (term,))),
        st.booleans().map(lambda value: Flag("agent", value)),
        st.builds(lambda low: NumberIn("assets", min=float(low)), st.integers(0, 9)),
        st.builds(lambda high: NumberIn("assets", below=float(high)), st.integers(0, 9)),
        days.map(lambda day: DateIn("since", start=day)),
        days.map(lambda day: DateIn("since", before=day)),
        st.just(Always()),
    )


conditions = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)


def answers_to(fact: Fact) -> st.SearchStrategy[Answer]:
    """Any answer that the fact admits, contradictions left out."""
    terms = st.sampled_from(list(fact.terms)) if fact.terms else st.nothing()
    by_kind: dict[FactKind, st.SearchStrategy[Answer]] = {
        FactKind.TERMS: st.frozensets(terms, max_size=4).filter(lambda answer: not list(contradictions(fact, answer))),
        FactKind.ONE: terms.map(lambda term: frozenset((term,))),
        FactKind.FLAG: st.booleans(),
        FactKind.NUMBER: st.integers(0, 60).map(float),
        FactKind.DATE: st.dates(date(2024, 1, 1), date(2029, 1, 1)),
    }
    return by_kind[fact.kind]


def some_facts(schema: Mapping[FactId, Fact]) -> st.SearchStrategy[Facts]:
    """Answers to any subset of the facts."""
    return st.fixed_dictionaries({}, optional={fact.id: answers_to(fact) for fact in schema.values()})


def norm_of(condition: Condition, unless: Condition | None = None, name: str = "test/n") -> Norm:
    return Norm(
        id=NormId(name),
        instrument=InstrumentId("test"),
        article="n",
        provision="n",
        title="n",
        summary="n",
        kind=NormKind.DUTY,
        bindingness="law",
        bearers=(),
        applies_when=condition,
        unless=unless,
        legal_status=LegalStatus.IN_FORCE,
        applies_from=DatedBy(date(2020, 1, 1), ProvisionRef(None, "n")),
        applies_until=None,
        sureness=Sureness(Certainty.UNCERTAIN),
        url="",
    )


def knowledge_of(*norms: Norm) -> Knowledge:
    return Knowledge("test", SCHEMA, {}, {}, {}, {}, {}, {}, {norm.id: norm for norm in norms}, {}, {}, {})


def value(condition: Condition, facts: Facts) -> bool | None:
    """The truth of one condition, by the evaluator as users meet it."""
    return Evaluator(knowledge_of(norm_of(condition))).assess(facts, TODAY).verdicts[0].condition


def free(status: Status) -> bool:
    """Whether the bearer is free: freed by an exception while the condition is open reads `does_not_apply`, later `exempt`."""
    return status in (Status.DOES_NOT_APPLY, Status.EXEMPT)


@given(conditions, conditions, some_facts(SCHEMA))
def test_de_morgan_holds_with_three_values(one: Condition, other: Condition, facts: Facts) -> None:
    """Not (a and b) is (not a) or (not b), and the other way round."""
    assert value(Not(All((one, other))), facts) == value(AnyOf((Not(one), Not(other))), facts)
    assert value(Not(AnyOf((one, other))), facts) == value(All((Not(one), Not(other))), facts)


@given(conditions, conditions, conditions, some_facts(SCHEMA))
def test_kleene_laws_hold(one: Condition, two: Condition, three: Condition, facts: Facts) -> None:
    """All and any are commutative, associative, idempotent, absorbing and distributive; not is its own inverse."""

    def same(left: Condition, right: Condition) -> None:
        assert value(left, facts) == value(right, facts)

    same(All((one, two)), All((two, one)))
    same(AnyOf((one, two)), AnyOf((two, one)))
    same(All((one, All((two, three)))), All((All((one, two)), three)))
    same(AnyOf((one, AnyOf((two, three)))), AnyOf((AnyOf((one, two)), three)))
    same(All((one, one)), one)
    same(AnyOf((one, one)), one)
    same(All((one, AnyOf((one, two)))), one)
    same(All((one, AnyOf((two, three)))), AnyOf((All((one, two)), All((one, three)))))
    same(Not(Not(one)), one)


@given(conditions)
def test_nothing_answered_makes_nothing_true_but_what_is_always_true(condition: Condition) -> None:
    """Unknown never becomes yes: a condition without facts and without `always` is unknown when nobody answered anything."""
    if not any(isinstance(part, Always) for part in walk(condition)):
        assert value(condition, {}) is None


@given(conditions, conditions, some_facts(SCHEMA), st.data())
def test_another_answer_never_turns_a_settled_verdict_round(
    condition: Condition, unless: Condition, facts: Facts, data: st.DataObject
) -> None:
    """What is settled stays as it is when a fact that was open is answered."""
    evaluator = Evaluator(knowledge_of(norm_of(condition, unless)))
    before = evaluator.assess(facts, TODAY).verdicts[0]
    more = {**data.draw(some_facts(SCHEMA)), **facts}
    after = evaluator.assess(more, TODAY).verdicts[0]
    if before.status is not Status.UNDETERMINED:
        assert free(after.status) is free(before.status)
        assert before.status is after.status or after.status is Status.EXEMPT
    if before.condition is not None:
        assert after.condition is before.condition


@given(conditions, some_facts(SCHEMA), st.data())
def test_answering_all_missing_facts_settles_the_verdict(condition: Condition, facts: Facts, data: st.DataObject) -> None:
    """The missing facts are enough: with each of them answered by a most special term the verdict is settled."""
    evaluator = Evaluator(knowledge_of(norm_of(condition)))
    verdict = evaluator.assess(facts, TODAY).verdicts[0]
    answered = dict(facts)
    for name in verdict.missing_facts:
        fact = SCHEMA[name]
        parents = {up for term in fact.terms for up in fact.ancestors[term]}
        narrow = Fact(fact.id, fact.kind, fact.labels, fact.ask, {t: v for t, v in fact.terms.items() if t not in parents})
        answered[name] = data.draw(st.sampled_from([frozenset((t,)) for t in narrow.terms]) if fact.terms else answers_to(fact))
    assert evaluator.assess(answered, TODAY).verdicts[0].status is not Status.UNDETERMINED


@given(conditions, some_facts(SCHEMA))
def test_facts_that_are_not_missing_cannot_settle_it(condition: Condition, facts: Facts) -> None:
    """An undetermined verdict names at least one fact, and a settled one names none."""
    verdict = Evaluator(knowledge_of(norm_of(condition))).assess(facts, TODAY).verdicts[0]
    assert bool(verdict.missing_facts) is (verdict.status is Status.UNDETERMINED)


@pytest.mark.parametrize(
    ("answer", "term", "expected"),
    [
        (["de"], "eu", True),
        (["eu"], "eu", True),
        (["eu"], "de", None),
        (["us"], "us-nyc", None),
        (["us-ny"], "us-nyc", None),
        (["fr"], "de", False),
        (["fr", "eu"], "de", None),
        (["us-nyc"], "us", True),
        ([], "eu", False),
        (None, "eu", None),
    ],
)
def test_a_term_is_met_at_or_below_unknown_above_and_false_elsewhere(
    answer: list[str] | None, term: str, expected: bool | None
) -> None:
    """DESIGN section 3: at or below is true, strictly above unknown, otherwise false; unanswered is unknown."""
    facts: Facts = {} if answer is None else {FactId("place"): frozenset(map(TermId, answer))}
    assert value(HasTerm("place", (term,)), facts) is expected


TRUE, FALSE, OPEN = Always(), Not(Always()), Flag("agent", True)


@pytest.mark.parametrize(
    ("condition", "unless", "status"),
    [
        (FALSE, TRUE, Status.DOES_NOT_APPLY),
        (FALSE, OPEN, Status.DOES_NOT_APPLY),
        (TRUE, TRUE, Status.EXEMPT),
        (OPEN, TRUE, Status.DOES_NOT_APPLY),
        (TRUE, OPEN, Status.UNDETERMINED),
        (OPEN, FALSE, Status.UNDETERMINED),
        (TRUE, FALSE, Status.APPLIES),
        (TRUE, None, Status.APPLIES),
    ],
)
def test_verdict_follows_the_order_of_the_design(condition: Condition, unless: Condition | None, status: Status) -> None:
    """DESIGN section 3 fixes which of condition and exception is looked at first."""
    assert Evaluator(knowledge_of(norm_of(condition, unless))).assess({}, TODAY).verdicts[0].status is status


@pytest.mark.parametrize(
    ("first", "last", "pending", "status"),
    [
        (TODAY, None, False, Status.APPLIES),
        (TODAY + timedelta(1), None, False, Status.UPCOMING),
        (TODAY - timedelta(9), TODAY, False, Status.APPLIES),
        (TODAY - timedelta(9), TODAY - timedelta(1), False, Status.ENDED),
        (TODAY + timedelta(9), TODAY - timedelta(1), False, Status.ENDED),
        (None, None, True, Status.UPCOMING),
    ],
)
def test_calendar_decides_last(first: date | None, last: date | None, pending: bool, status: Status) -> None:
    """The last day still counts; a norm that ended before it began is ended; a pending one is at most upcoming."""
    source = ProvisionRef(None, "n")
    norm = replace(
        norm_of(Always()),
        applies_from=None if first is None else DatedBy(first, source),
        applies_until=None if last is None else DatedBy(last, source),
        legal_status=LegalStatus.PENDING if pending else LegalStatus.IN_FORCE,
    )
    assert Evaluator(knowledge_of(norm)).assess({}, TODAY).verdicts[0].status is status


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_portfolio_gives_the_verdicts_of_one_by_one(evaluator: Evaluator, data: st.DataObject) -> None:
    """Over the real law, many deployments at once have exactly the statuses that each has alone."""
    deployments = data.draw(st.lists(some_facts(evaluator.knowledge.facts), min_size=1, max_size=12))
    together = assess_all(evaluator, deployments, TODAY)
    for place, facts in enumerate(deployments):
        alone = {verdict.norm.id: verdict.status for verdict in evaluator.assess(facts, TODAY).verdicts}
        assert together.row(place) == alone


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_real_law_never_turns_a_settled_verdict_round(evaluator: Evaluator, data: st.DataObject) -> None:
    """The same monotony over every norm and qualification of the law."""
    schema = evaluator.knowledge.facts
    facts = data.draw(some_facts(schema))
    more = {**data.draw(some_facts(schema)), **facts}
    before, after = evaluator.assess(facts, TODAY), evaluator.assess(more, TODAY)
    for old, new in zip(before.verdicts, after.verdicts, strict=True):
        assert old.status in (Status.UNDETERMINED, new.status) or (free(old.status) and new.status is Status.EXEMPT)
    for name, known in before.qualifications.items():
        assert known in (None, after.qualifications[QualificationId(name)])
