"""The texts of two days side by side: which versions they are, what changed between them, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kg_service.applicability.evaluate import Evaluator
from kg_service.deployments.record import StoredDeployment
from kg_service.errors import InputError, Problem
from kg_service.imports.model import Document
from kg_service.model import Instrument
from kg_service.texts.changes import TextDifference, difference
from kg_service.texts.joining import Cited
from kg_service.texts.library import Library, held_on, required
from kg_service.texts.record import LoadedText
from kg_service.texts.resting import Consequences, consequences


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions with their units, what changed and what rests on it. ``same`` where one text held on both days."""

    old: tuple[LoadedText, Document]
    new: tuple[LoadedText, Document]
    found: TextDifference
    effects: Consequences

    @property
    def same(self) -> bool:
        return self.old[0].key == self.new[0].key


def compare_days(
    library: Library,
    evaluator: Evaluator,
    cites: Cited,
    instrument: Instrument,
    days: tuple[date, date],
    deployments: Iterable[StoredDeployment],
) -> Compared:
    """What changed in the loaded text of ``instrument`` from the one day to the other, however they are ordered.

    Raises:
        NotFoundError: where no text of the instrument is loaded.
        InputError: where no loaded text held on one of the days; says which versions there are.
    """
    versions = required(library, instrument.id)
    start, end = sorted(days)
    begins, ends = ({text.work: text for text in held_on(versions, day)} for day in (start, end))
    both = [(begins[work], ends[work]) for work in begins if work in ends]
    if not both:
        there = ", ".join(f"{text.version} from {text.valid_from or 'the beginning'}" for text in versions)
        told = f"no loaded text of {instrument.id} held on this day; loaded: {there}."
        empty = [f"{name} {day}" for name, day, held in (("--from", start, begins), ("--to", end, ends)) if not held]
        raise InputError(Problem(where, "no-text", told) for where in empty or [f"--from {start}"])
    chosen = next((pair for pair in both if pair[0] != pair[1]), both[0])
    old, new = ((text, library.document(text)) for text in chosen)
    found = difference(old[1], new[1])
    effects = consequences(evaluator, cites, instrument.id, (old[1], new[1]), found, deployments, end)
    return Compared(old, new, found, effects)
