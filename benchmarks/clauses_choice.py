"""How marks of the model and readings of patterns are weighed: a logistic regression over descriptions that neither has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.model import Polarity
from assistant.understanding import Reader
from assistant.understanding.clauses import FEATURES, Choice, Hearer, Said, candidates, features, marks_in, said_in
from assistant.understanding.groups import names_of
from assistant.understanding.whose import spots_of
from assistant.understanding.words import words_of
from benchmarks.clauses_texts import Labels
from benchmarks.gold import Description, Gold, Pair, Score, neutral_in, read_pairs, score
from kg_service.model import FactKind

TAKE, DROP = 0.4, 0.35
SHRINK, SHRINK_FACTS = 1.0, 2.0
Floats = NDArray[np.float64]


def fitted(held: Sequence[Description], reader: Reader, hearer: Hearer, labels: Labels, gold: Gold) -> dict[str, Any]:
    """The choice, in the form in which it stands in the file: terms and places are weighed each by weights of their own."""
    schema, facts = labels.knowledge.facts, sorted({*(fact for fact, _ in labels.names), *labels.roles})
    rows: tuple[list[Floats], list[Floats]] = ([], [])
    right: tuple[list[float], list[float]] = ([], [])
    for one in held:
        words = words_of(one.text)
        spots = spots_of(words, names_of(words, reader.language, reader.knowledge)[0])
        before, marks = said_in(reader.read(one.text).readings, schema, True), marks_in(one.text, words, hearer, spots)
        neutral = neutral_in(one, gold, labels.knowledge)
        for said in candidates(marks, before, schema):
            pair = _pair(said, schema)
            if pair in one.pairs or not neutral(pair):
                values = features(said, marks, before, schema)
                own = np.zeros(2 * len(facts))
                own[facts.index(str(said.fact))], own[len(facts) + facts.index(str(said.fact))] = 1.0, values[3]
                rows[schema[said.fact].jurisdictions].append(np.concatenate([values, own]))
                right[schema[said.fact].jurisdictions].append(float(pair in one.pairs))
    terms, places = (_regression(np.stack(each), np.array(told)).round(4) for each, told in zip(rows, right, strict=True))
    many = len(FEATURES)
    both = (terms + places)[many:].tolist()  # each fact is in one of them
    each = {fact: [both[number], both[len(facts) + number]] for number, fact in enumerate(facts)}
    weights = [dict(zip(FEATURES, one[:many].tolist(), strict=True)) for one in (terms, places)]
    return {"weights": weights[0], "places": weights[1], "facts": each, "take": TAKE, "drop": DROP}


def choice_of(told: dict[str, Any]) -> Choice:
    facts = {fact: (one[0], one[1]) for fact, one in told["facts"].items()}
    return Choice(told["weights"], facts, told["take"], told["drop"], told["places"])


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
