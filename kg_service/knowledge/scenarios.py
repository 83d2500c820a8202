"""Deployments with what the law says of them, kept beside the instrument that they test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from kg_service.applicability.facts import Facts, parse_facts
from kg_service.errors import InputError, KnowledgeError
from kg_service.knowledge.document import Place
from kg_service.knowledge.draft import Draft
from kg_service.knowledge.schema import ScenarioRecord, typed
from kg_service.model import Fact, FactId, NormId

GROUPS: Final = ("must_apply", "must_be_upcoming", "must_be_exempt", "must_be_ended", "must_not_apply")


@dataclass(frozen=True, slots=True)
class Scenario:
    """``expected`` maps each group of the file to norms; ``missing`` the facts that an undetermined norm must at least ask."""

    id: str
    title: str
    as_of: date
    facts: Facts
    expected: Mapping[str, tuple[NormId, ...]]
    missing: Mapping[NormId, frozenset[FactId]]
    why: tuple[str, ...]
    narrative: str | None
    file: str


def read_scenarios(root: Path, facts: Mapping[FactId, Fact]) -> tuple[Scenario, ...]:
    """Every scenario under ``root``, in the order of its files.

    Raises:
        KnowledgeError: with every problem found.
    """
    draft = Draft(root)
    draft.facts.update(facts)
    found = draft_scenarios(draft)
    if draft.problems:
        raise KnowledgeError(draft.problems)
    return found


def draft_scenarios(draft: Draft) -> tuple[Scenario, ...]:
    """Every scenario that could be understood; the norms and facts that they name are put among the draft's references."""
    found = (_read(draft, path) for path in sorted((draft.root / "regulations").glob("*/*/scenarios/*.yaml")))
    return tuple(scenario for scenario in found if scenario is not None)


def _read(draft: Draft, path: Path) -> Scenario | None:
    tree = draft.tree(path)
    if tree is None:
        return None
    place = Place(tree)
    record, problems = typed(ScenarioRecord, tree.root, place)
    draft.problems.extend(problems)
    if record is None:
        return None
    if record.id != path.stem:
        draft.wrong(place.below("id"), "wrong-place", f"the scenario {record.id!r} belongs in {record.id}.yaml.")
    draft.declare("scenario", record.id, place)
    for group in GROUPS:
        for number, norm in enumerate(getattr(record.expected, group)):
            _refer(draft, "norm", norm, place.below("expected", group, number))
    for number, entry in enumerate(record.expected.must_be_undetermined):
        spot = place.below("expected", "must_be_undetermined", number)
        _refer(draft, "norm", entry.id, spot)
        for at, fact in enumerate(entry.missing):
            _refer(draft, "fact", fact, spot.below("missing", at))
    try:
        facts = parse_facts(draft.facts, record.facts, "")
    except InputError as error:
        for problem in error.problems:
            spot_of = tree.where("/facts" + problem.where)
            draft.wrong(spot_of, problem.code, problem.message, problem.nearest)
        return None
    undetermined = record.expected.must_be_undetermined
    expected = {group: tuple(map(NormId, getattr(record.expected, group))) for group in GROUPS}
    return Scenario(
        id=record.id,
        title=record.title,
        as_of=record.as_of,
        facts=facts,
        expected={**expected, "must_be_undetermined": tuple(NormId(entry.id) for entry in undetermined)},
        missing={NormId(entry.id): frozenset(map(FactId, entry.missing)) for entry in undetermined},
        why=tuple(record.why),
        narrative=record.narrative,
        file=tree.name,
    )


def _refer(draft: Draft, kind: str, name: str, place: Place) -> None:
    """A scenario may use an old id: it then speaks of what the id stands for."""
    draft.refer(kind, draft.aliases.get(kind, {}).get(name, name), place)
