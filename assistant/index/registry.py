"""The kinds of dense index by name. A new one is an adapter file and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.index import chroma
from assistant.index.dense import DenseIndex, Exact
from assistant.index.home import CHROMA
from kg_service.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from assistant.index.arrays import Vectors


@dataclass(frozen=True, slots=True)
class Kind:
    """``write`` makes what lies in the version's directory, in a child; ``opened`` gives what searches it.

    ``probed``: a child opens it on trial before this process does.
    """

    write: Callable[[Path, Vectors], None]
    opened: Callable[[Path, Vectors, str], DenseIndex]
    probed: bool


def _write_chroma(directory: Path, vectors: Vectors) -> None:
    chroma.write(directory / CHROMA, vectors)
    chroma.check(directory / CHROMA, vectors)


KINDS: Final[Mapping[str, Kind]] = {
    "chroma": Kind(_write_chroma, lambda directory, vectors, url: chroma.reopen(directory / CHROMA, len(vectors)), probed=True),
    "exact": Kind(lambda directory, vectors: None, lambda directory, vectors, url: Exact(vectors), probed=False),
    "server": Kind(
        lambda directory, vectors: None,
        lambda directory, vectors, url: chroma.on_server(url, directory.name, vectors),
        probed=False,
    ),
}


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        InputError: there is none; names the nearest.
    """
    if name not in KINDS:
        raise InputError([Problem("index", "unknown-index", f"there is no index of kind {name!r}.", nearest(name, KINDS))])
    return KINDS[name]


def write(name: str, directory: Path, vectors: Vectors) -> None:
    """What the kind keeps in the directory of a version is written and checked."""
    kind_of(name).write(directory, vectors)


def probe(name: str, directory: Path, count: int) -> None:
    """The store in the directory of a version opens, is whole, and finds vectors by themselves. Called in a child process."""
    import numpy as np

    if kind_of(name).probed:
        vectors = np.load(directory / "vectors.npy", allow_pickle=False)
        chroma.check(directory / CHROMA, vectors[:count], sample=20)
