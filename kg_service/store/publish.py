"""The knowledge on another store: graph by graph, each whole or not at all, the description of the data set last.

While the description is absent a publication is under way or broke off; the next one does all of it again. Graphs outside our
namespace, and those of stored deployments and loaded texts, are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.errors import StoreError
from kg_service.store.protocol import GraphStore

METADATA: Final = ids.graph("metadata")
OF_USERS: Final = (ids.graph("deployment/"), ids.graph("text/"))
_VERSION: Final = f"SELECT ?version {{ GRAPH <{METADATA}> {{ <{ids.DATASET}> <{ids.term('knowledgeVersion')}> ?version }} }}"


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication did. ``loaded`` is empty where the same knowledge was there already."""

    loaded: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    statements: int = 0


def published_version(store: GraphStore) -> str | None:
    """The knowledge version that ``store`` holds completely, or None."""
    found = store.select(_VERSION).column("version")
    return found[0].value if len(found) == 1 and isinstance(found[0], ox.Literal) else None


def publish(
    source: GraphStore, target: GraphStore, tell: Callable[[str], None] = lambda _: None, *, again: bool = False
) -> Published:
    """``target`` holds the graphs of ``source`` and none of ours besides; nothing is written where it does already.

    Args:
        again: write even where the description of the data set is the same on both sides.

    Raises:
        StoreError: where the target refuses; what was written until then stays, and the next publication begins anew.
    """
    description = source.dump(METADATA)
    if not again and description and target.dump(METADATA) == description:
        return Published()
    names = [name for name in source.graphs() if name != METADATA]
    ours = [name for name in target.graphs() if name.startswith(ids.GRAPH) and not name.startswith(OF_USERS)]
    gone = sorted(set(ours) - set(names) - {METADATA})
    target.drop(METADATA)
    statements = 0
    for number, name in enumerate([*names, METADATA], start=1):
        if name == METADATA:
            for old in gone:
                target.drop(old)
                tell(f"removed {old}")
        triples = [quad.triple for quad in source.quads(name)]
        target.replace(name, triples)
        statements += len(triples)
        tell(f"{number}/{len(names) + 1} {name}: {len(triples)} statements")
    return Published((*names, METADATA), tuple(gone), statements)


def require_published(store: GraphStore, version: str, where: str) -> None:
    """Nothing happens where ``store`` holds this knowledge version.

    Raises:
        StoreError: saying which one it holds, and what to do.
    """
    found = published_version(store)
    if found != version:
        has = "no complete knowledge" if found is None else f"knowledge {found[:12]}"
        raise StoreError(f"the store at {where} holds {has}, and this installation has {version[:12]}: run 'sextant publish'.")
