"""An index that answers: passages, their words and, as far as they are made, their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from assistant.index.bm25 import Bm25, Entry
from assistant.index.dense import DenseIndex, Exact
from assistant.index.embedding import Embedder
from assistant.model import Passage, PassageId

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

State = Literal["ready", "building", "lexical"]
TAGS = ("kind", "trust", "jurisdiction", "instrument")
NONE = "-"


def embedded_text(passage: Passage) -> str:
    """What of a passage gets a vector: where it stands, its title, its text."""
    parts = (passage.context, passage.title, passage.text)
    return ". ".join(part for part in parts if part)


def entry_of(passage: Passage) -> Entry:
    fields = {"title": passage.title, "text": passage.text, "context": passage.context, "also": "\n".join(passage.also)}
    tags = {
        "kind": passage.kind.value,
        "trust": passage.trust.value,
        "jurisdiction": passage.jurisdiction or NONE,
        "instrument": passage.instrument or NONE,
    }
    return Entry(fields, tags)


class Index:
    """Frozen once made: a better one takes its place. ``note`` says in words what is missing, if anything is."""

    def __init__(
        self,
        passages: Sequence[Passage],
        words: Bm25,
        embedder: Embedder | None,
        vectors: Vectors | None,
        dense: DenseIndex | None,
        state: State,
        note: str | None = None,
    ) -> None:
        self.passages, self.words, self.embedder = tuple(passages), words, embedder
        self.exact = Exact(vectors) if vectors is not None else None
        self.dense: DenseIndex | None = dense or self.exact
        self.state, self.note = state, note
        self.places: Mapping[PassageId, int] = {passage.id: place for place, passage in enumerate(self.passages)}
