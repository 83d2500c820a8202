"""How much two texts speak of the same: rare words count more (tf-idf, cosine). Small on purpose; says by which words. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[a-z][a-z-]{2,}")
_COMMON_WORDS: Final = """
the and for with that this which from are not any all its their they may shall must should will can has have been
being into such each other than then when where who whom whose what how under upon within without about after
before between during over per was were our your you also only both either neither nor but more most less least
very every some same own use used uses using make makes made take takes taken including included include referred
accordance relevant appropriate applicable necessary ensure ensures set out article section paragraph point annex
chapter regulation directive act law rule rules policy document procedure
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_ENDINGS: Final = {"ies": "y", "sses": "ss", "ing": "", "ments": "ment", "ions": "ion", "ed": "", "es": "e", "s": ""}


@dataclass(frozen=True, slots=True)
class Likeness:
    """A thing that a text is like, how much (0 to 1), and the words that count most for it."""

    name: str
    score: float
    words: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """The words of ``text`` that can tell one thing from another, without their endings."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON]


def _stem(word: str) -> str:
    for ending, instead in _ENDINGS.items():
        if word.endswith(ending) and len(word) - len(ending) >= (3 if ending == "s" else 4) and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word


class Index:
    """Things by the words that describe them. A text counts as often as the number beside it says."""

    def __init__(self, things: Mapping[str, Iterable[tuple[str, int]]]) -> None:
        counted = {name: _counted(parts) for name, parts in things.items()}
        seen = Counter(word for counts in counted.values() for word in counts)
        self._rarity = {word: math.log(1 + len(counted) / count) for word, count in seen.items()}
        self._weights = {name: self._weighted(counts) for name, counts in counted.items()}
        self._by_word: dict[str, list[str]] = {}
        for name, weights in self._weights.items():
            for word in weights:
                self._by_word.setdefault(word, []).append(name)

    def like(self, text: str, most: int = 3, least: float = 0.0) -> tuple[Likeness, ...]:
        """The things most like ``text``, best first, that share at least two words with it."""
        asked = self._weighted(Counter(words_of(text)))
        shares: dict[str, dict[str, float]] = {}
        for word, weight in asked.items():
            for name in self._by_word.get(word, ()):
                shares.setdefault(name, {})[word] = weight * self._weights[name][word]
        found = [
            Likeness(name, round(score, 3), _best(parts))
            for name, parts in shares.items()
            if len(parts) > 1 and (score := sum(parts.values())) >= least
        ]
        return tuple(sorted(found, key=lambda one: (-one.score, one.name))[:most])

    def _weighted(self, counts: Mapping[str, int]) -> dict[str, float]:
        raw = {word: (1 + math.log(count)) * self._rarity.get(word, 0.0) for word, count in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in raw.values()))
        return {word: weight / length for word, weight in raw.items() if weight} if length else {}


def _counted(parts: Iterable[tuple[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, times in parts:
        for word in words_of(text):
            counts[word] += times
    return counts


def _best(parts: Mapping[str, float], most: int = 5) -> tuple[str, ...]:
    return tuple(sorted(parts, key=lambda word: (-parts[word], word))[:most])
