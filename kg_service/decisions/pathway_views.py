"""The pathways of decision 6 as JSON, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from kg_service import ids
from kg_service.applicability.compare import Change
from kg_service.applicability.facts import plain_answer
from kg_service.decisions.outcomes import Blocker, Outcome, Pathways
from kg_service.decisions.pareto import Stability
from kg_service.decisions.pathways import AXES, Setting
from kg_service.decisions.plan import Plan

COLUMNS: Final = (
    "rank", *AXES, "score", "on_front", "stopped", "obligations_in_effect", "gained", "lost", "undetermined", "missing_facts",
    "blockers", "controls_needed", "controls_at_most", "cost", "currency", "first_share", "top_share", "first_share_near",
    "top_share_near", "facts_changed", "facts_opened",
)  # fmt: skip


def pathways_view(found: Pathways) -> dict[str, Any]:
    """The answer as JSON. Money is a string with two decimals; shares and scores are numbers from 0 to 1."""
    return {
        "as_of": found.as_of.isoformat(),
        "knowledge_version": found.knowledge_version,
        "criteria": _criteria_view(found.plan),
        "sampling": {
            "samples": found.plan.samples,
            "seed": found.plan.seed,
            "anywhere": "every weighting equally likely",
            "near": f"around the weights given, concentration {found.plan.concentration:f}",
        },
        "base": {
            "counts": {str(status): count for status, count in found.base.counts.items()},
            "controls": list(found.base.controls),
            "blockers": [blocker_view(blocker) for blocker in found.base.blockers],
        },
        "pathways": [outcome_view(outcome, found.plan) for outcome in found.outcomes],
        "infeasible": [{"id": pathway.id, "because": why} for pathway, why in found.infeasible],
    }


def outcome_view(outcome: Outcome, plan: Plan) -> dict[str, Any]:
    """One pathway: what it changes, brings, needs and costs, and how it stands in the ranking."""
    return {
        "id": outcome.option.pathway.id,
        "values": dict(zip(AXES, outcome.option.pathway.values, strict=True)),
        "rank": outcome.rank,
        "score": round(outcome.score, 6),
        "on_front": outcome.on_front,
        "stopped": outcome.stopped,
        "criteria": {name: outcome.values[name] for name in plan.criteria},
        "stability": {"anywhere": _stability_view(outcome.anywhere), "near": _stability_view(outcome.near)},
        "facts": [setting_view(setting) for setting in outcome.option.settings],
        "counts": {str(status): count for status, count in outcome.counts.items()},
        "gained": [_change_view(change) for change in outcome.gained],
        "lost": [_change_view(change) for change in outcome.lost],
        "changed": [_change_view(change) for change in outcome.changed],
        "blockers": [blocker_view(blocker) for blocker in outcome.blockers],
        "missing_facts": [{"fact": fact, "keeps_open": count} for fact, count in outcome.missing_facts.items()],
        "controls": list(outcome.controls),
        "controls_at_most": list(outcome.controls_at_most),
        "cost": None if outcome.cost is None or plan.costs is None else {
            "present_value": str(outcome.cost), "currency": plan.costs.currency, "years": plan.costs.years,
        },
    }  # fmt: skip


def setting_view(setting: Setting) -> dict[str, Any]:
    """A fact answered otherwise than in the base; ``answer`` null says that it is left open."""
    answer = None if setting.answer is None else plain_answer(setting.answer)
    return {"fact": setting.fact, "answer": answer, "because": setting.reason}


def blocker_view(blocker: Blocker) -> dict[str, Any]:
    norm = blocker.norm
    return {
        "kind": blocker.kind,
        "norm": norm.id,
        "iri": ids.norm(norm.id),
        "title": norm.title,
        "status": blocker.status,
        "new": blocker.new,
        "stops": blocker.stops,
        "controls": list(norm.controls),
        "cleared_by": list(blocker.cleared_by),
        "official_url": norm.url,
    }


def columns(plan: Plan) -> tuple[str, ...]:
    """The names of the cells in :func:`rows`: :data:`COLUMNS`, then one for each criterion."""
    return (*COLUMNS, *(f"criterion_{name}" for name in plan.criteria))


def rows(found: Pathways) -> Iterable[tuple[str, ...]]:
    """One row for each pathway, best first."""
    plan = found.plan
    for outcome in found.outcomes:
        yield (
            str(outcome.rank),
            *outcome.option.pathway.values,
            f"{outcome.score:.6f}",
            str(outcome.on_front).lower(),
            str(outcome.stopped).lower(),
            str(sum(count for status, count in outcome.counts.items() if status in ("applies", "upcoming"))),
            str(len(outcome.gained)),
            str(len(outcome.lost)),
            str(len(outcome.undetermined)),
            "; ".join(outcome.missing_facts),
            "; ".join(blocker.norm.id for blocker in outcome.blockers if not blocker.cleared_by),
            "; ".join(outcome.controls),
            str(len(outcome.controls_at_most)),
            "" if outcome.cost is None else str(outcome.cost),
            "" if plan.costs is None else plan.costs.currency,
            *(f"{share:.4f}" for one in (outcome.anywhere, outcome.near) for share in (one.first, one.top)),
            "; ".join(one.fact for one in outcome.option.settings if one.answer is not None),
            "; ".join(outcome.option.opened),
            *(f"{outcome.values[name]:g}" for name in plan.criteria),
        )


def _criteria_view(plan: Plan) -> list[dict[str, Any]]:
    return [
        {"id": name, "better": "higher" if name in plan.scores else "lower", "weight": float(plan.weight(name))}
        for name in plan.criteria
    ]


def _stability_view(stability: Stability) -> dict[str, float]:
    return {"first": round(stability.first, 6), "top_three": round(stability.top, 6)}


def _change_view(change: Change) -> dict[str, Any]:
    norm = change.norm
    return {"norm": norm.id, "iri": ids.norm(norm.id), "title": norm.title, "before": change.before, "after": change.after}
