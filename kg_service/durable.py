"""Files that are whole or not there, and on the disk once a call returns."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_file(file: Path, content: bytes) -> None:
    """``file`` holds ``content`` and outlives a crash of the machine, readable by its owner alone; no reader ever sees a part.

    Written aside, flushed, renamed into place; whatever interrupts it leaves nothing behind. May raise ``OSError``.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, aside = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(aside).replace(file)
    except BaseException:  # an interrupt, too, leaves nothing behind
        Path(aside).unlink(missing_ok=True)
        raise
    _flush_names(file.parent)


def remove_file(file: Path) -> None:
    """``file`` is gone for good; nothing happens where it never was. May raise ``OSError``."""
    file.unlink(missing_ok=True)
    if file.parent.is_dir():
        _flush_names(file.parent)


def _flush_names(folder: Path) -> None:
    """The names in the folder are on the disk too; where a system cannot flush a folder, it is left to the system."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
