"""What changed between two versions of one act, provision by provision. Pure.

Units are compared by their addresses. What only the typesetting or the cutting into units changed is no change. Parts that one of
the two texts does not have at all (a consolidated text carries no recitals) are not told as removed, but named in ``left_out``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kg_service.imports.model import Document, UnitKind, UnitPath, printed
from kg_service.texts.naming import name_of
from kg_service.texts.words import Op, Piece, alike, compared, phrases, words_only

_NOT_COMPARED: Final = (UnitKind.TITLE_OF_ACT, UnitKind.PREAMBLE, UnitKind.CITATION, UnitKind.CLOSING)
_MAY_BE_ABSENT: Final = ("recital",)
_ALIKE: Final = 0.5  # of the phrases: a text that went here and came there is the same one, reworded
_FEW_PHRASES: Final = 10


class Kind(StrEnum):
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What happened to one unit; of one that was added or removed with everything below it.

    ``path`` is the address in the newer text, of a removed unit that in the older one; ``from_path`` is where a moved one stood.
    """

    kind: Kind
    path: UnitPath
    name: str
    pieces: tuple[Piece, ...]
    marks: tuple[str, ...] = ()
    from_path: UnitPath | None = None
    from_name: str | None = None

    @property
    def gone(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.op is Op.GONE)

    @property
    def came(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.op is Op.NEW)

    @property
    def kept(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.op is Op.SAME)


@dataclass(frozen=True, slots=True)
class ProvisionChange:
    """An article, annex or recital in which something changed."""

    path: UnitPath
    name: str
    heading: str | None
    units: tuple[UnitChange, ...]

    @property
    def only_punctuation(self) -> bool:
        return all(unit.kind is Kind.PUNCTUATION for unit in self.units)


@dataclass(frozen=True, slots=True)
class TextDifference:
    """Everything that changed, in the order of the newer text. ``unchanged`` counts provisions."""

    changes: tuple[ProvisionChange, ...]
    unchanged: int
    left_out: tuple[str, ...]


def difference(old: Document, new: Document) -> TextDifference:
    """What changed from ``old`` to ``new``."""
    before, after = _Tree(old), _Tree(new)
    skipped = tuple(kind for kind in _MAY_BE_ABSENT if (kind in before.kinds) != (kind in after.kinds))
    changes: list[ProvisionChange] = []
    unchanged = 0
    for root in _roots(before, after):
        if root.split("-")[0] in skipped:
            continue
        units = tuple(_compare(before, after, root))
        if units:
            at = after if root in after.document.by_path else before
            unit = at.document.by_path[root]
            changes.append(ProvisionChange(root, name_of(at.document, root), unit.heading, units))
        else:
            unchanged += 1
    return TextDifference(tuple(_settled(changes)), unchanged, skipped)


