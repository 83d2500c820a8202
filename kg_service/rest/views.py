"""What the service and the command line say, as plain JSON values: one shape for both (DESIGN section 6).

Pure functions from the model. Dates are ISO days, ids are the stable ids of ``regulations/``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from kg_service import ids
from kg_service.applicability.compare import Change, Comparison, DatedChange, Difference, OptionOutcome
from kg_service.applicability.condition import plain
from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT, Assessment, Evaluator, Status, Verdict
from kg_service.applicability.explain import Explainer, Json, Proof, step_view
from kg_service.applicability.facts import Answer, plain_answer, plain_facts
from kg_service.applicability.questions import Question, questions_for
from kg_service.model import (
    Control,
    DatedBy,
    Fact,
    Instrument,
    Knowledge,
    Labels,
    Norm,
    Provision,
    ProvisionRef,
    Qualification,
    QualificationId,
    Risk,
    Sureness,
    Term,
)

View = dict[str, Json]


def assessment_view(
    evaluator: Evaluator,
    assessment: Assessment,
    statuses: Sequence[Status] = SHOWN_BY_DEFAULT,
    *,
    expand: bool = False,
    questions: int = 5,
) -> View:
    """The answer to ``POST /api/v1/assessments``: counts of all statuses, the verdicts that have one of ``statuses``.

    Proofs name qualifications; the proof of each stands once in ``qualifications``, or inside every proof with ``expand``.
    """
    explainer = Explainer(evaluator, assessment)
    wanted = frozenset(statuses)
    shown = [verdict for verdict in assessment.verdicts if verdict.status in wanted]
    knowledge = evaluator.knowledge
    return {
        "as_of": assessment.as_of.isoformat(),
        "knowledge_version": assessment.knowledge_version,
        "facts": _json(plain_facts(assessment.facts)),
        "counts": {str(status): count for status, count in assessment.counts().items()},
        "verdicts": [verdict_view(knowledge, explainer, verdict, expand=expand) for verdict in shown],
        "qualifications": _qualifications(knowledge, explainer, assessment, shown),
        "next_questions": [question_view(question) for question in questions_for(evaluator, assessment, questions)]
        if questions
        else [],
    }


def verdict_view(knowledge: Knowledge, explainer: Explainer, verdict: Verdict, *, expand: bool) -> View:
    """One verdict with its norm, its proof and its citation."""
    norm = verdict.norm
    proof = explainer.verdict(verdict)
    return {
        "norm": norm.id,
        "iri": ids.norm(norm.id),
        "title": norm.title,
        "summary": norm.summary,
        "kind": norm.kind,
        "bindingness": norm.bindingness,
        "bearer": list(norm.bearers),
        "status": verdict.status,
        "on_event": norm.on_event,
        "applies_from": _day(norm.applies_from),
        "applies_from_set_by": _set_by(norm.applies_from),
        "applies_until": _day(norm.applies_until),
        "applies_until_set_by": _set_by(norm.applies_until),
        "decisions": list(norm.decisions),
        "proof": {
            "condition": step_view(proof.condition, expand=expand),
            "unless": None if proof.unless is None else step_view(proof.unless, expand=expand),
        },
        "missing_facts": list(verdict.missing_facts),
        "citation": citation_view(knowledge, norm),
        "controls": list(norm.controls),
        "measures": list(norm.measures),
        "evidence": list(norm.evidence),
        "penalty": norm.penalty,
        "note": norm.note,
        "unmodelled": list(norm.unmodelled),
        **_sureness(norm.sureness),
    }


def citation_view(knowledge: Knowledge, norm: Norm) -> View:
    """Where the norm stands."""
    instrument = knowledge.instruments[norm.instrument]
    return {
        "instrument": instrument.id,
        "short_title": instrument.short_title,
        "provision": norm.provision,
        "iri": ids.provision(instrument.id, norm.provision),
        "official_url": norm.url or instrument.url,
    }


def question_view(question: Question) -> View:
    """A question to ask next, with the answers to choose from."""
    fact = question.fact
    return {
        "fact": fact.id,
        "kind": fact.kind,
        "ask": question.ask,
        "terms": [{"id": term, "label": fact.terms[term].labels.label} for term in question.terms],
        "settles": question.settles,
        "at_most": question.at_most,
        "refines": list(question.refines),
    }


def comparison_view(comparison: Comparison) -> View:
    """The answer to ``POST /api/v1/comparisons``."""
    base = comparison.base
    return {
        "as_of": base.as_of.isoformat(),
        "knowledge_version": base.knowledge_version,
        "base": {"facts": _json(plain_facts(base.facts)), "counts": _counts(base)},
        "options": {option.name: _option(option) for option in comparison.options},
    }


def _option(option: OptionOutcome) -> View:
    return {
        "counts": _counts(option.assessment),
        "facts": [
            {"fact": change.fact, "base": _answer(change.before), "option": _answer(change.after)} for change in option.facts
        ],
        "gained": [change_view(change) for change in option.gained],
        "lost": [change_view(change) for change in option.lost],
        "changed": [change_view(change) for change in option.changed],
    }


def difference_view(difference: Difference) -> View:
    """The answer to ``POST /api/v1/diffs``."""

    def listed(changes: Iterable[DatedChange]) -> list[Json]:
        return [{**change_view(one.change), "on": _day(one.cause), "set_by": _set_by(one.cause)} for one in changes]

    return {
        "from": difference.start.as_of.isoformat(),
        "to": difference.end.as_of.isoformat(),
        "knowledge_version": difference.start.knowledge_version,
        "counts": {"from": _counts(difference.start), "to": _counts(difference.end)},
        "begins": listed(difference.begins),
        "ends": listed(difference.ends),
        "changed": listed(difference.changed),
    }


def change_view(change: Change) -> View:
    """One norm whose verdict differs."""
    norm = change.norm
    return {
        "norm": norm.id,
        "title": norm.title,
        "instrument": norm.instrument,
        "provision": norm.provision,
        "before": change.before,
        "after": change.after,
        "applies_from": _day(norm.applies_from),
        "applies_until": _day(norm.applies_until),
    }


def norm_view(knowledge: Knowledge, norm: Norm) -> View:
    """A norm as the law's files say it, with its conditions."""
    return {
        "id": norm.id,
        "iri": ids.norm(norm.id),
        "title": norm.title,
        "summary": norm.summary,
        "kind": norm.kind,
        "bindingness": norm.bindingness,
        "bearer": list(norm.bearers),
        "applies_when": _json(plain(norm.applies_when)),
        "unless": None if norm.unless is None else _json(plain(norm.unless)),
        "on_event": norm.on_event,
        "legal_status": norm.legal_status,
        "applies_from": _day(norm.applies_from),
        "applies_from_set_by": _set_by(norm.applies_from),
        "applies_until": _day(norm.applies_until),
        "applies_until_set_by": _set_by(norm.applies_until),
        "amended_by": norm.amended_by,
        "superseded_by": list(norm.superseded_by),
        "penalty": norm.penalty,
        "decisions": list(norm.decisions),
        "controls": list(norm.controls),
        "measures": list(norm.measures),
        "evidence": list(norm.evidence),
        "citation": citation_view(knowledge, norm),
        "note": norm.note,
        "unmodelled": list(norm.unmodelled),
        "aliases": list(norm.aliases),
        **_sureness(norm.sureness),
    }


