"""The shapes of answers (DESIGN section 6): model objects as JSON-able dicts, one shape for REST and for the command line.

Pure functions: no HTTP, no files.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kg_service import ids
from kg_service.applicability.compare import Change, Comparison, DatedChange, Difference, FactChange, OptionOutcome
from kg_service.applicability.condition import plain
from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT, Assessment, Evaluator, Status
from kg_service.applicability.explain import Explainer, Proof, VerdictProof, step_view
from kg_service.applicability.facts import plain_answer, plain_facts
from kg_service.applicability.questions import Question, questions_for
from kg_service.model import DatedBy, Knowledge, Norm, ProvisionRef, QualificationId, Sureness

View: TypeAlias = dict[str, Any]
QUESTIONS: Final = 5
_provision = lru_cache(maxsize=16_384)(ids.provision)  # the same few thousand pinpoints in every answer


def assessment_view(
    evaluator: Evaluator,
    assessment: Assessment,
    statuses: Iterable[Status] = SHOWN_BY_DEFAULT,
    *,
    expand: bool = False,
    questions: int = QUESTIONS,
) -> View:
    """The verdicts of those statuses with their proofs, the qualifications they rest on, and what to ask next.

    Args:
        expand: proofs go through qualifications down to the facts; otherwise they name them, and each stands once beside them.
        questions: at most so many are listed.
    """
    wanted = frozenset(statuses)
    explainer = Explainer(evaluator, assessment)
    shown = [verdict for verdict in assessment.verdicts if verdict.status in wanted]
    entered: dict[QualificationId, Proof] = {}
    for verdict in shown:
        _enter(explainer.verdict(verdict), entered)
    asked = questions_for(evaluator, assessment, questions) if questions else ()
    knowledge = evaluator.knowledge
    return {
        "as_of": assessment.as_of.isoformat(),
        "knowledge_version": assessment.knowledge_version,
        "facts": plain_facts(assessment.facts),
        "counts": counts_view(assessment),
        "verdicts": [verdict_view(explainer.verdict(verdict), knowledge, expand=expand) for verdict in shown],
        "qualifications": [qualification_value_view(step, knowledge, proof=not expand) for step in entered.values()],
        "next_questions": [question_view(question) for question in asked],
    }


def verdict_view(found: VerdictProof, knowledge: Knowledge, *, expand: bool = False) -> View:
    """The verdict on one norm: what the norm says, its status, and why."""
    verdict = found.verdict
    return {
        **_said_of(verdict.norm, knowledge),
        "status": verdict.status,
        "proof": {
            "condition": step_view(found.condition, expand=expand),
            "unless": None if found.unless is None else step_view(found.unless, expand=expand),
        },
        "missing_facts": list(verdict.missing_facts),
    }


def explanation_view(found: VerdictProof, knowledge: Knowledge) -> View:
    """One verdict with its whole proof, down to the facts; each qualification met is described beside it."""
    entered: dict[QualificationId, Proof] = {}
    _enter(found, entered)
    return {
        **verdict_view(found, knowledge, expand=True),
        "as_of": found.as_of.isoformat(),
        "qualifications": [qualification_value_view(step, knowledge, proof=False) for step in entered.values()],
    }


def qualification_value_view(step: Proof, knowledge: Knowledge, *, proof: bool) -> View:
    """A legal conclusion for one deployment: its value, where the law defines it, and (``proof``) why it has that value."""
    if step.qualification is None:
        raise TypeError(step.kind)
    qualification = knowledge.qualifications[step.qualification]
    view: View = {
        "id": qualification.id,
        "iri": ids.qualification(qualification.id),
        "label": qualification.label,
        "value": step.value,
        "sources": [reference_view(source) for source in qualification.sources],
    }
    if proof:
        view["proof"] = step_view(step.parts[0], expand=False)
    return view


def norm_view(norm: Norm, knowledge: Knowledge) -> View:
    """Everything that is written about ``norm``, with its condition."""
    return {
        **_said_of(norm, knowledge),
        "applies_when": plain(norm.applies_when),
        "unless": None if norm.unless is None else plain(norm.unless),
        "legal_status": norm.legal_status,
        "article": {"id": norm.article, "iri": _provision(norm.instrument, norm.article)},
        "measures": list(norm.measures),
        "amended_by": norm.amended_by,
        "superseded_by": list(norm.superseded_by),
        "aliases": list(norm.aliases),
        "file": norm.file,
        "line": norm.line,
    }


def _said_of(norm: Norm, knowledge: Knowledge) -> View:
    return {
        "norm": norm.id,
        "iri": ids.norm(norm.id),
        "title": norm.title,
        "summary": norm.summary,
        "kind": norm.kind,
        "bindingness": norm.bindingness,
        "bearer": list(norm.bearers),
        "on_event": norm.on_event,
        "applies_from": _day(norm.applies_from),
        "applies_from_set_by": None if norm.applies_from is None else reference_view(norm.applies_from.set_by),
        "applies_until": _day(norm.applies_until),
        "applies_until_set_by": None if norm.applies_until is None else reference_view(norm.applies_until.set_by),
        "decisions": list(norm.decisions),
        "citation": citation_view(norm),
        "penalty": norm.penalty,
        "controls": [
            {"id": control, "iri": ids.control(control), "name": knowledge.controls[control].name} for control in norm.controls
        ],
        "evidence": list(norm.evidence),
        **sureness_view(norm.sureness),
        "note": norm.note,
        "unmodelled": list(norm.unmodelled),
    }


def citation_view(norm: Norm) -> View:
    """Where the law says it."""
    return {
        "instrument": norm.instrument,
        "provision": norm.provision,
        "iri": _provision(norm.instrument, norm.provision),
        "official_url": norm.url,
    }


def sureness_view(sureness: Sureness | None) -> View:
    """How sure a record is, with what limits it."""
    if sureness is None:
        return {"certainty": None, "certainty_note": None, "checked_on": None}
    checked = None if sureness.checked_on is None else sureness.checked_on.isoformat()
    return {"certainty": sureness.level, "certainty_note": sureness.note, "checked_on": checked}


def reference_view(reference: ProvisionRef) -> View:
    """A pinpoint; ``instrument`` and ``iri`` are null where the source lies outside the registry."""
    inside = reference.instrument is not None
    return {
        "instrument": reference.instrument,
        "provision": reference.pinpoint,
        "iri": _provision(str(reference.instrument), reference.pinpoint) if inside else None,
    }


def dated_view(dated: DatedBy) -> View:
    """A day, with the provision that sets it."""
    return {"date": dated.day.isoformat(), "set_by": reference_view(dated.set_by), "note": dated.note}


def comparison_view(comparison: Comparison) -> View:
    """What each option gains, loses and changes against the base."""
    return {
        "as_of": comparison.base.as_of.isoformat(),
        "knowledge_version": comparison.base.knowledge_version,
        "base": {"facts": plain_facts(comparison.base.facts), "counts": counts_view(comparison.base)},
        "options": {option.name: _outcome_view(option) for option in comparison.options},
    }


def _outcome_view(option: OptionOutcome) -> View:
    return {
        "facts": [_fact_change_view(change) for change in option.facts],
        "counts": counts_view(option.assessment),
        "gained": [change_view(change) for change in option.gained],
        "lost": [change_view(change) for change in option.lost],
        "changed": [change_view(change) for change in option.changed],
    }


def change_view(change: Change) -> View:
    """One norm whose verdict differs."""
    norm = change.norm
    return {
        "norm": norm.id,
        "iri": ids.norm(norm.id),
        "title": norm.title,
        "summary": norm.summary,
        "kind": norm.kind,
        "bindingness": norm.bindingness,
        "before": change.before,
        "after": change.after,
        "applies_from": _day(norm.applies_from),
        "applies_until": _day(norm.applies_until),
        "citation": citation_view(norm),
    }


def difference_view(difference: Difference) -> View:
    """What the calendar changes between two days, and the provision that sets each day."""
    return {
        "from": difference.start.as_of.isoformat(),
        "to": difference.end.as_of.isoformat(),
        "knowledge_version": difference.start.knowledge_version,
        "facts": plain_facts(difference.start.facts),
        "counts": {"from": counts_view(difference.start), "to": counts_view(difference.end)},
        "begins": [_dated_change_view(change) for change in difference.begins],
        "ends": [_dated_change_view(change) for change in difference.ends],
        "changed": [_dated_change_view(change) for change in difference.changed],
    }


def _dated_change_view(dated: DatedChange) -> View:
    cause = dated.cause
    set_by = None if cause is None else {"date": cause.day.isoformat(), "set_by": reference_view(cause.set_by)}
    return {**change_view(dated.change), "cause": set_by}


def question_view(question: Question) -> View:
    """A question to ask next; ``terms`` are the answers to choose from, empty for flags, numbers and days."""
    return {
        "fact": question.fact.id,
        "label": question.fact.labels.label,
        "kind": question.fact.kind,
        "ask": question.ask,
        "terms": list(question.terms),
        "settles": question.settles,
        "at_most": question.at_most,
        "refines": list(question.refines),
    }


def counts_view(assessment: Assessment) -> dict[str, int]:
    """How many verdicts have each status; every status is named."""
    return {str(status): count for status, count in assessment.counts().items()}


def _fact_change_view(change: FactChange) -> View:
    return {
        "fact": change.fact,
        "before": None if change.before is None else plain_answer(change.before),
        "after": None if change.after is None else plain_answer(change.after),
    }


def _enter(found: VerdictProof, entered: dict[QualificationId, Proof]) -> None:
    """Adds every qualification on which ``found`` rests to ``entered``, each before those that it rests on itself."""
    todo = [step for step in (found.unless, found.condition) if step is not None]
    while todo:
        step = todo.pop()
        if step.qualification is not None:
            if step.qualification in entered:
                continue
            entered[step.qualification] = step
        todo.extend(reversed(step.parts))


def _day(dated: DatedBy | None) -> str | None:
    return None if dated is None else dated.day.isoformat()
