"""How marks of the model and readings of patterns are weighed: a logistic regression over descriptions that neither has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.model import Polarity
from assistant.understanding import Reader
from assistant.understanding.clauses import FEATURES, Choice, Hearer, Said, candidates, features, said_in
from benchmarks.clauses_texts import Labels
from benchmarks.gold import Description, Gold, Pair, Score, neutral_in, read_pairs, score
from kg_service.model import FactKind

TAKE, DROP = 0.45, 0.2
SHRINK, SHRINK_FACTS = 1.0, 2.0
Floats = NDArray[np.float64]


def fitted(held: Sequence[Description], reader: Reader, hearer: Hearer, labels: Labels, gold: Gold) -> dict[str, Any]:
    """The choice, in the form in which it stands in the file."""
    schema, facts = labels.knowledge.facts, sorted({fact for fact, _ in labels.names})
    rows: list[Floats] = []
    right: list[float] = []
    for one, told in zip(held, (hearer.hear([each.text])[0] for each in held), strict=True):
        before, marks = said_in(reader.read(one.text).readings, schema), {(mark.fact, mark.term): mark for mark in told}
        neutral = neutral_in(one, gold, labels.knowledge)
        for said in candidates(marks, before, schema):
            pair = _pair(said, schema)
            if pair in one.pairs or not neutral(pair):
                values = features(said, marks, before, schema)
                place = np.zeros(2 * len(facts))
                place[facts.index(str(said.fact))], place[len(facts) + facts.index(str(said.fact))] = 1.0, values[3]
                rows.append(np.concatenate([values, place]))
                right.append(float(pair in one.pairs))
    weights = _regression(np.stack(rows), np.array(right)).round(4).tolist()
    own = len(FEATURES)
    each = {fact: [weights[own + place], weights[own + len(facts) + place]] for place, fact in enumerate(facts)}
    return {"weights": dict(zip(FEATURES, weights, strict=False)), "facts": each, "take": TAKE, "drop": DROP}


def choice_of(told: dict[str, Any]) -> Choice:
    return Choice(told["weights"], {fact: (one[0], one[1]) for fact, one in told["facts"].items()}, told["take"], told["drop"])


def measured(held: Sequence[Description], reader: Reader, labels: Labels, gold: Gold) -> dict[str, Score]:
    total = {name: Score() for name in ("stated", "negated", "uncertain", "all")}
    for one in held:
        read = read_pairs(reader.read(one.text).readings, labels.knowledge.facts)
        for name, found in score(one, read, gold, labels.knowledge).items():
            total[name].add(found)
    return total


def _pair(said: Said, schema: Any) -> Pair:
    denied = schema[said.fact].kind is FactKind.FLAG and said.polarity is Polarity.NEGATED
    return Pair(said.polarity, str(said.fact), "false" if denied else said.term)


def _regression(rows: Floats, right: Floats) -> Floats:
    own = len(FEATURES)
    shrink = np.r_[0.0, np.full(own - 1, SHRINK), np.full(rows.shape[1] - own, SHRINK_FACTS)]
    spread = np.r_[1.0, rows[:, 1:own].std(0) + 1e-6, np.ones(rows.shape[1] - own)]
    scaled, weights = rows / spread, np.zeros(rows.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (likely - right) + shrink * weights
        bend = (scaled * (likely * (1 - likely))[:, None]).T @ scaled + np.diag(shrink + 1e-6)
        weights = weights - np.linalg.solve(bend, slope)
    return np.asarray(weights / spread)
