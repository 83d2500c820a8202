"""Two texts compared word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_TOKEN: Final = re.compile(r"\w+(?:[-/.]\w+)*|\s+|[^\w\s]")
_QUOTES: Final = re.compile("[\"'`´‘’‚‛“”„«»‹›]")
_WORD: Final = re.compile(r"\w+")
_SENTENCE: Final = re.compile(r"[^\n.;]+[\n.;]*\s*|[\n.;]+\s*")
_MOST: Final = 6_000_000  # pairs of tokens; beyond it sentences are compared, not words


class Op(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, went or came."""

    op: Op
    text: str


def compared(old: str, new: str) -> tuple[Piece, ...]:
    """What stayed, went and came between two texts; the pieces that stayed and went give ``old``, the others ``new``.

    Single words that stayed between longer changes are told as changed, so that phrases can be read as phrases.
    """
    a, b = _tokens(old), _tokens(new)
    if len(a) * len(b) > _MOST:
        a, b = _SENTENCE.findall(old), _SENTENCE.findall(new)
    if len(a) * len(b) > _MOST:
        return _pieces([("replace", 0, len(a), 0, len(b))], a, b)
    found = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return _pieces(_slid(_joined(found, a), a, b), a, b)


def alike(text: str) -> str:
    """``text`` without what typesetting changes: quotation marks and white space. Equal forms say the same."""
    return " ".join(_QUOTES.sub("", text).split())


def phrases(text: str) -> frozenset[tuple[str, ...]]:
    """The phrases of three words in ``text``; two texts that share half of them say much the same."""
    words = [word.lower() for word in _WORD.findall(text)]
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def words_only(text: str) -> str:
    """The words of ``text`` alone: where they are equal, only punctuation differs."""
    return " ".join(_WORD.findall(text))


_Code = tuple[str, int, int, int, int]


def _tokens(text: str) -> list[str]:
    return [" " if token.isspace() else token for token in _TOKEN.findall(text)]


def _joined(codes: Sequence[_Code], old: Sequence[str]) -> list[_Code]:
    """The codes with each lone unchanged word between two changes made part of them."""
    found: list[_Code] = []
    for place, code in enumerate(codes):
        kind, a1, a2, b1, b2 = code
        inner = kind == "equal" and 0 < place < len(codes) - 1
        small = inner and sum(1 for token in old[a1:a2] if _WORD.match(token)) <= 1
        plain = "equal" if kind == "equal" and not small else "replace"
        if plain == "replace" and found and found[-1][0] == "replace":
            _, c1, _, d1, _ = found[-1]
            found[-1] = ("replace", c1, a2, d1, b2)
        else:
            found.append((plain, a1, a2, b1, b2))
    return found


def _slid(codes: Sequence[_Code], old: Sequence[str], new: Sequence[str]) -> list[_Code]:
    """The codes with an insertion or deletion that cuts a pair of brackets moved on to where it does not, if that is near."""
    found = list(codes)
    for place, (kind, a1, a2, b1, b2) in enumerate(found[:-1]):
        after = found[place + 1]
        if kind != "replace" or after[0] != "equal" or (a1 < a2) == (b1 < b2):
            continue
        side, start, end = (old, a1, a2) if a1 < a2 else (new, b1, b2)
        for step in range(1, min(3, end - start, after[2] - after[1] - 1) + 1):
            if _balanced(side[start:end]) or side[start + step - 1] != side[end + step - 1]:
                break
            if _balanced(side[start + step : end + step]):
                before = found[place - 1] if place and found[place - 1][0] == "equal" else None
                if before is not None:
                    found[place - 1] = ("equal", before[1], before[2] + step, before[3], before[4] + step)
                    found[place] = (kind, a1 + step, a2 + step, b1 + step, b2 + step)
                    found[place + 1] = ("equal", after[1] + step, after[2], after[3] + step, after[4])
                break
    return found


def _balanced(tokens: Sequence[str]) -> bool:
    depth = 0
    for mark in tokens:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth < 0:
            return False
    return depth == 0


def _pieces(codes: Sequence[_Code], old: Sequence[str], new: Sequence[str]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for kind, a1, a2, b1, b2 in codes:
        gone, came = "".join(old[a1:a2]), "".join(new[b1:b2])
        if kind == "equal":
            pieces.append(Piece(Op.SAME, came))
            continue
        pieces.extend(piece for piece in (Piece(Op.GONE, gone), Piece(Op.NEW, came)) if piece.text)
    return tuple(pieces)


def shortened(pieces: Sequence[Piece], around: int = 14) -> tuple[Piece, ...]:
    """The pieces with what stayed cut to ``around`` words beside each change; an ellipsis stands for what was left out."""
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        words = piece.text.split(" ")
        first, last = place == 0, place == len(pieces) - 1
        room = around if first or last else 2 * around
        if piece.op is not Op.SAME or len(words) <= room + 2 or len(pieces) == 1:
            found.append(piece)
        elif first:
            found.append(Piece(Op.SAME, "… " + " ".join(words[-around:])))
        elif last:
            found.append(Piece(Op.SAME, " ".join(words[:around]) + " …"))
        else:
            found.append(Piece(Op.SAME, " ".join(words[:around]) + " … " + " ".join(words[-around:])))
    return tuple(found)
