"""Fences around the child process that reads strangers' files: memory, processor time, descriptors, files, no network.

Each is a limit of the kernel, not a promise of the parser. Where the system knows no such limit, the parent's deadline
and the bounds inside the importers remain.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import os
import sys
from typing import Final

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
# What parsers look up late; after the fence is up no module can be opened.
_ENCODINGS: Final = (
    *("ascii", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le", "cp437"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "mac-roman", "iso-8859-2", "iso-8859-7", "iso-8859-15"),
    *("gbk", "gb2312", "gb18030", "big5", "shift-jis", "euc-jp", "euc-kr", "unicode-escape", "raw-unicode-escape", "idna"),
)  # fmt: skip


def leave_network() -> bool:
    """The process is in a network of its own without any interface, where the kernel lets it; before any thread is started."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def limit_memory(size: int) -> None:
    """The process cannot hold more than ``size`` bytes of address space; a parser that asks for more gets a MemoryError."""
    _limit("RLIMIT_AS", size)
    _limit("RLIMIT_CORE", 0)


def close_gates() -> None:
    """No descriptor can be opened any more (so no file and no socket), no file written, no process started."""
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    _limit("RLIMIT_FSIZE", 0)
    _limit("RLIMIT_NPROC", 0)
    # Low enough that all below it are in use. The three standard ones are.
    _limit("RLIMIT_NOFILE", _descriptors())


def limit_processor(seconds: int) -> None:
    """The kernel ends the process after ``seconds`` more of processor time."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + seconds + 1
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _descriptors() -> int:
    """One more than the highest number below which every descriptor is open; what is open above it is closed."""
    free = os.dup(0)
    os.close(free)
    os.closerange(free + 1, 1024)
    return free


def _limit(name: str, value: int) -> None:
    if resource is not None and hasattr(resource, name):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (value, value))
