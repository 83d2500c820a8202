"""Norms, qualifications and instruments as the pages show them: words and links, nothing of HTTP or HTML."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from kg_service import ids
from kg_service.applicability.condition import Condition, facts_of, qualifications_of
from kg_service.knowledge.graph.citations import iri_of
from kg_service.model import (
    Instrument,
    InstrumentId,
    Knowledge,
    LegalStatus,
    Norm,
    NormId,
    Provision,
    ProvisionRef,
    Qualification,
    Sureness,
    TermId,
)
from kg_service.web.conditions import Line, lines

Lexicon = Mapping[str, tuple[str, str | None]]
_LATE: Final = ("Annex", "Appendix", "Recital", "Schedule")  # stand after the articles and sections
_PARTS: Final = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Link:
    """A name and the IRI that it stands for; no link where the IRI is None."""

    text: str
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """A day in the life of a norm or an instrument, and the provision that sets it."""

    what: str
    day: date | None
    set_by: Link | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Sure:
    """How sure a record is, in plain words."""

    label: str
    meaning: str | None
    firm: bool
    note: str | None
    checked_on: date | None


@dataclass(frozen=True, slots=True)
class NormCard:
    norm: Norm
    iri: str
    kind: str
    bindingness: str
    state: str
    instrument: Link
    provision: Link
    bearers: tuple[Link, ...]
    days: tuple[Day, ...]
    event: Link | None
    decisions: tuple[Link, ...]
    when: Line
    unless: Line | None
    controls: tuple[Link, ...]
    later: tuple[Link, ...]
    sure: Sure


@dataclass(frozen=True, slots=True)
class QualificationCard:
    qualification: Qualification
    iri: str
    when: Line
    unless: Line | None
    sources: tuple[Link, ...]
    norms: tuple[Link, ...]
    qualifications: tuple[Link, ...]
    sure: Sure | None


@dataclass(frozen=True, slots=True)
class InstrumentCard:
    instrument: Instrument
    iri: str
    jurisdiction: Link
    type: str
    status: str
    bindingness: str | None
    days: tuple[Day, ...]
    chains: tuple[tuple[str, tuple[Link, ...]], ...]
    sure: Sure
    norms: int


class Cards:
    """Makes cards of one knowledge; ``words`` are label and definition of the ontology's terms and values by IRI."""

    def __init__(self, knowledge: Knowledge, words: Lexicon, today: date) -> None:
        self._knowledge, self._words, self._today = knowledge, words, today

    def norm(self, norm: Norm) -> NormCard:
        knowledge = self._knowledge
        event = None if norm.on_event is None else knowledge.events[norm.on_event].labels.label
        return NormCard(
            norm=norm,
            iri=ids.norm(norm.id),
            kind=str(norm.kind).replace("_", " "),
            bindingness=self._word("bindingness", norm.bindingness),
            state=state(norm, self._today),
            instrument=self.instrument_link(norm.instrument),
            provision=Link(norm.provision, ids.provision(norm.instrument, norm.provision)),
            bearers=tuple(Link(knowledge.bearers[name].labels.label, ids.bearer(name)) for name in norm.bearers),
            days=tuple(
                Day(what, dated.day, self.reference(dated.set_by, norm.instrument), dated.note)
                for what, dated in (("from", norm.applies_from), ("until", norm.applies_until))
                if dated is not None
            ),
            event=None if event is None else Link(event, ids.event(str(norm.on_event))),
            decisions=tuple(Link(f"{n}: {self._words[ids.decision(n)][0]}", ids.decision(n)) for n in norm.decisions),
            when=lines(knowledge, norm.applies_when),
            unless=None if norm.unless is None else lines(knowledge, norm.unless),
            controls=tuple(Link(knowledge.controls[name].name, ids.control(name)) for name in norm.controls),
            later=tuple(map(self._successor, norm.superseded_by)),
            sure=self.sure(norm.sureness),
        )

    def qualification(self, qualification: Qualification) -> QualificationCard:
        knowledge, own = self._knowledge, qualification.id
        norms, others = self._resting[own]
        return QualificationCard(
            qualification=qualification,
            iri=ids.qualification(own),
            when=lines(knowledge, qualification.when),
            unless=None if qualification.unless is None else lines(knowledge, qualification.unless),
            sources=tuple(self.reference(source) for source in qualification.sources),
            norms=tuple(self.norm_link(norm) for norm in norms),
            qualifications=tuple(Link(other.label, ids.qualification(other.id)) for other in others),
            sure=None if qualification.sureness is None else self.sure(qualification.sureness),
        )

    def instrument(self, instrument: Instrument) -> InstrumentCard:
        named = {"in force from": instrument.in_force_from, "applies from": instrument.applies_from}
        plain = [Day(what, day) for what, day in {**named, "applies until": instrument.applies_until}.items() if day is not None]
        set_days = [Day("", one.day, self.reference(one.set_by, instrument.id), one.note) for one in instrument.dates]
        level = instrument.bindingness
        return InstrumentCard(
            instrument=instrument,
            iri=ids.instrument(instrument.id),
            jurisdiction=self.place(instrument.jurisdiction),
            type=instrument.type.replace("_", " "),
            status=self._word("instrument-status", instrument.status),
            bindingness=None if level is None else self._word("bindingness", level),
            days=(*plain, *sorted(set_days, key=lambda one: str(one.day))),
            chains=tuple((name, links) for name, links in self._chains(instrument) if links),
            sure=self.sure(instrument.sureness),
            norms=sum(norm.instrument == instrument.id for norm in self._knowledge.norms.values()),
        )

    def provisions(self, instrument: InstrumentId) -> list[tuple[Provision, list[NormCard]]]:
        """The provisions of an instrument in the order of their numbers, each with the norms that it carries."""
        carried: dict[str, list[NormCard]] = defaultdict(list)
        for norm in self._knowledge.norms.values():
            if norm.instrument == instrument:
                carried[norm.article].append(self.norm(norm))
        own = [one for one in self._knowledge.provisions.values() if one.instrument == instrument]
        own.sort(key=lambda one: (one.number.startswith(_LATE), natural(one.number)))
        for cards in carried.values():
            cards.sort(key=lambda card: natural(card.norm.provision))
        return [(one, carried[one.id]) for one in own]

    def by_place(self) -> list[tuple[Link, int, list[InstrumentCard]]]:
        """All instruments by jurisdiction, a place after the wider one in which it lies."""
        groups: dict[str, list[InstrumentCard]] = defaultdict(list)
        for instrument in self._knowledge.instruments.values():
            groups[instrument.jurisdiction].append(self.instrument(instrument))
        for cards in groups.values():
            cards.sort(key=lambda card: card.instrument.short_title.casefold())
        chains = {place: self._chain(place) for place in groups}
        ordered = sorted(groups, key=lambda place: chains[place])
        return [(self.place(place), len(chains[place]) - 1, groups[place]) for place in ordered]

    def uses(self) -> Mapping[str, int]:
        """How many norms name each control, and how many norms and qualifications ask for each fact themselves, by IRI."""
        found: Counter[str] = Counter()
        for norm in self._knowledge.norms.values():
            found.update(ids.control(name) for name in norm.controls)
            found.update(map(ids.fact, _asked(norm.applies_when, norm.unless)))
        for qualification in self._knowledge.qualifications.values():
            found.update(map(ids.fact, _asked(qualification.when, qualification.unless)))
        return found

    def place(self, jurisdiction: str) -> Link:
        term = self._knowledge.jurisdictions.get(TermId(jurisdiction))
        return Link(jurisdiction.capitalize() if term is None else term.labels.label, ids.jurisdiction(jurisdiction))

    def reference(self, source: ProvisionRef, within: InstrumentId | None = None) -> Link:
        """A pinpoint, with the short title of its instrument unless that is ``within``."""
        title = "" if source.instrument in (None, within) else self._title(source.instrument) + " "
        return Link(f"{title}{source.pinpoint}", iri_of(source))

    def norm_link(self, norm: Norm) -> Link:
        return Link(f"{self._title(norm.instrument)} {norm.provision}: {norm.title}", ids.norm(norm.id))

    def instrument_link(self, name: InstrumentId) -> Link:
        return Link(self._title(name), ids.instrument(name))

    def sure(self, sureness: Sureness) -> Sure:
        label, meaning = self._words.get(ids.value("certainty", sureness.level.value), (sureness.level.value, None))
        return Sure(label, meaning, sureness.level.value.startswith("verified"), sureness.note, sureness.checked_on)

    @cached_property
    def _resting(self) -> Mapping[str, tuple[list[Norm], list[Qualification]]]:
        """The norms and the qualifications that name each qualification themselves."""
        found: dict[str, tuple[list[Norm], list[Qualification]]] = defaultdict(lambda: ([], []))
        for norm in self._knowledge.norms.values():
            for name in _named(norm.applies_when, norm.unless):
                found[name][0].append(norm)
        for qualification in self._knowledge.qualifications.values():
            for name in _named(qualification.when, qualification.unless):
                found[name][1].append(qualification)
        return found

    def _word(self, kind: str, value: str) -> str:
        found = self._words.get(ids.value(kind, value))
        return value.replace("_", " ") if found is None else found[0].lower()

    def _title(self, name: InstrumentId | None) -> str:
        known = self._knowledge.instruments.get(name) if name is not None else None
        return str(name) if known is None else known.short_title

    def _successor(self, name: str) -> Link:
        if name in self._knowledge.norms:
            return self.norm_link(self._knowledge.norms[NormId(name)])
        return self.instrument_link(InstrumentId(name))

    def _chains(self, instrument: Instrument) -> Iterable[tuple[str, tuple[Link, ...]]]:
        """Links to earlier and later instruments, whichever end of them the files state."""
        others, own = self._knowledge.instruments.values(), instrument.id
        ends: list[tuple[str, Iterable[InstrumentId], Iterable[InstrumentId]]] = [
            ("amends", instrument.amends, (other.id for other in others if own in other.amended_by)),
            ("amended by", instrument.amended_by, (other.id for other in others if own in other.amends)),
            ("supersedes", instrument.supersedes, (other.id for other in others if own in other.superseded_by)),
            ("superseded by", instrument.superseded_by, (other.id for other in others if own in other.supersedes)),
        ]
        for name, here, there in ends:
            yield name, tuple(map(self.instrument_link, dict.fromkeys([*here, *there])))

    def _chain(self, place: str) -> tuple[str, ...]:
        """The names of all wider places down to this one."""
        term = self._knowledge.jurisdictions.get(TermId(place))
        own = self.place(place).text
        return (own,) if term is None or term.parent is None else (*self._chain(term.parent), own)


def state(norm: Norm, today: date) -> str:
    """Where the norm stands on that day: ``pending``, ``upcoming``, ``ended`` or ``in force``."""
    if norm.applies_until is not None and norm.applies_until.day < today:
        return "ended"
    if norm.legal_status is LegalStatus.PENDING or norm.applies_from is None:
        return "pending"
    return "upcoming" if norm.applies_from.day > today else "in force"


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A key under which ``Art 9`` stands before ``Art 10``."""
    return tuple((0, int(part)) if _PARTS.fullmatch(part) else (1, part.casefold()) for part in _PARTS.split(text) if part)


def _asked(*conditions: Condition | None) -> frozenset[str]:
    return frozenset[str]().union(*(facts_of(part) for part in conditions if part is not None))


def _named(*conditions: Condition | None) -> frozenset[str]:
    return frozenset[str]().union(*(qualifications_of(part) for part in conditions if part is not None))
