"""What the audit trail promises: nothing acknowledged is lost, each acknowledgement comes after a sync, tampering shows.

``python -m benchmarks durability`` runs all; ``SEXTANT_TEST_KILLS``, ``_WRITERS``, ``_SYNCS`` and ``_FLIPS`` make it shorter.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import tampering
from kg_service.audit.checkpoints import SecondPlace
from kg_service.audit.keys import open_signer
from kg_service.audit.verify import verify
from kg_service.database.engine import open_database, sqlite_url
from kg_service.rest.assessments import EU_CREDIT

THREADS = 4
STARTS: list[tuple[float, float]] = []  # of each start: seconds until it answered, and seconds of processor time until then
COMMAND = [sys.executable, "-m", "kg_service", "serve", "--port", "0"]


class NotStartedError(RuntimeError):
    """The service did not start."""


@dataclass
class Acknowledged:
    """What the service said is done, and what it was asked for and may or may not have done when it was killed."""

    there: dict[str, str] = field(default_factory=dict)  # address to kind
    gone: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0


@contextlib.contextmanager
def service(data: Path, before: list[str] | None = None) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The service as a process of its own, and its port. It is killed at the end."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEXTANT_")}
    environ |= {"SEXTANT_DATA": str(data)} | {
        name: os.environ[name] for name in ("SEXTANT_DATABASE", "SEXTANT_CACHE") if name in os.environ
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        [*(before or []), *COMMAND], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    )
    try:
        assert process.stdout is not None
        found = next((match for line in process.stdout if (match := re.search(r"is up: http://[^:]+:(\d+)", line))), None)
        if found is None:
            raise NotStartedError
        took = time.perf_counter() - start
        if before is None:
            ticks = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            STARTS.append((took, (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")))
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def end(process: subprocess.Popen[str]) -> None:
    """What the process began has ended, then the process: strace alone does not pass a signal on."""
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            os.kill(int(child), signal.SIGTERM)
    process.wait(60)


def load(port: int, acknowledged: Acknowledged, stop: threading.Event, name: str) -> None:
    """Creates keys and deployments and ends some of them, one after the other, until the service is gone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    random_ = random.Random(name)  # noqa: S311
    number = 0
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        while not stop.is_set():
            number += 1
            with acknowledged.lock:
                mine = [one for one, owner in acknowledged.there.items() if owner == name]
            if len(mine) > 8 or (mine and random_.random() < 0.3):
                address = random_.choice(mine)
                with acknowledged.lock:
                    acknowledged.there.pop(address)
                    acknowledged.unsure.add(address)
                connection.request("DELETE", address)
                response = connection.getresponse()
                response.read()
                if response.status == 204:
                    with acknowledged.lock:
                        acknowledged.unsure.discard(address)
                        acknowledged.gone.add(address)
                        acknowledged.count += 1
                continue
            deployment = random_.random() < 0.3
            path = "/api/v1/assessments?store=true&status=applies&questions=0" if deployment else "/api/v1/keys"
            body: dict[str, object] = {"name": f"{name} {number} {time.monotonic_ns()}"}
            body |= {"facts": EU_CREDIT, "as_of": "2026-11-23"} if deployment else {"roles": ["viewer"]}
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status == 201:
                with acknowledged.lock:
                    acknowledged.there[response.headers["Location"]] = name
                    acknowledged.count += 1


