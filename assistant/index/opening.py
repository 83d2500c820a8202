"""Opens the index of a set of passages: at once with what is there, better as soon as more is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.index.bm25 import build
from assistant.index.embedding import Embedder, PackagedEmbedder
from assistant.index.kept import Kept, key_of
from assistant.index.opened import TAGS, Index, embedded_text, entry_of
from assistant.model import Passage

Progress = Callable[[int, int], None]


def lexical_index(passages: Sequence[Passage], note: str | None = None) -> Index:
    """An index of words alone, in memory; made in well under a second for the knowledge."""
    words = build([entry_of(passage) for passage in passages], TAGS)
    return Index(passages, words, None, None, None, "lexical", note)


def built_index(
    passages: Sequence[Passage], cache: Path, embedder: Embedder | None = None, progress: Progress = lambda done, of: None
) -> Index:
    """A whole index, made now; what was embedded before is not embedded again."""
    import numpy as np

    embedder = embedder or PackagedEmbedder()
    kept = Kept(cache / "index" / "vectors", embedder.name)
    texts = {key_of(text): text for text in map(embedded_text, passages)}
    vectors = kept.read(texts)
    missing = [key for key in texts if key not in vectors]
    fresh = {}
    for done, (key, one) in enumerate(zip(missing, embedder.encode([texts[key] for key in missing]), strict=True)):
        fresh[key] = one.vector
        progress(done + 1, len(missing))
    kept.write(fresh)
    vectors |= fresh
    matrix = np.stack([vectors[key_of(embedded_text(passage))] for passage in passages])
    words = build([entry_of(passage) for passage in passages], TAGS)
    return Index(passages, words, embedder, matrix, None, "ready")
