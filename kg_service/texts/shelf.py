"""Loaded texts on disk, one file each: a line of JSON that says what it is, then the units. Durable once a call returns.

A file is written aside, flushed and renamed into place, so that a text is there whole or not at all. Its owner alone can read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from kg_service.durable import remove_file, write_file
from kg_service.errors import StoreError
from kg_service.imports import wire
from kg_service.imports.model import Document
from kg_service.texts.record import LoadedText, from_json, is_key, to_json

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".text"
_LINE: Final = 65_536


class Shelf:
    """The folder of loaded texts. Several processes may read it while one writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, tuple[tuple[int, int], LoadedText]] = {}

    def all(self) -> Mapping[str, LoadedText]:
        """Every text by its key, in order; one that cannot be read is left where it is and told in the log."""
        with self._told("read"):
            files = sorted(self._path.glob(f"*{_SUFFIX}")) if self._path.is_dir() else []
            found: dict[str, LoadedText] = {}
            for file in files:
                record = self._record(file)
                if record is not None:
                    found[record.key] = record
        return found

    def put(self, record: LoadedText, document: Document) -> None:
        """The text outlives a crash of the machine from now on; one of the same key is gone."""
        body = wire.dump(document)
        line = to_json(record, hashlib.sha256(body).hexdigest())
        if len(line) >= _LINE:
            raise StoreError(f"what {record.file[:80]!r} says of itself is too long to be kept.")
        with self._told("written"):
            write_file(self._file(record.key), line + b"\n" + body)

    def remove(self, key: str) -> None:
        """The text is gone; nothing happens where it never was."""
        with self._told("written"):
            remove_file(self._file(key))

    def document(self, record: LoadedText) -> Document:
        """The units of a text.

        Raises:
            StoreError: where the file is gone or damaged.
        """
        file = self._file(record.key)
        with self._told("read"):
            line, _, body = file.read_bytes().partition(b"\n")
        try:
            return _loaded(line, body)
        except (ValueError, TypeError) as error:
            told = f"the loaded text in {file} is damaged ({error}); load it again with --replace."
            raise StoreError(told) from error

    def _record(self, file: Path) -> LoadedText | None:
        if not is_key(file.stem):
            return None
        try:
            told = file.stat()
            stamp = (told.st_mtime_ns, told.st_size)
            known = self._seen.get(file.stem)
            if known is not None and known[0] == stamp:
                return known[1]
            with file.open("rb") as opened:
                record, _ = from_json(opened.readline(_LINE))
        except (OSError, ValueError, RecursionError) as error:
            _LOG.warning("the loaded text in %s cannot be read and is left out: %s", file, error)
            return None
        if record.key != file.stem:
            return None
        self._seen[file.stem] = (stamp, record)
        return record

    def _file(self, key: str) -> Path:
        if not is_key(key):
            raise StoreError(f"{key[:80]!r} cannot be the name of a loaded text.")
        return self._path / f"{key}{_SUFFIX}"

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = f"loaded texts cannot be {what} in {self._path}: {error.strerror or error}; SEXTANT_DATA sets the place."
            raise StoreError(told) from error


def _loaded(line: bytes, body: bytes) -> Document:
    _, digest = from_json(line)
    if hashlib.sha256(body).hexdigest() != digest:
        raise ValueError("the hash does not fit the content")
    return wire.load(body)
