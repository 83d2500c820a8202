"""A small linear ranker over the features. Its weights are data, with how they were made beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.retrieval.features import SETS, Features
from kg_service.errors import KnowledgeError, Problem

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

FILE: Final = Path(__file__).with_name("ranker.json")


@dataclass(frozen=True)
class Ranker:
    """A weight for each feature, for each of the sets in :data:`assistant.retrieval.features.SETS`."""

    weights: Mapping[str, Mapping[str, float]]

    def scores(self, features: Features) -> Vectors:
        """How well each place fits; comparable within one question only."""
        import numpy as np

        given = self.weights[features.kind]
        names = list(given)
        return np.asarray(features.matrix(names) @ np.array([given[name] for name in names], dtype=np.float32), dtype=np.float32)

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.weights)


def read_ranker(file: Path = FILE) -> Ranker:
    """The ranker that ships.

    Raises:
        KnowledgeError: its file is damaged.
    """
    try:
        told = json.loads(file.read_bytes())["weights"]
        weights = {kind: {str(name): float(weight) for name, weight in each.items()} for kind, each in told.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnowledgeError([Problem(file.name, "unreadable", f"the ranker cannot be read: {error}")]) from error
    strange = [name for kind, each in weights.items() for name in each if name not in SETS.get(kind, ())]
    if strange or set(weights) != set(SETS):
        raise KnowledgeError([Problem(file.name, "unknown-feature", f"the ranker knows other features: {', '.join(strange)}.")])
    return Ranker(weights)
