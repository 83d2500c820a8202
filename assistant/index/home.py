"""The home of passages and vectors: a directory for each version of an index, whole or not there. What searches is made from it.

::

    <cache>/index/vectors/<model>/*.npz   encodings by text, kept over versions
    <cache>/index/<version>/              manifest.json, passages.jsonl, {vectors,tokens,words,counts}.npy, bm25/, chroma/
    <cache>/index/current                 the version that was built last
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.index.embedding import Encoding
from kg_service.durable import write_file
from kg_service.errors import StoreError

if TYPE_CHECKING:
    from assistant.index.arrays import Counts, Rounded, Vectors, Words

_LOG: Final = logging.getLogger(__name__)
_ARRAYS: Final = ("vectors", "tokens", "words", "counts")
_HASHED: Final = ("passages.jsonl", "vectors.npy", "words.npy", "counts.npy")
_KEPT: Final = 2
_PART: Final = ".part"
BM25: Final = "bm25"
CHROMA: Final = "chroma"


@dataclass(frozen=True)
class Arrays:
    """The vectors of the passages in their order; those of their tokens follow each other, ``starts`` says where each begins."""

    vectors: Vectors
    tokens: Rounded
    words: Words
    starts: Counts


def arrays_of(encodings: Sequence[Encoding]) -> Arrays:
    """The encodings as arrays; there is at least one."""
    import numpy as np

    counts = [len(one.words) for one in encodings]
    return Arrays(
        np.stack([one.vector for one in encodings]).astype(np.float32),
        np.concatenate([one.tokens for one in encodings]),
        np.concatenate([one.words for one in encodings]),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


class Home:
    """All versions under one cache. Several processes may read; a version is written by one, in :meth:`part`."""

    def __init__(self, cache: Path) -> None:
        self.directory = cache / "index"
        self.vectors = self.directory / "vectors"
        self._pointer = self.directory / "current"

    def of(self, version: str) -> Path:
        return self.directory / version

    def part(self, version: str) -> Path:
        """A new directory in which this process makes a version.

        Raises:
            OSError: it cannot be made.
        """
        path = self.directory / f"{version}{_PART}-{os.getpid()}"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True, mode=0o700)
        return path

    def current(self) -> str | None:
        """The version that was built last."""
        try:
            return self._pointer.read_text(encoding="ascii").strip() or None
        except (OSError, ValueError):
            return None

    def switch(self, part: Path, version: str) -> None:
        """The version made in ``part`` is in its place, and the pointer names it; an older one of the same name is gone.

        Raises:
            OSError: it cannot be moved.
        """
        place = self.of(version)
        if place.exists():
            self.discard(version)
        part.rename(place)
        write_file(self._pointer, version.encode())

    def discard(self, version: str) -> None:
        """The version is gone from its place at once, whole or broken."""
        aside = self.directory / f"{version}.gone-{os.getpid()}"
        try:
            self.of(version).rename(aside)
        except FileNotFoundError:
            return
        shutil.rmtree(aside, ignore_errors=True)

    def tidy(self, version: str) -> None:
        """Only ``version`` and the one used before it are left, and parts that somebody may still be making."""
        from time import time

        try:
            found = [path for path in self.directory.iterdir() if path.is_dir() and path != self.vectors]
            whole = sorted((p for p in found if "." not in p.name and p.name != version), key=lambda p: -p.stat().st_mtime)
            left = [p for p in found if "." in p.name and time() - p.stat().st_mtime > 3600]
        except OSError as error:
            _LOG.warning("old indexes in %s are not removed: %s", self.directory, error)
            return
        for path in (*whole[_KEPT - 1 :], *left):
            shutil.rmtree(path, ignore_errors=True)

    def write(self, part: Path, passages: bytes, arrays: Arrays) -> None:
        """The passages and vectors stand in ``part``.

        Raises:
            OSError: the disk is full or may not be written.
        """
        import numpy as np

        (part / "passages.jsonl").write_bytes(passages)
        for name, array in _named(arrays):
            np.save(part / f"{name}.npy", array, allow_pickle=False)

    def seal(self, part: Path, version: str, model: str, count: int) -> None:
        """``part`` says of itself that it is whole: sizes and hashes of its files.

        Raises:
            OSError: the disk is full or may not be written.
        """
        files = {name: (part / name).stat().st_size for name in ("passages.jsonl", *(f"{one}.npy" for one in _ARRAYS))}
        hashes = {name: _sha256(part / name) for name in _HASHED}
        told = {"version": version, "model": model, "passages": count, "sizes": files, "sha256": hashes}
        write_file(part / "manifest.json", json.dumps(told, indent=1).encode())

    def read(self, version: str, model: str, count: int) -> Arrays | None:
        """The arrays of a version that is there and whole; None where it is not there.

        Raises:
            StoreError: it is there and is not what it should be.
        """
        import numpy as np

        place = self.of(version)
        if not place.is_dir():
            return None
        try:
            told: Any = json.loads((place / "manifest.json").read_bytes())
            if (told["version"], told["model"], told["passages"]) != (version, model, count):
                raise _damaged(place, "it is of another version, model or number of passages")
            for name, size in told["sizes"].items():
                if (place / name).stat().st_size != size:
                    raise _damaged(place, f"{name} has another size")
            for name in _HASHED:
                if _sha256(place / name) != told["sha256"][name]:
                    raise _damaged(place, f"{name} has another content")
            vectors, words, starts = (
                np.load(place / f"{name}.npy", allow_pickle=False) for name in ("vectors", "words", "counts")
            )
            tokens = np.load(place / "tokens.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(place, str(error)) from error
        if len(vectors) != count or len(starts) != count + 1 or len(tokens) != len(words) or starts[-1] != len(words):
            raise _damaged(place, "its arrays do not fit each other")
        return Arrays(vectors, tokens, words, starts)


def _named(arrays: Arrays) -> Iterator[tuple[str, Any]]:
    yield from zip(_ARRAYS, (arrays.vectors, arrays.tokens, arrays.words, arrays.starts), strict=True)


def _damaged(place: Path, why: str) -> StoreError:
    return StoreError(f"the index in {place} is damaged: {why}.")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
