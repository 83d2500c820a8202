"""Passages of the law as we tell it: instruments, provisions, norms, qualifications, interpretations. Our own words only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from assistant.model import Passage, PassageId, PassageKind, Trust
from assistant.passages.names import joined, listed, name, trust_of, unique
from kg_service import ids
from kg_service.applicability.condition import qualifications_of
from kg_service.model import (
    Instrument,
    InstrumentId,
    Interpretation,
    Knowledge,
    Norm,
    Provision,
    ProvisionRef,
    Qualification,
)


class Law:
    """The passages of the law of one knowledge, with what links them."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._norms: dict[tuple[str, str], list[Norm]] = {}
        for norm in knowledge.norms.values():
            self._norms.setdefault((norm.instrument, norm.article), []).append(norm)
        self._places: dict[str, list[tuple[str, Provision]]] = {}
        for provision in knowledge.provisions.values():
            self._places.setdefault(provision.instrument, []).append((ids.slug(provision.number), provision))
        self._controlled: dict[str, list[PassageId]] = {}
        for one in knowledge.interpretations.values():
            for about in (*one.norms, *one.qualifications):
                self._controlled.setdefault(about, []).append(name(PassageKind.INTERPRETATION, one.id))

    def passages(self) -> Iterator[Passage]:
        """Every instrument, provision, norm, qualification and interpretation, each kind by id."""
        knowledge = self._knowledge
        yield from (self.instrument(one) for _, one in sorted(knowledge.instruments.items()))
        yield from (self.provision(one) for _, one in sorted(knowledge.provisions.items()))
        yield from (self.norm(one) for _, one in sorted(knowledge.norms.items()))
        yield from (self.qualification(one) for _, one in sorted(knowledge.qualifications.items()))
        yield from (self.interpretation(one) for _, one in sorted(knowledge.interpretations.items()))

    def instrument(self, one: Instrument) -> Passage:
        id_ = name(PassageKind.INSTRUMENT, one.id)
        related = chain(one.amends, one.amended_by, one.supersedes, one.superseded_by)
        return Passage(
            id=id_,
            kind=PassageKind.INSTRUMENT,
            title=one.short_title,
            text=joined(
                one.title,
                f"Issued by {one.issuer}, {one.type.replace('_', ' ')}, {one.status.replace('_', ' ')}",
                one.status_note,
                one.note,
                listed("Penalties", [one.penalty] if one.penalty else []),
            ),
            trust=trust_of(one.bindingness, one.type),
            iri=ids.instrument(one.id),
            about=one.id,
            instrument=one.id,
            official_url=one.url,
            jurisdiction=one.jurisdiction,
            applies_from=one.applies_from,
            applies_until=one.applies_until,
            neighbours=unique((name(PassageKind.INSTRUMENT, other) for other in related), id_),
            context=self._jurisdiction(one.jurisdiction),
            also=tuple(dict.fromkeys([one.id.replace("-", " "), *one.citations, *filter(None, [one.celex])])),
        )

    def provision(self, one: Provision) -> Passage:
        """An article with what its norms say. It holds from the first day of its norms to their last."""
        id_ = name(PassageKind.PROVISION, one.instrument, one.id)
        norms = self._norms.get((one.instrument, one.id), [])
        instrument = self._knowledge.instruments[one.instrument]
        starts = [norm.applies_from.day if norm.applies_from else None for norm in norms]
        ends = [norm.applies_until.day if norm.applies_until else None for norm in norms]
        return Passage(
            id=id_,
            kind=PassageKind.PROVISION,
            title=f"{instrument.short_title}, {one.number}" + (f": {one.heading}" if one.heading else ""),
            text=joined(
                one.heading, *(norm.summary if norm.title == one.heading else f"{norm.title}: {norm.summary}" for norm in norms)
            ),
            trust=trust_of(instrument.bindingness, instrument.type) if not norms else trust_of(norms[0].bindingness),
            iri=ids.provision(one.instrument, one.number),
            about=f"{one.instrument}/{one.id}",
            instrument=one.instrument,
            provision=one.number,
            official_url=one.url,
            jurisdiction=instrument.jurisdiction,
            applies_from=None if None in starts else min(filter(None, starts), default=None),
            applies_until=None if None in ends else max(filter(None, ends), default=None),
            decisions=tuple(sorted({number for norm in norms for number in norm.decisions})),
            neighbours=unique((name(PassageKind.NORM, norm.id) for norm in norms), id_),
            context=self._instrument(one.instrument),
        )

    def norm(self, one: Norm) -> Passage:
        id_ = name(PassageKind.NORM, one.id)
        provision = self._knowledge.provisions.get((one.instrument, one.article))
        uses = set(qualifications_of(one.applies_when))
        if one.unless is not None:
            uses |= qualifications_of(one.unless)
        borne = [self._knowledge.bearers[bearer].labels.label for bearer in one.bearers if bearer in self._knowledge.bearers]
        siblings = self._norms.get((one.instrument, one.article), [])
        return Passage(
            id=id_,
            kind=PassageKind.NORM,
            title=one.title,
            text=joined(
                one.summary,
                listed("Borne by", borne),
                listed("Measures", one.measures),
                listed("Evidence", one.evidence),
                listed("Penalty", [one.penalty] if one.penalty else []),
                one.note,
                listed("Not in the condition", one.unmodelled),
            ),
            trust=trust_of(one.bindingness),
            iri=ids.norm(one.id),
            about=one.id,
            instrument=one.instrument,
            provision=one.provision,
            official_url=one.url,
            jurisdiction=self._knowledge.instruments[one.instrument].jurisdiction,
            applies_from=one.applies_from.day if one.applies_from else None,
            applies_until=one.applies_until.day if one.applies_until else None,
            decisions=one.decisions,
            neighbours=unique(
                [
                    name(PassageKind.PROVISION, one.instrument, one.article),
                    *(name(PassageKind.QUALIFICATION, each) for each in sorted(uses)),
                    *self._controlled.get(one.id, ()),
                    *(name(PassageKind.CONTROL, each) for each in one.controls),
                    *(name(PassageKind.NORM, each.id) for each in siblings),
                    *(name(PassageKind.NORM, each) for each in one.superseded_by if each in self._knowledge.norms),
                ],
                id_,
            ),
            context=", ".join(
                filter(None, [self._instrument(one.instrument), one.provision, provision.heading if provision else None])
            ),
        )

    def qualification(self, one: Qualification) -> Passage:
        id_ = name(PassageKind.QUALIFICATION, one.id)
        uses = set(qualifications_of(one.when))
        if one.unless is not None:
            uses |= qualifications_of(one.unless)
        source = next((ref for ref in one.sources if ref.instrument is not None), None)
        home = self._knowledge.instruments.get(source.instrument) if source and source.instrument else None
        return Passage(
            id=id_,
            kind=PassageKind.QUALIFICATION,
            title=one.label,
            text=joined(one.definition, one.note, listed("Not in the condition", one.unmodelled)),
            trust=Trust.LAW,
            iri=ids.qualification(one.id),
            about=one.id,
            instrument=home.id if home else None,
            provision=source.pinpoint if source and home else None,
            official_url=home.url if home else None,
            jurisdiction=home.jurisdiction if home else None,
            neighbours=unique(
                [
                    *self._cited(one.sources),
                    *(name(PassageKind.QUALIFICATION, each) for each in sorted(uses)),
                    *self._controlled.get(one.id, ()),
                ],
                id_,
            ),
            context=home.short_title if home else "",
            also=tuple(ref.pinpoint for ref in one.sources),
        )

    def interpretation(self, one: Interpretation) -> Passage:
        """A question of law with its answer; ``also`` holds the other wordings in every language."""
        id_ = name(PassageKind.INTERPRETATION, one.id)
        english = one.questions.get("en", ())
        title = english[0] if english else one.id
        home = self._knowledge.instruments.get(one.instrument) if one.instrument else None
        return Passage(
            id=id_,
            kind=PassageKind.INTERPRETATION,
            title=title,
            text=joined(
                one.answer,
                one.reasoning,
                *(f"{reading.label}: {reading.argument} ({reading.held_by})" for reading in one.readings),
                *(change.after or change.before for change in one.changes),
                one.note,
            ),
            trust=Trust.GUIDANCE,
            iri=ids.interpretation(one.id),
            about=one.id,
            instrument=one.instrument,
            provision=one.citations[0].pinpoint if home and one.citations else None,
            official_url=home.url if home else None,
            jurisdiction=home.jurisdiction if home else None,
            applies_from=one.holds_from.day,
            applies_until=one.holds_until.day if one.holds_until else None,
            decisions=one.decisions,
            neighbours=unique(
                [
                    *(name(PassageKind.NORM, each) for each in one.norms),
                    *(name(PassageKind.QUALIFICATION, each) for each in one.qualifications),
                    *self._cited(one.citations),
                ],
                id_,
            ),
            context=home.short_title if home else "",
            also=tuple(wording for language in sorted(one.questions) for wording in one.questions[language] if wording != title),
        )

    def _cited(self, refs: Iterable[ProvisionRef]) -> Iterator[PassageId]:
        for ref in refs:
            if ref.instrument is not None:
                slug = ids.slug(ref.pinpoint)
                for start, provision in self._places.get(ref.instrument, ()):
                    if slug == start or slug.startswith(f"{start}-"):
                        yield name(PassageKind.PROVISION, provision.instrument, provision.id)

    def _instrument(self, instrument: InstrumentId) -> str:
        return self._knowledge.instruments[instrument].short_title

    def _jurisdiction(self, jurisdiction: str) -> str:
        term = next((one for key, one in self._knowledge.jurisdictions.items() if key == jurisdiction), None)
        return term.labels.label if term else ""
