"""Ranking by several criteria: a weighted sum, the Pareto front, and how far the ranking depends on the weights. Pure.

* Weighted sum of values scaled from 0 (worst option) to 1 (best): simple additive weighting, Hwang and Yoon, *Multiple Attribute
  Decision Making* (1981), section on SAW, with linear scaling between the extremes.
* Pareto front: the options that no other option beats in one criterion without being worse in another (Pareto dominance).
* Stability: weightings drawn from a Dirichlet distribution by normalised gamma variates (Devroye, *Non-Uniform Random Variate
  Generation* (1986), chapter XI.4); with all parameters 1 every weighting is equally likely. The share of weightings that make an
  option first is the first-rank acceptability of SMAA-2 (Lahdelma and Salminen, 2001).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_TIE: Final = 1e-12
TOP: Final = 3


@dataclass(frozen=True, slots=True)
class Stability:
    """Of the weightings drawn, the share in which an option is first (a tie is split) and among the best three."""

    first: float
    top: float


def utilities(rows: Sequence[Sequence[float]], lower_is_better: Sequence[bool]) -> list[list[float]]:
    """Each value scaled from 0 (the worst of its column) to 1 (the best); a column in which all are equal is 1 throughout."""
    columns = list(zip(*rows, strict=True))
    scaled = []
    for column, lower in zip(columns, lower_is_better, strict=True):
        least, most = min(column), max(column)
        best, span = (least, most - least) if lower else (most, most - least)
        scaled.append([1.0 if span == 0 else 1.0 - abs(value - best) / span for value in column])
    return [list(row) for row in zip(*scaled, strict=True)]


def scores(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """The weighted sum of each row of utilities; ``weights`` are taken relative to their sum."""
    total = sum(weights)
    return [sum(weight * value for weight, value in zip(weights, row, strict=True)) / total for row in rows]


def ranks(values: Sequence[float]) -> list[int]:
    """The place of each value from the highest (1); equal values share a place and the next one is left out (1, 2, 2, 4)."""
    return [1 + sum(1 for other in values if other > value + _TIE) for value in values]


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether ``one`` is nowhere worse than ``other`` and somewhere better (higher is better)."""
    return all(a >= b for a, b in zip(one, other, strict=True)) and any(a > b for a, b in zip(one, other, strict=True))


def front(rows: Sequence[Sequence[float]]) -> list[bool]:
    """For each row of utilities, whether no other row dominates it."""
    distinct = {tuple(row) for row in rows}
    kept = {row for row in distinct if not any(dominates(other, row) for other in distinct)}
    return [tuple(row) in kept for row in rows]


def dirichlet(chance: random.Random, parameters: Sequence[float]) -> list[float]:
    """One weighting: as many numbers from 0 to 1 as there are parameters, with the sum 1; a parameter of 0 gives 0."""
    while True:
        drawn = [chance.gammavariate(one, 1.0) if one > 0 else 0.0 for one in parameters]
        total = sum(drawn)
        if total > 0:
            return [one / total for one in drawn]


def stability(
    rows: Sequence[Sequence[float]], parameters: Sequence[float], samples: int, seed: int, first: Mapping[int, bool] | None = None
) -> list[Stability]:
    """How often each row of utilities is first and among the best three under ``samples`` weightings drawn with ``seed``.

    ``parameters`` are those of the Dirichlet distribution. Rows that ``first`` says False of come after all the others.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation that must be reproducible, not a secret
    groups: dict[tuple[bool, tuple[float, ...]], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault((first is None or first[place], tuple(row)), []).append(place)
    entries = [(good, row, places) for (good, row), places in groups.items()]
    leads = [0.0] * len(entries)
    tops = [0] * len(entries)
    for _ in range(samples):
        weights = dirichlet(chance, parameters)
        found = [(good, sum(w * v for w, v in zip(weights, row, strict=True)), len(places)) for good, row, places in entries]
        order = sorted(range(len(found)), key=lambda place: found[place][:2], reverse=True)
        best = found[order[0]]
        tied = [place for place in order if found[place][0] == best[0] and found[place][1] >= best[1] - _TIE]
        share = 1.0 / sum(found[place][2] for place in tied)
        for place in tied:
            leads[place] += share
        better = 0
        for place in order:
            if better >= TOP:
                break
            tops[place] += 1
            better += found[place][2]
    result = [Stability(0.0, 0.0)] * len(rows)
    for entry, (_, _, places) in enumerate(entries):
        for place in places:
            result[place] = Stability(leads[entry] / samples, tops[entry] / samples)
    return result
