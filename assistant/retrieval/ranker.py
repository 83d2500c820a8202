"""A small linear ranker over the features. Its weights are data, with how they were made beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.retrieval.features import SETS, Features
from assistant.retrieval.second import SECOND, second_look, surroundings_of
from kg_service.errors import KnowledgeError, Problem

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

FILE: Final = Path(__file__).with_name("ranker.json")


@dataclass(frozen=True)
class Ranker:
    """A weight for each feature, for each of the sets in :data:`assistant.retrieval.features.SETS`.

    ``second`` has those of the second look, in which the same features stand beside what the first ranking tells.
    """

    weights: Mapping[str, Mapping[str, float]]
    second: Mapping[str, Mapping[str, float]]

    def scores(self, features: Features) -> Vectors:
        """How well each place fits; comparable within one question only."""
        import numpy as np

        names = SETS[features.kind]
        measured = features.matrix(names)
        first = measured @ vector_of(self.weights[features.kind], names)
        both = np.concatenate([measured, second_look(first, surroundings_of(features))], axis=1)
        return np.asarray(both @ vector_of(self.second[features.kind], (*names, *SECOND)), dtype=np.float32)


def vector_of(weights: Mapping[str, float], names: Sequence[str]) -> Vectors:
    """The weights in the order of ``names``; 0 where there is none."""
    import numpy as np

    return np.array([weights.get(name, 0.0) for name in names], dtype=np.float32)


def read_ranker(file: Path = FILE) -> Ranker:
    """The ranker that ships.

    Raises:
        KnowledgeError: its file is damaged.
    """
    try:
        told = json.loads(file.read_bytes())
        weights, second = _weights(told["weights"]), _weights(told["second"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnowledgeError([Problem(file.name, "unreadable", f"the ranker cannot be read: {error}")]) from error
    strange = [name for kind, each in weights.items() for name in each if name not in SETS.get(kind, ())]
    strange += [name for kind, each in second.items() for name in each if name not in (*SETS.get(kind, ()), *SECOND)]
    if strange or set(weights) != set(SETS) or set(second) != set(SETS):
        raise KnowledgeError([Problem(file.name, "unknown-feature", f"the ranker knows other features: {', '.join(strange)}.")])
    return Ranker(weights, second)


def _weights(told: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {kind: {str(name): float(weight) for name, weight in each.items()} for kind, each in told.items()}
