"""What finds the passages nearest in meaning: the protocol, and the exact scan over all vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from kg_service.errors import StoreError

if TYPE_CHECKING:
    from assistant.index.arrays import Places, Vectors

Hits = list[tuple[int, float]]
UNKNOWN: Final = -2.0


class DenseIndex(Protocol):
    """Finds places by their vectors; the score is the cosine. Safe in threads."""

    @property
    def name(self) -> str: ...

    def search(self, vector: Vectors, limit: int) -> Hits:
        """The ``limit`` nearest places, best first.

        Raises:
            StoreError: the index does not answer.
        """

    def close(self) -> None:
        """Nothing of it is held any more."""


class Exact:
    """Compares with every vector: always there, and right by construction. A row of zeros is a passage without a vector."""

    name = "exact"

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors
        self._known: Any = vectors.any(axis=1)

    def search(self, vector: Vectors, limit: int) -> Hits:
        return self.among(vector, limit, None)

    def among(self, vector: Vectors, limit: int, allowed: Places | None) -> Hits:
        """The nearest of the ``allowed`` places (None: of all)."""
        import numpy as np

        scores = self.scores(vector)
        places = np.arange(len(scores)) if allowed is None else allowed
        places = places[scores[places] > UNKNOWN]
        if len(places) > limit:
            places = places[np.argpartition(-scores[places], limit - 1)[:limit]]
        places = places[np.lexsort((places, -scores[places]))]
        return [(int(place), float(scores[place])) for place in places]

    def scores(self, vector: Vectors) -> Vectors:
        """The cosine of every place; ``UNKNOWN`` where there is no vector.

        Raises:
            StoreError: the vector is of another length.
        """
        return self.scores_of(vector, None)

    def scores_of(self, vector: Vectors, places: Places | None) -> Vectors:
        """The cosine of some places (None: of all); ``UNKNOWN`` where there is no vector.

        Raises:
            StoreError: the vector is of another length.
        """
        import numpy as np

        if vector.shape != self.vectors.shape[1:]:
            raise StoreError(f"a vector of {vector.shape[0]} numbers cannot be compared with {self.vectors.shape[1]}.")
        rows = self.vectors if places is None else self.vectors[places]
        known = self._known if places is None else self._known[places]
        return np.asarray(np.where(known, rows @ vector, UNKNOWN), dtype=np.float32)

    def close(self) -> None:
        return
