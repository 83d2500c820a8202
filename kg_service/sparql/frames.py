"""Messages between processes: two lengths, a line of JSON, bytes. Read with a bound: the other side is not believed."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any, Final

LENGTHS: Final = struct.Struct(">II")
HEAD_MOST: Final = 16 << 20
BODY_MOST: Final = 0xFFFFFFFF


def packed(head: dict[str, Any], body: bytes = b"") -> bytes:
    """The message. ``body`` may be as long as four bytes can say."""
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
