"""HTTP/1.1 by ``httptools``, with the bound on the head of a request that it lacks: half a head may not fill the memory."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 65_536
_TOLD: Final = b"The request line and the headers may have at most 65,536 bytes.\n"
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(_TOLD), _TOLD)
)


class BoundedHttp(HttpToolsProtocol):
    """Answers 431 and closes where a head is not complete within :data:`HEAD_BYTES` (RFC 6585, section 5)."""

    _head: int | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > HEAD_BYTES:
            self._head = None
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()
