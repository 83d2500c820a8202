"""The assistant's application on a free loopback port, for clients that need a real server, and events as they come."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from openai._streaming import SSEDecoder  # a reader of server-sent events that is not ours

from assistant.app import create_app
from assistant.settings import AssistantSettings

CREDIT = (
    "We are a German bank and want GPT through a US cloud to help loan officers judge consumer credit applications. What applies?"
)
DAY = "2026-11-23"


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Asked:
    """A running service."""

    port: int
    app: Any
    data: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answered:
        """One request; ``body`` is sent as JSON unless it is bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            sent = {"Content-Type": "application/json", **(headers or {})} if content is not None else dict(headers or {})
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def ask(self, question: str, **more: object) -> Any:
        """The answer of ``POST /api/v1/ask``, on the day of the tests unless ``as_of`` says another."""
        answered = self.send("POST", "/api/v1/ask", {"question": question, "as_of": DAY, **more})
        assert answered.status == 200, answered.text
        return answered.json

    def chat(self, question: str, **more: object) -> tuple[Answered, list[tuple[str, Any]]]:
        """The events of ``POST /api/v1/chat`` by name."""
        answered = self.send("POST", "/api/v1/chat", {"question": question, "as_of": DAY, **more})
        return answered, events(answered.body)


def events(body: bytes) -> list[tuple[str, Any]]:
    return [(one.event or "message", json.loads(one.data)) for one in SSEDecoder().iter_bytes(iter([body]))]


@contextlib.contextmanager
def running(root: Path, folder: Path, **settings: Any) -> Iterator[Asked]:
    """A service on its own data; it ends with the block."""
    chosen = AssistantSettings(root=root, cache=folder / "cache", data=folder / "data", **settings)
    app = create_app(chosen)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.02)
        try:
            yield Asked(listening.getsockname()[1], app, chosen.data)
        finally:
            server.should_exit = True
            thread.join(timeout=20)