def missing(port: int, acknowledged: Acknowledged) -> list[str]:
    """What was acknowledged and is not so; where a removal was under way, either is right."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def items(path: str) -> list[dict[str, object]]:
        connection.request("GET", path)
        found: list[dict[str, object]] = json.loads(connection.getresponse().read())["items"]
        return found

    with contextlib.closing(connection):
        live = {f"/api/v1/deployments/{item['id']}" for item in items("/api/v1/deployments?limit=1000")}
        live |= {f"/api/v1/keys/{item['id']}" for item in items("/api/v1/keys") if not item["revoked"]}
    lost = [f"{address} is gone" for address in acknowledged.there if address not in live]
    return lost + [f"{address} is there again" for address in acknowledged.gone if address in live]


def flaws(data: Path) -> list[str]:
    """What the verifier finds in the trail of that installation."""
    database = open_database(os.environ.get("SEXTANT_DATABASE") or sqlite_url(data / "sextant.db"))
    try:
        with database.reading() as connection:
            found = verify(connection, SecondPlace(data / "checkpoints.jsonl"), [open_signer(data).public])
    finally:
        database.close()
    return [str(flaw) for flaw in found.flaws]


def wait_for(acknowledged: Acknowledged, count: int) -> None:
    """So many changes were acknowledged, or half a minute has passed."""
    until = time.monotonic() + 30
    while acknowledged.count < count and time.monotonic() < until:
        time.sleep(0.005)


WRITER = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from kg_service.audit.event import Draft
from kg_service.audit.opening import open_journal, open_of
from kg_service.people.model import LOCAL
from kg_service.settings import Settings
settings = Settings(data=Path(sys.argv[1]))
journal = open_journal(settings, open_of(settings), "k")
def write(number):
    while True:
        journal.note_reading(LOCAL, Draft("assessment.run", "assessment/1"))
        made = journal.record(LOCAL, Draft("thing.changed", f"thing/{number}", notes={"why": "because"}))
        os.write(1, f"{made.hash}\\n".encode())  # one call: lines of several threads do not mix
with ThreadPoolExecutor(4) as threads:
    list(threads.map(write, range(4)))
"""


def writers(count: int, data: Path) -> tuple[int, int, list[str]]:
    """A process that only writes to the trail is killed ``count`` times: events acknowledged, how many are lost, flaws."""
    acknowledged, broken = set(), []
    random_ = random.Random(count)  # noqa: S311
    for _ in range(count):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(data)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(random_.randint(1, 40)):
            acknowledged.add(process.stdout.readline().strip())
        time.sleep(random_.uniform(0, 0.05))
        process.kill()
        acknowledged |= {line.strip() for line in process.stdout}
        process.stdout.close()
        process.wait()
        broken += flaws(data)
    acknowledged.discard("")
    with contextlib.closing(sqlite3.connect(data / "sextant.db")) as connection:
        there = {digest for (digest,) in connection.execute("SELECT hash FROM audit_events")}
    return len(acknowledged), len(acknowledged - there), broken


def killed(count: int, data: Path) -> tuple[int, list[str], list[str]]:
    """The service is killed ``count`` times at random moments under load, and started again on what it left.

    How many changes it acknowledged, which of them are lost, and which flaws the trail has.
    """
    acknowledged, lost, broken = Acknowledged(), [], []
    random_ = random.Random(count)  # noqa: S311
    for number in range(count + 1):
        with service(data) as (process, port):
            lost += missing(port, acknowledged)
            if number == count:
                break
            stop = threading.Event()
            threads = [threading.Thread(target=load, args=(port, acknowledged, stop, f"t{n}")) for n in range(THREADS)]
            for thread in threads:
                thread.start()
            wait_for(acknowledged, acknowledged.count + random_.randint(1, 25))
            time.sleep(random_.uniform(0, 0.2))
            process.kill()
            stop.set()
            for thread in threads:
                thread.join()
        broken += flaws(data)
        if (number + 1) % 20 == 0:
            print(f"  {number + 1} kills, {acknowledged.count} acknowledged, {len(lost)} lost, {len(broken)} flaws", flush=True)
    return acknowledged.count, lost, broken


def kills(count: int, data: Path) -> None:
    acknowledged, lost, broken = killed(count, data)
    print(f"kill -9: {count} times, {acknowledged} changes acknowledged, {len(lost)} lost {lost[:3]}")
    print(f"  chain: {len(broken)} flaws {broken[:3]}")
    for name, found in (("restart", [took for took, _ in STARTS]), ("processor time of it", [busy for _, busy in STARTS])):
        print(f"  {name}: median {sorted(found)[len(found) // 2]:.2f} s, longest {max(found):.2f} s (limit 5 s)")


TRACED = "fsync,fdatasync,write,writev,sendto,sendmsg"


