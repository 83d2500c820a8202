"""What a sentence may rest on: words, days, numbers and provisions of the passages it cites, from the graph and from quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from assistant.model import Citation, Passage, PassageKind, Trust
from assistant.verify import provisions
from assistant.verify.dates import Written, long_form, written
from assistant.verify.numbers import Number, numbers
from assistant.verify.phrases import DOUBTS, KINDS
from assistant.verify.vocabulary import SMALL
from assistant.verify.wordlike import flat, stem, words
from kg_service.applicability.condition import Condition, HasTerm, Is, walk
from kg_service.model import (
    Control,
    DatedBy,
    FactId,
    Interpretation,
    InterpretationId,
    Knowledge,
    Norm,
    NormId,
    ProvisionRef,
    Qualification,
    QualificationId,
    TermId,
)

_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_SET_BY: Final = re.compile(r"\d{4} \(set by ")  # days stay, so that they are checked
_NEGATIONS_WORDS: Final = (
    "not no never none neither nor without cannot unless except nothing nobody nowhere hardly isn't aren't doesn't don't "
    "didn't won't can't "
)
_NEAR: Final = 6  # content words that stand near each other
NEGATIONS: Final = frozenset(_NEGATIONS_WORDS.split())


@dataclass(frozen=True)
class Evidence:
    """What one passage holds. ``units`` are whole statements of it, longest first, that may be said as they stand.

    What is read out of the text (days, numbers, provisions, words) is read once, when it is first needed.
    """

    passage: Passage
    texts: tuple[str, ...]
    units: tuple[str, ...]
    days: frozenset[date]
    joined: str
    norm: Norm | None = None
    qualifications: frozenset[QualificationId] = frozenset()
    facts: frozenset[FactId] = frozenset()
    instruments: frozenset[str] = frozenset()
    framed: tuple[str, ...] = ()  # what may be said only as a contested reading or as the answer of another day

    @cached_property
    def written(self) -> tuple[Written, ...]:
        return tuple(written(self.joined)[0])

    @cached_property
    def numbers(self) -> frozenset[Number]:
        return numbers(self.joined)

    @cached_property
    def provisions(self) -> tuple[provisions.Mention, ...]:
        return tuple(provisions.mentions(self.joined))

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(words(self.joined))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(map(stem, self.words))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The stems that stand within a few words of each other, small words left out; in either order."""
        content = [stem(word) for word in self.words if word.lower() not in SMALL]
        near = (zip(content, content[step:], strict=False) for step in range(1, _NEAR))
        return frozenset(pair for found in near for pair in found)

    @cached_property
    def negated(self) -> frozenset[str]:
        return frozenset(_negated(self.words))


