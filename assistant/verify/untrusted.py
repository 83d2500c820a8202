"""Sentences about documents that the user gave, or about the institution's own policies: they may be quoted as what they say,
and never stand for the law."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from assistant.model import Passage
from assistant.verify import hygiene, provisions
from assistant.verify.dates import written
from assistant.verify.names import Names
from assistant.verify.phrases import spoken
from assistant.verify.reasons import Reason
from assistant.verify.wordlike import flat, stem, words

_FRAME_WORDS: Final = (
    "the your you a an document documents file text policy given gave says said states stated writes reads contains "
    "mentions at in it this that of own words "
)
_FRAME: Final = frozenset(
    map(
        stem,
        _FRAME_WORDS.split(),
    )
)
QUOTED: Final = re.compile(r"[“\"„]([^“”\"„]*)[”\"“]")


def fault(text: str, passages: list[Passage], names: Names, as_of: date) -> Reason | None:
    """Why a sentence that rests on documents cannot stand; None where it only quotes what a document says, and says so."""
    quotes = QUOTED.findall(text)
    outside = QUOTED.sub(" ", text)
    if not quotes:
        return Reason.UNTRUSTED_SUPPORT
    titles = {stem(word) for passage in passages for word in words(passage.title)}
    if any(stem(word) not in _FRAME | titles for word in words(outside)):
        return Reason.UNTRUSTED_SUPPORT
    if not {"says", "states", "writes", "reads", "contains"} & {word.lower() for word in words(outside)}:
        return Reason.UNTRUSTED_SUPPORT
    for quote in quotes:
        if not any(flat(quote) in flat(passage.text) for passage in passages):
            return Reason.QUOTE_NOT_VERBATIM
        if hygiene.fault(quote) is not None or hygiene.instructs(quote):
            return Reason.INSTRUCTION
        said, _, denies = spoken(quote, written(quote)[0], as_of)
        if said or denies or provisions.mentions(quote) or names.found(quote) or names.law_like(quote):
            return Reason.UNTRUSTED_SUPPORT
    return None
