"""Makes the small model that hears what a clause is about (``assistant/retrieval/clauses.npz``), and says what it is worth.

``python -m benchmarks.clauses`` makes it from all examples; ``--folds`` prints figures by cross-validation over descriptions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant.index.embedding import Embedder, Encoding, PackagedEmbedder
from assistant.model import Polarity
from assistant.retrieval.learned import FILE, Learned, stem
from assistant.understanding import Reader
from assistant.understanding.clauses import clauses
from assistant.understanding.words import words_of
from benchmarks.clauses_fit import Inputs, fit, joined
from benchmarks.gold import GOLD, Description, Gold, Pair, Score, neutral_in, read_descriptions, read_pairs, score
from kg_service.knowledge.read import read
from kg_service.model import FactId, FactKind, Knowledge, TermId

Floats = NDArray[np.float32]
Label = tuple[str, str]
ROOT = GOLD.parent.parent
DATA = ROOT / "tests" / "data" / "clauses"
SHOWN = (GOLD / "descriptions-dev.yaml", ROOT / "tests" / "data" / "understanding" / "plain.yaml")
SCALE, ELSEWHERE, WEAK = 3.0, 0.3, 0.7
FOLDS = 5
OVER = 0.5  # the score over which a clause is about a term


@dataclass(frozen=True)
class Examples:
    """Clauses with what they are about; ``weights`` says how sure it is that a clause is, or is not, about each label."""

    texts: tuple[str, ...]
    about: Floats
    weights: Floats


class Remembering:
    """An embedder that encodes each text once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self.name = embedder, embedder.name
        self._held: dict[str, Encoding] = {}

    def encode(self, texts: Sequence[str]) -> Iterator[Encoding]:
        new = [text for text in dict.fromkeys(texts) if text not in self._held]
        self._held.update(zip(new, self._embedder.encode(new), strict=True))
        yield from (self._held[text] for text in texts)


def labels_of(knowledge: Knowledge) -> tuple[Label, ...]:
    """What a clause may be about: all terms and flags; never places, numbers or days."""
    found: list[Label] = []
    for name, fact in knowledge.facts.items():
        if not fact.jurisdictions and fact.kind not in (FactKind.NUMBER, FactKind.DATE):
            terms = ("true", "false") if fact.kind is FactKind.FLAG else tuple(map(str, fact.terms))
            found += [(str(name), term) for term in terms]
    return tuple(found)


def above(knowledge: Knowledge, label: Label) -> list[Label]:
    return [(label[0], str(one)) for one in knowledge.facts[FactId(label[0])].ancestors.get(TermId(label[1]), ())]


def read_examples(knowledge: Knowledge, labels: Sequence[Label], folder: Path = DATA) -> Examples:
    """The written clauses. Of facts that a clause was not written for it is nearly unknown whether it says anything."""
    place = {label: column for column, label in enumerate(labels)}
    texts: list[str] = []
    about: list[Floats] = []
    weights: list[Floats] = []
    for file in sorted(folder.glob("examples-*.yaml")):
        for text, said, sure in _lines(yaml.safe_load(file.read_text(encoding="utf-8"))):
            row, weight = np.zeros(len(labels), np.float32), np.ones(len(labels), np.float32)
            held = [one for one in said if one in place]
            if isinstance(sure, str):
                weight[:] = [float(fact == sure) for fact, _ in labels]
            elif sure is None:
                facts = {fact for fact, _ in held}
                weight[:] = [1.0 if fact in facts else ELSEWHERE for fact, _ in labels]
            elif held:
                weight[:] = WEAK
            for label in held:
                row[place[label]] = weight[place[label]] = 1.0
                for up in above(knowledge, label):
                    weight[place[up]] = 0.0
            texts.append(text)
            about.append(row)
            weights.append(weight)
    return Examples(tuple(texts), np.stack(about), np.stack(weights))


