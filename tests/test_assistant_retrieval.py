"""Retrieval: scope first, then what fits best; and what it says when something is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_sample import kept, sample

from assistant.index.bm25 import build
from assistant.index.embedding import LangChainEmbedder
from assistant.index.entries import TAGS, entry_of
from assistant.index.opened import Index
from assistant.index.opening import lexical_index
from assistant.model import PassageId, PassageKind, Trust
from assistant.passages import passages_of
from assistant.retrieval import Expansion, Scope, Searcher, above_of, expansion_of
from assistant.retrieval.ranker import read_ranker
from benchmarks.beir import read_beir
from benchmarks.ranking import figures
from kg_service.errors import KnowledgeError, NotFoundError, StoreError
from kg_service.model import Knowledge

ABOVE = {"harbour": frozenset({"isle"})}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The whole index of the sample, over Chroma."""
    keeper = kept(tmp_path_factory.mktemp("cache"))
    yield keeper.current()
    keeper.close()


@pytest.fixture(scope="module")
def searcher(index: Index) -> Searcher:
    return Searcher(lambda: index, ABOVE)


@pytest.fixture(scope="module")
def lawful(law: Knowledge, root: Path) -> Searcher:
    """Searches the law by words alone."""
    index = lexical_index(passages_of(law, root))
    return Searcher(lambda: index, above_of(law.jurisdictions), expansion_of(law))


def best(searcher: Searcher, query: str, scope: Scope = Scope()) -> str:
    return searcher.search(query, scope).found[0].passage.id


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("when must the lamp of a beacon be lit", "lantern"),
        ("how big are the holes of a fishing net", "herring"),
        ("is the hotel liable for stolen suitcases", "inn"),
        ("checking a rope crossing after bad weather", "bridge"),
    ],
)
def test_meaning_is_found_without_the_words(searcher: Searcher, asked: str, name: str) -> None:
    """Everyday wording finds the passage that uses other words."""
    search = searcher.search(asked)
    assert search.found[0].passage.id == f"norm:isle/{name}"
    assert (search.state, search.note) == ("ready", None)


def test_scope_leaves_out_what_is_outside(searcher: Searcher) -> None:
    """Instrument, kind, trust and jurisdiction are bounds; a jurisdiction brings in the one above it, and what has none stays."""
    query = "lantern herring bees school"
    for scope, admitted in (
        (Scope(instruments=frozenset({"coast-act"})), lambda one: one.instrument == "coast-act"),
        (Scope(kinds=frozenset({PassageKind.CONTROL})), lambda one: one.kind is PassageKind.CONTROL),
        (Scope(trusts=frozenset({Trust.GUIDANCE})), lambda one: one.trust is Trust.GUIDANCE),
        (Scope(jurisdictions=frozenset({"mainland"})), lambda one: one.jurisdiction is None),
    ):
        found = {one.passage.id for one in searcher.search(query, scope, 99).found}
        assert found == {one.id for one in sample() if admitted(one)}
    assert best(searcher, "lantern", Scope(jurisdictions=frozenset({"harbour"}))) == "norm:isle/lantern"


def test_ended_law_and_other_versions_are_left_out() -> None:
    """On a day, what had ended before it and texts that did not hold are out; law still to come is in."""
    norm = sample()[0]
    day, eve, morrow = date(2026, 1, 10), date(2026, 1, 9), date(2026, 1, 11)
    cases = (
        (replace(norm, applies_until=day), True),
        (replace(norm, applies_until=eve), False),
        (replace(norm, applies_from=morrow), True),
        (replace(norm, kind=PassageKind.TEXT_UNIT, applies_from=morrow), False),
        (replace(norm, kind=PassageKind.TEXT_UNIT, applies_from=day, applies_until=day), True),
    )
    for passage, inside in cases:
        assert Scope(as_of=day).admits(passage, {}) is inside


def test_boost_lifts_what_the_engine_found(searcher: Searcher) -> None:
    """A boost above 1 puts a passage first whose words fit less, as long as it is a candidate."""
    boosted = Scope(boost={PassageId("norm:isle/well"): 5.0})
    assert best(searcher, "lantern before dusk", boosted) == "norm:isle/well"


def test_scores_fall_and_end_at_the_limit(searcher: Searcher) -> None:
    """Scores lie between 0 and 1, best first, as many as asked; none for a limit of 0."""
    scores = [one.score for one in searcher.search("ropes of a bridge", limit=5).found]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5
    assert all(0 <= score <= 1 for score in scores)
    assert searcher.search("ropes", limit=0).found == ()


@pytest.mark.parametrize("query", ["", "   ", "\x00\x01", "🙂🙂", "?" * 100_000, "rope " * 40_000, "الالتزامات", "\ud800"])
def test_strange_questions_find_quietly(searcher: Searcher, query: str) -> None:
    """Empty, binary, endless and foreign questions end in an answer, perhaps an empty one."""
    assert len(searcher.search(query).found) <= 10


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_no_question_breaks_the_search_by_words(text: str) -> None:
    """Whatever is typed, operators and quotes of query languages included, search answers."""
    index = Index(sample(), build([entry_of(one) for one in sample()], TAGS), "lexical")
    assert len(Searcher(lambda: index).search(text, limit=3).found) <= 3


def test_threads_find_the_same(searcher: Searcher) -> None:
    """Many threads at once get what one gets."""
    alone = best(searcher, "luggage of guests")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: best(searcher, "luggage of guests"), range(40))) == {alone}


