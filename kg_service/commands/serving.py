"""``sextant serve``: the service in this process; says where it can be opened once it answers, not before."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from kg_service.app import create_app
from kg_service.commands.bounded_http import BoundedHttp
from kg_service.commands.session import tell
from kg_service.errors import InputError, Problem
from kg_service.knowledge.build import Built, load
from kg_service.people.opening import require_authentication
from kg_service.settings import Settings
from kg_service.store.publish import require_published
from kg_service.store.registry import configured


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, urls: str) -> None:
        super().__init__(config)
        self._urls = urls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            sys.stdout.write(self._urls)
            sys.stdout.flush()


def serve(settings: Settings, application: Callable[[Built], Callable[..., Any]] | None = None) -> None:
    """Serves ``application``, else the exact half alone, until it is told to stop.

    Raises:
        InputError: where it cannot listen on the address and port, or others could reach it and it would ask nobody who they are.
        KnowledgeError: where the law's files have problems; told here, before anything is served.
        StoreError: where a remote store does not answer, or holds another version of the knowledge.
    """
    listening = _listen(settings)
    with listening:
        host, port = settings.host, listening.getsockname()[1]
        require_authentication(settings, listening.getsockname()[0])
        shown = "127.0.0.1" if host in ("0.0.0.0", "") else "[::1]" if host == "::" else f"[{host}]" if ":" in host else host  # noqa: S104
        url = f"http://{shown}:{port}"
        built = load(settings.root, settings.cache, on_build=lambda: tell("building the knowledge, once for this version ..."))
        if settings.store != "oxigraph":
            require_published(configured(settings), built.knowledge.version, settings.store)
        logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger("uvicorn").setLevel(logging.DEBUG if settings.log_level == "debug" else logging.WARNING)
        config = uvicorn.Config(
            create_app(settings, built=built) if application is None else application(built),
            log_config=None,
            access_log=settings.log_level == "debug",
            server_header=False,
            http=BoundedHttp,
            ws="none",
            proxy_headers=bool(settings.authentication),  # without it only this machine may ask, whatever a header says
            timeout_graceful_shutdown=5,
        )
        _Server(config, f"Sextant is up: {url}/\n  to try it: {url}/docs    to end it: Ctrl-C\n").run(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        told = f"it cannot listen on {settings.host} port {settings.port}: {error.strerror or error}; choose another with --port."
        raise InputError([Problem("SEXTANT_PORT", "cannot-listen", told)]) from error
    return listening
