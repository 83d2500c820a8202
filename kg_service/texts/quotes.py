"""The exact words of a cited provision, in the version that was the text on a day; or the reason why they cannot be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from threading import Lock
from typing import Any, Final, TypeAlias

from kg_service.model import Instrument, InstrumentId
from kg_service.texts.library import Library, held_on
from kg_service.texts.pinpoints import Place, Places
from kg_service.texts.record import LoadedText

LIMIT: Final = 1200
_MOST: Final = 20_000  # quotes held
_ABSENT_WHEN_CONSOLIDATED: Final = "recital-"
View: TypeAlias = dict[str, Any]


class Missing(StrEnum):
    """Why there is no quote."""

    NOT_LOADED = "no text of this instrument is loaded"
    NO_VERSION = "no text that held on this day is loaded"
    NOT_THERE = "the text that held on this day has no such provision"
    NOT_UNDERSTOOD = "the citation is not in a form that can be looked up"


@dataclass(frozen=True, slots=True)
class Quote:
    """The words of the units that a citation means.

    ``text`` is verbatim, numbers and headings included; where ``complete`` is False it breaks off after a word, and what shows it
    puts an ellipsis behind the closing quotation mark. ``lost`` are parts of the citation that the text does not have.
    ``amended_since`` are acts that amended the instrument after this text: a newer text is needed.
    """

    text: str
    complete: bool
    version: LoadedText
    iris: tuple[str, ...]
    lost: tuple[str, ...] = ()
    amended_since: tuple[InstrumentId, ...] = ()


class Quotes:
    """Quotes from the texts of a library. Safe in threads; ``limit`` is the longest quote in characters.

    With ``instruments`` a quote says which amendments came into force after its text began and until the day asked about.
    """

    def __init__(
        self, library: Library, instruments: Mapping[InstrumentId, Instrument] | None = None, limit: int = LIMIT
    ) -> None:
        self.library, self.limit = library, limit
        self._instruments = instruments or {}
        self._places: dict[tuple[str, str], Places] = {}
        self._known: dict[tuple[str, str, str], Quote] = {}
        self._versions: dict[InstrumentId, tuple[LoadedText, ...]] = {}
        self._lock = Lock()

    def refresh(self) -> None:
        """What was loaded since is seen from now on."""
        texts = self.library.all()
        held: dict[InstrumentId, None] = {text.instrument: None for text in texts.values() if text.instrument is not None}
        versions = {instrument: self.library.versions(instrument) for instrument in held}
        with self._lock:
            self._versions = versions
            there = {(text.key, text.sha256) for text in texts.values()}
            self._places = {place: known for place, known in self._places.items() if place in there}
            self._known = {place: known for place, known in self._known.items() if place[:2] in there}

    def quote(self, instrument: str, pinpoint: str, day: date) -> Quote | Missing:
        """The words of a provision on ``day``."""
        if not self._versions:
            self.refresh()
        versions = self._versions.get(InstrumentId(instrument), ())
        if not versions:
            return Missing.NOT_LOADED
        held = held_on(versions, day)
        if not held:
            return Missing.NO_VERSION
        version, place = max(((text, self._place(text, pinpoint)) for text in held), key=lambda pair: _found(pair[1]))
        if place.lost and all(path.startswith(_ABSENT_WHEN_CONSOLIDATED) for path in place.lost):
            version = self._with_recitals(versions, version) or version
            place = self._place(version, pinpoint)
        if not place.understood:
            return Missing.NOT_UNDERSTOOD
        if not place.paths:
            return Missing.NOT_THERE
        return replace(self._quoted(version, pinpoint, place), amended_since=self._amended(version, day))

    def _with_recitals(self, versions: tuple[LoadedText, ...], version: LoadedText) -> LoadedText | None:
        """The version up to ``version`` that has recitals: a consolidated text carries none, and they do not change."""
        upto = [text for text in versions[: versions.index(version)] if text.work == version.work]
        return next((text for text in reversed(upto) if not text.consolidated), None)

    def _place(self, version: LoadedText, pinpoint: str) -> Place:
        return self._opened(version).of(pinpoint)

    def _opened(self, version: LoadedText) -> Places:
        key = (version.key, version.sha256)
        found = self._places.get(key)
        if found is None:
            found = Places(self.library.document(version))
            with self._lock:
                self._places[key] = found
        return found

    def _quoted(self, version: LoadedText, pinpoint: str, place: Place) -> Quote:
        key = (version.key, version.sha256, pinpoint)
        found = self._known.get(key)
        if found is None:
            document = self._opened(version).document
            words = "\n".join(document.text(path) for path in place.paths)
            text = _cut(words, self.limit)
            found = Quote(text, text == words, version, tuple(document.iri(path) for path in place.paths), place.lost)
            with self._lock:
                if len(self._known) < _MOST:
                    self._known[key] = found
        return found

    def _amended(self, version: LoadedText, day: date) -> tuple[InstrumentId, ...]:
        instrument = self._instruments.get(version.instrument) if version.instrument is not None else None
        if instrument is None or version.valid_from is None:
            return ()
        acts = (self._instruments.get(name) for name in instrument.amended_by)
        since = (act for act in acts if act is not None and act.in_force_from is not None)
        return tuple(act.id for act in since if version.valid_from < (act.in_force_from or version.valid_from) <= day)


def _found(place: Place) -> tuple[bool, int]:
    """How much of a citation a text has: everything is best, then more of it."""
    return place.whole, len(place.paths) - len(place.lost)


def _cut(text: str, limit: int) -> str:
    """``text`` up to the last whole word within ``limit``."""
    if len(text) <= limit:
        return text
    end = max(text.rfind(" ", 0, limit + 1), text.rfind("\n", 0, limit + 1))
    return text[: end if end > 0 else limit].rstrip()


def shown(quote: Quote) -> str:
    """The quote in quotation marks, with an ellipsis behind them where it breaks off."""
    return f"“{quote.text}”" + ("" if quote.complete else " …")


def quote_view(quote: Quote | Missing) -> View:
    """The quote as JSON, to be put into a citation; without one, ``quote_missing`` says why."""
    if isinstance(quote, Missing):
        return {"quote": None, "quote_missing": quote.value}
    return {
        "quote": quote.text,
        "quote_complete": quote.complete,
        "version": quote.version.version,
        "version_from": None if quote.version.valid_from is None else quote.version.valid_from.isoformat(),
        "version_amended_since": list(quote.amended_since),
        "text_sha256": quote.version.sha256,
        "text_iri": quote.iris[0],
        "text_iris": list(quote.iris),
        "quote_missing": f"not in this text: {', '.join(quote.lost)}" if quote.lost else None,
    }


def with_quotes(view: Mapping[str, Any], quotes: Quotes, day: date) -> View:
    """``view`` with a quote in every citation of an instrument in it, however deep: verdicts, dates, qualifications."""
    found = _walk(view, quotes, day)
    if not isinstance(found, dict):
        raise TypeError(type(found))
    return found


def _walk(value: Any, quotes: Quotes, day: date) -> Any:
    if isinstance(value, Mapping):
        inner = {key: _walk(each, quotes, day) for key, each in value.items()}
        instrument, pinpoint = value.get("instrument"), value.get("provision")
        if isinstance(instrument, str) and isinstance(pinpoint, str) and "iri" in value:
            inner |= quote_view(quotes.quote(instrument, pinpoint, day))
        return inner
    if isinstance(value, list | tuple):
        return [_walk(each, quotes, day) for each in value]
    return value