class Gatherer:
    """Gathers evidence; keeps that of passages of the graph, which do not change within a version of the knowledge."""

    _MOST: Final = 4000

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._kept: dict[tuple[str, str, str | None], Evidence] = {}
        self._reach: dict[str, tuple[frozenset[QualificationId], frozenset[FactId], tuple[str, ...]]] = {}

    def of(self, citation: Citation) -> Evidence:
        key = (citation.passage.id, citation.passage.text, citation.quote)
        found = self._kept.get(key)
        if found is None:
            found = self._gathered(citation)
            if len(self._kept) >= self._MOST:
                self._kept.clear()
            self._kept[key] = found
        return found

    def _gathered(self, citation: Citation) -> Evidence:
        passage, law = citation.passage, self._knowledge
        norm: Norm | None = None
        days: set[date] = {day for day in (passage.applies_from, passage.applies_until) if day is not None}
        texts = [passage.title, passage.text, passage.provision or "", passage.context, citation.quote or ""]
        units: list[str] = [passage.title, passage.provision or "", *_SENTENCE.split(passage.text), passage.text]
        instruments = {passage.instrument} if passage.instrument else set()
        quals: frozenset[QualificationId] = frozenset()
        facts: frozenset[FactId] = frozenset()
        if passage.trust in (Trust.LAW, Trust.GUIDANCE) and passage.about is not None:
            norm, more, dated, named = self._known(passage.kind, passage.about)
            texts.extend(more)
            units.extend(part for text in more for part in (text, *_SENTENCE.split(text)))
            days |= dated
            instruments |= named
            reached = self._reached(passage)
            quals, facts = reached[0], reached[1]
            texts.extend(reached[2])
            units.extend(reached[2])
        for name in instruments:
            one = law.instruments.get(name)  # type: ignore[call-overload]
            if one is not None:
                texts.extend((one.short_title, one.title, *one.citations, one.status_note or ""))
                days |= {d for d in (one.in_force_from, one.applies_from, one.applies_until) if d} | {d.day for d in one.dates}
                units.append(one.short_title)
        joined = "\n".join(texts)
        flat_units = {flat(unit).rstrip(".;:") for unit in units if not _SET_BY.search(unit)}
        return Evidence(
            passage=passage,
            texts=tuple(flat(text) for text in texts if text),
            units=tuple(sorted((unit for unit in flat_units if len(unit) > 1), key=len, reverse=True)),
            days=frozenset(days),
            joined=joined,
            norm=norm,
            qualifications=quals,
            facts=facts,
            instruments=frozenset(str(name) for name in instruments),
            framed=tuple(_framed(law, passage)),
        )

    def _known(self, kind: PassageKind, about: str) -> tuple[Norm | None, list[str], set[date], set[str]]:
        """What the graph says of a thing beside the passage's own words."""
        law = self._knowledge
        if kind is PassageKind.NORM and NormId(about) in law.norms:
            norm = law.norms[NormId(about)]
            days = {one.day for one in (norm.applies_from, norm.applies_until) if one is not None}
            return norm, _of_norm(law, norm), days, {norm.instrument}
        if kind is PassageKind.INTERPRETATION and about in law.interpretations:
            one = law.interpretations[about]  # type: ignore[index]
            dated = [d for d in (one.holds_from, one.holds_until, *(change.dated for change in one.changes)) if d is not None]
            return None, _of_interpretation(law, one, dated), {d.day for d in dated}, set(one.instruments())
        if kind is PassageKind.QUALIFICATION and about in law.qualifications:
            qualification = law.qualifications[about]  # type: ignore[index]
            return (
                None,
                _of_qualification(law, qualification),
                set(),
                {str(s.instrument) for s in qualification.sources if s.instrument},
            )
        if kind is PassageKind.INSTRUMENT and about in law.instruments:
            instrument = law.instruments[about]  # type: ignore[index]
            status = instrument.status.replace("_", " ")
            texts = [f"the status of {instrument.short_title} is {status}", instrument.title, instrument.status_note or ""]
            for day in instrument.dates:
                texts += _dated(law, day)
            return None, texts, set(), {instrument.id}
        if kind is PassageKind.CONTROL and about in law.controls:
            return None, _of_control(law.controls[about]), set(), set()  # type: ignore[index]
        return None, [], set(), set()

    def _reached(self, passage: Passage) -> tuple[frozenset[QualificationId], frozenset[FactId], tuple[str, ...]]:
        """The qualifications and facts on which a norm or a qualification depends, with their labels."""
        law, about = self._knowledge, passage.about or ""
        kept = self._reach.get(passage.id)
        if kept is not None:
            return kept
        todo: list[Condition] = []
        quals: set[QualificationId] = set()
        if passage.kind is PassageKind.NORM and NormId(about) in law.norms:
            norm = law.norms[NormId(about)]
            todo += [one for one in (norm.applies_when, norm.unless) if one is not None]
        elif passage.kind is PassageKind.QUALIFICATION and QualificationId(about) in law.qualifications:
            quals.add(QualificationId(about))
            one = law.qualifications[QualificationId(about)]
            todo += [part for part in (one.when, one.unless) if part is not None]
        facts: set[FactId] = set()
        labels: set[str] = set()
        while todo:
            for part in walk(todo.pop()):
                if isinstance(part, Is):
                    name = QualificationId(part.qualification)
                    if name not in quals:
                        quals.add(name)
                        below = law.qualifications[name]
                        todo += [sub for sub in (below.when, below.unless) if sub is not None]
                elif hasattr(part, "fact"):
                    fact = law.facts[FactId(part.fact)]
                    facts.add(fact.id)
                    labels.add(fact.labels.label)
                    if isinstance(part, HasTerm):
                        labels |= {one.labels.label for one in map(fact.terms.get, map(TermId, part.terms)) if one is not None}
        labels |= {law.qualifications[name].label for name in quals}
        found = (frozenset(quals), frozenset(facts), tuple(sorted(labels)))
        self._reach[passage.id] = found
        return found


