"""Names of law as patterns: what the knowledge calls its instruments, and what the language files add."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assistant.understanding.names import name_pattern
from assistant.understanding.rules import LawName
from assistant.understanding.words import words_of
from kg_service.errors import Problem, nearest
from kg_service.knowledge.document import Place, Tree, Value
from kg_service.model import Instrument, InstrumentId, Knowledge, NormId, QualificationId

_NUMBER: Final = re.compile(r"\b\d{2,4}/\d{1,4}(?:/E[CU])?\b|\bEBA/GL/\d{4}/\d{2}\b|\bC-\d{3}/\d{2}\b")
_NOWHERE: Final = Tree("regulations", None, {})
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_CITED: Final = re.compile(
    r"[A-Z][A-Za-z.]*[ -]?\d[\w.-]*|\d+ (?:CFR|USC|NYCRR|CCR) \d[\w.-]*|"
    r"[A-Z][\w&]+(?: [A-Z][\w&]*)* (?:Act|Law|Rules?|Code)(?: \d{4})?"
)
_DATED: Final = re.compile(  # the month of a paper is no name of it
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Spring|Summer|Autumn|Winter|Directions)[ -]\d{1,4}"
)
_TOO_SHORT: Final = 3


def law_names(knowledge: Knowledge, value: Value, place: Place, problems: list[Problem]) -> Iterator[tuple[str, Place, LawName]]:
    """Each pattern with the law that it names; what the files name wrongly is added to ``problems``."""
    nowhere = Place(_NOWHERE)
    record = value if isinstance(value, dict) else {}
    for key, names in _mapping(record.get("instruments")):
        spot = place.below("instruments", key)
        if InstrumentId(key) not in knowledge.instruments:
            problems.append(
                Problem(str(spot), "unknown-instrument", f"there is no instrument {key!r}.", nearest(key, knowledge.instruments))
            )
        for number, name in _texts(names):
            yield name, spot.below(number), LawName(key)  # before the own names: of names as long the first counts
    for instrument in knowledge.instruments.values():
        for name in _own_names(instrument):
            yield name_pattern(name), nowhere, LawName(str(instrument.id))
    for number, topic in enumerate(record.get("topics") or []):
        if isinstance(topic, dict):
            yield from _topic(knowledge, topic, place.below("topics", number), problems)
    for number, name in _texts(record.get("unknown")):
        yield name, place.below("unknown", number), LawName(kind="unknown")


def _topic(
    knowledge: Knowledge, topic: dict[str, Value], place: Place, problems: list[Problem]
) -> Iterator[tuple[str, Place, LawName]]:
    instrument, qualification = topic.get("instrument"), topic.get("qualification")
    norms = tuple(name for _, name in _texts(topic.get("norms")))
    problems.extend(
        Problem(str(place), "unknown-norm", f"there is no norm {norm!r}.", nearest(norm, knowledge.norms))
        for norm in norms
        if NormId(norm) not in knowledge.norms
    )
    if isinstance(instrument, str) and InstrumentId(instrument) not in knowledge.instruments:
        problems.append(
            Problem(
                str(place),
                "unknown-instrument",
                f"there is no instrument {instrument!r}.",
                nearest(instrument, knowledge.instruments),
            )
        )
    if isinstance(qualification, str) and QualificationId(qualification) not in knowledge.qualifications:
        near = nearest(qualification, knowledge.qualifications)
        problems.append(Problem(str(place), "unknown-qualification", f"there is no qualification {qualification!r}.", near))
    name = LawName(
        instrument if isinstance(instrument, str) else None,
        norms,
        qualification if isinstance(qualification, str) else None,
        "topic",
    )
    for number, text in _texts(topic.get("say")):
        yield text, place.below("say", number), name


def _own_names(instrument: Instrument) -> Iterator[str]:
    """The short title, the official numbers, and what is cited by name and number."""
    found = dict.fromkeys(part.strip() for part in re.split(r"[,;]", _BRACKETS.sub(" ", instrument.short_title))[:1])
    found |= dict.fromkeys(_NUMBER.findall(instrument.title))
    for citation in instrument.citations:
        found |= dict.fromkeys(one for one in _CITED.findall(_BRACKETS.sub(" ", citation)))
    for name in found:
        words = words_of(name)
        if len(name) >= _TOO_SHORT and not _DATED.fullmatch(name) and words and any(len(word.raw) > 1 for word in words):
            yield name


def _mapping(value: Value) -> Iterator[tuple[str, Value]]:
    yield from (value if isinstance(value, dict) else {}).items()


def _texts(value: Value) -> Iterator[tuple[int, str]]:
    if isinstance(value, str):
        value = [value]
    for number, one in enumerate(value if isinstance(value, list) else []):
        if isinstance(one, str):
            yield number, one
