"""A small act in two versions and its instrument, written for the tests of loaded texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kg_service.imports.model import Document, Identity, Source, Unit, UnitKind, UnitPath, Version

KINDS = {"art": UnitKind.ARTICLE, "par": UnitKind.PARAGRAPH, "pt": UnitKind.POINT, "recital": UnitKind.RECITAL}


def units(lines: Iterable[tuple[str, str] | tuple[str, str, str]]) -> tuple[Unit, ...]:
    """Units from (path, text) or (path, text, heading); kind, number and parent follow from the path."""
    found = []
    for path, text, *heading in lines:
        above, _, last = path.rpartition("/")
        kind, _, number = last.partition("-")
        shown = heading[0] if heading else None
        found.append(Unit(KINDS[kind], UnitPath(path), text, number or None, shown, UnitPath(above) if above else None))
    return tuple(found)


def act(version: str, start: date, *lines: tuple[str, str] | tuple[str, str, str], sha: str = "a" * 64) -> Document:
    """A version of Regulation (EU) 2024/1689 in invented words."""
    return Document(
        identity=Identity("32024R1689", "Invented text of the AI Act", celex="32024R1689"),
        kind="regulation",
        language="en",
        version=Version(version, version != "oj", start),
        source=Source(f"{version}.html", sha, 1000, "eurlex-html"),
        units=units(lines),
    )
