"""The ground of an answer: which passages are handed over, numbered, the most important first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from assistant.answering.asking import behind
from assistant.model import Citation, Found, Intent, Passage, PassageKind, Understanding
from assistant.retrieval.scope import Scope
from kg_service.applicability.compare import Comparison, Difference
from kg_service.applicability.condition import facts_of
from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Status, Verdict
from kg_service.applicability.questions import Question
from kg_service.errors import NotFoundError
from kg_service.model import FactId, Knowledge, Norm, NormId, NormKind

SEARCHED: Final = 12
OPEN: Final = 24  # undetermined norms handed over
_LAW: Final = (PassageKind.NORM, PassageKind.INTERPRETATION, PassageKind.QUALIFICATION, PassageKind.INSTRUMENT)
_KIND: Final = {NormKind.PROHIBITION: 3.0, NormKind.DUTY: 2.0, NormKind.RIGHT: 1.0, NormKind.EXPECTATION: 1.0}
_RANK: Final = {"law": 1.0, "regulatory_technical_standard": 0.6, "rule": 0.9, "case_law": 0.5}
_OUR_SUBJECT: Final = ("-ai-", "-ai", "ai-act", "genai", "admt", "chatbot", "mrm", "-bot")


class Passages(Protocol):
    """Where passages are: the searcher."""

    def get(self, passage_id: str) -> Passage: ...


class Collected:
    """Passages in order, each once, numbered from 1."""

    def __init__(self, home: Passages) -> None:
        self._home = home
        self._found: dict[str, Passage] = {}

    def add(self, passage: Passage) -> None:
        self._found.setdefault(passage.id, passage)

    def named(self, kind: PassageKind, ids: Iterable[str]) -> None:
        for one in ids:
            try:
                self.add(self._home.get(f"{kind}:{one}"))
            except NotFoundError:
                continue  # an index of an older knowledge: the claim that would rest on it is left out

    def norms(self, norms: Iterable[Norm]) -> None:
        self.named(PassageKind.NORM, (norm.id for norm in norms))

    def numbered(self) -> tuple[Citation, ...]:
        return tuple(Citation(n, passage) for n, passage in enumerate(self._found.values(), 1))


def scope_of(law: Knowledge, assessment: Assessment, understanding: Understanding) -> Scope:
    """Where to search: the instruments that the engine found and those that are named, on that day."""
    live = (Status.APPLIES, Status.UPCOMING, Status.UNDETERMINED)
    instruments = {verdict.norm.instrument for verdict in assessment.verdicts if verdict.status in live}
    named = {str(name) for name in understanding.instruments} | {name.partition("/")[0] for name in understanding.norms}
    if not assessment.facts or len(instruments) == len(law.instruments):
        return Scope(kinds=frozenset(_LAW), instruments=frozenset(named) or None)
    return Scope(instruments=frozenset(map(str, instruments)) | named, kinds=frozenset(_LAW))


def focus(understanding: Understanding, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts asked about: of the instruments or decisions that the question names, else all."""
    wanted = {str(name) for name in understanding.instruments}
    if wanted:
        found = [verdict for verdict in verdicts if str(verdict.norm.instrument) in wanted]
        if found:
            return found
    if understanding.decisions:
        decisions = set(understanding.decisions)
        return [verdict for verdict in verdicts if decisions & set(verdict.norm.decisions)]
    return list(verdicts)


def ranked(norms: Sequence[Norm], found: Sequence[Found]) -> list[Norm]:
    """The most important first: found by the search, prohibitions, law on the technology itself, narrow conditions."""
    near: Mapping[str, float] = {one.passage.about or "": one.score for one in found if one.passage.kind is PassageKind.NORM}
    best = max(near.values(), default=1.0) or 1.0

    def worth(norm: Norm) -> float:
        special = 1.5 if any(part in norm.instrument for part in _OUR_SUBJECT) else 0.0
        narrow = min(len(facts_of(norm.applies_when)), 4) * 0.2
        return (
            3.0 * near.get(norm.id, 0.0) / best + _KIND.get(norm.kind, 0.0) + _RANK.get(norm.bindingness, 0.2) + special + narrow
        )

    return sorted(norms, key=worth, reverse=True)


