"""``sextant index``: the search index, built into the cache with progress."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kg_service.commands.output import write
from kg_service.commands.session import open_session, tell


def index(root: Path | None) -> None:
    """The index stands in the cache; what was embedded before is not embedded again.

    Raises:
        StoreError: where the disk does not take it; what was there is still there.
    """
    from assistant.index.opening import built_index
    from assistant.passages import passages_of

    session = open_session(root)
    passages = passages_of(session.knowledge, session.settings.root)
    start = time.monotonic()
    found = built_index(passages, session.settings.cache, progress=_progress)
    tell("")
    write(f"{len(found.passages)} passages, {time.monotonic() - start:.0f} seconds\nkept in {session.settings.cache}\n")


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() or done % 200 == 0 or done == of:
        sys.stderr.write(f"\rembedding {done} of {of}" if sys.stderr.isatty() else f"embedding {done} of {of}\n")
        sys.stderr.flush()
