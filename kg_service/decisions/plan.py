"""What a user adds to a deployment for the pathways of decision 6: assumptions, costs, own scores, weights. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from kg_service.applicability.facts import Facts, parse_facts
from kg_service.decisions.pathways import AXES, FIXED, VALUES
from kg_service.decisions.reading import Reading, present, step
from kg_service.errors import InputError, nearest
from kg_service.model import Fact, FactId

KEYS: Final = ("only", "assume", "costs", "scores", "weights", "samples", "concentration", "seed")
CRITERIA: Final = ("obligations", "undetermined", "blockers", "controls", "cost")
COST_KEYS: Final = ("currency", "years", "discount_rate", "parts", "per_control", "per_obligation")
MAX_SAMPLES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """The cost that one value of an axis brings: once, before the first year, and in each year."""

    once: Decimal = Decimal(0)
    yearly: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Costs:
    """What the parts of a pathway cost. ``per_control`` counts for each control to be built."""

    currency: str
    years: int
    discount_rate: Decimal
    parts: Mapping[str, Part] = field(default_factory=dict)
    per_control: Part = Part()
    per_obligation: Part = Part()


@dataclass(frozen=True, slots=True)
class Plan:
    """``scores`` are own criteria (higher is better): points by value, summed over the values of a pathway."""

    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assume: Mapping[str, Facts] = field(default_factory=dict)
    costs: Costs | None = None
    scores: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    weights: Mapping[str, Decimal] = field(default_factory=dict)
    samples: int = 2000
    concentration: Decimal = Decimal(20)
    seed: int = 1

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria in use: ours (cost only where costs are given), then the user's."""
        ours = CRITERIA if self.costs is not None else CRITERIA[:-1]
        return (*ours, *self.scores)

    def weight(self, criterion: str) -> Decimal:
        """The weight of ``criterion``; 1 each where no weights are given, else 0 for one that is not named."""
        return self.weights.get(criterion, Decimal(0)) if self.weights else Decimal(1)


def parse_plan(schema: Mapping[FactId, Fact], raw: object, at: str = "") -> Plan:
    """The plan that ``raw`` (parsed YAML or JSON, or None) describes.

    Raises:
        InputError: with every problem found, each at its JSON pointer below ``at``.
    """
    reading = Reading()
    given = reading.mapping(raw, at, KEYS)
    costs = _costs(reading, given["costs"], f"{at}/costs") if given.get("costs") is not None else None
    plan = Plan(
        only=_only(reading, given.get("only"), f"{at}/only"),
        assume=_assume(reading, schema, given.get("assume"), f"{at}/assume"),
        costs=costs,
        scores=_scores(reading, given.get("scores"), f"{at}/scores"),
        samples=reading.whole(present(given.get("samples"), 2000), f"{at}/samples", 1, MAX_SAMPLES, "a number of samples"),
        concentration=reading.number(
            present(given.get("concentration"), 20), f"{at}/concentration", Decimal("0.1"), 10_000, "a concentration"
        ),
        seed=reading.whole(present(given.get("seed"), 1), f"{at}/seed", 0, 2**63 - 1, "a seed"),
    )
    weights = parse_weights(reading, given.get("weights"), f"{at}/weights", plan.criteria)
    reading.done()
    return Plan(plan.only, plan.assume, costs, plan.scores, weights, plan.samples, plan.concentration, plan.seed)


def parse_weights(reading: Reading, raw: object, at: str, criteria: tuple[str, ...]) -> dict[str, Decimal]:
    """Weights by criterion, of which at least one is above 0; they count relative to their sum. Empty where ``raw`` is None."""
    weights = {
        name: reading.number(value, f"{at}/{step(name)}", 0, 10**6, "a weight")
        for name, value in reading.mapping(raw, at, criteria).items()
    }
    if raw is not None and not any(weights.values()) and not reading.problems:
        reading.wrong(at, "no-weight", f"at least one weight must be above 0; the criteria are {', '.join(criteria)}.")
    return weights


def _only(reading: Reading, raw: object, at: str) -> dict[str, frozenset[str]]:
    kept: dict[str, frozenset[str]] = {}
    for axis, values in reading.mapping(raw, at, AXES).items():
        listed = [values] if isinstance(values, str) else reading.items(values, f"{at}/{axis}")
        where = [f"{at}/{axis}" if isinstance(values, str) else f"{at}/{axis}/{place}" for place in range(len(listed))]
        kept[axis] = frozenset(reading.choice(value, spot, AXES[axis]) for value, spot in zip(listed, where, strict=True))
        if not kept[axis]:
            reading.wrong(f"{at}/{axis}", "nothing-left", f"name at least one of {', '.join(AXES[axis])}.")
    return kept


def _assume(reading: Reading, schema: Mapping[FactId, Fact], raw: object, at: str) -> dict[str, Facts]:
    assumed: dict[str, Facts] = {}
    for key, facts in reading.mapping(raw, at).items():
        spot = f"{at}/{step(key)}"
        wrong = [value for value in key.split("+") if value not in VALUES]
        if wrong:
            told = f"there is no choice {wrong[0][:60]!r}; join any of these with +: {', '.join(VALUES)}."
            reading.wrong(spot, "unknown-choice", told, nearest(wrong[0], VALUES))
            continue
        try:
            parsed = parse_facts(schema, facts, spot)
        except InputError as error:
            reading.problems.extend(error.problems)
            continue
        for fact in FIXED & parsed.keys():
            reading.wrong(f"{spot}/{fact}", "set-by-pathway", f"{fact!r} is what the pathways vary; it cannot be assumed.")
        assumed[key] = parsed
    return assumed


def _part(reading: Reading, raw: object, at: str) -> Part:
    given = reading.mapping(raw, at, ("once", "yearly"))
    once, yearly = (reading.number(present(given.get(key), 0), f"{at}/{key}", what="a cost") for key in ("once", "yearly"))
    return Part(once, yearly)


def _costs(reading: Reading, raw: object, at: str) -> Costs:
    given = reading.mapping(raw, at, COST_KEYS, ("currency", "years"))
    parts = reading.mapping(given.get("parts"), f"{at}/parts", ("every", *VALUES))
    return Costs(
        currency=reading.currency(given["currency"], f"{at}/currency") if given.get("currency") is not None else "XXX",
        years=reading.whole(given["years"], f"{at}/years", 1, 50, "a number of years") if given.get("years") is not None else 1,
        discount_rate=reading.number(
            present(given.get("discount_rate"), 0), f"{at}/discount_rate", 0, 1, "a yearly rate (0.08 is 8 %)"
        ),
        parts={value: _part(reading, part, f"{at}/parts/{value}") for value, part in parts.items()},
        per_control=_part(reading, given.get("per_control"), f"{at}/per_control"),
        per_obligation=_part(reading, given.get("per_obligation"), f"{at}/per_obligation"),
    )


def _scores(reading: Reading, raw: object, at: str) -> dict[str, dict[str, Decimal]]:
    scores: dict[str, dict[str, Decimal]] = {}
    for name, points in reading.mapping(raw, at).items():
        spot = f"{at}/{step(name)}"
        if name in CRITERIA:
            reading.wrong(spot, "name-taken", f"{name!r} is a criterion already; call yours otherwise.")
            continue
        scores[name] = {
            value: reading.number(point, f"{spot}/{value}", -1000, 1000, "a score")
            for value, point in reading.mapping(points, spot, VALUES).items()
        }
    return scores
