"""What of a passage is searched: its text for the model, its fields and tags for words."""

from __future__ import annotations

from typing import Final

from assistant.index.bm25 import Entry, near, pairs
from assistant.model import Passage, PassageKind

TAGS: Final = ("kind", "trust", "jurisdiction", "instrument")
NONE: Final = "-"
_WORDING: Final = 3  # spaces: less is a name or a number


def embedded_text(passage: Passage) -> str:
    """What of a passage gets a vector: its title, other wordings of it, its text. Where it stands is left to words.

    Of a provision it is the heading, for its text is that of its norms, which are passages themselves.
    """
    text = "" if passage.kind is PassageKind.PROVISION else passage.text
    wordings = (other for other in passage.also if other.isascii() and other.count(" ") >= _WORDING)
    return ". ".join(part.strip() for part in (passage.title, *wordings, text) if part.strip())


def entry_of(passage: Passage) -> Entry:
    """The words of a passage, field by field; ``pairs`` are words that follow each other."""
    said = "\n".join(part for part in (passage.title, passage.text, *passage.also) if part)
    fields = {"text": said, "pairs": pairs(said), "near": near(said), "context": passage.context}
    tags = {
        "kind": passage.kind.value,
        "trust": passage.trust.value,
        "jurisdiction": passage.jurisdiction or NONE,
        "instrument": passage.instrument or NONE,
    }
    return Entry(fields, tags)
