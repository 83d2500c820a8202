"""What no sentence of an answer may hold, whoever wrote it: links, markup, hidden or encoded text, words to a machine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from assistant.verify.reasons import Reason

LONGEST: Final = 3000
_LINK: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,12}://|\bwww\.|\bmailto:|\bdata:[a-z]+/|\bjavascript:|\]\s*\(|<\s*/?\s*[a-z!]|&#|&[a-z]{2,8};"
    r"|\b[\w.+-]+@[\w-]+\.[a-z]{2,}|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|ai|dev|xyz|info|example|test|ru|cn|top|app"
    r"|site|zip|link)\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|\bh(?:xx|tt)ps?\b|\b(?:dot|\[\.\])\s*com\b",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(
    r"```|`|!\[|<[a-z/!]|\{\{|\}\}|\{%|\$\{|<\||\|>|^\s*#|\*\*|__|\\u[0-9a-f]{4}|^\s*[\[{].*[\]}]\s*$", re.IGNORECASE
)
_ENCODED: Final = re.compile(
    r"\b[A-Za-z0-9+/]{28,}={0,2}|\b(?:[0-9a-f]{2}\s?){16,}\b|(?:\\x[0-9a-f]{2}){3,}|(?:%[0-9a-f]{2}){3,}", re.IGNORECASE
)
_TO_A_MACHINE: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|previous|prior|above|rule|prompt"
    r"|everything|guideline)"
    r"|\bsystem\s*(?:prompt|message|instruction)|\b(?:my|your|the|these|hidden|initial)\s+(?:system\s+)?(?:prompt|instructions)\b"
    r"|\byou are (?:now|a|an|chatgpt|gpt|dan)\b|\bas an? (?:ai|language model|assistant)\b|\bpretend\b|\brole-?play|\bjailbreak"
    r"|\bdeveloper mode|\bbegin (?:system|prompt|instruction)|\bend of (?:prompt|instructions|document)"
    r"|\b(?:assistant|system|user)\s*:\s|\btool_?call|\bfunction_?call|\bapi[_ ]key|\bpassword\b.{0,20}\bis\b"
    r"|\bclick (?:here|the|on|below)|\b(?:visit|download|subscribe|follow this link|scan the qr)\b",
    re.IGNORECASE,
)
_ALLOWED_MARKS: Final = frozenset("\n\t")
_WORD: Final = re.compile(r"\w+")


def fault(text: str) -> Reason | None:
    """Why ``text`` cannot stand in an answer as it is written; None where nothing is wrong."""
    if not _WORD.search(text):
        return Reason.EMPTY
    if len(text) > LONGEST:
        return Reason.TOO_LONG
    if _hidden(text):
        return Reason.HIDDEN_TEXT
    if _LINK.search(text):
        return Reason.LINK
    if _MARKUP.search(text):
        return Reason.MARKUP
    if _ENCODED.search(text):
        return Reason.ENCODED
    return None


def instructs(text: str) -> bool:
    """Whether ``text`` speaks to a machine or sends its reader somewhere."""
    return _TO_A_MACHINE.search(text) is not None


def _hidden(text: str) -> bool:
    """Control, format, private and unassigned characters: zero-width, direction marks, tags and the like."""
    return any(
        unicodedata.category(mark) in ("Cc", "Cf", "Co", "Cn", "Cs") and mark not in _ALLOWED_MARKS
        for mark in text
        if not " " <= mark <= "~"
    )


def foreign(text: str) -> tuple[str, ...]:
    """The words of ``text`` with letters that are not Latin."""
    if text.isascii():
        return ()
    return tuple(word for word in _WORD.findall(text) if any(_other(mark) for mark in word))


def _other(mark: str) -> bool:
    if mark.isascii() or not mark.isalpha():
        return False
    name = unicodedata.name(mark, "")
    return not name.startswith(("LATIN SMALL", "LATIN CAPITAL")) or unicodedata.normalize("NFKC", mark) != mark


def ngrams(texts: Iterable[str], size: int = 7) -> frozenset[tuple[str, ...]]:
    """Every run of ``size`` words of ``texts``: the sign that a prompt is being told."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        words = [word.lower() for word in _WORD.findall(text)]
        found.update(tuple(words[place : place + size]) for place in range(len(words) - size + 1))
    return frozenset(found)


def leaks(text: str, secret: frozenset[tuple[str, ...]], size: int = 7) -> bool:
    """Whether ``text`` repeats a run of words of the prompt, forwards or backwards."""
    if not secret:
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    runs = {tuple(words[place : place + size]) for place in range(len(words) - size + 1)}
    return bool(runs & secret) or bool({tuple(reversed(run)) for run in runs} & secret)
