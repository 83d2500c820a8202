"""Why a provision applies or does not, what it asks, and what is missing: a *no* is proven like a *yes*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.compose import reasons
from assistant.compose.material import Material
from assistant.compose.obligations import full
from assistant.compose.wording import dated, doubt, ended, kind, place, verdict
from assistant.model import Claim, ClaimKind
from assistant.verify.sayings import NO_PENALTY
from kg_service.applicability.evaluate import IN_EFFECT, Status
from kg_service.model import Norm


def explained(material: Material, norms: Sequence[Norm]) -> Iterator[Claim]:
    """Each norm: verdict, reason, what it asks, penalty, what the condition leaves out."""
    for norm in norms:
        heading = place(material.law, norm)
        yield from _verdict(material, norm, heading)
        if material.ground.facts and norm.penalty and not NO_PENALTY.match(norm.penalty):
            text = f"Penalty for {heading}: {ended(norm.penalty)}"
            yield material.claim(text, [norm], ClaimKind.VERDICT, heading)
        if norm.unmodelled:
            text = f"Left out of the condition of {heading}: {ended('; '.join(norm.unmodelled))}"
            yield material.claim(text, [norm], ClaimKind.VERDICT, heading)


def _verdict(material: Material, norm: Norm, heading: str) -> Iterator[Claim]:
    law, status = material.law, material.verdicts[norm.id].status
    if status in IN_EFFECT:
        yield full(material, norm, heading)
        why = reasons.because(material, norm)
        if why:
            text = f"{place(law, norm)} {verdict(law, [norm], status, material.as_of)}{kind(norm)}, because {why}."
            yield material.claim(text, [norm], ClaimKind.VERDICT, heading)
        return
    if status is Status.UNDETERMINED:
        missing = [law.facts[fact].labels.label for fact in material.verdicts[norm.id].missing_facts]
        shown = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
        text = f"Whether {place(law, norm)} applies cannot be told yet; it depends on {shown}."
    elif status is Status.EXEMPT:
        text = f"{place(law, norm)} {verdict(law, [norm], status, material.as_of)}{reasons.freed(material, norm)}."
    else:
        why = reasons.because(material, norm) if status is Status.DOES_NOT_APPLY else ""
        text = f"{place(law, norm)} {verdict(law, [norm], status, material.as_of)}{', because ' + why if why else ''}."
    if material.ground.facts:
        yield material.claim(text, [norm], ClaimKind.VERDICT, heading)
    asks = f"Where it applies{kind(norm)}: {ended(norm.summary)}"
    yield material.claim(asks.removesuffix(".") + f"{doubt(norm)}.", [norm], ClaimKind.DEFINITION, heading)
    if norm.applies_from is not None and status is not Status.ENDED:
        yield material.claim(day_set(material, norm), [norm], ClaimKind.DATE, heading)


def day_set(material: Material, norm: Norm) -> str:
    """The first day of a norm and the provision that sets it, whatever the facts."""
    day = "" if norm.applies_from is None else dated(material.law, norm.applies_from, norm.instrument)
    return f"Where it applies, the first day of {place(material.law, norm)} is {day}."
