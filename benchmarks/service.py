"""A service in a process of its own, as a user starts it, and a client that keeps one connection."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Service:
    """A running service; requests go over one connection that stays open."""

    port: int
    process: subprocess.Popen[bytes]
    started_in: float
    connection: http.client.HTTPConnection

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        return self._ask("GET", path, None, dict(headers or {}))

    def post(self, path: str, body: bytes, content_type: str = "application/json") -> bytes:
        return self._ask("POST", path, body, {"Content-Type": content_type})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
        return content

    def memory_mb(self) -> float:
        """Memory of the service and of all its children; a page that several share counts once (proportional set size)."""
        total = 0
        todo = [self.process.pid]
        while todo:
            pid = todo.pop()
            with contextlib.suppress(OSError):
                shares = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(shares.split("\nPss:")[1].split()[0])
                for task in Path(f"/proc/{pid}/task").iterdir():
                    todo += map(int, (task / "children").read_text().split())
        return total / 1024


@contextlib.contextmanager
def running_service(environ: Mapping[str, str] | None = None) -> Iterator[Service]:
    """A service on a free loopback port; it is stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("sextant")), "serve", "--port", str(port)]
    start = time.perf_counter()
    env = {**os.environ, **(environ or {})}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            with contextlib.suppress(OSError):
                connection.request("GET", "/readyz")
                connection.getresponse().read()
                break
            if process.poll() is not None or time.perf_counter() - start > 120:
                raise RuntimeError("the service did not start")
            time.sleep(0.02)
        yield Service(port, process, time.perf_counter() - start, connection)
        connection.close()
    finally:
        process.terminate()
        process.wait(timeout=20)
