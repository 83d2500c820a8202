"""What the tools of each decision found, as parts of the document: ladder, risks, tests, money, pathways, pilots. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Final

from kg_service.decisions.finance import EXACT, cents
from kg_service.decisions.necessity import Necessity
from kg_service.decisions.outcomes import Outcome
from kg_service.decisions.pilot import Evaluation, plain_number
from kg_service.decisions.residual import MATRIX, METHOD, Grade, Level, Residual
from kg_service.decisions.roi import BASE, Case, Result
from kg_service.decisions.workforce import Effect
from kg_service.exports.blocks import (
    Bar,
    Bars,
    Block,
    Bullets,
    Cell,
    Flow,
    Flows,
    Heat,
    Paragraph,
    Section,
    Table,
    cells,
    clean,
    columns,
    listed,
)
from kg_service.exports.dossier_content import Content
from kg_service.exports.dossier_wording import cited, controls_told, norm_cell
from kg_service.model import RiskId

_PATHWAYS: Final = 12
_WEIGHT: Final = {"asked": "asked for by law", "serves": "serves a duty", "expected": "expected", "advised": "good practice"}
_RULING: Final = {"pass": "good", "fail": "bad", "inconclusive": "warn", "nothing_recorded": "muted"}
_OUTCOME: Final = {"passed": "good", "failed": "bad", "stopped": "bad", "inconclusive": "warn"}


def summary(content: Content) -> Iterator[str]:
    """A sentence for each tool that was used."""
    if content.necessity is not None:
        yield _technique(content.necessity)
    levels = Counter(one.residual.level for one in content.risks)
    high = [clean(one.risk.name) for one in content.risks if one.residual.level in (Level.HIGH, Level.VERY_HIGH)]
    told = ", ".join(f"{levels[level]} {level}" for level in reversed(Level) if levels[level])
    yield f"Risks that remain with the controls of today: {told}." + (f" High or above: {listed(high, 6)}." if high else "")
    if content.roi is not None:
        case, results = content.roi
        base = results[0]
        share = f"{1 - base.risk.loss:.0%} of the draws end above zero"
        yield (
            f"Net present value over {case.years} years at {_percent(case.rate)}: {case.currency} {_money(base.npv)} in the "
            f"central case, P10 {_money(base.risk.p10)} to P90 {_money(base.risk.p90)}; {share}."
        )
    if content.pathways is not None:
        first = content.pathways.outcomes[0]
        stopped = " It is stopped by a blocker." if first.stopped else ""
        yield (
            f"First of {len(content.pathways.outcomes)} feasible pathways by the weights set: {first.option.pathway.id}, first "
            f"in {first.anywhere.first:.0%} of all weightings.{stopped}"
        )
    for name, one in content.pilots.items():
        yield f"Pilot {clean(one.plan.name or name)}: {one.outcome.replace('_', ' ')}."


def sections(content: Content, number: int) -> Iterator[Section]:
    """The parts that belong to one decision."""
    match number:
        case 1:
            yield from _ladder(content)
        case 3:
            yield from _risks(content)
        case 4:
            yield from _tests(content)
            yield from _work(content)
        case 5:
            yield from _money_parts(content)
        case 6:
            yield from _pathways(content)
            yield from _options(content)
            yield from _pilots(content)
        case _:
            return


def _technique(found: Necessity) -> str:
    if found.simplest is None:
        return "No technique does the task as described: change the task, or let people do it."
    name = clean(found.simplest.rung.label)
    if found.settled:
        return f"The simplest technique that does the job: {name}."
    asks = " ".join(clean(criterion.ask) for criterion in found.simplest.decided_by)
    return f"The simplest technique left: {name}. Still to be settled: {asks}"


def _ladder(content: Content) -> Iterator[Section]:
    found = content.necessity
    if found is None:
        return
    rows = []
    for one in found.findings:
        shade = {"out": "bad", "open": "warn", "stands": "good"}[one.standing]
        against = [*(f"out: {reason.because}" for reason in one.out), *(f"against: {reason.because}" for reason in one.against)]
        rows.append(
            cells(
                Cell(clean(one.rung.label), bold=found.simplest is one),
                Cell(str(one.standing), shade),
                clean("; ".join(reason.because for reason in one.speaks_for)),
                clean("; ".join(against)),
            )
        )
    head = columns(("Technique, simplest first", 22), ("Standing", 11), ("For", 26), ("Against", 32))
    yield Section("The simplest technique that does the job", 2, (Paragraph(_technique(found)), Table(head, tuple(rows))))


def _risks(content: Content) -> Iterator[Section]:
    risks = content.risks
    if not risks:
        return
    names = {one.risk.id: f"R{place}" for place, one in enumerate(risks, start=1)}
    levels = tuple(tuple(map(str, row)) for row in MATRIX)
    before, after = (
        Heat(_marks(risks, names, now), levels, caption)
        for now, caption in ((False, "Before any control"), (True, "With the controls that are in place or tested today"))
    )
    rows = []
    for one in risks:
        reason = one.override if one.override is not None else "; ".join(one.reasons)
        working = [each.control for each in one.mitigations if each.steps]
        grades = (_grade(grade) for grade in (one.inherent, one.residual, one.target))
        open_ = f" (open: {', '.join(one.open_facts)})" if one.relevant is None else ""
        row = (
            names[one.risk.id],
            clean(one.risk.name) + open_,
            *grades,
            clean(reason),
            controls_told(content.knowledge, working),
        )
        rows.append(cells(*row))
    head = columns(
        ("No", 6), ("Risk", 20), ("Before", 12), ("Now", 12), ("Planned", 12), ("Why", 28), ("Controls that lower it", 24)
    )
    table = Table(head, tuple(rows), "Risks", "Likelihood and impact from 1 to 5; the level is that of the pair.")
    yield Section("Residual risk", 2, (Paragraph(METHOD, "note"), before, after, table))


def _marks(risks: Sequence[Residual], names: Mapping[RiskId, str], now: bool) -> tuple[tuple[tuple[str, ...], ...], ...]:
    fields: dict[Grade, list[str]] = {}
    for one in risks:
        fields.setdefault(one.residual if now else one.inherent, []).append(names[one.risk.id])
    return tuple(tuple(tuple(fields.get(Grade(likelihood, impact), ())) for impact in range(1, 6)) for likelihood in range(1, 6))


def _grade(grade: Grade) -> Cell:
    return Cell(f"{grade.likelihood} x {grade.impact}  {grade.level}", str(grade.level))


def _tests(content: Content) -> Iterator[Section]:
    rows = []
    for one in content.tests:
        norms = [*one.asks, *one.serves]
        told = listed([cited(content.knowledge, found.norm) for found in norms], 3)
        weight = _WEIGHT.get(one.weight, "open")
        test = one.test
        rows.append(
            cells(
                Cell(clean(test.name), bold=True),
                clean(test.measures),
                f"{weight}: {told}" if told else weight,
                clean(test.guidance),
            )
        )
    if rows:
        head = columns(("Test", 16), ("What it measures", 26), ("Why", 24), ("What practice uses; the limit is yours to set", 34))
        yield Section("Tests of bias and explanation", 2, (Table(head, tuple(rows), "Tests"),))


def _work(content: Content) -> Iterator[Section]:
    rows = []
    for one in content.effects:
        told = listed([cited(content.knowledge, found.norm) for found in one.norms], 3)
        rows.append(cells(clean(one.question.ask), _answer(one), told or "good practice", clean(one.question.evidence)))
    if rows:
        head = columns(("Question", 40), ("Answer", 12), ("Norms", 24), ("Evidence", 24))
        yield Section("Effects on work", 2, (Table(head, tuple(rows)),))


def _answer(one: Effect) -> Cell:
    if one.said is None:
        return Cell("not answered", "muted")
    shade = "good" if one.settled else "warn" if one.said.answer == "partly" else "bad"
    reason = f": {clean(one.said.because)}" if one.said.because else ""
    return Cell(f"{str(one.said.answer).replace('_', ' ')}{reason}", shade)


def _money_parts(content: Content) -> Iterator[Section]:
    if content.roi is None:
        return
    case, results = content.roi
    figures: tuple[tuple[str, Callable[[Result], str]], ...] = (
        ("Net present value", lambda one: _money(one.npv)),
        ("Total cost of ownership", lambda one: _money(one.tco)),
        ("Present value of benefits", lambda one: _money(one.benefits)),
        ("Return on investment", lambda one: "" if one.roi is None else _percent(one.roi)),
        ("Internal rate of return", lambda one: ", ".join(map(_percent, one.rates.rates)) or one.rates.verdict),
        ("Payback, years", lambda one: "never" if one.payback is None else f"{one.payback:.1f}"),
        (
            "Payback of present values, years",
            lambda one: "never" if one.discounted_payback is None else f"{one.discounted_payback:.1f}",
        ),
        ("P10 of net present value", lambda one: _money(one.risk.p10)),
        ("P50", lambda one: _money(one.risk.p50)),
        ("P90", lambda one: _money(one.risk.p90)),
        ("Chance of a loss", lambda one: f"{one.risk.loss:.1%}"),
    )
    rows = tuple(cells(Cell(name, bold=True), *(figure(one) for one in results)) for name, figure in figures)
    head = columns(
        (f"{case.currency}, {case.years} years at {_percent(case.rate)}", 34), *((one.name, 18, True) for one in results)
    )
    note = (
        f"{case.iterations} draws, seed {case.seed}. Formulas and their sources: docs/decision-tools.md. Amounts are assumptions."
    )
    blocks: list[Block] = [Table(head, rows, "ROI summary"), Paragraph(note, "note")]
    tornado = results[0].tornado[:8]
    if tornado:
        bars = tuple(
            Bar(clean(one.quantity), one.swing, f"{_money(one.npv_at_low)} to {_money(one.npv_at_high)}") for one in tornado
        )
        blocks.append(Bars(bars, "Net present value with one quantity at its P10 and at its P90, all others central"))
    yield Section("Return on investment", 2, tuple(blocks))
    yield Section("Cash flows", 2, tuple(_flows(case, one) for one in results))
    if case.worth:
        head = columns(("Value that is not money", 26), ("Weight", 10, True), ("Score of 10", 13, True), ("Because", 46))
        scored = tuple(
            cells(
                clean(one.name),
                Cell(str(one.weight), number=one.weight),
                Cell(str(one.score), number=one.score),
                clean(one.because),
            )
            for one in case.worth
        )
        told = f"Weighted mean: {case.worth_score:.2f} of 10. It is never mixed with money."
        yield Section("Strategic value", 2, (Table(head, scored), Paragraph(told, "note")))


def _flows(case: Case, result: Result) -> Flows:
    """The lines of one option with their amounts in the central case, costs below zero, and what we found of them."""
    quantities = {**case.quantities, **case.options.get(result.name, {})} if result.name != BASE else case.quantities
    lines = []
    with localcontext(EXACT):
        for line in case.lines:
            product = math.prod((quantities[name].spread.central for name in line.of), start=Decimal(1))
            sign = 1 if line.benefit else -1
            lines.append(Flow(clean(line.name), line.group, tuple(sign * one for one in line.amounts(product, case.years))))
    rate = result.rates.rates[0] if result.rates.verdict == "one" else None
    return Flows(clean(result.name), case.currency, case.rate, tuple(lines), result.npv, rate)


def _pathways(content: Content) -> Iterator[Section]:
    found = content.pathways
    if found is None:
        return
    cost = found.plan.costs is not None
    chosen = {clean(one.name) for one in content.dossier.options.values() if one.chosen and one.decision == 6}
    rows = tuple(_pathway(one, cost, chosen) for one in found.outcomes)
    currency = found.plan.costs.currency if found.plan.costs is not None else ""
    head = columns(
        ("Rank", 6, True), ("Pathway", 34), ("Score", 8, True), ("Obligations", 10, True), ("Gained", 8, True), ("Lost", 7, True),
        ("Open", 7, True), ("Blockers", 9, True), ("Controls", 9, True), ("First in", 8, True),
        *(((f"Cost, {currency}", 13, True),) if cost else ()),
    )  # fmt: skip
    weights = ", ".join(f"{name} {found.plan.weight(name):f}" for name in found.plan.criteria)
    left = len(rows) - _PATHWAYS
    note = f"Weights: {weights}. What is open counts as if it applied. * stands on the Pareto front. "
    note += f"First in: share of {found.plan.samples} weightings in which it is the best."
    if left > 0:
        note += f" {left} lower ones and {len(found.infeasible)} that cannot be built are left out here."
    blocks: list[Block] = [Table(head, rows[:_PATHWAYS]), Paragraph(note, "note")]
    stops = [blocker for blocker in found.outcomes[0].blockers if not blocker.cleared_by][:10]
    if stops:
        blocks.append(Paragraph(f"To be dealt with on {found.outcomes[0].option.pathway.id}:"))
        blocks.append(Bullets(tuple(f"{blocker.kind}: {norm_cell(content.knowledge, blocker.norm).text}" for blocker in stops)))
    yield Section("Pathways compared", 2, tuple(blocks), wide=True)


def pathway_table(content: Content) -> Table | None:
    """Every feasible pathway, for a spreadsheet."""
    found = content.pathways
    if found is None:
        return None
    (section,) = _pathways(content)
    table = section.blocks[0]
    chosen = {clean(one.name) for one in content.dossier.options.values() if one.chosen and one.decision == 6}
    rows = tuple(_pathway(one, found.plan.costs is not None, chosen) for one in found.outcomes)
    return Table(table.columns, rows, "Pathways") if isinstance(table, Table) else None


def _pathway(one: Outcome, cost: bool, chosen: set[str]) -> tuple[Cell, ...]:
    name = one.option.pathway.id
    mark = " *" if one.on_front else ""
    shade = "bad" if one.stopped else "good" if name in chosen else None
    counts = [one.values["obligations"], len(one.gained), len(one.lost), one.values["undetermined"], one.values["blockers"]]
    numbers = [*map(int, counts), int(one.values["controls"])]
    row = [
        Cell(str(one.rank), number=one.rank),
        Cell(name + mark + (" (stopped)" if one.stopped else "") + (" (chosen)" if name in chosen else ""), shade),
        Cell(f"{one.score:.3f}", number=round(one.score, 6)),
        *(Cell(str(number), number=number) for number in numbers),
        Cell(f"{one.anywhere.first:.0%}", number=round(one.anywhere.first, 6)),
    ]
    if cost and one.cost is not None:
        row.append(Cell(f"{one.cost:,.0f}", number=one.cost))
    return tuple(row)


def _options(content: Content) -> Iterator[Section]:
    rows = [
        cells(
            str(one.decision),
            Cell(clean(one.name), bold=one.chosen),
            "chosen" if one.chosen else "considered",
            clean(one.because or ""),
        )
        for one in content.dossier.options.values()
    ]
    if rows:
        head = columns(("Decision", 11, True), ("Option", 34), ("State", 13), ("Because", 44))
        yield Section("Options considered", 2, (Table(head, tuple(rows)),))


def _pilots(content: Content) -> Iterator[Section]:
    for name, one in content.pilots.items():
        yield Section(f"Pilot: {clean(one.plan.name or name)}", 2, _pilot(one))


def _pilot(found: Evaluation) -> tuple[Block, ...]:
    ran = "It has not started."
    if found.started is not None and found.ends is not None:
        ran = f"It ran from {found.started.isoformat()} to {found.ends.isoformat()}."
    told = f"{clean(found.plan.hypothesis)} {ran} Outcome: {found.outcome.replace('_', ' ')}. Plan: {found.plan_hash}."
    rows = []
    for one in found.measured:
        metric = one.metric
        threshold = f"{'at least' if metric.at_least else 'at most'} {plain_number(metric.threshold)} {metric.unit}"
        interval = "" if one.interval is None else f"{one.interval.low:.4f} to {one.interval.high:.4f}"
        value = "" if one.value is None else f"{float(one.value):.4f}".rstrip("0").rstrip(".")
        ruling = Cell(f"{one.ruling.replace('_', ' ')}: {one.because}", _RULING[one.ruling])
        rows.append(cells(clean(metric.name), clean(threshold), value, "" if one.n is None else str(one.n), interval, ruling))
    head = columns(("Metric", 26), ("Threshold", 18), ("Value", 10, True), ("Cases", 9, True), ("Interval", 16), ("Result", 24))
    blocks: list[Block] = [Paragraph(told), Table(head, tuple(rows))]
    if found.triggered:
        blocks.append(
            Bullets(
                tuple(
                    f"Stopped on {one.on.isoformat()} by {one.stop.metric}: {clean(one.stop.because)}" for one in found.triggered
                )
            )
        )
    return tuple(blocks)


def _money(amount: Decimal | float) -> str:
    return f"{cents(amount if isinstance(amount, Decimal) else Decimal(repr(amount))):,.2f}"


def _percent(rate: Decimal) -> str:
    return f"{rate * 100:.2f}".rstrip("0").rstrip(".") + " %"
