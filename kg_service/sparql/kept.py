"""Answers kept for whoever asks the same again: few, small, and only as long as the graph is the same."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Generic, TypeVar

T = TypeVar("T")
ENTRY: Final = 64 << 10
ALL: Final = 32 << 20


class Kept(Generic[T]):
    """The answers used last, by name, up to ``most`` bytes in all. A name that says what the graph holds needs no clearing."""

    def __init__(self, most: int = ALL, entry: int = ENTRY) -> None:
        self._most, self._entry = most, entry
        self._held: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._size = 0

    def get(self, name: str) -> T | None:
        """The answer of that name, if it is still there."""
        found = self._held.get(name)
        if found is None:
            return None
        self._held.move_to_end(name)
        return found[0]

    def put(self, name: str, answer: T, size: int) -> None:
        """The answer is there for a while, unless it is large; those used longest ago make room."""
        if size > self._entry or name in self._held:
            return
        self._held[name] = (answer, size)
        self._size += size
        while self._size > self._most:
            _, (_, gone) = self._held.popitem(last=False)
            self._size -= gone
