"""The shapes of answers (DESIGN section 6): model objects as JSON-able dicts, one shape for REST and for the command line.

Pure: no HTTP, no files. What a norm says of itself is the same in every answer, so :class:`Views` keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from kg_service import ids
from kg_service.applicability.compare import Change, Comparison, DatedChange, Difference, FactChange, OptionOutcome
from kg_service.applicability.condition import plain
from kg_service.applicability.evaluate import SHOWN_BY_DEFAULT, Assessment, Evaluator, Status, Verdict
from kg_service.applicability.explain import Explainer, Proof, VerdictProof, step_view
from kg_service.applicability.facts import plain_answer, plain_facts
from kg_service.applicability.questions import Question, questions_for
from kg_service.model import DatedBy, Knowledge, Norm, NormId, ProvisionRef, QualificationId, Sureness

View: TypeAlias = dict[str, Any]
QUESTIONS: Final = 5


class Views:
    """The views of one version of the knowledge. Safe in threads."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.knowledge: Knowledge = evaluator.knowledge

    @cached_property
    def _of_norm(self) -> dict[NormId, View]:
        return {norm.id: _said_of(norm, self.knowledge) for norm in self.knowledge.norms.values()}

    def norm(self, norm: Norm) -> View:
        """Everything that is written about ``norm``, with its condition."""
        return {
            **self._of_norm[norm.id],
            "applies_when": plain(norm.applies_when),
            "unless": None if norm.unless is None else plain(norm.unless),
            "legal_status": norm.legal_status,
            "article": {"id": norm.article, "iri": ids.provision(norm.instrument, norm.article)},
            "measures": list(norm.measures),
            "amended_by": norm.amended_by,
            "superseded_by": list(norm.superseded_by),
            "aliases": list(norm.aliases),
            "file": norm.file,
            "line": norm.line,
        }

    def verdict(self, explainer: Explainer, verdict: Verdict) -> View:
        """The verdict on one norm with its proof; qualifications stand in it by name."""
        proof = explainer.verdict(verdict)
        return {
            **self._of_norm[verdict.norm.id],
            "status": verdict.status,
            "proof": proof_view(proof, expand=False),
            "missing_facts": list(verdict.missing_facts),
        }

    def proof(self, proof: VerdictProof) -> View:
        """A verdict with its whole proof, down to the facts; each qualification met is described beside it."""
        entered = _entered(proof)
        return {
            **self._of_norm[proof.verdict.norm.id],
            "status": proof.verdict.status,
            "as_of": proof.as_of.isoformat(),
            "proof": proof_view(proof, expand=True),
            "missing_facts": list(proof.verdict.missing_facts),
            "qualifications": [self.qualification(name, step, with_proof=False) for name, step in entered.items()],
        }

    def qualification(self, name: QualificationId, step: Proof, *, with_proof: bool = True) -> View:
        """A legal conclusion, its value, where the law defines it, and why it has that value."""
        qualification = self.knowledge.qualifications[name]
        view: View = {
            "id": name,
            "iri": ids.qualification(name),
            "label": qualification.label,
            "value": step.value,
            "sources": [reference_view(source, self.knowledge) for source in qualification.sources],
        }
        if with_proof:
            view["proof"] = step_view(step.parts[0], expand=False)
        return view

    def assessment(
        self,
        assessment: Assessment,
        statuses: Iterable[Status] = SHOWN_BY_DEFAULT,
        questions: Sequence[Question] | None = None,
    ) -> View:
        """The verdicts of those statuses with their proofs, the qualifications they rest on, and what to ask next.

        ``questions`` are asked for here where the caller has none at hand.
        """
        wanted = frozenset(statuses)
        explainer = Explainer(self.evaluator, assessment)
        shown = [verdict for verdict in assessment.verdicts if verdict.status in wanted]
        entered: dict[QualificationId, Proof] = {}
        for verdict in shown:
            _enter(explainer.verdict(verdict), entered)
        if questions is None:
            questions = questions_for(self.evaluator, assessment, QUESTIONS)
        return {
            "as_of": assessment.as_of.isoformat(),
            "knowledge_version": assessment.knowledge_version,
            "facts": plain_facts(assessment.facts),
            "counts": counts_view(assessment),
            "verdicts": [self.verdict(explainer, verdict) for verdict in shown],
            "qualifications": [self.qualification(name, step) for name, step in entered.items()],
            "next_questions": [question_view(question) for question in questions],
        }

    def comparison(self, comparison: Comparison) -> View:
        """What each option gains, loses and changes against the base."""
        return {
            "as_of": comparison.base.as_of.isoformat(),
            "knowledge_version": comparison.base.knowledge_version,
            "base": {"facts": plain_facts(comparison.base.facts), "counts": counts_view(comparison.base)},
            "options": {option.name: self._outcome(option) for option in comparison.options},
        }

    def _outcome(self, option: OptionOutcome) -> View:
        return {
            "facts": [_fact_change_view(change) for change in option.facts],
            "counts": counts_view(option.assessment),
            "gained": [self.change(change) for change in option.gained],
            "lost": [self.change(change) for change in option.lost],
            "changed": [self.change(change) for change in option.changed],
        }

    def change(self, change: Change) -> View:
        """One norm whose verdict differs."""
        said = self._of_norm[change.norm.id]
        kept = ("norm", "iri", "title", "summary", "kind", "bindingness", "bearer", "applies_from", "applies_until", "citation")
        return {**{key: said[key] for key in kept}, "before": change.before, "after": change.after}

    def difference(self, difference: Difference) -> View:
        """What the calendar changes between two days, and the provision that sets each day."""
        return {
            "from": difference.start.as_of.isoformat(),
            "to": difference.end.as_of.isoformat(),
            "knowledge_version": difference.start.knowledge_version,
            "counts": {"from": counts_view(difference.start), "to": counts_view(difference.end)},
            "begins": [self._dated_change(change) for change in difference.begins],
            "ends": [self._dated_change(change) for change in difference.ends],
            "changed": [self._dated_change(change) for change in difference.changed],
        }

    def _dated_change(self, dated: DatedChange) -> View:
        return {**self.change(dated.change), "cause": dated_view(dated.cause, self.knowledge)}


