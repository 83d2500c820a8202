"""Knowledge as JSON and back, for the cache: plain data through the same constructors, so that no file can run code.

Records are lists of their fields in order. The form is private to one version of the code: the cache key sees to that.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, Final, NewType, Union, get_args, get_origin, get_type_hints

import orjson

from kg_service.applicability.condition import All, Always, AnyOf, Condition, DateIn, Flag, HasTerm, Is, Not, NumberIn
from kg_service.model import Knowledge

_CONDITIONS: Final[Mapping[str, type]] = {
    kind.__name__: kind for kind in (All, Always, AnyOf, DateIn, Flag, HasTerm, Is, Not, NumberIn)
}


def to_json(knowledge: Knowledge) -> bytes:
    """One line of JSON; equal knowledge gives equal bytes."""
    return orjson.dumps(_plain(knowledge))


def from_json(content: bytes) -> Knowledge:
    """The knowledge that :func:`to_json` wrote.

    Raises:
        ValueError: where the content is anything else.
    """
    try:
        knowledge: Knowledge = _decoder(Knowledge)(orjson.loads(content))
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"this is no knowledge: {error}") from error
    return knowledge


def _plain(value: Any) -> Any:
    if isinstance(value, str | bool | int | float) or value is None:
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return [[_plain(key), _plain(part)] for key, part in value.items()]
    record = [_plain(getattr(value, entry.name)) for entry in fields(value)]
    name = type(value).__name__
    return [name, *record] if name in _CONDITIONS else record


def _condition(plain: Any) -> Condition:
    name, *record = plain
    condition: Condition = _decoder(_CONDITIONS[name])(record)
    return condition


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    """The function that turns plain data back into ``kind``, a type annotation of the model."""
    if isinstance(kind, NewType):
        return _decoder(kind.__supertype__)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        rest = [arg for arg in args if arg is not type(None)]
        inner = _condition if set(rest) <= set(_CONDITIONS.values()) else _decoder(rest[0])
        return inner if len(rest) == len(args) else lambda plain: None if plain is None else inner(plain)
    if origin is tuple and args[-1] is Ellipsis:
        part = _decoder(args[0])
        return lambda plain: tuple(map(part, plain))
    if origin is tuple:
        parts = [_decoder(arg) for arg in args]
        return lambda plain: tuple(decode(value) for decode, value in zip(parts, plain, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        key, value = (_decoder(arg) for arg in args)
        return lambda plain: {key(one): value(other) for one, other in plain}
    if isinstance(kind, type) and is_dataclass(kind):
        return _record_decoder(kind)
    return _scalar_decoder(kind)


def _record_decoder(kind: type) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    decoders = [_decoder(hints[entry.name]) for entry in fields(kind)]
    return lambda plain: kind(*[decode(value) for decode, value in zip(decoders, plain, strict=True)])


def _scalar_decoder(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, Enum):
        return kind
    if kind is date:
        return date.fromisoformat
    if kind is float:
        return float

    def checked(plain: Any) -> Any:
        if type(plain) is not kind:
            raise TypeError(f"{kind.__name__} expected, {type(plain).__name__} found")
        return plain

    return checked
