"""Retrieval on a corpus in BEIR form, by the code that answers questions: ``python -m benchmarks.retrieval --beir DIR``.

R@10 and MAP@10 over all judged queries (MAP@10 divided by all that is relevant, as trec_eval's ``map_cut_10``). Without
``--beir`` it takes ``../shared/data/benchmarks/obliqa-dev``, or skips. ``--train`` writes the ranker's weights.
"""

# ruff: noqa: E402 -- run as a file, it must find its neighbours first
from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each query has a thread of its own
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
if __package__ in (None, ""):
    sys.path.insert(0, str(ROOT))

from assistant.index.opened import Index
from assistant.index.opening import How, kept_index
from assistant.retrieval import Scope, Searcher
from assistant.retrieval.features import DENSE, LATE, SETS, WORDS, Features
from assistant.retrieval.ranker import FILE, read_ranker, vector_of
from assistant.retrieval.second import SECOND, surroundings_of
from benchmarks.beir import Beir, read_beir
from benchmarks.ranking import Judged, crossed, figures, looked_again, mean, narrow, order, trained
from kg_service.settings import cache_dir

BEIR = ROOT.parent / "shared" / "data" / "benchmarks" / "obliqa-dev"
PUBLISHED = (
    ("BM25 (published, ObliQA test)", 0.769, 0.624),
    ("MiniLM dense (measured before, ObliQA test)", 0.685, 0.504),
    ("both, min-max 0.6 (measured before, ObliQA test)", 0.789, 0.650),
    ("best fine-tuned system read (ObliQA test)", 0.820, 0.666),
)
ALL = SETS["late"]
LADDER = (
    ("words: BM25", ("text",)),
    ("+ meaning (dense)", ("text", "meaning")),
    ("+ pairs of words", ("text", "meaning", "pairs", "near")),
    ("+ how much is said, length", ("text", "meaning", "pairs", "near", "coverage", "rare_coverage", "length")),
    ("+ headings, neighbours, document, numbers named", (*WORDS, "meaning", "linked_meaning")),
    ("+ feedback of the first hits", DENSE),
    ("+ late interaction", LATE),
    ("+ products of measures", SETS["late"]),
)


def main(arguments: Sequence[str] = ()) -> None:
    given = _arguments(arguments)
    if not given.beir.is_dir():
        print(f"skipped: there is no corpus in {given.beir}")
        return
    corpus = read_beir(given.beir)
    print(f"{len(corpus.passages)} passages, {len(corpus.relevant)} judged queries in {given.beir.name}", flush=True)
    start = time.perf_counter()
    how = How(given.cache, dense=given.index, threads=given.threads)
    keeper = kept_index(how, corpus.passages, _progress("embedding", start))
    keeper.wait()
    index = keeper.current()
    print(f"index of kind {given.index} {index.state} after {time.perf_counter() - start:.1f} s", flush=True)
    names = [query for query in corpus.queries if query in corpus.relevant][: given.queries]
    _baselines(index, corpus, names)
    questions = _questions(index, corpus, names, given.threads)
    _report(questions, names)
    if given.ladder or given.train:
        for label, columns in LADDER:
            recall, precision = crossed(questions, [ALL.index(name) for name in columns])
            _row(f"  {label}, weights cross-validated", recall, precision)
        _row("  + a second look, weights cross-validated", *crossed(questions, range(len(ALL)), twice=True))
    if given.train:
        _write(questions, names, given.beir.name)
    for label, recall, precision in PUBLISHED:
        _row(label, recall, precision)
    keeper.close()


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beir", type=Path, default=BEIR, help="folder with corpus.jsonl(.gz), queries.jsonl, qrels.tsv")
    parser.add_argument("--cache", type=Path, default=cache_dir() / "benchmarks", help="where the index is kept")
    parser.add_argument("--index", default="chroma", choices=("chroma", "exact"), help="the dense index")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--queries", type=int, default=None, help="only so many")
    parser.add_argument("--no-ladder", dest="ladder", action="store_false", help="without what each idea brings")
    parser.add_argument("--train", action="store_true", help="make the ranker's weights on these queries and write them")
    return parser.parse_args(list(arguments))


