"""The provisions that the law's files cite, matched to the units of loaded texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kg_service.imports.model import Document, UnitPath
from kg_service.model import DatedBy, InstrumentId, Knowledge, ProvisionRef
from kg_service.texts.library import Library
from kg_service.texts.pinpoints import Place, Places
from kg_service.texts.record import LoadedText


class Role(StrEnum):
    """What a citation is for."""

    NORM = "norm"
    DATE = "date"
    QUALIFICATION = "qualification"
    INTERPRETATION = "interpretation"
    INSTRUMENT = "instrument"


@dataclass(frozen=True, slots=True)
class Use:
    """Who cites: a norm for what it says or for its days, a qualification for its sources, an instrument for its days.

    ``until`` is the last day of the use where it has one: a norm that ended cites a text that has gone since.
    """

    role: Role
    id: str
    start: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """One pinpoint of an instrument with those who cite it, and where it stands in each loaded version (by key)."""

    instrument: InstrumentId
    pinpoint: str
    uses: tuple[Use, ...]
    places: Mapping[str, Place]

    @property
    def matched(self) -> bool:
        """Whether the loaded texts have everything that is cited: one version of it, or several works each its part."""
        return self.understood and any(place.paths for place in self.places.values()) and not self.lost

    @property
    def lost(self) -> tuple[str, ...]:
        """The addresses that no loaded text has, in the order of the text that has most."""
        places = sorted(self.places.values(), key=lambda place: len(place.lost))
        if not places or places[0].whole:
            return ()
        works: dict[str, set[str]] = {}
        for key, place in self.places.items():
            work = key.partition("~")[0]
            works[work] = min(works.get(work, set(place.lost)), set(place.lost), key=len)
        everywhere = set.intersection(*works.values())
        return tuple(each for each in places[0].lost if each in everywhere)

    @property
    def understood(self) -> bool:
        return any(place.understood for place in self.places.values())


Cited = Mapping[InstrumentId, Mapping[str, tuple[Use, ...]]]
_ORDER: Final = tuple(Role)


def cited(knowledge: Knowledge) -> Cited:
    """Every pinpoint that the law's files cite, by instrument, with those who cite it."""
    found: dict[InstrumentId, dict[str, dict[Use, None]]] = {}
    for ref, use in _uses(knowledge):
        if ref.instrument is not None:
            found.setdefault(ref.instrument, {}).setdefault(ref.pinpoint, {})[use] = None
    return {
        instrument: {pinpoint: tuple(sorted(uses, key=_place)) for pinpoint, uses in sorted(of.items())}
        for instrument, of in sorted(found.items())
    }


def _place(use: Use) -> tuple[int, str]:
    return _ORDER.index(use.role), use.id


def _uses(knowledge: Knowledge) -> Iterator[tuple[ProvisionRef, Use]]:
    for norm in knowledge.norms.values():
        start, until = _day(norm.applies_from), _day(norm.applies_until)
        yield ProvisionRef(norm.instrument, norm.provision), Use(Role.NORM, norm.id, start, until)
        for dated in (norm.applies_from, norm.applies_until):
            if dated is not None:
                yield dated.set_by, Use(Role.DATE, norm.id, start, until)
    for qualification in knowledge.qualifications.values():
        for source in qualification.sources:
            yield source, Use(Role.QUALIFICATION, qualification.id)
    for interpretation in knowledge.interpretations.values():
        days = (_day(interpretation.holds_from), _day(interpretation.holds_until))
        for source in interpretation.citations:
            yield source, Use(Role.INTERPRETATION, interpretation.id, *days)
    for instrument in knowledge.instruments.values():
        for dated in instrument.dates:
            yield dated.set_by, Use(Role.INSTRUMENT, instrument.id)


def _day(dated: DatedBy | None) -> date | None:
    return None if dated is None else dated.day


def joined(cites: Cited, library: Library, instruments: Sequence[InstrumentId]) -> tuple[Joined, ...]:
    """Every citation of those instruments that have a loaded text, matched to each of its versions."""
    found: list[Joined] = []
    for instrument in instruments:
        versions = library.versions(instrument)
        places = {text.key: Places(library.document(text)) for text in versions}
        for pinpoint, uses in cites.get(instrument, {}).items() if places else ():
            found.append(Joined(instrument, pinpoint, uses, {key: each.of(pinpoint) for key, each in places.items()}))
    return tuple(found)


def covering(cites: Cited, instrument: InstrumentId, document: Document) -> Mapping[UnitPath, tuple[str, ...]]:
    """The units of a text on which norms of ours rest, with the ids of those norms."""
    places = Places(document)
    found: dict[UnitPath, dict[str, None]] = {}
    for pinpoint, uses in cites.get(instrument, {}).items():
        norms = [use.id for use in uses if use.role is Role.NORM]
        for path in places.of(pinpoint).paths if norms else ():
            found.setdefault(path, {}).update((norm, None) for norm in norms)
    return {path: tuple(norms) for path, norms in found.items()}


def quoted_norms(found: Sequence[Joined]) -> tuple[str, ...]:
    """The norms whose own provision now has its words."""
    named = (use.id for one in found if one.matched for use in one.uses if use.role is Role.NORM)
    return tuple(dict.fromkeys(named))


def version_notes(one: Joined, versions: Sequence[LoadedText]) -> str:
    """In which of several versions a citation stands, where it does not stand in all of them."""
    whole = [text.version for text in versions if text.key in one.places and one.places[text.key].whole]
    return "" if len(whole) == len(versions) else f"only in {', '.join(whole)}"
