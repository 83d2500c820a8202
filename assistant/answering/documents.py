"""Texts that come with a question. They are strangers' words: passages of their own class, which support nothing but a quote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assistant.model import Passage, PassageId, PassageKind, Trust

_PIECE: Final = 1200
_MOST: Final = 40  # pieces of one document
_HIDDEN: Final = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_NAME: Final = re.compile(r"[^\w .-]+")


@dataclass(frozen=True, slots=True)
class Document:
    """A text with the name that its sender gave it. Neither is trusted."""

    name: str
    text: str


def documents_of(given: Sequence[Document | str]) -> tuple[Document, ...]:
    """The documents, those without a name numbered."""
    return tuple(one if isinstance(one, Document) else Document(f"document {place}", one) for place, one in enumerate(given, 1))


def passages_of(given: Sequence[Document | str]) -> tuple[Passage, ...]:
    """The pieces of the documents as untrusted passages, without hidden characters."""
    found: list[Passage] = []
    for number, document in enumerate(documents_of(given), 1):
        name = _NAME.sub(" ", document.name).strip()[:60] or f"document {number}"
        for place, piece in enumerate(_pieces(_HIDDEN.sub("", document.text)), 1):
            if place > _MOST:
                break
            found.append(
                Passage(
                    id=PassageId(f"upload:{number}/{place}"),
                    kind=PassageKind.TEXT_UNIT,
                    title=name,
                    text=piece,
                    trust=Trust.UNTRUSTED,
                )
            )
    return tuple(found)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        words = " ".join(paragraph.split())
        pieces.extend(words[start : start + _PIECE] for start in range(0, len(words), _PIECE))
    return [piece for piece in pieces if any(map(str.isalnum, piece))]
