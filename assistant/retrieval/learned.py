"""A small linear model that tells what a clause of a message is about: from its words and from its vector.

Its weights are data (``clauses.npz``), made by ``python -m benchmarks.clauses`` from written examples.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.index.embedding import Embedder
from assistant.understanding.clauses import Heard
from kg_service.errors import UnavailableError
from kg_service.model import FactId, FactKind, Knowledge

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

_LOG: Final = logging.getLogger(__name__)
FILE: Final = Path(__file__).with_name("clauses.npz")
_ENDINGS: Final = ("ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "e")
_LEAST: Final = 3


def stem(word: str) -> str:
    """``word`` without its ending, and with every figure as 0."""
    plain = "".join("0" if sign.isdigit() else sign for sign in word)
    for ending in _ENDINGS:
        if len(plain) - len(ending) >= _LEAST and plain.endswith(ending):
            return plain[: -len(ending)] + ("y" if ending == "ies" else "")
    return plain


@dataclass(frozen=True)
class Weights:
    """A column for each label: ``dense`` weighs the numbers of a vector and, last, nothing at all; ``sparse`` known words."""

    labels: tuple[tuple[FactId, str], ...]
    thresholds: Vectors
    dense: Vectors
    sparse: Vectors
    rarity: Vectors
    words: dict[str, int]
    scale: float

    def scores(self, vectors: Vectors, rows: Sequence[Sequence[str]]) -> tuple[Vectors, list[list[tuple[int, int, float]]]]:
        """The score of each label for each clause; and for each its known words: place in the clause, number, share."""
        import numpy as np

        found = vectors @ self.dense[:-1] * self.scale + self.dense[-1]
        held = [self._held(words) for words in rows]
        for row, known in enumerate(held):
            each = {number: share for _, number, share in known}
            if each:
                found[row] += np.array(list(each.values()), dtype=np.float32) @ self.sparse[list(each)]
        return np.asarray(found, dtype=np.float32), held

    def _held(self, words: Sequence[str]) -> list[tuple[int, int, float]]:
        known = [(place, self.words[one]) for place, word in enumerate(words) if (one := stem(word)) in self.words]
        length = float(sum(self.rarity[number] ** 2 for number in {number for _, number in known}) ** 0.5) or 1.0
        return [(place, number, float(self.rarity[number]) / length) for place, number in known]


class Learned:
    """Hears clauses with the weights of ``file``, loaded at the first use; without it or without a model nothing is heard.

    Safe in threads. It is made for ``embedder`` and for no other.
    """

    def __init__(self, knowledge: Knowledge, embedder: Embedder, file: Path = FILE) -> None:
        self._knowledge, self._embedder, self._file = knowledge, embedder, file
        self._lock = threading.Lock()
        self._weights: Weights | None = None
        self._absent = False

    def hear(self, clauses: Sequence[tuple[str, Sequence[str]]]) -> list[list[Heard]]:
        """For each clause, given as its text and its words, what it is about."""
        import numpy as np

        weights = self._held()
        if weights is None or not clauses:
            return [[] for _ in clauses]
        try:
            vectors = np.stack([one.vector for one in self._embedder.encode([text for text, _ in clauses])])
        except UnavailableError as error:
            self._without(error)
            return [[] for _ in clauses]
        scores, held = weights.scores(vectors, [words for _, words in clauses])
        return [self._heard(weights, scores[row] - weights.thresholds, held[row]) for row in range(len(clauses))]

    def _heard(self, weights: Weights, margins: Vectors, held: Sequence[tuple[int, int, float]]) -> list[Heard]:
        found = []
        for column in (margins >= 0).nonzero()[0].tolist():
            fact, term = weights.labels[column]
            if not self._known(fact, term):
                continue
            shares = [(float(weights.sparse[number, column]) * share, -place) for place, number, share in held]
            most, place = max(shares, default=(0.0, 0))
            found.append(Heard(fact, term, float(margins[column]), -place if most > 0 else None))
        return found

    def _known(self, fact: FactId, term: str) -> bool:
        """Whether the knowledge holds what the model was made for, and it is nothing that only patterns read."""
        one = self._knowledge.facts.get(fact)
        if one is None or one.jurisdictions or one.kind in (FactKind.NUMBER, FactKind.DATE):
            return False
        return term in ("true", "false") if one.kind is FactKind.FLAG else term in {str(name) for name in one.terms}

    def _held(self) -> Weights | None:
        with self._lock:
            if self._weights is None and not self._absent:
                try:
                    self._weights = read_weights(self._file, self._embedder.name)
                except UnavailableError as error:
                    self._without(error)
            return self._weights

    def _without(self, error: UnavailableError) -> None:
        self._absent = True
        _LOG.warning("facts are read by patterns alone: %s", error)


def read_weights(file: Path, model: str) -> Weights:
    """The weights in ``file``.

    Raises:
        UnavailableError: the file is not there, is damaged or was made for another embedder than ``model``.
    """
    import zipfile

    import numpy as np

    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as told:
            parts: dict[str, Any] = {name: told[name] for name in told.files}
        labels = tuple((FactId(fact), term) for fact, _, term in (str(one).partition("=") for one in parts["labels"]))
        words = {str(word): number for number, word in enumerate(parts["words"])}
        thresholds, dense, sparse, rarity = (
            parts[name].astype(np.float32) for name in ("thresholds", "dense", "sparse", "rarity")
        )
        scale, made_for = float(parts["scale"]), str(parts["model"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UnavailableError(f"the weights in {file.name} cannot be read: {error}") from error
    if made_for != model:
        raise UnavailableError(f"the weights in {file.name} were made for {made_for}, not for {model}.")
    if dense.shape[1:] != thresholds.shape or sparse.shape != (len(words), len(labels)) or len(rarity) != len(words):
        raise UnavailableError(f"the weights in {file.name} do not fit each other.")
    return Weights(labels, thresholds, dense, sparse, rarity, words, scale)
