"""Words that people typed into what tools are given, told apart from the words of our own forms. Pure.

An input of a tool, a pilot's plan and its results, and the values of an option are JSON in which some words are ours (``when``,
``yearly``) and all others somebody's: names of costs, hypotheses, notes. :func:`parted` takes these out and leaves places for
them (``:0``), so that numbers and structure can be chained as they are, and each word by a keyed hash of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from kg_service.decisions.coverage import COUNTED
from kg_service.decisions.montecarlo import KINDS
from kg_service.decisions.plan import CRITERIA

_PLACE: Final = re.compile(r":[0-9]+")
_Put: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Ours:
    """Numbers, days, and words of closed lists: whoever takes the input in refuses all else."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """Whatever stands here, somebody typed it, but for these names."""

    ours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A mapping: what stands below each of our keys, and below keys that somebody made up."""

    ours: Mapping[str, _Form] = field(default_factory=dict)
    other: _Form = _Typed()


_Form: TypeAlias = _Ours | _Typed | _Keyed
_OURS, _TYPED = _Ours(), _Typed()


def _keyed(ours: str, typed: str = "", **more: _Form) -> _Keyed:
    return _Keyed({**dict.fromkeys(ours.split(), _OURS), **dict.fromkeys(typed.split(), _TYPED), **more})


_SPREAD: Final = _keyed(" ".join(["value", *KINDS]), "unit")
_LINE: Final = _keyed("group per when from until growth", "name", of=_Typed(frozenset(COUNTED)))
FORMS: Final[Mapping[str, _Form]] = {
    "roi": _keyed(
        "currency years discount_rate iterations seed",
        quantities=_Keyed(other=_SPREAD),
        costs=_LINE,
        benefits=_LINE,
        options=_Keyed(other=_Keyed(other=_SPREAD)),
        value=_keyed("weight score", "name because"),
    ),
    "pathways": _keyed(
        "only assume costs samples concentration seed",
        scores=_Keyed(other=_OURS),
        weights=_Keyed(dict.fromkeys(CRITERIA, _OURS), _OURS),
    ),
    "plan": _keyed(
        "days confidence power",
        "name hypothesis population",
        metrics=_keyed("kind at_least at_most sample confident expected decisions controls", "id name unit"),
        stop=_keyed("above below after", "metric because"),
    ),
    "results": _keyed("on count of mean n deviation value", "metric note"),
    "values": _TYPED,
}  # by the last step of the pointer at which the value stands; a list has the form of what is in it


def form_of(pointer: str) -> str | None:
    """The form of the value at that pointer of a dossier; None where no typed words stand among others."""
    last = pointer.rpartition("/")[2]
    return last if last in FORMS else None


def parted(form: str, value: Any) -> tuple[Any, tuple[str, ...]]:
    """``value`` with a place for each word that somebody typed, and these words; :func:`joined` puts them back."""
    words: dict[str, int] = {}
    return _each(FORMS[form], value, lambda word: f":{words.setdefault(word, len(words))}"), tuple(words)


def joined(skeleton: Any, words: Mapping[int, str]) -> Any:
    """What :func:`parted` took apart; a word that is not there any more leaves its place."""
    if isinstance(skeleton, str):
        return words.get(int(skeleton[1:]), skeleton) if _PLACE.fullmatch(skeleton) else skeleton
    if isinstance(skeleton, Mapping):
        return {joined(key, words): joined(part, words) for key, part in skeleton.items()}
    return [joined(part, words) for part in skeleton] if isinstance(skeleton, list) else skeleton


def without(form: str, value: Any, instead: Mapping[str, str]) -> Any:
    """``value`` with other words in the place of some; what referred to one another still does."""
    return _each(FORMS[form], value, lambda word: instead.get(word, word))


def _each(form: _Form, value: Any, put: _Put) -> Any:
    """``value`` with ``put(word)`` for each word that somebody typed, in the order of the keys."""
    if isinstance(value, list | tuple):
        return [_each(form, part, put) for part in value]
    if isinstance(value, Mapping):
        found = {}
        for name, part in sorted(value.items()):
            ours = form == _OURS or (isinstance(form, _Keyed) and name in form.ours)
            inner = (form.ours[name] if ours else form.other) if isinstance(form, _Keyed) else form
            found[name if ours else put(name)] = _each(inner, part, put)
        return found
    if isinstance(value, str) and form != _OURS and not (isinstance(form, _Typed) and value in form.ours):
        return put(value)
    return value
