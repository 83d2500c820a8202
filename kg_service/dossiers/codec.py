"""Dossiers as JSON and back: objects by field name, so that a field added later has its default in what was stored before."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from kg_service.dossiers.model import Dossier
from kg_service.errors import StoreError


def plain(value: Any) -> Any:
    """``value`` as plain JSON; what has its default is left out."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, date):  # a moment is a date too
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    return {one.name: plain(found) for one in fields(value) if (found := getattr(value, one.name)) != _default(one)}


def canonical(value: Any) -> str:
    """Plain JSON in one form: sorted keys, no spaces."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def dumps(dossier: Dossier) -> str:
    return canonical(dossier)


def loads(text: str) -> Dossier:
    """The dossier that :func:`dumps` wrote.

    Raises:
        StoreError: where the text is anything else.
    """
    try:
        dossier: Dossier = _decoder(Dossier)(json.loads(text))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise StoreError(f"a stored dossier cannot be read ({error}); restore a backup (sextant restore).") from error
    return dossier


def _default(one: Any) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else MISSING


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    """The function that turns plain JSON back into ``kind``, a type annotation of the model."""
    if kind is Any:
        return lambda found: found
    if isinstance(kind, NewType):
        return _decoder(kind.__supertype__)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        inner = _decoder(next(arg for arg in args if arg is not type(None)))
        return lambda found: None if found is None else inner(found)
    if origin is tuple:
        part = _decoder(args[0])
        return lambda found: tuple(map(part, found))
    if origin is not None:  # a mapping by text
        inside = _decoder(args[1])
        return lambda found: {str(key): inside(one) for key, one in found.items()}
    if is_dataclass(kind):
        return _record(kind)
    if kind in (date, datetime):
        moment: Callable[[Any], Any] = kind.fromisoformat
        return moment
    if issubclass(kind, Enum):
        return lambda found: kind(found)

    def checked(found: Any) -> Any:
        if type(found) is not kind:
            raise TypeError(f"{kind.__name__} expected, {type(found).__name__} found")
        return found

    return checked


def _record(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    decoders = {one.name: _decoder(hints[one.name]) for one in fields(kind)}
    return lambda found: kind(**{name: decoders[name](value) for name, value in found.items()})
