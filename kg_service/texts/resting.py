"""What rests on the provisions that changed between two versions: norms, their days, qualifications, stored deployments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kg_service.applicability.condition import qualifications_of
from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import parse_facts
from kg_service.deployments.record import StoredDeployment
from kg_service.errors import InputError
from kg_service.imports.model import FIRST, Document, UnitPath
from kg_service.model import InstrumentId, Knowledge, NormId, QualificationId
from kg_service.texts.changes import Kind, TextDifference, UnitChange
from kg_service.texts.joining import Cited, Role, Use
from kg_service.texts.pinpoints import Places

_TOUCHED: Final = (Status.APPLIES, Status.UPCOMING, Status.UNDETERMINED, Status.EXEMPT)


@dataclass(frozen=True, slots=True)
class Rests:
    """A citation of ours whose words changed: who cites, by which pinpoint, and the changed units (their names)."""

    use: Use
    pinpoint: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """A stored deployment with the norms on changed words that may matter to it; ``problem`` where it cannot be assessed."""

    deployment: StoredDeployment
    norms: Mapping[NormId, Status]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Consequences:
    """What rests on the change. ``through`` are norms that rest on a qualification whose sources changed."""

    rests: tuple[Rests, ...]
    through: Mapping[NormId, tuple[QualificationId, ...]]
    deployments: tuple[Touched, ...]

    def of(self, role: Role) -> tuple[Rests, ...]:
        return tuple(one for one in self.rests if one.use.role is role)

    @property
    def norms(self) -> frozenset[NormId]:
        """Every norm whose words, days or qualifications changed."""
        direct = (one.use.id for one in self.rests if one.use.role in (Role.NORM, Role.DATE))
        return frozenset(map(NormId, direct)) | frozenset(self.through)


def consequences(
    evaluator: Evaluator,
    cites: Cited,
    instrument: InstrumentId,
    texts: tuple[Document, Document],
    found: TextDifference,
    deployments: Iterable[StoredDeployment],
    day: date,
) -> Consequences:
    """What rests on the difference ``found`` between the two ``texts``; deployments are assessed for ``day``."""
    rests = tuple(_rests(cites, instrument, texts, found))
    through = _through(evaluator.knowledge, {one.use.id for one in rests if one.use.role is Role.QUALIFICATION})
    whole = Consequences(rests, through, ())
    return Consequences(rests, through, tuple(_touched(evaluator, whole.norms, deployments, day)))


def _rests(cites: Cited, instrument: InstrumentId, texts: tuple[Document, Document], found: TextDifference) -> Iterable[Rests]:
    places = [Places(text) for text in texts]
    changed = [unit for change in found.changes for unit in change.units if unit.kind is not Kind.PUNCTUATION]
    for pinpoint, uses in cites.get(instrument, {}).items():
        paths = {_plain(path) for each in places for path in each.of(pinpoint).paths}
        names = tuple(dict.fromkeys(unit.name for unit in changed if _meets(unit, paths)))
        if names:
            yield from (Rests(use, pinpoint, names) for use in uses)


def _plain(path: UnitPath) -> str:
    return path.removesuffix(f"/{FIRST}")


def _meets(unit: UnitChange, paths: Iterable[str]) -> bool:
    """Whether the change lies in one of the units, or in a sentence that leads one in."""
    places = [place for place in (unit.path, unit.from_path) if place is not None]
    return any(
        place == path or place.startswith(f"{path}/") or path.startswith(f"{place}/") for path in paths for place in places
    )


def _through(knowledge: Knowledge, changed: set[str]) -> Mapping[NormId, tuple[QualificationId, ...]]:
    """The norms whose conditions rest on a changed qualification, through others too, with those it rests on."""
    reach: dict[QualificationId, frozenset[str]] = {}

    def meets(name: QualificationId) -> frozenset[str]:
        if name not in reach:
            reach[name] = frozenset()
            one = knowledge.qualifications[name]
            parts = [part for part in (one.when, one.unless) if part is not None]
            inner = frozenset(hit for part in parts for other in qualifications_of(part) for hit in meets(QualificationId(other)))
            reach[name] = inner | ({name} if name in changed else frozenset())
        return reach[name]

    found: dict[NormId, tuple[QualificationId, ...]] = {}
    for norm in knowledge.norms.values():
        parts = [part for part in (norm.applies_when, norm.unless) if part is not None]
        hits = {hit for part in parts for name in qualifications_of(part) for hit in meets(QualificationId(name))}
        if hits:
            found[norm.id] = tuple(sorted(map(QualificationId, hits)))
    return found


def _touched(
    evaluator: Evaluator, norms: frozenset[NormId], deployments: Iterable[StoredDeployment], day: date
) -> Iterable[Touched]:
    for record in deployments:
        try:
            facts = parse_facts(evaluator.knowledge.facts, dict(record.facts))
        except InputError as error:
            yield Touched(record, {}, str(error))
            continue
        verdicts = evaluator.assess(facts, day).verdicts
        touched = {one.norm.id: one.status for one in verdicts if one.norm.id in norms and one.status in _TOUCHED}
        if touched:
            yield Touched(record, touched)
