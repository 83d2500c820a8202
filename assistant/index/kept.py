"""Vectors kept by model and text, so that a new version of the knowledge embeds only what changed.

Packs are files of their own, whole or not there; whatever cannot be read costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg_service.durable import write_file
from kg_service.errors import StoreError
from kg_service.ids import slug

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".npz"


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Kept:
    """The vectors of one model under ``directory``. One process writes, others may read."""

    def __init__(self, directory: Path, model: str) -> None:
        self._directory = directory / slug(model)

    def read(self, wanted: Iterable[str]) -> dict[str, Vectors]:
        """The kept vectors of those keys that have one."""
        asked = set(wanted)
        found: dict[str, Vectors] = {}
        for pack in sorted(self._directory.glob(f"*{_SUFFIX}")) if self._directory.is_dir() else []:
            try:
                held = _pack(pack)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                _LOG.warning("the kept vectors in %s cannot be read and are made again: %s", pack, error)
                continue
            found.update((key, vector) for key, vector in held if key in asked)
        return found

    def write(self, vectors: Mapping[str, Vectors]) -> None:
        """They outlive this process.

        Raises:
            StoreError: the disk is full or may not be written.
        """
        import numpy as np

        if not vectors:
            return
        names: Sequence[str] = sorted(vectors)
        keys = np.frombuffer(bytes.fromhex("".join(names)), dtype=np.uint8).reshape(len(names), -1)
        packed = io.BytesIO()
        np.savez(packed, keys=keys, vectors=np.stack([vectors[name] for name in names]).astype(np.float32))
        pack = self._directory / f"{key_of(''.join(names))[:24]}{_SUFFIX}"
        try:
            write_file(pack, packed.getvalue())
        except OSError as error:
            told = f"vectors cannot be kept in {self._directory}: {error.strerror or error}; SEXTANT_CACHE sets the place."
            raise StoreError(told) from error


def _pack(file: Path) -> Iterator[tuple[str, Vectors]]:
    import numpy as np

    with np.load(file, allow_pickle=False) as held:
        keys, vectors = held["keys"], held["vectors"]
    if keys.ndim != 2 or len(keys) != len(vectors) or not np.isfinite(vectors).all():
        raise ValueError("it is not whole")
    return zip((bytes(each).hex() for each in keys), vectors, strict=True)
