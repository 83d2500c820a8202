"""A model's text taken apart: sentences with the numbers that it wrote in brackets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LONGEST_SENTENCE: Final = 600
_MARK: Final = re.compile(r"\s*\[\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*\]")
_BULLET: Final = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_EMPHASIS: Final = re.compile(r"\*\*|__|`")
_END: Final = re.compile(r"(?<=[.!?])((?:\s*\[[\d,;\s]{1,40}\])*)\s+(?=[\"'“(]?[A-Z0-9])")
# A full stop after one of these ends no sentence.
_SHORT: Final = re.compile(
    r"(?:\b(?:Art|Arts|No|Nos|Reg|Sec|Sect|para|paras|pt|Ch|cf|e\.g|i\.e|etc|vs|v|Inc|Ltd|Corp|U\.S|U\.K|Dir|App|Rec|approx|[A-Z]))\.$"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    marks: tuple[int, ...]


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of ``text`` in order, without marks, bullets and emphasis; headings and rules are left out."""
    for line in text.splitlines():
        plain = _EMPHASIS.sub("", _BULLET.sub("", line)).strip()
        if not plain or plain.startswith(("#", "---", "===", "|", "```")):
            continue
        for part in _split(plain):
            marks = [int(number) for found in _MARK.findall(part) for number in re.findall(r"\d+", found)]
            words = " ".join(_MARK.sub("", part).split())
            if words.strip(" .,;:"):
                yield Sentence(words[:LONGEST_SENTENCE], tuple(dict.fromkeys(marks)))


def _split(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if _SHORT.search(line[start : end.start()]):
            continue
        yield line[start : end.end(1)].strip()
        start = end.end()
    yield line[start:].strip()