def _negated(found: Sequence[str]) -> Iterable[str]:
    """Each negation with the stems of the three words that follow it: ``not:reveal``."""
    for place, word in enumerate(found):
        low = word.lower().replace("’", "'")
        if low in NEGATIONS or low.endswith("n't"):
            yield from (stem(after) for after in found[place + 1 : place + 5])


def reference(law: Knowledge, source: ProvisionRef) -> list[str]:
    one = law.instruments.get(source.instrument) if source.instrument is not None else None
    return (
        [source.pinpoint]
        if one is None
        else [f"{one.short_title} {source.pinpoint}", f"{source.pinpoint} {one.short_title}", source.pinpoint]
    )


def _dated(law: Knowledge, dated: DatedBy | None) -> list[str]:
    if dated is None:
        return []
    return (
        [f"{long_form(dated.day)} (set by {name})" for name in reference(law, dated.set_by)]
        + reference(law, dated.set_by)
        + [dated.note or ""]
    )


def _of_norm(law: Knowledge, norm: Norm) -> list[str]:
    event = law.events[norm.on_event].labels.label if norm.on_event is not None else ""
    controls = [text for name in norm.controls for text in _of_control(law.controls[name])]
    return [
        *(norm.title, norm.summary, norm.provision, norm.citation or "", norm.penalty or "", norm.note or "", event),
        *(norm.amended_by or "", *norm.superseded_by, *norm.unmodelled, *norm.measures, *norm.evidence, *controls),
        *(law.bearers[name].labels.label for name in norm.bearers if name in law.bearers),
        *_dated(law, norm.applies_from),
        *_dated(law, norm.applies_until),
        *(KINDS[norm.kind], DOUBTS[norm.sureness.level], norm.sureness.note or ""),
    ]


def _of_interpretation(law: Knowledge, one: Interpretation, dated: list[DatedBy]) -> list[str]:
    changes = [text for change in one.changes for text in (change.before or "", change.after or "")]
    readings = [text for reading in one.readings for text in (reading.label, reading.argument, reading.held_by)]
    cited = [name for source in one.citations for name in reference(law, source)]
    questions = [question for asked in one.questions.values() for question in asked]
    days = [text for one_day in dated for text in _dated(law, one_day)]
    return [one.answer, one.reasoning, one.note or "", *changes, *readings, *cited, *questions, *days, DOUBTS[one.sureness.level]]


def _framed(law: Knowledge, passage: Passage) -> Iterable[str]:
    """Sentences of an interpretation that do not hold as they stand."""
    one = law.interpretations.get(InterpretationId(passage.about or "")) if passage.kind is PassageKind.INTERPRETATION else None
    if one is not None:
        other = [reading.argument for reading in one.readings if not reading.followed]
        other += [text for change in one.changes for text in (change.before, change.after) if text]
        yield from (flat(part).rstrip(".") for text in other for part in (text, *_SENTENCE.split(text)) if len(part) > 20)


def _of_qualification(law: Knowledge, one: Qualification) -> list[str]:
    sources = [name for source in one.sources for name in reference(law, source)]
    doubt = DOUBTS[one.sureness.level] if one.sureness is not None else ""
    return [one.label, one.definition, one.note or "", *one.unmodelled, *sources, doubt]


def _of_control(one: Control) -> list[str]:
    return [one.name, one.objective, one.test, *one.evidence]
