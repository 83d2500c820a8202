"""``sextant pathways``, ``roi``, ``necessity``: their input files, and what a person reads on a terminal or in Markdown."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kg_service.commands import wording
from kg_service.commands.session import STDIN
from kg_service.decisions import necessity_views
from kg_service.decisions.controls import standing
from kg_service.decisions.finance import cents
from kg_service.decisions.necessity import Necessity
from kg_service.decisions.outcomes import Outcome, Pathways
from kg_service.decisions.roi import Case, Result
from kg_service.deployment import Deployment
from kg_service.errors import DocumentError, InputError, Problem
from kg_service.knowledge.document import Limits, parse_yaml
from kg_service.model import ControlId

LIMITS: Final = Limits(size=1_000_000, depth=12, values=20_000)
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")
_Parsed = TypeVar("_Parsed")


def read_input(path: Path, parse: Callable[[object], _Parsed]) -> _Parsed:
    """What ``parse`` makes of the YAML or JSON file at ``path`` (standard input where it is ``-``).

    Raises:
        DocumentError: where it cannot be read at all.
        InputError: with every problem found, each as ``file:line``.
    """
    if path == STDIN:
        content, name = sys.stdin.buffer.read(LIMITS.size + 1), "stdin"
    else:
        name = str(path)
        try:
            with path.open("rb") as file:
                content = file.read(LIMITS.size + 1)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "this is no name of a file"
            raise DocumentError([Problem(repr(name), "unreadable", f"the file cannot be read: {why}.")]) from error
    tree = parse_yaml(content, name, LIMITS)
    try:
        return parse(tree.root)
    except InputError as error:
        inside = sorted(error.problems, key=lambda problem: tree.line(problem.where))
        placed = [Problem(tree.where(one.where), one.code, f"{one.where}: {one.message}", one.nearest) for one in inside]
        raise InputError(placed) from None


def parse_pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """``name=value`` pairs, several in one word joined by commas.

    Raises:
        InputError: where a part is no pair, or a name stands twice.
    """
    pairs: dict[str, str] = {}
    for part in (part.strip() for word in words for part in word.split(",")):
        name, equals, value = part.partition("=")
        if not equals or not name or name in pairs:
            told = f"write name=number, joined by commas and each name once, not {part[:60]!r}."
            raise InputError([Problem(option, "not-a-pair", told)])
        pairs[name.strip()] = value.strip()
    return pairs


def states(deployment: Deployment) -> dict[ControlId, bool]:
    """The controls of a deployment: True in place or tested, False planned; failed ones are left out."""
    return standing(deployment.controls)


def table(*columns: tuple[str, int | None, bool]) -> Table:
    """An empty table of columns with a heading, a width (the rest where None) and whether they hold numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True, show_edge=False)
    for name, width, number in columns:
        ratio = 1 if width is None else None
        made.add_column(name, width=width, overflow="fold", ratio=ratio, justify="right" if number else "left")
    return made


