"""A message as words with their places: what every pattern is held against. The text itself is never changed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


def listed(text: str) -> frozenset[str]:
    """The words of ``text``, as a set."""
    return frozenset(text.split())


HAN: Final = "\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(
    rf"(?:[A-Za-z]\.){{2,}}|\d+(?:[.,]\d+)+|[{HAN}]|[^\W_{HAN}]+(?:['’][^\W\d_{HAN}]+)?",
)
_HAN: Final = re.compile(f"[{HAN}]")
_SENTENCE: Final = re.compile(r"[.!?。！？…]|\n\s*\n|\n\s*[-*•]")
_CLAUSE: Final = re.compile(r"[;:；：()（）\[\]\n]|[—–→]|\s-+\s|[-=]+>")
_COMMA: Final = re.compile(r"[,，、/|&+]")
_ASIDE: Final = re.compile(r"[(（]\s?[A-Z][\w.'’-]*(?:(?:, ?| ?/ ?| or | and | )[A-Z][\w.'’-]*){0,3}\s?[)）]")
_ABBREVIATED: Final = listed(
    """art arts no nos para paras sec reg regs rec approx incl excl vs inc ltd corp st mr mrs dr cf ch bn mn p pp v fig e.g
    i.e ca etc"""
)

NONE, COMMA, LABEL, CLAUSE, SENTENCE = 0, 1, 2, 3, 4
_LABEL_ENDS: Final = (":", "：", "-", "–", "—", "->", "=>", "→")
_ANSWERS: Final = listed("no yes nope yep ok")
_LABEL_WORDS: Final = 4  # "Vendor: ...": so many words before a colon at most
_LABELLED: Final = re.compile(r"[^\n:.!?]{1,45}:(?:\s|$)")
_SHORT: Final = 24  # a line as short as this is one of a list
_WRAPPED: Final = 50  # a line as long as this, that does not end a sentence, goes on in the next


@dataclass(frozen=True, slots=True)
class Word:
    """One word. ``low`` is without case, accents and possessive; ``stop`` says how strongly it is set off from the one before."""

    start: int
    end: int
    raw: str
    low: str
    stop: int
    sentence: int


def words_of(text: str) -> tuple[Word, ...]:
    """The words of ``text`` in order; a Chinese character is a word of its own."""
    found: list[Word] = []
    sentence, last = 0, 0
    text = _ASIDE.sub(lambda aside: f",{aside.group()[1:-1]},", text)  # "the vendor (Berlin)": as between commas
    for match in _WORD.finditer(text):
        raw = match.group()
        before = found[-1].low if found else ""
        if before == "no" and not raw[0].isdigit():
            before = ""  # "they said no. We ...", against "Regulation No. 1234"
        stop = _stop(_unwrapped(text, last, match.start()), before, True) if found else NONE
        if stop == CLAUSE and text[last : match.start()].strip().rstrip("$€£\"'“‘ ") in _LABEL_ENDS and _labels(found):
            stop = LABEL if found[-1].low not in _ANSWERS else CLAUSE
        sentence += stop == SENTENCE
        found.append(Word(match.start(), match.end(), raw, folded(raw), stop, sentence))
        last = match.end()
    return tuple(found)


def lows_of(text: str) -> list[str]:
    """The words of ``text`` without case and accents, where their places do not matter."""
    return [folded(found) for found in _WORD.findall(text)]


def _unwrapped(text: str, last: int, first: int) -> str:
    """What stands between two words, without a line break that only wraps the text."""
    between = text[last:first]
    if between.count("\n") != 1 or between.strip() not in ("", ","):
        return between
    length = text.find("\n", last, first) - text.rfind("\n", 0, last)
    label = _LABELLED.match(text, first) is not None
    wraps = not label and (length > _WRAPPED or (text[first].islower() and length > _SHORT))
    return between.replace("\n", " ").strip(" ") + " " if wraps else between


def _labels(found: list[Word]) -> bool:
    """Whether the words before a colon are few and begin a line or a sentence, as in "Vendor: ..."."""
    return any(word.stop >= CLAUSE for word in found[-_LABEL_WORDS:]) or len(found) <= _LABEL_WORDS


def _stop(between: str, before: str, any_before: bool) -> int:
    if between in (" ", "-", "", "/"):
        return NONE
    if found := _SENTENCE.search(between):
        full = between[found.start()] == "."
        tight = full and not between[found.end() :]
        if not tight and not (full and before in _ABBREVIATED):
            return SENTENCE
    if _CLAUSE.search(between):
        return CLAUSE
    return COMMA if _COMMA.search(between) and any_before else NONE


@lru_cache(maxsize=20_000)
def folded(raw: str) -> str:
    """``raw`` in lower case, without accents, full stops between letters and the possessive ending."""
    plain = raw.casefold().replace("’", "'")
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    if "." in plain and not plain[0].isdigit():
        plain = plain.replace(".", "")
    return plain[:-2] if plain.endswith("'s") else plain


def is_han(text: str) -> bool:
    return bool(_HAN.search(text))
