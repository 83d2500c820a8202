"""Records in a folder, one file each: the form in which they were kept before the database, from which it takes them in."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from kg_service.deployments.record import StoredDeployment, from_json, is_id, to_json
from kg_service.durable import remove_file, write_file
from kg_service.errors import StoreError
from kg_service.people.model import LOCAL, Principal

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".json"
_MOST_BYTES: Final = 2_000_000


class Records(Protocol):
    """Where records are kept."""

    def all(self) -> tuple[StoredDeployment, ...]:
        """Every record, in order of id."""

    def put(self, record: StoredDeployment, actor: Principal = LOCAL) -> None:
        """The record outlives a crash of the machine from now on."""

    def remove(self, deployment_id: str, actor: Principal = LOCAL) -> None:
        """The record is gone; nothing happens where it never was."""

    def revision(self) -> int:
        """A number that grows with every change that another process may have made; 0 where there is no other."""


class Folder:
    """Records as JSON files, readable by their owner alone; written aside, flushed to the disk and renamed into place."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> tuple[StoredDeployment, ...]:
        """Every record that can be read; one that cannot is left where it is and told in the log."""
        with self._told("read"):
            files = sorted(self._path.glob(f"*{_SUFFIX}")) if self._path.is_dir() else []
        found = []
        for file in files:
            if not is_id(file.stem):
                continue
            try:
                with file.open("rb") as opened:
                    record = from_json(opened.read(_MOST_BYTES))
            except (OSError, ValueError, RecursionError) as error:
                _LOG.warning("the stored deployment in %s cannot be read and is left out: %s", file, error)
                continue
            if record.id == file.stem:
                found.append(record)
        return tuple(found)

    def put(self, record: StoredDeployment, actor: Principal = LOCAL) -> None:
        with self._told("written"):
            write_file(self._file(record.id), to_json(record))

    def remove(self, deployment_id: str, actor: Principal = LOCAL) -> None:
        with self._told("written"):
            remove_file(self._file(deployment_id))

    def revision(self) -> int:
        return 0

    def _file(self, deployment_id: str) -> Path:
        if not is_id(deployment_id):
            raise StoreError(f"{deployment_id[:80]!r} cannot be the id of a deployment.")
        return self._path / f"{deployment_id}{_SUFFIX}"

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = f"stored deployments cannot be {what} in {self._path}: {error.strerror or error}; SEXTANT_DATA sets the place."
            raise StoreError(told) from error
