"""Search: scope first, then words and meaning together."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.index.opened import Index, State
from assistant.model import Found, Passage, PassageId
from assistant.retrieval.scope import Scope
from kg_service.errors import NotFoundError

_POOL = 100
_BOOSTS: Mapping[str, float] = {"text": 1.0, "title": 1.0, "context": 0.5, "also": 0.7}


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, best first. ``state`` is ``ready``, or what search had to do without; ``note`` then says it in words."""

    found: tuple[Found, ...]
    state: State
    note: str | None = None


class Searcher:
    """Searches the index that ``current`` gives at that moment. Blocking; safe in threads."""

    def __init__(self, current: Callable[[], Index], above: Mapping[str, frozenset[str]] | None = None) -> None:
        self._current, self._above = current, above or {}

    def search(self, query: str, scope: Scope = Scope(), limit: int = 10) -> Search:
        """The ``limit`` passages in ``scope`` that fit ``query`` best; none where it has no words that are known."""
        index = self._current()
        allowed = {place for place, one in enumerate(index.passages) if scope.admits(one, self._above)}
        words = {p: s for p, s in index.words.search(query, len(index.passages) or 1, _BOOSTS) if p in allowed}
        dense: dict[int, float] = {}
        if index.embedder is not None and index.dense is not None and query.strip():
            import numpy as np

            vector = next(iter(index.embedder.encode([query]))).vector
            if index.exact is not None:
                dense = dict(index.exact.among(vector, _POOL, np.array(sorted(allowed), dtype=np.int64)))
        lexical, near = _even(dict(sorted(words.items(), key=lambda each: -each[1])[:_POOL])), _even(dense)
        weight = 0.6 if near else 0.0
        scores = {
            place: weight * near.get(place, 0.0) + (1 - weight) * lexical.get(place, 0.0)
            + scope.boost.get(index.passages[place].id, 0.0)
            for place in {*lexical, *near}
        }  # fmt: skip
        best = sorted(scores, key=lambda place: (-scores[place], place))[:limit]
        return Search(tuple(Found(index.passages[place], scores[place]) for place in best), index.state, index.note)

    def get(self, passage_id: str) -> Passage:
        """The passage of that id.

        Raises:
            NotFoundError: there is none; names the nearest that exist.
        """
        index = self._current()
        place = index.places.get(PassageId(passage_id))
        if place is None:
            near = difflib.get_close_matches(passage_id[:120], list(map(str, index.places)), n=2, cutoff=0.6)
            raise NotFoundError("passage", passage_id[:200], near)
        return index.passages[place]


def _even(scores: Mapping[int, float]) -> dict[int, float]:
    """The same between 0 and 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {place: (score - low) / (high - low) if high > low else 1.0 for place, score in scores.items()}
