"""Starts the child process that builds or tries an index, and follows what it says."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from threading import Lock

from kg_service.errors import StoreError

Progress = Callable[[int, int], None]


class Child:
    """One run of :mod:`assistant.index.worker`. Safe in threads."""

    def __init__(self, *arguments: str) -> None:
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "ANONYMIZED_TELEMETRY": "False"}
        self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            [sys.executable, "-P", "-m", "assistant.index.worker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._lock = Lock()

    @property
    def pid(self) -> int:
        return self._process.pid

    def follow(self, progress: Progress) -> None:
        """Returns once the child has done its work.

        Raises:
            StoreError: it said that it could not, or died.
        """
        last = ""
        stream = self._process.stdout
        if stream is not None:
            with stream, contextlib.suppress(ValueError):  # closed from outside
                for line in stream:
                    last = line.strip()
                    if last.startswith("p "):
                        done, of = last.split()[1:3]
                        progress(int(done), int(of))
        code = self._process.wait()
        if last == "ok" and code == 0:
            return
        if last.startswith("no "):
            raise StoreError(last[3:])
        raise StoreError(f"the process that builds the index ended by signal {-code}." if code < 0 else f"it ended with {code}.")

    def end(self) -> None:
        """The child is gone."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()


def try_out(*arguments: str) -> None:
    """Returns once a child has opened the store that the arguments name and found it whole.

    Raises:
        StoreError: it is not whole, or opening it killed the child.
    """
    child = Child("probe", *arguments)
    try:
        child.follow(lambda done, of: None)
    finally:
        child.end()
