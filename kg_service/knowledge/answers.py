"""What only the whole shows of interpretations: one question has one answer, and no answer is surer than what it rests on."""

from __future__ import annotations

import re
from typing import Final

from kg_service.knowledge.draft import Draft
from kg_service.model import Certainty, Interpretation

_RANK: Final = {level: rank for rank, level in enumerate(Certainty)}
_NOT_SPOKEN: Final = re.compile(r"[\W_]+")


def check_answers(draft: Draft) -> None:
    """Every question that is asked twice, and every answer that claims more than the records that it names, is noted."""
    asked: dict[str, str] = {}
    for one in draft.interpretations.values():
        place = draft.known("interpretation")[one.id]
        for language, wordings in one.questions.items():
            for number, words in enumerate(wordings):
                spot = place.below("questions", language, number)
                first = asked.setdefault(spoken(words), str(spot))
                if first != str(spot):
                    draft.wrong(spot, "duplicate-question", f"this question is already asked at {first}.")
        _check_sureness(draft, one)


def spoken(question: str) -> str:
    """``question`` as one hears it: without case, punctuation and spaces."""
    return _NOT_SPOKEN.sub(" ", question.casefold()).strip()


def _check_sureness(draft: Draft, one: Interpretation) -> None:
    rests: dict[str, Certainty] = {name: draft.norms[name].sureness.level for name in one.norms if name in draft.norms}
    for name in one.qualifications:
        sure = draft.qualifications[name].sureness if name in draft.qualifications else None
        if sure is not None:
            rests[name] = sure.level
    weakest = max(rests, key=lambda name: _RANK[rests[name]], default=None)
    if weakest is not None and _RANK[one.sureness.level] < _RANK[rests[weakest]]:
        place = draft.known("interpretation")[one.id].below("certainty")
        message = f"{one.id!r} is {one.sureness.level.value}, but {weakest!r}, which it rests on, is only {rests[weakest].value}."
        draft.wrong(place, "surer-than-its-sources", message, (rests[weakest].value,))
