"""An index that answers: passages, their words and, as far as they are made, their vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from assistant.index.bm25 import Bm25
from assistant.index.dense import DenseIndex, Exact
from assistant.index.embedding import Embedder
from assistant.index.home import Arrays
from assistant.index.late import Late
from assistant.model import Passage, PassageId
from kg_service.errors import StoreError

State = Literal["ready", "building", "lexical"]


class Index:
    """Does not change once made: a better one takes its place. ``note`` says in words what is missing, if anything is.

    ``doubted`` is told when the dense index does not answer; the exact scan over the same vectors answers instead.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        words: Bm25,
        state: State,
        note: str | None = None,
        *,
        embedder: Embedder | None = None,
        arrays: Arrays | None = None,
        dense: DenseIndex | None = None,
        doubted: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self.passages, self.words, self.embedder = tuple(passages), words, embedder
        self.exact = Exact(arrays.vectors) if arrays is not None else None
        self.late = Late(arrays) if arrays is not None and len(arrays.words) else None
        self.arrays = arrays
        self.dense: DenseIndex | None = dense or self.exact
        self.doubted = doubted
        self.state, self.note = state, note
        self.places: Mapping[PassageId, int] = {passage.id: place for place, passage in enumerate(self.passages)}
