"""Uncertain quantities: their distributions, reproducible draws, percentiles. Pure; nothing below zero is ever drawn."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from kg_service.decisions.finance import EXACT

# The kinds, with what their numbers mean.
KINDS: Final = {
    "triangular": ("low", "most likely", "high"),
    "pert": ("low", "most likely", "high"),
    "uniform": ("low", "high"),
    "normal": ("mean", "standard deviation"),
    "lognormal": ("mean", "standard deviation"),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of one of :data:`KINDS` with its numbers, or a certain number (kind ``certain``)."""

    kind: str
    numbers: tuple[Decimal, ...]

    @property
    def certain(self) -> bool:
        return (
            self.kind == "certain"
            or self.numbers[0] == self.numbers[-1]
            or (self.kind.endswith("normal") and not self.numbers[1])
        )

    @property
    def central(self) -> Decimal:
        """The number for the base case: what is most likely, the middle of a uniform one, the median of the normal ones.

        The median of a lognormal one with mean m and standard deviation s is ``m ** 2 / sqrt(m ** 2 + s ** 2)``.
        """
        with localcontext(EXACT):
            match self.kind:
                case "triangular" | "pert":
                    return self.numbers[1]
                case "uniform":
                    return (self.numbers[0] + self.numbers[1]) / 2
                case "lognormal":
                    mean, deviation = self.numbers
                    return mean * mean / (mean * mean + deviation * deviation).sqrt()
                case _:
                    return self.numbers[0]

    @property
    def mean(self) -> float:
        """The expected value: (a + m + b) / 3 triangular, (a + 4 m + b) / 6 PERT, (a + b) / 2 uniform, else as given."""
        numbers = list(map(float, self.numbers))
        match self.kind:
            case "triangular":
                return sum(numbers) / 3
            case "pert":
                return (numbers[0] + 4 * numbers[1] + numbers[2]) / 6
            case "uniform":
                return sum(numbers) / 2
            case _:
                return numbers[0]

    def draw(self, chance: random.Random) -> float:
        """One draw. PERT: a beta distribution on [a, b] with shapes 1 + 4 (m - a) / (b - a) and 1 + 4 (b - m) / (b - a)
        (Malcolm, Roseboom, Clark and Fazar 1959). Lognormal: exp of a normal one with variance ln(1 + s² / m²).
        """
        numbers = list(map(float, self.numbers))
        if self.certain:
            return numbers[0]
        match self.kind:
            case "triangular":
                low, likely, high = numbers
                return chance.triangular(low, high, likely)
            case "pert":
                low, likely, high = numbers
                first, second = 1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low)
                return low + (high - low) * chance.betavariate(first, second)
            case "uniform":
                return chance.uniform(*numbers)
            case "lognormal":
                mean, deviation = numbers
                variance = math.log1p((deviation / mean) ** 2)
                return chance.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))
            case _:
                return max(0.0, chance.normalvariate(*numbers))


def draws(name: str, spread: Spread, count: int, seed: int) -> list[float]:
    """``count`` draws of the quantity ``name``; each quantity has a stream of its own, so that adding one leaves the others."""
    chance = random.Random(f"{seed}:{name}")  # noqa: S311 - a simulation that must be reproducible, not a secret
    return [spread.draw(chance) for _ in range(count)]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie, interpolated (Hyndman and Fan 1996, type 7)."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
