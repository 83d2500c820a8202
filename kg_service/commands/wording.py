"""Short sentences about verdicts: why, since when, what is missing. Plain text for every output that people read."""

from __future__ import annotations

from typing import Final

from kg_service.applicability.condition import DateIn, HasTerm, Leaf, NumberIn
from kg_service.applicability.evaluate import Status, Verdict
from kg_service.applicability.explain import Because, Explainer, Proof
from kg_service.applicability.facts import Answer, plain_answer
from kg_service.model import DatedBy, FactId, InstrumentId, Knowledge, Norm, ProvisionRef

NAMES: Final = {status: status.replace("_", " ") for status in Status}
VALUES: Final = {True: "yes", False: "no", None: "open"}
_MOST: Final = 4


def why(knowledge: Knowledge, explainer: Explainer, verdict: Verdict) -> str:
    """One line that says what decides: the conclusions and answers at the top of the proof, or the facts still missing."""
    if verdict.status is Status.UNDETERMINED:
        return "open until answered: " + listed(list(verdict.missing_facts), "and")
    proof = explainer.verdict(verdict)
    if verdict.unless is True and proof.unless is not None:
        return "freed: " + listed(reasons(knowledge, proof.unless))
    found = reasons(knowledge, proof.condition)
    return listed(found) if found else "for every deployment"


def reasons(knowledge: Knowledge, step: Proof) -> list[str]:
    """What decides ``step``, in words; of several reasons each of which is enough, the first."""
    match step.kind:
        case "all" | "any":
            enough = (step.kind == "any") == (step.value is True)
            parts = step.parts[:1] if enough else step.parts
            return list(dict.fromkeys(reason for part in parts for reason in reasons(knowledge, part)))
        case "not":
            return reasons(knowledge, step.parts[0])
        case "is" if step.qualification is not None:
            label = knowledge.qualifications[step.qualification].label
            return [{True: label, False: f"not: {label}", None: f"open: {label}"}[step.value]]
        case _:
            return [] if step.leaf is None else [_leaf_reason(knowledge, step, step.leaf)]


def leaf(knowledge: Knowledge, step: Proof) -> str:
    """A leaf in full: the fact, what was answered, what the law asks for."""
    if step.leaf is None:
        return ""
    fact = step.leaf.fact
    match step.because:
        case Because.UNANSWERED:
            return f"{fact}: not answered (asked for: {asked(step.leaf)})"
        case Because.TOO_GENERAL:
            return f"{fact}: {shown(step.answer)} is too general (asked for: {asked(step.leaf)})"
        case _ if step.value:
            return _leaf_reason(knowledge, step, step.leaf)
        case _:
            return f"{fact}: {shown(step.answer)} (asked for: {asked(step.leaf)})"


def asked(leaf: Leaf) -> str:
    """What a leaf asks for: ``consumer or sole_trader``, ``above 30``, ``before 2027-12-02``."""
    match leaf:
        case HasTerm(_, terms):
            return listed(list(terms), "or", _MOST)
        case NumberIn():
            bounds = {"at least": leaf.min, "at most": leaf.max, "above": leaf.above, "below": leaf.below}
            return " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
        case DateIn(_, start, before):
            days = {"from": start, "before": before}
            return " and ".join(f"{word} {day.isoformat()}" for word, day in days.items() if day is not None)
        case _:
            return str(leaf.value).lower()


def shown(answer: Answer | None) -> str:
    """An answer as one would say it."""
    if answer is None:
        return "not answered"
    plain = plain_answer(answer)
    if isinstance(plain, list):
        return listed(plain, "and", _MOST) if plain else "none"
    return str(plain).lower()


def since(knowledge: Knowledge, verdict: Verdict) -> str:
    """When it binds, and the provision that sets that day."""
    norm = verdict.norm
    parts: list[str] = []
    if verdict.status is Status.UPCOMING:
        parts.append(
            "no date yet" if norm.applies_from is None else f"from {dated(knowledge, norm.applies_from, norm.instrument)}"
        )
    elif norm.applies_from is not None:
        parts.append(f"since {dated(knowledge, norm.applies_from, norm.instrument)}")
    if norm.applies_until is not None:
        parts.append(f"until {dated(knowledge, norm.applies_until, norm.instrument)}")
    return ", ".join(parts)


def event(knowledge: Knowledge, norm: Norm) -> str:
    """For what a standing duty waits; empty where it waits for nothing."""
    return "" if norm.on_event is None else f"stands and waits for: {knowledge.events[norm.on_event].labels.label}"


def dated(knowledge: Knowledge, day: DatedBy, within: InstrumentId) -> str:
    """A day and the provision that sets it, named without its instrument where that is ``within``."""
    return f"{day.day.isoformat()} ({reference(knowledge, day.set_by, within)})"


def reference(knowledge: Knowledge, source: ProvisionRef, within: InstrumentId | None = None) -> str:
    """A pinpoint with the short title of its instrument, which is left out where it is ``within``."""
    if source.instrument is None or source.instrument == within:
        return source.pinpoint
    return f"{knowledge.instruments[source.instrument].short_title} {source.pinpoint}"


def doubts(norm: Norm) -> list[str]:
    """What limits the verdict: a certainty below a read text, and what the condition leaves out."""
    found = [] if norm.sureness.level.startswith("verified") else [f"certainty: {norm.sureness.level.replace('_', ' ')}"]
    if norm.unmodelled:
        count = len(norm.unmodelled)
        found.append(f"{count} point{'s' * (count > 1)} not tested")
    return found


def listed(words: list[str], last: str = ";", most: int = 3) -> str:
    """``words`` in one phrase, at most ``most`` of them."""
    if len(words) > most:
        return (", " if last != ";" else "; ").join(words[:most]) + f" (+{len(words) - most})"
    if last == ";":
        return "; ".join(words)
    return f" {last} ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _leaf_reason(knowledge: Knowledge, step: Proof, leaf: Leaf) -> str:
    if step.answer is None:
        return f"{leaf.fact}: not answered"
    if not step.value:
        return f"{leaf.fact}: {shown(step.answer)}, not {asked(leaf)}"
    if isinstance(leaf, HasTerm) and isinstance(step.answer, frozenset):
        fact = knowledge.facts[FactId(leaf.fact)]
        wanted = frozenset(leaf.terms)
        met = sorted(term for term in step.answer if term in wanted or wanted & fact.ancestors[term])
        return f"{leaf.fact}: {listed([str(term) for term in met], 'and')}"
    told = "" if not isinstance(leaf, NumberIn | DateIn) else f" ({asked(leaf)})"
    return f"{leaf.fact}: {shown(step.answer)}{told}"
