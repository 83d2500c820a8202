"""Fences around the child process that reads strangers' files: memory, processor time, descriptors, files, no network.

Each is a limit of the kernel, not a promise of the parser. Where the system knows no such limit, the parent's deadline
and the bounds inside the importers remain.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import pkgutil
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
# What imports parts of itself late; after the fence is up no module can be opened.
_LATE: Final = ("encodings", "pypdf", "markdown_it")
_LATE_MODULES: Final = ("_strptime", "stringprep", "unicodedata", "decimal", "zlib", "bz2", "lzma")


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
    for name in (*_LATE_MODULES, *_parts(*_LATE)):
        with contextlib.suppress(ImportError):  # an extra of the package that is not installed
            importlib.import_module(name)
    _limit("RLIMIT_FSIZE", 0)
    _limit("RLIMIT_NPROC", 0)
    # Low enough that all below it are in use. The three standard ones are.
    _limit("RLIMIT_NOFILE", _descriptors())


def _parts(*packages: str) -> list[str]:
    """The modules of packages that are already in use; a package nobody needs is not loaded for this."""
    found: list[str] = []
    for package in packages:
        module = sys.modules.get(package)
        if module is not None:
            found += [each.name for each in pkgutil.walk_packages(module.__path__, f"{package}.", onerror=lambda _: None)]
    return [name for name in found if not name.endswith("__main__") and ".cli" not in name]


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
