"""What the institution's policy says about signing: ``policy.yaml`` in the data directory, or these defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from kg_service.decisions.controls import ControlState
from kg_service.decisions.reading import Reading, present, step
from kg_service.dossiers.criteria import placed, read_file
from kg_service.dossiers.model import DECISIONS, LAST
from kg_service.errors import InputError
from kg_service.people.model import Role

FILE: Final = "policy.yaml"
LONGEST_WAIVER: Final = 731  # two years, a leap day among them
_KEYS: Final = ("own_approval", "signers", "waivers", "controls")
_SIGNERS: Final = (Role.ARCHITECT, Role.APPROVER)


class OwnApproval(StrEnum):
    """Whether somebody may sign a dossier that is or was their own. ``local_only``: only where nobody logs in at all."""

    FORBIDDEN = "forbidden"
    LOCAL_ONLY = "local_only"
    ALLOWED = "allowed"


class Level(StrEnum):
    """How far a control of an obligation must be for a decision to be passed; an upcoming one needs a planned control at most."""

    NONE = "none"
    PLANNED = "planned"
    IN_PLACE = "in_place"
    TESTED = "tested"


_REACHED: Final[Mapping[Level, frozenset[ControlState]]] = {
    Level.PLANNED: frozenset({ControlState.PLANNED, ControlState.IN_PLACE, ControlState.TESTED}),
    Level.IN_PLACE: frozenset({ControlState.IN_PLACE, ControlState.TESTED}),
    Level.TESTED: frozenset({ControlState.TESTED}),
}


def _default_signers() -> Mapping[int, tuple[Role, ...]]:
    return {number: (Role.APPROVER,) if number == LAST else _SIGNERS for number in DECISIONS}


def _default_levels() -> Mapping[int, Level]:
    return {number: Level.IN_PLACE if number == LAST else Level.PLANNED for number in DECISIONS}


@dataclass(frozen=True, slots=True)
class Policy:
    own_approval: OwnApproval = OwnApproval.LOCAL_ONLY
    signers: Mapping[int, tuple[Role, ...]] = field(default_factory=_default_signers)
    waivers_by: tuple[Role, ...] = (Role.APPROVER,)
    longest_waiver_days: int = LONGEST_WAIVER
    waive_prohibitions: bool = False
    levels: Mapping[int, Level] = field(default_factory=_default_levels)

    def reached(self, number: int, *, upcoming: bool) -> frozenset[ControlState] | None:
        """The states of a control with which a norm counts as met for that decision; None where none is needed."""
        level = self.levels[number]
        if level is Level.NONE:
            return None
        return _REACHED[Level.PLANNED if upcoming else level]


def read_policy(folder: Path) -> Policy:
    """The policy in ``policy.yaml`` of that folder; the defaults where there is no such file.

    Raises:
        InputError: with every problem found, each as ``file:line``.
    """
    tree = read_file(folder / FILE)
    if tree is None:
        return Policy()
    try:
        return parse_policy(tree.root)
    except InputError as error:
        raise placed(error, tree) from None


def parse_policy(raw: object) -> Policy:
    """The policy that ``raw`` describes; what it leaves out is as by default.

    Raises:
        InputError: with every problem found, each at its JSON pointer.
    """
    reading = Reading()
    given = reading.mapping(raw, "", _KEYS)
    own = reading.choice(present(given.get("own_approval"), "local_only"), "/own_approval", tuple(map(str, OwnApproval)))
    waivers = reading.mapping(given.get("waivers"), "/waivers", ("roles", "longest_days", "prohibitions"))
    days = reading.whole(
        present(waivers.get("longest_days"), LONGEST_WAIVER), "/waivers/longest_days", 1, LONGEST_WAIVER, "a number of days"
    )
    forbidden = reading.choice(
        str(present(waivers.get("prohibitions"), "false")).lower(), "/waivers/prohibitions", ("true", "false")
    )
    roles = _roles(reading, waivers["roles"], "/waivers/roles") if waivers.get("roles") is not None else (Role.APPROVER,)
    signers = dict(_default_signers())
    for number, value, at in _by_decision(reading, given.get("signers"), "/signers"):
        signers[number] = _roles(reading, value, at)
    levels = dict(_default_levels())
    for number, value, at in _by_decision(reading, given.get("controls"), "/controls"):
        levels[number] = Level(reading.choice(value, at, tuple(map(str, Level))))
    reading.done()
    return Policy(OwnApproval(own), signers, roles, days, forbidden == "true", levels)


def _by_decision(reading: Reading, raw: object, at: str) -> list[tuple[int, object, str]]:
    given = reading.mapping(raw, at, tuple(map(str, DECISIONS)))
    return [(int(number), value, f"{at}/{step(number)}") for number, value in given.items()]


def _roles(reading: Reading, raw: object, at: str) -> tuple[Role, ...]:
    words = [raw] if isinstance(raw, str) else reading.items(raw, at)
    if not words:
        reading.wrong(at, "no-roles", "at least one role must be named.")
    return tuple(Role(reading.choice(word, at, tuple(map(str, Role)))) for word in words)