def collect(
    home: Passages,
    law: Knowledge,
    understanding: Understanding,
    assessment: Assessment,
    found: Sequence[Found],
    comparison: Comparison | None,
    difference: Difference | None,
    questions: Sequence[Question],
    documents: Sequence[Passage],
) -> tuple[Citation, ...]:
    """Every passage that the answer may rest on."""
    collected = Collected(home)
    asked = set(understanding.intents)
    _named(collected, law, understanding)
    verdicts = focus(understanding, assessment.verdicts)
    effective = [verdict.norm for verdict in verdicts if verdict.status in IN_EFFECT]
    if comparison is not None:
        changes = [c.norm for option in comparison.options for c in (*option.gained, *option.lost, *option.changed)]
        collected.norms(ranked(changes, found))
        collected.norms(ranked(effective, found)[:SEARCHED])
    elif difference is not None:
        collected.norms(one.change.norm for one in (*difference.begins, *difference.ends, *difference.changed))
    else:
        _by_search(collected, understanding, assessment, found)
        if Intent.CONTROLS in asked:
            targets = [law.norms[name] for name in understanding.norms if name in law.norms] or ranked(effective, found)
            collected.norms(targets)
            collected.named(PassageKind.CONTROL, dict.fromkeys(name for norm in targets for name in norm.controls))
        if assessment.facts and (Intent.APPLIES in asked or not asked & {Intent.EXPLAIN, Intent.DEFINE, Intent.CONTROLS}):
            collected.norms(ranked(effective, found))
            collected.norms(verdict.norm for verdict in verdicts if verdict.status is Status.EXEMPT)
            _open(collected, verdicts, assessment, questions, ranked(effective, found))
    for passage in documents:
        collected.add(passage)
    return collected.numbered()


def _named(collected: Collected, law: Knowledge, understanding: Understanding) -> None:
    """What the question and its premises name."""
    for premise in understanding.premises:
        for kind, known in (
            (PassageKind.NORM, law.norms),
            (PassageKind.INSTRUMENT, law.instruments),
            (PassageKind.QUALIFICATION, law.qualifications),
        ):
            if premise.about in known:
                collected.named(kind, [premise.about])
    collected.named(PassageKind.INTERPRETATION, map(str, understanding.interpretations))
    collected.named(PassageKind.QUALIFICATION, map(str, understanding.qualifications))
    collected.named(PassageKind.NORM, map(str, understanding.norms))
    for instrument, pin in understanding.provisions:
        wanted = pin.replace(" ", "").lower()
        places = (norm for norm in law.norms.values() if norm.instrument == instrument)
        collected.norms(norm for norm in places if norm.provision.replace(" ", "").lower().startswith(wanted))


def _by_search(collected: Collected, understanding: Understanding, assessment: Assessment, found: Sequence[Found]) -> None:
    """What the search found: questions of law, and of the norms those that can matter; all of them where no fact is known."""
    asked = set(understanding.intents)
    status = {verdict.norm.id: verdict.status for verdict in assessment.verdicts}
    for one in found[:SEARCHED]:
        passage = one.passage
        if passage.kind is PassageKind.NORM:
            live = status.get(NormId(passage.about or "")) in (*IN_EFFECT, Status.UNDETERMINED)
            if not assessment.facts or (live and asked & {Intent.EXPLAIN, Intent.DEFINE}):
                collected.add(passage)
        elif passage.kind is PassageKind.INTERPRETATION or Intent.DEFINE in asked:
            collected.add(passage)


def _open(
    collected: Collected,
    verdicts: Sequence[Verdict],
    assessment: Assessment,
    questions: Sequence[Question],
    order: Sequence[Norm],
) -> None:
    """The norms behind the questions back, and some more that cannot be told."""
    places = {norm.id: place for place, norm in enumerate(order)}
    for question in questions:
        verdict = behind(question, assessment, places)
        if verdict is not None:
            collected.norms([verdict.norm])
    open_verdicts = sorted(
        (v for v in verdicts if v.status is Status.UNDETERMINED),
        key=lambda v: (len(v.missing_facts), -_KIND.get(v.norm.kind, 0.0)),
    )
    collected.norms(verdict.norm for verdict in open_verdicts[:OPEN])


def uncertain_facts(understanding: Understanding) -> tuple[FactId, ...]:
    return tuple(dict.fromkeys(reading.fact for reading in understanding.readings if reading.polarity == "uncertain"))
