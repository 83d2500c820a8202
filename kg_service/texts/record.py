"""What is kept of a loaded text beside its units: whose text it is, which version, from which file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from kg_service import ids
from kg_service.imports.model import Document
from kg_service.model import InstrumentId

FORMAT: Final = 1
_KEY: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*~[a-z0-9]+(-[a-z0-9]+)*")
POLICY: Final = "policy"


@dataclass(frozen=True, slots=True)
class LoadedText:
    """One version of one text. ``instrument`` is None for an own policy, whose ``name`` is what the institution calls it.

    ``valid_from`` is the day on which this text becomes the text of the act, as far as the file or whoever loaded it says; None
    holds from the beginning. ``valid_until`` is the last day, None where it is open.
    """

    instrument: InstrumentId | None
    name: str
    work: str
    version: str
    title: str
    language: str
    consolidated: bool
    valid_from: date | None
    valid_until: date | None
    file: str
    sha256: str
    size: int
    format: str
    units: int
    loaded_at: datetime

    @property
    def key(self) -> str:
        """The name under which it is kept: one text for each version of a work."""
        return key_of(self.work, self.version)

    @property
    def iri(self) -> str:
        return ids.text(self.work, self.version)

    @property
    def graph(self) -> str:
        """The IRI of the named graph with its units."""
        return ids.graph(f"text/{ids.slug(self.work)}/{ids.slug(self.version)}")

    @property
    def is_policy(self) -> bool:
        return self.instrument is None


def key_of(work: str, version: str) -> str:
    return f"{ids.slug(work) or 'text'}~{ids.slug(version) or 'version'}"


def is_key(text: str) -> bool:
    """Whether ``text`` has the form of a key: nothing else ever becomes the name of a file."""
    return len(text) <= 200 and _KEY.fullmatch(text) is not None


def record_of(
    document: Document, instrument: InstrumentId | None, name: str, loaded_at: datetime, valid_from: date | None = None
) -> tuple[LoadedText, Document]:
    """The record of ``document``, and the document under the work and version that the record gives it.

    A text as published holds from the day of its publication; ``valid_from`` wins over what the file says.
    """
    version = document.version
    start = valid_from or version.valid_from or version.published
    label = version.id
    if instrument is None:
        label = start.isoformat() if start is not None else document.source.sha256[:12]
    elif valid_from is not None and version.valid_from is None:
        label = valid_from.isoformat()
    work = f"{POLICY}-{ids.slug(name)}" if instrument is None else document.identity.work
    named = replace(
        document, identity=replace(document.identity, work=work), version=replace(version, id=label, valid_from=start)
    )
    record = LoadedText(
        instrument=instrument,
        name=name,
        work=work,
        version=label,
        title=document.identity.title[:500],
        language=document.language,
        consolidated=version.consolidated,
        valid_from=start,
        valid_until=version.valid_until,
        file=document.source.name,
        sha256=document.source.sha256,
        size=document.source.size,
        format=document.source.format,
        units=len(document.units),
        loaded_at=loaded_at,
    )
    return record, named


def to_json(record: LoadedText, body_sha256: str) -> bytes:
    """The record on one line, with the hash of the units that follow it in the file."""
    raw = {name: getattr(record, name) for name in record.__slots__}
    for name in ("valid_from", "valid_until", "loaded_at"):
        raw[name] = None if raw[name] is None else raw[name].isoformat()
    return json.dumps({"format_version": FORMAT, "body_sha256": body_sha256} | raw, ensure_ascii=False).encode()


def from_json(line: bytes) -> tuple[LoadedText, str]:
    """The record that :func:`to_json` wrote, and the hash of the units.

    Raises:
        ValueError: where it is none.
    """
    raw: Any = json.loads(line)
    if not isinstance(raw, dict) or raw.pop("format_version", None) != FORMAT:
        raise ValueError("it is no record of this format")
    digest = str(raw.pop("body_sha256", ""))
    try:
        for name in ("valid_from", "valid_until"):
            raw[name] = None if raw[name] is None else date.fromisoformat(raw[name])
        raw["loaded_at"] = datetime.fromisoformat(raw["loaded_at"])
        return LoadedText(**raw), digest
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is incomplete: {error}") from error
