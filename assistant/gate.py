"""Answering off the event loop: so many at once, so many waiting, each within its time, none after its client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Final, Generic, TypeVar

from kg_service.errors import BusyError, DeadlineError

T = TypeVar("T")
HEARTBEAT: Final = 10.0  # seconds of silence after which the receiver is told that the work goes on
_LOOK: Final = 1.0  # seconds between two looks whether the client is there
_RETRY_AFTER: Final = 3


class _End:
    pass


class Gate:
    """Runs iterators in threads. ``workers`` at once, ``queue`` more wait; what comes then is turned away."""

    def __init__(self, workers: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ask")
        self._most, self._inside, self._lock = workers + queue, 0, Lock()

    def enter(self, work: Callable[[], Iterator[T]], seconds: float) -> Run[T]:
        """A run of ``work`` that has begun, or waits for its turn.

        Raises:
            BusyError: where too many wait already.
        """
        with self._lock:
            if self._inside >= self._most:
                raise BusyError("Too many questions are being answered; try again in a moment.", _RETRY_AFTER)
            self._inside += 1
        return Run(self._pool, work, seconds, self._leave)

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1

    def close(self) -> None:
        """Nothing new is begun; what runs ends with its next step."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Run(Generic[T]):
    """Items of some work as they come; made by :meth:`Gate.enter` inside a running event loop."""

    def __init__(
        self, pool: ThreadPoolExecutor, work: Callable[[], Iterator[T]], seconds: float, leave: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[T | _End] = asyncio.Queue()
        self._stop, self._work, self._seconds = Event(), work, seconds
        self._end = self._loop.time() + seconds
        self._done = pool.submit(self._run)
        self._done.add_done_callback(lambda _: leave())

    def _run(self) -> None:
        try:
            if self._stop.is_set():
                return
            for item in self._work():
                if self._stop.is_set():
                    return
                self._put(item)
        finally:
            self._put(_End())

    def _put(self, item: T | _End) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    async def all(self) -> list[T]:
        """Every item.

        Raises:
            DeadlineError: where the work did not end in its time.
        """
        return [item async for item in self.each(None) if item is not None]

    async def each(self, gone: Callable[[], Awaitable[bool]] | None) -> AsyncIterator[T | None]:
        """Each item as it comes, and None after a silence. Ends early where the client has ``gone``; the work then stops too.

        Raises:
            DeadlineError: where the work did not end in its time.
        """
        quiet = 0.0
        try:
            while True:
                left = self._end - self._loop.time()
                if left <= 0:
                    raise DeadlineError(f"The answer was not ready within {self._seconds:g} seconds.")
                wait = min(left, _LOOK)
                try:
                    item = await asyncio.wait_for(self._items.get(), wait)
                except TimeoutError:
                    quiet += wait
                    if gone is not None and await gone():
                        return
                    if quiet >= HEARTBEAT:
                        quiet = 0.0
                        yield None
                    continue
                if isinstance(item, _End):
                    break
                quiet = 0.0
                yield item
            await asyncio.wrap_future(self._done)
        finally:
            self._stop.set()
