"""Chroma through LangChain: a store in a directory, or on a server. Always our vectors; its own embedder is never reached.

A store in a directory is written once, by a child process (:mod:`assistant.index.worker`), and only read afterwards.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from assistant.index.dense import Hits
from kg_service.errors import StoreError

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

_LOG: Final = logging.getLogger(__name__)
COLLECTION: Final = "sextant-passages"
_BATCH: Final = 2_000
_SAMPLE: Final = 200
_NEAR: Final = 1e-4
_HNSW: Final = {"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 300, "max_neighbors": 16}}
# What chromadb raises besides its own errors, which are named where chromadb is imported.
_FAULTS: Final = (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, sqlite3.Error)


class Given:
    """LangChain ``Embeddings`` by form: gives back the vectors already made, for the texts in their order; embeds nothing."""

    def __init__(self, vectors: Sequence[list[float]]) -> None:
        self._vectors = list(vectors)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if len(texts) != len(self._vectors):
            raise ValueError(f"{len(texts)} texts for {len(self._vectors)} vectors")
        return self._vectors

    def embed_query(self, text: str) -> list[float]:
        raise ValueError(f"queries come with their vectors: {text[:40]!r}")


class ChromaIndex:
    """A Chroma collection of ``count`` passages, read only. Safe in threads."""

    def __init__(self, name: str, store: Any, count: int) -> None:
        self.name, self._store, self.count = name, store, count
        held = counted(store)
        if held != count:
            raise StoreError(f"the {name} index holds {held} passages instead of {count}.")

    def search(self, vector: Vectors, limit: int) -> Hits:
        """The nearest places by their cosine; see :class:`assistant.index.dense.DenseIndex`."""
        if limit < 1 or not self.count:
            return []
        try:
            found = self._store.similarity_search_by_vector_with_relevance_scores(vector.tolist(), min(limit, self.count))
            return [(int(document.metadata["place"]), 1.0 - float(distance)) for document, distance in found]
        except faults() as error:
            raise StoreError(f"the {self.name} index does not answer: {error}") from error

    def close(self) -> None:
        close = getattr(self._store._client, "close", None)  # langchain-chroma has no name for it
        if close is not None:
            close()


def faults() -> tuple[type[Exception], ...]:
    """What may go wrong inside Chroma; importing it is what costs, so it waits until Chroma is used."""
    from chromadb.errors import ChromaError

    return (*_FAULTS, ChromaError)


def counted(store: Any) -> int:
    """How many passages the store says it holds."""
    try:
        return int(store._collection.count())
    except faults() as error:
        raise StoreError(f"the Chroma store cannot be counted: {error}") from error


def write(directory: Path, vectors: Vectors) -> None:
    """A new store in ``directory`` holds the vectors, each under its place. Called in a child process.

    Raises:
        StoreError: it cannot be written.
    """
    directory.mkdir(parents=True)
    try:
        store = _embedded(directory, create=True)
        add(store, vectors)
        store._client.close()
    except faults() as error:
        raise StoreError(f"the Chroma store cannot be written: {error}") from error


def add(store: Any, vectors: Vectors) -> None:
    """The store holds the vectors, each under its place."""
    for start in range(0, len(vectors), _BATCH):
        part = vectors[start : start + _BATCH].tolist()
        places = range(start, start + len(part))
        store._embedding_function = Given(part)
        store.add_texts(list(map(str, places)), metadatas=[{"place": place} for place in places], ids=list(map(str, places)))


def check(directory: Path, vectors: Vectors, sample: int = _SAMPLE) -> None:
    """The store in ``directory`` holds all vectors, and each one of a ``sample`` finds itself. Called in a child process.

    Raises:
        StoreError: it does not.
    """
    opened = reopen(directory, len(vectors))
    step = max(1, len(vectors) // sample)
    for place in range(0, len(vectors), step):
        hits = opened.search(vectors[place], 3)
        if not hits or hits[0][1] < 1.0 - _NEAR:
            raise StoreError(f"the Chroma store does not find passage {place} by its own vector.")
    opened.close()


def reopen(directory: Path, count: int) -> ChromaIndex:
    """The store in ``directory``, to be read.

    Raises:
        StoreError: it is not there, not whole, or not of ``count`` passages.
    """
    if not (directory / "chroma.sqlite3").is_file():
        raise StoreError(f"there is no Chroma store in {directory}.")
    try:
        store = _embedded(directory, create=False)
    except faults() as error:
        raise StoreError(f"the Chroma store in {directory} cannot be opened: {error}") from error
    return ChromaIndex("chroma", store, count)


def on_server(url: str, version: str, vectors: Vectors) -> ChromaIndex:
    """The collection of that version on the Chroma server at ``url``, filled where it was not whole.

    Raises:
        StoreError: the server does not answer, or refuses.
    """
    name = f"{COLLECTION}-{version[:32]}"
    try:
        store = _remote(url, name)
        if counted(store) != len(vectors):
            store.reset_collection()
            add(store, vectors)
    except faults() as error:
        raise StoreError(f"the Chroma server at {url} does not answer: {error}") from error
    return ChromaIndex("server", store, len(vectors))


def _settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False, allow_reset=False)


def _embedded(directory: Path, *, create: bool) -> Any:
    from langchain_chroma import Chroma

    return Chroma(
        COLLECTION,
        embedding_function=Given([]),  # type: ignore[arg-type]  # Embeddings by form
        persist_directory=str(directory),
        client_settings=_settings(),
        collection_configuration=_HNSW if create else None,  # type: ignore[arg-type]  # a TypedDict, by value
        create_collection_if_not_exists=create,
    )


def _remote(url: str, name: str) -> Any:
    import chromadb
    from langchain_chroma import Chroma

    place = urlsplit(url)
    client = chromadb.HttpClient(
        host=place.hostname or "localhost",
        port=place.port or (443 if place.scheme == "https" else 80),
        ssl=place.scheme == "https",
        settings=_settings(),
    )
    return Chroma(name, embedding_function=Given([]), client=client, collection_configuration=_HNSW)  # type: ignore[arg-type]
