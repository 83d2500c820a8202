"""Which language a message is in. Only English and Chinese are read; of others it is said so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from assistant.understanding.rules import Language
from assistant.understanding.words import Word, is_han

_SCRIPTS: Final = (
    ("ja", "Japanese", re.compile("[\u3040-\u30ff]")),
    ("ko", "Korean", re.compile("[\uac00-\ud7af]")),
    ("ru", "Cyrillic script", re.compile("[\u0400-\u04ff]")),
    ("ar", "Arabic script", re.compile("[\u0600-\u06ff]")),
    ("hi", "Devanagari script", re.compile("[\u0900-\u097f]")),
    ("el", "Greek", re.compile("[\u0370-\u03ff]")),
    ("he", "Hebrew", re.compile("[\u0590-\u05ff]")),
    ("th", "Thai", re.compile("[\u0e00-\u0e7f]")),
)
_NAMES: Final = {
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "pl": "Polish",
    "sv": "Swedish",
}
_FEW: Final = 3


def tongue_of(text: str, words: Sequence[Word], language: Language, notes: list[str]) -> str:
    """The code of the language of ``text``; where it is not read, a note says so."""
    for code, name, script in _SCRIPTS:
        if len(script.findall(text)) * 3 > len(words) and script.search(text):
            notes.append(f"The message seems to be in {name}; only English and Chinese are read.")
            return code
    if sum(is_han(word.raw) for word in words) * 2 > len(words):
        return "zh"
    counts = {code: sum(word.low in common for word in words) for code, common in language.foreign.items()}
    english = counts.pop("en", 0)
    code, most = max(counts.items(), key=lambda pair: pair[1], default=("en", 0))
    if most >= _FEW and most > english * 1.5:
        notes.append(f"The message seems to be in {_NAMES.get(code, code)}; only English and Chinese are read.")
        return code
    return "en"
