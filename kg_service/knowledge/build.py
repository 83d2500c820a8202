"""Files to knowledge and graph, kept in a cache by the hash of their content. What is built once is built the same everywhere.

A cache entry is one file: a line that says what follows and its hash, the knowledge as one line of JSON, the graph as N-Quads.
It is written aside and renamed into place; an entry that is damaged or cannot be written costs a rebuild and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import pyoxigraph as ox

from kg_service.errors import KnowledgeError, Problem, StoreError
from kg_service.knowledge.codec import from_json, to_json
from kg_service.knowledge.version import content_version
from kg_service.model import Knowledge
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.protocol import GraphStore

T = TypeVar("T")
_LOG: Final = logging.getLogger(__name__)
_KEPT: Final = 4
_SUFFIX: Final = ".build"


@dataclass(frozen=True, slots=True)
class Built:
    """The law at one version: as typed knowledge, and as a graph."""

    knowledge: Knowledge
    store: GraphStore


@dataclass(frozen=True, slots=True)
class Parts:
    """The same in the form in which it is kept."""

    knowledge: bytes
    graph: bytes

    def packed(self) -> bytes:
        body = self.knowledge + b"\n" + self.graph
        head = {"knowledge": len(self.knowledge), "sha256": hashlib.sha256(body).hexdigest()}
        return json.dumps(head).encode() + b"\n" + body


def load(
    root: Path,
    cache: Path | None,
    open_empty: Callable[[], GraphStore] = OxigraphStore,
    on_build: Callable[[], None] = lambda: None,
) -> Built:
    """The knowledge under ``root`` and its graph: from ``cache`` where the files are unchanged, otherwise built and kept there.

    ``on_build`` is called where it must be built first.

    Raises:
        KnowledgeError: where the files have problems.
    """

    def both(parts: Parts) -> Built:
        store = open_empty()
        with ThreadPoolExecutor(1) as beside:
            loading = beside.submit(store.load, parts.graph)
            knowledge = from_json(parts.knowledge)
            loading.result()
        return Built(knowledge, store)

    kept = _kept(root, cache, both)
    if kept is None:
        on_build()
        kept = both(_built(root, cache))
    return kept


def load_knowledge(root: Path, cache: Path | None, on_build: Callable[[], None] = lambda: None) -> Knowledge:
    """The knowledge alone, as :func:`load` gives it; no graph is opened. ``on_build`` is called where it must be built first.

    Raises:
        KnowledgeError: where the files have problems.
    """
    knowledge = _kept(root, cache, lambda parts: from_json(parts.knowledge))
    if knowledge is None:
        on_build()
        knowledge = from_json(_built(root, cache).knowledge)
    return knowledge


def build(root: Path) -> tuple[Knowledge, Parts]:
    """Knowledge and graph built from the files, without any cache. Equal files give equal bytes."""
    from kg_service.knowledge.graph import quads
    from kg_service.knowledge.read import read

    knowledge = read(root)
    ontology = root / "ontology"
    if not ontology.is_dir():
        raise KnowledgeError([Problem("ontology:1", "missing-file", f"there is no folder 'ontology' in {root.name!r}.")])
    graph = ox.serialize(quads(knowledge, ontology), format=ox.RdfFormat.N_QUADS) or b""
    return knowledge, Parts(to_json(knowledge), graph)


def unpacked(content: bytes) -> Parts:
    """The parts that :meth:`Parts.packed` put together.

    Raises:
        ValueError: where a single byte differs.
    """
    line, _, body = content.partition(b"\n")
    head = json.loads(line)
    if not isinstance(head, dict) or head.get("sha256") != hashlib.sha256(body).hexdigest():
        raise ValueError("the hash does not fit the content")
    size = int(head["knowledge"])
    return Parts(body[:size], body[size + 1 :])


def _kept(root: Path, cache: Path | None, use: Callable[[Parts], T]) -> T | None:
    """What ``use`` makes of the entry for ``root``, or None where there is none or it is damaged."""
    if cache is None:
        return None
    entry = _entry(cache, content_version(root))
    try:
        return use(unpacked(entry.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, StoreError) as error:
        _LOG.warning("the kept build %s cannot be used and is built again: %s", entry.name, error)
        return None


def _built(root: Path, cache: Path | None) -> Parts:
    """Built from the files, and kept where there is a cache."""
    knowledge, parts = build(root)
    if cache is not None:
        _keep(_entry(cache, knowledge.version), parts)
    return parts


def _entry(cache: Path, version: str) -> Path:
    return cache / f"{version}-{_code_version()}{_SUFFIX}"


def _keep(entry: Path, parts: Parts) -> None:
    """The entry stands complete in the cache, or is left out with a warning."""
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".", suffix=_SUFFIX, dir=entry.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(parts.packed())
            Path(aside).replace(entry)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise
        _forget_old(entry.parent)
    except OSError as error:
        _LOG.warning("the build cannot be kept in %s and will be made again: %s", entry.parent, error)


def _forget_old(cache: Path) -> None:
    """Only the few entries written last remain."""
    entries = [path for path in cache.glob(f"*{_SUFFIX}") if not path.name.startswith(".")]
    for old in sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        old.unlink(missing_ok=True)


def _code_version() -> str:
    """A hash of the code that reads and builds: another version of it never trusts what this one has kept."""
    package = Path(__file__).resolve().parent
    own = [*sorted(package.rglob("*.py")), package.parent / "model.py", package.parent / "ids.py"]
    total = hashlib.sha256()
    for path in own:
        total.update(path.read_bytes())
    return total.hexdigest()[:16]
