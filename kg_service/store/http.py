"""HTTP to one SPARQL server: bounded in time and size, follows no redirect, says in our words what went wrong."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import urllib3

from kg_service.errors import DeadlineError, StoreError

_CHUNK: Final = 1 << 16
_CONNECT_SECONDS: Final = 5.0
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Place:
    """One address of a server, with what opens it: ``user:password``, or ``Bearer`` and a token, or nothing."""

    url: str
    credentials: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address as a message may show it: without query, user or password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    media_type: str
    body: bytes

    @property
    def told(self) -> str:
        """What the server says of itself, as one short line."""
        text = " ".join(self.body[: _SHOWN * 4].decode("utf-8", "replace").split())
        return "".join(char if char.isprintable() else "?" for char in text)[:_SHOWN]


class Connection:
    """Requests to the addresses of one server; safe in threads, connections are kept and used again."""

    def __init__(self, most_bytes: int) -> None:
        self._pool = urllib3.PoolManager(num_pools=3, maxsize=8, retries=False)
        self._most_bytes = most_bytes

    def send(self, place: Place, method: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
        """The whole answer of ``place``, whatever its status, unless that is none of ours to handle.

        Raises:
            DeadlineError: where it is not complete after ``seconds``.
            StoreError: where the server cannot be reached, wants credentials, points elsewhere or answers too much.
        """
        until = time.monotonic() + seconds
        timeout = urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds)
        try:
            response = self._pool.request(
                method,
                place.url,
                body=body or None,
                headers={**headers, **_authorization(place)},
                redirect=False,
                timeout=timeout,
                preload_content=False,
                decode_content=False,
            )
            try:
                content = self._content(response, place, until, seconds)
            except BaseException:
                response.close()
                raise
            response.release_conn()
        except urllib3.exceptions.ReadTimeoutError as error:
            raise _late(place, seconds) from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise StoreError(f"the graph store at {place.shown} cannot be reached: {_reason(error)}.") from error
        answer = Answer(response.status, response.headers.get("content-type", "").partition(";")[0].strip().lower(), content)
        _refuse(place, answer, response.headers.get("location", ""))
        return answer

    def close(self) -> None:
        self._pool.clear()

    def _content(self, response: urllib3.BaseHTTPResponse, place: Place, until: float, seconds: float) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise StoreError(f"the graph store at {place.shown} sends a content encoding that was not asked for.")
        content = bytearray()
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > self._most_bytes:
                raise StoreError(f"the answer of {place.shown} is larger than the {self._most_bytes:,} bytes that are read.")
            if time.monotonic() > until:
                raise _late(place, seconds)
        return bytes(content)


def _authorization(place: Place) -> dict[str, str]:
    if not place.credentials:
        return {}
    if place.credentials.startswith("Bearer "):
        return {"Authorization": place.credentials}
    return {"Authorization": "Basic " + base64.b64encode(place.credentials.encode()).decode()}


def _late(place: Place, seconds: float) -> DeadlineError:
    return DeadlineError(f"the graph store at {place.shown} did not answer within {seconds:g} s.")


def _reason(error: Exception) -> str:
    text = str(error)
    return (text.partition("): ")[2] or text or type(error).__name__)[:_SHOWN].rstrip(".")


def _refuse(place: Place, answer: Answer, location: str) -> None:
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            raise StoreError(
                f"the graph store at {place.shown} wants other credentials (HTTP {answer.status}); "
                "set SEXTANT_STORE_CREDENTIALS, and SEXTANT_STORE_UPDATE_CREDENTIALS where writing has its own."
            )
        case status if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            elsewhere = Place(location).shown if location.startswith("http") else ascii(location)[:_SHOWN]
            raise StoreError(
                f"the graph store at {place.shown} points to {elsewhere} (HTTP {status}), which is not followed: "
                "where that is right, set it as the address itself."
            )
        case _:
            pass