def instrument_view(instrument: Instrument) -> View:
    return {
        "id": instrument.id,
        "iri": ids.instrument(instrument.id),
        "short_title": instrument.short_title,
        "title": instrument.title,
        "jurisdiction": instrument.jurisdiction,
        "issuer": instrument.issuer,
        "type": instrument.type,
        "bindingness": instrument.bindingness,
        "status": instrument.status,
        "status_note": instrument.status_note,
        "celex": instrument.celex,
        "eli": instrument.eli,
        "citations": list(instrument.citations),
        "official_url": instrument.url,
        "in_force_from": _iso(instrument.in_force_from),
        "applies_from": _iso(instrument.applies_from),
        "applies_until": _iso(instrument.applies_until),
        "dates": [{"date": dated.day.isoformat(), "set_by": ref_view(dated.set_by)} for dated in instrument.dates],
        "amends": list(instrument.amends),
        "amended_by": list(instrument.amended_by),
        "supersedes": list(instrument.supersedes),
        "superseded_by": list(instrument.superseded_by),
        "penalty": instrument.penalty,
        "note": instrument.note,
        "aliases": list(instrument.aliases),
        **_sureness(instrument.sureness),
    }


def provision_view(knowledge: Knowledge, provision: Provision) -> View:
    return {
        "id": f"{provision.instrument}/{provision.id}",
        "iri": ids.provision(provision.instrument, provision.id),
        "instrument": provision.instrument,
        "number": provision.number,
        "heading": provision.heading,
        "official_url": provision.url,
        "norms": [
            norm.id
            for norm in knowledge.norms.values()
            if norm.instrument == provision.instrument and norm.article == provision.id
        ],
    }


