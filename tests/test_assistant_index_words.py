"""The index of words in the cache: found again as it was made; what is damaged or cannot be kept costs nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from index_sample import sample

from assistant.index import bm25, codec
from assistant.index.bm25 import Bm25
from assistant.index.entries import TAGS, entry_of
from assistant.index.keeper import How, Keeper
from assistant.index.wordfile import word_index
from assistant.retrieval import Expansion

QUERIES = ("credit scoring of natural persons", "register of information", "gdpr", "does the bank notify a breach")


def hits(words: Bm25) -> list[list[tuple[int, float]]]:
    return [words.search(query, 8, {"text": 1.0, "pairs": 0.5}) for query in QUERIES]


@pytest.fixture
def wanted() -> list[list[tuple[int, float]]]:
    """What an index in memory finds."""
    return hits(bm25.build([entry_of(one) for one in sample()], TAGS))


def test_words_are_found_again_as_they_were_made(tmp_path: Path, wanted: list[list[tuple[int, float]]]) -> None:
    """The index that is made, and the one that the next command opens, find what one in memory finds."""
    passages, content = sample(), codec.dumped(sample())
    assert any(wanted)
    assert hits(word_index(tmp_path, passages, content)) == wanted
    (place,) = (tmp_path / "words").iterdir()
    made = (place / "manifest.json").stat().st_mtime_ns
    assert hits(word_index(tmp_path, passages, content)) == wanted
    assert (place / "manifest.json").stat().st_mtime_ns == made


def test_damaged_words_are_made_again(tmp_path: Path, wanted: list[list[tuple[int, float]]]) -> None:
    """A byte changed, a file gone or added, a manifest that is none: the index is thrown away and whole again."""
    passages, content = sample(), codec.dumped(sample())
    word_index(tmp_path, passages, content)
    (place,) = (tmp_path / "words").iterdir()
    for kind in ("byte", "gone", "added", "manifest", "list"):
        store = max((place / "bm25").glob("*.store"))
        if kind == "byte":
            store.write_bytes(bytes([store.read_bytes()[0] ^ 1]) + store.read_bytes()[1:])
        elif kind == "gone":
            store.unlink()
        elif kind == "added":
            (place / "bm25" / "more").write_text("x")
        else:
            (place / "manifest.json").write_text("{" if kind == "manifest" else "[]")
        assert hits(word_index(tmp_path, passages, content)) == wanted, kind
        assert hits(word_index(tmp_path, passages, content)) == wanted, kind


def test_without_a_place_words_are_in_memory(tmp_path: Path, wanted: list[list[tuple[int, float]]]) -> None:
    """A cache that cannot be written changes nothing that is found."""
    (tmp_path / "file").write_text("no folder")
    assert hits(word_index(tmp_path / "file", sample(), codec.dumped(sample()))) == wanted


def test_few_versions_are_left(tmp_path: Path) -> None:
    """Of several sets of passages the last two are kept, and each finds its own."""
    passages = sample()
    for count in range(3, 7):
        some = passages[:count]
        assert word_index(tmp_path, some, codec.dumped(some)).count == count
    assert len(list((tmp_path / "words").iterdir())) == 2


@pytest.mark.parametrize("embeddings", [None, "package"])
def test_a_command_opens_what_another_made(tmp_path: Path, embeddings: str | None) -> None:
    """At hand the words are kept, with and without embeddings, and a service opens the same."""
    first = Keeper(How(tmp_path, embeddings)).at_hand(sample())
    assert first.state == "lexical"
    assert (tmp_path / "words").is_dir()
    assert hits(Keeper(How(tmp_path, embeddings)).at_hand(sample()).words) == hits(first.words)
    shutil.rmtree(tmp_path / "words")


@pytest.mark.parametrize(
    ("query", "expanded"),
    [
        ("信用评分", "信用评分 credit scoring"),
        ("信用和信用评分", "信用和信用评分 credit credit scoring"),
        ("GPAI models", "GPAI models general-purpose AI"),
        ("a GPAIx, xGPAI", "a GPAIx, xGPAI"),
        ("Reg 2024/1689, then", "Reg 2024/1689, then AI Act"),
    ],
)
def test_names_bring_their_words(query: str, expanded: str) -> None:
    """A name is met as a word of its own, a Chinese one anywhere, a longer one before a shorter one inside it."""
    names = {"GPAI": "general-purpose AI", "信用评分": "credit scoring", "信用": "credit", "2024/1689": "AI Act"}
    assert Expansion(names).expanded(query) == expanded
