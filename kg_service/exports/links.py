"""Which addresses may stand as a link in a document: the web's own, and nothing that could run."""

from __future__ import annotations

import re
from typing import Final

_WEB: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?")
_MOST: Final = 2000


def web_address(link: str | None) -> str | None:
    """``link`` where it is an address of the web, written in ASCII; None otherwise."""
    if link is None or len(link) > _MOST or not _WEB.fullmatch(link) or any(char in link for char in "<>\"'`\\"):
        return None
    return link