def traced(count: int, data: Path) -> tuple[int, int] | None:
    """``count`` changes one after the other under strace: how many were acknowledged, and how many of them before a sync.

    None where there is no strace. Syncs of the thread that makes checkpoints do not count.
    """
    if shutil.which("strace") is None:
        return None
    data.mkdir(parents=True, exist_ok=True)
    log = data.with_name("strace.log")
    try:
        with service(data, ["strace", "-f", "-y", "-s", "24", "-e", f"trace={TRACED}", "-o", str(log)]) as (process, port):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for number in range(count):
                body = json.dumps({"name": f"key {number}", "roles": ["viewer"]})
                connection.request("POST", "/api/v1/keys", body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                if response.status != 201:
                    raise RuntimeError(f"status {response.status}")
            connection.close()
            end(process)
    except NotStartedError:
        return None
    return order(log.read_text(encoding="utf-8", errors="replace"))


def syncs(count: int, data: Path) -> None:
    before = time.perf_counter()
    found = traced(count, data)
    if found is None:
        print("strace is not installed or may not trace: the order of syncs is not looked at")
        return
    acknowledged, unsynced = found
    took = time.perf_counter() - before
    print(
        f"strace: {acknowledged} changes acknowledged in {took:.0f} s, {unsynced} without a finished sync of the log before them"
    )


def order(log: str) -> tuple[int, int]:
    """How many acknowledgements (201) the log has, and how many of them no finished sync of the write-ahead log precedes."""
    keepers = set(re.findall(r"^(\d+) +write\(\d+<[^>]*checkpoints\.jsonl>", log, re.MULTILINE))
    pending: dict[str, bool] = {}
    synced, acknowledged, unsynced = False, 0, 0
    for line in log.splitlines():
        tid, _, call = line.partition(" ")
        call = call.strip()
        if call.startswith(("fdatasync(", "fsync(")) and "-wal>" in call:
            if call.endswith("<unfinished ...>"):
                pending[tid] = True
            elif tid not in keepers and call.endswith("= 0"):
                synced = True
        elif call.startswith(("<... fdatasync resumed", "<... fsync resumed")) and pending.pop(tid, False):
            synced = synced or (tid not in keepers and call.endswith("= 0"))
        elif '"HTTP/1.1 201' in call:
            acknowledged += 1
            unsynced += not synced
            synced = False
    return acknowledged, unsynced


def tampered(flips: int, folder: Path) -> None:
    """Flipped bits, deletions, insertions, reorderings and cut tails, each looked at by both verifiers."""
    random_ = random.Random(5)  # noqa: S311
    trail = tampering.make(folder / "trail", 200)
    scratch = folder / "scratch"
    scratch.mkdir()
    results = {"flipped bits": tampering.flips(trail, random_, flips, scratch)}
    results |= tampering.rearrangements(trail, random_, flips // 5, scratch)
    results["cut tails"] = tampering.cuts(trail, random_, flips // 20, scratch)
    for name, tally in results.items():
        print(f"{name}: {tally.made} made, found by ours {tally.seen['ours']}, by the standalone one {tally.seen['standalone']}")
        for what in tally.missed[:3]:
            print(f"  missed: {what}")
    raw, harmless = tampering.raw_flips(trail, random_, flips // 5, scratch)
    print(
        f"bits of the database's file itself: {raw.made} made, found {raw.seen['ours']}; {harmless} more changed nothing stored"
    )


def main() -> None:
    number = {name: int(os.environ.get(f"SEXTANT_TEST_{name}", default)) for name, default in DEFAULTS.items()}
    with tempfile.TemporaryDirectory(prefix="sextant-durability-") as name:
        folder = Path(name)
        if number["FLIPS"]:
            tampered(number["FLIPS"], folder)
        if number["SYNCS"]:
            syncs(number["SYNCS"], folder / "syncs")
        if number["WRITERS"]:
            acknowledged, lost, broken = writers(number["WRITERS"], folder / "writers")
            print(
                f"kill -9 of a writer: {number['WRITERS']} times, {acknowledged} acknowledged, {lost} lost, {len(broken)} flaws"
            )
        if number["KILLS"]:
            kills(number["KILLS"], folder / "kills")


DEFAULTS = {"KILLS": 200, "WRITERS": 200, "SYNCS": 5000, "FLIPS": 1000}


if __name__ == "__main__":
    main()
