"""How notices look in answers, in webhooks and in the feed (Atom, RFC 4287). Pure."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from kg_service import ids
from kg_service.audit.chain import moment
from kg_service.model import Knowledge, Norm, NormId
from kg_service.rest.views import citation_view, reference_view
from kg_service.watch.model import Cause, Kind, NormChange, Notice

_ATOM: Final = "http://www.w3.org/2005/Atom"
_SPACE: Final = uuid.UUID("6f9cc1f2-62f4-5b53-9d0f-0d5b5b7a3a10")
_SAID: Final = {
    Kind.BEGINS: "begins",
    Kind.ENDS: "ends",
    Kind.ANNOUNCED: "will begin",
    Kind.BECOMES_DETERMINED: "becomes determined",
    Kind.CHANGES: "changes",
}
_CAUSES: Final = {Cause.LAW: "the law or our knowledge of it", Cause.CALENDAR: "the calendar", Cause.FACTS: "the facts"}


def notice_view(knowledge: Knowledge, notice: Notice) -> dict[str, Any]:
    """A notice as JSON: for each norm what it was and is, what moved it, and where a day set it in motion the provision."""
    return {
        "seq": notice.seq,
        "at": moment(notice.at),
        "subject": notice.subject,
        "day": notice.day.isoformat(),
        "knowledge_version": {"before": notice.knowledge_before, "after": notice.knowledge_after},
        "facts": list(notice.facts),
        "changes": [change_view(knowledge, change) for change in notice.changes],
    }


def change_view(knowledge: Knowledge, change: NormChange) -> dict[str, Any]:
    """One changed verdict."""
    norm = knowledge.norms.get(NormId(change.norm))
    return {
        "norm": change.norm,
        "iri": ids.norm(change.norm),
        "title": None if norm is None else norm.title,
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "causes": list(change.causes),
        "set_by": None if norm is None or Cause.CALENDAR not in change.causes else _set_by(norm, change),
        "citation": None if norm is None else citation_view(norm),
    }


def notice_text(knowledge: Knowledge, notice: Notice) -> str:
    """A notice in lines of plain text."""
    return "\n".join(_line(knowledge, change) for change in notice.changes)


def notice_title(notice: Notice) -> str:
    """What a notice says, in a line."""
    counts = {kind: sum(change.kind is kind for change in notice.changes) for kind in Kind}
    parts = [f"{count} {_SAID[kind] if count == 1 else _plural(kind)}" for kind, count in counts.items() if count]
    causes = [_CAUSES[cause] for cause in Cause if any(cause in change.causes for change in notice.changes)]
    return f"{notice.subject}: {', '.join(parts)} ({' and '.join(causes)})"


def feed(knowledge: Knowledge, notices: Iterable[Notice], base: str, path: str, title: str) -> bytes:
    """The notices, newest first, as an Atom feed at ``base`` + ``path``."""
    listed = list(notices)
    root = ET.Element(f"{{{_ATOM}}}feed")
    updated = max((one.at for one in listed), default=datetime(2026, 1, 1, tzinfo=UTC))
    _text(root, "id", f"urn:uuid:{uuid.uuid5(_SPACE, path)}")
    _text(root, "title", title)
    _text(root, "updated", moment(updated))
    ET.SubElement(root, f"{{{_ATOM}}}link", rel="self", href=f"{base}{path}", type="application/atom+xml")
    _text(ET.SubElement(root, f"{{{_ATOM}}}author"), "name", "Sextant")
    for one in listed:
        entry = ET.SubElement(root, f"{{{_ATOM}}}entry")
        _text(entry, "id", f"urn:uuid:{uuid.uuid5(_SPACE, f'{one.seq}/{one.subject}/{moment(one.at)}')}")
        _text(entry, "title", notice_title(one))
        _text(entry, "updated", moment(one.at))
        kind, _, name = one.subject.partition("/")
        ET.SubElement(entry, f"{{{_ATOM}}}link", rel="alternate", href=f"{base}/api/v1/{kind}s/{name}", type="application/json")
        _text(entry, "content", notice_text(knowledge, one)).set("type", "text")
    ET.register_namespace("", _ATOM)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _line(knowledge: Knowledge, change: NormChange) -> str:
    norm = knowledge.norms.get(NormId(change.norm))
    name = change.norm if norm is None else f"{norm.title} ({norm.citation or norm.provision}, {norm.instrument})"
    before = change.before or "not in the knowledge"
    after = change.after or "not in the knowledge"
    because = " and ".join(_CAUSES[cause] for cause in change.causes)
    return f"{name}: {_words(before)} -> {_words(after)}; {because}"


def _words(status: str) -> str:
    return status.replace("_", " ")


def _plural(kind: Kind) -> str:
    said = {Kind.BEGINS: "begin", Kind.ENDS: "end", Kind.BECOMES_DETERMINED: "become determined", Kind.CHANGES: "change"}
    return said.get(kind, _SAID[kind])


def _set_by(norm: Norm, change: NormChange) -> dict[str, Any] | None:
    dated = norm.applies_until if change.kind is Kind.ENDS else norm.applies_from
    return None if dated is None else {"date": dated.day.isoformat(), "set_by": reference_view(dated.set_by)}


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    child.text = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
    return child
