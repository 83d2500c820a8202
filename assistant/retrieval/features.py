"""What is measured of each passage that could fit a question: words, meaning, word against word, neighbourhood."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from assistant.index.dense import UNKNOWN
from assistant.index.embedding import Encoding
from assistant.index.opened import Index

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

WORDS: Final = ("text", "pairs", "near", "context", "coverage", "rare_coverage", "length", "linked_words", "share", "named")
DENSE: Final = (*WORDS, "meaning", "linked_meaning", "feedback")
LATE: Final = (*DENSE, "met", "met_even", "met_sharp", "met_strong", "met_weakest", "met_back")
KINDS: Final[Mapping[str, tuple[str, ...]]] = {"words": WORDS, "dense": DENSE, "late": LATE}
_TOGETHER: Final = ("text", "pairs", "coverage", "length", "linked_words", "meaning", "met_sharp")
_LEAST, _BEYOND, _SCALE = -3.0, 4.0, 3.0


def products_of(names: Sequence[str]) -> tuple[str, ...]:
    """Which of the measures also count together: ``length*met_sharp``, and each with itself."""
    held = [name for name in _TOGETHER if name in names]
    return tuple(f"{one}*{other}" for place, one in enumerate(held) for other in held[place:])


SETS: Final[Mapping[str, tuple[str, ...]]] = {kind: (*names, *products_of(names)) for kind, names in KINDS.items()}
_RARE: Final = 1.5
_STRONG: Final = 0.8
_SHARPNESS: Final = 4
_FEEDBACK: Final = 5
_MOST_LINKS: Final = 8
_NUMBER: Final = r"\d+[a-z]?(?:[.-]\d+)*(?:\.?\([a-z0-9]+\))*"
_NAMED: Final = re.compile(
    r"(?:\b(?:art|article|section|sec|s|rule|recital|annex|point|paragraph|para|chapter|part|reg|regulation)s?\b\.?|§+)\s*"
    rf"({_NUMBER}|[ivx]+\b)|\b\d+(?:\.\d+)+(?:\.?\([a-z0-9]+\))*"
)
_PARTS: Final = re.compile(r"[a-z0-9]+")
_ROMAN: Final = re.compile(r"[ivx]+")


class Features:
    """The measures of ``places`` for one question; a column for each name, a row for each place. ``nan``: cannot be measured."""

    def __init__(self, index: Index, query: str, asked: Encoding | None, places: Sequence[int]) -> None:
        self.index, self.query, self.asked, self.places = index, query, asked, list(places)
        self.columns: dict[str, Vectors] = {}
        self.linked = [self._links(place) for place in self.places]
        self._by_words()
        if asked is not None and index.exact is not None:
            self._by_meaning(asked)
            if index.late is not None and len(asked.words):
                self._word_against_word(asked)

    @property
    def kind(self) -> str:
        """Which of ``SETS`` was measured."""
        return next(name for name in ("late", "dense", "words") if KINDS[name][-1] in self.columns)

    def _by_words(self) -> None:
        words, passages = self.index.words, self.index.passages
        for field in ("pairs", "near", "context"):
            self._put(field, words.scores(self.query, field, self.places))
        self._put("coverage", words.coverage(self.query, self.places))
        self._put("rare_coverage", words.coverage(self.query, self.places, _RARE))
        around = sorted({*self.places, *(other for links in self.linked for other in links)})
        text = words.scores(self.query, "text", around)
        self._put("text", text)
        self._column("linked_words", (max((text.get(o, 0.0) for o in links), default=0.0) for links in self.linked))
        self._column("length", (math.log1p(len(passages[place].text)) for place in self.places))
        asked = numbers_named(self.query)
        self._column("named", (how_named(asked, passages[place].provision) for place in self.places))
        homes = Counter(passages[place].instrument for place in self.places)
        self._column("share", (homes[passages[place].instrument] / len(self.places) for place in self.places))

    def _by_meaning(self, asked: Encoding) -> None:
        import numpy as np

        exact = self.index.exact
        if exact is None:
            return
        around = np.array(sorted({*self.places, *(other for links in self.linked for other in links)}), dtype=np.int64)
        near = dict(zip(around.tolist(), exact.scores_of(asked.vector, around).tolist(), strict=True))
        meaning = np.array([near[place] for place in self.places], dtype=np.float32)
        meaning[meaning <= UNKNOWN] = np.nan
        self.columns["meaning"] = meaning
        self._column("linked_meaning", (max((near[o] for o in links), default=0.0) for links in self.linked))
        mixed = _even(self.columns["text"]) + np.nan_to_num(_even(meaning))
        best = [self.places[row] for row in np.argsort(-mixed, kind="stable")[:_FEEDBACK]]
        centre = exact.vectors[best].mean(axis=0)
        self.columns["feedback"] = exact.scores_of(centre / max(float(np.linalg.norm(centre)), 1e-9), np.array(self.places))

    def _word_against_word(self, asked: Encoding) -> None:
        import numpy as np

        late = self.index.late
        if late is None:
            return
        rarity, best, back = late.similarities(asked, self.places)
        weight = (rarity / max(float(rarity.sum()), 1e-9)).astype(np.float32)
        cut = np.asarray(np.clip(best, 0, 1), dtype=np.float32)
        self.columns["met"] = weight @ best
        self.columns["met_even"] = best.mean(axis=0)
        self.columns["met_sharp"] = weight @ cut**_SHARPNESS
        self.columns["met_strong"] = weight @ (best > _STRONG).astype(np.float32)
        self.columns["met_weakest"] = np.sort(best, axis=0)[: max(1, len(best) // 4)].mean(axis=0)
        self.columns["met_back"] = back

    def _links(self, place: int) -> list[int]:
        index = self.index
        found = (index.places.get(other) for other in index.passages[place].neighbours[:_MOST_LINKS])
        return [other for other in found if other is not None]

    def _put(self, name: str, scores: Mapping[int, float]) -> None:
        self._column(name, (scores.get(place, 0.0) for place in self.places))

    def _column(self, name: str, values: Iterable[float]) -> None:
        import numpy as np

        self.columns[name] = np.fromiter(values, dtype=np.float32, count=len(self.places))

    def matrix(self, names: Sequence[str]) -> Vectors:
        """The columns of that name, each with mean 0 and spread 1 over the places; what cannot be measured stands at the mean.

        A name with a star is the product of two of them.
        """
        import numpy as np

        plain = [name for name in names if "*" not in name]
        even = even_spread(np.stack([self.columns[name] for name in plain], axis=1).astype(np.float32))
        return with_products(even, plain, [name for name in names if "*" in name])


def with_products(even: Vectors, plain: Sequence[str], products: Sequence[str]) -> Vectors:
    """The columns named ``plain``, then the products of those that are named; what is far out counts no more."""
    import numpy as np

    held = dict(zip(plain, np.clip(even, _LEAST, _BEYOND).T, strict=True))
    made = [held[one] * held[other] / _SCALE for one, other in (name.split("*") for name in products)]
    return np.asarray(np.concatenate([even, np.stack(made, axis=1)], axis=1) if made else even, dtype=np.float32)


def even_spread(raw: Vectors) -> Vectors:
    """Each column with mean 0 and spread 1; ``nan`` stands at the mean."""
    import numpy as np

    known = np.isfinite(raw)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, raw, 0).sum(axis=0) / count
    centred = np.where(known, raw - mean, 0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    return np.asarray(centred / np.where(spread > 1e-6, spread, 1), dtype=np.float32)


def numbers_named(query: str) -> list[tuple[str, ...]]:
    """The numbers of provisions in a question: ``Article 26(1)`` gives ``("26", "1")``. A number alone is none."""
    found = [_cut(match[1] or match[0]) for match in _NAMED.finditer(query.casefold())]
    return [one for one in found if one]


def how_named(asked: Sequence[tuple[str, ...]], provision: str | None) -> float:
    """How far a provision's number goes with the nearest one asked for: 0 not at all, 1 as far as it was asked."""
    if not asked or not provision:
        return 0.0
    own = _cut(provision.casefold())
    return max((_common(one, own[start:]) / len(one) for one in asked for start in range(len(own))), default=0.0)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many parts they begin with alike."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _cut(number: str) -> tuple[str, ...]:
    parts = _PARTS.findall(number)
    return tuple(one for one in parts if len(one) == 1 or any(each.isdigit() for each in one) or _ROMAN.fullmatch(one))


def _even(values: Vectors) -> Vectors:
    """The same between 0 and 1."""
    import numpy as np

    known = values[~np.isnan(values)]  # none where the vectors are not made yet
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    return np.asarray((values - low) / (high - low) if high > low else np.zeros_like(values), dtype=np.float32)
