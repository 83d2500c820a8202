"""Figures of a ranking, and how the linear ranker is made: a softmax over the candidates of each question, by gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.second import Surroundings, second_look

Floats = NDArray[np.float32]
DEPTH = 10
STEPS, RATE, DECAY = 150, 0.1, 1e-3


@dataclass(frozen=True)
class Judged:
    """A question's candidates with their features, and which places are right; some may be no candidate at all."""

    places: Sequence[int]
    features: Floats
    right: frozenset[int]
    around: Surroundings | None = None


def figures(ranked: Sequence[int], right: frozenset[int]) -> tuple[float, float]:
    """Recall and average precision of the first ten; the latter divided by all that is right, as trec_eval's map_cut_10."""
    hits, precision = 0, 0.0
    for rank, place in enumerate(ranked[:DEPTH], start=1):
        if place in right:
            hits += 1
            precision += hits / rank
    return hits / len(right), precision / len(right)


def order(judged: Judged, weights: Floats) -> list[int]:
    """The candidates, best first."""
    scores = judged.features @ weights
    return [judged.places[row] for row in np.argsort(-scores, kind="stable")[:DEPTH]]


def mean(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return float(np.mean([one for one, _ in found])), float(np.mean([one for _, one in found]))


def trained(questions: Sequence[Judged]) -> Floats:
    """Weights under which what is right stands above the other candidates."""
    held = [one for one in questions if one.right.intersection(one.places)]
    features = np.concatenate([one.features for one in held]).astype(np.float32)
    sizes = np.array([len(one.places) for one in held])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    right = np.concatenate([[place in one.right for place in one.places] for one in held]).astype(np.float32)
    wanted = right / np.repeat(np.add.reduceat(right, starts), sizes)
    weights, first, second = (np.zeros(features.shape[1], dtype=np.float32) for _ in range(3))
    for step in range(1, STEPS + 1):
        scores = features @ weights
        scores = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        given = scores / np.repeat(np.add.reduceat(scores, starts), sizes)
        slope = features.T @ (given - wanted) / len(held) + DECAY * weights
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        pace = RATE * (1 - step / (STEPS + 1))
        weights = weights - pace * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return np.asarray(weights, dtype=np.float32)


def folds(count: int, parts: int, seed: int = 0) -> Iterator[tuple[list[int], list[int]]]:
    """Each question is tried once, with weights made on the others."""
    part = np.random.default_rng(seed).integers(0, parts, count)
    for one in range(parts):
        yield np.flatnonzero(part != one).tolist(), np.flatnonzero(part == one).tolist()


def crossed(questions: Sequence[Judged], columns: Sequence[int], parts: int = 5, *, twice: bool = False) -> tuple[float, float]:
    """Recall and average precision by cross-validation, with these columns alone; ``twice`` with the second look."""
    narrowed = [narrow(one, columns) for one in questions]
    found: list[tuple[float, float]] = []
    for known, unknown in folds(len(narrowed), parts):
        learnt = [narrowed[one] for one in known]
        tried = [narrowed[one] for one in unknown]
        weights = trained(learnt)
        if twice:
            learnt, tried = looked_again(learnt, weights), looked_again(tried, weights)
            weights = trained(learnt)
        found += [figures(order(one, weights), one.right) for one in tried]
    return mean(found)


def narrow(one: Judged, columns: Sequence[int]) -> Judged:
    """The same with these features alone."""
    return Judged(one.places, one.features[:, list(columns)], one.right, one.around)


def looked_again(questions: Sequence[Judged], first: Floats) -> list[Judged]:
    """The same with the features of the second look, after a ranking by the weights ``first``."""
    found = []
    for one in questions:
        if one.around is None:
            raise ValueError("the surroundings were not measured")
        more = second_look(one.features @ first, one.around)
        found.append(Judged(one.places, np.concatenate([one.features, more], axis=1), one.right, one.around))
    return found
