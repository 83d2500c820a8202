"""How long until the knowledge is there: ``python -m benchmarks.loading``. Each run is a fresh process, imports included."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clock import row
from benchmarks.service import running_service

ROOT = Path(__file__).resolve().parent.parent
CODE = """
import sys
from pathlib import Path
from kg_service.knowledge.build import load
load(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def _seconds(cache: str, runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", CODE, str(ROOT), cache], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        built = _seconds(cache, 1)
        cached = _seconds(cache, 7)
    row("knowledge built from the files", built, "s")
    row("knowledge loaded from a cached build", cached, "s", "of building it", cached / built)
    with running_service() as service:
        row("service ready after start", service.started_in, "s")
        row("memory of the service at rest", service.memory_mb(), "MB")


if __name__ == "__main__":
    main()
