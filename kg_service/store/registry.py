"""Stores by what the setting ``SEXTANT_STORE`` gives: a name, or the URL of a server. The contract test finds each here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kg_service.errors import UnavailableError, nearest
from kg_service.settings import Settings
from kg_service.store.http import Place
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.protocol import GraphStore
from kg_service.store.remote import RemoteStore, Server

STORES: Final[Mapping[str, Callable[[], GraphStore]]] = {"oxigraph": OxigraphStore}
SERVERS: Final[Mapping[str, Callable[[Server], GraphStore]]] = {"http": RemoteStore, "https": RemoteStore}


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server takes changes and what opens it, as far as that differs from where it answers queries."""

    update: str = ""
    graphs: str = ""
    credentials: str = field(default="", repr=False)
    update_credentials: str = field(default="", repr=False)

    def server(self, query: str) -> Server:
        """The server whose query address is ``query``."""
        writing = self.update_credentials or self.credentials
        graphs = Place(self.graphs, writing) if self.graphs else None
        return Server(Place(query, self.credentials), Place(self.update or query, writing), graphs)


def configured(settings: Settings) -> GraphStore:
    """The store that the settings name."""
    access = Access(settings.store_update, settings.store_graphs, settings.store_credentials, settings.store_update_credentials)
    return open_store(settings.store, access)


def open_store(setting: str, access: Access | None = None) -> GraphStore:
    """An empty embedded store of that name, or the server at that URL as it is.

    Raises:
        UnavailableError: naming the stores that there are.
    """
    connect = SERVERS.get(setting.partition("://")[0])
    if connect is not None:
        return connect((access or Access()).server(setting))
    factory = STORES.get(setting)
    if factory is None:
        near = nearest(setting, STORES)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnavailableError(f"there is no store {setting!r}; known: {', '.join(STORES)}, or the URL of a server.{hint}")
    return factory()
