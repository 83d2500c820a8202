"""Workers that answer strangers' queries, seen from the service: taken, watched, killed in time, and replaced.

A worker answers many queries, one after the other, as long as it is quick. One that has worked for ``LONG_AFTER`` runs on with
what processor time nobody else wants and is thrown away afterwards; of such there are at most so many that quick ones always find
a worker. Everything here runs on one event loop, but for :meth:`Pool.replace`, which any thread may call. Why so:
``docs/decisions/0004-sparql-isolation.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from kg_service.errors import BusyError, DeadlineError, QueryError, StoreError
from kg_service.sparql import fence, frames
from kg_service.sparql.process import Zygote

T = TypeVar("T")
_LOG: Final = logging.getLogger(__name__)
LONG_AFTER: Final = 0.1
_USES: Final = 500
_DYING: Final = 0.02
_KEPT_ANSWER: Final = 4 << 20
_HEAD_MOST: Final = 1 << 20
RETRY_AFTER: Final = 2
Reply: TypeAlias = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """``seconds`` for one query; ``memory``, ``answer`` and ``query`` in bytes; how many run at once, and how many may wait."""

    seconds: float
    memory: int
    answer: int
    query: int
    workers: int
    queue: int

    @property
    def long(self) -> int:
        """How many long queries may run at once: two workers, or half of them, are left to the quick."""
        return max(1, self.workers - min(2, self.workers // 2))

    @property
    def order(self) -> dict[str, float]:
        """What of this a worker sees to."""
        return {"seconds": self.seconds, "memory": self.memory, "answer": self.answer, "query": self.query}

    @property
    def standby(self) -> int:
        return min(4, self.workers)


@dataclass(eq=False, slots=True)
class Worker:
    zygote: Zygote
    pid: int
    handle: int | None
    channel: frames.Channel
    generation: int
    uses: int = 0
    long: bool = False
    evicted: bool = False

    def kill(self) -> None:
        """It is told to die, and no further word of it is heard. Only its zygote reaps it, so its number is not another's yet."""
        self.channel.close()
        if self.long:
            fence.make_ordinary(self.pid)  # so that it gets the time to die in
        with contextlib.suppress(ProcessLookupError):
            if self.handle is not None:
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
            elif self.zygote.alive():
                os.kill(self.pid, signal.SIGKILL)
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None


def _handle(pid: int) -> int | None:
    """A descriptor that stands for this very process, whoever has its number later; None where the system has no such thing."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None


class _GoneError(Exception):
    """The worker died over a query."""


@dataclass(slots=True)
class _Changes:
    """Graphs beside the knowledge: all of them, and what the zygote does not have yet."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    graphs: dict[str, bytes] = field(default_factory=dict)
    pending: dict[str, bytes] = field(default_factory=dict)
    reload: bool = False
    generation: int = 0


