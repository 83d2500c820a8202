"""Finds the words that an amending act puts into another act: quoted, after a sentence that says what is replaced or added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kg_service.imports.blocks import Block, Change, Head, Item, Para, Quoted, Table, Text

_OPENS = ("‘", "“", '"')
_ANNOUNCES = re.compile(r"\b(replaced|inserted|added|amended|following|read as follows|reads)\b.*[:—]$", re.DOTALL)
_ENDS = re.compile(r"[’”][\s;.,)\"]*(and|or)?$")
_CLOSING = re.compile(r"(?<!s)’(?!\w)|(?<=s)’(?!\s*\w)|’(?=[;.,]?$)")


def with_quotations(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks with each quotation gathered into one :class:`Quoted`."""
    found: list[Block] = []
    quoted: list[Block] = []
    announced, open_marks = False, 0
    for block in blocks:
        words = " ".join(_words(block))
        if not quoted and not (announced and _printed(block).startswith(_OPENS)):
            found.append(block)
            if not isinstance(block, Change):
                announced = isinstance(block, Text | Para) and _ANNOUNCES.search(words) is not None
            continue
        quoted.append(block)
        open_marks += _unclosed(words)
        if _ENDS.search(words) and open_marks <= 0:
            found.append(Quoted(tuple(quoted)))
            quoted, announced, open_marks = [], True, 0
    if quoted:
        found.append(Quoted(tuple(quoted)))
    return tuple(found)


def _unclosed(words: str) -> int:
    """How many quotation marks are opened and not closed; an apostrophe closes none."""
    return words.count("‘") + words.count("“") - len(_CLOSING.findall(words)) - words.count("”")


def _printed(block: Block) -> str:
    """How the block starts on paper."""
    if isinstance(block, Item | Para):
        return block.marker
    if isinstance(block, Text | Head):
        return block.text
    return next(iter(_words(block)), "")


def _words(block: Block) -> Iterator[str]:
    if isinstance(block, Text | Head):
        yield block.text
    elif isinstance(block, Table):
        yield from (cell for row in block.rows for cell in row)
    elif isinstance(block, Item | Para | Quoted):
        if not isinstance(block, Quoted):
            yield block.marker
        for inner in block.body:
            yield from _words(inner)
