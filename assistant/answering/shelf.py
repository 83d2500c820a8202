"""Passages by their ids, without any search: enough for every answer that rests on the engine alone."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.model import Passage
from assistant.retrieval.scope import Scope
from assistant.retrieval.searcher import Search
from kg_service.errors import NotFoundError, nearest


class Shelf:
    """Holds passages; a search finds nothing."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = {str(one.id): one for one in passages}

    def search(self, query: str, scope: Scope = Scope(), limit: int = 10) -> Search:
        return Search((), "lexical")

    def get(self, passage_id: str) -> Passage:
        """The passage of that id.

        Raises:
            NotFoundError: there is none; names the nearest that exist.
        """
        found = self._passages.get(passage_id)
        if found is None:
            raise NotFoundError("passage", passage_id[:200], nearest(passage_id, self._passages))
        return found
