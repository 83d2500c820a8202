"""Statistics of a pilot: the Wilson interval of a proportion, the interval of a mean, and how many cases a metric needs. Pure.

Sources: E. B. Wilson, *Probable inference, the law of succession, and statistical inference* (JASA 22, 1927); R. G. Newcombe,
*Two-sided confidence intervals for the single proportion* (Statistics in Medicine 17, 1998); for the number of cases J. L.
Fleiss, B. Levin and M. C. Paik, *Statistical Methods for Rates and Proportions* (3rd ed. 2003), chapter 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

MOST_CASES: Final = 1_000_000
_EXACT_TO: Final = 20_000
_MOST_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def quantile(confidence: float) -> float:
    """The normal quantile of a two-sided interval: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(count: int, of: int, confidence: float) -> Interval:
    """The score interval of ``count`` in ``of`` cases: the proportions that a score test at that level would not reject."""
    z = quantile(confidence)
    share, square = count / of, z * z / of
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return Interval(0.0 if count == 0 else max(0.0, middle - half), 1.0 if count == of else min(1.0, middle + half))


def pooled(parts: Sequence[tuple[int, float, float | None]]) -> tuple[int, float, float | None]:
    """Number, mean and standard deviation of all cases, from those of the parts; the deviation is None where one is missing.

    The sum of squares about the common mean is that within the parts and that between their means.
    """
    total = sum(n for n, _, _ in parts)
    mean = math.fsum(n * part for n, part, _ in parts) / total
    squares = 0.0
    for n, part, deviation in parts:
        if deviation is None and n > 1:
            return total, mean, None
        squares += (n - 1) * (deviation or 0.0) ** 2 + n * (part - mean) ** 2
    return total, mean, math.sqrt(squares / (total - 1)) if total > 1 else None


def of_mean(n: int, mean: float, deviation: float, confidence: float) -> Interval:
    """The normal interval of a mean, which needs some thirty cases to hold (central limit theorem)."""
    half = quantile(confidence) * deviation / math.sqrt(n)
    return Interval(mean - half, mean + half)


def clears(count: int, of: int, threshold: float, at_least: bool, confidence: float) -> bool:
    """Whether the bound of the Wilson interval that matters is on the good side of the threshold."""
    interval = wilson(count, of, confidence)
    return interval.low >= threshold if at_least else interval.high <= threshold


def fewest_to_clear(threshold: float, at_least: bool, confidence: float) -> int:
    """The number of cases below which not even a flawless result clears the threshold.

    Without a miss in n cases the bound is ``z² / (n + z²)`` away from the ideal.
    """
    z = quantile(confidence) ** 2
    room = 1 - threshold if at_least else threshold
    return math.ceil(z * (1 - room) / room - 1e-9) if room > 0 else MOST_CASES + 1


def power(n: int, threshold: float, expected: float, confidence: float) -> float:
    """The chance that ``n`` cases clear the threshold where the true proportion is ``expected``: exact, binomial."""
    at_least = expected > threshold
    low, high = 0, n + 1  # the number of good cases from which on the threshold is cleared
    while low < high:
        middle = (low + high) // 2
        if clears(middle if at_least else n - middle, n, threshold, at_least, confidence):
            high = middle
        else:
            low = middle + 1
    good = expected if at_least else 1 - expected
    centre, reach = n * good, 12 * math.sqrt(n * good * (1 - good)) + 20  # what lies further out adds nothing that shows
    if low > centre + reach:
        return 0.0
    return min(
        1.0, math.fsum(_binomial(k, n, good) for k in range(max(low, int(centre - reach)), min(n, int(centre + reach)) + 1))
    )


def cases_needed(threshold: float, expected: float, confidence: float, chance: float) -> int:
    """How many cases make it that likely (``chance``) that the threshold is cleared where the truth is ``expected``.

    ``n = ((z_c * sqrt(p0 * (1 - p0)) + z_b * sqrt(p1 * (1 - p1))) / (p1 - p0)) ** 2`` (Fleiss), then raised until the exact
    binomial power is reached; at most :data:`MOST_CASES`.
    """
    gap = abs(expected - threshold)
    if gap == 0:
        return MOST_CASES
    spread = quantile(confidence) * math.sqrt(threshold * (1 - threshold))
    spread += NormalDist().inv_cdf(chance) * math.sqrt(expected * (1 - expected))
    n = max(math.ceil((spread / gap) ** 2 - 1e-9), fewest_to_clear(threshold, expected > threshold, confidence), 1)
    for _ in range(_MOST_STEPS):
        if n > _EXACT_TO or power(n, threshold, expected, confidence) >= chance:
            break
        n += max(1, n // 100)
    return min(n, MOST_CASES)


def _binomial(k: int, n: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(k == n * share)
    logs = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(logs + k * math.log(share) + (n - k) * math.log1p(-share))
