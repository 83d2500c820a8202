"""How norms, days, instruments and verdicts are named in prose. Singular and plural are right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from assistant.verify.dates import long_form
from assistant.verify.phrases import DOUBTS, KINDS
from assistant.verify.sayings import NO_DAY
from kg_service.applicability.evaluate import Status
from kg_service.model import DatedBy, InstrumentId, Knowledge, Norm, ProvisionRef

DECISIONS: Final = {
    1: "Decision 1: necessity and feasibility",
    2: "Decision 2: data governance and privacy",
    3: "Decision 3: risk management",
    4: "Decision 4: ethics built in early",
    5: "Decision 5: return on investment and strategic value",
    6: "Decision 6: implementation pathway",
}
_EU_STYLE: Final = re.compile(r"^(?:Arts?|Annex|Recitals?)\s")
_MANY: Final = re.compile(r"^(?:Arts|ss|Principles|paras|Rules|Sections|Recitals|regs)\s|[;]|\d[^()]*,\s*\d")


def place(law: Knowledge, norm: Norm) -> str:
    """A provision with its instrument: ``Art 26(1) AI Act``; ``Regulation B, 12 CFR 1002.9(b)(2)``."""
    title = law.instruments[norm.instrument].short_title
    if title.lower() in norm.provision.lower():
        return norm.provision
    if norm.provision.lower() in title.lower():
        return title
    if _EU_STYLE.match(norm.provision) and "," not in norm.provision and ";" not in norm.provision:
        return f"{norm.provision} {title}"
    return f"{title}, {norm.provision}"


def reference(law: Knowledge, source: ProvisionRef, within: InstrumentId | None = None) -> str:
    """A pinpoint, with its instrument unless that is ``within``."""
    if source.instrument is None or source.instrument == within:
        return source.pinpoint
    title = law.instruments[source.instrument].short_title
    return source.pinpoint if source.pinpoint.startswith(title) else f"{title} {source.pinpoint}"


def dated(law: Knowledge, day: DatedBy, within: InstrumentId | None = None) -> str:
    return f"{long_form(day.day)} (set by {reference(law, day.set_by, within)})"


def many(norms: Sequence[Norm]) -> bool:
    return len(norms) > 1 or _MANY.search(norms[0].provision) is not None


def verdict(law: Knowledge, norms: Sequence[Norm], status: Status, as_of: date) -> str:
    """What the law says of ``norms``, which share status and days: *applies since 17 January 2025 (set by Art 64)*."""
    first, plural = norms[0], many(norms)
    start = None if first.applies_from is None else dated(law, first.applies_from, first.instrument)
    end = "" if first.applies_until is None else f" until {dated(law, first.applies_until, first.instrument)}"
    match status:
        case Status.APPLIES:
            said = f"{'apply' if plural else 'applies'} since {start}{end}"
        case Status.UPCOMING if start is None:
            said = f"{'are' if plural else 'is'} upcoming, {NO_DAY}"
        case Status.UPCOMING:
            said = f"{'apply' if plural else 'applies'} from {start}{end}"
        case Status.ENDED:
            said = f"{'have' if plural else 'has'} ended{', last day' + end.removeprefix(' until') if end else ''}"
        case Status.EXEMPT:
            said = f"{'are' if plural else 'is'} exempt here as of {long_form(as_of)}"
        case Status.DOES_NOT_APPLY:
            said = f"{'do' if plural else 'does'} not apply here as of {long_form(as_of)}"
        case _:
            said = "cannot be told yet"
    return said


def kind(norm: Norm) -> str:
    """`` as a prohibition``; empty for a duty."""
    phrase = KINDS[norm.kind]
    return f" {phrase}" if phrase else ""


def doubt(norm: Norm) -> str:
    """`` (not checked against a text)``, empty for what was read in an official or primary text."""
    phrase = DOUBTS[norm.sureness.level]
    return f" ({phrase})" if phrase else ""


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ended(text: str) -> str:
    """``text`` as a sentence: with a full stop at its end."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