def qualification_view(qualification: Qualification) -> View:
    return {
        "id": qualification.id,
        "iri": ids.qualification(qualification.id),
        "label": qualification.label,
        "definition": qualification.definition,
        "sources": [ref_view(source) for source in qualification.sources],
        "when": _json(plain(qualification.when)),
        "unless": None if qualification.unless is None else _json(plain(qualification.unless)),
        "note": qualification.note,
        "unmodelled": list(qualification.unmodelled),
        "aliases": list(qualification.aliases),
        **({} if qualification.sureness is None else _sureness(qualification.sureness)),
    }


def fact_view(fact: Fact, *, terms: bool = True) -> View:
    """A fact to draw a form from; without ``terms`` their place says where they are."""
    view: View = {
        "id": fact.id,
        "iri": ids.fact(fact.id),
        "kind": fact.kind,
        "ask": fact.ask,
        **_labels(fact.labels),
        "notes": list(fact.notes),
        "aliases": list(fact.aliases),
    }
    for name, bound in (("minimum", fact.minimum), ("maximum", fact.maximum), ("unit", fact.unit)):
        if bound is not None:
            view[name] = bound
    if fact.terms and terms:
        view["terms"] = [term_view(fact, term) for term in fact.terms.values()]
    return view


def term_view(fact: Fact, term: Term) -> View:
    return {
        "id": term.id,
        "iri": ids.jurisdiction(term.id) if fact.jurisdictions else ids.fact_term(fact.id, term.id),
        **_labels(term.labels),
        "parent": term.parent,
        "excludes": list(term.excludes),
    }


def control_view(knowledge: Knowledge, control: Control) -> View:
    return {
        "id": control.id,
        "iri": ids.control(control.id),
        "name": control.name,
        "objective": control.objective,
        "test": control.test,
        "evidence": list(control.evidence),
        "decisions": list(control.decisions),
        "mitigates": list(control.mitigates),
        "satisfies": {framework: list(references) for framework, references in control.satisfies.items()},
        "norms": [norm.id for norm in knowledge.norms.values() if control.id in norm.controls],
    }


def risk_view(knowledge: Knowledge, risk: Risk) -> View:
    return {
        "id": risk.id,
        "iri": ids.risk(risk.id),
        "name": risk.name,
        "description": risk.description,
        "references": {framework: list(references) for framework, references in risk.references.items()},
        "controls": [control.id for control in knowledge.controls.values() if risk.id in control.mitigates],
    }


def ref_view(ref: ProvisionRef) -> View:
    """A pinpoint with its IRI, or a source outside the registry in words."""
    if ref.instrument is None:
        return {"text": ref.pinpoint}
    return {"instrument": ref.instrument, "provision": ref.pinpoint, "iri": ids.provision(ref.instrument, ref.pinpoint)}


def _qualifications(knowledge: Knowledge, explainer: Explainer, assessment: Assessment, shown: Sequence[Verdict]) -> list[Json]:
    """The qualifications that the shown proofs name, directly or through others, each with its own proof."""
    found: dict[QualificationId, Proof] = {}

    def enter(step: Proof) -> None:
        if step.qualification is not None and step.qualification not in found:
            found[step.qualification] = step
            enter(step.parts[0])
        elif step.qualification is None:
            for part in step.parts:
                enter(part)

    for verdict in shown:
        proof = explainer.verdict(verdict)
        enter(proof.condition)
        if proof.unless is not None:
            enter(proof.unless)
    views: list[Json] = []
    for name in knowledge.qualifications:
        if name in found:
            qualification = knowledge.qualifications[name]
            views.append(
                {
                    "id": name,
                    "iri": ids.qualification(name),
                    "label": qualification.label,
                    "value": assessment.qualifications[name],
                    "sources": [ref_view(source) for source in qualification.sources],
                    "proof": step_view(found[name].parts[0], expand=False),
                }
            )
    return views


def _counts(assessment: Assessment) -> View:
    return {str(status): count for status, count in assessment.counts().items()}


def _labels(labels: Labels) -> View:
    return {
        "label": labels.label,
        "label_zh": labels.label_zh,
        "definition": labels.definition,
        "example": labels.example,
        "alt": {language: list(names) for language, names in labels.alt.items()},
    }


def _sureness(sureness: Sureness) -> View:
    return {
        "certainty": sureness.level,
        "certainty_note": sureness.note,
        "checked_on": _iso(sureness.checked_on),
    }


def _answer(answer: Answer | None) -> Json:
    return None if answer is None else _json(plain_answer(answer))


def _day(dated: DatedBy | None) -> str | None:
    return None if dated is None else dated.day.isoformat()


def _set_by(dated: DatedBy | None) -> Json:
    return None if dated is None else ref_view(dated.set_by)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _json(value: object) -> Json:
    return value  # type: ignore[return-value]