class Pool:
    """Workers over one graph.

    Args:
        source: gives the graph as N-Quads, at the start and whenever the process that holds it must be started again.
        union: a query without a dataset of its own sees all named graphs together.
    """

    def __init__(self, limits: PoolLimits, source: Callable[[], bytes], *, union: bool = True) -> None:
        self.limits = limits
        self._source = source
        self._union = union
        self._changes = _Changes()
        self._zygote: Zygote | None = None
        self._control = asyncio.Lock()
        self._slots = asyncio.Semaphore(limits.workers)
        self._waiting = 0
        self._long = 0
        self._filling = False
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def holder(self) -> int | None:
        """The process that holds the graph, if one lives."""
        return self._zygote.pid if self._zygote is not None and self._zygote.alive() else None

    @property
    def generation(self) -> int:
        """Another number whenever the graph has changed."""
        return self._changes.generation

    @property
    def quiet(self) -> bool:
        """Nothing is asked, and no dead worker waits to be replaced."""
        return not self._busy and not self._tasks

    async def start(self) -> None:
        """Workers stand ready.

        Raises:
            StoreError: where no process can be started here.
        """
        async with self._control:
            await self._living()
        await self._refill()

    async def close(self) -> None:
        """No process is left."""
        self._closed = True
        for worker in (*self._idle, *self._busy):
            worker.kill()
        self._idle.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._zygote is not None:
            await asyncio.to_thread(self._zygote.end)

    def replace(self, iri: str, nquads: bytes) -> None:
        """Every query that begins from now on sees exactly ``nquads`` in that graph; empty, it is gone. From any thread."""
        with self._changes.lock:
            self._changes.pending[iri] = nquads
            if nquads:
                self._changes.graphs[iri] = nquads
            else:
                self._changes.graphs.pop(iri, None)
            self._changes.generation += 1

    def reload(self, source: Callable[[], bytes]) -> None:
        """Every query that begins from now on sees what ``source`` gives; graphs that were replaced are gone."""
        self._source = source
        with self._changes.lock:
            self._changes.graphs.clear()
            self._changes.pending.clear()
            self._changes.reload = True
            self._changes.generation += 1

    async def run(self, job: dict[str, Any], text: str) -> Reply:
        """What a worker says to the query.

        Raises:
            BusyError: where too many wait already, or too many long queries run.
            DeadlineError: where it did not end in time.
            QueryError: where a worker died over it.
            StoreError: where there are no workers.
        """
        await self._slot()
        try:
            message = frames.packed(job, text.encode("utf-8", "surrogatepass"))
            for _ in range(2):
                worker = await self._take()
                try:
                    return await self._ask(worker, message)
                except _GoneError:
                    if worker.zygote.alive():
                        break
            told = "The query ended its worker: it needs more memory than a query may use, or it is too complex."
            raise QueryError(told)
        finally:
            self._slots.release()

    async def _slot(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        if self._waiting >= self.limits.queue:
            raise BusyError("Too many queries wait already.", RETRY_AFTER)
        self._waiting += 1
        try:
            async with asyncio.timeout(self.limits.seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise BusyError("Every worker was busy for as long as a query may take.", RETRY_AFTER) from error
        finally:
            self._waiting -= 1

    async def _ask(self, worker: Worker, message: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        watch = loop.call_later(LONG_AFTER, self._becomes_long, worker)
        self._busy.add(worker)
        reusable = False
        try:
            async with asyncio.timeout(self.limits.seconds):
                head, body = await worker.channel.ask(message, _HEAD_MOST, self.limits.answer)
            worker.uses += 1
            reusable = not worker.long and worker.uses < _USES and len(body) < _KEPT_ANSWER
        except TimeoutError as error:
            raise DeadlineError(f"The query did not end within {self.limits.seconds:g} s and was stopped.") from error
        except (OSError, EOFError, ValueError) as error:
            if worker.evicted:
                raise BusyError("Too many long queries run already; this one was stopped.", RETRY_AFTER) from error
            raise _GoneError from error
        finally:
            watch.cancel()
            self._busy.discard(worker)
            self._long -= worker.long
            if reusable and not self._closed:
                self._idle.append(worker)
            else:
                self._discard(worker)
        return head, body

    def _becomes_long(self, worker: Worker) -> None:
        if self._long >= self.limits.long:
            worker.evicted = True
            worker.channel.close()  # wakes the one who waits for the answer, who discards it
            return
        worker.long = True
        self._long += 1
        fence.make_idle(worker.pid)

    async def _take(self) -> Worker:
        """A worker that knows the graph as it is now."""
        while self._idle:
            worker = self._idle.pop()
            if worker.generation == self._changes.generation and not worker.channel.gone:
                return worker
            self._discard(worker)
        forking = self._background(self._fork())
        try:
            return await asyncio.shield(forking)
        except asyncio.CancelledError:  # whoever asked has left; the worker is there for the next one
            forking.add_done_callback(self._keep)
            raise

    def _keep(self, forking: asyncio.Task[Worker]) -> None:
        if forking.cancelled() or forking.exception() is not None:
            return
        worker = forking.result()
        if self._closed:
            worker.kill()
        else:
            self._idle.append(worker)

    def _background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _fork(self) -> Worker:
        async with self._control:
            for attempt in range(2):
                zygote = await self._living()
                try:
                    generation = await self._bring_up_to_date(zygote)
                    pid, channel = await zygote.fork()
                    break
                except (OSError, EOFError, ValueError) as error:
                    await asyncio.to_thread(zygote.end)
                    if attempt:
                        raise StoreError("the process that holds the graph does not answer.") from error
        return Worker(zygote, pid, _handle(pid), await frames.Channel.over(channel), generation)

    async def _living(self) -> Zygote:
        """The process that holds the graph; started where there is none."""
        if self._closed:
            raise StoreError("the service is closing.")
        if self._zygote is not None and self._zygote.alive():
            return self._zygote
        if self._zygote is not None:
            _LOG.warning("the process that holds the graph died and is started again")
            await asyncio.to_thread(self._zygote.end)
        with self._changes.lock:
            self._changes.pending = dict(self._changes.graphs)
            self._changes.reload = False
        data = await asyncio.to_thread(self._source)
        self._zygote = await Zygote.started(self.limits.order, data, union=self._union)
        self._watch(self._zygote)
        return self._zygote

    def _watch(self, zygote: Zygote) -> None:
        """Others take the place of the process and its workers as soon as it dies, where the system tells of that."""
        handle = _handle(zygote.pid)
        if handle is None:
            return
        loop = asyncio.get_running_loop()

        def died() -> None:
            loop.remove_reader(handle)
            os.close(handle)
            if not self._closed and zygote is self._zygote:
                idle, self._idle = self._idle, []
                for worker in idle:
                    self._discard(worker)
                self._background(self._refilled())

        loop.add_reader(handle, died)

    async def _refilled(self) -> None:
        try:
            await self._refill()
        except StoreError as error:
            _LOG.warning("no worker stands by: %s", error)

    async def _bring_up_to_date(self, zygote: Zygote) -> int:
        with self._changes.lock:
            pending, self._changes.pending = self._changes.pending, {}
            reload, self._changes.reload = self._changes.reload, False
            generation = self._changes.generation
        if reload:
            await zygote.load(self.limits.order, await asyncio.to_thread(self._source), union=self._union)
        for iri, nquads in pending.items():
            await zygote.order({"do": "replace", "graph": iri}, nquads)
        return generation

    def _discard(self, worker: Worker) -> None:
        """The worker is dead, and another takes its place."""
        worker.kill()
        if not self._closed:
            self._background(self._bury(worker))

    async def _bury(self, worker: Worker) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError, StoreError):
            await self._refill()
            while worker.zygote is self._zygote and worker.zygote.alive():
                async with self._control:
                    if (await worker.zygote.order({"do": "reap", "pid": worker.pid}))["dead"]:
                        return
                await asyncio.sleep(_DYING)

    async def _refill(self) -> None:
        if self._filling:
            return
        self._filling = True
        try:
            while len(self._idle) + len(self._busy) < self.limits.standby and not self._closed:
                self._idle.insert(0, await self._fork())
        finally:
            self._filling = False