def _baselines(index: Index, corpus: Beir, names: Sequence[str]) -> None:
    """Words alone, meaning alone, and both as they were fused before, each over the whole corpus."""
    words, dense, fused = [], [], []
    if index.embedder is None or index.dense is None:
        return
    for done, name in enumerate(names):
        right = corpus.relevant[name]
        by_words = index.words.search(corpus.queries[name], 100, {"text": 1.0})
        by_meaning = index.dense.search(next(iter(index.embedder.encode([corpus.queries[name]]))).vector, 100)
        words.append(figures([place for place, _ in by_words], right))
        dense.append(figures([place for place, _ in by_meaning], right))
        fused.append(figures(_fused(dict(by_words), dict(by_meaning)), right))
        if done % 500 == 499:
            print(f"  baselines: {done + 1} of {len(names)} queries", file=sys.stderr, flush=True)
    _row("BM25 alone", *mean(words))
    _row(f"dense alone ({index.dense.name})", *mean(dense))
    _row("both, min-max 0.6", *mean(fused))


def _fused(words: Mapping[int, float], meaning: Mapping[int, float]) -> list[int]:
    def even(scores: Mapping[int, float]) -> dict[int, float]:
        low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
        return {place: (score - low) / ((high - low) or 1.0) for place, score in scores.items()}

    one, two = even(words), even(meaning)
    scores = {place: 0.4 * one.get(place, 0.0) + 0.6 * two.get(place, 0.0) for place in {*one, *two}}
    return sorted(scores, key=lambda place: (-scores[place], place))


def _questions(index: Index, corpus: Beir, names: Sequence[str], threads: int) -> list[Judged]:
    """What the searcher measures of its candidates for each query."""
    searcher, scope = Searcher(lambda: index), Scope()
    start = time.perf_counter()

    def measured(name: str) -> Judged:
        features: Features = searcher.measured(index, corpus.queries[name], scope)[0]
        return Judged(features.places, features.matrix(SETS[features.kind]), corpus.relevant[name], surroundings_of(features))

    found: list[Judged] = []
    show = _progress("queries", start)
    with ThreadPoolExecutor(threads) as pool:
        for one in pool.map(measured, names):
            found.append(one)
            show(len(found), len(names))
    seconds = time.perf_counter() - start
    inside = np.mean([len(one.right.intersection(one.places)) / len(one.right) for one in found])
    size = np.mean([len(one.places) for one in found])
    print(
        f"{len(found) / seconds:.1f} queries/s on {threads} threads; "
        f"{size:.0f} candidates each hold {inside:.3f} of what is relevant"
    )
    return found


def _report(questions: Sequence[Judged], names: Sequence[str]) -> None:
    ranker = read_ranker()
    first, second = vector_of(ranker.weights["late"], ALL), vector_of(ranker.second["late"], (*ALL, *SECOND))
    found = [figures(order(one, second), one.right) for one in looked_again(questions, first)]
    own = json.loads(FILE.read_bytes()).get("made_on", {}).get("queries_sha256") == _sha256(names)
    _row("the whole, weights as shipped" + (" (made on these queries: see below)" if own else ""), *mean(found))


def _write(questions: Sequence[Judged], names: Sequence[str], corpus: str) -> None:
    """The weights of each set, and how they were made."""
    told: dict[str, object] = {
        "made_on": {"corpus": corpus, "queries": len(names), "queries_sha256": _sha256(names)},
        "made_by": "python -m benchmarks.retrieval --train: softmax over the candidates of each query, 150 steps of Adam",
        "cross_validated": {},
        "weights": {},
        "second": {},
    }
    for kind, features in SETS.items():
        columns = [ALL.index(name) for name in features]
        narrowed = [narrow(one, columns) for one in questions]
        weights = trained(narrowed)
        again = trained(looked_again(narrowed, weights))
        recall, precision = crossed(questions, columns, twice=True)
        told["cross_validated"][kind] = {"R@10": round(recall, 4), "MAP@10": round(precision, 4)}  # type: ignore[index]
        told["weights"][kind] = {name: round(float(w), 3) for name, w in zip(features, weights, strict=True)}  # type: ignore[index]
        told["second"][kind] = {name: round(float(w), 3) for name, w in zip((*features, *SECOND), again, strict=True)}  # type: ignore[index]
    FILE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"weights written to {FILE.name}: {told['cross_validated']}")


def _sha256(names: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _row(label: str, recall: float, precision: float) -> None:
    print(f"{label:<62} R@10 {recall:.4f}  MAP@10 {precision:.4f}", flush=True)


def _progress(what: str, start: float):  # type: ignore[no-untyped-def]
    last = [0.0]

    def show(done: int, of: int) -> None:
        now = time.perf_counter()
        if now - last[0] > (2 if os.isatty(2) else 20) or done == of:
            last[0] = now
            print(f"  {what}: {done} of {of}, {now - start:.0f} s", file=sys.stderr, flush=True)

    return show


if __name__ == "__main__":
    main(sys.argv[1:])
