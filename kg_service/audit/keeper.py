"""What happens beside the requests: readings are written in groups, and checkpoints are made. One thread per service."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Final, TypeAlias

import sqlalchemy as sa

from kg_service.audit.checkpoints import SecondPlace, keep, made
from kg_service.audit.event import Draft
from kg_service.audit.journal import Journal, head
from kg_service.audit.keys import Signer
from kg_service.errors import InputError, SextantError
from kg_service.people.model import SYSTEM, Principal

_LOG: Final = logging.getLogger(__name__)
MOST_WAITING: Final = 10_000
GROUP: Final = 500
GROUP_SECONDS: Final = 0.2
CHECKPOINT_EVENTS: Final = 256
CHECKPOINT_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 2.0

Reading: TypeAlias = tuple[Principal, Draft]


@dataclass
class Counts:
    """How many readings were written, and how many are missing from the trail because it could not be written."""

    written: int = 0
    missed: int = 0
    trouble: str | None = None


@dataclass
class _State:
    waiting: deque[Reading] = field(default_factory=deque)
    missed: int = 0  # since the last event that says so
    touched: int = 0  # the newest event that was appended, perhaps not yet committed
    checkpointed: int = 0
    confirmed: str = ""  # the hash of that event: after a restore the same number is another event
    due: float = 0.0  # when a checkpoint is to be made; 0: not before something happens
    closing: bool = False


class Keeper:
    """The journal of a running service: what :class:`Journal` does, and readings and checkpoints beside it."""

    def __init__(self, journal: Journal, signer: Signer, second: SecondPlace, monotonic: Callable[[], float] = time.monotonic):
        self._journal, self._signer, self._second, self._monotonic = journal, signer, second, monotonic
        self.counts = Counts()
        self._state = _State()
        self._wake = Condition()
        self._thread = Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """The thread runs; what stands in the chain without a checkpoint gets one."""
        self.touched(0)
        self._thread.start()

    def note(self, actor: Principal, draft: Draft) -> bool:
        """Whether the reading will be written; never raises and never waits for the disk."""
        with self._wake:
            if self._state.closing or len(self._state.waiting) >= MOST_WAITING:
                self._miss(1)
                return False
            self._state.waiting.append((actor, draft))
            if len(self._state.waiting) == 1:
                self._wake.notify()
        return True

    def close(self) -> None:
        """Every reading noted before is written, the head has a checkpoint, and the thread has ended."""
        with self._wake:
            self._state.closing = True
            self._wake.notify()
        self._thread.join(30)

    def touched(self, seq: int) -> None:
        """A checkpoint will follow soon, for the event ``seq`` was appended."""
        with self._wake:
            self._state.touched = max(self._state.touched, seq)
            if not self._state.due:
                self._state.due = self._monotonic() + CHECKPOINT_SECONDS
                self._wake.notify()
            elif seq - self._state.checkpointed >= CHECKPOINT_EVENTS:
                self._state.due = self._monotonic()
                self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                state = self._state
                if not state.closing and not state.waiting:
                    self._wake.wait(max(0.0, state.due - self._monotonic()) if state.due else None)
                closing, waiting = state.closing, bool(state.waiting)
            if waiting:
                if not closing:
                    time.sleep(GROUP_SECONDS)  # so that many readings share one sync
                wrote = self._write()
            else:
                wrote = True
            if closing or (self._state.due and self._monotonic() >= self._state.due):
                self._checkpoint()
            if closing:
                with self._wake:
                    if not self._state.waiting or not wrote:
                        self._miss(len(self._state.waiting))
                        self._state.waiting.clear()
                        return

    def _write(self) -> bool:
        with self._wake:
            group = [self._state.waiting[place] for place in range(min(GROUP, len(self._state.waiting)))]
            missed = self._state.missed
        written = 0
        try:
            with self._journal.database.changing() as connection:
                if missed:
                    self._journal.append(connection, SYSTEM, Draft("reading.missed", "audit", after={"count": missed}))
                for actor, draft in group:
                    written += self._append(connection, actor, draft)
        except SextantError as error:
            if self.counts.trouble is None:
                _LOG.error("readings are not written to the audit trail for now: %s", error)
            with self._wake:
                self.counts.trouble = str(error)
                if not self._state.closing:
                    self._wake.wait(RETRY_SECONDS)
            return False
        with self._wake:
            for _ in group:
                self._state.waiting.popleft()
            self._state.missed -= missed
            self._miss(len(group) - written)
            self.counts.written += written
            self.counts.trouble = None
        return True

    def _append(self, connection: sa.Connection, actor: Principal, draft: Draft) -> bool:
        try:
            self._journal.append(connection, actor, draft)
        except InputError as error:  # told before anything is written, so that the others of the group can be
            _LOG.error("a reading cannot be written to the audit trail: %s", error)
            return False
        return True

    def _checkpoint(self) -> None:
        with self._wake:
            self._state.due, touched = 0.0, self._state.touched
        try:
            with self._journal.database.reading() as connection:
                found = head(connection)
            if found.seq and found.hash != self._state.confirmed:
                keep(self._journal.database, self._second, made(self._signer, found.seq, found.hash, self._journal.now()))
                self._state.checkpointed, self._state.confirmed = found.seq, found.hash
            if found.seq < touched:  # it is being committed, or was undone: once more, and then not before the next
                with self._wake:
                    self._state.touched = found.seq
                    self._state.due = self._monotonic() + CHECKPOINT_SECONDS
        except SextantError as error:
            _LOG.error("no checkpoint of the audit trail could be made; tried again in a while: %s", error)
            self.counts.trouble = str(error)
            self._state.due = self._monotonic() + CHECKPOINT_SECONDS

    def _miss(self, count: int) -> None:
        if count and self._state.missed == 0:
            _LOG.error("readings are missing from the audit trail; an event will say how many")
        self._state.missed += count
        self.counts.missed += count
