"""The stream of an answer: the order of its events, the same content as the whole answer, and an end in every case."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator

import pytest
from assistant_service import CREDIT, DAY, Asked

from assistant.gate import Gate
from kg_service.errors import BusyError, DeadlineError

NAMES = {"status", "facts", "question", "claim", "citation", "done"}


def test_events_come_in_order(asked: Asked) -> None:
    """Facts before questions, questions before claims, everything before ``done``, and nothing behind it."""
    _, found = asked.chat(CREDIT)
    names = [name for name, _ in found]
    assert set(names) == NAMES
    assert names[0] == "status"
    assert names.index("facts") < names.index("question") < names.index("claim") < len(names) - 1
    assert (names[-1], names.count("done"), names.count("facts")) == ("done", 1, 1)


def test_stream_may_not_be_held_back_or_kept(asked: Asked) -> None:
    """The headers that proxies and caches look at."""
    answered, _ = asked.chat(CREDIT)
    assert answered.headers["content-type"].split(";")[0] == "text/event-stream"
    assert (answered.headers["x-accel-buffering"], answered.headers["cache-control"]) == ("no", "no-store")


def test_stream_says_what_the_answer_says(asked: Asked) -> None:
    """The claims, citations, questions and facts of the events are those of the whole answer, in its order."""
    whole = asked.ask(CREDIT)
    _, found = asked.chat(CREDIT)
    assert [data for name, data in found if name == "claim"] == whole["claims"]
    assert sorted((data for name, data in found if name == "citation"), key=lambda one: one["n"]) == whole["citations"]
    assert [data["fact"] for name, data in found if name == "question"] == [one["fact"] for one in whole["next_questions"]]
    (facts,) = [data["facts"] for name, data in found if name == "facts"]
    assert facts == whole["facts"]
    assert found[-1][1]["answer"] == whole["answer"]


def test_refusal_is_streamed_too(asked: Asked) -> None:
    """A question about nothing that the graph holds ends in ``done`` with a reason and without claims."""
    _, found = asked.chat("What is the best recipe for pancakes?")
    assert [name for name, _ in found if name == "claim"] == []
    assert found[-1][0] == "done"
    assert found[-1][1]["refused"]
    assert found[-1][1]["reason"]


def test_first_claim_comes_before_the_last_is_made(asked: Asked) -> None:
    """The body arrives in parts: the first event is there while the stream is open."""
    connection = http.client.HTTPConnection("127.0.0.1", asked.port, timeout=60)
    body = json.dumps({"question": CREDIT, "as_of": DAY})
    connection.request("POST", "/api/v1/chat", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.read1(64).startswith(b"event: status\n")
    answer.read()
    connection.close()


def test_client_that_leaves_stops_the_work() -> None:
    """The work ends with its next step, and its place is free again."""
    made: list[int] = []
    stopped = threading.Event()

    def endless() -> Iterator[int]:
        try:
            for number in range(1_000_000):
                made.append(number)
                yield number
                time.sleep(0.001)
        finally:
            stopped.set()

    async def leave() -> None:
        gate = Gate(1, 0)
        items = gate.enter(endless, 60).each(None)
        assert await anext(items) == 0
        await items.aclose()  # type: ignore[attr-defined]
        assert await asyncio.to_thread(stopped.wait, 10)
        await asyncio.sleep(0.1)
        assert await gate.enter(lambda: iter([1]), 10).all() == [1]
        gate.close()

    asyncio.run(leave())
    assert len(made) < 1_000_000


def test_client_that_is_gone_is_noticed_in_silence() -> None:
    """Work that says nothing is left as soon as nobody listens."""
    release = threading.Event()

    def silent() -> Iterator[int]:
        release.wait(30)
        yield 1

    async def look() -> list[int | None]:
        async def gone() -> bool:
            return True

        gate = Gate(1, 0)
        try:
            return [item async for item in gate.enter(silent, 20).each(gone)]
        finally:
            release.set()
            gate.close()

    assert asyncio.run(look()) == []


def test_silence_is_filled_with_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver is told that the work goes on."""
    monkeypatch.setattr("assistant.gate.HEARTBEAT", 0.05)
    monkeypatch.setattr("assistant.gate._LOOK", 0.02)

    def slow() -> Iterator[int]:
        time.sleep(0.5)
        yield 1

    async def listen() -> list[int | None]:
        gate = Gate(1, 0)
        found = [item async for item in gate.enter(slow, 20).each(None)]
        gate.close()
        return found

    found = asyncio.run(listen())
    assert found[-1] == 1
    assert set(found[:-1]) == {None}


def test_work_ends_with_its_time() -> None:
    """What takes too long is an error of ours, not an open stream."""
    release = threading.Event()

    def stuck() -> Iterator[int]:
        release.wait(30)
        yield 1

    async def wait() -> None:
        gate = Gate(1, 0)
        try:
            await gate.enter(stuck, 0.2).all()
        finally:
            release.set()
            gate.close()

    with pytest.raises(DeadlineError):
        asyncio.run(wait())


def test_too_many_are_turned_away_and_told_when_to_return() -> None:
    """One at work and one waiting; the third gets ``BusyError``."""
    release = threading.Event()

    def held() -> Iterator[int]:
        release.wait(30)
        yield 1

    async def crowd() -> None:
        gate = Gate(1, 1)
        runs = [gate.enter(held, 20), gate.enter(held, 20)]
        with pytest.raises(BusyError) as caught:
            gate.enter(held, 20)
        assert caught.value.retry_after > 0
        release.set()
        assert [await run.all() for run in runs] == [[1], [1]]
        gate.close()

    asyncio.run(crowd())


def test_error_of_the_work_reaches_whoever_waits() -> None:
    """An error in the thread is raised where the answer is awaited."""

    def broken() -> Iterator[int]:
        yield 1
        raise BusyError("no room", 1)

    async def wait() -> None:
        gate = Gate(1, 0)
        try:
            await gate.enter(broken, 20).all()
        finally:
            gate.close()

    with pytest.raises(BusyError):
        asyncio.run(wait())
