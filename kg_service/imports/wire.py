"""Documents as JSON between processes and on disk: every field, checked when read, since the sender may have been taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import orjson

from kg_service.imports.model import Document, Finding, Footnote, Identity, Source, Unit, UnitKind, UnitPath, Version

MAX_UNITS: Final = 500_000


def dump(document: Document) -> bytes:
    """The document as JSON; a character that is no character (half of a pair) becomes the replacement character."""
    raw = {
        "identity": asdict(document.identity),
        "kind": document.kind,
        "language": document.language,
        "version": asdict(document.version),
        "source": asdict(document.source),
        "units": [
            [u.kind, u.path, u.text, u.number, u.heading, u.parent, u.offset, u.marks, dict(u.extras)] for u in document.units
        ],
        "footnotes": [[note.number, note.text, note.at] for note in document.footnotes],
        "amendments": dict(document.amendments),
        "findings": [[finding.code, finding.message, finding.at] for finding in document.findings],
    }
    try:
        return orjson.dumps(raw)
    except TypeError:
        return orjson.dumps(_whole(raw))


def load(content: bytes) -> Document:
    """The document that :func:`dump` wrote.

    Raises:
        ValueError, TypeError: it is none: a field is missing or of another type, a path comes twice, a parent after its child.
    """
    raw = _mapping(orjson.loads(content))
    try:
        document = Document(
            identity=_identity(_mapping(raw["identity"])),
            kind=_text(raw["kind"]),
            language=_text(raw["language"]),
            version=_version(_mapping(raw["version"])),
            source=_source(_mapping(raw["source"])),
            units=tuple(_unit(each) for each in _list(raw["units"])),
            footnotes=tuple(Footnote(_text(n), _text(t), _path(at)) for n, t, at in map(_list, _list(raw["footnotes"]))),
            amendments=_strings(raw["amendments"]),
            findings=tuple(Finding(_text(c), _text(m), _path(at)) for c, m, at in map(_list, _list(raw["findings"]))),
        )
    except KeyError as missing:
        raise ValueError(f"the field {missing} is missing") from missing
    _check(document)
    return document


def _check(document: Document) -> None:
    if len(document.units) > MAX_UNITS:
        raise ValueError(f"{len(document.units)} units; at most {MAX_UNITS} are kept")
    seen: set[UnitPath] = set()
    for unit in document.units:
        if not unit.path or unit.path in seen:
            raise ValueError(f"the path {unit.path!r} comes twice or is empty")
        if unit.parent is not None and unit.parent not in seen:
            raise ValueError(f"the parent of {unit.path!r} does not stand before it")
        seen.add(unit.path)


def _unit(raw: object) -> Unit:
    kind, path, text, number, heading, parent, offset, marks, extras = _list(raw)
    place = None
    if offset is not None:
        start, end = (_count(each) for each in _list(offset))
        place = (start, end)
    return Unit(
        UnitKind(_text(kind)),
        UnitPath(_text(path)),
        _text(text),
        _maybe(number),
        _maybe(heading),
        _path(parent),
        place,
        tuple(_text(mark) for mark in _list(marks)),
        _strings(extras),
    )


def _identity(raw: Mapping[str, Any]) -> Identity:
    citations = tuple(_text(each) for each in _list(raw["citations"]))
    return Identity(_text(raw["work"]), _text(raw["title"]), _maybe(raw["celex"]), _maybe(raw["eli"]), citations)


def _version(raw: Mapping[str, Any]) -> Version:
    if not isinstance(raw["consolidated"], bool):
        raise TypeError("'consolidated' is neither true nor false")
    days = (_day(raw[name]) for name in ("valid_from", "valid_until", "published"))
    return Version(_text(raw["id"]), raw["consolidated"], *days)


def _source(raw: Mapping[str, Any]) -> Source:
    return Source(_text(raw["name"]), _text(raw["sha256"]), _count(raw["size"]), _text(raw["format"]))


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _maybe(value: object) -> str | None:
    return None if value is None else _text(value)


def _path(value: object) -> UnitPath | None:
    return None if value is None else UnitPath(_text(value))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count was expected")
    return value


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(_text(value))


def _strings(value: object) -> dict[str, str]:
    return {key: _text(each) for key, each in _mapping(value).items()}


def _whole(value: Any) -> Any:
    """The same with every lone surrogate replaced."""
    if isinstance(value, str):
        return type(value)(value) if isinstance(value, UnitKind) else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_whole(key): _whole(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(each) for each in value]
    return value
