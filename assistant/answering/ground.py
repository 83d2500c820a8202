"""The ground of an answer: which passages are handed over, numbered, the most important first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from assistant.answering.asking import behind
from assistant.answering.ranking import Ranking
from assistant.compose.obligations import HANGING
from assistant.compose.plain import at
from assistant.model import Citation, Found, Intent, Passage, PassageKind, Understanding
from assistant.retrieval.scope import Scope
from assistant.verify.names import Names
from kg_service.applicability.compare import Comparison, Difference
from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Status, Verdict
from kg_service.applicability.hinges import Hinge
from kg_service.applicability.questions import Question
from kg_service.errors import NotFoundError
from kg_service.model import FactId, InstrumentId, Knowledge, Norm, NormId

SEARCHED: Final = 12
BEGINNING: Final = 60  # norms of which only the first day is told
OPEN: Final = 8  # undetermined norms handed over, for each question back
_LAW: Final = (PassageKind.NORM, PassageKind.INTERPRETATION, PassageKind.QUALIFICATION, PassageKind.INSTRUMENT)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_ASKING: Final = re.compile(
    r"\W*(?:which|what|who|how|when|where|why|does|do|is|are|must|may|can|should|tell|explain|list|show|give|name)\b",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"\b(?:under|of|from|in|by|does|do|did|per|is|are|see|explain|to|on|about|with|that|what)\s+(?:the\s+)?(?:new\s+|eu\s+|uk\s+|us\s+)?$",
    re.IGNORECASE,
)


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
    for name in tuple(named):
        one = law.instruments.get(InstrumentId(name))
        if one is not None:  # what amends or replaces it often has the answer
            named |= {str(other) for other in (*one.amends, *one.amended_by, *one.supersedes, *one.superseded_by)}
    if not assessment.facts or len(instruments) == len(law.instruments):
        return Scope(kinds=frozenset(_LAW), instruments=frozenset(named) or None)
    return Scope(instruments=frozenset(map(str, instruments)) | named, kinds=frozenset(_LAW))


def asked_about(names: Names, understanding: Understanding) -> frozenset[str]:
    """The instruments that the question itself asks about: named after a preposition or a verb in a sentence that asks."""
    wanted = {str(name) for name in understanding.instruments}
    if not wanted:
        return frozenset()
    sentences = [one for one in _SENTENCE.split(understanding.text) if one.strip()]
    asking = [one for one in sentences if "?" in one or _ASKING.match(one)] or sentences[-1:]
    found: set[str] = set()
    for sentence in asking:
        for _, ids, start, _ in names.found(sentence):
            if _BEFORE.search(sentence[:start]):
                found |= {str(one) for one in ids} & wanted
    return frozenset(found)


def focus(understanding: Understanding, wanted: frozenset[str], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts asked about: of the instruments in ``wanted`` or the decisions that the question names, else all."""
    found = [verdict for verdict in verdicts if str(verdict.norm.instrument) in wanted]
    if found:
        return found
    if understanding.decisions:
        decisions = set(understanding.decisions)
        return [verdict for verdict in verdicts if decisions & set(verdict.norm.decisions)]
    return list(verdicts)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the engine and the search found, before it becomes passages. ``wanted`` are the instruments asked about."""

    understanding: Understanding
    assessment: Assessment
    found: tuple[Found, ...]
    comparison: Comparison | None
    difference: Difference | None
    questions: tuple[Question, ...]
    wanted: frozenset[str]
    hinges: tuple[Hinge, ...] = ()


def collect(
    home: Passages, law: Knowledge, ranking: Ranking, given: Findings, documents: Sequence[Passage]
) -> tuple[Citation, ...]:
    """Every passage that the answer may rest on, the most important first."""
    collected = Collected(home)
    understanding, assessment, found = given.understanding, given.assessment, given.found
    asked = set(understanding.intents)
    _named(collected, law, understanding)
    verdicts = focus(understanding, given.wanted, assessment.verdicts)
    effective = ranking.ranked([verdict.norm for verdict in verdicts if verdict.status in IN_EFFECT], found, assessment.facts)
    if given.comparison is not None:
        changes = [c.norm for option in given.comparison.options for c in (*option.gained, *option.lost, *option.changed)]
        collected.norms(ranking.ranked(changes, found, assessment.facts))
        collected.norms(effective[:SEARCHED])
    elif given.difference is not None:
        difference = given.difference
        turned = [one.change.norm for one in (*difference.begins, *difference.ends, *difference.changed)]
        collected.norms(ranking.ranked(turned, found, assessment.facts))
        collected.norms(effective[:SEARCHED])
    else:
        _by_search(collected, understanding, assessment, found)
        _of_instruments(collected, law, ranking, given, effective)
        if Intent.CONTROLS in asked:
            targets = named_norms(law, understanding) or effective or _all_of(law, understanding)
            collected.norms(targets)
            collected.named(PassageKind.CONTROL, dict.fromkeys(name for norm in targets for name in norm.controls))
        if assessment.facts:
            collected.norms(effective)
            collected.norms(verdict.norm for verdict in verdicts if verdict.status is Status.EXEMPT)
            _hinging(collected, law, ranking, given)
            _open(collected, verdicts, assessment, given.questions, ranking, found)
    for passage in documents:
        collected.add(passage)
    return collected.numbered()


def named_norms(law: Knowledge, understanding: Understanding) -> list[Norm]:
    """The norms that the question names, by themselves or by their provision."""
    found = [law.norms[name] for name in understanding.norms if name in law.norms]
    for instrument, pin in understanding.provisions:
        found += [norm for norm in law.norms.values() if norm.instrument == instrument and at(norm.provision, pin)]
    return list(dict.fromkeys(found))


def _all_of(law: Knowledge, understanding: Understanding) -> list[Norm]:
    wanted = {str(name) for name in understanding.instruments}
    return [norm for norm in law.norms.values() if norm.instrument in wanted]


def _of_instruments(collected: Collected, law: Knowledge, ranking: Ranking, given: Findings, effective: Sequence[Norm]) -> None:
    """The instruments named, and their first norms where none of them is in effect for what was described."""
    wanted = {str(name) for name in given.understanding.instruments}
    collected.named(PassageKind.INSTRUMENT, map(str, given.understanding.instruments))
    if not wanted or given.understanding.norms or any(norm.instrument in wanted for norm in effective):
        return
    norms = _all_of(law, given.understanding)
    if Intent.CHANGES in given.understanding.intents:
        start, end = given.assessment.as_of, given.understanding.until
        days = [(norm, norm.applies_from.day) for norm in norms if norm.applies_from is not None]
        norms = [norm for norm, day in days if day > start and (end is None or day <= end)] or norms
        collected.norms(ranking.ranked(norms, given.found, given.assessment.facts)[:BEGINNING])
    else:
        collected.norms(ranking.ranked(norms, given.found, given.assessment.facts)[:SEARCHED])


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
    collected.norms(named_norms(law, understanding))


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
        elif passage.kind is PassageKind.INTERPRETATION:
            if understanding.alike is None or passage.about in understanding.alike:  # words may meet by chance
                collected.add(passage)
        elif Intent.DEFINE in asked:
            collected.add(passage)


def _hinging(collected: Collected, law: Knowledge, ranking: Ranking, given: Findings) -> None:
    """The conclusions on which many open norms hang, and the first of those norms."""
    for hinge in given.hinges:
        collected.named(PassageKind.QUALIFICATION, [hinge.qualification])
        norms = [law.norms[name] for name in hinge.norms]
        collected.norms(ranking.ranked(norms, given.found, given.assessment.facts)[:HANGING])


def _open(
    collected: Collected,
    verdicts: Sequence[Verdict],
    assessment: Assessment,
    questions: Sequence[Question],
    ranking: Ranking,
    found: Sequence[Found],
) -> None:
    """The norms behind the questions back, and the most important of those that cannot be told."""
    missing = {verdict.norm.id: verdict.missing_facts for verdict in verdicts if verdict.status is Status.UNDETERMINED}
    open_norms = ranking.ranked(
        [verdict.norm for verdict in verdicts if verdict.status is Status.UNDETERMINED], found, assessment.facts
    )
    places = {norm.id: place for place, norm in enumerate(open_norms)}
    for question in questions:
        verdict = behind(question, assessment, places)
        if verdict is not None:
            collected.norms([verdict.norm])
    for question in questions:
        collected.norms([norm for norm in open_norms if question.fact.id in missing[norm.id]][:OPEN])
    collected.norms(open_norms[:OPEN])


def uncertain_facts(understanding: Understanding) -> tuple[FactId, ...]:
    return tuple(dict.fromkeys(reading.fact for reading in understanding.readings if reading.polarity == "uncertain"))
