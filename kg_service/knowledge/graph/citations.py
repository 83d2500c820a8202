"""Every provision that anything cites, gathered first: each is described once, in the graph of its own instrument."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal

from kg_service import ids
from kg_service.knowledge.graph.terms import ALT_LABEL, PREF_LABEL, RDF_TYPE, TITLE, Triple, aliases, day, node, sx, text, texts
from kg_service.model import DatedBy, InstrumentId, Knowledge, Provision, ProvisionRef

_HEAD = re.compile(r"[(,;]|\s(?:point|points|para|paras|paragraph|indent)\b")


@dataclass
class _Cited:
    """A provision as it was met: in which words, and inside which wholes."""

    pinpoints: set[str] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)
    article: Provision | None = None


def iri_of(ref: ProvisionRef) -> str:
    """The IRI of what ``ref`` names: a provision, or a source outside the registry."""
    return ids.source(ref.pinpoint) if ref.instrument is None else ids.provision(ref.instrument, ref.pinpoint)


def dated_iri(dated: DatedBy) -> str:
    return ids.dated_provision(dated.set_by.instrument or "other", dated.set_by.pinpoint, dated.day.isoformat())


class Citations:
    """All provisions and other sources that ``knowledge`` cites."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._cited: dict[InstrumentId, dict[str, _Cited]] = defaultdict(lambda: defaultdict(_Cited))
        self._others: dict[str, set[str]] = defaultdict(set)
        self._dated: dict[InstrumentId | None, dict[str, list[DatedBy]]] = defaultdict(lambda: defaultdict(list))
        for (instrument, _), article in knowledge.provisions.items():
            self._add_article(instrument, article)
        for ref in self._refs():
            self._add(ref)
        for dated in self._days():
            self._dated[dated.set_by.instrument][dated_iri(dated)].append(dated)
        for norm in knowledge.norms.values():
            file = knowledge.provisions.get((norm.instrument, norm.article))
            whole = None if file is None else ids.provision(norm.instrument, file.number)
            self._add(ProvisionRef(norm.instrument, norm.provision), whole)

    def _refs(self) -> Iterator[ProvisionRef]:
        for qualification in self._knowledge.qualifications.values():
            yield from qualification.sources
        for interpretation in self._knowledge.interpretations.values():
            yield from interpretation.citations
        yield from (dated.set_by for dated in self._days())

    def _days(self) -> Iterator[DatedBy]:
        for instrument in self._knowledge.instruments.values():
            yield from instrument.dates
        for norm in self._knowledge.norms.values():
            yield from (dated for dated in (norm.applies_from, norm.applies_until) if dated is not None)
        for one in self._knowledge.interpretations.values():
            days = (one.holds_from, one.holds_until, *(change.dated for change in one.changes))
            yield from (dated for dated in days if dated is not None)

    def _add_article(self, instrument: InstrumentId, article: Provision) -> None:
        cited = self._cited[instrument][ids.provision(instrument, article.number)]
        cited.article = article
        cited.pinpoints.add(article.number)
        cited.wholes.add(ids.instrument(instrument))

    def _add(self, ref: ProvisionRef, whole: str | None = None) -> None:
        if ref.instrument is None:
            self._others[ids.source(ref.pinpoint)].add(ref.pinpoint)
            return
        iri = ids.provision(ref.instrument, ref.pinpoint)
        cited = self._cited[ref.instrument][iri]
        if cited.article is not None:
            return
        cited.pinpoints.add(ref.pinpoint)
        cited.wholes.add(whole or self._whole(ref.instrument, ref.pinpoint))
        if len(cited.wholes) > 1:  # the article says more than the instrument around it
            cited.wholes.discard(ids.instrument(ref.instrument))

    def _whole(self, instrument: InstrumentId, pinpoint: str) -> str:
        head = ids.provision(instrument, _HEAD.split(pinpoint, maxsplit=1)[0])
        around = self._cited[instrument].get(head)
        return head if around is not None and around.article is not None else ids.instrument(instrument)

    def of(self, instrument: InstrumentId) -> Iterator[Triple]:
        """The description of every provision of ``instrument`` that is cited anywhere, and of the days that it sets."""
        known = self._knowledge.instruments.get(instrument)
        name = known.short_title if known is not None else instrument
        old_names = known.aliases if known is not None else ()
        for iri, cited in sorted(self._cited.get(instrument, {}).items()):
            subject = node(iri)
            yield subject, RDF_TYPE, sx("Provision")
            first, *rest = sorted(cited.pinpoints)
            yield subject, PREF_LABEL, text(f"{name}, {first}")
            for pinpoint in rest:
                yield subject, ALT_LABEL, text(f"{name}, {pinpoint}")
            yield subject, sx("pinpoint"), Literal(first)
            old = (ids.provision(alias, one) for alias in old_names for one in sorted(cited.pinpoints))
            yield from aliases(subject, old)
            for whole in sorted(cited.wholes):
                yield subject, sx("partOf"), node(whole)
            if cited.article is not None:
                yield from texts(subject, {TITLE: cited.article.heading})
                yield subject, sx("officialPage"), node(cited.article.url)
        yield from self._days_of(instrument)

    def others(self) -> Iterator[Triple]:
        """The description of every source that is outside the registry of instruments, and of the days that they set."""
        for iri, names in sorted(self._others.items()):
            first, *rest = sorted(names)
            yield node(iri), RDF_TYPE, sx("OtherSource")
            yield node(iri), PREF_LABEL, text(first)
            for name in rest:
                yield node(iri), ALT_LABEL, text(name)
        yield from self._days_of(None)

    def _days_of(self, setter: InstrumentId | None) -> Iterator[Triple]:
        for iri, found in sorted(self._dated.get(setter, {}).items()):
            subject, first = node(iri), found[0]
            yield subject, RDF_TYPE, sx("DatedProvision")
            yield subject, PREF_LABEL, text(f"{first.day.isoformat()}, set by {min(one.set_by.pinpoint for one in found)}")
            yield subject, sx("day"), day(first.day)
            yield subject, sx("setBy"), node(iri_of(first.set_by))
            for note in sorted({one.note for one in found if one.note is not None}):
                yield subject, sx("note"), text(note)
