"""The criteria of the six decisions: those of the ontology, and those that the institution adds in ``criteria.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg_service.decisions.reading import Reading, present
from kg_service.dossiers.model import DECISIONS
from kg_service.errors import DocumentError, InputError, Problem, nearest
from kg_service.knowledge.criteria import DecisionText
from kg_service.knowledge.document import Limits, Tree, parse_yaml

FILE: Final = "criteria.yaml"
GATES: Final = "gates-passed"  # of decision 6; the dossier itself answers it
LIMITS: Final = Limits(size=1_000_000, depth=6, values=10_000)
KEYS: Final = ("id", "decision", "label", "definition", "met_when", "mandatory")
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What must be the case for a decision to be passed. ``own`` where the institution added it."""

    id: str
    decision: int
    label: str
    definition: str
    met_when: str
    mandatory: bool = True
    own: bool = False


@dataclass(frozen=True, slots=True)
class DecisionGuide:
    """A decision as people read it, with everything that is asked for it."""

    number: int
    label: str
    definition: str
    criteria: Mapping[str, Criterion]


Guides = Mapping[int, DecisionGuide]


def guides(decisions: Iterable[DecisionText], own: Iterable[Criterion] = ()) -> Guides:
    """The six decisions by number, each with the criteria of the ontology and then the institution's."""
    added = tuple(own)
    return {
        one.number: DecisionGuide(
            one.number,
            one.label,
            one.definition,
            {
                **{c.id: Criterion(c.id, c.decision, c.label, c.definition, c.met_when) for c in one.criteria},
                **{c.id: c for c in added if c.decision == one.number},
            },
        )
        for one in decisions
    }


def read_own(folder: Path, ours: Guides) -> tuple[Criterion, ...]:
    """The institution's criteria in ``criteria.yaml`` of that folder; none where there is no such file.

    Raises:
        InputError: with every problem found, each as ``file:line``.
    """
    tree = read_file(folder / FILE)
    if tree is None:
        return ()
    try:
        return parse_own(tree.root, ours)
    except InputError as error:
        raise placed(error, tree) from None


def parse_own(raw: object, ours: Guides) -> tuple[Criterion, ...]:
    """The criteria that ``raw`` adds to ``ours``.

    Raises:
        InputError: with every problem found, each at its JSON pointer.
    """
    reading = Reading()
    given = reading.mapping(raw, "", ("criteria",))
    found: dict[tuple[int, str], Criterion] = {}
    for place, item in enumerate(reading.items(given.get("criteria"), "/criteria")):
        at = f"/criteria/{place}"
        one = reading.mapping(item, at, KEYS, KEYS[:5])
        if any(one.get(key) is None for key in KEYS[:5]):
            continue
        name = str(one["id"])
        if not _ID.fullmatch(name) or len(name) > 80:
            reading.wrong(f"{at}/id", "not-an-id", f"an id has lower-case letters, digits and single hyphens, not {name[:60]!r}.")
        number = reading.whole(one["decision"], f"{at}/decision", 1, len(DECISIONS), "the number of a decision, 1 to 6")
        label, definition, met = (reading.text(one[key], f"{at}/{key}", f"the {key}") for key in KEYS[2:5])
        mandatory = reading.choice(str(present(one.get("mandatory"), "true")).lower(), f"{at}/mandatory", ("true", "false"))
        if number in ours and name in ours[number].criteria:
            reading.wrong(f"{at}/id", "id-taken", f"decision {number} has a criterion {name!r} already; choose another id.")
        elif (number, name) in found:
            reading.wrong(f"{at}/id", "id-twice", f"the criterion {name!r} stands twice.")
        found[number, name] = Criterion(name, number, label, definition, met, mandatory=mandatory == "true", own=True)
    reading.done()
    return tuple(found.values())


def read_file(path: Path) -> Tree | None:
    """The YAML file at ``path``, or None where there is none.

    Raises:
        DocumentError: where it is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LIMITS.size + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DocumentError([Problem(str(path), "unreadable", f"the file cannot be read: {error.strerror}.")]) from error
    return parse_yaml(content, str(path), LIMITS)


def placed(error: InputError, tree: Tree) -> InputError:
    """``error`` with each place as ``file:line``."""
    return InputError(
        Problem(tree.where(one.where if one.where != "/" else ""), one.code, one.message, one.nearest) for one in error.problems
    )


def find(guides: Guides, number: int, criterion: str) -> Criterion:
    """The criterion of that decision.

    Raises:
        InputError: naming the nearest.
    """
    known = guides[number].criteria
    if criterion not in known:
        told = f"decision {number} has no criterion {criterion[:80]!r}: {', '.join(known)}."
        raise InputError([Problem("/criterion", "unknown-criterion", told, nearest(criterion, known))])
    return known[criterion]
