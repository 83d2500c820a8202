"""Likely obligations in a loaded text on which no norm of ours rests: a list for a person to review.

Nothing enters the graph by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kg_service.imports.model import FIRST, Document, Unit, UnitKind, UnitPath
from kg_service.texts.modals import Obligation, obligations
from kg_service.texts.naming import name_of

_SILENT: Final = (
    UnitKind.TITLE_OF_ACT,
    UnitKind.PREAMBLE,
    UnitKind.CITATION,
    UnitKind.RECITAL,
    UnitKind.CLOSING,
    UnitKind.QUOTED,
)
_ABOUT: Final = re.compile(
    r"^(?:subject[\s-]matter|scope|territorial scope|material scope|definitions?|entry into force|exercise of the delegation"
    r"|repeal|transposition|amendments? to|committee|transitional|addressees|evaluation and review|review|transitory)\b",
    re.IGNORECASE,
)
_MOST: Final = 300


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One sentence that likely obliges. ``norms`` are those of ours that rest on the provision around it or a part of it."""

    path: UnitPath
    name: str
    heading: str | None
    iri: str
    found: Obligation
    action: str
    norms: tuple[str, ...]


def suggestions(
    document: Document, covered: Mapping[UnitPath, tuple[str, ...]], *, authorities: bool = False, all_: bool = False
) -> Iterator[Suggestion]:
    """The sentences that likely oblige, in the order of the text.

    Args:
        covered: the units on which norms of ours rest, with their ids.
        authorities: also what authorities, the Commission and member states must do.
        all_: also sentences in provisions on which a norm of ours rests.
    """
    for unit in document.units:
        if not speaks(document, unit):
            continue
        norms = resting(covered, unit.path)
        if norms and not all_:
            continue
        for found in obligations(unit.text):
            if found.to_authority and not authorities:
                continue
            action = _action(document, unit, found)
            yield Suggestion(
                unit.path, name_of(document, unit.path), _heading(document, unit), document.iri(unit.path), found, action, norms
            )


def speaks(document: Document, unit: Unit) -> bool:
    """Whether a unit can oblige: it has text, and is no recital, definition, scope or closing rule."""
    if not unit.text or unit.kind in _SILENT:
        return False
    if any(above.kind in _SILENT for above in document.ancestors(unit.path)):
        return False
    heading = _heading(document, unit)
    return heading is None or _ABOUT.match(heading) is None


def resting(covered: Mapping[UnitPath, tuple[str, ...]], path: UnitPath) -> tuple[str, ...]:
    """The norms that rest on a unit, on what it is part of or on a part of it."""
    found: dict[str, None] = {}
    for place, norms in covered.items():
        other = place.removesuffix(f"/{FIRST}")
        if other == path or path.startswith(f"{other}/") or other.startswith(f"{path}/"):
            found.update(dict.fromkeys(norms))
    return tuple(found)


def flagged(document: Document) -> frozenset[UnitPath]:
    """Every unit in which a sentence obliges, whomever."""
    return frozenset(unit.path for unit in document.units if speaks(document, unit) and any(True for _ in obligations(unit.text)))


def recalls(document: Document, covered: Mapping[UnitPath, tuple[str, ...]], norms: frozenset[str]) -> Mapping[str, bool]:
    """For each of ``norms`` that rests on this text, whether a sentence was flagged in its provision or in a part of it."""
    marked = flagged(document)
    found: dict[str, bool] = {}
    for place, ids in covered.items():
        path = UnitPath(place.removesuffix(f"/{FIRST}"))
        hit = any(other == path or other.startswith(f"{path}/") or _chapeau(path, other) for other in marked)
        for norm in ids:
            if norm in norms:
                found[norm] = found.get(norm, False) or hit
    return found


def _chapeau(path: UnitPath, other: UnitPath) -> bool:
    """Whether ``other`` is the sentence that opens the list in which the point ``path`` stands."""
    return "/pt-" in path and path.startswith(f"{other}/")


def _heading(document: Document, unit: Unit) -> str | None:
    near = (unit, *document.ancestors(unit.path))
    return next((each.heading for each in near if each.heading), None)


def _action(document: Document, unit: Unit, found: Obligation) -> str:
    """What must be done; where the sentence opens a list, with the first words of its points."""
    if not unit.text.rstrip().endswith(":") or not found.sentence.rstrip().endswith(":"):
        return found.action
    points = [f"({child.number}) {child.text}" for child in document.children.get(unit.path, ()) if child.text]
    listed = f"{found.action.rstrip(' :')}: {' '.join(points)}".strip(" :")
    return listed if len(listed) <= _MOST else listed[:_MOST].rsplit(" ", 1)[0] + " …"


COLUMNS: Final = ("provision", "heading", "force", "bearer", "action", "condition", "sentence", "norms", "text_iri")


def row(one: Suggestion) -> dict[str, str]:
    """A suggestion as the review list shows it; the same in every format."""
    found = one.found
    cells = (one.name, one.heading or "", str(found.force), found.bearer, one.action, found.condition, found.sentence)
    return dict(zip(COLUMNS, (*cells, "; ".join(one.norms), one.iri), strict=True))
