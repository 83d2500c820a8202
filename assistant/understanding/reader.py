"""Reads one message: facts with the words that show them, what is asked, which law is named, what is taken for granted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeAlias

from assistant.model import Conversation, FactReading, Intent, Polarity, Span, Understanding
from assistant.understanding import merge
from assistant.understanding.citations import NOT_HELD, Citations, Cited
from assistant.understanding.clauses import Hearer, with_heard
from assistant.understanding.days import Day, impossible_days
from assistant.understanding.finding import find
from assistant.understanding.followup import answers, withdrawn
from assistant.understanding.groups import amounts_of, names_of
from assistant.understanding.intents import Signs, intents, when
from assistant.understanding.language import FOLDER, load
from assistant.understanding.names import name_pattern
from assistant.understanding.pattern import Group, Patterns
from assistant.understanding.polarity import Cues
from assistant.understanding.premises import premises
from assistant.understanding.questions import Questions
from assistant.understanding.rules import Language
from assistant.understanding.tongue import tongue_of
from assistant.understanding.whose import spots_of
from assistant.understanding.words import Word, words_of
from kg_service.applicability.facts import Facts
from kg_service.model import FactKind, InterpretationId, Knowledge, QualificationId

Likely: TypeAlias = tuple[InterpretationId, float]
Near: TypeAlias = Callable[[Sequence[str]], Mapping[InterpretationId, float]]

LONGEST: Final = 12_000
MOST_WORDS: Final = 2_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_SENTENCES: Final = re.compile(r"[.!?。！？\n]+\s*")
_INSTEAD: Final = frozenset(("instead", "replace", "replaced", "replacing", "swapped"))
_FEW_WORDS: Final = 30
_DESCRIPTION: Final = 3  # facts that make a message a description
_WHOLE: Final = 300  # characters of a message that is compared as a whole as well
_PLANNING: Final = (Intent.APPLIES, Intent.COMPARE, Intent.CONTROLS)
_ALL: Final = re.compile(r"\b(?:everything|all (?:the )?facts|start (?:over|again)|reset)\b|重新开始", re.IGNORECASE)


class Reader:
    """Reads messages against ``knowledge``; holds no state of any conversation and may be shared by threads."""

    def __init__(
        self,
        knowledge: Knowledge,
        folder: Path = FOLDER,
        near: Near | None = None,
        cache: Path | None = None,
        hearer: Hearer | None = None,
    ) -> None:
        """``near``: how near in meaning texts are to each recurring question of law; without it words alone are compared.

        ``cache``: where the compiled language files are kept; without it they are compiled now. ``hearer``: hears what clauses
        say that no pattern holds; without it facts are read by patterns alone.
        """
        self.knowledge, self._near, self._hearer = knowledge, near, hearer
        self.language: Language = load(knowledge, folder, cache)
        self._citations = Citations(knowledge)
        self._questions = Questions(knowledge)
        self._qualifications = Patterns()
        self._qualification_ids: list[QualificationId] = []
        for one in knowledge.qualifications.values():
            if len(words_of(one.label)) > 1:
                self._qualifications.add(name_pattern(re.sub(r"[(),;:/]", " ", one.label)), len(self._qualification_ids))
                self._qualification_ids.append(one.id)

    def read(self, text: str, conversation: Conversation | None = None, today: date | None = None) -> Understanding:
        """What ``text`` says and asks. Days such as "next August" count from ``today``, by default the day in UTC."""
        today = today or datetime.now(UTC).date()
        notes: list[str] = []
        part = _readable(text, notes)
        words = words_of(part)
        if len(words) > MOST_WORDS:
            words = words[:MOST_WORDS]
            notes.append(f"Only the first {MOST_WORDS:,} words were read.")
            part = part[: words[-1].end]
        language = tongue_of(part, words, self.language, notes)
        if not words:
            notes.append("The message holds no words.")
            return Understanding(text, (Intent.OUTSIDE,), language=language, notes=tuple(notes))
        place_groups, laws = names_of(words, self.language, self.knowledge)
        number_groups, _ = amounts_of(part, words, today, laws)
        before = [str(one) for turn in conversation.turns for one in turn.understanding.instruments] if conversation else []
        cited = self._citations.find(part, words, laws, before)
        groups = [*[one for one in place_groups if one.kind != "law"], *number_groups, *cited.groups()]
        matches = [(self.language.rules[match.rule], match) for match in self.language.patterns.scan(words, groups)]
        held = premises(part, words, matches, self.knowledge)
        granted = frozenset(
            (group.first, group.last)
            for rule, match in matches
            if rule.group == "premise"
            for group in match.groups
            if isinstance(group.value, Day) and any(one.value == group.value.day.isoformat() for one in held)
        )
        found = find(part, words, matches, self.language, self.knowledge, groups, granted)
        notes.extend(found.notes)
        notes.extend(cited.notes)
        notes.extend(f"{day} is no day of the calendar." for day in impossible_days(part))
        readings = _replacing(found.readings, words, self.language)
        taking_back = any(rule.group == "cue" and rule.name == "withdraw" for rule, _ in matches)
        told = answers(part, words, groups, readings, conversation, self.knowledge) if conversation and not taking_back else ()
        readings = (*readings, *told)
        asked, alike = self._asked(part, cited, _alone(part, readings))
        named = self._named(words)
        qualifications = tuple(dict.fromkeys((*cited.qualifications, *named)))
        signs = _signs(readings, cited, asked, qualifications, bool(told), conversation, part)
        wanted = intents(matches, signs)
        if wanted == (Intent.OUTSIDE,):
            readings = ()
        elif not taking_back and language == "en" and wanted[0] in _PLANNING:
            readings, heard = self._with_heard(part, words, readings, told, found.cues, groups)
            notes.extend(heard)
        used = granted | frozenset(
            (group.first, group.last)
            for rule, match in matches
            if rule.group == "fact"
            for group in match.groups
            if isinstance(group.value, Day)
        )
        asked_day = when(matches, used, wanted, today, words)
        if asked_day.note:
            notes.append(asked_day.note)
        readings = withdrawn(readings, wanted, conversation, bool(_ALL.search(part)), self.knowledge, groups)
        notes.extend(self._partial(readings))
        return Understanding(
            text=text,
            intents=wanted,
            readings=tuple(replace(one, spans=tuple(_verbatim(text, span) for span in one.spans)) for one in readings),
            as_of=asked_day.as_of,
            until=asked_day.until,
            norms=tuple(cited.norms),
            instruments=tuple(cited.instruments),
            provisions=tuple(cited.provisions),
            qualifications=qualifications,
            interpretations=tuple(InterpretationId(name) for name, _ in asked),
            alike=alike,
            decisions=_decisions(part),
            premises=tuple(replace(one, span=_verbatim(text, one.span)) for one in held),
            unknown_law=tuple(_verbatim(text, span) for span in cited.unknown),
            language=language,
            notes=tuple(dict.fromkeys(notes)),
        )

    def facts_of(self, readings: Sequence[FactReading], base: Facts) -> Facts:
        """``base`` with ``readings`` over it, by the habits of this reader's language."""
        return merge.facts_of(readings, base, self.knowledge, self.language.habits)

    def option_of(self, readings: Sequence[FactReading], base: Facts) -> Facts:
        """``base`` changed as the options among ``readings`` say."""
        return merge.option_of(readings, base, self.knowledge, self.language.habits)

    def _with_heard(
        self,
        part: str,
        words: Sequence[Word],
        readings: tuple[FactReading, ...],
        told: Sequence[FactReading],
        cues: Cues,
        groups: Sequence[Group],
    ) -> tuple[tuple[FactReading, ...], list[str]]:
        """``readings`` with what the model hears beside the patterns, and notes that say so."""
        if self._hearer is None:
            return readings, []
        laws = [(group.first, group.last) for group in groups if group.kind == "law"]
        spots = spots_of(words, groups)
        return with_heard(part, words, readings, told, cues, self._hearer, self.knowledge, self.language, laws, spots)

    def _asked(self, part: str, cited: Cited, alone: bool) -> tuple[list[Likely], tuple[InterpretationId, ...] | None]:
        """The recurring questions of law that ``part`` asks, and those that are near to it.

        What names law or a provision that the graph does not hold is not compared by meaning: it would be near to something else.
        """
        asking = _asking(part)
        meant: Mapping[InterpretationId, float] = {}
        absent = any(note.endswith(NOT_HELD) for note in cited.notes)
        if self._near is not None and asking and not absent and not self._questions.strange(part):
            meant = self._near([*asking, *([part] if len(part) <= _WHOLE and [part.strip()] != asking else [])])
        pinned = bool(cited.norms or cited.provisions or cited.unknown)
        return self._questions.like(asking, meant, cited.instruments, pinned, alone), self._questions.alike(meant)

    def _named(self, words: Sequence[Word]) -> list[QualificationId]:
        matches = sorted(self._qualifications.scan(words), key=lambda match: (-len(match.owned), match.first))
        return [self._qualification_ids[match.rule] for match in matches]

    def _partial(self, readings: Sequence[FactReading]) -> list[str]:
        """Which facts were answered by a mention that may not be all."""
        notes = []
        for one in readings:
            habit = self.language.habits.get(one.fact)
            if (
                habit is None
                or habit.mentions == "complete"
                or one.complete
                or one.polarity is not Polarity.STATED
                or one.hypothetical
            ):
                continue
            if self.knowledge.facts[one.fact].kind is FactKind.TERMS:
                notes.append(
                    f"{self.knowledge.facts[one.fact].labels.label}: only what was mentioned is taken; there may be more"
                )
        return notes


