"""``python -m benchmarks [name ...]`` runs all benchmarks or those named, one after the other."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
OF_OTHERS = {
    "beir",
    "clock",
    "gold",
    "gold_grading",
    "gold_texts",
    "imports_samples",
    "ranking",
    "service",
    "tampering",
    "word_peer",
}
PARTS = {"__init__", "__main__", *OF_OTHERS}
OURS = sorted(file.stem for file in HERE.glob("*.py") if file.stem not in PARTS)


def main() -> int:
    named = sys.argv[1:] or OURS
    unknown = [name for name in named if name not in OURS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(OURS)}.", file=sys.stderr)
        return 2
    for name in named:
        print(f"\n== {name} ==")
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
