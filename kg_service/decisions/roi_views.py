"""Return on investment as JSON and as rows. Money is a string with two decimals, rates and shares are fractions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from kg_service.decisions.finance import cents
from kg_service.decisions.roi import Bar, Case, Result

COLUMNS: Final = (
    "option", "currency", "npv", "tco", "benefits", "roi", "irr_verdict", "irr", "payback_years", "discounted_payback_years",
    "mean", "p10", "p50", "p90", "probability_of_loss", "main_driver", "value_score",
)  # fmt: skip


def roi_view(case: Case, results: Sequence[Result]) -> dict[str, Any]:
    """The answer as JSON: the case's terms, then the base and each option."""
    score = case.worth_score
    return {
        "currency": case.currency,
        "years": case.years,
        "discount_rate": str(case.rate),
        "sampling": {"iterations": case.iterations, "seed": case.seed},
        "results": [result_view(result) for result in results],
        "value": {
            "score": None if score is None else str(round(score, 2)),
            "items": [
                {"name": one.name, "weight": str(one.weight), "score": str(one.score), "because": one.because}
                for one in case.worth
            ],
        },
        "quantities": {
            name: {"unit": one.unit, "kind": one.spread.kind, "numbers": [str(number) for number in one.spread.numbers]}
            for name, one in case.quantities.items()
        },
    }


def result_view(result: Result) -> dict[str, Any]:
    """One option: its flows, its value, and its risk."""
    risk = result.risk
    return {
        "name": result.name,
        "flows": [_money(flow) for flow in result.flows],
        "npv": _money(result.npv),
        "tco": _money(result.tco),
        "costs": {group: _money(cost) for group, cost in result.costs.items()},
        "benefits": _money(result.benefits),
        "roi": _fraction(result.roi),
        "irr": {
            "verdict": result.rates.verdict,
            "rates": [str(rate) for rate in result.rates.rates],
            "sign_changes": result.rates.sign_changes,
        },
        "payback_years": _fraction(result.payback),
        "discounted_payback_years": _fraction(result.discounted_payback),
        "risk": {
            "mean": round(risk.mean, 2),
            "p10": round(risk.p10, 2),
            "p50": round(risk.p50, 2),
            "p90": round(risk.p90, 2),
            "probability_of_loss": round(risk.loss, 6),
        },
        "tornado": [_bar_view(bar) for bar in result.tornado],
    }


def rows(case: Case, results: Sequence[Result]) -> Iterable[tuple[str, ...]]:
    """One row of :data:`COLUMNS` for the base and each option."""
    score = case.worth_score
    for result in results:
        risk = result.risk
        yield (
            result.name,
            case.currency,
            *map(_money, (result.npv, result.tco, result.benefits)),
            _fraction(result.roi) or "",
            result.rates.verdict,
            "; ".join(str(rate) for rate in result.rates.rates),
            _fraction(result.payback) or "",
            _fraction(result.discounted_payback) or "",
            *(f"{one:.2f}" for one in (risk.mean, risk.p10, risk.p50, risk.p90)),
            f"{risk.loss:.4f}",
            result.tornado[0].quantity if result.tornado else "",
            "" if score is None else str(round(score, 2)),
        )


def _money(amount: Decimal) -> str:
    return str(cents(amount))


def _fraction(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:.4f}"


def _bar_view(bar: Bar) -> dict[str, Any]:
    return {
        "quantity": bar.quantity,
        "p10": bar.low,
        "p90": bar.high,
        "npv_at_p10": round(bar.npv_at_low, 2),
        "npv_at_p90": round(bar.npv_at_high, 2),
        "swing": round(bar.swing, 2),
    }
