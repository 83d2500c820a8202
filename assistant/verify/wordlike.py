"""Words of a text in the form in which texts are compared."""

from __future__ import annotations

import re
from typing import Final

_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def flat(text: str) -> str:
    """``text`` with plain quotation marks and single spaces."""
    return _SPACE.sub(" ", text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')).strip()


def stem(word: str) -> str:
    word = word.lower().replace("’", "'").removesuffix("'s")
    return (word.rstrip("s") if len(word) > 3 else word)[:6]


def words(text: str) -> list[str]:
    return _WORD.findall(text)
