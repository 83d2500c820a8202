"""A peer that matches words: BM25 over title and summary of each norm. It is told the places; it knows no conditions, no days."""

from __future__ import annotations

import math
import re
from collections import Counter

from kg_service.applicability.facts import Answer, Facts
from kg_service.model import FactId, Knowledge, Norm, NormId, TermId

TAKES = 40


class WordPeer:
    """Takes the norms that fit the words of a question best as those that apply."""

    def __init__(self, law: Knowledge) -> None:
        self._law, self._norms = law, list(law.norms.values())
        documents = [Counter(_words(_peer_text(law, norm))) for norm in self._norms]
        seen: Counter[str] = Counter(word for document in documents for word in document)
        mean = sum(sum(document.values()) for document in documents) / len(documents)
        self._weights: dict[str, list[tuple[int, float]]] = {}
        for place, document in enumerate(documents):
            length = sum(document.values()) / mean
            for word, times in document.items():
                rarity = math.log(1 + (len(documents) - seen[word] + 0.5) / (seen[word] + 0.5))
                self._weights.setdefault(word, []).append((place, rarity * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * length))))

    def best(self, question: str, facts: Facts) -> set[NormId]:
        """The first norms by BM25 among those of the places that ``facts`` name."""
        places = self._places(facts)
        scores: dict[int, float] = {}
        for word in set(_words(question)):
            for place, weight in self._weights.get(word, ()):
                scores[place] = scores.get(place, 0.0) + weight
        order = sorted(scores, key=lambda one: -scores[one])
        here = [self._norms[one] for one in order if self._law.instruments[self._norms[one].instrument].jurisdiction in places]
        return {norm.id for norm in here[:TAKES]}

    def _places(self, facts: Facts) -> set[str]:
        above = self._law.facts[FactId("established_in")].ancestors
        named = {term for fact in ("established_in", "persons_in") for term in _terms(facts.get(FactId(fact)))}
        return {str(one) for term in named for one in (term, *above.get(term, ()))}


def _peer_text(law: Knowledge, norm: Norm) -> str:
    return f"{law.instruments[norm.instrument].short_title} {norm.title} {norm.summary}"


def _terms(answer: Answer | None) -> frozenset[TermId]:
    return answer if isinstance(answer, frozenset) else frozenset()


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())
