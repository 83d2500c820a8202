"""What the small model may add to the patterns, and what it may never do."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.index.hearing import FILE, PackagedHearer
from assistant.model import FactReading, Polarity
from assistant.understanding import Reader
from assistant.understanding.clauses import FEATURES, SOURCE, Choice, Heard, windows
from assistant.understanding.groups import names_of
from assistant.understanding.whose import Spot, spots_of
from assistant.understanding.words import words_of
from benchmarks.gold import GOLD, Score, read_descriptions, read_gold, read_pairs, score
from kg_service.knowledge.read import read
from kg_service.model import FactId, FactKind, Knowledge

PLAN = "We are a German bank and run a chatbot in Ireland on Azure. "
SHOWN = GOLD / "descriptions-dev.yaml"
SURE = {name: 1.0 if name == "score" else 0.0 for name in FEATURES}


class Told:
    """A model that hears ``said`` wherever a text holds ``word``, and of every place that it is ``whose``; it is believed in what
    it is sure of.
    """

    choice = Choice(SURE, {}, 0.5, 0.0, SURE)

    def __init__(
        self,
        said: Sequence[tuple[str, str]],
        word: str = "",
        turns: tuple[float, float, float] = (1, 0, 0),
        whose: Sequence[str] = (),
    ) -> None:
        self.said, self.word, self.turns, self.whose = said, word, turns, whose

    def hear(self, texts: Sequence[str], spots: Sequence[Sequence[Spot]]) -> Sequence[Sequence[Heard]]:
        return [self._marks(text, here) if self.word in text else () for text, here in zip(texts, spots, strict=True)]

    def _marks(self, text: str, spots: Sequence[Spot]) -> list[Heard]:
        start = text.index(self.word)
        end = start + max(1, len(self.word))
        terms = [Heard(FactId(fact), term, 5.0, self.turns, start, end) for fact, term in self.said]
        return terms + [Heard(FactId(fact), "", 5.0, self.turns, one.start, one.end) for one in spots for fact in self.whose]


@pytest.fixture(scope="module")
def law() -> Knowledge:
    return read(GOLD.parent.parent)


@pytest.fixture(scope="module")
def alone(law: Knowledge) -> Reader:
    return Reader(law)


@pytest.fixture(scope="module")
def both(law: Knowledge) -> Reader:
    return Reader(law, hearer=PackagedHearer(law))


def heard(readings: Sequence[FactReading]) -> list[FactReading]:
    return [one for one in readings if one.source == SOURCE]


def test_the_same_message_is_read_the_same(law: Knowledge, both: Reader) -> None:
    """Twice by one reader, and by another with a model of its own."""
    other = Reader(law, hearer=PackagedHearer(law))
    for one in read_descriptions(law, SHOWN)[:5]:
        assert both.read(one.text).readings == both.read(one.text).readings == other.read(one.text).readings


def test_no_number_or_day_and_no_place_that_is_not_named_is_heard(law: Knowledge, alone: Reader, both: Reader) -> None:
    """Facts that are answered by numbers and days are read by patterns alone; of places the model tells only whose they are."""
    for one in read_descriptions(law, SHOWN):
        words = words_of(one.text)
        named = {term for spot in spots_of(words, names_of(words, alone.language, law)[0]) for term in spot.terms}
        for found in heard(both.read(one.text).readings):
            fact = law.facts[found.fact]
            assert fact.kind not in (FactKind.NUMBER, FactKind.DATE)
            if fact.jurisdictions:
                assert isinstance(found.value, tuple)
                assert named.issuperset(found.value)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Folks all over Portugal type into it.", {"pt"}),
        ("Folks in the Netherlands, Spain and Ohio type into it.", {"nl", "es", "us-other"}),
        ("The folks type into it.", set()),
    ],
)
def test_a_model_may_tell_whose_a_named_place_is(law: Knowledge, text: str, places: set[str]) -> None:
    """Each place that is named goes where the model is sure that it belongs; without a name there is no place."""
    sure = Reader(law, hearer=Told([], whose=["provider_in"]))
    found = heard(sure.read(PLAN + text).readings)
    assert {term for one in found for term in one.value if isinstance(one.value, tuple)} - {"de", "ie"} == places
    assert {str(one.fact) for one in found} <= {"provider_in"}


def test_without_weights_for_places_patterns_alone_tell_whose_they_are(law: Knowledge, alone: Reader) -> None:
    """A file that was never weighed for places changes none."""
    deaf = Told([], whose=["persons_in"])
    deaf.choice = Choice(SURE | {"read": 1.0}, {}, 0.5, 0.2)
    text = PLAN + "Folks all over Portugal type into it."
    before, after = (
        [one for one in reader.read(text).readings if law.facts[one.fact].jurisdictions]
        for reader in (alone, Reader(law, hearer=deaf))
    )
    assert before == after
    assert before


def test_what_patterns_read_stands_where_nothing_is_dropped(law: Knowledge, alone: Reader) -> None:
    """A model that hears everything everywhere takes nothing away and says nothing of a single answer that was read."""
    terms = [
        (str(fact.id), term)
        for fact in law.facts.values()
        if not fact.jurisdictions and fact.kind not in (FactKind.NUMBER, FactKind.DATE)
        for term in (("true",) if fact.kind is FactKind.FLAG else map(str, fact.terms))
    ]
    everything = Reader(law, hearer=Told(terms, whose=[str(fact.id) for fact in law.facts.values() if fact.jurisdictions]))
    for one in read_descriptions(law, SHOWN)[:10]:
        before, after = alone.read(one.text).readings, everything.read(one.text).readings
        assert [each for each in after if each.source != SOURCE] == list(before)
        single = {
            each.fact for each in before if law.facts[each.fact].kind is not FactKind.TERMS and each.polarity is Polarity.STATED
        }
        assert not [each for each in heard(after) if each.fact in single]


@pytest.mark.parametrize(
    ("turns", "polarity"),
    [((0.9, 0.1, 0.0), Polarity.STATED), ((0.1, 0.9, 0.0), Polarity.NEGATED), ((0.1, 0.0, 0.9), Polarity.UNCERTAIN)],
)
def test_a_denied_clause_is_never_stated(law: Knowledge, turns: tuple[float, float, float], polarity: Polarity) -> None:
    """How a clause is meant is how it is read."""
    weighed = Told([("audience", "staff")], "folks", turns)
    weighed.choice = Choice(SURE | {"turn": 2.0}, {}, 0.5, 0.0)
    found = Reader(law, hearer=weighed).read(PLAN + "The folks next door look at it.").readings
    assert next(one.polarity for one in heard(found)) is polarity


@pytest.mark.parametrize(
    ("clause", "fact"),
    [("no personal data at all is touched", "data"), ("it never talks to anybody outside", "interacts_with_persons")],
)
def test_denials_are_not_heard_as_so(both: Reader, clause: str, fact: str) -> None:
    """What the text denies is not stated by the packaged model."""
    text = f"We are a German bank. The tool runs on Azure and sorts papers for the back office; {clause}."
    stated = [one for one in heard(both.read(text).readings) if str(one.fact) == fact and one.polarity is Polarity.STATED]
    assert not [one for one in stated if one.value is True or one.value == ("personal",)]


@pytest.mark.parametrize(
    "text",
    [
        "Must the folks next door be told?",
        "Does Article 26 of the AI Act bind the folks next door?",
        "What is a high-risk system?",
    ],
)
def test_questions_are_not_heard(law: Knowledge, text: str) -> None:
    """Nothing is heard in a question, alone or behind a description."""
    told = Reader(law, hearer=Told([("audience", "staff")], "folks"))
    for whole in (text, PLAN + text):
        assert not heard(told.read(whole).readings)


def test_what_is_heard_says_so(law: Knowledge) -> None:
    """The reading names its source and shows its clause verbatim, and a note asks to check it."""
    text = PLAN + "The folks next door look at it."
    found = Reader(law, hearer=Told([("audience", "staff")], "folks")).read(text)
    (one,) = heard(found.readings)
    assert [text[span.start : span.end] for span in one.spans] == [span.text for span in one.spans] == [text[len(PLAN) : -1]]
    assert any("sense of a clause" in note for note in found.notes)


def test_what_is_unlikely_by_its_sense_is_left_open(law: Knowledge, alone: Reader) -> None:
    """A reading of a pattern that the model hears nothing of is dropped, with a note."""
    deaf = Told([], "")
    deaf.choice = Choice(SURE | {"read": 1.0}, {}, 0.5, 0.2)
    before, after = alone.read(PLAN), Reader(law, hearer=deaf).read(PLAN)
    assert len(after.readings) < len(before.readings)
    assert any("left open" in note for note in after.notes)


def test_nothing_is_dropped_that_is_not_heard(law: Knowledge, alone: Reader) -> None:
    """What patterns read in a question, of which nothing is heard, stands: places as well."""
    deaf = Told([], "")
    deaf.choice = Choice(SURE | {"read": 1.0}, {}, 0.5, 0.2, SURE | {"read": 1.0})
    asked = "What applies to a German bank that scores consumer loans with GPT on Azure?"
    assert Reader(law, hearer=deaf).read(asked).readings == alone.read(asked).readings


def test_what_follows_by_a_definition_is_not_dropped(law: Knowledge) -> None:
    """A model behind an interface is an ongoing service of its supplier, whatever the model hears of that."""
    deaf = Told([], "")
    deaf.choice = Choice(SURE | {"read": 8.0}, {"supplier_ongoing_service": (-40.0, 0.0)}, 0.5, 0.2)
    found = Reader(law, hearer=deaf).read("We are a German bank and want GPT through an API for a chatbot.")
    assert {"model_source", "supplier_ongoing_service"} <= {str(one.fact) for one in found.readings}


def test_without_the_file_patterns_read_alone(
    law: Knowledge, alone: Reader, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing or damaged file is said once in the log, and the patterns go on."""
    (tmp_path / "broken.onnx").write_bytes(FILE.read_bytes()[:1000])
    for name in ("absent.onnx", "broken.onnx"):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            bare = Reader(law, hearer=PackagedHearer(law, tmp_path / name))
            assert bare.read(PLAN + "The folks next door look at it.") == alone.read(PLAN + "The folks next door look at it.")
            bare.read(PLAN)
        assert caplog.text.count("patterns alone") == 1


def test_every_word_lies_in_one_window() -> None:
    """Windows follow each other over the whole message and stay short."""
    words = words_of("We tried it, and it was fine; people (in Rome) like it. " * 60)
    found = windows(words)
    assert [place for first, last in found for place in range(first, last + 1)] == list(range(len(words)))
    assert max(last - first for first, last in found) < 120
    assert windows(()) == []


def total_of(law: Knowledge, reader: Reader, file: Path) -> Score:
    gold, total = read_gold(law), Score()
    for one in read_descriptions(law, file):
        total.add(score(one, read_pairs(reader.read(one.text).readings, law.facts), gold, law)["all"])
    return total


def test_model_hears_what_patterns_miss_in_texts_that_neither_has_seen(law: Knowledge, alone: Reader, both: Reader) -> None:
    """On the harder held-out descriptions recall rises, and precision does not pay for it; shown ones stay as they were."""
    fresh = GOLD / "descriptions-fresh.yaml"
    before, after = total_of(law, alone, fresh), total_of(law, both, fresh)
    assert after.recall > before.recall + 0.03
    assert after.precision > before.precision - 0.01
    assert total_of(law, both, SHOWN).f1 > 0.95
