"""Which text of which instrument is loaded, and which of its versions was the text on a given day."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from kg_service.errors import NotFoundError, nearest
from kg_service.imports.model import Document
from kg_service.model import InstrumentId
from kg_service.texts.record import LoadedText
from kg_service.texts.shelf import Shelf

_HELD: Final = 64


def open_library(data: Path) -> Library:
    """The texts loaded into the data directory of an installation."""
    return Library(Shelf(data / "texts"))


class Library:
    """The loaded texts. Safe in threads; what another process has loaded since is seen at the next call of :meth:`all`."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._documents: OrderedDict[tuple[str, str], Document] = OrderedDict()
        self._lock = Lock()

    def all(self) -> Mapping[str, LoadedText]:
        with self._lock:
            return self.shelf.all()

    def policies(self) -> tuple[LoadedText, ...]:
        """The own policies, every version."""
        return tuple(text for text in self.all().values() if text.is_policy)

    def versions(self, instrument: InstrumentId) -> tuple[LoadedText, ...]:
        """The loaded texts of an instrument, oldest first; of two from the same day the consolidated one is the later.

        An instrument may have several works, such as a statute and the regulation under it: see :func:`works`.
        """
        found = [text for text in self.all().values() if text.instrument == instrument]
        return tuple(sorted(found, key=lambda text: (text.valid_from or date.min, text.consolidated, text.version)))

    def document(self, text: LoadedText) -> Document:
        """The units of a loaded text.

        Raises:
            StoreError: where its file is gone or damaged.
        """
        place = (text.key, text.sha256)
        with self._lock:
            held = self._documents.get(place)
            if held is not None:
                self._documents.move_to_end(place)
                return held
        document = self.shelf.document(text)
        with self._lock:
            self._documents[place] = document
            while len(self._documents) > _HELD:
                self._documents.popitem(last=False)
        return document


def works(versions: Iterable[LoadedText]) -> tuple[tuple[LoadedText, ...], ...]:
    """The texts parted by the work whose versions they are; each in order."""
    found: dict[str, list[LoadedText]] = {}
    for text in versions:
        found.setdefault(text.work, []).append(text)
    return tuple(tuple(texts) for texts in found.values())


def at(versions: tuple[LoadedText, ...], day: date) -> LoadedText | None:
    """Of the versions of one work that which was the text on ``day``: the latest that had begun; None where it had ended.

    A version that does not say when it ends ends on the day before the next one begins.
    """
    begun = [text for text in versions if text.valid_from is None or text.valid_from <= day]
    if not begun:
        return None
    last = begun[-1]
    return last if last.valid_until is None or day <= last.valid_until else None


def held_on(versions: tuple[LoadedText, ...], day: date) -> tuple[LoadedText, ...]:
    """Of each work the version that was the text on ``day``."""
    found = (at(work, day) for work in works(versions))
    return tuple(text for text in found if text is not None)


def last_day(versions: tuple[LoadedText, ...], text: LoadedText) -> date | None:
    """The last day on which ``text`` is the text, as far as the loaded versions tell; None where it is open."""
    if text.valid_until is not None:
        return text.valid_until
    later = [
        other.valid_from
        for other in versions
        if other.work == text.work and other.valid_from is not None and other.valid_from > (text.valid_from or date.min)
    ]
    return min(later) - timedelta(days=1) if later else None


def required(library: Library, instrument: InstrumentId) -> tuple[LoadedText, ...]:
    """The loaded versions of an instrument, at least one.

    Raises:
        NotFoundError: where none is loaded; names the nearest that are.
    """
    found = library.versions(instrument)
    if not found:
        loaded = sorted({str(text.instrument) for text in library.all().values() if text.instrument is not None})
        raise NotFoundError("loaded text of", instrument, nearest(instrument, loaded) or tuple(loaded[:5]))
    return found
