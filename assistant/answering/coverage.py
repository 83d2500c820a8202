"""How well a passage fits a question, by the words that are rare in the law: a guard against answers to what was not asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from assistant.model import Found, Passage, PassageKind
from assistant.verify.vocabulary import SMALL
from assistant.verify.wordlike import stem, words
from kg_service.model import Knowledge

_BESIDE: Final = 0.15  # how much less a second question of law may hold of what is asked
_FEW: Final = 2  # words of its own in a question that asks for a meaning
_ASKING_WORDS: Final = (
    "need needs does please explain tell say says mean means define definition question today now still bank firm company act "
    "article art law legal rule rules regulation regulations directive apply applies obligation obligations"
)
_ASKING: Final = frozenset(map(stem, _ASKING_WORDS.split()))


class Coverage:
    """Weighs words by how few norms and questions of law hold them. Built once for a version of the knowledge."""

    def __init__(self, law: Knowledge) -> None:
        counts: Counter[str] = Counter()
        texts = [f"{norm.title} {norm.summary}" for norm in law.norms.values()]
        texts += [f"{' '.join(one.questions.get('en', ()))} {one.answer} {one.reasoning}" for one in law.interpretations.values()]
        for text in texts:
            counts.update({stem(word) for word in words(text)})
        self._counts, self._of = counts, len(texts)

    def _weight(self, one: str, strange: float) -> float:
        """The rarer the heavier."""
        count = self._counts[one]
        return math.log((self._of + 1) / (count + 0.5)) * (1.0 if count else strange)

    def fitting(self, question: str, found: Sequence[Found], least: float, strange: float) -> tuple[Found, ...]:
        """What was found and fits: the questions of law that fit best first, then the rest as ranked."""
        shares = [(self.share(question, one.passage, strange), one) for one in found]
        kept = [(share, one) for share, one in shares if share >= least]
        law = sorted((pair for pair in kept if pair[1].passage.kind is PassageKind.INTERPRETATION), key=lambda pair: -pair[0])
        best = law[0][0] if law else 0.0
        first = [one for share, one in law if share >= best - _BESIDE]
        rest = [one for _, one in kept if one.passage.kind is not PassageKind.INTERPRETATION]
        asked = self._asked(question)
        if len(asked) <= _FEW:  # a word to define: what bears it as its name, the shortest name first
            first = [one for one in first if asked <= _stems(one.passage.title)]
            rest.sort(key=lambda one: (not asked <= _stems(one.passage.title), len(one.passage.title)))
        return (*first, *rest)

    def _asked(self, question: str) -> frozenset[str]:
        return frozenset(stem(word) for word in words(question) if word.lower() not in SMALL) - _ASKING

    def share(self, question: str, passage: Passage, strange: float = 1.0) -> float:
        """How much of what is asked stands in the passage, 0 to 1; a word that the law nowhere holds counts ``strange`` times."""
        asked = self._asked(question)
        if not asked:
            return 0.0
        held = {stem(word) for text in (passage.title, passage.text, passage.context, *passage.also) for word in words(text)}
        weights = {one: self._weight(one, strange) for one in asked}
        whole = sum(weights.values())
        return sum(weight for one, weight in weights.items() if one in held) / whole if whole else 0.0


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, words(text)))
