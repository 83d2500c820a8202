"""The gold set: its data are sound, and the assistant reaches the figures that it was built for."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from benchmarks.gold import GOLD, NONE, Gold, Pair, read_gold
from kg_service.model import FactId, FactKind, InstrumentId, Knowledge, NormId, TermId


@pytest.fixture(scope="module")
def gold(law: Knowledge) -> Gold:
    return read_gold(law)


def _known(law: Knowledge, name: str) -> bool:
    kinds = (law.norms, law.instruments, law.interpretations, law.qualifications)
    return any(name in kind for kind in kinds)


def test_set_is_as_large_and_as_mixed_as_it_has_to_be(gold: Gold) -> None:
    """At least 160 questions, a fifth with a false premise, a tenth without an answer; 40 descriptions in each split."""
    kinds = Counter(item.kind for item in gold.items)
    assert len(gold.items) >= 160
    assert kinds["premise"] >= len(gold.items) / 5
    assert kinds["refusal"] >= len(gold.items) / 10
    assert kinds["applies"] >= 70
    assert all(len(gold.descriptions[split]) >= 40 for split in gold.descriptions)
    ids = [item.id for item in gold.items] + [one.id for split in gold.descriptions.values() for one in split]
    assert len(ids) == len(set(ids))


def _valid(law: Knowledge, pair: Pair) -> bool:
    fact = law.facts[FactId(pair.fact)]
    if fact.kind in (FactKind.TERMS, FactKind.ONE):
        return TermId(pair.value) in fact.terms or pair.value == NONE
    if fact.kind is FactKind.FLAG:
        return pair.value in {"true", "false"}
    return bool(date.fromisoformat(pair.value)) if fact.kind is FactKind.DATE else bool(float(pair.value) >= 0)


def test_every_pair_of_a_description_is_an_answer_that_can_be_given(gold: Gold, law: Knowledge) -> None:
    """Facts and terms of the descriptions, of what may be read, and of the conventions are in the closed lists."""
    for split in gold.descriptions.values():
        for description in split:
            assert [pair for pair in description.pairs if not _valid(law, pair)] == [], description.id
            for name, value in description.may:
                assert _valid(law, Pair(next(iter(description.pairs)).polarity, name, value)), (description.id, name, value)
    for rule in gold.implied:
        for part in (rule["where"], rule["may"]):
            for name, values in part.items():
                fact = law.facts[FactId(name)]
                assert all(str(value) in {"true", "false", "*"} or TermId(value) in fact.terms for value in values), rule


def test_every_expected_thing_is_in_the_graph(gold: Gold, law: Knowledge) -> None:
    """Norms, instruments, qualifications and interpretations that an answer must rest on exist."""
    for item in gold.items:
        named = [*item.expected.get("about", ()), *item.expected.get("cites", ()), *item.expected.get("cites_any", ())]
        named += [item.expected[key] for key in ("interpretation", "norm") if key in item.expected]
        assert [name for name in named if not _known(law, name)] == [], item.id


def test_days_of_corrections_are_those_of_the_graph(gold: Gold, law: Knowledge) -> None:
    """The right day of a correction is one on which a norm or the instrument that it names begins or begins to be known."""
    for item in gold.items:
        expected = item.expected
        if "date" not in expected:
            continue
        days: set[date | None] = set()
        for name in (*expected.get("about", ()), *expected.get("cites", ()), *expected.get("cites_any", ())):
            if name in law.norms:
                norm = law.norms[NormId(name)]
                days |= {norm.applies_from.day if norm.applies_from else None}
            elif name in law.instruments:
                days |= {day.day for day in law.instruments[InstrumentId(name)].dates}
        assert expected["date"] in days, item.id


def test_controls_that_are_asked_for_are_in_the_graph(gold: Gold, law: Knowledge) -> None:
    """Each norm whose control is asked for has one."""
    assert all(law.norms[NormId(item.expected["norm"])].controls for item in gold.items if item.kind == "controls")


def test_gold_files_are_all_read() -> None:
    """No file of the gold set is left out."""
    assert sorted(file.name for file in GOLD.glob("*.yaml")) == [
        "conventions.yaml",
        "descriptions-dev.yaml",
        "descriptions-test.yaml",
        "questions-applies.yaml",
        "questions-law.yaml",
        "questions-premises.yaml",
        "questions-refusals.yaml",
    ]