def _replacing(readings: Sequence[FactReading], words: Sequence[Word], language: Language) -> tuple[FactReading, ...]:
    """``readings`` where an option said with "instead" takes the place of the whole answer, if such answers are named in full."""
    if not any(word.low in _INSTEAD for word in words):
        return tuple(readings)
    return tuple(
        replace(one, complete=True)
        if one.hypothetical
        and one.polarity is Polarity.STATED
        and isinstance(one.value, tuple)
        and (habit := language.habits.get(one.fact)) is not None
        and habit.mentions == "complete"
        else one
        for one in readings
    )


def _verbatim(text: str, span: Span) -> Span:
    """``span`` in the characters of the message itself, also those that were passed over."""
    return Span(span.start, span.end, text[span.start : span.end])


def _readable(text: str, notes: list[str]) -> str:
    """The part of ``text`` that is read: the first 12,000 characters, with characters that cannot be shown as spaces."""
    part = text
    if len(part) > LONGEST:
        part = part[:LONGEST]
        notes.append(f"Only the first {LONGEST:,} characters of {len(text):,} were read.")
    if _CONTROL.search(part):
        part = _CONTROL.sub(" ", part)
        notes.append("Characters that cannot be shown were passed over.")
    return part


def _asking(text: str) -> list[str]:
    """The sentences of ``text`` that may ask something: those before a question mark, or the whole where it is short."""
    sentences = []
    last = 0
    for found in _SENTENCES.finditer(text):
        if "?" in found.group() or "？" in found.group():
            sentences.append(text[last : found.end()])
        last = found.end()
    if len(text) <= 300 and not sentences:
        sentences = [text]
    return [one for one in sentences if len(one) <= 600][:10]


def _alone(text: str, readings: Sequence[FactReading]) -> bool:
    """Whether a question stands for itself: in few words, or beside too few facts for a description."""
    return len(text.split()) <= _FEW_WORDS or len({one.fact for one in readings}) < _DESCRIPTION


def _signs(
    readings: Sequence[FactReading],
    cited: Cited,
    asked: Sequence[tuple[InterpretationId, float]],
    qualifications: Sequence[QualificationId],
    answered: bool,
    conversation: Conversation | None,
    text: str,
) -> Signs:
    own = {one.fact for one in readings if not one.hypothetical}
    return Signs(
        facts=len(own),
        options=any(one.hypothetical for one in readings),
        laws=len(cited.instruments) + len(cited.norms),
        unknown=len(cited.unknown),
        likeness=asked[0][1] if asked else 0.0,
        qualifications=len(qualifications),
        answers=answered,
        in_conversation=conversation is not None and bool(conversation.turns or conversation.facts),
        question="?" in text or "？" in text,
    )


def _decisions(text: str) -> tuple[int, ...]:
    return tuple(
        dict.fromkeys(int(found) for found in re.findall(r"\bdecision\s(?:no\.?\s|number\s)?([1-6])\b", text, re.IGNORECASE))
    )
