"""What can be found and cited: passages with stable ids, from the knowledge and from loaded texts."""

from __future__ import annotations

from assistant.passages.knowledge import passages_of
from assistant.passages.texts import text_passages

__all__ = ["passages_of", "text_passages"]
