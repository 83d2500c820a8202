"""``sextant index``: the search index, built into the cache with progress."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from assistant.settings import NONE, AssistantSettings
from kg_service.commands.output import write
from kg_service.commands.session import open_session
from kg_service.errors import InputError, Problem


def index(root: Path | None) -> None:
    """The index stands in the cache; what was embedded before is not embedded again.

    Raises:
        StoreError: where it cannot be built; what was there is still there.
        InputError: where the settings want none.
    """
    from assistant.assembly import passages_of_command
    from assistant.index.opening import built_index, how_of

    session = open_session(root)
    settings = session.settings
    if not isinstance(settings, AssistantSettings):
        raise TypeError(settings)
    if settings.embeddings == NONE:
        raise InputError([Problem("SEXTANT_EMBEDDINGS", "no-embeddings", "it is 'none', so there is nothing to build.")])
    start = time.monotonic()
    passages = passages_of_command(settings, session.knowledge)
    found = built_index(passages, settings.cache, _progress, how_of(settings))
    write(f"{len(found.passages)} passages, {time.monotonic() - start:.0f} seconds\nkept in {settings.cache}\n")


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() or done % 200 == 0 or done == of:
        sys.stderr.write(f"\rembedding {done} of {of}" if sys.stderr.isatty() else f"embedding {done} of {of}\n")
        sys.stderr.flush()