class _Tree:
    """A document as provisions: units by their address within the article, annex or division that their path begins with."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.below: dict[UnitPath, list[UnitPath]] = defaultdict(list)
        self.roots: list[UnitPath] = []
        self.kinds: set[str] = set()
        self._whole: dict[UnitPath, str] = {}
        for unit in document.units:
            if unit.kind in _NOT_COMPARED:
                continue
            self.kinds.add(unit.kind.value)
            parent = unit.parent
            if parent is not None and unit.path.startswith(f"{parent}/"):
                self.below[parent].append(unit.path)
            elif "/" not in unit.path or parent is None:
                self.roots.append(unit.path)

    def whole(self, path: UnitPath) -> str:
        """What the unit says with everything below it, numbers included."""
        found = self._whole.get(path)
        if found is None:
            parts = [printed(self.document.by_path[path]), *(self.whole(each) for each in self.below.get(path, ()))]
            found = self._whole[path] = "\n".join(part for part in parts if part)
        return found


def _roots(before: _Tree, after: _Tree) -> Iterator[UnitPath]:
    """The provisions of both, in the newer order; one that is gone stands where it stood."""
    yield from _merged(before.roots, after.roots)


def _merged(old: Sequence[UnitPath], new: Sequence[UnitPath]) -> list[UnitPath]:
    there = set(new)
    found = list(new)
    for place, path in enumerate(old):
        if path not in there:
            ahead = next((each for each in reversed(old[:place]) if each in there), None)
            found.insert(0 if ahead is None else found.index(ahead) + 1, path)
            there.add(path)
    return found


def _compare(before: _Tree, after: _Tree, path: UnitPath) -> Iterator[UnitChange]:
    was, now = before.document.by_path.get(path), after.document.by_path.get(path)
    if was is None or now is None:
        yield from _whole_change(before, after, path)
        return
    old, new = before.whole(path), after.whole(path)
    if alike(old) == alike(new):
        return
    inner = _merged(before.below.get(path, ()), after.below.get(path, ()))
    if words_only(old) == words_only(new) and bool(before.below.get(path)) != bool(after.below.get(path)):
        return  # the same words, cut into units otherwise
    for own_old, own_new in ((was.heading or "", now.heading or ""), (was.text, now.text)):
        if alike(own_old) != alike(own_new):
            kind = Kind.PUNCTUATION if words_only(own_old) == words_only(own_new) else Kind.CHANGED
            yield UnitChange(kind, path, name_of(after.document, path), compared(own_old, own_new), now.marks)
    for each in inner:
        yield from _compare(before, after, each)


def _whole_change(before: _Tree, after: _Tree, path: UnitPath) -> Iterator[UnitChange]:
    """A unit that only one of the texts has; of a whole article or annex each paragraph by itself."""
    came = path in after.document.by_path
    tree = after if came else before
    unit = tree.document.by_path[path]
    inner = tree.below.get(path, []) if path in tree.roots else []
    first = printed(unit) if inner else tree.whole(path)
    for place, words in ((path, first), *((each, tree.whole(each)) for each in inner)):
        pieces = compared("", words) if came else compared(words, "")
        kind = Kind.ADDED if came else Kind.REMOVED
        yield UnitChange(kind, place, name_of(tree.document, place), pieces, tree.document.by_path[place].marks)


def _settled(changes: Sequence[ProvisionChange]) -> Iterator[ProvisionChange]:
    """The changes with each text that went here and came there told once, as moved, with its words compared."""
    gone = [unit for change in changes for unit in change.units if unit.gone and not unit.kept]
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    said = [phrases(unit.gone) for unit in gone]
    for place, each in enumerate(said):
        for phrase in each:
            places[phrase].append(place)
    homes: dict[UnitPath, UnitChange] = {}
    taken: set[UnitPath] = set()
    for unit in (unit for change in changes for unit in change.units if unit.kind is Kind.ADDED):
        source = _source(unit.came, gone, said, places, taken)
        if source is not None:
            homes[unit.path] = source
            taken.add(source.path)
    for change in changes:
        units = [_home(unit, homes) for unit in change.units if unit.kind is Kind.ADDED or unit.path not in taken]
        if units:
            yield ProvisionChange(change.path, change.name, change.heading, tuple(units))


def _source(
    came: str,
    gone: Sequence[UnitChange],
    said: Sequence[frozenset[tuple[str, ...]]],
    places: Mapping[tuple[str, ...], Sequence[int]],
    taken: Set[UnitPath],
) -> UnitChange | None:
    """What went and says much the same as what ``came``; None where nothing does."""
    new = phrases(came)
    if len(new) < _FEW_PHRASES:
        return None
    shared = Counter(place for phrase in new for place in places.get(phrase, ()))
    for place, count in shared.most_common():
        unit = gone[place]
        likeness = count / min(len(new), len(said[place]))
        if likeness >= _ALIKE and unit.path not in taken and 0.5 < len(unit.gone) / len(came) < 2:
            return unit
    return None


def _home(unit: UnitChange, homes: Mapping[UnitPath, UnitChange]) -> UnitChange:
    source = homes.get(unit.path)
    if source is None or unit.kind is not Kind.ADDED:
        return unit
    return UnitChange(Kind.MOVED, unit.path, unit.name, compared(source.gone, unit.came), unit.marks, source.path, source.name)
