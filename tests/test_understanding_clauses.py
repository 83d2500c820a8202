"""What the learned model may add to the patterns, and what it may never do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.index.embedding import PackagedEmbedder
from assistant.model import Polarity
from assistant.retrieval.learned import FILE, Learned
from assistant.understanding import Reader
from assistant.understanding.clauses import SOURCE, Heard, clauses
from assistant.understanding.words import words_of
from benchmarks.gold import GOLD, Gold, Score, read_descriptions, read_pairs, score
from kg_service.knowledge.read import read
from kg_service.model import FactId, FactKind, Knowledge

PLAN = "We are a German bank and run a chatbot in Ireland on Azure. "
SHOWN = (GOLD / "descriptions-dev.yaml", *sorted((GOLD.parent / "data" / "clauses").glob("descriptions-*.yaml")))


@pytest.fixture(scope="module")
def law() -> Knowledge:
    return read(GOLD.parent.parent)


@pytest.fixture(scope="module")
def reader(law: Knowledge) -> Reader:
    return Reader(law, hear=Learned(law, PackagedEmbedder()).hear)


def everything(law: Knowledge) -> Reader:
    """A reader whose model hears every term of every fact in every clause, at its first word."""
    said = [
        Heard(fact.id, term, 1.0, 0)
        for fact in law.facts.values()
        if not fact.jurisdictions and fact.kind not in (FactKind.NUMBER, FactKind.DATE)
        for term in (("true",) if fact.kind is FactKind.FLAG else map(str, fact.terms))
    ]
    return Reader(law, hear=lambda held: [said for _ in held])


def one_thing(law: Knowledge, fact: str, term: str, word: str) -> Reader:
    """A reader whose model hears one term wherever a clause holds ``word``."""
    return Reader(
        law,
        hear=lambda held: [
            [Heard(FactId(fact), term, 1.0, list(low).index(word))] if word in low else [] for _, low in held
        ],
    )


def test_the_same_message_is_read_the_same(law: Knowledge, reader: Reader) -> None:
    """Twice by one reader, and by another with weights of its own."""
    texts = [one.text for one in read_descriptions(law, SHOWN[1])[:5]]
    other = Reader(law, hear=Learned(law, PackagedEmbedder()).hear)
    for text in texts:
        assert reader.read(text).readings == reader.read(text).readings == other.read(text).readings


def test_clauses_say_no_place_number_or_day(law: Knowledge, reader: Reader) -> None:
    """Facts that are answered by places, numbers and days are never read by the model."""
    for one in read_descriptions(law, SHOWN[-1]):
        for found in reader.read(one.text).readings:
            if found.source == SOURCE:
                fact = law.facts[found.fact]
                assert not fact.jurisdictions
                assert fact.kind not in (FactKind.NUMBER, FactKind.DATE)


def test_what_patterns_read_stands(law: Knowledge) -> None:
    """A model that hears everything everywhere changes no reading of a pattern and says nothing against one."""
    alone, both = Reader(law), everything(law)
    for one in read_descriptions(law, SHOWN[0])[:10]:
        before = alone.read(one.text).readings
        after = both.read(one.text).readings
        assert [each for each in after if each.source != SOURCE] == list(before)
        single = {each.fact for each in before if law.facts[each.fact].kind is not FactKind.TERMS}
        assert not [each for each in after if each.source == SOURCE and each.fact in single]


@pytest.mark.parametrize(
    ("clause", "polarity"),
    [
        ("The folks next door look at it.", Polarity.STATED),
        ("It is not for the folks next door.", Polarity.NEGATED),
        ("Perhaps the folks next door look at it.", Polarity.UNCERTAIN),
    ],
)
def test_the_words_around_turn_what_is_heard(law: Knowledge, clause: str, polarity: Polarity) -> None:
    """A denied clause is never stated, and a doubted one never taken."""
    found = one_thing(law, "audience", "staff", "folks").read(PLAN + clause).readings
    assert [one.polarity for one in found if one.source == SOURCE] == [polarity]


@pytest.mark.parametrize(
    "text",
    [
        "Must the folks next door be told?",
        "Does Article 26 of the AI Act bind the folks next door?",
        "What is a high-risk system?",
    ],
)
def test_questions_are_not_heard(law: Knowledge, text: str) -> None:
    """Nothing is read from a question about the law, alone or behind a description."""
    for whole in (text, PLAN + text):
        found = one_thing(law, "audience", "staff", "folks").read(whole).readings
        assert not [one for one in found if one.source == SOURCE]


def test_what_is_heard_says_so(law: Knowledge) -> None:
    """The reading names its source and shows its clause verbatim, and a note asks to check it."""
    text = PLAN + "The folks next door look at it."
    found = one_thing(law, "audience", "staff", "folks").read(text)
    (one,) = [each for each in found.readings if each.source == SOURCE]
    assert [text[span.start : span.end] for span in one.spans] == [span.text for span in one.spans]
    assert "folks" in one.spans[0].text
    assert any("sense of a clause" in note for note in found.notes)


def test_without_the_file_patterns_read_alone(law: Knowledge, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A missing or damaged file of weights is said once, and the patterns go on."""
    (tmp_path / "broken.npz").write_bytes(FILE.read_bytes()[:1000])
    for name in ("absent.npz", "broken.npz"):
        caplog.clear()
        bare = Reader(law, hear=Learned(law, PackagedEmbedder(), tmp_path / name).hear)
        assert bare.read(PLAN + "The folks next door look at it.") == Reader(law).read(PLAN + "The folks next door look at it.")
        bare.read(PLAN)
        assert caplog.text.count("patterns alone") == 1


def test_every_word_lies_in_a_clause() -> None:
    """Clauses follow each other over the whole message."""
    words = words_of("We tried it, and it was fine; people (in Rome) like it. Label: yes, no and the rest of them too")
    assert {place for first, last in clauses(words) for place in range(first, last + 1)} == set(range(len(words)))
    assert clauses(()) == []


def test_figures_on_shown_descriptions_hold(law: Knowledge, reader: Reader) -> None:
    """On descriptions that everybody has seen patterns and model together read nearly all."""
    conventions = yaml.safe_load((GOLD / "conventions.yaml").read_text(encoding="utf-8"))
    gold, total = Gold({}, (), tuple(conventions)), Score()
    for file in SHOWN:
        for one in read_descriptions(law, file):
            total.add(score(one, read_pairs(reader.read(one.text).readings, law.facts), gold, law)["all"])
    assert total.f1 > 0.9
    assert total.precision > 0.88
