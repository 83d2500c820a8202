"""Composers: from what the engine and the search found to sentences with citations."""

from __future__ import annotations

from assistant.compose.plain import PlainComposer
from assistant.compose.protocol import Composer

__all__ = ["Composer", "PlainComposer"]
