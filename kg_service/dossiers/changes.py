"""What a change changed, as the audit trail keeps it: JSON pointers with the values before and after. Pure.

Free text that may be personal never stands among them: it goes into notes, by pointer, where it can be erased; ``before``
then holds null in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kg_service.dossiers.codec import plain
from kg_service.dossiers.model import FREE, Dossier

WHOLE: Final = frozenset({"verdicts", "plan", "results", "roi", "pathways", "necessity", "values"})
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
    differing = [pointer for pointer in {**old, **new} if old.get(pointer, _ABSENT) != new.get(pointer, _ABSENT)]
    return Changes(
        {pointer: None if _free(pointer) else old[pointer] for pointer in differing if pointer in old},
        {pointer: new[pointer] for pointer in differing if pointer in new and not _free(pointer)},
        {pointer: new[pointer] for pointer in differing if pointer in new and _free(pointer)},
    )


def patched(state: Any, change: Changes) -> Any:
    """The plain state after a change: :func:`changes` the other way round."""
    leaves = dict(_leaves(state, ""))
    for pointer in change.before:
        leaves.pop(pointer, None)
    leaves.update(change.after)
    leaves.update(change.notes)
    return _tree(leaves)


def _free(pointer: str) -> bool:
    return pointer.rpartition("/")[2] in FREE


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Each scalar, empty container or value that is kept whole, by its pointer; lists of objects go by place."""
    if isinstance(value, Mapping) and value and at.rpartition("/")[2] not in WHOLE:
        for key, part in value.items():
            yield from _leaves(part, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
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
        here[steps[-1]] = value
    return _lists(root)


def _lists(value: Any) -> Any:
    """Objects whose keys are 0, 1, 2 ... as the lists they were."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(part) for key, part in value.items()}
