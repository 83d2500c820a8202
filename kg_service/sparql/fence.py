"""The walls around the processes that read strangers' SPARQL. Nothing here knows of SPARQL.

What the kernel offers is used; what it does not is left out without an error, for the walls overlap: without a network namespace
no socket can be opened either, for every descriptor that the process may have is taken.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Final

if sys.platform != "win32":  # where nothing can be forked, nothing is fenced; the rest of the service still starts
    import resource

CHANNEL: Final = 3  # the descriptor through which a fenced process is spoken to; there is no higher one
_LINUX: Final = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_NOBODY: Final = 65534
_STACK: Final = 64 << 20


def without_network() -> bool:
    """This process, and those it forks, have a network of their own with nothing in it; False where the kernel forbids that."""
    if not _LINUX:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return any(libc.unshare(what) == 0 for what in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def without_terminal() -> None:
    """Input and output of this process lead nowhere, and the signals that stop a service pass it by: it ends with its channel."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(CHANNEL):
        os.dup2(nowhere, descriptor)
    if nowhere >= CHANNEL:
        os.close(nowhere)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)


def enclose(channel: int, parent: int, memory: int) -> None:
    """This process has the one descriptor ``channel``, now number 3, and opens no other; it dies with its parent.

    Args:
        parent: the process that forked it; where that is gone already, this one ends.
        memory: bytes of address space above what it has now.
    """
    _first_to_die()
    os.dup2(channel, CHANNEL, inheritable=False)
    os.closerange(CHANNEL + 1, max(channel, 1024) + 1)
    base = _address_space()
    if os.geteuid() == 0:
        _drop_root()
    if _LINUX:  # after the change of user, which takes the signal away
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (_STACK if hard == resource.RLIM_INFINITY else min(_STACK, hard), hard))
    if base:
        _limit(resource.RLIMIT_AS, base + memory)
    _limit(resource.RLIMIT_NOFILE, CHANNEL + 1)


def allow_seconds(seconds: float) -> None:
    """The process is killed when it has used so much processor time from now, should nobody kill it before."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def make_idle(pid: int) -> None:
    """The process gets the processor only when nobody else wants it."""
    with contextlib.suppress(OSError):
        if _LINUX:
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        else:
            os.setpriority(os.PRIO_PROCESS, pid, 19)


def make_ordinary(pid: int) -> None:
    """Takes :func:`make_idle` back where the kernel lets this user do so."""
    with contextlib.suppress(OSError):
        if _LINUX:
            os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))


def _limit(what: int, most: int) -> None:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (most, most))


def _address_space() -> int | None:
    """Bytes of address space that this process has; None where the kernel does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return None


def _first_to_die() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _drop_root() -> None:
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
