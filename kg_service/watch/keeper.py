"""What runs beside the service: a round whenever the day has changed, and webhooks as they fall due. One thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import date
from typing import Final

from kg_service.errors import SextantError
from kg_service.watch.run import Watch
from kg_service.watch.webhooks import Sender

_LOG: Final = logging.getLogger(__name__)
_EVERY: Final = 2.0
_AGAIN_AFTER: Final = 300.0


class Keeper:
    """Keeps the watch until it is closed. A clock that jumps starts a round, no more: a round of a known day finds nothing."""

    def __init__(self, watch: Watch, sender: Sender, today: Callable[[], date], every: float = _EVERY) -> None:
        self._watch, self._sender, self._today, self._every = watch, sender, today, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._done: date | None = None
        self._next = 0.0

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Nothing runs any more; a portion that is being written is finished first."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._round()
                self._sender.send_due()
            except SextantError as error:
                _LOG.warning("the watch could not work: %s", error)
                self._next = time.monotonic() + _AGAIN_AFTER

    def _round(self) -> None:
        day = self._today()
        if day == self._done or time.monotonic() < self._next:
            return
        found = self._watch.round(day)
        self._done = day
        if found.evaluated:
            _LOG.info("%s: %d evaluated, %d with changes", day, found.evaluated, found.notices)
