"""Conditions as a lawyer writes them, and every way of writing one wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn, plain
from kg_service.errors import InputError
from kg_service.knowledge.conditions import parse
from kg_service.knowledge.document import parse_yaml
from kg_service.model import Fact, FactId, FactKind, Knowledge, Labels, QualificationId, Term, TermId

WORDS = ("bank", "national_bank", "insurer")
BANKS = {TermId(name): Term(TermId(name), Labels(name), aliases=(TermId(f"old_{name}"),)) for name in WORDS}


def _fact(name: str, kind: FactKind) -> Fact:
    terms = BANKS if kind in (FactKind.TERMS, FactKind.ONE) else {}
    return Fact(FactId(name), kind, Labels(name), f"{name}?", terms, aliases=(FactId(f"old_{name}"),))


FACTS = {
    FactId(name): _fact(name, kind)
    for name, kind in {
        "institution": FactKind.TERMS,
        "automation": FactKind.ONE,
        "agentic": FactKind.FLAG,
        "assets": FactKind.NUMBER,
        "in_service": FactKind.DATE,
    }.items()
}
KNOWN = {QualificationId("eu/deployer"), QualificationId("eu/provider")}

WRONG = {
    "unknown fact": ({"institutoin": "bank"}, "/institutoin", "unknown-fact", ("institution",)),
    "word of the language misspelt": ({"al": []}, "/al", "unknown-fact", ("all",)),
    "old fact": ({"old_agentic": True}, "/old_agentic", "unknown-fact", ("agentic",)),
    "unknown term": ({"institution": "bnak"}, "/institution", "unknown-term", ("bank",)),
    "unknown term in a list": ({"institution": ["bank", "insurrer"]}, "/institution/1", "unknown-term", ("insurer",)),
    "old term": ({"institution": "old_insurer"}, "/institution", "unknown-term", ("insurer",)),
    "term twice": ({"institution": ["bank", "bank"]}, "/institution/1", "duplicate-term", ()),
    "no terms": ({"institution": []}, "/institution", "empty-list", ()),
    "no parts": ({"any": []}, "/any", "empty-list", ()),
    "flag for terms": ({"institution": True}, "/institution", "wrong-kind", ()),
    "terms for a flag": ({"agentic": "bank"}, "/agentic", "wrong-kind", ()),
    "number alone": ({"assets": "30"}, "/assets", "wrong-kind", ()),
    "no bounds": ({"assets": {}}, "/assets", "wrong-kind", ()),
    "unknown bound": ({"assets": {"abov": "3"}}, "/assets/abov", "unknown-bound", ("above",)),
    "no number": ({"assets": {"min": "many"}}, "/assets/min", "wrong-kind", ()),
    "NaN": ({"assets": {"min": float("nan")}}, "/assets/min", "wrong-kind", ()),
    "infinite": ({"assets": {"min": "inf"}}, "/assets/min", "wrong-kind", ()),
    "huge": ({"assets": {"min": 10**400}}, "/assets/min", "wrong-kind", ()),
    "empty range": ({"assets": {"min": "5", "below": "5"}}, "/assets", "empty-range", ()),
    "no such day": ({"in_service": {"from": "2026-02-30"}}, "/in_service/from", "wrong-kind", ()),
    "week for a day": ({"in_service": {"from": "2026-W07-1"}}, "/in_service/from", "wrong-kind", ()),
    "no days": ({"in_service": {"from": "2026-02-01", "before": "2026-02-01"}}, "/in_service", "empty-range", ()),
    "unknown qualification": ({"is": "eu/deployr"}, "/is", "unknown-qualification", ("eu/deployer",)),
    "old qualification": ({"is": "eu/user"}, "/is", "unknown-qualification", ("eu/deployer",)),
    "list of qualifications": ({"is": ["eu/deployer"]}, "/is", "wrong-kind", ()),
    "never": ({"always": "false"}, "/always", "wrong-kind", ()),
    "two keys": ({"agentic": True, "is": "eu/deployer"}, "", "not-a-condition", ()),
    "text": ("agentic", "", "not-a-condition", ()),
    "nothing": (None, "", "not-a-condition", ()),
    "one part for all": ({"all": {"agentic": True}}, "/all", "wrong-kind", ()),
    "below": ({"all": [{"not": {"any": [{"agentic": "maybe"}]}}]}, "/all/0/not/any/0/agentic", "wrong-kind", ()),
}


@pytest.mark.parametrize(("written", "at", "code", "near"), WRONG.values(), ids=WRONG.keys())
def test_wrong_condition_is_refused_at_its_place(written: object, at: str, code: str, near: tuple[str, ...]) -> None:
    """The problem names the part, says what is wrong and offers the nearest valid choice first."""
    with pytest.raises(InputError) as caught:
        parse(written, FACTS, KNOWN, renamed={"eu/user": "eu/deployer"})
    [problem] = caught.value.problems
    assert (problem.where, problem.code, problem.nearest[: len(near)]) == (at, code, near)


def test_all_problems_of_a_condition_are_found_at_once() -> None:
    """A lawyer sees every mistake of a condition in one go."""
    written = {"all": [{"institution": "bnak"}, {"is": "x"}, {"not": {"agentic": "maybe"}}]}
    with pytest.raises(InputError) as caught:
        parse(written, FACTS, KNOWN)
    assert [problem.code for problem in caught.value.problems] == ["unknown-term", "unknown-qualification", "wrong-kind"]


def test_endless_nesting_is_refused() -> None:
    """A condition nested a thousand deep is an error, not a crash."""
    written: object = {"agentic": True}
    for _ in range(1000):
        written = {"not": written}
    with pytest.raises(InputError, match="nested more than 40"):
        parse(written, FACTS, KNOWN)


terms = st.lists(st.sampled_from(WORDS), min_size=1, unique=True).map(tuple)
numbers = st.floats(-1e9, 1e9, allow_nan=False)
days = st.dates()
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.just(Always()),
    st.sampled_from(sorted(KNOWN)).map(Is),
    st.builds(HasTerm, st.sampled_from(["institution", "automation"]), terms),
    st.builds(Flag, st.just("agentic"), st.booleans()),
    st.builds(NumberIn, st.just("assets"), min=numbers) | st.builds(NumberIn, st.just("assets"), above=numbers),
    st.builds(NumberIn, st.just("assets"), max=numbers) | st.builds(NumberIn, st.just("assets"), below=numbers),
    st.builds(DateIn, st.just("in_service"), start=days) | st.builds(DateIn, st.just("in_service"), before=days),
)
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=12,
)


@given(conditions)
def test_parsing_undoes_writing(condition: Condition) -> None:
    """``parse`` and ``plain`` are inverse for every condition of the language."""
    assert parse(plain(condition), FACTS, KNOWN) == condition


EXAMPLES = re.findall(r"```yaml\n(.*?)```", (Path(__file__).parent.parent / "docs" / "conditions.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_in_the_documentation_is_understood(example: str, law: Knowledge) -> None:
    """Every condition shown in docs/conditions.md uses facts, terms and qualifications that exist."""
    assert parse(parse_yaml(example, "docs/conditions.md").root, law.facts, law.qualifications) is not None
