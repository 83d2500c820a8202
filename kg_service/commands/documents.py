"""Answers as documents: JSON, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from kg_service.applicability.compare import Change, Comparison, DatedChange, Difference
from kg_service.applicability.evaluate import Assessment, Evaluator, Verdict
from kg_service.applicability.explain import Explainer, Proof, VerdictProof
from kg_service.applicability.questions import Question
from kg_service.commands import wording
from kg_service.deployment import Deployment
from kg_service.model import Knowledge, NormId

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")
COLUMNS: Final = (
    "norm", "status", "instrument", "provision", "title", "kind", "bindingness", "bearers", "applies_from", "set_by",
    "applies_until", "on_event", "why", "missing_facts", "decisions", "controls", "evidence", "penalty", "certainty",
    "not_tested", "official_url",
)  # fmt: skip


def as_json(view: Any) -> str:
    """``view`` as indented JSON, in UTF-8 and with a line end."""
    return json.dumps(view, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def assessment_csv(
    evaluator: Evaluator, found: Assessment, shown: Sequence[Verdict], words: Mapping[NormId, str] | None = None
) -> str:
    """One row for each verdict (RFC 4180), with the exact ``words`` where given; lists in a cell are separated by semicolons."""
    knowledge = evaluator.knowledge
    explainer = Explainer(evaluator, found)
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow((*COLUMNS, *(["words"] if words else [])))
    for verdict in shown:
        norm = verdict.norm
        cells = (
            norm.id, verdict.status, norm.instrument, norm.provision, norm.title, norm.kind, norm.bindingness,
            "; ".join(norm.bearers),
            norm.applies_from.day.isoformat() if norm.applies_from else "",
            wording.reference(knowledge, norm.applies_from.set_by) if norm.applies_from else "",
            norm.applies_until.day.isoformat() if norm.applies_until else "",
            norm.on_event or "",
            wording.why(knowledge, explainer, verdict),
            "; ".join(verdict.missing_facts),
            "; ".join(map(str, norm.decisions)),
            "; ".join(norm.controls),
            "; ".join(norm.evidence),
            norm.penalty or "",
            norm.sureness.level,
            "; ".join(norm.unmodelled),
            norm.url,
            *([words.get(norm.id, "")] if words else []),
        )  # fmt: skip
        rows.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else str(text)


def assessment_markdown(
    evaluator: Evaluator,
    deployment: Deployment,
    found: Assessment,
    shown: Sequence[Verdict],
    questions: Sequence[Question],
    words: Mapping[NormId, str] | None = None,
) -> str:
    """A document to file or to send: one table for each instrument, and below it the exact ``words`` where given."""
    knowledge = evaluator.knowledge
    explainer = Explainer(evaluator, found)
    lines = [f"# {_plain(deployment.name)}", ""]
    if deployment.description:
        lines += [_plain(deployment.description), ""]
    counts = ", ".join(f"{count} {wording.NAMES[status]}" for status, count in found.counts().items() if count)
    lines += [f"As of {found.as_of.isoformat()}, knowledge version `{found.knowledge_version}`: {counts}.", ""]
    for instrument_id, group in groupby(shown, key=lambda verdict: verdict.norm.instrument):
        instrument = knowledge.instruments[instrument_id]
        lines += [f"## {_plain(instrument.short_title)}", ""]
        lines += ["| status | provision | norm | when | why |", "|---|---|---|---|---|"]
        said: list[str] = []
        for verdict in group:
            norm = verdict.norm
            limits = "; ".join(filter(None, (wording.event(knowledge, norm), *wording.doubts(norm))))
            cells = (
                wording.NAMES[verdict.status],
                f"[{_plain(norm.provision)}]({_target(norm.url)})",
                f"{_plain(norm.title)} (`{norm.id}`){': ' + _plain(limits) if limits else ''}",
                _plain(wording.since(knowledge, verdict)),
                _plain(wording.why(knowledge, explainer, verdict)),
            )
            lines.append(f"| {' | '.join(cells)} |")
            said += [f"- {_plain(norm.provision)}: {_plain(words[norm.id])}"] if words and norm.id in words else []
        lines += ["", *said, ""] if said else [""]
    if questions:
        lines += ["## Still to be answered", ""]
        lines += [f"- {_plain(question.ask)} (`{question.fact.id}`, settles about {question.settles})" for question in questions]
        lines.append("")
    lines += ["In our own words; the official text decides.", ""]
    return "\n".join(lines)


def proof_markdown(knowledge: Knowledge, found: VerdictProof, words: Mapping[NormId, str] | None = None) -> str:
    """The whole proof as nested lists, with the exact ``words`` of the provision where given."""
    verdict, norm = found.verdict, found.verdict.norm
    instrument = knowledge.instruments[norm.instrument]
    lines = [f"# {_plain(instrument.short_title)} {_plain(norm.provision)}: {_plain(norm.title)}", "", _plain(norm.summary), ""]
    when = wording.since(knowledge, verdict)
    told = f"**{wording.NAMES[verdict.status]}** as of {found.as_of.isoformat()}{'; ' + when if when else ''}."
    lines += [told, "", f"- condition: {wording.VALUES[found.condition.value]}"]
    met: set[str] = set()
    lines += _steps(knowledge, found.condition, met, 1)
    if found.unless is not None:
        lines += [f"- unless: {wording.VALUES[found.unless.value]}", *_steps(knowledge, found.unless, met, 1)]
    lines += ["", *(f"- not tested: {_plain(point)}" for point in norm.unmodelled)]
    lines += [f"- its words: {_plain(words[norm.id])}"] if words and norm.id in words else []
    return "\n".join([*lines, f"- official text: <{_target(norm.url)}>", ""])


def _steps(knowledge: Knowledge, step: Proof, met: set[str], depth: int) -> list[str]:
    pad = "  " * depth
    if step.kind == "fact":
        return [f"{pad}- {_plain(wording.leaf(knowledge, step))}: {wording.VALUES[step.value]}"]
    if step.kind == "is" and step.qualification is not None:
        qualification = knowledge.qualifications[step.qualification]
        sources = "; ".join(wording.reference(knowledge, source) for source in qualification.sources)
        head = f"{pad}- **{_plain(qualification.label)}**: {wording.VALUES[step.value]} ({_plain(sources)})"
        if step.qualification in met:
            return [f"{head} (opened above)"]
        met.add(step.qualification)
    else:
        words = {"all": "all of", "any": "any of", "not": "not"}[step.kind] if step.parts else "always"
        head = f"{pad}- {words}: {wording.VALUES[step.value]}"
    return [head, *(line for part in step.parts for line in _steps(knowledge, part, met, depth + 1))]


def comparison_markdown(knowledge: Knowledge, found: Comparison, base: str) -> str:
    """Each option against the base."""
    lines = [f"# Compared with {_plain(base)}", "", f"As of {found.base.as_of.isoformat()}.", ""]
    lines += ["| option | applies | upcoming | undetermined | gained | lost | changed |", "|---|--:|--:|--:|--:|--:|--:|"]
    lines.append(f"| {_plain(base)} | {_numbers(found.base)} | | | |")
    for option in found.options:
        moved = " | ".join(str(len(part)) for part in (option.gained, option.lost, option.changed))
        lines.append(f"| {_plain(option.name)} | {_numbers(option.assessment)} | {moved} |")
    for option in found.options:
        lines += ["", f"## {_plain(option.name)}", ""]
        lines += [
            f"- `{change.fact}`: {_plain(wording.shown(change.before))} -> {_plain(wording.shown(change.after))}"
            for change in option.facts
        ]
        for title, changes in (("Gained", option.gained), ("Lost", option.lost), ("Changed otherwise", option.changed)):
            lines += _change_lines(knowledge, title, changes, ())
    return "\n".join([*lines, ""])


def difference_markdown(knowledge: Knowledge, found: Difference, name: str) -> str:
    """What the calendar changes."""
    lines = [f"# {_plain(name)}", "", f"From {found.start.as_of.isoformat()} to {found.end.as_of.isoformat()}."]
    for title, changes in (("Begins", found.begins), ("Ends", found.ends), ("Changes otherwise", found.changed)):
        lines += _change_lines(knowledge, title, [dated.change for dated in changes], changes)
    return "\n".join([*lines, ""])


def _change_lines(knowledge: Knowledge, title: str, changes: Sequence[Change], dated: Sequence[DatedChange]) -> Iterable[str]:
    if not changes:
        return
    yield from ("", f"### {title} ({len(changes)})", "")
    for place, change in enumerate(changes):
        norm = change.norm
        cause = dated[place].cause if dated else None
        day = f", {_plain(wording.dated(knowledge, cause, norm.instrument))}" if cause is not None else ""
        moved = f"{wording.NAMES[change.before]} -> {wording.NAMES[change.after]}{day}"
        short = _plain(f"{knowledge.instruments[norm.instrument].short_title} {norm.provision}: {norm.title}")
        yield f"- {short} (`{norm.id}`): {moved}"


def _numbers(found: Assessment) -> str:
    counts = found.counts()
    return " | ".join(str(counts[status]) for status in counts if status in ("applies", "upcoming", "undetermined"))


def _plain(text: str) -> str:
    """``text`` on one line, with nothing that Markdown or HTML would take for its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _target(url: str) -> str:
    return url.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("|", "%7C").replace("<", "%3C")
