"""Reads a stranger's file in a child process: a parser that hangs, swells or dies takes nothing with it.

The parent never parses: it sends bytes through a pipe and takes back JSON that it checks. The child is a fresh interpreter, not a
fork of a service with threads, with an empty environment, in a session of its own. It writes no file, so nothing is left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import IO, Final

import orjson

from kg_service.errors import DocumentError, Problem
from kg_service.imports import wire
from kg_service.imports.model import Document
from kg_service.imports.protocol import MAX_BYTES, refusal, source

_CHUNK: Final = 65_536
_COMPLAINT: Final = 8_192
_FAULT: Final = re.compile(rb"^([A-Za-z_][\w.]{0,80})(?::|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost. ``seconds`` is by the clock, from the first byte sent; processor time has the same bound."""

    seconds: float = 60.0
    memory: int = 1536 * 1024 * 1024
    output: int = 256 * 1024 * 1024


class _GoneError(Exception):
    """The child ended, or went past a limit and was ended."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def read_isolated(content: bytes, name: str, importer: str | None = None, limits: Limits | None = None) -> Document:
    """The document in ``content``, read in a child process of its own that has ended when this returns.

    Raises:
        DocumentError: the file is refused, or its reading hung, swelled or crashed; ``where`` names file and line
    """
    with Reader(limits) as reader:
        return reader.read(content, name, importer)


class Reader:
    """A child process that reads one document after another; one that dies is replaced at the next. For one thread at a time."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.started = 0
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """The child, if there is one, has ended and is waited for."""
        child, self._child = self._child, None
        if child is not None:
            _end(child)

    def read(self, content: bytes, name: str, importer: str | None = None) -> Document:
        """The document in ``content``.

        Raises:
            DocumentError: as :func:`read_isolated`.
        """
        name = printable_name(name)
        if len(content) > MAX_BYTES:
            raise refusal(name, None, "too_large", f"the file has {len(content)} bytes; at most {MAX_BYTES} are read")
        try:
            ok, answer = self._exchange(content, name, importer)
            read = wire.load(answer) if ok else DocumentError(_problems(answer, name))
        except _GoneError as gone:
            self.close()
            raise refusal(name, None, gone.code, str(gone)) from gone
        except (ValueError, TypeError, LookupError) as wrong:
            self.close()
            raise refusal(name, None, "parser_failed", f"the parser gave back no document: {wrong}") from wrong
        except BaseException:  # an interrupt: the answer is half read
            self.close()
            raise
        if isinstance(read, DocumentError):
            raise read
        # What identifies the file is computed here, not taken from the child.
        return replace(read, source=source(content, name, read.source.format))

    def _exchange(self, content: bytes, name: str, importer: str | None) -> tuple[bool, bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = _start(self.limits)
            self.started += 1
        head = {"name": name, "importer": importer, "size": len(content), "seconds": max(1, int(self.limits.seconds))}
        return _talk(self._child, orjson.dumps(head) + b"\n" + content, self.limits)


def printable_name(name: str) -> str:
    """The last part of a file's name, fit for a message."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c if c.isprintable() else "?" for c in last)[:200] or "document"


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    here = [path for path in sys.path if path]
    environment = {"PYTHONPATH": os.pathsep.join(here), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
    if "SYSTEMROOT" in os.environ:  # Windows starts no Python without it
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    command = [sys.executable, "-s", "-P", "-m", "kg_service.imports.child", "--memory", str(limits.memory)]
    return subprocess.Popen(  # noqa: S603 -- our own interpreter and module, nothing of the stranger's
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd="/" if os.name == "posix" else None,
        bufsize=0,
        start_new_session=True,
    )


def _talk(child: subprocess.Popen[bytes], request: bytes, limits: Limits) -> tuple[bool, bytes]:
    """Whether the child read the document, and its answer; sends and receives at once, so that neither waits on a full pipe."""
    stdin, stdout, stderr = (pipe for pipe in (child.stdin, child.stdout, child.stderr) if pipe is not None)
    deadline = time.monotonic() + limits.seconds
    answer, complaint = _Answer(limits.output), bytearray()
    rest = memoryview(request)
    with selectors.DefaultSelector() as selector:
        for pipe in (stdin, stdout, stderr):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_WRITE if pipe is stdin else selectors.EVENT_READ)
        while True:
            wait = deadline - time.monotonic()
            if wait <= 0:
                raise _GoneError("timeout", f"reading the file takes more than {limits.seconds:g} s")
            for key, _ in selector.select(wait):
                if key.fileobj is stdin:
                    rest = _send(stdin, rest)
                    if not rest:
                        selector.unregister(stdin)
                elif key.fileobj is stderr:
                    _keep(stderr, complaint, selector)
                else:
                    data = os.read(stdout.fileno(), _CHUNK)
                    if not data:
                        raise _gone(child, complaint, deadline)
                    answer.take(data)
                    if answer.complete:
                        return answer.ok, bytes(answer.body)


def _send(pipe: IO[bytes], rest: memoryview) -> memoryview:
    try:
        return rest[os.write(pipe.fileno(), rest[:_CHUNK]) :]
    except BrokenPipeError:  # the end of its output says the rest
        return rest[len(rest) :]


def _keep(pipe: IO[bytes], complaint: bytearray, selector: selectors.BaseSelector) -> None:
    data = os.read(pipe.fileno(), _CHUNK)
    complaint += data
    del complaint[:-_COMPLAINT]
    if not data:
        selector.unregister(pipe)


class _Answer:
    """An answer as it comes in: a line that says how long it is and whether it is a document, then so many bytes."""

    def __init__(self, most: int) -> None:
        self.ok, self.size, self.body = False, -1, bytearray()
        self._most = most

    @property
    def complete(self) -> bool:
        return len(self.body) == self.size

    def take(self, data: bytes) -> None:
        self.body += data
        if self.size < 0 and (end := self.body.find(b"\n")) >= 0:
            says = orjson.loads(bytes(self.body[:end]))
            self.ok, self.size = says["ok"] is True, int(says["size"])
            del self.body[: end + 1]
        if self.size > self._most:
            raise _GoneError("too_large", f"the text read from the file takes more than {self._most} bytes")
        if len(self.body) > max(self.size, 1_000 if self.size < 0 else 0):
            raise _GoneError("parser_failed", "the parser answers in no known form")


def _gone(child: subprocess.Popen[bytes], complaint: bytearray, deadline: float) -> _GoneError:
    """Why the child ended."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(max(0.1, min(5.0, deadline - time.monotonic())))
    code = child.returncode
    with contextlib.suppress(OSError):
        complaint += os.read(child.stderr.fileno(), _CHUNK) if child.stderr is not None else b""
    if code is not None and code < 0:
        if -code in (getattr(signal, "SIGXCPU", 0), signal.SIGKILL.value if os.name == "posix" else 0):
            return _GoneError("timeout", "reading the file takes more processor time than is allowed")
        return _GoneError("parser_failed", f"the parser died ({signal.Signals(-code).name})")
    faults = _FAULT.findall(bytes(complaint))
    fault = faults[-1].decode().rpartition(".")[2] if faults else "no reason given"
    if fault == "MemoryError":
        return _GoneError("out_of_memory", "reading the file takes more memory than is allowed")
    return _GoneError("parser_failed", f"the parser gave up ({fault})")


def _problems(answer: bytes, name: str) -> list[Problem]:
    raw = orjson.loads(answer)
    found = [Problem(str(p["where"]), str(p["code"]), str(p["message"]), tuple(map(str, p["nearest"]))) for p in raw]
    return found or [Problem(name, "refused", "the file is refused without a reason")]


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if child.poll() is None and os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        elif child.returncode is None:
            child.kill()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    child.wait()
