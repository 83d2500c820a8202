"""Official EU files outside the repository, read once for all tests of a run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from kg_service.imports.model import Document
from kg_service.imports.registry import read

EU = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "official" / "eu"
NAMES = tuple(sorted(path.name for path in EU.iterdir())) if EU.is_dir() else ()
needs_official_files = pytest.mark.skipif(not NAMES, reason="the official files in ../shared/data/official/eu are absent")


def content(name: str) -> bytes:
    return (EU / name).read_bytes()


@cache
def document(name: str) -> Document:
    """The official file of that name, read by the importer that recognises it."""
    return read(content(name), name)
