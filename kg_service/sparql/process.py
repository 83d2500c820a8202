"""The process that holds the graph and forks workers, seen from the service: started clean, spoken to over one socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from kg_service.errors import StoreError
from kg_service.sparql import frames

_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from kg_service.sparql.worker import main; main()"
_PASSED: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")
_START_SECONDS: Final = 120
_END_SECONDS: Final = 3


class Zygote:
    """One such process."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel

    @classmethod
    async def started(cls, limits: dict[str, Any], nquads: bytes, *, union: bool) -> Zygote:
        """A new process that holds the graph. It has nothing of this one but the code: no descriptor, no secret.

        Raises:
            StoreError: where none can be started, or it does not take the graph.
        """
        if not hasattr(os, "fork"):
            raise StoreError("queries of strangers need a system on which a process can be forked (Linux, macOS, WSL).")
        ours, theirs = socket.socketpair()
        with theirs:
            root = str(Path(__file__).resolve().parents[2])
            environ = {name: os.environ[name] for name in _PASSED if name in os.environ}
            command = [sys.executable, "-I", "-c", _START, root]
            process = await asyncio.to_thread(
                lambda: subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=environ)  # noqa: S603 our own
            )
        ours.setblocking(False)
        zygote = cls(process, ours)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await frames.received(ours)
                await zygote.load(limits, nquads, union=union)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            await asyncio.to_thread(zygote.end)
            raise StoreError(f"the process that answers queries could not be started: {error!r}") from error
        except asyncio.CancelledError:
            zygote.end()
            raise
        return zygote

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    async def order(self, head: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
        """What it answers. One order at a time: the caller sees to that.

        Raises:
            ValueError: where it could not do it.
        """
        await asyncio.get_running_loop().sock_sendall(self._channel, frames.packed(head, body))
        reply, _ = await frames.received(self._channel)
        if "error" in reply:
            raise ValueError(reply["error"])
        return reply

    async def load(self, limits: dict[str, Any], nquads: bytes, *, union: bool) -> None:
        """It holds that graph and no other; workers forked before keep what they have."""
        await self.order({"do": "load", "limits": limits, "union": union}, nquads)

    async def fork(self) -> tuple[int, socket.socket]:
        """A new worker's process id and the socket to speak with it."""
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            message = frames.packed({"do": "fork"})
            sent = socket.send_fds(self._channel, [message], [theirs.fileno()])
        try:
            reply = (await frames.received(self._channel))[0] if sent == len(message) else {"error": "the channel is full"}
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            ours.close()
            raise
        if "pid" not in reply:
            ours.close()
            raise ValueError(reply.get("error", "no process"))
        return int(reply["pid"]), ours

    def end(self) -> None:
        """It is gone, and with it, by the kernel, its workers. Waits for it: not for an event loop."""
        self._channel.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
