"""Which web pages may read an answer (CORS): what users store is confidential, and any page in a browser can reach loopback."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

ALL: Final = "*"
LOCAL: Final = "local"
_HERE: Final = ("localhost", "127.0.0.1", "::1")


def allowed(origins: str, origin: str | None) -> str | None:
    """The value of ``Access-Control-Allow-Origin`` for a page of ``origin``; None where it may not read.

    ``origins`` is the setting: ``*``, ``local`` for pages that this machine serves itself, or origins with spaces between.
    """
    words = origins.split()
    if ALL in words:
        return ALL
    if origin is None:
        return None
    if origin in words or (LOCAL in words and _is_local(origin)):
        return origin
    return None


def _is_local(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in _HERE
