"""Medians of repeated runs. The machine decides the times; the ratios are what a reader can take away."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def times_ms(work: Callable[[], object], seconds: float = 1.0, least: int = 5, most: int = 500) -> list[float]:
    """How long each run of ``work`` took, in milliseconds, sorted; over as many runs as fit in ``seconds``."""
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least or (time.perf_counter() < end and len(times) < most):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)


def median_ms(work: Callable[[], object], seconds: float = 1.0) -> float:
    """The median time of ``work`` in milliseconds."""
    return statistics.median(times_ms(work, seconds))


def row(name: str, figure: float, unit: str, against: str = "", ratio: float | None = None) -> None:
    """Prints one figure, and what it is compared with."""
    beside = "" if ratio is None else f"   {ratio:8.2f} x {against}"
    print(f"{name:<58}{figure:12.3f} {unit:<6}{beside}")
