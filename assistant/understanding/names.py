"""How the names that the knowledge gives to things become patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assistant.understanding.words import is_han, listed, words_of
from kg_service.model import Labels

_WORDS_TOO: Final = listed("""sar str sca ima emi cta mar idp ctp fsb isp sdf mga it in us""")
_CAPITALS: Final = frozenset(
    (
        "Turkey",
        "Jersey",
        "Chile",
        "Indiana",
        "the Union",
        "Mainer",
        "America",
        "American",
        "Polish",
        "Wales",
        "England",
        "Union",
        "Virginia",
    )
)


def spellings(labels: Labels) -> Iterator[str]:
    """The names of a thing that can stand in a sentence: without brackets and lists; Chinese ones of two characters or more."""
    for name in dict.fromkeys((labels.label, *labels.alt.get("en", ()))):
        if not set(name) & set("(),;/:") and " or " not in name:
            yield name
    for name in dict.fromkeys((labels.label_zh or "", *labels.alt.get("zh", ()))):
        if len(name) >= 2 and not set(name) & set("（），、或;："):
            yield name


def name_pattern(name: str) -> str:
    """``name`` as a pattern: in any case, but short names and short acronyms only as they are written."""
    parts = []
    for word in words_of(name):
        raw = word.raw
        if is_han(raw):
            parts.append(raw)
        elif raw.isupper() and len(raw) > 1:
            parts.append(raw if len(raw) < 3 or raw.lower() in _WORDS_TOO else f"({raw}|{raw.lower()})")
        else:
            parts.append(raw.lower())
    return " ".join(parts)


def place_pattern(name: str) -> str:
    """``name`` as a pattern for places: names of up to four letters, and those that are other words too, only as written."""
    exact = len(name.replace(".", "")) <= 4 and name.isascii() and not name.islower()
    return " ".join(
        word.raw if exact or name in _CAPITALS else f"{word.raw.lower()}{'' if is_han(word.raw) else '='}"
        for word in words_of(name)
    )
