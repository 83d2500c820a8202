"""What holds of every message, however odd: spans are verbatim, readings are answers, reading twice reads the same."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import understanding
from assistant.model import Conversation, Intent, Polarity
from assistant.understanding import Reader
from assistant.understanding.days import days_of
from assistant.understanding.pattern import PatternError, Patterns, forms
from assistant.understanding.words import words_of
from kg_service.applicability.facts import parse_facts, plain_facts
from kg_service.model import FactId, FactKind, Knowledge

TraceFunction: TypeAlias = Callable[[FrameType, str, Any], Any]
TODAY = date(2026, 11, 23)
PIECES = st.sampled_from(
    [
        "We are a German bank",
        "not",
        "no",
        "without",
        "maybe",
        "either",
        "or",
        "and",
        ",",
        ".",
        "?",
        ";",
        "hosted in the US",
        "our own servers",
        "GPT-4",
        "Llama",
        "customers in France",
        "consumer loans",
        "personal data",
        "health data",
        "only",
        "what if",
        "sorry, I mean",
        "forget",
        "Article 26",
        "Annex III 5(b)",
        "AI Act",
        "GDPR",
        "since",
        "applies from",
        "2 December 2027",
        "2027-02-30",
        "next August",
        "in two years",
        "€40bn",
        "$45bn in total assets",
        "300 employees",
        "180,000 customers",
        "10^25 FLOP",
        "(",
        ")",
        '"',
        "—",
        "fully automatically",
        "human review",
        "yes",
        "none",
        "the first one",
        "Basel IV",
        "was repealed",
        "德国银行",
        "大语言模型",
        "不",
        "可能",
        "，",
        "。",
        "Polish",
        "us",
        "in",
        "it",
        "\n\n",
        "\t",
        "1.5 million",
        "12 CFR 1002.9",
        "vendor's chatbot",
        "emotion recognition",
        "sole traders",
        "nor",
        "neither",
        "instead of",
        "\x00",
        "\u202e",
        "🙂",
        "é",
        "İ",
        "ß",
    ]
)
MESSAGES = st.one_of(
    st.lists(PIECES, max_size=25).map(" ".join), st.text(max_size=200), st.lists(PIECES, max_size=12).map("".join)
)


@pytest.fixture(scope="module")
def reader(law: Knowledge) -> Reader:
    return Reader(law)


@settings(max_examples=250, deadline=None)
@given(text=MESSAGES)
def test_every_message_is_read(reader: Reader, text: str) -> None:
    """Any text at all is read: with an intent, with spans that are the message's own characters, twice the same."""
    found = reader.read(text, None, TODAY)
    assert found.intents
    assert found.text == text
    spans = [span for one in found.readings for span in one.spans]
    spans += [one.span for one in found.premises] + list(found.unknown_law)
    assert all(text[span.start : span.end] == span.text != "" for span in spans)
    assert reader.read(text, None, TODAY) == found


@settings(max_examples=250, deadline=None)
@given(text=MESSAGES)
def test_every_reading_is_an_answer(reader: Reader, law: Knowledge, text: str) -> None:
    """Each reading is of a known fact and parses as an answer to it; what is read makes facts that the engine takes."""
    found = reader.read(text, None, TODAY)
    for one in found.readings:
        assert one.spans
        value = list(one.value) if isinstance(one.value, tuple) else one.value
        if one.polarity is Polarity.STATED or law.facts[one.fact].kind is not FactKind.TERMS:
            assert one.fact in parse_facts(law.facts, {one.fact: value})
        else:
            assert set(one.value if isinstance(one.value, tuple) else ()) <= set(law.facts[one.fact].terms)
    facts = reader.facts_of(found.readings, {})
    assert parse_facts(law.facts, plain_facts(facts)) == facts
    option = reader.option_of(found.readings, facts)
    assert parse_facts(law.facts, plain_facts(option)) == option


@settings(max_examples=120, deadline=None)
@given(first=MESSAGES, second=MESSAGES)
def test_turns_add_up(reader: Reader, law: Knowledge, first: str, second: str) -> None:
    """Facts over two turns are facts that the engine takes; to merge the same readings again changes nothing."""
    base = reader.facts_of(reader.read(first, None, TODAY).readings, {})
    conversation = Conversation("c", (), base, None, (FactId("agentic"), FactId("product"), FactId("persons_in")))
    readings = reader.read(second, conversation, TODAY).readings
    merged = reader.facts_of(readings, base)
    assert parse_facts(law.facts, plain_facts(merged)) == merged
    assert reader.facts_of(readings, merged) == merged


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00\x01\x02", "?????", "🙂🙂🙂", "\ud800"], ids=repr)
def test_messages_without_words_are_said_to_be_so(reader: Reader, text: str) -> None:
    """A message without words is outside, and a note says why."""
    found = reader.read(text, None, TODAY)
    assert found.intents == (Intent.OUTSIDE,)
    assert found.notes


