"""How long the reader of plain words takes to load and to read, in processor time: ``python -m benchmarks.reading``.

Aims: loaded from the cache within 0.5 s, from the files within 2 s; 2,000 words read within 0.5 s, 1,000 in half of that.
The language files' own remarks (rows said twice) stand at the end.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from assistant.understanding import Reader
from assistant.understanding.language import FOLDER, load
from assistant.understanding.words import words_of
from benchmarks.clock import row
from kg_service.knowledge.document import read_yaml
from kg_service.knowledge.read import read

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ROOT / "tests" / "data" / "understanding"
DAY = date(2026, 11, 23)


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """The median processor time of ``work``, which others on the machine hardly change."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def texts() -> str:
    """Everyday descriptions, one behind the other."""
    roots = [read_yaml(path, path.name).root for path in sorted(SHOWN.glob("everyday-*.yaml"))]
    return "\n\n".join(str(one["text"]) for root in roots if isinstance(root, list) for one in root if isinstance(one, dict))


def main() -> None:
    law = read(ROOT)
    files = sorted(FOLDER.glob("*.yaml"))
    parsed = seconds(lambda: [read_yaml(path, path.name) for path in files])
    made = seconds(lambda: load(law), 3)
    row("language compiled from its files", made, "s", "parsing their YAML", made / parsed)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        load(law, FOLDER, cache)
        kept = seconds(lambda: load(law, FOLDER, cache))
        row("language out of the cache", kept, "s", "compiling it", kept / made)
        whole = seconds(lambda: Reader(law, cache=cache))
        row("reader ready, language out of the cache", whole, "s", "of the aim of 0.5 s", whole / 0.5)
        reader = Reader(law, cache=cache)
    text = texts()
    cuts = {count: text[: words_of(text)[count - 1].end] for count in (250, 500, 1000, 2000)}
    for count, part in cuts.items():
        reader.read(part, None, DAY)
        taken = seconds(partial(reader.read, part, None, DAY))
        floor = seconds(partial(words_of, part))
        row(f"{count:,} words read", taken * 1000, "ms", "cutting them into words", taken / floor)
    language = reader.language
    row(
        "rules, and steps that they are made of",
        len(language.rules),
        "",
        "rules",
        len(language.patterns.targets) / len(language.rules),
    )
    for remark in language.remarks:
        print(remark)


if __name__ == "__main__":
    main()
