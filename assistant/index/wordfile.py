"""The index of words in the cache, apart from that of meanings: made in a second, then opened in a moment by the next command."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from assistant.index import bm25, codec
from assistant.index.bm25 import Bm25
from assistant.index.entries import TAGS, entry_of
from assistant.model import Passage
from kg_service.errors import StoreError

_LOG: Final = logging.getLogger(__name__)
_MANIFEST: Final = "manifest.json"
_KEPT: Final = 2


def word_index(cache: Path, passages: Sequence[Passage], content: bytes) -> Bm25:
    """The words of ``passages``, which are ``content`` as bytes: as they were kept in ``cache``, otherwise made and kept there.

    What is damaged is thrown away; where nothing can be written, the index is in memory.
    """
    home = cache / "words"
    place = home / codec.version_of(content, "", "bm25")
    if place.is_dir():
        try:
            _checked(place)
            return bm25.reopen(place / "bm25", len(passages))
        except (StoreError, OSError, ValueError, AttributeError) as error:
            _LOG.warning("the index of words %s cannot be used and is made again: %s", place.name, error)
            shutil.rmtree(place, ignore_errors=True)
    entries = [entry_of(passage) for passage in passages]
    part = home / f"{place.name}.part-{os.getpid()}"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
        bm25.build(entries, TAGS, part / "bm25")
        (part / _MANIFEST).write_text(json.dumps(_hashes(part)))
        part.rename(place)
        found = bm25.reopen(place / "bm25", len(passages))
        _tidy(home, place)
    except (StoreError, OSError) as error:
        _LOG.info("the index of words is not kept in %s: %s", home, error)
        shutil.rmtree(part, ignore_errors=True)
        return bm25.build(entries, TAGS)
    return found


def _hashes(place: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((place / "bm25").iterdir())
        if not path.name.endswith(".lock")
    }


def _checked(place: Path) -> None:
    if json.loads((place / _MANIFEST).read_bytes()) != _hashes(place):
        raise StoreError(f"the index of words in {place} is damaged.")


def _tidy(home: Path, place: Path) -> None:
    """Only the few used last are left, and parts that somebody may still be making."""
    others = [path for path in home.iterdir() if path != place and "." not in path.name]
    for old in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
