"""Other people's servers for tests: a program that comes with a package, on a free port of this machine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import urllib3


@contextlib.contextmanager
def running(name: str, options: Callable[[int], Sequence[str]], probe: str) -> Iterator[str]:
    """The address of a server that answers until the block ends; skips where the program is not installed.

    ``options`` are those for a port; ``probe`` is a path that it answers with 200 once it is up.
    """
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if program is None:
        pytest.skip(f"the program {name} is not installed")
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen([program, *options(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if _answers(f"http://127.0.0.1:{port}{probe}", process):
                yield f"http://127.0.0.1:{port}"
                return
        finally:
            process.terminate()
            process.wait(timeout=10)
    pytest.fail(f"the server {name} did not start")


def _answers(address: str, process: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            return urllib3.request("GET", address, timeout=2, retries=False).status == 200
        time.sleep(0.05)
    return False
