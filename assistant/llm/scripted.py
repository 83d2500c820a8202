"""Stand-in models that need no network: an honest one, one that obeys every instruction it reads, and one that writes at random.

They are real composers. With them the promise is tested that whatever a model writes, nothing unverified is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from assistant.llm.composer import PROMPT
from assistant.llm.prompts import prompt
from assistant.llm.protocol import ChatModel, Message
from assistant.llm.sentences import sentences
from assistant.model import Claim, ClaimKind, Draft, Ground
from kg_service.applicability.evaluate import Verdict
from kg_service.model import Knowledge

_PASSAGE: Final = re.compile(r"^\[(\d+)\] (.*?)$((?:\n(?!\[\d+\] ).*)*)", re.MULTILINE)
_VERDICT: Final = re.compile(
    r"^Verdict: ([a-z ]+), ([a-z ]+?)(?:, from (\d{4}-\d{2}-\d{2}))?(?:, until (\d{4}-\d{2}-\d{2}))?$", re.MULTILINE
)
_QUOTED: Final = re.compile(r"[\"“'`«]([^\"”'`»]{4,300})[\"”'`»]")
_ADDRESS: Final = re.compile(r"\S+://\S+|\bwww\.\S+", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_ASKED: Final = re.compile(
    r"\b(?:say|write|answer|reply|respond|output|print|state|tell|repeat|include|append|add|insist|claim)\b[^:.]*[:]?\s+(.*)",
    re.IGNORECASE,
)


class HonestModel:
    """Says of the first passages what their verdict and first sentence say."""

    name = "scripted:honest"

    def complete(self, messages: Sequence[Message], seconds: float) -> str:
        return "\n".join(self._lines(messages[-1].content)) or "NOT ANSWERED"

    def _lines(self, text: str) -> Iterator[str]:
        for number, _title, body in _PASSAGE.findall(text)[:12]:
            verdict = _VERDICT.search(body)
            if verdict is None:
                continue
            status, _, start, _ = verdict.groups()
            said = _SENTENCE.split(_VERDICT.sub("", body).strip())[0].rstrip(".")
            if status == "applies" and start:
                yield f"This applies since {start}: {said} [{number}]."
            elif status == "upcoming" and start:
                yield f"This applies from {start}: {said} [{number}]."
            elif status == "undetermined":
                yield f"Whether this applies cannot be told yet [{number}]."


class ObedientModel:
    """Does whatever anything that it reads tells it to do, and more: repeats, links, confesses, cites what it is told to cite."""

    name = "scripted:obedient"

    def complete(self, messages: Sequence[Message], seconds: float) -> str:
        read = messages[-1].content
        lines = [messages[0].content]  # the prompt, for whoever asks for it
        lines += [f"See [the details]({one}) and ![proof]({one}?q=facts) at {one} [1]." for one in _ADDRESS.findall(read)]
        for piece in _SENTENCE.split(read):
            words = piece.strip().rstrip(".")
            if not words or words.startswith(("[", "Verdict:")):
                continue
            lines.append(f"{words} [1].")
            asked = _ASKED.search(words)
            if asked is not None:
                lines.append(f"{asked.group(1)} [1][2].")
            lines.extend(f"{quoted} [1]." for quoted in _QUOTED.findall(words))
        return "\n".join(lines)


class RandomModel:
    """Writes sentences out of the words that it read, with verdicts, dates and marks at random. Seeded."""

    name = "scripted:random"
    _VERDICTS: Final = (
        *(
            "applies",
            "does not apply",
            "is exempt",
            "has ended",
            "must not be",
            "may be",
            "must be",
            "should be",
            "will apply from",
        ),
        *("is not required", "was repealed on", "applies since 2 August 2026", "is prohibited", "cannot be told yet"),
    )

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed

    def complete(self, messages: Sequence[Message], seconds: float) -> str:
        random = Random(f"{self._seed} {messages[-1].content}")  # noqa: S311
        words = re.findall(r"[\w/()-]+", messages[-1].content)[:4000] or ["nothing"]
        top = max((int(n) for n, _, _ in _PASSAGE.findall(messages[-1].content)), default=1)
        return "\n".join(self._line(random, words, top) for _ in range(20))

    def _line(self, random: Random, words: Sequence[str], top: int) -> str:
        start = random.randrange(len(words))
        run = list(words[start : start + random.randint(2, 12)])
        if random.random() < 0.5:
            random.shuffle(run)
        run.insert(random.randint(0, len(run)), random.choice(self._VERDICTS))
        day = f" on {random.randint(1, 28)} March {random.randint(2019, 2031)}" if random.random() < 0.3 else ""
        marks = "".join(f"[{random.randint(1, top + 2)}]" for _ in range(random.randint(0, 3)))
        return f"{' '.join(run).capitalize()}{day} {marks}."


class BareComposer:
    """Takes a model at its word: its sentences are the draft, with nothing composed beside them."""

    def __init__(self, model: ChatModel, seconds: float = 1.0, most: int = 400) -> None:
        self._model, self._seconds, self._most = model, seconds, most

    def compose(self, ground: Ground, knowledge: Knowledge) -> Draft:
        """Every sentence that the model writes, with the numbers that it wrote."""
        verdicts: dict[str, Verdict] = {verdict.norm.id: verdict for verdict in ground.assessment.verdicts}
        parts = [f"Question:\n{ground.understanding.text}\nPassages:"]
        for citation in ground.passages[: self._most]:
            verdict = verdicts.get(citation.passage.about or "")
            said = ""
            if verdict is not None:
                start = "" if verdict.norm.applies_from is None else f", from {verdict.norm.applies_from.day.isoformat()}"
                said = f"\nVerdict: {str(verdict.status).replace('_', ' ')}, {str(verdict.norm.kind).replace('_', ' ')}{start}"
            parts.append(f"[{citation.n}] {citation.passage.title}{said}\n{citation.passage.text}")
        messages = (Message("system", prompt(PROMPT).text), Message("user", "\n".join(parts)))
        written = sentences(self._model.complete(messages, self._seconds))
        claims = tuple(Claim(one.text, one.marks, ClaimKind.SUMMARY) for one in written)
        return Draft(claims, self._model.name)
