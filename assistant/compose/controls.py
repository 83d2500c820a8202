"""Which controls answer which obligations, how each is tested, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assistant.compose.material import Material
from assistant.compose.wording import listed, place
from assistant.model import Claim, ClaimKind, PassageKind
from kg_service.applicability.evaluate import IN_EFFECT
from kg_service.model import ControlId, Norm

HEADING: Final = "Controls"
MOST: Final = 12
NAMED: Final = 4


def controls(material: Material, focus: list[Norm]) -> Iterator[Claim]:
    """The controls at hand for ``focus``, those that answer most obligations first."""
    wanted: dict[ControlId, list[Norm]] = {}
    for norm in focus or material.norms(*IN_EFFECT):
        for name in norm.controls:
            wanted.setdefault(name, []).append(norm)
    ranked = sorted(wanted.items(), key=lambda pair: -len(pair[1]))
    for id_, norms in ranked[:MOST]:
        number = material.number(PassageKind.CONTROL, id_)
        control = material.law.controls.get(id_)
        if number is None or control is None:
            continue
        shown = [norm for norm in norms if material.has(norm)][:NAMED]
        evidence = "; ".join(control.evidence)
        text = f"{control.name}: {control.objective} Test: {control.test} Evidence: {evidence}."
        yield Claim(text, (number,), ClaimKind.CONTROL, (), HEADING)
        for_what = listed([place(material.law, norm) for norm in shown])
        if shown:
            more = len(norms) - len(shown)
            tail = f" and {more} more" if more > 0 else ""
            yield material.claim(f"Controls for {for_what}{tail}: {control.name}.", shown, ClaimKind.CONTROL, HEADING, number)