def test_embeddings_that_fall_silent_leave_words(index: Index) -> None:
    """Where the model does not answer, words do, and the search says so."""

    class Silent:
        def embed_documents(self, texts: list[str]) -> Any:
            raise ConnectionError("no route")

    mute = Index(index.passages, index.words, "ready", embedder=LangChainEmbedder("test:mute", Silent), arrays=index.arrays)
    search = Searcher(lambda: mute).search("luggage of guests")
    assert search.found[0].passage.id == "norm:isle/inn"
    assert search.state == "lexical"
    assert "did not answer" in str(search.note)


def test_dense_index_that_fails_is_doubted(index: Index) -> None:
    """Where Chroma does not answer, the exact scan does, and the keeper is told once per search."""
    told: list[StoreError] = []

    class Broken:
        name = "broken"

        def search(self, vector: object, limit: int) -> list[tuple[int, float]]:
            raise StoreError("gone")

        def close(self) -> None: ...

    lame = Index(
        index.passages, index.words, "ready", embedder=index.embedder, arrays=index.arrays, dense=Broken(), doubted=told.append
    )
    search = Searcher(lambda: lame).search("is the hotel liable for stolen suitcases")
    assert search.found[0].passage.id == "norm:isle/inn"
    assert len(told) == 1


def test_unknown_passage_names_the_nearest(searcher: Searcher) -> None:
    """A mistyped id is answered with the ones that are like it."""
    assert searcher.get("norm:isle/well").title == "Well"
    with pytest.raises(NotFoundError) as caught:
        searcher.get("norm:isle/wel")
    assert caught.value.nearest[0] == "norm:isle/well"


def test_every_norm_is_found_by_its_own_words(law: Knowledge, lawful: Searcher) -> None:
    """Asked in the words of its title and instrument, a norm is among the first ten, by words alone."""
    norms = sorted(law.norms.values(), key=lambda one: one.id)[::12]
    missed = []
    for norm in norms:
        title = law.instruments[norm.instrument].short_title
        found = lawful.search(f"{title} {norm.provision} {norm.title}", Scope(), 10).found
        places = {f"norm:{norm.id}", f"provision:{norm.instrument}/{norm.article}"}
        missed += [] if places & {one.passage.id for one in found} else [norm.id]
    assert len(missed) <= len(norms) // 50, missed


def test_chinese_names_find_english_passages(law: Knowledge, lawful: Searcher) -> None:
    """A Chinese label stands for its English one; a question of law in Chinese finds its answer."""
    expansion = expansion_of(law)
    assert "European Union" in expansion.expanded("欧盟有什么要求？")
    for one in law.interpretations.values():
        for wording in one.questions.get("zh", ())[:1]:
            ids = [found.passage.id for found in lawful.search(wording, Scope(), 3).found]
            assert f"interpretation:{one.id}" in ids


def test_expansion_adds_words_once() -> None:
    """Names are met whole, the longer one first, and what is already said is not added."""
    expansion = Expansion({"GPAI": "general-purpose AI", "信用评分": "credit scoring", "信用": "credit"})
    assert expansion.expanded("Is a GPAI model meant?") == "Is a GPAI model meant? general-purpose AI"
    assert expansion.expanded("GPAIs") == "GPAIs"
    assert expansion.expanded("信用评分 信用评分") == "信用评分 信用评分 credit scoring"
    assert expansion.expanded("gpai, general-purpose AI") == "gpai, general-purpose AI"


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    """Weights that are no weights, or of features that nobody measures, are refused with the name of the file."""
    for content in ("{", "[]", json.dumps({"weights": {"late": {"luck": 1}}}), json.dumps({"weights": {"late": {"text": "x"}}})):
        file = tmp_path / "ranker.json"
        file.write_text(content)
        with pytest.raises(KnowledgeError, match=r"ranker"):
            read_ranker(file)


def test_figures_are_those_of_the_textbook() -> None:
    """Right at ranks 1 and 3 of three right ones: recall 2/3, average precision (1 + 2/3) / 3."""
    assert figures([7, 1, 8, 2], frozenset({7, 8, 9})) == pytest.approx((2 / 3, (1 + 2 / 3) / 3))
    assert figures(list(range(20)), frozenset({15})) == (0, 0)


def test_beir_form_is_read(tmp_path: Path) -> None:
    """A corpus whose titles are section numbers gets headings and neighbours; one with titles keeps them."""
    lines = [{"_id": "a", "title": "7 1.", "text": "FEES"}, {"_id": "b", "title": "7 1.1", "text": "Pay\u200e  in May."}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "When is it paid?"}))
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\tb\t1\nq\ta\t0\n")
    read = read_beir(tmp_path)
    assert read.relevant == {"q": frozenset({1})}
    assert (read.passages[1].title, read.passages[1].text, read.passages[1].context) == ("", "Pay in May.", "FEES")
    assert read.passages[1].neighbours == ("a",)
    (tmp_path / "corpus.jsonl").write_text("\n".join(json.dumps(line | {"title": "Of fees"}) for line in lines))
    assert read_beir(tmp_path).passages[1].title == "Of fees"


def test_passages_without_vectors_are_still_ranked(index: Index) -> None:
    """While the index is brought up to date, a passage that has no vector yet is found by its words."""
    assert index.arrays is not None
    vectors = np.array(index.arrays.vectors)
    vectors[0] = 0
    partly = Index(
        index.passages, index.words, "building", embedder=index.embedder, arrays=replace(index.arrays, vectors=vectors)
    )
    assert best(Searcher(lambda: partly), "lantern before dusk in a lighthouse") == "norm:isle/lantern"
