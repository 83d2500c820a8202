"""Collects units while a file is read, gives each a path that is unique in the document, and freezes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kg_service.imports.model import Finding, Unit, UnitKind, UnitPath, segment


@dataclass(slots=True)
class _Entry:
    kind: UnitKind
    path: UnitPath
    parent: UnitPath | None
    number: str | None
    heading: str | None
    blocks: list[str]
    offset: tuple[int, int] | None
    marks: list[str]
    extras: dict[str, str] = field(default_factory=dict)


class Outline:
    """A document being read. ``add`` returns the path under which ``say``, ``name`` and ``mark`` then add to the unit."""

    def __init__(self) -> None:
        self._entries: dict[UnitPath, _Entry] = {}
        self._below: dict[UnitPath, list[UnitPath]] = {}
        self._counts: dict[tuple[UnitPath | None, UnitKind], int] = {}
        self._taken: dict[str, int] = {}
        self.findings: list[Finding] = []

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def add(
        self,
        kind: UnitKind,
        number: str | int | None = None,
        *,
        parent: UnitPath | None = None,
        address: UnitPath | str | None = "",
        heading: str | None = None,
        text: str = "",
        offset: tuple[int, int] | None = None,
        prefix: str | None = None,
        extras: Mapping[str, str] | None = None,
    ) -> UnitPath:
        """The path of a new unit below ``parent``.

        ``address`` is the path that its own path continues: that of ``parent`` unless given, None for what starts a path.
        ``prefix`` replaces the kind's own. A path taken already gets ``~2``, ``~3`` ... and a finding.
        """
        part = segment(kind, number) if prefix is None else f"{prefix}-{segment(UnitKind.OTHER, number).removeprefix('block-')}"
        base = parent if address == "" else address
        plain = f"{base}/{part}" if base else part
        count = self._taken[plain] = self._taken.get(plain, 0) + 1
        path = plain if count == 1 else f"{plain}~{count}"
        unit = UnitPath(path)
        if count == 2:
            self.findings.append(Finding("duplicate", f"more than one unit is numbered {plain!r}", unit))
        self._counts[parent, kind] = self.count(parent, kind) + 1
        if parent is not None:
            self._below.setdefault(parent, []).append(unit)
        shown = None if number is None else str(number)
        blocks = [text] if text else []
        self._entries[unit] = _Entry(kind, unit, parent, shown, heading or None, blocks, offset, [], dict(extras or {}))
        return unit

    def say(self, path: UnitPath, text: str, offset: tuple[int, int] | None = None) -> None:
        """Adds a block of text to the unit's own; ``offset`` is where it stands in the source."""
        entry = self._entries[path]
        if text:
            entry.blocks.append(text)
        if offset is not None:
            before = entry.offset or offset
            entry.offset = (min(before[0], offset[0]), max(before[1], offset[1]))

    def name(self, path: UnitPath, heading: str) -> None:
        """Gives the unit a heading; a second one follows the first."""
        entry = self._entries[path]
        if heading:
            entry.heading = f"{entry.heading} {heading}" if entry.heading else heading

    def mark(self, path: UnitPath, mark: str) -> None:
        """Notes that an amendment stands at the unit."""
        marks = self._entries[path].marks
        if mark not in marks:
            marks.append(mark)

    def note(self, path: UnitPath, **extras: str) -> None:
        """Keeps what has no field of its own."""
        self._entries[path].extras.update(extras)

    def silent(self, path: UnitPath) -> bool:
        """Whether the unit has no text of its own so far."""
        return not self._entries[path].blocks

    def kind(self, path: UnitPath) -> UnitKind:
        return self._entries[path].kind

    def number(self, path: UnitPath) -> str | None:
        entry = self._entries.get(path)
        return None if entry is None else entry.number

    def heading(self, path: UnitPath) -> str | None:
        return self._entries[path].heading

    def parent(self, path: UnitPath) -> UnitPath | None:
        return self._entries[path].parent

    def under(self, path: UnitPath) -> Sequence[UnitPath]:
        """The units directly below ``path`` so far; a view, to be read at once."""
        return self._below.get(path, ())

    def count(self, parent: UnitPath | None, kind: UnitKind) -> int:
        """How many units of a kind stand directly below ``parent`` so far."""
        return self._counts.get((parent, kind), 0)

    def units(self) -> tuple[Unit, ...]:
        """Everything added, in the order in which it came."""
        return tuple(
            Unit(e.kind, e.path, "\n".join(e.blocks), e.number, e.heading, e.parent, e.offset, tuple(e.marks), e.extras)
            for e in self._entries.values()
        )