def _lines(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Label], str | bool | None]]:
    """Each clause with its labels, and for what it is an example against: True for all facts, or one fact, or None."""
    for fact, terms in told.items():
        if fact in ("_none", "_full"):
            for line in terms:
                yield (*_line(line), True)
        elif fact == "_not":
            for other, lines in terms.items():
                for line in lines:
                    yield _line(line)[0], [], str(other)
        else:
            for term, lines in terms.items():
                name = str(term).lower() if isinstance(term, bool) else str(term)
                for line in lines:
                    text, more = _line(line)
                    yield text, [(fact, name), *more], None


def _line(line: object) -> tuple[str, list[Label]]:
    text, _, more = str(line).partition(" |")
    pairs = [one.strip().partition("=") for one in more.split(",") if "=" in one]
    return text.strip().strip('"'), [(fact.strip(), term.strip().lower()) for fact, _, term in pairs]


@dataclass(frozen=True)
class Bags:
    """The clauses of descriptions; ``owner`` is the description of each. ``said`` and ``open`` are of descriptions."""

    texts: tuple[str, ...]
    owner: NDArray[np.int64]
    said: NDArray[np.bool_]
    open: NDArray[np.bool_]


def bags_of(descriptions: Sequence[Description], gold: Gold, knowledge: Knowledge, labels: Sequence[Label]) -> Bags:
    place = {label: column for column, label in enumerate(labels)}
    texts: list[str] = []
    owner: list[int] = []
    said, left = (np.zeros((len(descriptions), len(labels)), bool) for _ in range(2))
    for row, one in enumerate(descriptions):
        words = words_of(one.text)
        for first, last in clauses(words):
            texts.append(one.text[words[first].start : words[last].end])
            owner.append(row)
        neutral = neutral_in(one, gold, knowledge)
        for pair in one.pairs:
            label = _label(pair, knowledge)
            if label in place:
                said[row, place[label]] = True
                left[row, [place[up] for up in above(knowledge, label)]] = True
        for column, (fact, term) in enumerate(labels):
            polarity = Polarity.NEGATED if term == "false" else Polarity.STATED
            left[row, column] |= neutral(Pair(polarity, fact, term))
    return Bags(tuple(texts), np.array(owner), said, left & ~said)


def _label(pair: Pair, knowledge: Knowledge) -> Label:
    if knowledge.facts[FactId(pair.fact)].kind is FactKind.FLAG:
        return pair.fact, "false" if pair.polarity is Polarity.NEGATED else "true"
    return pair.fact, pair.value


class Trainer:
    """Makes weights from the examples and from some of the descriptions, and writes them."""

    def __init__(
        self, knowledge: Knowledge, descriptions: Sequence[Description], gold: Gold, *, words: bool = True, vectors: bool = True
    ) -> None:
        self.labels = labels_of(knowledge)
        self.embedder = Remembering(PackagedEmbedder(2))
        self._examples = read_examples(knowledge, self.labels)
        self._bags = bags_of(descriptions, gold, knowledge, self.labels)
        texts = (*self._examples.texts, *self._bags.texts)
        counts = Counter(word for text in texts for word in set(_stems(text)))
        self._words = sorted(word for word, count in counts.items() if count > 1) if words else ["the"]
        number = {word: place for place, word in enumerate(self._words)}
        self._rarity = np.array([np.log(1 + len(texts) / max(1, counts[word])) for word in self._words], np.float32)
        self._scale = SCALE if vectors else 0.0
        found = np.stack([one.vector for one in self.embedder.encode(texts)]) * self._scale
        held = [sorted({number[word] for word in _stems(text) if word in number}) for text in texts]
        whole = Inputs(found, held, self._rarity)
        split = len(self._examples.texts)
        self._written, self._told = whole.of(range(split)), whole.of(range(split, len(texts)))
        self._first = fit(self._written, self._examples.about, self._examples.weights, None, steps=100, rate=0.05)

    def write(self, learnt: Sequence[int], file: Path, over: float = OVER) -> None:
        """The weights made from the examples and the descriptions ``learnt`` stand in ``file``."""
        rows = np.flatnonzero(np.isin(self._bags.owner, learnt))
        told, owner = self._told.of(rows), self._bags.owner[rows]
        scores = told.times(self._first)
        about = np.zeros((len(rows), len(self.labels)), np.float32)
        sure = np.ones_like(about)
        for bag in learnt:
            mine = np.flatnonzero(owner == bag)
            sure[np.ix_(mine, np.flatnonzero(self._bags.said[bag] | self._bags.open[bag]))] = 0
            for column in np.flatnonzero(self._bags.said[bag]):  # what a description says, the likeliest clause says
                best = mine[np.argmax(scores[mine, column])]
                about[best, column] = sure[best, column] = 1
        both = joined(told, self._written)
        weights = fit(
            both,
            np.concatenate([about, self._examples.about]),
            np.concatenate([sure, self._examples.weights]),
            self._first,
            steps=50,
            rate=0.03,
        )
        with file.open("wb") as opened:
            np.savez_compressed(
                opened,
                labels=np.array(["=".join(label) for label in self.labels]),
                words=np.array(self._words),
                thresholds=np.full(len(self.labels), over, np.float16),
                dense=weights[0].astype(np.float16),
                sparse=weights[1].astype(np.float16),
                rarity=self._rarity.astype(np.float16),
                scale=np.float32(self._scale),
                model=np.array(self.embedder.name),
            )


