"""Late interaction: each word of a question looks for its best match among the words of a passage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.index.embedding import SCALE, Encoding

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors
    from assistant.index.home import Arrays


class Late:
    """Compares the token vectors of a question with those of some passages. Safe in threads."""

    def __init__(self, arrays: Arrays) -> None:
        import numpy as np

        self._arrays = arrays
        starts, count = arrays.starts, len(arrays.starts) - 1
        owners = np.repeat(np.arange(count), np.diff(starts))
        each = np.unique(owners * 65_536 + arrays.words)
        frequency = np.bincount((each % 65_536).astype(np.int64), minlength=65_536)
        self._rarity = np.log(1 + (count - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)

    def similarities(self, asked: Encoding, places: Sequence[int]) -> tuple[Vectors, Vectors, Vectors]:
        """The rarity of each token of the question; its best cosine in each passage; and for each passage how well its
        own tokens are met on average. A passage without tokens has zeros.
        """
        import numpy as np

        starts, tokens = self._arrays.starts, self._arrays.tokens
        question = asked.tokens.astype(np.float32) / SCALE
        rarity = self._rarity[asked.words]
        best = np.zeros((len(question), len(places)), dtype=np.float32)
        back = np.zeros(len(places), dtype=np.float32)
        held = [column for column, place in enumerate(places) if starts[place + 1] > starts[place]]
        if not held or not len(question):
            return rarity, best, back
        parts = [tokens[starts[places[column]] : starts[places[column] + 1]] for column in held]
        sizes = np.array([len(part) for part in parts])
        begins = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        cosines = (question @ np.concatenate(parts).astype(np.float32).T) / SCALE
        best[:, held] = np.maximum.reduceat(cosines, begins, axis=1)
        back[held] = np.add.reduceat(cosines.max(axis=0), begins) / sizes
        return rarity, best, back
