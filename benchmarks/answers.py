"""The assistant over the gold set, beside a peer that only matches words: ``python -m benchmarks.answers``.

Nothing but what ships: no model, no key, search by words in memory. The peer takes the norms of the places at hand whose title
and summary fit the question best (BM25) as those that apply, which is what a search over the law without an engine would give.
"""

from __future__ import annotations

import argparse
import atexit
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from assistant.answer import Assistant
from assistant.compose import PlainComposer
from assistant.conversation import begun, continued
from assistant.index.embedding import PACKAGED, PackagedEmbedder
from assistant.index.hearing import PackagedHearer
from assistant.index.keeper import How
from assistant.index.opened import Index
from assistant.index.opening import kept_index, lexical_index
from assistant.model import Answer, Passage
from assistant.passages import passages_of
from assistant.retrieval import Searcher
from assistant.retrieval.wordings import Wordings
from assistant.understanding import Reader
from benchmarks.clock import row
from benchmarks.gold import DAY, SPLITS, Gold, Item, read_gold
from benchmarks.gold_grading import ROOT, Figures, Grader, Outcome
from benchmarks.gold_texts import OFFICIAL, official_quotes
from benchmarks.word_peer import TAKES
from kg_service.applicability.evaluate import Evaluator
from kg_service.knowledge.read import read


def asked(assistant: Assistant, items: Iterable[Item]) -> Iterator[Outcome]:
    """The assistant's answers, in order. It is told no facts and no day: both have to be read."""
    for item in items:
        answers: list[Answer] = []
        conversation = begun()
        times: list[float] = []
        for turn in item.turns:
            start = time.perf_counter()
            answers.append(assistant.ask(turn, conversation=conversation))
            times.append((time.perf_counter() - start) * 1000)
            conversation = continued(conversation, answers[-1])
        yield Outcome(item, tuple(answers), times[0])


@lru_cache(maxsize=2)
def made(root: Path = ROOT, cache: Path | None = None) -> tuple[Evaluator, Reader, Assistant]:
    """The assistant offline, without a model, with four official texts where their files are.

    It searches by words, and with a ``cache`` by meaning as well: the index is built there where it was not.
    """
    knowledge = read(root)
    evaluator = Evaluator(knowledge)
    reader = Reader(knowledge, near=Wordings(knowledge, PackagedEmbedder(), cache).near, hearer=PackagedHearer(knowledge))
    passages = passages_of(knowledge, root)
    searcher = Searcher(_by_words(passages) if cache is None else _by_meaning(passages, cache))
    folder = tempfile.TemporaryDirectory(prefix="gold-")
    atexit.register(folder.cleanup)
    quotes = official_quotes(knowledge.instruments, Path(folder.name)) if OFFICIAL.is_dir() else None
    return evaluator, reader, Assistant(evaluator, reader, searcher, PlainComposer(evaluator), quotes, today=lambda: DAY)


def _by_words(passages: Sequence[Passage]) -> Callable[[], Index]:
    index = lexical_index(passages)
    return lambda: index


def _by_meaning(passages: Sequence[Passage], cache: Path) -> Callable[[], Index]:
    keeper = kept_index(How(cache, PACKAGED), passages)
    atexit.register(keeper.close)
    keeper.wait()
    return keeper.current


def run(root: Path = ROOT, cache: Path | None = None) -> tuple[Figures, Gold]:
    """One run over the whole gold set."""
    evaluator, reader, assistant = made(root, cache)
    gold = read_gold(evaluator.knowledge)
    grader = Grader(evaluator, gold, root)
    figures = grader.grade(asked(assistant, gold.items))
    figures.facts = {split: grader.read(reader, split) for split in SPLITS}
    return figures, gold


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers")
    parser.add_argument("--failures", type=Path, help="writes failures that may be shown into this Markdown file")
    parser.add_argument("--index", type=Path, help="searches by meaning as well, with the index in this folder, built if need be")
    given = parser.parse_args(arguments)
    figures, gold = run(ROOT, given.index)
    report(figures)
    if given.failures is not None:
        given.failures.write_text(shown_failures(figures, gold), encoding="utf-8")
        print(f"\nFailures that may be shown: {given.failures}")


def report(figures: Figures) -> None:
    """Prints the table."""
    same, whole, peer = figures.same_facts, figures.end_to_end, figures.peer
    row("obligation recall, same facts", same.recall, "", "peer", _ratio(same.recall, peer.recall))
    row("obligation precision, same facts", same.precision, "", "peer", _ratio(same.precision, peer.precision))
    row(f"peer, BM25 over the norms, first {TAKES}: recall", peer.recall, "")
    row(f"peer, BM25 over the norms, first {TAKES}: precision", peer.precision, "")
    row("obligation recall, facts written by hand", whole.recall, "")
    row("obligation precision, facts written by hand", whole.precision, "")
    for kind, (held, of) in sorted(figures.met.items()):
        row(f"{kind}: {held} of {of}", 100 * held / of, "%")
    row(f"refused without need: {len(figures.wrong_refusals)}", len(figures.wrong_refusals), "")
    row(f"citations valid, of {figures.citations[1]}", _percent(figures.citations), "%")
    row(f"quotes verbatim, of {figures.quotes[1]}", _percent(figures.quotes), "%")
    for split, scores in figures.facts.items():
        for name, one in scores.items():
            row(f"facts read, {split}, {name}: F1 (precision {one.precision:.2f}, recall {one.recall:.2f})", one.f1, "")
    times = sorted(figures.times)
    row("answer without a model, p50", times[len(times) // 2], "ms")
    row("answer without a model, p95", times[int(len(times) * 0.95)], "ms")


def shown_failures(figures: Figures, gold: Gold) -> str:
    """Failures on the descriptions of the dev split and on every other question, as Markdown."""
    evaluator, reader, _ = made()
    grader = Grader(evaluator, gold)
    items = {item.id: item for item in gold.items}
    lines = ["# Failures on the part of the gold set that may be shown", "", "## Descriptions (dev)"]
    for description in gold.descriptions["dev"]:
        missed, wrong = grader.faults(reader, description)
        if missed or wrong:
            lines += ["", f"### {description.id}", "", description.text, ""]
            lines += [f"- missed: {pair.polarity} {pair.fact} = {pair.value}" for pair in missed]
            lines += [f"- read without being said: {pair.polarity} {pair.fact} = {pair.value}" for pair in wrong]
    lines += ["", "## Questions", ""]
    for name in (*figures.unmet, *(f"{one} refused" for one in figures.wrong_refusals)):
        item = items[name.split()[0]]
        if item.shown:
            lines.append(f"- {name} ({item.kind}): {' | '.join(item.turns)} -> expected {dict(item.expected)}")
    return "\n".join(lines) + "\n"


def _ratio(ours: float, peers: float) -> float | None:
    return ours / peers if peers else None


def _percent(tally: Sequence[int]) -> float:
    return 100 * tally[0] / tally[1] if tally[1] else 100.0


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
