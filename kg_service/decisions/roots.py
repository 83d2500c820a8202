"""Every positive root of a polynomial with exact coefficients, found without missing one. Pure.

Sturm's theorem counts the distinct real roots in an interval (Basu, Pollack and Roy, *Algorithms in Real Algebraic Geometry*,
chapter 2.2.2); Cauchy's bound holds them; bisection in exact fractions separates and refines them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

Polynomial = list[int]  # coefficients from the constant upwards, the last one not 0; [] is 0


def positive_roots(coefficients: Sequence[Fraction], width: Fraction = Fraction(1, 10**30)) -> list[Fraction]:
    """The distinct positive roots, ascending, each within ``width`` times its size; a multiple root stands once.

    The zero polynomial, of which every number is a root, gives an empty list.
    """
    polynomial = _primitive(coefficients)
    while polynomial and polynomial[0] == 0:
        polynomial = polynomial[1:]
    if len(polynomial) < 2:
        return []
    chain = _sturm(_squarefree(polynomial))
    square_free = chain[0]
    top = Fraction(1 + max(map(abs, square_free[:-1])) // abs(square_free[-1]) + 1)
    found: list[Fraction] = []
    pending = [(Fraction(0), top)]
    while pending:
        low, high = pending.pop()
        count = _changes(chain, low) - _changes(chain, high)  # the roots in (low, high]
        if count == 1:
            found.append(_refine(square_free, chain, low, high, width))
        elif count > 1:
            middle = (low + high) / 2
            pending += [(low, middle), (middle, high)]
    return sorted(found)


def value(polynomial: Sequence[int], at: Fraction) -> Fraction:
    """The polynomial at a point (Horner)."""
    result = Fraction(0)
    for coefficient in reversed(polynomial):
        result = result * at + coefficient
    return result


def _refine(polynomial: Polynomial, chain: list[Polynomial], low: Fraction, high: Fraction, width: Fraction) -> Fraction:
    """The one root in (low, high], within ``width`` of its size; simple, so that the sign turns there."""
    if value(polynomial, high) == 0:
        return high
    while low == 0 or value(polynomial, low) == 0:  # move the low end off 0 and off a root that lies there
        middle = (low + high) / 2
        if value(polynomial, middle) == 0 and _changes(chain, low) - _changes(chain, middle) == 1:
            return middle
        if _changes(chain, low) - _changes(chain, middle) == 1:
            high = middle
        else:
            low = middle
    sign = value(polynomial, low) > 0
    while high - low > width * low:
        middle = _short((low + high) / 2, low, high)
        here = value(polynomial, middle)
        if here == 0:
            return middle
        if (here > 0) == sign:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _short(middle: Fraction, low: Fraction, high: Fraction) -> Fraction:
    """A fraction of few digits near ``middle`` and inside the interval, so that exact arithmetic stays quick."""
    scale = 1 << max(8, int(8 - math.log2(high - low)))
    near = Fraction(round(middle * scale), scale)
    return near if low < near < high else middle


def _primitive(coefficients: Sequence[Fraction | int]) -> Polynomial:
    """The same roots with whole coefficients that have no common divisor; leading zeros are gone."""
    kept = list(map(Fraction, coefficients))
    while kept and kept[-1] == 0:
        kept.pop()
    if not kept:
        return []
    common = math.lcm(*(one.denominator for one in kept))
    whole = [int(one * common) for one in kept]
    divisor = math.gcd(*whole)
    return [one // divisor for one in whole]


def _remainder(one: Polynomial, other: Polynomial) -> Polynomial:
    """A positive multiple of the remainder of ``one`` by ``other``."""
    rest = list(one)
    lead = other[-1]
    while len(rest) >= len(other):
        factor, shift = rest[-1], len(rest) - len(other)
        rest = [part * abs(lead) for part in rest]
        factor = factor if lead > 0 else -factor
        for place, part in enumerate(other):
            rest[shift + place] -= factor * part
        while rest and rest[-1] == 0:
            rest.pop()
        rest = _primitive(rest)
    return rest


def _derivative(polynomial: Polynomial) -> Polynomial:
    return _primitive([place * part for place, part in enumerate(polynomial)][1:])


def _squarefree(polynomial: Polynomial) -> Polynomial:
    """The polynomial with each root once: divided by the greatest common divisor of it and its derivative."""
    one, other = polynomial, _derivative(polynomial)
    while other:
        one, other = other, _remainder(one, other)
    if len(one) < 2:
        return polynomial
    rest, quotient = list(map(Fraction, polynomial)), [Fraction(0)] * (len(polynomial) - len(one) + 1)
    for shift in range(len(quotient) - 1, -1, -1):
        factor = quotient[shift] = rest[shift + len(one) - 1] / one[-1]
        for place, part in enumerate(one):
            rest[shift + place] -= factor * part
    return _primitive(quotient)


def _sturm(polynomial: Polynomial) -> list[Polynomial]:
    chain = [polynomial, _derivative(polynomial)]
    while len(chain[-1]) > 1:
        rest = _remainder(chain[-2], chain[-1])
        if not rest:
            break
        chain.append([-part for part in rest])
    return [one for one in chain if one]


def _changes(chain: Sequence[Polynomial], at: Fraction) -> int:
    """How often the sign changes along the chain at a point; zeros are passed over."""
    signs = [here > 0 for one in chain if (here := value(one, at)) != 0]
    return sum(1 for one, other in pairwise(signs) if one != other)
