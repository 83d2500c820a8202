"""Which recurring question of law a message asks: likeness of words to the wordings that the knowledge holds."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from assistant.understanding.words import is_han, listed, lows_of
from kg_service.model import InterpretationId, Knowledge

_LEAST: Final = 0.5
_MEANT: Final = 0.62  # likeness of meaning that is enough by itself
_HALF: Final = (0.5, 0.35)  # likeness of meaning and of words that are enough together
_PINNED: Final = 0.75  # likeness of meaning that is enough where a provision is named
_ALIKE: Final = 0.5  # likeness of meaning of what may be worth a look
_CLEAR: Final = 0.08  # how far the nearest is ahead where no other can be meant
_MOST: Final = 3
_SOME: Final = 6
_CAPITALS: Final = re.compile(r"\b[A-Z]{3,}\b")
_SHARED: Final = 2
_PLAIN: Final = listed(
    """a an the of to in on at by for with and or is are do does did be we our us it its i my that this as if under from so
    which what who whom when where why how need needs needed have has had there you they them their any all use used using
    will would should could can may must might shall about into than then also tell me please one get not no only just was
    were been being out up over january february march april june july august september october november december"""
)
_SAME: Final = {
    "artificial": "ai",
    "intelligence": "ai",
    "article": "art",
    "notify": "notice",
    "disclosure": "disclose",
    "obligatory": "mandatory",
    "compulsory": "mandatory",
    "llms": "llm",
    "lending": "loan",
    "chat": "chatbot",
    "bot": "chatbot",
    "supplier": "vendor",
    "customers": "customer",
    "client": "customer",
    "forbidden": "ban",
    "prohibited": "ban",
    "banned": "ban",
    "employees": "staff",
    "employee": "staff",
}


class Questions:
    """The wordings of the knowledge's interpretations, weighed by how rare their words are."""

    def __init__(self, knowledge: Knowledge) -> None:
        wordings = [
            (one.id, text) for one in knowledge.interpretations.values() for group in one.questions.values() for text in group
        ]
        bags = [(name, terms_of(text)) for name, text in wordings]
        seen: Counter[str] = Counter(term for _, bag in bags for term in bag)
        self._weights = {term: math.log((1 + len(bags)) / (1 + count)) + 1 for term, count in seen.items()}
        self._rare = math.log(1 + len(bags)) + 1
        self._by_term: dict[str, list[tuple[int, float]]] = {}
        self._names = [name for name, _ in bags]
        self._capitals = frozenset(_CAPITALS.findall(" ".join(_texts(knowledge))))
        self._rests_on = {
            one.id: frozenset(str(citation.instrument) for citation in one.citations)
            for one in knowledge.interpretations.values()
        }
        for number, (_, bag) in enumerate(bags):
            for term, weight in self._vector(bag).items():
                self._by_term.setdefault(term, []).append((number, weight))

    def strange(self, text: str) -> bool:
        """Whether ``text`` holds an abbreviation that the knowledge nowhere uses, such as the name of another law."""
        return not self._capitals.issuperset(_CAPITALS.findall(text))

    def like(
        self,
        sentences: Iterable[str],
        meant: Mapping[InterpretationId, float] = MappingProxyType({}),
        named: Collection[str] = (),
        pinned: bool = False,
        alone: bool = False,
    ) -> list[tuple[InterpretationId, float]]:
        """The interpretations that ``sentences`` ask for, likeliest first, at most three.

        By their words, or by ``meant``: how near each is in meaning, where a model says so. Of the latter only such as rest on
        one of the instruments ``named``, where any is; they must be nearer where a provision is ``pinned``, or where the question
        does not stand ``alone`` but behind a description. Alone it asks for the nearest where no other is nearly as near.
        """
        words = self._by_words(sentences)
        found: dict[InterpretationId, float] = {name: score for name, score in words.items() if score >= _LEAST}
        free = alone and not pinned
        floor, ahead = (_MEANT, _ahead(meant)) if free else (_PINNED, None)
        for name, value in meant.items():
            near = name == ahead or value >= floor or (free and value >= _HALF[0] and words.get(name, 0.0) >= _HALF[1])
            if near and (not named or self._rests_on[name] & set(named)):
                found[name] = max(found.get(name, 0.0), value)
        ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
        least = {name: 0.75 if words.get(name, 0.0) >= _LEAST else 0.92 for name, _ in ranked}
        return [pair for pair in ranked if pair[1] >= ranked[0][1] * least[pair[0]]][:_MOST]

    def alike(self, meant: Mapping[InterpretationId, float]) -> tuple[InterpretationId, ...] | None:
        """Those that are near in meaning, nearest first, whether or not they are meant; None where nothing was compared."""
        if not meant:
            return None
        return tuple(sorted((name for name, value in meant.items() if value >= _ALIKE), key=lambda name: -meant[name])[:_SOME])

    def _by_words(self, sentences: Iterable[str]) -> dict[InterpretationId, float]:
        best: dict[InterpretationId, float] = {}
        for sentence in sentences:
            scores: Counter[int] = Counter()
            shared: Counter[int] = Counter()
            for term, weight in self._vector(terms_of(sentence)).items():
                for number, other in self._by_term.get(term, ()):
                    scores[number] += weight * other  # type: ignore[assignment]
                    shared[number] += 1
            for number, score in scores.items():
                if shared[number] < _SHARED:
                    continue
                name = self._names[number]
                best[name] = max(best.get(name, 0.0), float(score))
        return best

    def _vector(self, bag: Mapping[str, int]) -> dict[str, float]:
        weights = {term: (1 + math.log(count)) * self._weights.get(term, self._rare) for term, count in bag.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()} if length else {}


def _ahead(meant: Mapping[InterpretationId, float]) -> InterpretationId | None:
    """The nearest, where it is near enough and the next is clearly behind."""
    best = sorted(meant, key=lambda name: -meant[name])[:2]
    clear = len(best) == 2 and meant[best[0]] >= _ALIKE and meant[best[0]] - meant[best[1]] >= _CLEAR
    return best[0] if clear else None


def _texts(knowledge: Knowledge) -> Iterator[str]:
    for law in knowledge.instruments.values():
        yield f"{law.title} {law.short_title}"
    for norm in knowledge.norms.values():
        yield f"{norm.title} {norm.summary}"
    for one in knowledge.interpretations.values():
        yield " ".join((*one.questions.get("en", ()), one.answer, one.reasoning))
    for fact in knowledge.facts.values():
        yield " ".join(fact.labels.alt.get("en", ()))
        for term in fact.terms.values():
            yield " ".join((term.labels.label, *term.labels.alt.get("en", ())))


def terms_of(text: str) -> Counter[str]:
    """The words of ``text`` that carry meaning, bent forms joined; of Chinese every two characters."""
    found: Counter[str] = Counter()
    before = ""
    for low in lows_of(text):
        if is_han(low):
            if before:
                found[before + low] += 1
            before = low
            continue
        before = ""
        if low not in _PLAIN and not (low.isdigit() and len(low) == 4):
            found[stem(_SAME.get(low, low))] += 1
    return found


def stem(word: str) -> str:
    """``word`` without its commonest endings, so that bent forms meet."""
    if len(word) < 5 or not word.isalpha():
        return word.removesuffix("s") if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    for ending in (
        "isations",
        "isation",
        "izations",
        "ization",
        "ations",
        "ation",
        "ments",
        "ment",
        "ingly",
        "ings",
        "ing",
        "ies",
        "ied",
        "ers",
        "er",
        "ed",
        "es",
        "s",
        "ly",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word.removesuffix("e") if len(word) > 4 else word
