"""Messages between processes: two lengths, a line of JSON, bytes. Read with a bound: the other side is not believed."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any, Final, cast

import orjson

LENGTHS: Final = struct.Struct(">II")
HEAD_MOST: Final = 16 << 20
BODY_MOST: Final = 0xFFFFFFFF
_SHORT: Final = 16_384


def packed(head: dict[str, Any], body: bytes = b"") -> bytes:
    """The message. ``body`` may be as long as four bytes can say."""
    try:
        raw = orjson.dumps(head)
    except TypeError:  # a lone surrogate that came in with a query
        raw = json.dumps(head, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return LENGTHS.pack(len(raw), len(body)) + raw + body


def lengths(raw: bytes, head_most: int = HEAD_MOST, body_most: int = BODY_MOST) -> tuple[int, int]:
    """The lengths of head and body.

    Raises:
        ValueError: where they exceed what is taken.
    """
    head, body = LENGTHS.unpack(raw)
    if head > head_most or body > body_most:
        raise ValueError("a message longer than is taken")
    return head, body


def head_of(raw: bytes) -> dict[str, Any]:
    """The head of a message.

    Raises:
        ValueError: where it is no JSON object.
    """
    try:
        head = orjson.loads(raw)
    except orjson.JSONDecodeError:  # half a character, which it does not take
        head = json.loads(raw)
    if not isinstance(head, dict):
        raise ValueError("a message without a head")  # noqa: TRY004 what came is wrong, not who calls
    return head


def exactly(channel: socket.socket, size: int) -> bytes:
    """The next ``size`` bytes.

    Raises:
        EOFError: where the other side is gone before.
    """
    data = bytearray(size)
    view = memoryview(data)
    at = 0
    while at < size:
        got = channel.recv_into(view[at:])
        if got == 0:
            raise EOFError
        at += got
    return bytes(data)


def message(channel: socket.socket) -> tuple[int, bytes]:
    """The length of the head, and head and body of the next message; one look at the socket where it is short.

    Raises:
        EOFError: where the other side is gone before.
        ValueError: where it is longer than is taken, or more than a message.
    """
    data = channel.recv(_SHORT)
    if len(data) < LENGTHS.size:
        if not data:
            raise EOFError
        data += exactly(channel, LENGTHS.size - len(data))
    head_size, body_size = lengths(data[: LENGTHS.size])
    rest = head_size + body_size - (len(data) - LENGTHS.size)
    if rest < 0:
        raise ValueError("more than a message")
    return head_size, data[LENGTHS.size :] + (exactly(channel, rest) if rest else b"")


class Channel(asyncio.Protocol):
    """One side of a socket on an event loop: a question goes out, the whole answer comes back, one at a time.

    ``gone``: the other side is, or it spoke unasked; nothing more will come.
    """

    def __init__(self) -> None:
        self.gone = False
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._most = (0, 0)
        self._wanted = 0
        self._answer: asyncio.Future[tuple[dict[str, Any], bytes]] | None = None

    @classmethod
    async def over(cls, channel: socket.socket) -> Channel:
        """A channel over that socket, which is closed with it."""
        _, made = await asyncio.get_running_loop().create_connection(cls, sock=channel)
        return made

    async def ask(self, message: bytes, head_most: int = HEAD_MOST, body_most: int = BODY_MOST) -> tuple[dict[str, Any], bytes]:
        """The answer to ``message``.

        Raises:
            EOFError: where the other side is gone before it is complete.
            ValueError: where it is longer than is taken, or no message.
        """
        if self.gone or self._transport is None:
            raise EOFError
        self._most = (head_most, body_most)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        try:
            return await self._answer
        finally:
            self._answer = None

    def close(self) -> None:
        """Nothing is heard or said any more."""
        self.connection_lost(None)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # that of another event loop need not be a subclass

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(EOFError())

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()
            return
        self._data += data
        try:
            if not self._wanted and len(self._data) >= LENGTHS.size:
                self._wanted = LENGTHS.size + sum(lengths(bytes(self._data[: LENGTHS.size]), *self._most))
            if self._wanted and len(self._data) >= self._wanted:
                self._answer.set_result(self._message())
        except ValueError as error:
            self._answer.set_exception(error)
            self.close()

    def _message(self) -> tuple[dict[str, Any], bytes]:
        if len(self._data) > self._wanted:
            raise ValueError("more than a message")
        head_size, _ = LENGTHS.unpack(self._data[: LENGTHS.size])
        at = LENGTHS.size + head_size
        head, body = head_of(bytes(self._data[LENGTHS.size : at])), bytes(memoryview(self._data)[at:])
        self._data, self._wanted = bytearray(), 0
        return head, body


async def received(
    channel: socket.socket, head_most: int = HEAD_MOST, body_most: int = BODY_MOST
) -> tuple[dict[str, Any], bytes]:
    """The next message, on an event loop.

    Raises:
        EOFError: where the other side is gone before its end.
        ValueError: where it is longer than is taken, or no message.
    """
    head_size, body_size = lengths(await _received(channel, LENGTHS.size), head_most, body_most)
    head = head_of(await _received(channel, head_size))
    return head, await _received(channel, body_size)


async def _received(channel: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = await loop.sock_recv(channel, size) if size else b""
    if len(data) == size:
        return data
    parts = bytearray(data)
    while data and len(parts) < size:
        data = await loop.sock_recv(channel, min(size - len(parts), 1 << 20))
        parts += data
    if len(parts) < size:
        raise EOFError
    return bytes(parts)
