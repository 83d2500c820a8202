"""Net present value, internal rates of return, payback: textbook formulas in exact decimals. Pure.

Source throughout: Brealey, Myers and Allen, *Principles of Corporate Finance*, the chapters on present values and on net present
value and other investment criteria. Cash flows stand at the ends of years: the first one now (year 0), then one for each year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Final

from kg_service.decisions.roots import positive_roots

CENT: Final = Decimal("0.01")
EXACT: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Rates:
    """Every internal rate of return above -100 %, ascending. ``verdict`` is ``one``, ``none``, ``several`` or ``undefined``."""

    verdict: str
    rates: tuple[Decimal, ...]
    sign_changes: int


def npv(rate: Decimal, flows: Sequence[Decimal]) -> Decimal:
    """The net present value ``sum(C_t / (1 + r) ** t for t = 0..n)``, unrounded.

    A spreadsheet's ``NPV(r; C_1...C_n) + C_0`` is the same: its function takes the first flow to lie one year ahead.
    """
    with localcontext(EXACT):
        return sum((flow / (1 + rate) ** year for year, flow in enumerate(flows)), Decimal(0))


def irr(flows: Sequence[Decimal]) -> Rates:
    """Every rate ``r > -1`` at which the net present value is 0, to 15 digits.

    With ``x = 1 / (1 + r)`` these are the positive roots of ``sum(C_t * x ** t)``; all are found. By Descartes' rule of signs
    there are at most as many as the flows change sign. Flows that are all 0 have no defined rate.
    """
    signs = [flow > 0 for flow in flows if flow != 0]
    changes = sum(1 for one, other in pairwise(signs) if one != other)
    if not signs:
        return Rates("undefined", (), 0)
    roots = positive_roots([Fraction(flow) for flow in flows]) if changes else []
    with localcontext(EXACT):
        rates = sorted(Decimal(root.denominator) / Decimal(root.numerator) - 1 for root in roots)
        found = tuple(rate.quantize(Decimal("1e-15")) + 0 if rate < 10**30 else rate for rate in rates)
    return Rates({0: "none", 1: "one"}.get(len(found), "several"), found, changes)


def payback(flows: Sequence[Decimal], rate: Decimal = Decimal(0)) -> Decimal | None:
    """The years until the flows so far, discounted at ``rate`` (0: simple payback), first sum up to 0 or more; None where never.

    Within a year the flow is spread evenly (linear interpolation). Flows after that point play no part, as the textbook warns.
    """
    with localcontext(EXACT):
        total = Decimal(0)
        for year, flow in enumerate(flows):
            here = flow / (1 + rate) ** year
            if total + here >= 0:
                return Decimal(0) if year == 0 or here <= 0 else year - 1 + -total / here
            total += here
    return None


def cents(amount: Decimal) -> Decimal:
    """``amount`` to the cent, halves to the even cent (ROUND_HALF_EVEN)."""
    with localcontext(EXACT):
        return amount.quantize(CENT)
