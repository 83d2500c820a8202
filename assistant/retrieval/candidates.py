"""Which passages are looked at closely for a question: the best by words, by meaning, and what the graph links to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from assistant.index.embedding import Encoding
from assistant.index.entries import NONE
from assistant.index.opened import Index
from assistant.retrieval.scope import Scope, wide
from kg_service.errors import StoreError

if TYPE_CHECKING:
    from assistant.index.arrays import Places

POOL: Final = 80
_LINKED: Final = 40
_FROM: Final = 10
_MOST_FETCHED: Final = 400
BY_WORDS: Final[Mapping[str, float]] = {"text": 1.0, "pairs": 0.3}
BY_PLACE: Final[Mapping[str, float]] = {"text": 1.0, "context": 0.5}


def candidates(
    index: Index, query: str, asked: Encoding | None, scope: Scope, allowed: Places | None, above: Mapping[str, frozenset[str]]
) -> list[int]:
    """The places to look at, each once; those that ``allowed`` holds (None: all). The best of each way come first."""
    inside = None if allowed is None else set(allowed.tolist())
    only = _filters(scope, above)
    reach = POOL if inside is None else min(_MOST_FETCHED, len(index.passages))
    found: dict[int, None] = {}
    best: list[int] = []
    for boosts, most in ((BY_WORDS, POOL), (BY_PLACE, POOL // 2)):
        hits = [place for place, _ in index.words.search(query, reach, boosts, only) if inside is None or place in inside]
        found.update(dict.fromkeys(hits[:most]))
        best += hits[:_FROM]
    if asked is not None:
        near = _near(index, asked, allowed, inside)
        found.update(dict.fromkeys(near))
        best += near[:_FROM]
    linked = (
        index.places[other]
        for place in dict.fromkeys(best)
        for other in index.passages[place].neighbours
        if other in index.places
    )
    fresh = [place for place in dict.fromkeys(linked) if place not in found and (inside is None or place in inside)]
    found.update(dict.fromkeys(fresh[:_LINKED]))
    return list(found)


def _near(index: Index, asked: Encoding, allowed: Places | None, inside: set[int] | None) -> list[int]:
    """By meaning: the dense index without a filter, and where the scope leaves too few of its hits, the exact scan inside it."""
    if index.dense is None or index.exact is None:
        return []
    reach = POOL if inside is None else min(_MOST_FETCHED, max(2 * POOL, len(index.passages) // 8))
    try:
        hits = index.dense.search(asked.vector, reach)
    except StoreError as error:
        index.doubted(error)
        hits = index.exact.search(asked.vector, reach)
    near = [place for place, _ in hits if inside is None or place in inside]
    if inside is not None and len(near) < min(POOL, len(inside)):
        near = [place for place, _ in index.exact.among(asked.vector, POOL, allowed)]
    return near[:POOL]


def _filters(scope: Scope, above: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """What of the scope the index of words can tell by itself; the rest is looked at passage by passage."""
    only: dict[str, frozenset[str]] = {}
    if scope.kinds is not None:
        only["kind"] = frozenset(kind.value for kind in scope.kinds)
    if scope.trusts is not None:
        only["trust"] = frozenset(trust.value for trust in scope.trusts)
    if scope.instruments is not None:
        only["instrument"] = scope.instruments | {NONE}
    if scope.jurisdictions is not None:
        only["jurisdiction"] = wide(scope.jurisdictions, above) | {NONE}
    return only
