"""Encodings kept by model and text, so that a new version of the knowledge embeds only what changed.

Packs are files of their own, whole or not there; whatever cannot be read costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from assistant.index.embedding import Encoding
from kg_service.durable import write_file
from kg_service.errors import StoreError
from kg_service.ids import slug

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".npz"
_DAMAGE: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Kept:
    """The encodings of one model under ``directory``. One process writes, others may read."""

    def __init__(self, directory: Path, model: str) -> None:
        self._directory = directory / slug(model)

    def read(self, wanted: Iterable[str]) -> dict[str, Encoding]:
        """The kept encodings of those keys that have one."""
        asked = set(wanted)
        found: dict[str, Encoding] = {}
        for pack, keys in self._packs():
            if asked & keys - found.keys():
                try:
                    found.update((key, one) for key, one in _encodings(pack) if key in asked)
                except _DAMAGE as error:
                    _LOG.warning("the kept vectors in %s cannot be read and are made again: %s", pack, error)
        return found

    def write(self, encodings: Mapping[str, Encoding]) -> None:
        """They outlive this process.

        Raises:
            StoreError: the disk is full or may not be written.
        """
        import numpy as np

        if not encodings:
            return
        names = sorted(encodings)
        each = [encodings[name] for name in names]
        packed = io.BytesIO()
        np.savez(
            packed,
            keys=np.frombuffer(bytes.fromhex("".join(names)), dtype=np.uint8).reshape(len(names), -1),
            vectors=np.stack([one.vector for one in each]).astype(np.float32),
            tokens=np.concatenate([one.tokens for one in each]),
            words=np.concatenate([one.words for one in each]),
            counts=np.array([len(one.words) for one in each], dtype=np.int64),
        )
        try:
            write_file(self._directory / f"{key_of(''.join(names))[:24]}{_SUFFIX}", packed.getvalue())
        except OSError as error:
            told = f"vectors cannot be kept in {self._directory}: {error.strerror or error}; SEXTANT_CACHE sets the place."
            raise StoreError(told) from error

    def keep_only(self, keys: Collection[str]) -> None:
        """Packs in which nothing of ``keys`` stands are gone."""
        for pack, held in self._packs():
            if not held.intersection(keys):
                try:
                    pack.unlink(missing_ok=True)
                except OSError as error:
                    _LOG.warning("old vectors in %s cannot be removed: %s", pack, error)

    def _packs(self) -> Iterator[tuple[Path, set[str]]]:
        import numpy as np

        for pack in sorted(self._directory.glob(f"*{_SUFFIX}")) if self._directory.is_dir() else []:
            try:
                with pack.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
                    keys = held["keys"]
            except _DAMAGE as error:
                _LOG.warning("the kept vectors in %s cannot be read and are made again: %s", pack, error)
                continue
            yield pack, {bytes(each).hex() for each in keys}


def _encodings(file: Path) -> Iterator[tuple[str, Encoding]]:
    import numpy as np

    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
        keys, vectors, tokens, words, counts = (held[name] for name in ("keys", "vectors", "tokens", "words", "counts"))
    if not len(keys) == len(vectors) == len(counts) or counts.sum() != len(words) or len(tokens) != len(words):
        raise ValueError("it is not whole")
    if not np.isfinite(vectors).all():
        raise ValueError("it holds what is no number")
    ends = np.cumsum(counts)
    for place, key in enumerate(keys):
        start, end = ends[place] - counts[place], ends[place]
        yield bytes(key).hex(), Encoding(vectors[place], tokens[start:end], words[start:end])