def _stems(text: str) -> list[str]:
    return [stem(word.low) for word in words_of(text)]


def folded(
    knowledge: Knowledge, descriptions: Sequence[Description], tried: Sequence[int], gold: Gold, trainer: Trainer, over: float
) -> dict[str, Score]:
    """The scores of patterns and model together on the descriptions ``tried``, each read by a model made without it."""
    part = np.random.default_rng(0).integers(0, FOLDS, len(descriptions))
    total = {name: Score() for name in ("stated", "negated", "uncertain", "all")}
    with tempfile.TemporaryDirectory() as place:
        for fold in range(FOLDS):
            file = Path(place) / f"{fold}.npz"
            trainer.write(np.flatnonzero(part != fold).tolist(), file, over)
            reader = Reader(knowledge, hear=Learned(knowledge, trainer.embedder, file).hear)
            for row in np.flatnonzero(part == fold).tolist():
                if row in tried:
                    _add(total, descriptions[row], reader, gold, knowledge)
    return total


def _add(total: dict[str, Score], one: Description, reader: Reader, gold: Gold, knowledge: Knowledge) -> None:
    for name, found in score(one, read_pairs(reader.read(one.text).readings, knowledge.facts), gold, knowledge).items():
        total[name].add(found)


def told(name: str, total: Mapping[str, Score]) -> str:
    each = [f"{key} {one.f1:.3f} ({one.precision:.2f}/{one.recall:.2f})" for key, one in total.items()]
    return f"{name:24} F1 (precision/recall): " + ", ".join(each)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clauses", description=__doc__)
    parser.add_argument("--folds", action="store_true", help="print figures by cross-validation instead of writing the file")
    parser.add_argument("--file", type=Path, default=FILE)
    chosen = parser.parse_args(arguments)
    knowledge = read(ROOT)
    fresh = sorted(DATA.glob("descriptions-*.yaml"))
    descriptions = [one for file in (*fresh, *SHOWN) for one in read_descriptions(knowledge, file)]
    gold = Gold({}, (), tuple(yaml.safe_load((GOLD / "conventions.yaml").read_text(encoding="utf-8"))))
    if not chosen.folds:
        Trainer(knowledge, descriptions, gold).write(range(len(descriptions)), chosen.file)
        sys.stdout.write(f"{chosen.file.name}: {chosen.file.stat().st_size:,} bytes\n")
        return 0
    tried = range(sum(len(read_descriptions(knowledge, file)) for file in fresh))
    alone = {name: Score() for name in ("stated", "negated", "uncertain", "all")}
    reader = Reader(knowledge)
    for row in tried:
        _add(alone, descriptions[row], reader, gold, knowledge)
    sys.stdout.write(told("patterns alone", alone) + "\n")
    for name, words, vectors in (("and words", True, False), ("and vectors", False, True), ("and both", True, True)):
        trainer = Trainer(knowledge, descriptions, gold, words=words, vectors=vectors)
        for over in (0.0, OVER, 1.0):
            total = folded(knowledge, descriptions, tried, gold, trainer, over)
            sys.stdout.write(told(f"{name}, over {over}", total) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
