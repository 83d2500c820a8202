"""Obligations, gaps, coverage, residual risk, tests and effects on work as JSON."""

from __future__ import annotations

from typing import Any

from kg_service import ids
from kg_service.applicability.evaluate import Verdict
from kg_service.decisions.controls import plain_record
from kg_service.decisions.coverage import Coverage, Obligation, Use
from kg_service.decisions.fairness import Applicable
from kg_service.decisions.gaps import Gap, Review
from kg_service.decisions.residual import Grade, Residual
from kg_service.decisions.workforce import Effect


def review_view(found: Review) -> dict[str, Any]:
    """One decision with its regimes, controls and gaps."""
    return {
        "decision": found.decision,
        "as_of": found.as_of.isoformat(),
        "coverage": coverage_view(found.coverage),
        "regimes": [
            {
                "instrument": one.instrument,
                "iri": ids.instrument(one.instrument),
                "coverage": coverage_view(one.coverage),
                "obligations": [obligation_view(obligation) for obligation in one.obligations],
            }
            for one in found.regimes
        ],
        "controls": [use_view(one) for one in found.uses],
        "gaps": [gap_view(one) for one in found.gaps],
    }


def coverage_view(found: Coverage) -> dict[str, Any]:
    """Counts over the norms in effect; ``undetermined`` stand beside them."""
    counts = {str(standing): count for standing, count in found.by_standing.items()}
    return {"norms": found.norms, "met": found.met, "by_state": counts, "undetermined": found.undetermined}


def obligation_view(one: Obligation) -> dict[str, Any]:
    norm = one.verdict.norm
    return {
        **norm_view(one.verdict),
        "kind": norm.kind,
        "decisions": list(norm.decisions),
        "state": one.standing,
        "met": one.met,
        "controls": list(norm.controls),
        "missing_facts": list(one.verdict.missing_facts),
    }


def norm_view(verdict: Verdict) -> dict[str, Any]:
    norm = verdict.norm
    return {
        "norm": norm.id,
        "iri": ids.norm(norm.id),
        "title": norm.title,
        "provision": norm.provision,
        "status": verdict.status,
        "applies_from": None if norm.applies_from is None else norm.applies_from.day.isoformat(),
        "official_url": norm.url,
    }


def use_view(one: Use) -> dict[str, Any]:
    """A control, counted once, with every norm and regime that it serves."""
    return {
        "control": one.control,
        "iri": ids.control(one.control),
        "record": None if one.record is None else plain_record(one.record),
        "good_until": None if one.record is None or one.record.good_until is None else one.record.good_until.isoformat(),
        "norms": list(one.norms),
        "regimes": list(one.regimes),
    }


def gap_view(one: Gap) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "severity": int(one.severity),
        "severity_name": one.severity.name.lower(),
        "norms": list(one.norms),
        "controls": list(one.controls),
        "planned": list(one.planned),
        "fact": one.fact,
        "due": None if one.due is None else one.due.isoformat(),
    }


def risk_view(one: Residual) -> dict[str, Any]:
    """A risk before controls, now, and once what is planned is in place."""
    return {
        "risk": one.risk.id,
        "iri": ids.risk(one.risk.id),
        "name": one.risk.name,
        "relevant": one.relevant,
        "open_facts": list(one.open_facts),
        "inherent": grade_view(one.inherent),
        "residual": grade_view(one.residual),
        "target": grade_view(one.target),
        "because": list(one.reasons),
        "override": one.override,
        "controls": [
            {
                "control": each.control,
                "state": None if each.record is None else each.record.state,
                "lowers": "impact" if each.on_impact else "likelihood",
                "steps": float(each.steps),
            }
            for each in one.mitigations
        ],
    }


def grade_view(grade: Grade) -> dict[str, Any]:
    return {"likelihood": grade.likelihood, "impact": grade.impact, "level": grade.level, "score": grade.score}


def fairness_view(one: Applicable) -> dict[str, Any]:
    """A test with why it is worth making."""
    test = one.test
    return {
        "test": test.id,
        "name": test.name,
        "about": test.about,
        "weight": one.weight,
        "measures": test.measures,
        "needs": test.needs,
        "guidance": test.guidance,
        "source": test.source,
        "asks": [norm_view(verdict) for verdict in one.asks],
        "serves": [norm_view(verdict) for verdict in one.serves],
        "missing_facts": list(one.missing_facts),
    }


def effect_view(one: Effect) -> dict[str, Any]:
    """A question on work with the norms behind it and the answer given."""
    return {
        "question": one.question.id,
        "ask": one.question.ask,
        "because": one.question.because,
        "evidence": one.question.evidence,
        "arises": one.arises,
        "norms": [norm_view(verdict) for verdict in one.norms],
        "controls": list(one.question.controls),
        "state": one.standing,
        "answer": None if one.said is None else one.said.answer,
        "reason": None if one.said is None else one.said.because,
        "settled": one.settled,
        "missing_facts": list(one.missing_facts),
    }
