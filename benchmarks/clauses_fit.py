"""Logistic regressions, one for each label, over vectors and words: by gradients, in numpy alone, the same each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
DECAY, RIGHT, PUSH, START = 1e-4, 3.0, 50.0, -4.0


class Inputs:
    """A vector for each text, and the numbers of its known words, weighed by how rare they are, at length 1."""

    def __init__(self, vectors: Floats, words: Sequence[Sequence[int]], rarity: Floats) -> None:
        self.vectors, self.words, self.rarity = vectors, words, rarity
        self._dense = np.concatenate([vectors, np.ones((len(vectors), 1), np.float32)], axis=1)
        rows = [np.full(len(each), row) for row, each in enumerate(words)]
        shares = [rarity[list(each)] / max(float(np.linalg.norm(rarity[list(each)])), 1e-6) for each in words]
        self._rows, columns = (np.concatenate(each).astype(np.int64) for each in (rows, [np.array(each) for each in words]))
        self._shares = np.concatenate(shares).astype(np.float32)[:, None]
        self._columns = columns
        self._order = np.argsort(columns, kind="stable")
        ordered = columns[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else ordered
        self._held = ordered[self._starts]
        self._begins = np.flatnonzero(np.concatenate([[True], self._rows[1:] != self._rows[:-1]])) if len(ordered) else ordered

    def of(self, rows: Iterable[int]) -> Inputs:
        chosen = list(rows)
        return Inputs(self.vectors[chosen], [self.words[row] for row in chosen], self.rarity)

    def times(self, weights: Sequence[Floats]) -> Floats:
        """The score of each label for each text."""
        found = self._dense @ weights[0]
        if len(self._columns):
            found[self._rows[self._begins]] += np.add.reduceat(weights[1][self._columns] * self._shares, self._begins, axis=0)
        return np.asarray(found, np.float32)

    def slopes(self, wrong: Floats) -> list[Floats]:
        """How the scores' faults fall back on the weights."""
        sparse = np.zeros((len(self.rarity), wrong.shape[1]), np.float32)
        if len(self._columns):
            parts = wrong[self._rows[self._order]] * self._shares[self._order]
            sparse[self._held] = np.add.reduceat(parts, self._starts, axis=0)
        return [self._dense.T @ wrong, sparse]


def joined(one: Inputs, other: Inputs) -> Inputs:
    return Inputs(np.concatenate([one.vectors, other.vectors]), [*one.words, *other.words], one.rarity)


def fit(
    inputs: Inputs, about: Floats, sure: Floats, start: Sequence[Floats] | None, *, steps: int, rate: float
) -> list[Floats]:
    """Weights of vectors (the last row stands alone) and of words, from ``start`` on."""
    if start is None:
        weights = [np.zeros((inputs.vectors.shape[1] + 1, about.shape[1]), np.float32)]
        weights[0][-1] = START
        weights.append(np.zeros((len(inputs.rarity), about.shape[1]), np.float32))
    else:
        weights = [one.copy() for one in start]
    pace = [(np.zeros_like(one), np.zeros_like(one)) for one in weights]
    share = sure * np.where(about > 0, RIGHT, 1.0).astype(np.float32)
    for step in range(1, steps + 1):
        found = 1 / (1 + np.exp(-inputs.times(weights)))
        for part, slope in enumerate(inputs.slopes(np.asarray((found - about) * share, np.float32))):
            held = weights[part].copy()
            if part == 0:
                held[-1] = 0
            push = PUSH * (slope / len(about) + DECAY * held)
            first, second = pace[part]
            first *= 0.9
            first += 0.1 * push
            second *= 0.99
            second += 0.01 * push**2
            speed = rate * (1 - step / (steps + 1))
            weights[part] -= speed * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights
