"""The version of the knowledge: a hash of the content of its files, and of nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FORMAT: Final = 1
FOLDERS: Final = ("regulations", "ontology")


def content_version(root: Path) -> str:
    """64 hexadecimal digits; equal exactly where all files under ``regulations/`` and ``ontology/`` are equal."""
    total = hashlib.sha256(f"sextant knowledge {FORMAT}\n".encode())
    for path in content_files(root):
        content = path.read_bytes()
        name = path.relative_to(root).as_posix().encode()
        total.update(b"%d %d\n" % (len(name), len(content)))
        total.update(name)
        total.update(content)
    return total.hexdigest()


def content_files(root: Path) -> Iterator[Path]:
    """Every file of the knowledge in the order of its name; hidden files and editors' leavings are none."""
    found = [
        path
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if not any(part.startswith(".") or part.endswith("~") for part in path.relative_to(root).parts) and path.is_file()
    ]
    yield from sorted(found, key=lambda path: path.relative_to(root).as_posix())
