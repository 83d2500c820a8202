"""``sextant load``, ``texts``, ``suggest`` and ``diff --text``: official texts and own policies on the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kg_service.commands.session import Session, open_session, tell
from kg_service.deployments.sql import stored_records
from kg_service.errors import InputError, Problem
from kg_service.imports.isolation import Reader
from kg_service.model import InstrumentId
from kg_service.texts.comparison import Compared, compare_days
from kg_service.texts.joining import Joined, cited, covering, joined, quoted_norms
from kg_service.texts.library import Library, held_on, open_library, required
from kg_service.texts.loading import Choices, Loaded, Outcome, load_files
from kg_service.texts.policies import Candidate, Linker, sections
from kg_service.texts.recognise import instrument_named
from kg_service.texts.record import LoadedText
from kg_service.texts.suggestions import COLUMNS, Suggestion, row, suggestions
from kg_service.texts.views import candidate_view, difference_view, findings_view, joined_view, text_view


@dataclass(frozen=True, slots=True)
class Report:
    """What ``sextant load`` did: each file, how our citations of the instruments join, what own policies speak of."""

    loaded: tuple[Loaded, ...]
    joins: tuple[Joined, ...]
    instruments: tuple[InstrumentId, ...]
    norms: int
    candidates: tuple[Candidate, ...]

    @property
    def refused(self) -> tuple[Loaded, ...]:
        return tuple(one for one in self.loaded if one.outcome is Outcome.REFUSED)

    def of(self, instrument: InstrumentId) -> tuple[Joined, ...]:
        return tuple(one for one in self.joins if one.instrument == instrument)


def load(paths: Sequence[Path], choices: Choices, root: Path | None) -> Report:
    """The files are read in a child process and kept; each is told on standard error as it is read."""
    if choices.instrument is not None and choices.policy is not None:
        told = "a text is either that of an instrument or an own policy, not both."
        raise InputError([Problem("--policy", "two-owners", told)])
    session = open_session(root)
    library = open_library(session.settings.data)
    with Reader() as reader:
        loaded = tuple(load_files(paths, session.knowledge, library.shelf, reader, choices, datetime.now(UTC), tell))
    texts = [one.text for one in loaded if one.text is not None]
    instruments = tuple(dict.fromkeys(text.instrument for text in texts if text.instrument is not None))
    if texts:
        tell("joining our citations ...")
    joins = joined(cited(session.knowledge), library, instruments)
    candidates = tuple(_candidates(session, library, [text for text in texts if text.is_policy]))
    return Report(loaded, joins, instruments, len(quoted_norms(joins)), candidates)


def _candidates(session: Session, library: Library, policies: Iterable[LoadedText]) -> Iterable[Candidate]:
    linker: Linker | None = None
    for policy in policies:
        linker = linker or Linker(session.knowledge)
        yield from linker.links(policy, library.document(policy))


def report_view(report: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "files": [
            {
                "file": one.file,
                "outcome": one.outcome,
                "text": None if one.text is None else text_view(one.text),
                "findings": [] if one.document is None else findings_view(one.document.findings),
                "error": None if one.error is None else str(one.error),
            }
            for one in report.loaded
        ],
        "joins": {str(instrument): joined_view(report.of(instrument)) for instrument in report.instruments},
        "norms_with_quote": report.norms,
        "policy_candidates": [candidate_view(one) for one in report.candidates],
    }


def report_text(report: Report) -> str:
    """The report for people."""
    lines = [line for one in report.loaded for line in _file_lines(one)]
    for instrument in report.instruments:
        found = report.of(instrument)
        missed = [one for one in found if not one.matched]
        norms = quoted_norms(found)
        lines.append(
            f"{instrument}: {len(found) - len(missed)} of {len(found)} citations join; {len(norms)} norms have their words"
        )
        for one in missed:
            why = f"not in the loaded text: {', '.join(one.lost)}" if one.understood else "not in a form that can be looked up"
            lines.append(f"  {one.pinpoint}: {why} (cited by {_named([use.id for use in one.uses])})")
    if report.candidates:
        lines.append("")
    lines += candidate_lines(report.candidates)
    counts = {outcome: sum(one.outcome is outcome for one in report.loaded) for outcome in Outcome}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return "\n".join([*lines, f"{told or 'no file'}; {report.norms} norms now have a verbatim quote", ""])


def _file_lines(one: Loaded) -> list[str]:
    if one.text is None:
        return [f"{one.outcome}: {one.error}"]
    name = one.text.instrument or f"policy {one.text.name}"
    note = f", kept from {one.text.file}; --replace takes this file" if one.outcome is Outcome.KEPT else ""
    lines = [f"{one.outcome}: {Path(one.file).name} is {name}, version {one.text.version}, {one.text.units} units{note}"]
    codes: dict[str, list[str]] = {}
    for finding in one.document.findings if one.document is not None else ():
        codes.setdefault(finding.code, []).append(finding.message)
    return lines + [f"  note, {code}: {messages[0]}{_more(len(messages) - 1)}" for code, messages in codes.items()]


def _more(count: int) -> str:
    return f" (+{count})" if count > 0 else ""


def _named(names: Sequence[str], most: int = 3) -> str:
    found = list(dict.fromkeys(names))
    return ", ".join(found[:most]) + _more(len(found) - most)


def candidate_lines(candidates: Sequence[Candidate]) -> list[str]:
    """What sections of own policies speak of, section by section."""
    lines: list[str] = []
    last = None
    for one in candidates:
        if one.section.path != last:
            last = one.section.path
            lines.append(f"{one.policy.name}, {one.section.heading or one.section.path}")
        what = f"control {one.control}" if one.control is not None else f"norm {one.norm}"
        lines.append(f"  may speak of {what} ({one.score:.2f}: {', '.join(one.because)})")
    return lines


def texts_view(name: str | None, root: Path | None) -> dict[str, Any]:
    """All loaded texts; of one instrument with its joins, of one policy with what its sections speak of.

    Raises:
        NotFoundError: where there is neither an instrument with a text nor a policy of that name.
    """
    session = open_session(root)
    library = open_library(session.settings.data)
    texts = tuple(library.all().values())
    if name is None:
        return {"texts": [text_view(text, _siblings(texts, text)) for text in texts]}
    policies = [text for text in texts if text.is_policy and name in (text.name, text.key, text.work)]
    if policies:
        found = list(_candidates(session, library, policies))
        count = sum(1 for text in policies for _ in sections(library.document(text)))
        views = [text_view(text, _siblings(texts, text)) for text in policies]
        return {"texts": views, "sections": count, "policy_candidates": [candidate_view(one) for one in found]}
    instrument = instrument_named(name, session.knowledge, "NAME").id
    versions = required(library, instrument)
    joins = joined(cited(session.knowledge), library, [instrument])
    return {"texts": [text_view(text, versions) for text in versions], "joins": {str(instrument): joined_view(joins)}}


def _siblings(texts: Sequence[LoadedText], text: LoadedText) -> tuple[LoadedText, ...]:
    return tuple(other for other in texts if other.work == text.work)


def texts_text(view: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    for text in view["texts"]:
        days = f"{text['valid_from'] or 'no first day'} to {text['last_day'] or 'open'}"
        whose = text["instrument"] or f"policy {text['policy']}"
        lines.append(f"{whose:28} {text['version']:12} {days:26} {text['units']:>6} units  {text['file']['name']}")
    for instrument, joins in view.get("joins", {}).items():
        lines.append(f"{instrument}: {joins['matched']} of {joins['citations']} citations join")
        lines += [f"  {miss['provision']}: {miss['reason']}" for miss in joins["missed"]]
    for one in view.get("policy_candidates", ()):
        what = f"control {one['control']}" if one["control"] else f"norm {one['norm']}"
        lines.append(f"{one['section']}: may speak of {what} ({one['score']:.2f}: {', '.join(one['because'])})")
    return "\n".join([*(lines or ["No text is loaded; docs/texts.md says where to get official texts."]), ""])


def remove(key: str, root: Path | None) -> str:
    """The text of that key is no longer loaded.

    Raises:
        InputError: naming the keys that there are.
    """
    from kg_service.commands.session import settings
    from kg_service.errors import nearest

    library = open_library(settings(root).data)
    texts = library.all()
    if key not in texts:
        told = f"there is no loaded text {key[:80]!r}."
        raise InputError([Problem("--remove", "unknown-text", told, nearest(key, texts) or tuple(list(texts)[:3]))])
    library.shelf.remove(key)
    return f"removed: {key}\n"


def compare(session: Session, instrument: str, start: date, end: date) -> Compared:
    """What changed in the text of an instrument between two days."""
    records = stored_records(session.settings).all()
    library = open_library(session.settings.data)
    chosen = instrument_named(instrument, session.knowledge, "--text")
    return compare_days(library, session.evaluator, cited(session.knowledge), chosen, (start, end), records)


def compared_view(found: Compared) -> dict[str, Any]:
    return difference_view(found.old, found.new, found.found, found.effects)


def suggested(
    instrument: str, as_of: date, root: Path | None, *, authorities: bool, all_: bool
) -> tuple[tuple[LoadedText, ...], list[Suggestion]]:
    """The sentences of the texts of ``as_of`` that likely oblige and on which no norm of ours rests.

    Raises:
        NotFoundError: where no text of the instrument is loaded.
        InputError: where none of its texts held on that day.
    """
    session = open_session(root)
    library = open_library(session.settings.data)
    chosen = instrument_named(instrument, session.knowledge, "INSTRUMENT").id
    texts = held_on(required(library, chosen), as_of)
    if not texts:
        raise InputError([Problem("--as-of", "no-text", f"no loaded text of {chosen} held on {as_of.isoformat()}.")])
    cites = cited(session.knowledge)
    found: list[Suggestion] = []
    for document in map(library.document, texts):
        covered = covering(cites, chosen, document)
        found.extend(suggestions(document, covered, authorities=authorities, all_=all_))
    return texts, found


def suggestions_csv(found: Iterable[Suggestion]) -> str:
    """The review list as CSV (RFC 4180), safe to open in a spreadsheet."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for one in found:
        rows.writerow(f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in row(one).values())
    return out.getvalue()