def plain(text: object) -> str:
    """``text`` on one line, with nothing that Markdown or HTML would take for its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def money(amount: Decimal) -> str:
    """An amount with thousands apart and two decimals."""
    return f"{amount:,.2f}"


def pathways_screen(found: Pathways, deployment: Deployment, top: int, show: str | None) -> RenderableType:
    """The ranking, then one pathway in full: the best, or the one asked for."""
    plan = found.plan
    lines = [
        Text.assemble((deployment.name, "bold")),
        Text(
            f"as of {found.as_of.isoformat()}, knowledge {found.knowledge_version[:12]}, {len(found.outcomes)} feasible pathways"
        ),
        Text("weights: " + ", ".join(f"{name} {plan.weight(name):f}" for name in plan.criteria)),
        Text("what is open counts as if it applied; * on the Pareto front; ! a blocker stops it\n"),
    ]
    columns = [("", 2, True), ("pathway", None, False), ("score", 5, True), ("norms", 5, True), ("open", 4, True)]
    columns += [("block", 5, True), ("ctrl", 4, True), ("first", 5, True)]
    if plan.costs is not None:
        columns.append((plan.costs.currency, 9, True))
    ranking = table(*columns)
    for outcome in found.outcomes[:top]:
        values = outcome.values
        mark = ("*" if outcome.on_front else "") + ("!" if outcome.stopped else "")
        cells = [
            str(outcome.rank),
            "{}/{}\n{}/{} ".format(*outcome.option.pathway.values) + mark,
            f"{outcome.score:.3f}",
            *(f"{values[name]:g}" for name in ("obligations", "undetermined", "blockers", "controls")),
            f"{outcome.anywhere.first:.0%}",
        ]
        ranking.add_row(*map(Text, [*cells, f"{outcome.cost:,.0f}"] if outcome.cost is not None else cells))
    left = len(found.outcomes) - top
    tail = [Text(f"{left} more: --top {len(found.outcomes)}\n" if left > 0 else "", "dim")]
    return Group(*lines, ranking, *tail, *(Text(line) for line in _details(chosen(found, show))), *_cannot(found))


def chosen(found: Pathways, show: str | None) -> Outcome:
    """The outcome of the pathway named, or the best one.

    Raises:
        InputError: where no feasible pathway has that name; says why where it cannot be built.
    """
    from kg_service.errors import nearest

    if show is None:
        return found.outcomes[0]
    by_id = {outcome.option.pathway.id: outcome for outcome in found.outcomes}
    if show not in by_id:
        why = next((f"it cannot be built: {why}." for pathway, why in found.infeasible if pathway.id == show), "")
        told = why or f"there is no pathway {show[:80]!r}."
        raise InputError([Problem("--show", "unknown-pathway", told, () if why else nearest(show, by_id))])
    return by_id[show]


def _details(outcome: Outcome) -> Iterable[str]:
    yield f"{outcome.option.pathway.id}, rank {outcome.rank}"
    yield f"  first under {outcome.anywhere.first:.0%} of all weightings, {outcome.near.first:.0%} of those near yours"
    for setting in outcome.option.settings:
        yield f"  {setting.fact}: {wording.shown(setting.answer)} ({setting.reason})"
    for word, changes in (("gained", outcome.gained), ("lost", outcome.lost)):
        yield f"  {word} ({len(changes)}): " + wording.listed([change.norm.id for change in changes], ";", 6)
    for blocker in outcome.blockers:
        if not blocker.cleared_by:
            word = "stops" if blocker.stops else "open" if blocker.status == "undetermined" else "as in the base"
            yield f"  {blocker.kind} ({word}): {blocker.norm.id} {blocker.norm.title}; any of {', '.join(blocker.norm.controls)}"
    yield f"  controls still needed ({len(outcome.controls)}): " + wording.listed(list(outcome.controls), ";", 8)
    if outcome.missing_facts:
        told = [f"{fact} ({count})" for fact, count in outcome.missing_facts.items()]
        yield "  to answer, with the verdicts each keeps open: " + wording.listed(told, ";", 6)


def _cannot(found: Pathways) -> Iterable[Text]:
    reasons: dict[str, list[str]] = {}
    for pathway, why in found.infeasible:
        reasons.setdefault(why, []).append(pathway.id)
    for why, pathways in reasons.items():
        yield Text(f"\nnot feasible: {why}:\n  {', '.join(pathways)}", "dim")


def pathways_markdown(found: Pathways, deployment: Deployment) -> str:
    """The ranking as a table, the best pathway in full, and what cannot be built."""
    plan = found.plan
    priced = [] if plan.costs is None else [f"cost ({plan.costs.currency})"]
    heads = ["rank", "pathway", "score", "front", "stopped", "norms", "open", "blockers", "controls", "first", *priced]
    lines = [
        f"# Pathways: {plain(deployment.name)}",
        "",
        f"As of {found.as_of.isoformat()}, knowledge `{found.knowledge_version[:12]}`. What is open counts as if it applied.",
        "Weights: " + ", ".join(f"{plain(name)} {plan.weight(name):f}" for name in plan.criteria) + ".",
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
    ]
    for outcome in found.outcomes:
        cells = [
            str(outcome.rank),
            f"`{outcome.option.pathway.id}`",
            f"{outcome.score:.3f}",
            "yes" if outcome.on_front else "",
            "yes" if outcome.stopped else "",
            *(f"{outcome.values[name]:g}" for name in ("obligations", "undetermined", "blockers", "controls")),
            f"{outcome.anywhere.first:.0%}",
            *([] if outcome.cost is None else [money(outcome.cost)]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    first, *rest = _details(found.outcomes[0])
    lines += ["", f"## Best: {plain(first)}", "", *(f"- {plain(line)}" for line in rest), "", "## Not feasible", ""]
    lines += [f"- `{pathway.id}`: {plain(why)}." for pathway, why in found.infeasible]
    return "\n".join(lines) + "\n"


def roi_screen(case: Case, results: Sequence[Result]) -> RenderableType:
    """The figures of the base and each option side by side, then what drives each."""
    head = f"in {case.currency}, {case.years} years, {case.rate:%} a year, {case.iterations} draws, seed {case.seed}\n"
    figures = table(("", 26, False), *((result.name, None, True) for result in results))
    for label, cells in _figures(case, results):
        figures.add_row(*map(Text, (label, *cells)))
    parts: list[RenderableType] = [Text(head), figures]
    for result in results:
        parts.append(Text(f"\nwhat drives {result.name} (NPV with one quantity at its P10 and P90)", "bold"))
        bars = table(("", 20, False), ("P10 to P90", None, False), ("NPV", 12, True), ("to", 12, True), ("swing", 12, True))
        for bar in result.tornado:
            span = f"{_short(bar.low)} to {_short(bar.high)}"
            amounts = (f"{one:,.0f}" for one in (bar.npv_at_low, bar.npv_at_high, bar.swing))
            bars.add_row(*map(Text, (bar.quantity, span, *amounts)))
        parts.append(bars if result.tornado else Text("nothing: every quantity is certain"))
    parts.extend(Text(f"\n{one.name}: {one.score:f} of 10, weight {one.weight:f}: {one.because}") for one in case.worth)
    return Group(*parts)


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _figures(case: Case, results: Sequence[Result]) -> Iterable[tuple[str, list[str]]]:
    """Each figure with its value for each result."""

    def years(number: Decimal | None) -> str:
        return "never" if number is None else f"{number:.2f} years"

    yield "net present value", [money(cents(one.npv)) for one in results]
    yield "total cost of ownership", [money(cents(one.tco)) for one in results]
    for group in dict.fromkeys(group for one in results for group in one.costs):
        yield f"  {group}", [money(cents(one.costs.get(group, Decimal(0)))) for one in results]
    yield "benefits", [money(cents(one.benefits)) for one in results]
    yield "return on investment", ["no costs" if one.roi is None else f"{one.roi:.1%}" for one in results]
    yield "internal rate of return", [_rates(one) for one in results]
    yield "payback", [years(one.payback) for one in results]
    yield "discounted payback", [years(one.discounted_payback) for one in results]
    for label, share in (("P10", "p10"), ("P50", "p50"), ("P90", "p90"), ("mean", "mean")):
        yield f"NPV {label}", [f"{getattr(one.risk, share):,.2f}" for one in results]
    yield "probability of a loss", [f"{one.risk.loss:.1%}" for one in results]
    if case.worth_score is not None:
        yield "value besides money", [f"{case.worth_score:.2f} of 10" for _ in results]


def _rates(result: Result) -> str:
    if not result.rates.rates:
        return result.rates.verdict
    word = "" if result.rates.verdict == "one" else "several: "
    return word + ", ".join(f"{rate:.2%}" for rate in result.rates.rates)


def roi_markdown(case: Case, results: Sequence[Result]) -> str:
    """The figures side by side, the drivers of each, and the value that is not money."""
    lines = [
        "# Return on investment",
        "",
        f"In {case.currency} over {case.years} years at {case.rate:%} a year; {case.iterations} draws with seed {case.seed}.",
        "",
        f"| | {' | '.join(plain(one.name) for one in results)} |",
        "|---" * (len(results) + 1) + "|",
        *(f"| {label.strip()} | {' | '.join(cells)} |" for label, cells in _figures(case, results)),
    ]
    for result in results:
        lines += [
            "",
            f"## What drives {plain(result.name)}",
            "",
            "| quantity | at its P10 | at its P90 | swing |",
            "|---|---|---|---|",
        ]
        for bar in result.tornado:
            lines.append(f"| {plain(bar.quantity)} | {bar.npv_at_low:,.2f} | {bar.npv_at_high:,.2f} | {bar.swing:,.2f} |")
    if case.worth:
        lines += ["", "## Value besides money", ""]
        lines += [f"- {plain(one.name)}: {one.score:f} of 10, weight {one.weight:f}: {plain(one.because)}" for one in case.worth]
    return "\n".join(lines) + "\n"


def necessity_text(name: str, found: Necessity, *, markdown: bool) -> str:
    """The verdict, then each rung with its reasons; as Markdown or as plain text."""
    safe = plain if markdown else str
    heads = ("# ", "## ", "- ") if markdown else ("", "", "  ")
    lines = [f"{heads[0]}{safe(name)}", "", safe(necessity_views.verdict(found))]
    for number, one in enumerate(found.findings, 1):
        mark = " (simplest)" if one is found.simplest else ""
        lines += ["", f"{heads[1]}{number}. {safe(one.rung.label)}: {one.standing}{mark}"]
        lines += [""] * markdown + [f"{heads[2]}{safe(line)}" for line in necessity_views.lines(one)]
    return "\n".join(lines) + "\n"
