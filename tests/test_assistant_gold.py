"""The gold set: its data are sound, and the assistant reaches the figures that it was built for."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from assistant.model import FactReading, Polarity
from benchmarks.answers import Figures, run
from benchmarks.gold import GOLD, NONE, Description, Gold, Pair, Score, faults, read_gold, read_pairs, score
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


def _as_read(law: Knowledge, pair: Pair) -> FactReading:
    kind = law.facts[FactId(pair.fact)].kind
    value: bool | float | str | tuple[str, ...] = (pair.value,)
    if kind is FactKind.FLAG:
        value = pair.value == "true"
    elif kind is FactKind.NUMBER:
        value = float(pair.value)
    elif kind in (FactKind.ONE, FactKind.DATE):
        value = pair.value
    elif pair.value == NONE:
        value = ()
    return FactReading(FactId(pair.fact), value, pair.polarity, (), complete=pair.value == NONE)


def _all(gold: Gold) -> list[Description]:
    return [one for split in gold.descriptions.values() for one in split]


def test_a_reader_that_reads_what_is_said_is_right_throughout(gold: Gold, law: Knowledge) -> None:
    """The scorer gives full marks to the facts of the descriptions themselves, whatever their kind, and none to no reading."""
    total, nothing = Score(), Score()
    for description in _all(gold):
        read = read_pairs([_as_read(law, pair) for pair in description.pairs], law.facts)
        assert faults(description, read, gold, law) == ([], [])
        total.add(score(description, read, gold, law)["all"])
        nothing.add(score(description, frozenset(), gold, law)["all"])
    assert (total.f1, total.wrong, total.missed) == (1.0, 0, 0)
    assert (nothing.right, nothing.recall) == (0, 0.0)


def test_scorer_counts_what_was_not_said_and_the_wrong_polarity(gold: Gold, law: Knowledge) -> None:
    """A term out of the air is wrong; a denied term read as stated is wrong and missed."""
    for description in _all(gold):
        air = Pair(Polarity.STATED, "technique", "social_scoring")
        assert score(description, description.pairs | {air}, gold, law)["all"].wrong == 1
        for pair in description.pairs:
            if pair.polarity is Polarity.NEGATED and pair.value != "false":
                turned = description.pairs - {pair} | {pair._replace(polarity=Polarity.UNCERTAIN)}
                one = score(description, turned, gold, law)["all"]
                assert (one.missed, one.wrong) == (1, 1), (description.id, pair)


def test_gold_files_are_all_read() -> None:
    """No file of the gold set is left out."""
    assert sorted(file.name for file in GOLD.glob("*.yaml")) == [
        "conventions.yaml",
        "descriptions-dev.yaml",
        "descriptions-fresh.yaml",
        "descriptions-test.yaml",
        "questions-applies.yaml",
        "questions-law.yaml",
        "questions-premises.yaml",
        "questions-refusals.yaml",
    ]


@pytest.fixture(scope="module")
def figures() -> Figures:
    """One run of the assistant over the whole set, without a model."""
    return run()[0]


def test_nothing_is_lost_between_engine_and_answer(figures: Figures) -> None:
    """Of the obligations that the engine finds on the facts of the answer 98 % are told, and 95 % of those told are found."""
    assert figures.same_facts.recall >= 0.98
    assert figures.same_facts.precision >= 0.95
    assert figures.same_facts.recall > 2 * figures.peer.recall


def test_false_premises_are_corrected(figures: Figures) -> None:
    """95 % of the false premises and outdated dates are put right, with the right day or status."""
    assert figures.share("premise") >= 0.95, [name for name in figures.unmet if name.startswith("fp-") and name[-1] in "13579"]


def test_what_the_graph_does_not_answer_is_refused(figures: Figures) -> None:
    """Every question without an answer in the graph is refused, and nothing is claimed."""
    assert figures.share("refusal") == 1.0, [name for name in figures.unmet if name.startswith("no-") and name[-1] in "13579"]


def test_questions_with_an_answer_are_not_refused(figures: Figures) -> None:
    """At most one in a hundred is refused without need."""
    assert len(figures.wrong_refusals) <= 1


def test_citations_are_valid_and_quotes_verbatim(figures: Figures) -> None:
    """Every claim cites what was handed over, every passage stands in the graph, every quote in the official file."""
    assert figures.bad_citations == []
    assert figures.citations[0] == figures.citations[1]
    assert figures.quotes[0] == figures.quotes[1]


@pytest.mark.parametrize("split", ["dev", "test", "fresh"])
def test_facts_are_read_from_everyday_words(figures: Figures, split: str) -> None:
    """F1 over facts, terms and polarity is at least .90, on descriptions that no pattern was written from as well."""
    assert figures.facts[split]["all"].f1 >= 0.90


@pytest.mark.parametrize("kind", ["interpretation", "explain", "controls", "changes", "define", "compare", "withdraw"])
def test_other_questions_get_what_they_ask_for(figures: Figures, kind: str) -> None:
    """Questions of law, single norms, controls, days, definitions and follow-ups: four in five rest on what they are about."""
    assert figures.share(kind) >= 0.8, [name for name in figures.unmet if name[-1] in "13579"]