def _said_of(norm: Norm, knowledge: Knowledge) -> View:
    controls = [knowledge.controls[control] for control in norm.controls]
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
        "applies_from_set_by": None if norm.applies_from is None else reference_view(norm.applies_from.set_by, knowledge),
        "applies_until": _day(norm.applies_until),
        "applies_until_set_by": None if norm.applies_until is None else reference_view(norm.applies_until.set_by, knowledge),
        "decisions": list(norm.decisions),
        "citation": {
            "instrument": norm.instrument,
            "instrument_title": knowledge.instruments[norm.instrument].short_title,
            "provision": norm.provision,
            "iri": ids.provision(norm.instrument, norm.provision),
            "official_url": norm.url,
        },
        "penalty": norm.penalty,
        "controls": [{"id": control.id, "iri": ids.control(control.id), "name": control.name} for control in controls],
        "evidence": list(norm.evidence),
        **sureness_view(norm.sureness),
        "note": norm.note,
        "unmodelled": list(norm.unmodelled),
    }


def sureness_view(sureness: Sureness | None) -> View:
    """How sure a record is, with what limits it."""
    return {
        "certainty": None if sureness is None else sureness.level,
        "certainty_note": None if sureness is None else sureness.note,
        "checked_on": None if sureness is None or sureness.checked_on is None else sureness.checked_on.isoformat(),
    }


def reference_view(reference: ProvisionRef, knowledge: Knowledge) -> View:
    """A pinpoint; ``instrument`` and ``iri`` are null where the source lies outside the registry."""
    if reference.instrument is None:
        return {"instrument": None, "instrument_title": None, "provision": reference.pinpoint, "iri": None}
    return {
        "instrument": reference.instrument,
        "instrument_title": knowledge.instruments[reference.instrument].short_title,
        "provision": reference.pinpoint,
        "iri": ids.provision(reference.instrument, reference.pinpoint),
    }


def dated_view(dated: DatedBy | None, knowledge: Knowledge) -> View | None:
    """A day with the provision that sets it."""
    if dated is None:
        return None
    return {"date": dated.day.isoformat(), "set_by": reference_view(dated.set_by, knowledge)}


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


def proof_view(proof: VerdictProof, *, expand: bool) -> View:
    """Why: the condition and, where the norm has one, the exception."""
    return {
        "condition": step_view(proof.condition, expand=expand),
        "unless": None if proof.unless is None else step_view(proof.unless, expand=expand),
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


def _entered(proof: VerdictProof) -> dict[QualificationId, Proof]:
    entered: dict[QualificationId, Proof] = {}
    _enter(proof, entered)
    return entered


def _enter(proof: VerdictProof, entered: dict[QualificationId, Proof]) -> None:
    """Adds every qualification on which ``proof`` rests to ``entered``, each before those that it rests on itself."""
    todo = [step for step in (proof.unless, proof.condition) if step is not None]
    while todo:
        step = todo.pop()
        if step.qualification is not None:
            if step.qualification in entered:
                continue
            entered[step.qualification] = step
        todo.extend(reversed(step.parts))


def _day(dated: DatedBy | None) -> str | None:
    return None if dated is None else dated.day.isoformat()
