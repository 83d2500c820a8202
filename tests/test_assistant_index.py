"""The index: what is kept, what is built in a child, and what happens when something breaks."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from index_sample import gone, kept, sample, until, versions

from assistant.index import bm25, chroma, codec
from assistant.index.child import Child, try_out
from assistant.index.dense import Exact
from assistant.index.embedding import LangChainEmbedder, PackagedEmbedder, packaged
from assistant.index.entries import TAGS, embedded_text, entry_of
from assistant.index.keeper import BUILDING, How, Keeper
from assistant.index.kept import Kept, key_of
from assistant.index.opening import built_index, index_at_hand
from assistant.index.registry import KINDS, kind_of
from assistant.index.words import words_of
from kg_service.errors import InputError, StoreError, UnavailableError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the index of the sample."""
    cache = tmp_path_factory.mktemp("whole")
    kept(cache).close()
    return cache


@pytest.fixture
def cache(whole: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may break."""
    shutil.copytree(whole, tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever reaches for the network fails."""

    def refuse(*_: object) -> None:
        raise AssertionError("somebody reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return


def test_importing_the_index_loads_nothing_heavy() -> None:
    """A command that never searches pays nothing for search."""
    told = "import sys, assistant.index.opening, assistant.retrieval; print(*sorted(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split())
    assert loaded & {"numpy", "chromadb", "langchain_core", "langchain_chroma", "onnxruntime", "tokenizers", "tantivy"} == set()


@pytest.mark.usefixtures("offline")
def test_packaged_vectors_tell_likeness() -> None:
    """Sentences that mean the same are nearer than one about something else; each has length 1 and comes out the same again."""
    texts = ["The bank must keep records.", "A credit institution has to retain its logs.", "Herring are silver fish."]
    one, two, three = (each.vector for each in PackagedEmbedder().encode(texts))
    assert one @ two > one @ three
    assert np.allclose([np.linalg.norm(each) for each in (one, two, three)], 1, atol=1e-5)
    assert np.array_equal(one, next(PackagedEmbedder().encode(texts[:1])).vector)


def test_very_long_text_is_cut() -> None:
    """A text of any length, or none, has a vector."""
    long, empty = PackagedEmbedder().encode(["word " * 100_000, ""])
    assert len(long.words) == 254
    assert len(empty.words) == 0
    assert np.isfinite(empty.vector).all()


def test_missing_package_is_named() -> None:
    """Who lacks the model is told which package holds it."""
    with pytest.raises(UnavailableError, match="no-such-package"):
        packaged("no-such-package", "model.onnx")


def test_langchain_embeddings_that_misbehave_are_refused() -> None:
    """What is no vector for each text never enters an index."""

    class Short:
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[1.0, 0.0]] * (len(texts) - 1)

    class Broken:
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise ConnectionError("no route")

    for made in (Short, Broken):
        with pytest.raises(UnavailableError):
            list(LangChainEmbedder("test:one", made).encode(["a", "b"]))


def test_unknown_provider_of_embeddings_is_told(tmp_path: Path) -> None:
    """A setting that names no provider leaves search by words, with the reason."""
    keeper = Keeper(How(tmp_path, embeddings="nobody:nothing"))
    keeper.open(sample())
    assert keeper.wait(120)
    assert keeper.current().state == "lexical"
    assert "nobody:nothing" in str(keeper.current().note)
    keeper.close()


def test_words_keep_numbers_and_scripts() -> None:
    """Section numbers, stems and Chinese characters are words of their own."""
    assert words_of("Articles 26(1)(b), § 1002.9: 魁北克25号") == ["articl", "26", "1", "b", "1002", "9", *"魁北克", "25", "号"]


def test_words_are_filtered_and_counted() -> None:
    """A filter lets only its values pass; coverage is the share of the question that is said."""
    words = bm25.build([entry_of(one) for one in sample()], TAGS)
    assert words.search("lantern before dusk", 3, {"text": 1.0})[0][0] == 0
    assert words.search("lantern before dusk", 3, {"text": 1.0}, {"instrument": ["coast-act"]})[0][0] != 0
    assert words.coverage("herring boat carries a net", [0, 1])[1] == pytest.approx(1)
    assert words.search("", 3, {"text": 1.0}) == []


def test_exact_scan_agrees_with_arithmetic() -> None:
    """The scan gives what multiplying gives; places without a vector never come."""
    vectors = np.eye(4, dtype=np.float32)
    vectors[3] = 0
    hits = Exact(vectors).search(np.array([0.6, 0.8, 0, 0], dtype=np.float32), 4)
    assert [(place, round(score, 3)) for place, score in hits] == [(1, 0.8), (0, 0.6), (2, 0.0)]
    with pytest.raises(StoreError):
        Exact(vectors).search(np.ones(3, dtype=np.float32), 1)


@pytest.mark.usefixtures("offline")
def test_chroma_gives_what_the_exact_scan_gives(tmp_path: Path) -> None:
    """Chroma over our vectors finds the same places with the same cosines, and embeds nothing by itself."""
    vectors = np.stack([each.vector for each in PackagedEmbedder().encode([one.text for one in sample()])])
    chroma.write(tmp_path / "store", vectors)
    chroma.check(tmp_path / "store", vectors)
    store = chroma.reopen(tmp_path / "store", len(vectors))
    for vector in vectors:
        ours, exact = store.search(vector, 5), Exact(vectors).search(vector, 5)
        assert [place for place, _ in ours] == [place for place, _ in exact]
        assert np.allclose([score for _, score in ours], [score for _, score in exact], atol=1e-4)
    store.close()
    with pytest.raises(StoreError, match="8"):
        chroma.reopen(tmp_path / "store", len(vectors) + 1)


def test_dense_kinds_are_named() -> None:
    """An unknown kind names the nearest; each known one can be made."""
    with pytest.raises(InputError, match="chroma"):
        kind_of("croma")
    assert set(KINDS) == {"chroma", "exact", "server"}


def test_passages_survive_the_disk() -> None:
    """What is written is read back equal, and the version changes with any of it."""
    passages = sample()
    content = codec.dumped(passages)
    assert codec.loaded(content) == passages
    other = codec.dumped((replace(passages[0], title="Lamp"), *passages[1:]))
    assert codec.version_of(content, "m", "chroma") != codec.version_of(other, "m", "chroma")
    for broken in (b"{}\n", b"[1]\n", b"{\n"):
        with pytest.raises(ValueError, match=r"passage|JSON|unexpected|line"):
            codec.loaded(broken)


def test_first_start_answers_by_words_then_by_meaning(tmp_path: Path) -> None:
    """At the very first start words answer and say so; then the index is whole, over Chroma, and opens again at once."""
    told: list[int] = []
    keeper = Keeper(How(tmp_path), lambda done, of: told.append(of))
    first = keeper.open(sample())
    assert (first.state, first.note, first.dense) == ("lexical", BUILDING, None)
    assert keeper.wait(120)
    assert keeper.current().state == "ready"
    assert keeper.current().dense is not None
    assert getattr(keeper.current().dense, "name", "") == "chroma"
    assert told
    keeper.close()
    again = index_at_hand(How(tmp_path), sample())
    assert again.state == "ready"


def test_only_what_changed_is_embedded(cache: Path) -> None:
    """A changed passage is the only one to be embedded; meanwhile the others are found by meaning."""
    told: list[int] = []
    keeper = Keeper(How(cache), lambda done, of: told.append(of))
    partly = keeper.open(sample(well="A pond is fenced."))
    assert partly.state == "building"
    assert partly.exact is not None
    assert len(partly.exact.search(partly.exact.vectors[0], 99)) == len(sample()) - 1
    assert keeper.wait(120)
    assert set(told) == {1}
    assert keeper.current().state == "ready"
    keeper.close()


def test_killed_builder_leaves_the_old_answers(cache: Path) -> None:
    """After kill -9 of the process that builds, what there was answers, nothing is half there, and the next start builds it."""
    more = {f"rule{number}": f"Rule number {number} of the harbour speaks of rope and tar." for number in range(400)}
    keeper = Keeper(How(cache, threads=1))
    keeper.open(sample(**more))
    until(lambda: keeper.building is not None)
    while not keeper.wait(0.02):  # it is tried again
        pid = keeper.building
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    index = keeper.current()
    assert index.state == "building"
    assert "cannot be built" in str(index.note)
    assert index.exact is not None
    assert index.exact.search(index.exact.vectors[0], 1)[0][0] == 0
    keeper.close()
    assert len(versions(cache)) == 1
    assert index_at_hand(How(cache), sample()).state == "ready"


def test_closing_ends_the_builder(tmp_path: Path) -> None:
    """No process of ours outlives the keeper, unless it is told to finish."""
    keeper = Keeper(How(tmp_path, threads=1))
    keeper.open(sample(**{f"rule{number}": f"Rule {number} on ropes." for number in range(300)}))
    until(lambda: keeper.building is not None)
    pid = keeper.building
    keeper.close()
    assert pid is not None
    assert gone(pid)


@pytest.mark.parametrize("broken", ["truncated", "emptied", "of fewer"])
def test_damaged_chroma_is_built_anew(cache: Path, broken: str) -> None:
    """A Chroma directory that is cut off, empty or lacks passages is noticed in a child and built anew without embedding."""
    home = versions(cache)[0] / "chroma"
    if broken == "truncated":
        file = home / "chroma.sqlite3"
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    else:
        shutil.rmtree(home)
        if broken == "of fewer":
            chroma.write(home, np.load(home.parent / "vectors.npy")[:5])
    with pytest.raises(StoreError):
        try_out("chroma", str(home.parent), str(len(sample())))
    if broken != "truncated":  # once is enough to see it built anew
        return
    told: list[int] = []
    keeper = Keeper(How(cache), lambda done, of: told.append(of))
    assert keeper.open(sample()).state == "ready"
    assert keeper.wait(120)
    assert getattr(keeper.current().dense, "name", "") == "chroma"
    assert told == []
    keeper.close()


def test_damaged_graph_of_neighbours_is_noticed(tmp_path: Path) -> None:
    """Where Chroma's own file of vectors is cut off, a child says so or dies of it, and we do not."""
    random = np.random.default_rng(7).normal(size=(1200, 8)).astype(np.float32)
    vectors = random / np.linalg.norm(random, axis=1, keepdims=True)
    np.save(tmp_path / "vectors.npy", vectors)
    chroma.write(tmp_path / "chroma", vectors)
    try_out("chroma", str(tmp_path), "1200")
    held = next((tmp_path / "chroma").rglob("data_level0.bin"))
    held.write_bytes(held.read_bytes()[: held.stat().st_size // 2])
    with pytest.raises(StoreError):
        try_out("chroma", str(tmp_path), "1200")


@pytest.mark.parametrize("name", ["manifest.json", "vectors.npy", "tokens.npy", "counts.npy", "passages.jsonl", "bm25/meta.json"])
def test_damaged_home_is_thrown_away(cache: Path, name: str) -> None:
    """Whatever file of a version is cut off, nothing is answered from it: kept vectors are, until it is built again."""
    file = versions(cache)[0] / name
    file.write_bytes(file.read_bytes()[:-9])
    index = index_at_hand(How(cache), sample())
    assert index.state == "building"
    assert index.exact is not None
    assert index.exact.search(index.exact.vectors[3], 1)[0][0] == 3
    assert versions(cache) == []


def test_index_is_built_anew_without_chroma(cache: Path) -> None:
    """Another kind of dense index over the same vectors is built without embedding anything."""
    told: list[int] = []
    index = built_index(sample(), cache, lambda done, of: told.append(of), How(cache, dense="exact"))
    assert (index.state, told) == ("ready", [])
    assert index.exact is not None
    assert index.exact.search(index.exact.vectors[3], 1)[0][0] == 3


def test_index_of_another_version_is_not_taken(cache: Path) -> None:
    """A directory under the wrong name is no index of ours."""
    place = versions(cache)[0]
    place.rename(place.with_name("0" * 40))
    other = index_at_hand(How(cache), sample())
    assert other.state == "building"
    place.with_name("0" * 40).rename(place)
    assert index_at_hand(How(cache), sample()).state == "ready"


def test_damaged_pack_costs_only_time(tmp_path: Path) -> None:
    """Kept vectors that cannot be read are as if they were not there; whole ones come back equal."""
    encodings = {
        key_of(one.text): each for one, each in zip(sample(), PackagedEmbedder().encode([o.text for o in sample()]), strict=True)
    }
    store = Kept(tmp_path, "model")
    store.write(encodings)
    found = store.read(encodings)
    assert all(np.array_equal(found[key].tokens, encodings[key].tokens) for key in encodings)
    pack = next(tmp_path.rglob("*.npz"))
    pack.write_bytes(pack.read_bytes()[:1000])
    assert store.read(encodings) == {}


def test_full_disk_is_told_and_loses_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing more can be written, the message says so, and what answered still does."""
    import resource

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    real = subprocess.Popen

    def limited(*arguments: object, **options: object) -> object:
        return real(*arguments, **options, preexec_fn=small)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", limited)
    keeper = Keeper(How(cache))
    keeper.open(sample(well="A pond is fenced."))
    assert keeper.wait(120)
    index = keeper.current()
    assert index.state == "building"
    assert "disk may be full" in str(index.note)
    assert index.exact is not None
    keeper.close()
    monkeypatch.undo()
    assert index_at_hand(How(cache), sample()).state == "ready"


def test_cache_that_cannot_be_written_leaves_words(tmp_path: Path) -> None:
    """A cache that is a file: search goes by words and says why."""
    (tmp_path / "cache").write_text("no directory")
    keeper = Keeper(How(tmp_path / "cache"))
    keeper.open(sample())
    assert keeper.wait(60)
    assert keeper.current().state == "lexical"
    assert "cannot be built" in str(keeper.current().note)
    keeper.close()


def test_child_that_crashes_is_told() -> None:
    """A worker that is asked for nonsense ends with a reason, not with a trace."""
    child = Child("probe", "chroma", "/nowhere/at/all", "3")
    with pytest.raises(StoreError):
        child.follow(lambda done, of: None)


def test_server_that_is_away_leaves_the_exact_scan(tmp_path: Path) -> None:
    """With a Chroma server that does not answer, vectors are made all the same, and the exact scan over them answers."""
    keeper = Keeper(How(tmp_path, dense="server", url="http://127.0.0.1:9"))
    keeper.open(sample())
    assert keeper.wait(120)
    keeper.close()
    index = index_at_hand(How(tmp_path, dense="server", url="http://127.0.0.1:9"), sample())
    assert index.state == "ready"


def test_embedded_text_leaves_out_the_place() -> None:
    """Only title and text get a vector, so that a renumbered article is not embedded again."""
    one = sample()[0]
    assert embedded_text(one) == embedded_text(replace(one, context="Isle Act, Part 2", provision="s 9"))
