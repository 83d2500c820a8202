"""Own policies: which sections speak of which controls and norms. Candidates for evidence, in a class of trust of their own.

A candidate is found by likeness of words (:mod:`kg_service.texts.likeness`) or because the section names the control. It says
that a person should look there, never that a control is in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kg_service.imports.model import Document, Unit, UnitKind, UnitPath
from kg_service.model import ControlId, Knowledge, NormId
from kg_service.texts.likeness import Index, Likeness
from kg_service.texts.record import LoadedText

TRUST: Final = "own_policy"
_LEAST: Final = 0.18
_MOST: Final = 3
_SHORT: Final = 40  # characters: less is a heading or a number, and says nothing
_HOLDERS: Final = (
    UnitKind.PART, UnitKind.CHAPTER, UnitKind.SECTION, UnitKind.SUBSECTION, UnitKind.ARTICLE, UnitKind.TITLE, UnitKind.OTHER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a policy with all its words, up to the next section inside it."""

    path: UnitPath
    heading: str
    text: str
    iri: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A section that speaks of a control or a norm; ``because`` are the words they share, or the name that it gives."""

    policy: LoadedText
    section: Section
    score: float
    because: tuple[str, ...]
    control: ControlId | None = None
    norm: NormId | None = None


class Linker:
    """Finds what sections of policies speak of, by names, labels and objectives. Made once for a knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        controls = knowledge.controls.values()
        self._controls = Index(
            {
                one.id: ((one.name, 3), (one.id.replace("-", " "), 1), (one.objective, 2), (" ".join(one.evidence), 1))
                for one in controls
            }
        )
        self._norms = Index(
            {
                one.id: ((one.title, 3), (one.summary, 2), (" ".join((*one.measures, *one.evidence)), 1))
                for one in knowledge.norms.values()
            }
        )
        names = {one.id: (one.name, one.id, *one.aliases) for one in controls}
        self._names = {
            control: re.compile("|".join(rf"\b{re.escape(name)}\b" for name in of), re.IGNORECASE)
            for control, of in names.items()
        }

    def links(self, policy: LoadedText, document: Document) -> Iterator[Candidate]:
        """What the sections of a policy speak of, section by section, the likeliest first."""
        for section in sections(document):
            words = f"{section.heading}. {section.heading}. {section.text}"
            found = {one.name: one for one in self._controls.like(words, _MOST, _LEAST)}
            found |= {control: Likeness(control, 1.0, (match[0],)) for control, match in self._named(words)}
            for like in sorted(found.values(), key=lambda one: (-one.score, one.name)):
                yield Candidate(policy, section, like.score, like.words, control=ControlId(like.name))
            for like in self._norms.like(words, _MOST, _LEAST):
                yield Candidate(policy, section, like.score, like.words, norm=NormId(like.name))

    def _named(self, words: str) -> Iterator[tuple[ControlId, re.Match[str]]]:
        for control, names in self._names.items():
            match = names.search(words)
            if match is not None:
                yield control, match


def sections(document: Document) -> Iterator[Section]:
    """The sections of a policy that say something; a text without headings is cut into its paragraphs."""
    for unit in document.units:
        if not _opens(unit):
            continue
        text = "\n".join(part.text for part in _own(document, unit) if part.text)
        if len(text) >= _SHORT:
            yield Section(unit.path, unit.heading or "", text, document.iri(unit.path))


def _opens(unit: Unit) -> bool:
    return unit.parent is None or unit.heading is not None or unit.kind in _HOLDERS


def _own(document: Document, unit: Unit) -> Iterable[Unit]:
    """The unit and what is below it without what opens a section of its own."""
    yield unit
    for child in document.children.get(unit.path, ()):
        if not _opens(child):
            yield from _own(document, child)


def by_control(found: Iterable[Candidate]) -> Mapping[ControlId, tuple[Candidate, ...]]:
    """The candidates for each control, the likeliest first."""
    held: dict[ControlId, list[Candidate]] = {}
    for one in found:
        if one.control is not None:
            held.setdefault(one.control, []).append(one)
    return {control: tuple(sorted(each, key=lambda one: -one.score)) for control, each in held.items()}
