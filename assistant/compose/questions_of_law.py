"""Questions of law and definitions: the short answer, the reasoning, contested readings, and when the answer changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assistant.compose import reasons
from assistant.compose.material import Material
from assistant.compose.wording import dated, ended, reference
from assistant.model import Claim, ClaimKind, PassageKind
from assistant.verify.dates import long_form
from assistant.verify.phrases import DOUBTS
from kg_service.model import InstrumentId, Interpretation, InterpretationId, Qualification, QualificationId

HEADING: Final = "Questions of law"
DEFINITIONS: Final = "What the words mean"
INSTRUMENTS: Final = "The instrument"
_INSTRUMENTS: Final = 3


def interpretations(material: Material, most: int, *, brief: bool = False) -> Iterator[Claim]:
    """The questions of law at hand; ``brief`` gives the short answers alone."""
    for citation in material.of(PassageKind.INTERPRETATION)[:most]:
        one = material.law.interpretations.get(InterpretationId(citation.passage.about or ""))
        if one is not None:
            yield from _answer(material, one, citation.n, brief=brief)


def _answer(material: Material, one: Interpretation, number: int, *, brief: bool) -> Iterator[Claim]:
    def claim(text: str) -> Claim:
        return Claim(text, (number,), ClaimKind.INTERPRETATION, (), HEADING)

    question = one.questions.get("en", ("",))[0]
    doubt = DOUBTS[one.sureness.level]
    early = material.as_of < one.holds_from.day
    late = one.holds_until is not None and material.as_of > one.holds_until.day
    lead = f"{question} " if question else ""
    if early:
        for change in one.changes:
            if change.before and change.dated.day > material.as_of:
                day = dated(material.law, change.dated, one.instrument)
                yield claim(f"The answer changes on {day}; before: {ended(change.before)}")
        yield claim(f"The answer that follows holds from {dated(material.law, one.holds_from, one.instrument)} on.")
    if late and one.holds_until is not None:
        yield claim(f"The answer that follows held until {dated(material.law, one.holds_until, one.instrument)}.")
    yield claim(f"{lead}{ended(one.answer).removesuffix('.')}{f' ({doubt})' if doubt else ''}.")
    for change in one.changes:
        day = dated(material.law, change.dated, one.instrument)
        if change.dated.day > material.as_of and change.after:
            yield claim(f"The answer changes on {day}: {ended(change.after)}")
        elif change.dated.day <= material.as_of and change.before:
            yield claim(f"The answer changed on {day}; before: {ended(change.before)}")
    if brief:
        return
    yield claim(ended(one.reasoning))
    for reading in one.readings:
        followed = ", followed here" if reading.followed else ""
        yield claim(
            f"Contested; reading “{reading.label}”{followed}: {reading.argument.rstrip('. ')} (held by {reading.held_by})."
        )
    if not early and not late:
        until = "" if one.holds_until is None else f" until {dated(material.law, one.holds_until, one.instrument)}"
        yield claim(f"This answer holds from {dated(material.law, one.holds_from, one.instrument)} on{until}.")
    sources = "; ".join(reference(material.law, source) for source in one.citations)
    yield claim(f"It rests on {sources}.")


def definitions(material: Material, most: int) -> Iterator[Claim]:
    """The conclusions at hand: definition, where it comes from, whether it holds here, and what it leaves out."""
    for citation in material.of(PassageKind.QUALIFICATION)[:most]:
        one = material.law.qualifications.get(QualificationId(citation.passage.about or ""))
        if one is not None:
            yield from _definition(material, one, citation.n)


def _definition(material: Material, one: Qualification, number: int) -> Iterator[Claim]:
    def claim(text: str) -> Claim:
        return Claim(text, (number,), ClaimKind.DEFINITION, (), DEFINITIONS)

    level = one.sureness.level if one.sureness is not None else None
    doubt = DOUBTS[level] if level is not None else ""
    sources = "; ".join(reference(material.law, source) for source in one.sources)
    yield claim(f"“{one.label}”: {ended(one.definition)} Source: {sources}.")
    if material.ground.facts:
        value = material.ground.assessment.qualifications.get(one.id)
        held = {True: "is met", False: "is not met", None: "is open"}[value]
        below = reasons.steps(material, material.explainer.qualification(one.id).parts[0], 1)
        why = f": {'; '.join(below[:4])}" if below else ""
        yield claim(f"As of {long_form(material.as_of)}, for what you described, {one.label} {held}{why}.")
    if one.unmodelled:
        yield claim(f"The definition leaves out: {ended('; '.join(one.unmodelled))}")
    if doubt:
        yield claim(f"Certainty of this definition: {doubt}.")


def instruments(material: Material) -> Iterator[Claim]:
    """The instruments at hand: what they are, their status, and the day from which they apply."""
    for citation in material.of(PassageKind.INSTRUMENT)[:_INSTRUMENTS]:
        one = material.law.instruments.get(InstrumentId(citation.passage.about or ""))
        if one is None:
            continue
        status = f"the status of {one.short_title} is {one.status.replace('_', ' ')}"
        note = f" ({one.status_note})" if one.status_note else ""
        yield Claim(f"{one.title}: {status}{note}.", (citation.n,), ClaimKind.SUMMARY, (), INSTRUMENTS)
        if one.applies_from is not None:
            days = [day for day in one.dates if day.day == one.applies_from]
            set_by = f" (set by {reference(material.law, days[0].set_by, one.id)})" if days else ""
            text = f"The first day of application of {one.short_title} is {long_form(one.applies_from)}{set_by}."
            yield Claim(text, (citation.n,), ClaimKind.DATE, (), INSTRUMENTS)
