"""What a person sees on a terminal: tables and trees that can be read without colour and in 80 columns."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from kg_service.applicability.compare import Change, Comparison, DatedChange, Difference
from kg_service.applicability.evaluate import Assessment, Evaluator, Status, Verdict
from kg_service.applicability.explain import Explainer, Proof, VerdictProof
from kg_service.applicability.questions import Question
from kg_service.commands import wording
from kg_service.deployment import Deployment
from kg_service.model import Knowledge, Norm, NormId

_STYLES: Final = {
    Status.APPLIES: "bold green",
    Status.UPCOMING: "bold yellow",
    Status.UNDETERMINED: "bold magenta",
    Status.EXEMPT: "cyan",
    Status.ENDED: "dim",
    Status.DOES_NOT_APPLY: "dim",
}
_VALUE_STYLES: Final = {True: "green", False: "red", None: "magenta"}


def show(content: RenderableType) -> bool:
    """Whether standard output is a terminal; if so ``content`` stands on it, in colour unless NO_COLOR is set."""
    console = Console(highlight=False, emoji=False, markup=False)
    if console.is_terminal:
        console.print(content)
    return console.is_terminal


def plain(content: RenderableType) -> str:
    """``content`` as text without colour, 80 columns wide or as COLUMNS says."""
    width = os.environ.get("COLUMNS", "")
    columns = max(40, int(width)) if width.isdecimal() and len(width) < 5 else 80
    out = Console(file=io.StringIO(), width=columns, color_system=None, highlight=False, emoji=False, markup=False)
    with out.capture() as captured:
        out.print(content)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def assessment(
    evaluator: Evaluator,
    deployment: Deployment,
    found: Assessment,
    shown: Sequence[Verdict],
    questions: Sequence[Question],
    words: Mapping[NormId, str] | None = None,
) -> RenderableType:
    """The verdicts by instrument: status, norm, why, since when by which provision, and the exact ``words`` where given."""
    knowledge = evaluator.knowledge
    explainer = Explainer(evaluator, found)
    parts: list[RenderableType] = [_head(deployment, found), Text()]
    for instrument_id, group in groupby(shown, key=lambda verdict: verdict.norm.instrument):
        instrument = knowledge.instruments[instrument_id]
        place = knowledge.jurisdictions.get(instrument.jurisdiction)  # type: ignore[call-overload]
        where = place.labels.label if place is not None else instrument.jurisdiction
        parts.append(Text.assemble((instrument.short_title, "bold"), f"  {instrument_id}, {where}"))
        table = _table(("status", 12), ("norm", 18), ("", None))
        for verdict in group:
            table.add_row(*_verdict(knowledge, explainer, verdict, (words or {}).get(verdict.norm.id)))
        parts.extend((table, Text()))
    if not shown:
        parts.extend((Text("Nothing to show for these statuses."), Text()))
    parts.extend(_foot(questions))
    return Group(*parts)


def _head(deployment: Deployment, found: Assessment) -> Text:
    counts = ", ".join(
        f"{count} {wording.NAMES[status]}"
        for status, count in found.counts().items()
        if count and status is not Status.DOES_NOT_APPLY
    )
    return Text.assemble(
        (deployment.name, "bold"),
        f"\nas of {found.as_of.isoformat()}, knowledge {found.knowledge_version[:12]}\n",
        f"{counts or 'nothing applies'}; {found.counts()[Status.DOES_NOT_APPLY]} do not apply",
    )


def _foot(questions: Sequence[Question]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if questions:
        parts.append(Text("To settle what is open, answer first:"))
        parts.extend(Text(f"  {question.fact.id}: {question.ask} (settles about {question.settles})") for question in questions)
        parts.append(Text())
    parts.append(Text("Why in full: --explain INSTRUMENT/NORM. In our words; the official text decides.", "dim"))
    return parts


def _verdict(knowledge: Knowledge, explainer: Explainer, verdict: Verdict, words: str | None) -> tuple[Text, Text, Text]:
    norm = verdict.norm
    text = Text.assemble((f"{norm.provision}: {norm.title}", "bold" if verdict.status is Status.APPLIES else ""))
    when = wording.since(knowledge, verdict)
    text.append(f"\n{when}" if when else "")
    text.append(f"\nbecause {why}" if (why := wording.why(knowledge, explainer, verdict)) else "")
    for line in (wording.event(knowledge, norm), "; ".join(wording.doubts(norm))):
        text.append(f"\n{line}" if line else "", "dim")
    text.append(f"\n{words}" if words else "", "italic")
    return _status(verdict.status), Text(_local(norm)), text


def _local(norm: Norm) -> str:
    return norm.id.removeprefix(f"{norm.instrument}/")


def _status(status: Status) -> Text:
    return Text(wording.NAMES[status], _STYLES[status])


def _table(*columns: tuple[str, int | None]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False, expand=True, show_edge=False)
    for name, width in columns:
        table.add_column(name, width=width, overflow="fold", ratio=1 if width is None else None)
    return table


def proof(knowledge: Knowledge, found: VerdictProof, words: Mapping[NormId, str] | None = None) -> RenderableType:
    """The whole proof of one verdict as a tree: facts at the leaves, provisions at the qualifications; then the exact words."""
    verdict, norm = found.verdict, found.verdict.norm
    instrument = knowledge.instruments[norm.instrument]
    head = Text.assemble(
        (f"{instrument.short_title} {norm.provision}: {norm.title}", "bold"),
        f"\n{norm.summary}\n\n",
        _status(verdict.status),
        f" as of {found.as_of.isoformat()}",
    )
    for line in (wording.since(knowledge, verdict), wording.event(knowledge, norm)):
        head.append(f"; {line}" if line else "")
    parts: list[RenderableType] = [head, Text()]
    met: set[str] = set()
    tree = Tree(Text.assemble("condition: ", _value(found.condition)), guide_style="dim")
    _grow(tree, knowledge, found.condition, met)
    parts.append(tree)
    if found.unless is not None:
        tree = Tree(Text.assemble("unless: ", _value(found.unless)), guide_style="dim")
        _grow(tree, knowledge, found.unless, met)
        parts.append(tree)
    parts.extend((Text(), _about(knowledge, norm, (words or {}).get(norm.id, ""))))
    return Group(*parts)


def _about(knowledge: Knowledge, norm: Norm, words: str) -> RenderableType:
    lines: list[tuple[str, str]] = [
        ("official text", norm.url),
        ("its words", words),
        ("borne by", ", ".join(knowledge.bearers[bearer].labels.label for bearer in norm.bearers)),
        ("penalty", norm.penalty or ""),
        ("controls", ", ".join(norm.controls)),
        ("evidence", ", ".join(norm.evidence)),
        ("certainty", ": ".join(part for part in (norm.sureness.level.replace("_", " "), norm.sureness.note) if part)),
        ("note", norm.note or ""),
        *(("not tested", point) for point in norm.unmodelled),
    ]
    table = _table(("", 13), ("", None))
    for name, text in lines:
        if text:
            table.add_row(Text(name, "dim"), Text(text))
    return table


def _grow(tree: Tree, knowledge: Knowledge, step: Proof, met: set[str]) -> None:
    """Adds ``step`` below ``tree``; a qualification is opened where it is met first."""
    if step.kind == "fact":
        tree.add(Text.assemble(wording.leaf(knowledge, step), ": ", _value(step)))
        return
    if step.kind == "is" and step.qualification is not None:
        qualification = knowledge.qualifications[step.qualification]
        sources = "; ".join(wording.reference(knowledge, source) for source in qualification.sources)
        label = Text.assemble((qualification.label, "bold"), ": ", _value(step), (f"\n{sources}" if sources else "", "dim"))
        if step.qualification in met:
            tree.add(label.append(" (opened above)", "dim"))
            return
        met.add(step.qualification)
        branch = tree.add(label)
    elif step.kind in ("all", "any") and not step.parts:
        tree.add(Text.assemble("always: ", _value(step)))
        return
    elif step.kind in ("all", "any") and len(step.parts) == 1:
        branch = tree
    else:
        words = {"all": "all of", "any": "any of", "not": "not"}
        branch = tree.add(Text.assemble(f"{words[step.kind]}: ", _value(step)))
    for part in step.parts:
        _grow(branch, knowledge, part, met)


def _value(step: Proof) -> Text:
    return Text(wording.VALUES[step.value], _VALUE_STYLES[step.value])


def comparison(knowledge: Knowledge, found: Comparison, base: str) -> RenderableType:
    """The options in a row, then what each gains, loses and changes."""
    parts: list[RenderableType] = [
        Text(f"as of {found.base.as_of.isoformat()}, knowledge {found.base.knowledge_version[:12]}\n"),
        Text.assemble((base, "bold"), f": {_in_effect(found.base)}"),
    ]
    for option in found.options:
        moved = f"{len(option.gained)} gained, {len(option.lost)} lost, {len(option.changed)} changed otherwise"
        parts.append(Text.assemble((option.name, "bold"), f": {_in_effect(option.assessment)}; {moved}"))
    for option in found.options:
        parts.append(Text(f"\n{option.name}", "bold"))
        parts.extend(
            Text(f"  {change.fact}: {wording.shown(change.before)} -> {wording.shown(change.after)}", "dim")
            for change in option.facts
        )
        for title, changes in (("gained", option.gained), ("lost", option.lost), ("changed otherwise", option.changed)):
            parts.extend(_changes(knowledge, title, changes))
    return Group(*parts)


def _in_effect(found: Assessment) -> str:
    counts = found.counts()
    shown = (Status.APPLIES, Status.UPCOMING, Status.UNDETERMINED)
    return ", ".join(f"{counts[status]} {wording.NAMES[status]}" for status in shown)


def difference(knowledge: Knowledge, found: Difference, name: str) -> RenderableType:
    """What begins, ends and changes between two days, with the provision that sets each day."""
    parts: list[RenderableType] = [
        Text.assemble(
            (name, "bold"),
            f"\nfrom {found.start.as_of.isoformat()} to {found.end.as_of.isoformat()}, ",
            f"knowledge {found.start.knowledge_version[:12]}",
        )
    ]
    for title, changes in (("begins", found.begins), ("ends", found.ends), ("changes otherwise", found.changed)):
        parts.extend(_changes(knowledge, title, [dated.change for dated in changes], changes))
    if len(parts) == 1:
        parts.append(Text("\nNothing changes."))
    return Group(*parts)


def _changes(
    knowledge: Knowledge, title: str, changes: Sequence[Change], dated: Sequence[DatedChange] = ()
) -> Iterable[RenderableType]:
    if not changes:
        return
    yield Text(f"\n{title} ({len(changes)})", "bold")
    table = _table(("", 34), ("", None))
    for place, change in enumerate(changes):
        norm = change.norm
        cause = dated[place].cause if dated else None
        text = Text(f"{knowledge.instruments[norm.instrument].short_title} {norm.provision}: {norm.title}")
        text.append(f"\n{wording.NAMES[change.before]} -> {wording.NAMES[change.after]}", "dim")
        text.append(f", {wording.dated(knowledge, cause, norm.instrument)}" if cause is not None else "", "dim")
        table.add_row(Text(norm.id), text)
    yield table


def questions(deployment: Deployment, asked: Sequence[Question], open_verdicts: int) -> RenderableType:
    """What to answer next, with the answers to choose from."""
    if not asked:
        return Text(f"{deployment.name}: every verdict is settled.")
    parts: list[RenderableType] = [Text.assemble((deployment.name, "bold"), f": {open_verdicts} verdicts are undetermined.\n")]
    table = _table(("", 3), ("", None))
    for place, question in enumerate(asked, 1):
        table.add_row(
            Text(f"{place}."),
            Text.assemble(
                (question.ask, "bold"), f" (settles about {question.settles})\n{question.fact.id}: {answers(question)}"
            ),
        )
    return Group(*parts, table)


def answers(question: Question) -> str:
    """The answers that a question takes, in words."""
    if question.terms:
        choices = wording.listed([str(term) for term in question.terms], "or", 8)
        return f"{choices} - more exactly than {', '.join(question.refines)}" if question.refines else choices
    unit = f" ({question.fact.unit})" if question.fact.unit else ""
    return {"flag": "true or false", "number": f"a number{unit}", "date": "a day as YYYY-MM-DD"}[question.fact.kind]
