"""The three ways to an index: kept by a service, as it lies on the disk for one command, and built while one waits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from assistant.index import bm25
from assistant.index.child import Progress
from assistant.index.embedding import PACKAGED
from assistant.index.entries import TAGS, entry_of
from assistant.index.keeper import How, Keeper
from assistant.index.opened import Index
from assistant.model import Passage
from kg_service.errors import StoreError

NOT_BUILT: Final = (
    "The index of meanings is not built yet (`sextant index` builds it); search went by words and by the links of the graph."
)
_NONE: Final = "none"


class Wanted(Protocol):
    """The settings that an index needs."""

    @property
    def cache(self) -> Path: ...
    @property
    def embeddings(self) -> str: ...
    @property
    def chroma(self) -> str: ...


def how_of(settings: Wanted) -> How:
    """How the settings want the index: Chroma in the cache, or on the server that they name."""
    embeddings = None if settings.embeddings == _NONE else settings.embeddings
    return How(settings.cache, embeddings, "server" if settings.chroma else "chroma", settings.chroma)


def lexical_index(passages: Sequence[Passage], note: str | None = None) -> Index:
    """An index of words alone, in memory; made in about a second for the knowledge."""
    words = bm25.build([entry_of(passage) for passage in passages], TAGS)
    return Index(passages, words, "lexical", note)


def kept_index(how: How, passages: Sequence[Passage], progress: Progress = lambda done, of: None) -> Keeper:
    """A keeper that answers at once with what there is, and makes the rest. Close it in the end."""
    keeper = Keeper(how, progress)
    keeper.open(passages)
    return keeper


def index_at_hand(how: How, passages: Sequence[Passage]) -> Index:
    """The index as far as it lies on the disk, for one command: nothing is built and no process is started.

    It answers by an exact scan: for one question, opening Chroma takes longer than looking at every vector.
    """
    found = Keeper(how).at_hand(passages)
    if found.state == "ready" or how.embeddings is None:
        return found
    return Index(found.passages, found.words, found.state, NOT_BUILT, embedder=found.embedder, arrays=found.arrays)


def built_index(
    passages: Sequence[Passage], cache: Path, progress: Progress = lambda done, of: None, how: How | None = None
) -> Index:
    """The whole index, built now where it was not; what was embedded before is not embedded again.

    Raises:
        StoreError: it cannot be built; what answered before still does.
    """
    keeper = kept_index(how or How(cache, PACKAGED), passages, progress)
    try:
        keeper.wait()
        index = keeper.current()
        if index.state == "building" or (index.state == "lexical" and keeper.embedder is not None):
            raise StoreError(index.note or "the index was not built.")
        return index
    finally:
        keeper.close()
