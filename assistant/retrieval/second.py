"""A second look at a ranking: passages gain by what stands beside them and by where the others stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assistant.retrieval.features import Features, even_spread

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

SECOND: Final = ("near_first", "home_first")


@dataclass(frozen=True)
class Surroundings:
    """For each candidate the rows of the candidates that are linked to it, and the number of its instrument."""

    linked: Sequence[Sequence[int]]
    homes: Sequence[int]


def surroundings_of(features: Features) -> Surroundings:
    rows = {place: row for row, place in enumerate(features.places)}
    homes: dict[str | None, int] = {}
    passages = features.index.passages
    return Surroundings(
        [[rows[other] for other in links if other in rows] for links in features.linked],
        [homes.setdefault(passages[place].instrument, len(homes)) for place in features.places],
    )


def second_look(first: Vectors, around: Surroundings) -> Vectors:
    """A column for each of ``SECOND``: the chance, by the first ranking, of the best linked one, and of all in its instrument."""
    import numpy as np

    spread = float(first.std())
    raised = np.exp((first - first.max()) / (spread if spread > 1e-6 else 1.0))
    chance = raised / raised.sum()
    near = [max((float(chance[row]) for row in rows), default=0.0) for rows in around.linked]
    homes = np.asarray(around.homes, dtype=np.int64)
    home = np.bincount(homes, weights=chance)[homes]
    return even_spread(np.stack([np.asarray(near, dtype=np.float32), home.astype(np.float32)], axis=1))
