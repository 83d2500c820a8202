"""``sextant index``: the search index, built into the cache with progress."""

from __future__ import annotations

from pathlib import Path


def index(root: Path | None, *, again: bool) -> None:
    """The index stands in the cache; ``again`` embeds everything anew."""
