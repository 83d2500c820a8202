"""The ladder of decision 1 with its findings, as JSON and as rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from kg_service.decisions.necessity import Finding, Necessity, Reason

COLUMNS: Final = ("rung", "standing", "simplest", "ruled_out_because", "for", "against", "decided_by")


def necessity_view(found: Necessity) -> dict[str, Any]:
    """The answer as JSON; ``settled`` says that no further answer can change the simplest rung."""
    return {
        "simplest": None if found.simplest is None else found.simplest.rung.id,
        "settled": found.settled,
        "needs_large_model": found.needs_large_model,
        "answers": dict(found.answers),
        "rungs": [
            {
                "id": one.rung.id,
                "label": one.rung.label,
                "definition": one.rung.definition,
                "standing": one.standing,
                "ruled_out": _reasons(one.out),
                "for": _reasons(one.speaks_for),
                "against": _reasons(one.against),
                "decided_by": [
                    {
                        "question": criterion.id,
                        "ask": criterion.ask,
                        "answers": {c.id: c.label for c in criterion.choices.values()},
                    }
                    for criterion in one.decided_by
                ],
            }
            for one in found.findings
        ],
    }


def rows(found: Necessity) -> Iterable[tuple[str, ...]]:
    """One row of :data:`COLUMNS` for each rung."""
    for one in found.findings:
        yield (
            one.rung.id,
            one.standing,
            str(found.simplest is one).lower(),
            *("; ".join(reason.because for reason in reasons) for reasons in (one.out, one.speaks_for, one.against)),
            "; ".join(criterion.id for criterion in one.decided_by),
        )


def lines(one: Finding) -> Iterable[str]:
    """The reasons of one rung, a line each."""
    for word, reasons in (("ruled out", one.out), ("for", one.speaks_for), ("against", one.against)):
        yield from (f"{word}: {reason.because} ({reason.criterion}: {reason.answer})" for reason in reasons)
    if one.decided_by:
        yield "could still be ruled out by: " + ", ".join(criterion.id for criterion in one.decided_by)


def verdict(found: Necessity) -> str:
    """The answer in a sentence."""
    if found.simplest is None:
        return "No rung does the job as described: change the task, or let people do it."
    name = found.simplest.rung.label
    if found.settled:
        return f"The simplest technique that does the job: {name}."
    asks = "; ".join(f"{criterion.id} - {criterion.ask}" for criterion in found.simplest.decided_by)
    return f"The simplest technique left: {name}. It is not settled. What decides: {asks}"


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    return [{"question": one.criterion, "answer": one.answer, "because": one.because} for one in reasons]
