"""Stores by the name that the setting ``SEXTANT_STORE`` gives. One line for each; the contract test finds it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kg_service.errors import UnavailableError, nearest
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.protocol import GraphStore

STORES: Final[Mapping[str, Callable[[], GraphStore]]] = {"oxigraph": OxigraphStore}


def open_store(setting: str) -> GraphStore:
    """An empty embedded store of that name.

    Raises:
        UnavailableError: naming the stores that there are.
    """
    factory = STORES.get(setting)
    if factory is None:
        near = nearest(setting, STORES)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnavailableError(f"there is no store {setting!r}; known: {', '.join(STORES)}.{hint}")
    return factory()
