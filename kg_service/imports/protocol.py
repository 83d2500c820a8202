"""What an importer is: it says whether a file is of its kind, and reads it or refuses it with file, line and reason.

An importer translates and does nothing else: no files, no network, no clock, no settings. It never guesses past what the source
says; what it could not place is a :class:`~kg_service.imports.model.Finding`. It runs in a child process with limits, yet must be
safe without one: linear time, bounded depth, no entities.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Protocol

from kg_service.errors import DocumentError, Problem
from kg_service.imports.model import Document, Source

HEAD: Final = 65_536  # bytes of a file that an importer sees when asked whether it recognises it
MAX_BYTES: Final = 64 * 1024 * 1024


class Importer(Protocol):
    """Reads one format. ``name`` is stable and in the registry: ``eurlex-html``, ``formex`` ..."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str:
        """The format's name for people, with what it covers."""
        ...

    def recognises(self, head: bytes, name: str) -> float:
        """How sure it is, from 0 (not mine) to 1 (the format names itself), that a file starting with ``head`` is of its kind.

        Judged by content; ``name`` (the file's name, from a stranger) may tip the balance where the content leaves it open.
        """
        ...

    def parse(self, content: bytes, name: str) -> Document:
        """The document that ``content`` holds.

        Raises:
            DocumentError: the file cannot be read; ``where`` is ``name:line`` (or ``name`` alone), the message says why.
        """
        ...


def refusal(name: str, line: int | None, code: str, message: str) -> DocumentError:
    """The error with which an importer refuses a file. ``code`` is stable: ``not_xml``, ``doctype``, ``too_deep`` ..."""
    where = name if line is None else f"{name}:{line}"
    return DocumentError([Problem(where, code, message)])


def source(content: bytes, name: str, format_name: str) -> Source:
    """The record of the file that ``content`` came from."""
    return Source(name, sha256(content).hexdigest(), len(content), format_name)
