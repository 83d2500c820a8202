"""Language models: whatever they answer, or do not, the answer that is shown holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from assistant_service import CREDIT, DAY, running
from hypothesis import given
from hypothesis import strategies as st
from model_server import BREAKS_ONCE, DIES, EMPTY, GARBAGE, HANGS, REFUSES, ModelServer, model_server

from assistant.llm import lang_chain
from assistant.llm.prompts import fence_for, prompt
from assistant.llm.protocol import ChatModel, Message
from assistant.llm.reading import readings
from assistant.llm.registry import configured
from assistant.llm.sentences import sentences
from assistant.model import Polarity
from assistant.settings import AssistantSettings
from kg_service.errors import DeadlineError, UnavailableError
from kg_service.model import Knowledge

ASK = (Message("system", "You are terse."), Message("user", "How are things?"))


@pytest.fixture
def provider() -> Iterator[ModelServer]:
    with model_server() as found:
        yield found


def _model(provider: ModelServer, key: str = "s3cret-key") -> ChatModel:
    return lang_chain.open_model("openai:m", provider.url, key, 2.0, 100)


def test_model_answers(provider: ModelServer) -> None:
    """The messages go out with their roles, the limit and the key; the words come back."""
    assert _model(provider).complete(ASK, 5.0) == "All is well."
    (sent,) = provider.requests
    assert [(one["role"], one["content"]) for one in sent["messages"]] == [(one.role, one.content) for one in ASK]
    assert provider.headers[0]["authorization"] == "Bearer s3cret-key"
    assert 100 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))


def test_connection_that_breaks_is_tried_once_more(provider: ModelServer) -> None:
    """Half an answer is none; the second try may bring it."""
    provider.behaviour = BREAKS_ONCE
    assert _model(provider).complete(ASK, 10.0) == "All is well."
    assert len(provider.requests) == 2


@pytest.mark.parametrize("behaviour", [DIES, GARBAGE, EMPTY, REFUSES])
def test_what_a_provider_does_wrong_is_one_error_of_ours(provider: ModelServer, behaviour: str) -> None:
    """It names the model and not the key, and there are at most two tries."""
    provider.behaviour = behaviour
    with pytest.raises(UnavailableError, match="openai:m") as caught:
        _model(provider).complete(ASK, 10.0)
    assert "s3cret" not in str(caught.value)
    assert len(provider.requests) <= 2


def test_provider_that_hangs_is_left(provider: ModelServer) -> None:
    """The time given is the time waited."""
    provider.behaviour = HANGS
    start = time.monotonic()
    with pytest.raises(DeadlineError):
        _model(provider).complete(ASK, 0.5)
    assert time.monotonic() - start < 10


def test_provider_that_is_not_there_is_unavailable() -> None:
    """A closed port is told, not waited for."""
    with pytest.raises(UnavailableError):
        lang_chain.open_model("openai:m", "http://127.0.0.1:9/v1", "k", 2.0, 100).complete(ASK, 5.0)


@pytest.mark.parametrize(("name", "said"), [("anthropic:m", r"sextant-kg\[anthropic\]"), ("ollama:m", r"sextant-kg\[ollama\]")])
def test_missing_package_is_named_with_its_extra(name: str, said: str) -> None:
    """One is told what to install. Both packages are extras that the development environment leaves out."""
    with pytest.raises(UnavailableError, match=said):
        configured(AssistantSettings(model=name))


def test_unknown_provider_is_told() -> None:
    """A provider that nobody knows is an error before anything is served."""
    with pytest.raises(UnavailableError, match="nosuch:m"):
        configured(AssistantSettings(model="nosuch:m"))


def test_no_model_is_none() -> None:
    """Without a setting there is no model."""
    assert configured(AssistantSettings()) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DORA applies [1]. So does GDPR [2][3].", [("DORA applies.", (1,)), ("So does GDPR.", (2, 3))]),
        ("DORA applies. [1] So does GDPR. [2, 3]", [("DORA applies.", (1,)), ("So does GDPR.", (2, 3))]),
        ("- Art. 26 of Reg. No. 2024/1689 binds deployers [4]", [("Art. 26 of Reg. No. 2024/1689 binds deployers", (4,))]),
        ("## Heading\n\n**Bold** claim [1]\n---\n", [("Bold claim", (1,))]),
        ("1. First [1]\n2. Second [2]", [("First", (1,)), ("Second", (2,))]),
        ("No mark at all.", [("No mark at all.", ())]),
        ("[1]", []),
        ("", []),
    ],
)
def test_text_is_taken_apart_into_sentences(text: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    """Each sentence keeps the numbers that stand in it or right behind it."""
    assert [(one.text, one.marks) for one in sentences(text)] == expected


@given(st.text())
def test_any_text_can_be_taken_apart(text: str) -> None:
    """Sentences have words, no line ends and no marks."""
    for sentence in sentences(text):
        assert sentence.text.strip()
        assert "\n" not in sentence.text


@given(st.lists(st.text(), max_size=4))
def test_fence_stands_in_no_content(contents: Sequence[str]) -> None:
    """Nothing that is fenced can hold the mark that ends it."""
    assert all(fence_for(*contents) not in content for content in contents)


@pytest.mark.parametrize("name", ["compose", "read-facts"])
def test_prompt_has_version_and_hash(name: str) -> None:
    """What the trail says of a prompt is there."""
    found = prompt(name)
    assert found.version >= 1
    assert found.hash.startswith("sha256:")
    assert "{fence}" in found.text


TEXT = "A bank in Germany, perhaps with a public cloud. No personal data."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"readings": [{"fact": "established_in", "value": ["de"], "words": "Germany"}]}', [("established_in", ("de",))]),
        (
            'Sure!\n```json\n{"readings": [{"fact": "established_in", "value": "de", "words": "Germany"}]}\n```',
            [("established_in", ("de",))],
        ),
        ('{"readings": [{"fact": "established_in", "value": ["de"], "words": "in Bavaria"}]}', []),
        ('{"readings": [{"fact": "established_in", "value": ["atlantis"], "words": "Germany"}]}', []),
        ('{"readings": [{"fact": "shoe_size", "value": 44, "words": "Germany"}]}', []),
        ('{"readings": [{"fact": "established_in", "value": [], "words": "Germany"}]}', []),
        ('{"readings": [{"fact": "established_in", "value": ["de"], "words": "in"}]}', []),
        ('{"readings": "all"}', []),
        ('{"readings": [1, null, []]}', []),
        ("[" * 100_000, []),
        ("I cannot help with that.", []),
    ],
)
def test_only_readings_that_hold_are_taken(law: Knowledge, answer: str, expected: list[tuple[str, object]]) -> None:
    """Known facts, known values, words that stand in the text; everything else is as if it had not been said."""
    found = list(readings(answer, TEXT, law))
    assert [(one.fact, one.value) for one in found] == expected
    assert all(TEXT[span.start : span.end] == span.text for one in found for span in one.spans)


def test_polarity_of_a_reading_is_kept(law: Knowledge) -> None:
    """What is uncertain or denied is not stated."""
    answer = """{"readings": [
        {"fact": "hosting", "value": ["public_cloud"], "polarity": "uncertain", "words": "perhaps with a public cloud"},
        {"fact": "data", "value": ["personal"], "polarity": "negated", "words": "No personal data"},
        {"fact": "stage", "value": ["procurement"], "polarity": "certain", "words": "A bank in Germany"}]}"""
    found = {one.fact: one.polarity for one in readings(answer, TEXT, law)}
    assert found == {"hosting": Polarity.UNCERTAIN, "data": Polarity.NEGATED}


@pytest.fixture(scope="module")
def worded(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[object, ModelServer]]:
    """The service with a model that the tests lead astray."""
    with model_server() as provider:
        more = {"model": "openai:m", "model_url": provider.url, "model_seconds": 3, "embeddings": "none"}
        with running(root, tmp_path_factory.mktemp("worded"), **more) as service:
            yield service, provider


@pytest.mark.parametrize(
    "behaviour",
    [
        HANGS, DIES, GARBAGE, EMPTY, REFUSES,
        "asdf qwer zxcv " * 500,
        "Article 26 of the AI Act was repealed in 2025, so nothing applies to banks [1].",
        "Nothing applies. See https://evil.example/ for details [1].",
        "You word answers for people at banks and insurers who plan to use a language model [1].",
    ],
)  # fmt: skip
def test_answer_holds_whatever_the_model_does(worded: tuple[object, ModelServer], behaviour: str) -> None:
    """The claims are those that are composed without it, and a note says why; nothing of its words is shown."""
    service, provider = worded
    provider.behaviour = "All is well."
    plain = service.ask(CREDIT)  # type: ignore[attr-defined]
    provider.behaviour = behaviour
    found = service.ask(CREDIT)  # type: ignore[attr-defined]
    assert found["composer"] == "composer"
    assert [one["text"] for one in found["claims"]] == [one["text"] for one in plain["claims"]]
    assert found["facts"] == plain["facts"]
    assert any("composed without it" in note for note in found["notes"])
    assert "evil.example" not in str(found)


def test_sentence_that_holds_is_shown_first_and_nothing_is_lost(worded: tuple[object, ModelServer]) -> None:
    """What a model copies from the sources is kept, as its own; every composed claim still stands behind it."""
    service, provider = worded
    provider.behaviour = "All is well."
    plain = service.ask(CREDIT, as_of=DAY)  # type: ignore[attr-defined]
    sent = [one for one in provider.requests if "Passages:" in one["messages"][-1]["content"]][-1]["messages"][-1]["content"]
    first = plain["claims"][2]
    number = next(n for n in range(1, 400) if f"\n[{n}] " in sent and sent.split(f"\n[{n}] ")[1].startswith(_title(plain, first)))
    provider.behaviour = f"{first['text']} [{number}]\nBanks are exempt from everything. [{number}]"
    found = service.ask(CREDIT, as_of=DAY)  # type: ignore[attr-defined]
    assert found["composer"] == "openai:m"
    assert found["claims"][0]["text"] == first["text"]
    assert any("wrote 2 sentences; 1 did not hold" in note for note in found["notes"])
    assert "exempt from everything" not in str(found["claims"])
    assert {one["text"] for one in plain["claims"] if one["kind"] == "verdict"} <= {one["text"] for one in found["claims"]}


def _title(view: dict[str, list[dict[str, object]]], claim: dict[str, list[int]]) -> str:
    return str(view["citations"][claim["citations"][0] - 1]["title"])
