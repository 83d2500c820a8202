"""Which recurring question of law a message asks: likeness of words to the wordings that the knowledge holds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from assistant.understanding.words import is_han, listed, words_of
from kg_service.model import InterpretationId, Knowledge

_LEAST: Final = 0.5
_MOST: Final = 3
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
        for number, (_, bag) in enumerate(bags):
            for term, weight in self._vector(bag).items():
                self._by_term.setdefault(term, []).append((number, weight))

    def like(self, sentences: Iterable[str], least: float = _LEAST) -> list[tuple[InterpretationId, float]]:
        """The interpretations with a wording like one of ``sentences``, likeliest first, at most three."""
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
        ranked = sorted(((name, score) for name, score in best.items() if score >= least), key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in ranked if pair[1] >= ranked[0][1] * 0.75][:_MOST]

    def _vector(self, bag: Mapping[str, int]) -> dict[str, float]:
        weights = {term: (1 + math.log(count)) * self._weights.get(term, self._rare) for term, count in bag.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()} if length else {}


def terms_of(text: str) -> Counter[str]:
    """The words of ``text`` that carry meaning, bent forms joined; of Chinese every two characters."""
    found: Counter[str] = Counter()
    before = ""
    for word in words_of(text):
        low = word.low
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