@pytest.mark.parametrize(
    "text",
    [
        "We are a German bank. " * 5000,
        "(" * 100_000,
        "no " * 40_000,
        "a" * 100_000,
        "Article 1(" * 10_000,
        "not only " * 12_000,
        "银行" * 50_000,
    ],
    ids=["sentences", "brackets", "denials", "one word", "pinpoints", "cues", "chinese"],
)
def test_long_messages_are_cut_and_said_to_be_so(reader: Reader, text: str) -> None:
    """Of 100 KB the beginning is read, and a note says how much."""
    found = reader.read(text, None, TODAY)
    assert any("were read" in note for note in found.notes)
    assert found.text == text


def steps(reader: Reader, text: str) -> int:
    """How many lines of ours are run to read ``text``, when everything in it was met before."""
    ours, count = Path(understanding.__file__).parent.as_posix(), itertools.count()

    def line(_: FrameType, event: str, __: object) -> TraceFunction:
        if event == "line":
            next(count)
        return line

    def call(frame: FrameType, _: str, __: object) -> TraceFunction | None:
        return line if frame.f_code.co_filename.startswith(ours) else None

    reader.read(text, None, TODAY)
    before = sys.gettrace()
    sys.settrace(call)
    try:
        reader.read(text, None, TODAY)
    finally:
        sys.settrace(before)
    return next(count)


@pytest.mark.parametrize(
    "text",
    [
        "We are a German bank. Maybe a chatbot on Azure in the US answers clients in France or Spain; no health data is read. ",
        "maybe in the US and not in France, ",
        "no chatbot that is not decided or could be about our loans to consumers by Claude ",
        "whether it is in Ireland, if clients in the US may use it, what they pay since 2027 ",
    ],
    ids=["sentences", "places", "cues", "one sentence"],
)
def test_reading_takes_as_long_as_the_message_is(reader: Reader, text: str) -> None:
    """Four times the words are read in at most about four times the steps, even where no sentence ends."""
    once = text * (-(-200 // len(text.split())))
    assert steps(reader, once * 4) <= 4.6 * steps(reader, once)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wir sind eine deutsche Bank und nutzen ein Sprachmodell für die Kreditvergabe.", "de"),
        ("Nous sommes une banque française et nous utilisons un modèle pour les crédits.", "fr"),
        ("私たちは銀行です。どの義務が適用されますか。", "ja"),
        ("Мы банк и используем языковую модель.", "ru"),
        ("我们是一家德国银行，使用大语言模型。", "zh"),
        ("We are a German bank and use a language model.", "en"),
    ],
)
def test_the_language_of_a_message(reader: Reader, text: str, language: str) -> None:
    """Only English and Chinese are read; of other languages a note says so."""
    found = reader.read(text, None, TODAY)
    assert found.language == language
    assert any("only English and Chinese" in note for note in found.notes) == (language not in ("en", "zh"))


@given(day=st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_days_are_read_as_they_are_written(day: date) -> None:
    """A day in any of its usual forms is that day."""
    for form in ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d %b %Y", "%d.%m.%Y", "%Y年%m月%d日"):
        assert [one.day for one in days_of(day.strftime(form), TODAY)] == [day], form


@given(text=st.text(max_size=300))
def test_words_stand_where_they_say(text: str) -> None:
    """Each word is the message's own characters, in order, none over another."""
    words = words_of(text)
    assert all(text[word.start : word.end] == word.raw for word in words)
    assert all(one.end <= other.start for one, other in itertools.pairwise(words))


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("credit card", "two Credit-Cards", True),
        ("credit card", "credit, card", False),
        ("(lend~|give~) to ..2 consumers?", "we lent to our consumers", True),
        ("host~ ..1 ourselves", "we host it all ourselves", False),
        ("US", "between us", False),
        ("US", "the US", True),
        ("fine-tun*", "finely tuned", False),
        ("a? bank=", "banks", False),
    ],
)
def test_patterns_meet_what_they_say(pattern: str, text: str, met: bool) -> None:
    """Plurals, verbs, gaps, capitals and hyphens are met as the language of patterns says."""
    patterns = Patterns(irregular={"lend": ("lent",)})
    patterns.add(pattern, 0)
    assert bool(patterns.scan(words_of(text))) is met


@pytest.mark.parametrize("pattern", ["", "(a", "a)", "..3", "..99 a", "?", "$none a", "a [b"])
def test_patterns_that_say_nothing_are_refused(pattern: str) -> None:
    """A pattern that is not well formed, or that any word would meet, is an error."""
    with pytest.raises(PatternError):
        Patterns().add(pattern, 0)


def test_verbs_bend() -> None:
    """The forms of a verb in English spelling are met."""
    assert {"tunes", "tuned", "tuning"} <= forms("tune~")
    assert {"plans", "planned", "planning"} <= forms("plan~")
    assert {"applies", "applied", "applying"} <= forms("apply~")
