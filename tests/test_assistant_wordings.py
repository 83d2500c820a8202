"""Questions of law are recognised in other words than those of the knowledge, and only where they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.embedding import PackagedEmbedder, embedder_of
from assistant.retrieval.wordings import Wordings
from assistant.understanding import Reader
from kg_service.model import Knowledge


@pytest.fixture(scope="module")
def reader(law: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(law, near=Wordings(law, PackagedEmbedder(), tmp_path_factory.mktemp("wordings")).near)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("We only purchase scores from a bureau. Are we a deployer?", "eu-ai-act/bought-score-deployer"),
        ("Are loans to companies covered by ECOA too?", "us-reg-b/business-credit"),
        ("Customers log in with their voice. Is that a high-risk system?", "eu-ai-act/voice-login"),
        ("Has MAS finalised its AI guidelines?", "sg-mas-airg/status"),
        ("In Brazil, does a person have to re-check an automated refusal?", "br-lgpd/human-review"),
        ("Must newsletters written by AI carry a label?", "eu-ai-act/marketing-label"),
        ("Must insurers follow the NAIC model bulletin?", "us-naic-model-bulletin/binding"),
        ("The interface is free of charge. Does it belong in our register under DORA?", "eu-dora/free-api"),
    ],
)
def test_question_of_law_is_recognised_in_other_words(reader: Reader, question: str, name: str) -> None:
    """The interpretation that answers it comes first."""
    assert reader.read(question).interpretations[:1] == (name,)


@pytest.mark.parametrize(
    "question",
    [
        "What does Article 999 of the AI Act demand from banks?",  # no such article
        "Which conditions does POPIA in South Africa set for automated credit decisions?",  # law that is not held
        "Is our chatbot compliant with the HIPAA privacy rule?",
        "Give me a recipe for a lemon cake.",
        "We are a German bank and want a chatbot for our customers in France. What applies?",
    ],
)
def test_no_question_of_law_is_read_into_others(reader: Reader, question: str) -> None:
    """Law that the graph does not hold, other fields and plans are near to some wording, and yet none is meant."""
    assert reader.read(question).interpretations == ()


def test_wordings_are_nearest_to_themselves(law: Knowledge, tmp_path: Path) -> None:
    """Each first wording is at cosine 1 from its own interpretation, before and after the vectors were kept."""
    names = list(law.interpretations)[:12]
    texts = [law.interpretations[name].questions["en"][0] for name in names]
    for _ in range(2):
        wordings = Wordings(law, PackagedEmbedder(), tmp_path)
        for name, text in zip(names, texts, strict=True):
            assert wordings.near([text])[name] == pytest.approx(1.0, abs=1e-3)
    assert len(list(tmp_path.glob("wordings-*.npy"))) == 1


def test_damaged_vectors_are_made_again(law: Knowledge, tmp_path: Path) -> None:
    """A kept file that was cut is no reason to fail."""
    name, one = next(iter(law.interpretations.items()))
    Wordings(law, PackagedEmbedder(), tmp_path).near([one.questions["en"][0]])
    kept = next(tmp_path.glob("wordings-*.npy"))
    kept.write_bytes(kept.read_bytes()[:200])
    assert Wordings(law, PackagedEmbedder(), tmp_path).near([one.questions["en"][0]])[name] > 0.99


def test_words_alone_are_compared_where_there_is_no_model(law: Knowledge) -> None:
    """The reader works without, and finds what is asked nearly in the words of the knowledge."""
    reader = Reader(law, near=Wordings(law, embedder_of("nobody:nothing")).near)
    assert reader.read("Is fraud detection high-risk under the AI Act?").interpretations[:1] == ("eu-ai-act/fraud-detection",)
