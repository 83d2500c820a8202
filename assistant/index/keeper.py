"""Keeps one index open: at once with what is there, better as soon as more is made, never in doubt about what it holds."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from assistant.index import bm25, codec
from assistant.index.child import Child, Progress, try_out
from assistant.index.embedding import PACKAGED, Embedder, embedder_of
from assistant.index.entries import embedded_text
from assistant.index.home import BM25, Arrays, Home, arrays_of
from assistant.index.kept import Kept, key_of
from assistant.index.opened import Index
from assistant.index.registry import kind_of
from assistant.index.wordfile import word_index
from assistant.model import Passage
from kg_service.errors import SextantError, StoreError

_LOG: Final = logging.getLogger(__name__)
BUILDING: Final = "The index of meanings is being built; until it is ready, search goes by words and by the links of the graph."
PARTLY: Final = "The index of meanings is being brought up to date; what changed is found by its words until it is ready."
WORDS: Final = "Search goes by words and by the links of the graph, for no embeddings are set."
_ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class How:
    """How an index is made: ``embeddings`` as in the setting (None: by words alone), ``dense`` by its name in the registry."""

    cache: Path
    embeddings: str | None = PACKAGED
    dense: str = "chroma"
    url: str = ""
    threads: int = 2


class Keeper:
    """Holds the index of the passages given last. Safe in threads; close it in the end.

    A child process builds; this one only reads. Whatever fails leaves the index that answers in its place.
    """

    def __init__(self, how: How, progress: Progress = lambda done, of: None) -> None:
        kind_of(how.dense)
        self.how, self.home, self._progress = how, Home(how.cache), progress
        self.embedder: Embedder | None = embedder_of(how.embeddings) if how.embeddings else None
        self._lock, self._closed = Lock(), False
        self._index: Index | None = None
        self._child: Child | None = None
        self._thread: Thread | None = None
        self._settled = Event()
        self._round = 0

    def current(self) -> Index:
        """The index that answers now."""
        index = self._index
        if index is None:
            raise StoreError("no index was opened.")
        return index

    @property
    def building(self) -> int | None:
        """The process that builds, while one does."""
        child = self._child
        return child.pid if child is not None else None

    def open(self, passages: Sequence[Passage]) -> Index:
        """The index of ``passages``: whole where it was built before, else what there is of it while a child builds the rest."""
        passages, content = tuple(passages), codec.dumped(passages)
        self._stop()
        if self.embedder is None:
            self._index = self._by_words(passages, content, WORDS)
            self._settled.set()
            return self._index
        version = self._version(content)
        self._index = self._found(version, passages) or self._partly(passages, content)
        with self._lock:
            self._round += 1
            self._settled = Event()
            self._thread = Thread(
                target=self._improve, args=(self._round, self._settled, version, passages, content), name="index", daemon=True
            )
            self._thread.start()
        return self._index

    def at_hand(self, passages: Sequence[Passage]) -> Index:
        """What there is of the index of ``passages``, with nothing begun."""
        passages, content = tuple(passages), codec.dumped(passages)
        if self.embedder is None:
            return self._by_words(passages, content, WORDS)
        return self._found(self._version(content), passages) or self._partly(passages, content)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether within that time everything that is being made was made or given up."""
        return self._settled.wait(seconds)

    def close(self, *, finish: bool = False) -> None:
        """Nothing is held any more. With ``finish`` a child that builds goes on without us, for the next time."""
        with self._lock:
            self._closed = True
            self._round += 1
        if not finish:
            self._stop()
        index = self._index
        if index is not None and index.dense is not None:
            index.dense.close()

    def _version(self, content: bytes) -> str:
        return codec.version_of(content, self.embedder.name if self.embedder else "", self.how.dense)

    def _stop(self) -> None:
        with self._lock:
            self._round += 1
            child, thread = self._child, self._thread
        if child is not None:
            child.end()
        if thread is not None and thread.is_alive():
            thread.join(10)

    def _found(self, version: str, passages: tuple[Passage, ...]) -> Index | None:
        """The version as it lies in its home, answering by the exact scan until its dense index is tried."""
        try:
            arrays = self.home.read(version, self.embedder.name if self.embedder else "", len(passages))
            if arrays is None:
                return None
            words = bm25.reopen(self.home.of(version) / BM25, len(passages))
        except StoreError as error:
            _LOG.warning("%s It is built anew.", error)
            self.home.discard(version)
            return None
        return Index(passages, words, "ready", embedder=self.embedder, arrays=arrays)

    def _partly(self, passages: tuple[Passage, ...], content: bytes) -> Index:
        """All passages by their words, and those that were embedded before by their meaning."""
        arrays = self._kept(passages)
        if arrays is None:
            return self._by_words(passages, content, BUILDING)
        words = word_index(self.how.cache, passages, content)
        return Index(passages, words, "building", PARTLY, embedder=self.embedder, arrays=arrays)

    def _kept(self, passages: tuple[Passage, ...]) -> Arrays | None:
        import numpy as np

        if self.embedder is None:
            return None
        keys = [key_of(embedded_text(passage)) for passage in passages]
        found = Kept(self.home.vectors, self.embedder.name).read(keys)
        if not found:
            return None
        one = next(iter(found.values()))
        nothing = type(one)(np.zeros_like(one.vector), one.tokens[:0], one.words[:0])
        return arrays_of([found.get(key, nothing) for key in keys])

    def _by_words(self, passages: tuple[Passage, ...], content: bytes, note: str) -> Index:
        return Index(passages, word_index(self.how.cache, passages, content), "lexical", note)

    def _improve(self, this: int, settled: Event, version: str, passages: tuple[Passage, ...], content: bytes) -> None:
        """In a thread: builds what is missing, tries the dense index in a child and puts it in place."""
        try:
            for attempt in range(_ATTEMPTS):
                try:
                    index = self._made(version, passages, content, again=attempt > 0)
                except (SextantError, OSError) as error:
                    if this != self._round:
                        return
                    _LOG.warning("the index cannot be built: %s", error)
                    self._tell(this, f"The index of meanings cannot be built: {error}")
                else:
                    self._replace(this, index)
                    return
        finally:
            settled.set()

    def _made(self, version: str, passages: tuple[Passage, ...], content: bytes, *, again: bool) -> Index:
        name, place = self.embedder.name if self.embedder else "", self.home.of(version)
        arrays = None if again else self.home.read(version, name, len(passages))
        if arrays is None:
            self._build(version, content, again=again)
            arrays = self.home.read(version, name, len(passages))
        if arrays is None:
            raise StoreError("the index that was built is gone.")
        kind = kind_of(self.how.dense)
        if kind.probed:
            try_out(self.how.dense, str(place), str(len(passages)))
        dense = kind.opened(place, arrays.vectors, self.how.url)
        words = bm25.reopen(place / BM25, len(passages))
        doubted = self._doubted(version, passages, content)
        return Index(passages, words, "ready", embedder=self.embedder, arrays=arrays, dense=dense, doubted=doubted)

    def _build(self, version: str, content: bytes, *, again: bool) -> None:
        directory = self.home.part(f"{version}.job")
        try:
            (directory / "passages.jsonl").write_bytes(content)
            job = {"cache": str(self.how.cache), "version": version, "embeddings": self.how.embeddings, "dense": self.how.dense}
            (directory / "job.json").write_text(json.dumps(job | {"threads": self.how.threads, "again": again}), encoding="utf-8")
            child = Child("build", str(directory))
            self._child = child
            child.follow(self._progress)
        finally:
            self._child = None
            if not self._closed:
                shutil.rmtree(directory, ignore_errors=True)

    def _replace(self, this: int, index: Index) -> None:
        with self._lock:
            if this == self._round and not self._closed:
                self._index = index
                return
        if index.dense is not None:
            with contextlib.suppress(StoreError):
                index.dense.close()

    def _tell(self, this: int, note: str) -> None:
        """The index that answers says what is missing."""
        index = self._index
        if index is not None and index.state != "ready":
            said = Index(index.passages, index.words, index.state, note, embedder=index.embedder, arrays=index.arrays)
            self._replace(this, said)

    def _doubted(self, version: str, passages: tuple[Passage, ...], content: bytes) -> DoubtOnce:
        def rebuild() -> None:
            with self._lock:
                this = self._round
            self._replace(this, self._found(version, passages) or self._partly(passages, content))
            self.home.discard(version)
            self._improve(this, Event(), version, passages, content)

        return DoubtOnce(rebuild)


class DoubtOnce:
    """The first doubt about a dense index has it built anew, in a thread; later ones change nothing."""

    def __init__(self, rebuild: Callable[[], None]) -> None:
        self._rebuild, self._lock, self._told = rebuild, Lock(), False

    def __call__(self, error: StoreError) -> None:
        with self._lock:
            if self._told:
                return
            self._told = True
        _LOG.warning("the dense index is built anew: %s", error)
        Thread(target=self._rebuild, name="index", daemon=True).start()
