"""Files of evidence, kept by the hash of their content: the same file is there once, and none is there in part."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from kg_service.errors import DatabaseError, DocumentError, NotFoundError, Problem

CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Filed:
    sha256: str
    size: int


class Shelf:
    """A folder of files by hash (``ab/abcd...``). Safe in threads and processes."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes

    def put(self, chunks: Iterable[bytes]) -> Filed:
        """The file outlives a crash of the machine; where anything fails, nothing of it is left.

        Raises:
            DocumentError: where it is empty, or larger than is kept.
            DatabaseError: where it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=self.folder)
        except OSError as error:
            raise self._told(error) from error
        aside = Path(name)
        try:
            with os.fdopen(handle, "wb") as opened:
                filed = self._write(opened, chunks)
            target = self._place(filed.sha256)
            target.parent.mkdir(exist_ok=True, mode=0o700)
            aside.replace(target)
            for folder in (target.parent, self.folder):
                _flush_names(folder)
        except BaseException as error:  # an interrupt, too, leaves nothing behind
            aside.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise self._told(error) from error
            raise
        return filed

    def open(self, sha256: str) -> Path:
        """Where the file of that hash is.

        Raises:
            NotFoundError: where it is not here.
        """
        place = self._place(sha256)
        if not place.is_file():
            raise NotFoundError("file of evidence", sha256[:80])
        return place

    def remove(self, sha256: str) -> None:
        """The file of that hash is not here any more."""
        self._place(sha256).unlink(missing_ok=True)

    def all(self) -> Iterator[Path]:
        """Every file that is here."""
        return (path for path in sorted(self.folder.glob("??/*")) if path.is_file())

    def _write(self, opened: IO[bytes], chunks: Iterable[bytes]) -> Filed:
        total, size = hashlib.sha256(), 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.most_bytes:
                told = (
                    f"the file is larger than the {self.most_bytes:,} bytes that are kept (SEXTANT_EVIDENCE_BYTES); link to it."
                )
                raise DocumentError([Problem("/file", "too-large", told)])
            total.update(chunk)
            opened.write(chunk)
        if size == 0:
            raise DocumentError([Problem("/file", "empty", "the file is empty.")])
        opened.flush()
        os.fsync(opened.fileno())
        return Filed(total.hexdigest(), size)

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not all(sign in "0123456789abcdef" for sign in sha256):
            raise NotFoundError("file of evidence", sha256[:80])
        return self.folder / sha256[:2] / sha256

    def _told(self, error: OSError) -> DatabaseError:
        told = f"evidence cannot be written in {self.folder}: {error.strerror or error}; nothing was kept (SEXTANT_DATA)."
        return DatabaseError(told)


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of the file, piece by piece."""
    while chunk := file.read(CHUNK):
        yield chunk


def _flush_names(folder: Path) -> None:
    """The names in the folder are on the disk too, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def type_of(name: str, given: str = "") -> str:
    """The media type that was given, where it is one that is known, else the one that the ending of the name suggests."""
    said = given.partition(";")[0].strip().lower()
    if said in {*mimetypes.types_map.values(), *mimetypes.common_types.values()}:
        return said
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
