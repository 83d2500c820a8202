"""Answers worded by a model and completed by what the engine found: the model can leave nothing out and add nothing.

The model sees the numbered passages as data. Its sentences are verified here once, to see whether they are worth showing, and
like every answer again before they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from assistant.llm.prompts import fence_for, fenced, prompt
from assistant.llm.protocol import ChatModel, Message
from assistant.llm.sentences import Sentence, sentences
from assistant.model import Citation, Claim, ClaimKind, Draft, Dropped, Ground
from kg_service.applicability.evaluate import Verdict
from kg_service.errors import DeadlineError, UnavailableError
from kg_service.model import Knowledge, NormId

PROMPT: Final = "compose"
MOST_SENTENCES: Final = 24
LEAST_KEPT: Final = 0.5  # of the model's sentences; below, its wording is left out

Verify = Callable[[Draft, Ground], tuple[tuple[Claim, ...], tuple[Dropped, ...]]]


class Composer(Protocol):
    def compose(self, ground: Ground, knowledge: Knowledge) -> Draft: ...


class ModelComposer:
    """Composes with ``model``, or as ``fallback`` does where the model fails or says too little that holds."""

    def __init__(self, model: ChatModel, fallback: Composer, verify: Verify, seconds: float, characters: int) -> None:
        self._model, self._fallback, self._verify = model, fallback, verify
        self._seconds, self._characters = seconds, characters

    @property
    def name(self) -> str:
        return self._model.name

    def compose(self, ground: Ground, knowledge: Knowledge) -> Draft:
        """Sentences of the model that hold, then all of the fallback's that say what those do not."""
        plain = self._fallback.compose(ground, knowledge)
        if not plain.claims or not ground.passages:
            return plain
        try:
            text = self._model.complete(_messages(ground, self._characters), self._seconds)
        except (DeadlineError, UnavailableError) as error:
            return _with_note(plain, f"{error} The answer was composed without it.")
        said = [_claim(sentence, ground) for sentence in _own_words(text)]
        kept, dropped = self._verify(Draft(tuple(said), self._model.name), ground)
        counted = (
            f"{self._model.name} wrote {_count(said)}; {len(dropped)} did not hold and {'is' if len(dropped) == 1 else 'are'}"
        )
        if not said or len(kept) < LEAST_KEPT * len(said) or not kept:
            how = f"{counted} left out, so the answer was composed without it." if said else _UNUSABLE.format(self._model.name)
            return _with_note(plain, how, dropped)
        notes = (f"{counted} left out.",) if dropped else ()
        return Draft(_joined(kept, plain.claims), self._model.name, (*plain.notes, *notes), (*plain.dropped, *dropped))


_UNUSABLE: Final = "{} gave nothing that can be used; the answer was composed without it."


def _count(said: Sequence[Claim]) -> str:
    return "1 sentence" if len(said) == 1 else f"{len(said)} sentences"


def _with_note(draft: Draft, note: str, dropped: tuple[Dropped, ...] = ()) -> Draft:
    return Draft(draft.claims, draft.source, (*draft.notes, note), (*draft.dropped, *dropped))


def _messages(ground: Ground, characters: int) -> tuple[Message, Message]:
    question = ground.understanding.text[:8_000]
    material = "\n\n".join(_shown(ground, characters))
    fence = fence_for(question, material)
    system = prompt(PROMPT).filled(fence=fence)
    parts = (f"Day asked about: {ground.as_of.isoformat()}", f"Question:\n{fenced(question, fence)}")
    body = "\n\n".join((*parts, f"Passages:\n{fenced(material, fence)}"))
    return Message("system", system), Message("user", body)


def _shown(ground: Ground, characters: int) -> list[str]:
    """The passages by number, each with the engine's verdict, as many as fit."""
    verdicts: dict[str, Verdict] = {verdict.norm.id: verdict for verdict in ground.assessment.verdicts}
    parts: list[str] = []
    size = 0
    for citation in ground.passages:
        passage = citation.passage
        verdict = verdicts.get(passage.about or "")
        found = "" if verdict is None else f"\nVerdict: {_verdict(verdict)}"
        quote = "" if citation.quote is None else f'\nOfficial words: "{citation.quote}"'
        part = f"[{citation.n}] {passage.title}{found}\n{passage.text}{quote}"
        if size + len(part) > characters and parts:
            break
        parts.append(part[:characters])
        size += len(part)
    return parts


def _verdict(verdict: Verdict) -> str:
    norm = verdict.norm
    words = [str(verdict.status).replace("_", " "), str(norm.kind).replace("_", " ")]
    for name, dated in (("from", norm.applies_from), ("until", norm.applies_until)):
        if dated is not None:
            words.append(f"{name} {dated.day.isoformat()}")
    return ", ".join(words)


def _own_words(text: str) -> list[Sentence]:
    found = [sentence for sentence in sentences(text) if sentence.text.upper().strip(" .") != "NOT ANSWERED"]
    return found[:MOST_SENTENCES]


def _claim(sentence: Sentence, ground: Ground) -> Claim:
    cited = [citation for citation in ground.passages if citation.n in sentence.marks]
    return Claim(sentence.text, sentence.marks, ClaimKind.SUMMARY, _norms(cited))


def _norms(cited: Sequence[Citation]) -> tuple[NormId, ...]:
    return tuple(NormId(str(one.passage.about)) for one in cited if one.passage.kind == "norm" and one.passage.about)


def _joined(said: Sequence[Claim], plain: Sequence[Claim]) -> tuple[Claim, ...]:
    """Corrections first, then the model's sentences, then every composed claim that says something which those do not."""
    cited = {number for claim in said for number in claim.citations}
    corrections = [claim for claim in plain if claim.kind is ClaimKind.CORRECTION]
    rest = [claim for claim in plain if claim.kind is not ClaimKind.CORRECTION and not _told(claim, cited)]
    return (*corrections, *said, *rest)


def _told(claim: Claim, cited: set[int]) -> bool:
    """Whether the model's sentences rest on all that ``claim`` rests on; verdicts, dates, controls and quotes always stay."""
    wordy = claim.kind in (ClaimKind.SUMMARY, ClaimKind.INTERPRETATION, ClaimKind.DEFINITION)
    return wordy and bool(claim.citations) and set(claim.citations) <= cited
