"""A stand-in for a provider's server: it speaks OpenAI's protocol over HTTP and misbehaves as told."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Behaviour = str  # words to answer with, or one of the words below
HANGS, DIES, GARBAGE, EMPTY, REFUSES, BREAKS_ONCE = "<hangs>", "<dies>", "<garbage>", "<empty>", "<refuses>", "<breaks once>"


@dataclass
class ModelServer:
    url: str
    behaviour: Behaviour = "All is well."
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def model_server(behaviour: Behaviour = "All is well.") -> Iterator[ModelServer]:
    """The server on a free loopback port."""
    release = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found.requests.append(body)
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            said = found.behaviour
            if said == BREAKS_ONCE:
                found.behaviour, said = "All is well.", DIES
            if said == HANGS:
                release.wait(30)
                return
            status = 500 if said == REFUSES else 200
            message = {"role": "assistant", "content": "" if said == EMPTY else said}
            answer = {"id": "x", "object": "chat.completion", "created": int(time.time()), "model": "m"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            content = json.dumps({**answer, "choices": [choice], "usage": None}).encode()
            if said == GARBAGE:
                content = b"<html>not what you expect</html>"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if said == DIES else content)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = ModelServer(f"http://127.0.0.1:{server.server_port}/v1", behaviour)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        release.set()
        server.shutdown()
        server.server_close()
