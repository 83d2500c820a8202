"""Which recurring question of law is meant: the wordings that the knowledge holds, compared by meaning."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.index.embedding import Embedder
from kg_service.durable import write_file
from kg_service.errors import StoreError, UnavailableError
from kg_service.model import InterpretationId, Knowledge

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

_LOG: Final = logging.getLogger(__name__)


class Wordings:
    """The English wordings of all interpretations as vectors: made at the first use, and kept in ``cache`` where one is given.

    Safe in threads. The model behind ``embedder`` reads English; other languages are compared by their words elsewhere.
    """

    def __init__(self, knowledge: Knowledge, embedder: Embedder, cache: Path | None = None) -> None:
        pairs = [(one.id, text) for one in knowledge.interpretations.values() for text in one.questions.get("en", ())]
        self._names, self._texts = [name for name, _ in pairs], [text for _, text in pairs]
        self._embedder, self._cache = embedder, cache
        self._lock = threading.Lock()
        self._vectors: Vectors | None = None
        self._absent = False

    def near(self, texts: Sequence[str]) -> dict[InterpretationId, float]:
        """For each interpretation the cosine of its wording that is nearest to one of ``texts``; empty without a model."""
        vectors = self._held()
        if vectors is None or not texts:
            return {}
        best: dict[InterpretationId, float] = {}
        for encoding in self._embedder.encode(texts):
            for name, value in zip(self._names, (vectors @ encoding.vector).tolist(), strict=True):
                best[name] = max(best.get(name, -1.0), value)
        return best

    def _held(self) -> Vectors | None:
        with self._lock:
            if self._vectors is None and not self._absent and self._texts:
                try:
                    self._vectors = self._kept()
                except UnavailableError as error:
                    self._absent = True
                    _LOG.warning("questions of law are recognised by their words alone: %s", error)
            return self._vectors

    def _kept(self) -> Vectors:
        """From the cache; else made now, in a second or two, and kept."""
        import numpy as np

        file = None if self._cache is None else self._cache / f"wordings-{self._key()}.npy"
        if file is not None and file.is_file():
            try:
                found: Vectors = np.load(file, allow_pickle=False)
                if found.ndim == 2 and len(found) == len(self._texts) and found.dtype == np.float32:
                    return found
            except (OSError, ValueError, EOFError) as error:
                _LOG.info("%s is made again: %s", file.name, error)
        made: Vectors = np.stack([one.vector for one in self._embedder.encode(self._texts)])
        if file is not None:
            _keep(file, made)
        return made

    def _key(self) -> str:
        texts = "\n".join([self._embedder.name, *self._texts])
        return hashlib.sha256(texts.encode()).hexdigest()[:24]


def _keep(file: Path, vectors: Vectors) -> None:
    """The file stands whole in the cache, alone of its kind, or is left out with a note."""
    import numpy as np

    packed = io.BytesIO()
    np.save(packed, vectors, allow_pickle=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for old in file.parent.glob("wordings-*.npy"):
            old.unlink(missing_ok=True)
        write_file(file, packed.getvalue())
    except (OSError, StoreError) as error:
        _LOG.info("%s is not kept: %s", file.name, error)
