"""What a question takes for granted and the graph says otherwise: corrected first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assistant.compose.material import Material
from assistant.compose.wording import dated, place, reference, verdict
from assistant.model import Claim, ClaimKind, PassageKind, Premise
from assistant.verify.dates import long_form
from assistant.verify.sayings import NO_DAY, NO_LAST_DAY
from kg_service.applicability.evaluate import Status
from kg_service.model import Instrument, InstrumentId, Norm, NormId

SO: str = "That is not so:"


def corrections(material: Material) -> Iterator[Claim]:
    """A sentence for each premise that the graph contradicts."""
    for premise in material.ground.understanding.premises:
        norm = material.law.norms.get(NormId(premise.about))
        if norm is not None:
            text = _of_norm(material, norm, premise)
            if text:
                yield material.claim(f"{SO} {text}", [norm], ClaimKind.CORRECTION, None)
            continue
        instrument = material.law.instruments.get(InstrumentId(premise.about))
        number = material.number(PassageKind.INSTRUMENT, premise.about)
        if instrument is not None and number is not None:
            text = _of_instrument(material, instrument, premise)
            if text:
                yield Claim(f"{SO} {text}", (number,), ClaimKind.CORRECTION)


def _of_norm(material: Material, norm: Norm, premise: Premise) -> str:
    """The truth where the premise is false; empty where it is true or cannot be told."""
    law, status, name = material.law, material.verdicts[norm.id].status, place(material.law, norm)
    start, end = norm.applies_from, norm.applies_until
    first = "" if start is None else f"the first day of {name} is {dated(law, start, norm.instrument)}."
    last = "" if end is None else f"the last day of {name} was {dated(law, end, norm.instrument)}."
    match premise.claim:
        case "applies_from":
            claimed = _day(premise.value)
            if start is not None and claimed is not None and not _same(claimed, premise.value or "", start.day):
                return first
            return f"{name} is upcoming, {NO_DAY}." if start is None and status is Status.UPCOMING else ""
        case "ended" | "repealed":
            if end is None:
                own = f", and its first day is {dated(law, start, norm.instrument)}" if start is not None else ""
                return f"{name} {NO_LAST_DAY}{own}."
            claimed = _day(premise.value)
            if end.day >= material.as_of or (claimed is not None and not _same(claimed, premise.value or "", end.day)):
                return last.replace(" was ", " is ") if end.day >= material.as_of else last
            return ""
        case "applies":
            if end is not None and end.day < material.as_of:
                return last
            if start is not None and start.day > material.as_of:
                return first
            return _against(material, norm, status) if status in (Status.DOES_NOT_APPLY, Status.EXEMPT) else ""
        case "does_not_apply":
            if status is Status.APPLIES and start is not None:
                return f"{name} applies since {dated(law, start, norm.instrument)}."
            if status is Status.UPCOMING and start is not None:
                return f"{name} applies from {dated(law, start, norm.instrument)}."
            return ""
        case _:
            return ""


def _against(material: Material, norm: Norm, status: Status) -> str:
    return f"{place(material.law, norm)} {verdict(material.law, [norm], status, material.as_of)}."


def _of_instrument(material: Material, one: Instrument, premise: Premise) -> str:
    """The truth about an instrument where the premise is false; empty where it is true or cannot be told."""
    name = one.short_title
    note = f" ({one.status_note})" if one.status_note else ""
    status = f"the status of {name} is {one.status.replace('_', ' ')}{note}."
    days = [day for day in one.dates if day.day == one.applies_from]
    set_by = f" (set by {reference(material.law, days[0].set_by, one.id)})" if days else ""
    start = (
        "" if one.applies_from is None else f"the first day of application of {name} is {long_form(one.applies_from)}{set_by}."
    )
    gone = one.status in ("withdrawn", "proposed", "draft")
    over = one.applies_until is not None and one.applies_until < material.as_of
    match premise.claim:
        case "applies_from" | "applies" | "exists" if gone:
            return status
        case "applies_from" if one.applies_from is not None:
            claimed = _day(premise.value)
            known = {day.day for day in one.dates} | {one.applies_from}
            known |= {one.in_force_from} if one.in_force_from is not None else set()
            return start if claimed is not None and not any(_same(claimed, premise.value or "", day) for day in known) else ""
        case "ended" | "repealed" if not gone and not over:
            return status
        case "applies" if over and one.applies_until is not None:
            return f"the last day of {name} was {long_form(one.applies_until)}."
        case "applies" if one.applies_from is not None and one.applies_from > material.as_of:
            return start
        case "does_not_apply" if not gone and not over and one.applies_from is not None and one.applies_from <= material.as_of:
            return start
        case _:
            return ""


def _day(value: str | None) -> date | None:
    """A day, or the first day of a month or year, as a premise holds it."""
    if not value:
        return None
    parts = value.split("-")
    try:
        return date(int(parts[0]), int(parts[1]) if len(parts) > 1 else 1, int(parts[2]) if len(parts) > 2 else 1)
    except ValueError:
        return None


def _same(claimed: date, value: str, real: date) -> bool:
    """Whether the day, month or year claimed is or holds the real day."""
    depth = value.count("-")
    return claimed.year == real.year and (depth < 1 or claimed.month == real.month) and (depth < 2 or claimed.day == real.day)
