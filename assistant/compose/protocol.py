"""The seam between what was found and what is said."""

from __future__ import annotations

from typing import Protocol

from assistant.model import Draft, Ground
from kg_service.model import Knowledge


class Composer(Protocol):
    """Words an answer. Whatever it writes is verified before anybody sees it."""

    def compose(self, ground: Ground, knowledge: Knowledge) -> Draft:
        """Sentences with the numbers of the passages of ``ground`` on which they rest. It decides nothing and never raises."""
        ...
