"""Finds what a citation means from where it stands: ``paragraph 3`` is that of the same article."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg_service import ids
from kg_service.imports.citations import THIS, Cited, Step, Target
from kg_service.imports.model import FIRST, Document, Unit, UnitKind, UnitPath

_DIVISIONS: Final = {
    "part": UnitKind.PART,
    "title": UnitKind.TITLE,
    "chapter": UnitKind.CHAPTER,
    "section": UnitKind.SECTION,
    "subsection": UnitKind.SUBSECTION,
}


def address(target: Target) -> UnitPath:
    """The path that a target spells. Sentences have no path: the unit that holds them is meant."""
    return UnitPath("/".join(_part(step) for step in target if step[0] != "sentence"))


def _part(step: Step) -> str:
    level, number = step
    return f"{level}-{ids.slug(number)}" if number else level


class Whereabouts:
    """The places of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._order = {unit.path: place for place, unit in enumerate(document.units)}
        self._divisions: dict[str, list[UnitPath]] = {}
        for unit in document.units:
            if unit.kind in _DIVISIONS.values() and not unit.path.startswith(("annex", "art-")):
                self._divisions.setdefault(unit.path.rpartition("/")[2], []).append(unit.path)

    def resolve(self, unit: Unit, cited: Cited) -> tuple[list[UnitPath], list[UnitPath]]:
        """Paths that the citation means in ``unit``, and addresses that lead nowhere."""
        first = self._find(unit, cited.first)
        if cited.last is None:
            return ([first], []) if first is not None else ([], [address(cited.first)])
        last = self._find(unit, cited.last)
        if first is None or last is None:
            lost = [address(target) for target, found in ((cited.first, first), (cited.last, last)) if found is None]
            return [found for found in (first, last) if found is not None], lost
        return self._between(first, last), []

    def _find(self, unit: Unit, target: Target) -> UnitPath | None:
        for candidate in self._candidates(unit, target):
            found = self._exact(candidate)
            if found is not None:
                return found
        return None

    def _exact(self, path: UnitPath) -> UnitPath | None:
        """The path of what stands at an address; the first subparagraph of a unit keeps an address of its own."""
        if path.endswith("/subpar-last"):
            holder = self.document.unit(UnitPath(path.rpartition("/")[0]))
            if holder is None:
                return None
            later = [c.path for c in self.document.children.get(holder.path, ()) if c.kind is UnitKind.SUBPARAGRAPH]
            return later[-1] if later else UnitPath(f"{holder.path}/{FIRST}")
        unit = self.document.unit(path)
        if unit is None:
            return None
        return UnitPath(f"{unit.path}/{FIRST}") if path.endswith(f"/{FIRST}") else unit.path

    def _candidates(self, unit: Unit, target: Target) -> Iterator[UnitPath]:
        """Addresses that the target could mean, the likeliest first."""
        (level, number), rest = target[0], target[1:]
        root = unit.path.partition("/")[0]
        if level in ("art", "annex", "recital"):
            yield from self._absolute(root, level, number, rest)
        elif level in _DIVISIONS:
            yield from (self._below(base, rest) for base in self._division(unit, target[0]))
            for more in range(1, len(target)):  # Title II, Chapter III: the chapter nests in the title
                if target[more][0] in _DIVISIONS:
                    yield from (self._below(base, target[more + 1 :]) for base in self._division(unit, target[more]))
        else:
            yield from self._relative(unit.path, target)

    def _absolute(self, root: str, level: str, number: str, rest: Target) -> Iterator[UnitPath]:
        if number == THIS:
            if root == level or root.startswith(f"{level}-"):
                yield self._below(UnitPath(root), rest)
            return
        yield self._below(UnitPath(_part((level, number))), rest)
        if level == "annex" and number == "" and root.startswith("annex"):
            yield self._below(UnitPath(root), rest)

    def _division(self, unit: Unit, step: Step) -> Iterator[UnitPath]:
        level, number = step
        above = [each.path for each in self.document.ancestors(unit.path) if each.kind is _DIVISIONS[level]]
        if number == THIS:
            yield from above
            yield from (path for path in _prefixes(unit.path) if path.rpartition("/")[2].startswith(f"{level}-"))
            return
        part = _part(step)
        root = UnitPath(unit.path.partition("/")[0])
        if root.startswith("annex"):
            yield from (UnitPath(f"{path}/{part}") for path in _prefixes(unit.path))
        yield from (
            UnitPath(f"{each.path}/{part}") for each in self.document.ancestors(unit.path) if each.kind in _DIVISIONS.values()
        )
        yield UnitPath(part)
        alike = self._divisions.get(part, [])
        if len(alike) == 1:
            yield alike[0]

    def _relative(self, path: UnitPath, target: Target) -> Iterator[UnitPath]:
        (level, number), rest = target[0], target[1:]
        prefixes = list(_prefixes(path))
        if number == THIS:
            wanted = ("subpar-", "par-", "art-") if level == "subpar" else (f"{level}-",)
            for start in wanted:
                yield from (self._below(each, rest) for each in prefixes if each.rpartition("/")[2].startswith(start))
            if level == "par":  # an article without numbered paragraphs, or an annex
                yield from (self._below(each, rest) for each in reversed(prefixes))
            return
        if level == "par":
            yield from (self._below(each, target) for each in reversed(prefixes))
        elif level == "subpar":
            holders = [each for each in prefixes if "subpar-" not in each.rpartition("/")[2]]
            last = [each for each in holders if not each.rpartition("/")[2].startswith(("pt-", "indent-"))]
            yield from (self._below(each, target) for each in (*last, *holders))
        else:
            yield from (self._below(each, target) for each in prefixes)
            yield from (UnitPath(f"{each}/{last}") for each in prefixes for last in (address(target),) if each)

    def _below(self, base: UnitPath, rest: Target) -> UnitPath:
        more = address(rest)
        return UnitPath(f"{base}/{more}") if more else base

    def _between(self, first: UnitPath, last: UnitPath) -> list[UnitPath]:
        """Everything of the same kind from one path to the other, in document order."""
        if first.endswith(FIRST):
            holder = UnitPath(first.rpartition("/")[0])
            later = [c.path for c in self.document.children.get(holder, ()) if c.kind is UnitKind.SUBPARAGRAPH]
            return [first, *later[: later.index(last) + 1]] if last in later else [first, last]
        kind = self.document.by_path[first].kind
        if kind is UnitKind.ARTICLE or "/" not in first:
            row = [each.path for each in self.document.of_kind(kind)]
        else:
            parent = self.document.by_path[first].parent
            row = [each.path for each in self.document.children.get(parent, ()) if each.kind is kind]
        if last not in row or self._order[first] > self._order[last]:
            return [first, last]
        return row[row.index(first) : row.index(last) + 1]


def _prefixes(path: UnitPath) -> Iterator[UnitPath]:
    """The path and what it starts with, longest first."""
    parts = path.split("/")
    for count in range(len(parts), 0, -1):
        yield UnitPath("/".join(parts[:count]))
