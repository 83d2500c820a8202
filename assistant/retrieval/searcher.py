"""Search: scope first, then words, meaning and links together, then a closer look at what they gave."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assistant.index.embedding import Encoding
from assistant.index.opened import Index, State
from assistant.model import Found, Passage, PassageId
from assistant.retrieval.candidates import candidates
from assistant.retrieval.expansion import Expansion, expansion_of
from assistant.retrieval.features import Features
from assistant.retrieval.ranker import Ranker, read_ranker
from assistant.retrieval.scope import Scope, above_of
from kg_service.errors import NotFoundError, UnavailableError
from kg_service.model import Knowledge

if TYPE_CHECKING:
    from assistant.index.arrays import Places

LONGEST: Final = 2_000
_SILENT: Final = "The embeddings did not answer; search went by words and by the links of the graph."


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, best first. ``state`` is ``ready``, or what search had to do without; ``note`` then says it in words."""

    found: tuple[Found, ...]
    state: State
    note: str | None = None


def searcher_of(current: Callable[[], Index], knowledge: Knowledge) -> Searcher:
    """A searcher that knows the jurisdictions and the words of ``knowledge``."""
    return Searcher(current, above_of(knowledge.jurisdictions), expansion_of(knowledge))


class Searcher:
    """Searches the index that ``current`` gives at that moment. Blocking; safe in threads.

    ``above`` has the jurisdictions above each one; ``expansion`` adds the words of the graph to those of the question.
    """

    def __init__(
        self,
        current: Callable[[], Index],
        above: Mapping[str, frozenset[str]] | None = None,
        expansion: Expansion | None = None,
        ranker: Ranker | None = None,
    ) -> None:
        self._current, self._above = current, above or {}
        self._expansion = expansion or Expansion({})
        self._ranker = ranker or read_ranker()

    def search(self, query: str, scope: Scope = Scope(), limit: int = 10) -> Search:
        """The ``limit`` passages in ``scope`` that fit ``query`` best, scores from 0 to 1 before the scope's boost.

        Only the beginning of a very long query counts. One without any word finds nothing.
        """
        index = self._current()
        features, state, note = self.measured(index, query, scope)
        if not features.places:
            return Search((), state, note)
        scores = self._ranker.scores(features)
        low, high = float(scores.min()), float(scores.max())
        boosted: dict[int, float] = {}
        for place, score in zip(features.places, scores.tolist(), strict=True):
            even = (score - low) / (high - low) if high > low else 1.0
            boosted[place] = even + scope.boost.get(index.passages[place].id, 0.0)
        best = sorted(boosted, key=lambda place: (-boosted[place], place))[: max(0, limit)]
        return Search(tuple(Found(index.passages[place], boosted[place]) for place in best), state, note)

    def measured(self, index: Index, query: str, scope: Scope) -> tuple[Features, State, str | None]:
        """What is measured of each candidate, and what search had to do without."""
        query = query[:LONGEST].encode("utf-8", "replace").decode()
        query = self._expansion.expanded(" ".join(query.split()))
        allowed = self._allowed(index, scope)
        state, note = index.state, index.note
        asked: Encoding | None = None
        if index.embedder is not None and index.exact is not None and query:
            try:
                asked = next(iter(index.embedder.encode([query])))
            except UnavailableError:
                state, note = "lexical", _SILENT
        if not query or (allowed is not None and not len(allowed)):
            return Features(index, query, None, ()), state, note
        places = candidates(index, query, asked, scope, allowed, self._above)
        return Features(index, query, asked, places), state, note

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

    def _allowed(self, index: Index, scope: Scope) -> Places | None:
        import numpy as np

        if scope.everything:
            return None
        inside = (place for place, one in enumerate(index.passages) if scope.admits(one, self._above))
        return np.fromiter(inside, dtype=np.int64)
