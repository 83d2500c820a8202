"""Knowledge while it is being read: what was understood so far, where it stands, and every problem met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kg_service.errors import DocumentError, Problem, nearest
from kg_service.knowledge.document import Place, Tree, Value, read_yaml
from kg_service.model import (
    Bearer,
    Control,
    ControlId,
    Event,
    EventId,
    Fact,
    FactId,
    Framework,
    Instrument,
    InstrumentId,
    Interpretation,
    InterpretationId,
    Norm,
    NormId,
    Provision,
    Qualification,
    QualificationId,
    Risk,
    RiskId,
    Term,
    TermId,
)


@dataclass(slots=True)
class Draft:
    """``places`` knows every id that is written somewhere, also of records that have a problem and are left out."""

    root: Path
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, dict[str, Place]] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    references: list[tuple[str, str, Place]] = field(default_factory=list)
    facts: dict[FactId, Fact] = field(default_factory=dict)
    jurisdictions: dict[TermId, Term] = field(default_factory=dict)
    events: dict[EventId, Event] = field(default_factory=dict)
    bearers: dict[str, Bearer] = field(default_factory=dict)
    instruments: dict[InstrumentId, Instrument] = field(default_factory=dict)
    provisions: dict[tuple[InstrumentId, str], Provision] = field(default_factory=dict)
    qualifications: dict[QualificationId, Qualification] = field(default_factory=dict)
    norms: dict[NormId, Norm] = field(default_factory=dict)
    controls: dict[ControlId, Control] = field(default_factory=dict)
    risks: dict[RiskId, Risk] = field(default_factory=dict)
    frameworks: dict[str, Framework] = field(default_factory=dict)
    interpretations: dict[InterpretationId, Interpretation] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def tree(self, path: Path) -> Tree | None:
        """The file at ``path``, or None where it cannot be read; then the problem is noted."""
        try:
            return read_yaml(path, self.name(path))
        except DocumentError as error:
            self.problems.extend(error.problems)
            return None

    def wrong(self, place: Place | str, code: str, message: str, near: Iterable[str] = ()) -> None:
        self.problems.append(Problem(str(place), code, message, tuple(near)))

    def known(self, kind: str) -> Mapping[str, Place]:
        return self.places.get(kind, {})

    def declare(self, kind: str, identifier: str, place: Place) -> bool:
        """True where ``identifier`` is new among its ``kind``; otherwise the problem is noted."""
        first = self.places.setdefault(kind, {}).setdefault(identifier, place)
        if first is not place:
            self.wrong(place, "duplicate-id", f"the {kind} {identifier!r} is already defined at {first}.")
        return first is place

    def refer(self, kind: str, identifier: str, place: Place) -> None:
        """What stands at ``place`` must name a thing of ``kind``; :func:`check_references` sees to it once all is read."""
        self.references.append((kind, identifier, place))

    def rename(self, kind: str, old: Iterable[str], new: str, place: Place) -> None:
        """Each alias in ``old`` resolves to ``new``; :func:`check_aliases` finds collisions once all is read."""
        table = self.aliases.setdefault(kind, {})
        for alias in old:
            if table.setdefault(alias, new) != new:
                self.wrong(place, "alias-collision", f"the old id {alias!r} already stands for the {kind} {table[alias]!r}.")
            self.places.setdefault(f"alias of {kind}", {}).setdefault(alias, place)


def check_references(draft: Draft) -> None:
    """Every reference to something that does not exist is noted, with its new id where it was renamed."""
    for kind, identifier, place in draft.references:
        known = draft.known(kind)
        if identifier not in known:
            new = draft.aliases.get(kind, {}).get(identifier)
            code = "unknown-" + kind.partition(" of ")[0].replace(" ", "-")
            draft.wrong(place, code, f"there is no {kind} {identifier!r}.", (new,) if new else nearest(identifier, known))


def check_aliases(draft: Draft) -> None:
    """Every alias that is also the id of a living thing is noted."""
    for kind, table in draft.aliases.items():
        for alias in table:
            if alias in draft.known(kind):
                place = draft.known(f"alias of {kind}")[alias]
                draft.wrong(place, "alias-collision", f"the old id {alias!r} is also the id of a {kind} that exists.")


def entries(draft: Draft, tree: Tree, what: str) -> list[tuple[str, Value, Place]]:
    """The entries of a file that is one mapping from id to record."""
    if not isinstance(tree.root, dict):
        draft.wrong(Place(tree), "wrong-type", f"this file is a mapping from {what} to its record.")
        return []
    return [(key, value, Place(tree).below(key)) for key, value in tree.root.items()]


def items(draft: Draft, tree: Tree, what: str) -> list[tuple[Value, Place]]:
    """The items of a file that is one list of records."""
    if not isinstance(tree.root, list):
        draft.wrong(Place(tree), "wrong-type", f"this file is a list of {what}.")
        return []
    return [(value, Place(tree).below(number)) for number, value in enumerate(tree.root)]


def identifier(raw: Value) -> str | None:
    """The id that a record gives itself, though the record may be wrong elsewhere."""
    found = raw.get("id") if isinstance(raw, dict) else None
    return found if isinstance(found, str) else None
