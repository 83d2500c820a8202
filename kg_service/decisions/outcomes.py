"""What each implementation pathway brings: obligations, blockers, controls, cost, rank. Pure; the verdicts are the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from kg_service.applicability.compare import Change
from kg_service.applicability.evaluate import IN_EFFECT, Evaluator, Status
from kg_service.applicability.facts import Facts
from kg_service.applicability.portfolio import PortfolioVerdicts, assess_all
from kg_service.decisions import pareto
from kg_service.decisions.coverage import ASKS, needed
from kg_service.decisions.pathways import Option, Pathway, all_pathways, obstacle, options
from kg_service.decisions.plan import Costs, Plan
from kg_service.errors import InputError, Problem
from kg_service.model import ControlId, FactId, Norm, NormId, NormKind, TermId

TRANSFER: Final = FactId("transfer_to")
_NO_BASIS: Final = frozenset({TermId("non_adequate_country")})
# Bearers that are never the deploying institution itself: a prohibition on them alone does not stop its pathway.
_SUPPLIERS: Final = frozenset(
    {
        *("bank_service_provider", "component_supplier", "critical_third_party", "data_processing_service_provider"),
        *("gpai_provider", "ict_third_party_provider", "supplier", "vendor"),
    }
)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A norm that must be dealt with before the pathway can be taken.

    ``kind``: ``prohibition``, or ``transfer``: data leave for a country without an adequacy finding, so that a basis is needed.
    ``status`` is undetermined where missing facts leave open whether it binds. ``cleared_by`` holds its controls in place or
    planned; ``new`` says that the base does not have it.
    """

    kind: str
    norm: Norm
    status: Status
    cleared_by: tuple[ControlId, ...]
    new: bool

    @property
    def stops(self) -> bool:
        """Whether it holds the pathway up: it binds, nothing clears it, and the base has not got it (a transfer: even so)."""
        return self.status in IN_EFFECT and not self.cleared_by and (self.new or self.kind == "transfer")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One pathway with everything that the ranking rests on.

    ``values`` holds the raw value of each criterion. What is undetermined counts there as if it applied, so that leaving a fact
    open never makes a pathway look better. ``controls`` are those that the norms in effect still need, ``controls_at_most`` those
    that the undetermined ones would need too.
    """

    option: Option
    counts: Mapping[Status, int]
    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    changed: tuple[Change, ...]
    undetermined: tuple[NormId, ...]
    missing_facts: Mapping[FactId, int]
    blockers: tuple[Blocker, ...]
    controls: tuple[ControlId, ...]
    controls_at_most: tuple[ControlId, ...]
    cost: Decimal | None
    values: Mapping[str, float]
    score: float
    rank: int
    on_front: bool
    anywhere: pareto.Stability
    near: pareto.Stability

    @property
    def stopped(self) -> bool:
        return any(blocker.stops for blocker in self.blockers)


@dataclass(frozen=True, slots=True)
class Ground:
    """The base deployment as the pathways are compared with it."""

    facts: Facts
    counts: Mapping[Status, int]
    controls: tuple[ControlId, ...]
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True)
class Pathways:
    """The answer: feasible pathways, best first, and those that cannot be built with the reason."""

    knowledge_version: str
    as_of: date
    base: Ground
    outcomes: tuple[Outcome, ...]
    infeasible: tuple[tuple[Pathway, str], ...]
    plan: Plan


def evaluate(
    evaluator: Evaluator, base: Facts, as_of: date, plan: Plan, controls: Mapping[ControlId, bool] | None = None
) -> Pathways:
    """Every feasible pathway over ``base`` with the engine's verdicts, ranked by the weights of ``plan``.

    ``controls`` are those of the deployment: True in place, False planned. Pathways that a blocker stops come after the others.

    Raises:
        InputError: where the plan leaves no pathway.
    """
    found = options(base, plan.assume, evaluator.knowledge.facts, plan.only)
    if not found:
        raise InputError([Problem("/only", "nothing-left", "no feasible pathway has all the values named.")])
    judge = _Judge(evaluator, base, found, as_of, controls or {})
    drafts = [judge.draft(place, plan) for place in range(len(found))]
    return Pathways(
        evaluator.knowledge.version,
        as_of,
        judge.ground(),
        _ranked(drafts, plan),
        tuple((pathway, why) for pathway in all_pathways() if (why := obstacle(pathway)) is not None),
        plan,
    )


def present_cost(costs: Costs, pathway: Pathway, controls: int, obligations: int) -> Decimal:
    """The total cost of ownership in present value, to the cent: what is paid once, and each year's cost at its end, discounted.

    ``once + yearly * sum((1 + r) ** -t for t = 1..n)``: the present value of an ordinary annuity (Brealey, Myers and Allen,
    *Principles of Corporate Finance*, chapter on calculating present values).
    """
    parts = [costs.parts[value] for value in ("every", *pathway.values) if value in costs.parts]
    once = sum((part.once for part in parts), costs.per_control.once * controls + costs.per_obligation.once * obligations)
    yearly = sum((part.yearly for part in parts), costs.per_control.yearly * controls + costs.per_obligation.yearly * obligations)
    factor = sum(((1 + costs.discount_rate) ** -year for year in range(1, costs.years + 1)), Decimal(0))
    return (once + yearly * factor).quantize(Decimal("0.01"))


class _Judge:
    """The base and its options on one day: place 0 of the verdicts is the base, the options follow."""

    def __init__(
        self, evaluator: Evaluator, base: Facts, found: Sequence[Option], as_of: date, controls: Mapping[ControlId, bool]
    ) -> None:
        self._evaluator, self._base, self._options, self._as_of = evaluator, base, found, as_of
        self._in_place = {control for control, placed in controls.items() if placed}
        self._any_state = set(controls)
        self._verdicts: PortfolioVerdicts = assess_all(evaluator, [base, *(option.facts for option in found)], as_of)
        self._norms = evaluator.knowledge.norms
        nodes, leaves = evaluator.program.nodes, set(evaluator.program.leaves.get(TRANSFER, ()))
        on_transfer = leaves | {place for place, node in enumerate(nodes) if node.leaf is None and leaves & set(node.parts)}
        self._transfer = frozenset(
            norm
            for norm, place in evaluator.program.applies.items()
            if place in on_transfer or any(part in on_transfer for part in nodes[place].parts)
        )
        self._before = self._verdicts.row(0)
        self._base_blockers = self._blockers(self._before, base, frozenset())
        self._known = frozenset(blocker.norm.id for blocker in self._base_blockers)
        self._missing: dict[frozenset[tuple[FactId, object]], Mapping[FactId, int]] = {}

    def ground(self) -> Ground:
        controls = needed(self._in_effect(self._before), self._in_place)
        return Ground(self._base, _counts(self._before), controls, self._base_blockers)

    def draft(self, place: int, plan: Plan) -> Outcome:
        """The outcome of one option, not yet ranked."""
        option, row = self._options[place], self._verdicts.row(place + 1)
        moved = [
            Change(self._norms[norm], self._before[norm], after) for norm, after in row.items() if self._before[norm] != after
        ]
        gained = tuple(one for one in moved if one.after in IN_EFFECT and one.before not in IN_EFFECT)
        lost = tuple(one for one in moved if one.before in IN_EFFECT and one.after not in IN_EFFECT)
        changed = tuple(one for one in moved if one not in gained and one not in lost)
        in_effect = self._in_effect(row)
        undetermined = tuple(norm for norm, status in row.items() if status is Status.UNDETERMINED)
        at_most = [*in_effect, *(self._norms[norm] for norm in undetermined)]
        asking = sum(1 for norm in at_most if norm.kind in ASKS)
        controls, most = needed(in_effect, self._in_place), needed(at_most, self._in_place)
        blockers = self._blockers(row, option.facts, self._known)
        cost = present_cost(plan.costs, option.pathway, len(most), asking) if plan.costs is not None else None
        values = {
            "obligations": float(asking),
            "undetermined": float(len(undetermined)),
            "blockers": float(_weigh(blockers)),
            "controls": float(len(most)),
        }
        if cost is not None:
            values["cost"] = float(cost)
        for name, points in plan.scores.items():
            values[name] = float(sum((points.get(value, Decimal(0)) for value in option.pathway.values), Decimal(0)))
        nothing = pareto.Stability(0.0, 0.0)
        missing = self._open_facts(option.facts) if undetermined else {}
        return Outcome(
            option, _counts(row), gained, lost, changed, undetermined, missing, blockers, controls, most, cost, values,
            0.0, 0, False, nothing, nothing,
        )  # fmt: skip

    def _in_effect(self, row: Mapping[NormId, Status]) -> list[Norm]:
        return [self._norms[norm] for norm, status in row.items() if status in IN_EFFECT]

    def _blockers(self, row: Mapping[NormId, Status], facts: Facts, known: Set[NormId]) -> tuple[Blocker, ...]:
        found: list[Blocker] = []
        for norm_id, status in row.items():
            if status not in IN_EFFECT and status is not Status.UNDETERMINED:
                continue
            norm = self._norms[norm_id]
            if norm_id in self._transfer:
                kind = "transfer" if facts.get(TRANSFER, _NO_BASIS) == _NO_BASIS and norm.kind in ASKS else ""
            else:
                kind = "prohibition" if norm.kind is NormKind.PROHIBITION and not set(norm.bearers) <= _SUPPLIERS else ""
            if kind:
                cleared = tuple(control for control in norm.controls if control in self._any_state)
                found.append(Blocker(kind, norm, status, cleared, norm.id not in known))
        return tuple(found)

    def _open_facts(self, facts: Facts) -> Mapping[FactId, int]:
        """The facts that keep verdicts open, with how many, most first."""
        key = frozenset(facts.items())
        if key not in self._missing:
            counts: dict[FactId, int] = {}
            for verdict in self._evaluator.assess(facts, self._as_of).verdicts:
                for fact in verdict.missing_facts:
                    counts[fact] = counts.get(fact, 0) + 1
            self._missing[key] = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        return self._missing[key]


def _weigh(blockers: Iterable[Blocker]) -> int:
    """How many blockers nothing clears yet; the norms on transfers are one together."""
    left = [blocker.kind for blocker in blockers if not blocker.cleared_by]
    return left.count("prohibition") + ("transfer" in left)


def _counts(row: Mapping[NormId, Status]) -> dict[Status, int]:
    counts = dict.fromkeys(Status, 0)
    for status in row.values():
        counts[status] += 1
    return counts


def _ranked(drafts: Iterable[Outcome], plan: Plan) -> tuple[Outcome, ...]:
    """The outcomes with score, rank, front and stability, best first; equal ones in the order of the axes."""
    outcomes = list(drafts)
    names = plan.criteria
    raw = [[outcome.values[name] for name in names] for outcome in outcomes]
    rows = pareto.utilities(raw, [name not in plan.scores for name in names])
    weights = [float(plan.weight(name)) for name in names]
    total = pareto.scores(rows, weights)
    free = {place: not outcome.stopped for place, outcome in enumerate(outcomes)}
    ranks = pareto.ranks([score + 2.0 * free[place] for place, score in enumerate(total)])
    on_front = pareto.front(rows)
    used = [1.0 if weight > 0 else 0.0 for weight in weights]
    near = [float(plan.concentration) * weight / sum(weights) for weight in weights]
    anywhere = pareto.stability(rows, used, plan.samples, plan.seed, free)
    around = pareto.stability(rows, near, plan.samples, plan.seed, free)
    placed = [
        replace(outcome, score=total[i], rank=ranks[i], on_front=on_front[i], anywhere=anywhere[i], near=around[i])
        for i, outcome in enumerate(outcomes)
    ]
    return tuple(sorted(placed, key=lambda outcome: outcome.rank))
