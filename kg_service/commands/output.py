"""Where an answer goes: to standard output, or to the file that ``--output`` names."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_service.errors import InputError, Problem

if TYPE_CHECKING:
    from rich.console import RenderableType


def write_json(view: Any, output: Path | None) -> None:
    from kg_service.commands.documents import as_json

    write(as_json(view), output)


def show(content: RenderableType, output: Path | None) -> None:
    """``content`` stands on the terminal with its colours, or as plain text where it goes elsewhere."""
    from kg_service.commands.screen import plain
    from kg_service.commands.screen import show as shown

    if output is not None or not shown(content):
        write(plain(content), output)


def write(text: str, output: Path | None = None) -> None:
    write_bytes(text.encode(), output)


def write_bytes(content: bytes, output: Path | None = None) -> None:
    """``content`` stands in the file, or on standard output.

    Raises:
        InputError: where the file cannot be written.
    """
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        told = f"it cannot be written: {error.strerror}."
        raise InputError([Problem(str(output), "unwritable", told)]) from error


def write_lines(lines: Iterable[bytes], output: Path | None) -> None:
    """The lines stand in the file, or on standard output, each as it came.

    Raises:
        InputError: where the file cannot be written.
    """
    if output is None:
        sys.stdout.flush()
        for line in lines:
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        return
    try:
        with output.open("wb") as opened:
            opened.writelines(lines)
    except OSError as error:
        told = f"it cannot be written: {error.strerror}."
        raise InputError([Problem(str(output), "unwritable", told)]) from error
