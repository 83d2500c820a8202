"""Adds to a question the words that the graph has for what it names: English labels for Chinese ones, names for numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from kg_service.model import Knowledge, Labels

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_WORD: Final = re.compile(r"\w")
_MOST: Final = 8
_SHORTEST: Final = 2


class Expansion:
    """``words`` has, for each name as one may write it, the words to add. Longer names win over shorter ones inside them."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = {name.casefold(): added for name, added in words.items() if len(name) >= _SHORTEST}
        self._begun: dict[str, list[str]] = {}  # by their first two letters; a longer one first
        for name in sorted(self._words, key=lambda name: (-len(name), name)):
            self._begun.setdefault(name[:_SHORTEST], []).append(name)

    def expanded(self, query: str) -> str:
        """The question, with what was added behind it; unchanged where it names nothing that has other words."""
        held = query.casefold()
        added = [words for words in dict.fromkeys(self._found(held)) if words.casefold() not in held][:_MOST]
        return " ".join([query, *added])

    def _found(self, held: str) -> Iterator[str]:
        """What is to be added for each name in ``held``, from left to right; within one name no other begins."""
        place = 0
        while place < len(held):
            name = next((one for one in self._begun.get(held[place : place + _SHORTEST], ()) if _stands(one, held, place)), None)
            if name is not None:
                yield self._words[name]
            place += len(name) if name is not None else 1


def _stands(name: str, text: str, place: int) -> bool:
    """Whether ``name`` stands at ``place`` as a word of its own; Chinese ones stand anywhere."""
    if not text.startswith(name, place):
        return False
    end = place + len(name)
    return bool(_HAN.search(name)) or not (_WORD.match(text[place - 1 : place]) or _WORD.match(text[end : end + 1]))


def expansion_of(knowledge: Knowledge) -> Expansion:
    """By the labels of facts, terms, jurisdictions, bearers and events, and the short names of instruments."""
    words: dict[str, str] = {}
    labelled: list[Labels] = []
    for fact in knowledge.facts.values():
        labelled += [fact.labels, *(term.labels for term in fact.terms.values())]
    labelled += [term.labels for term in knowledge.jurisdictions.values()]
    labelled += [bearer.labels for bearer in knowledge.bearers.values()]
    labelled += [event.labels for event in knowledge.events.values()]
    for labels in labelled:
        for name in filter(None, (labels.label_zh, *labels.alt.get("zh", ()))):
            words.setdefault(name, labels.label)
    for instrument in knowledge.instruments.values():
        for number in filter(None, (*instrument.citations, instrument.celex)):
            words.setdefault(number, instrument.short_title)
    return Expansion(words)
