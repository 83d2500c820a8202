"""Adds to a question the words that the graph has for what it names: English labels for Chinese ones, names for numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kg_service.model import Knowledge, Labels

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_MOST: Final = 8
_SHORTEST: Final = 2


class Expansion:
    """``words`` has, for each name as one may write it, the words to add. Longer names win over shorter ones inside them."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = {name.casefold(): added for name, added in words.items() if len(name) >= _SHORTEST}
        names = sorted(self._words, key=lambda name: (-len(name), name))
        parts = [re.escape(name) if _HAN.search(name) else rf"(?<!\w){re.escape(name)}(?!\w)" for name in names]
        self._pattern = re.compile("|".join(parts)) if parts else None

    def expanded(self, query: str) -> str:
        """The question, with what was added behind it; unchanged where it names nothing that has other words."""
        if self._pattern is None:
            return query
        held = query.casefold()
        found = (self._words[match[0]] for match in self._pattern.finditer(held))
        added = [words for words in dict.fromkeys(found) if words.casefold() not in held][:_MOST]
        return " ".join([query, *added])


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
