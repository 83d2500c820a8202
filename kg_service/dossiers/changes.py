"""What a change changed, as the audit trail keeps it: JSON pointers with the values before and after. Pure.

Nothing that a person typed stands among them: it goes into notes, where it can be erased; ``before`` holds null in its place. A
value with our words and somebody's (:mod:`kg_service.dossiers.words`) stands with places for the latter, and each of them is a
note of its own (``/inputs/roi:3``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kg_service.dossiers.codec import plain
from kg_service.dossiers.model import FREE, Dossier
from kg_service.dossiers.words import form_of, joined, parted

WHOLE: Final = frozenset({"verdicts", "necessity"})
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Changes:
    """Values by pointer; a pointer that is absent on one side was not there. ``notes`` holds what free text is after."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    notes: Mapping[str, str]


def changes(before: Dossier | None, after: Dossier) -> Changes:
    """Everything that differs between two states of a dossier; all of it is new where there was none."""
    old = {} if before is None else dict(_leaves(plain(before), ""))
    new = dict(_leaves(plain(after), ""))
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    notes: dict[str, str] = {}
    for pointer in {**old, **new}:
        if old.get(pointer, _ABSENT) == new.get(pointer, _ABSENT):
            continue
        if pointer in old:
            was[pointer] = _chained(pointer, old[pointer])[0]
        if pointer in new:
            value, words = _chained(pointer, new[pointer])
            notes |= words
            if not is_free(pointer):
                now[pointer] = value
    return Changes(was, now, notes)


def patched(state: Any, change: Changes) -> Any:
    """The plain state after a change: :func:`changes` the other way round."""
    leaves = dict(_leaves(state, ""))
    for pointer in change.before:
        leaves.pop(pointer, None)
    words: dict[str, dict[int, str]] = {}
    for name, text in change.notes.items():
        pointer, sign, number = name.rpartition(":")
        if sign and number.isdecimal() and form_of(pointer) is not None:
            words.setdefault(pointer, {})[int(number)] = text
        else:
            leaves[name] = text
    for pointer, value in change.after.items():
        leaves[pointer] = value if form_of(pointer) is None else joined(value, words.get(pointer, {}))
    return _tree(leaves)


def without_words(value: Any) -> dict[str, Any]:
    """A dossier or a part of one by pointer, without anything that a person typed: what may be hashed without a key."""
    return {pointer: _chained(pointer, found)[0] for pointer, found in _leaves({"": plain(value)}, "") if not is_free(pointer)}


def is_free(pointer: str) -> bool:
    """Whether free text stands at that pointer of a dossier."""
    steps = pointer.split("/")
    return steps[-1] in FREE or (steps[-1].isdecimal() and steps[-2] in FREE)


def _chained(pointer: str, value: Any) -> tuple[Any, dict[str, str]]:
    """What may be chained of a value, and the notes of the rest."""
    if is_free(pointer):
        return None, {pointer: value}
    form = form_of(pointer)
    if form is None:
        return value, {}
    skeleton, words = parted(form, value)
    return skeleton, {f"{pointer}:{number}": word for number, word in enumerate(words)}


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Each scalar, empty container or value kept whole, by its pointer; lists of objects and of free texts go by place."""
    last = at.rpartition("/")[2]
    whole = last in WHOLE or form_of(at) is not None
    if isinstance(value, Mapping) and value and not whole:
        for key, part in value.items():
            yield from _leaves(part, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and not whole and (any(isinstance(part, Mapping) for part in value) or (value and last in FREE)):
        for place, part in enumerate(value):
            yield from _leaves(part, f"{at}/{place}")
    elif at:
        yield at, value


def _tree(leaves: Mapping[str, Any]) -> Any:
    root: dict[str, Any] = {}
    for pointer, value in leaves.items():
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        here = root
        for step in steps[:-1]:
            here = here.setdefault(step, {})
        here[steps[-1]] = _Leaf(value)
    return _lists(root)


@dataclass(frozen=True, slots=True)
class _Leaf:
    value: Any


def _lists(value: Any) -> Any:
    """Objects whose keys are 0, 1, 2 ... as the lists they were."""
    if isinstance(value, _Leaf):
        return value.value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(part) for key, part in value.items()}
