"""The service as users start it: ``sextant serve`` in a process of its own, on a free port."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Live:
    url: str
    process: subprocess.Popen[str]

    def children(self) -> list[int]:
        """All processes below it, as the kernel sees them."""
        return sorted(below(self.process.pid))


def below(pid: int) -> Iterator[int]:
    """The descendants of a process."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield child
        yield from below(child)


@contextlib.contextmanager
def serving(root: Path, folder: Path, **settings: object) -> Iterator[Live]:
    """The service, answering. It is told to end with the block, if it has not ended before."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEXTANT_")}
    environ |= {"SEXTANT_ROOT": str(root), "SEXTANT_CACHE": str(folder / "cache"), "SEXTANT_DATA": str(folder / "data")}
    environ |= {f"SEXTANT_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-c", "from kg_service.cli import main; main()", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ, cwd=Path(__file__).parent.parent
    )
    try:
        assert process.stdout is not None
        found = next((match for line in process.stdout if (match := re.search(r"is up: (http\S+)", line))), None)
        assert found, "the service did not start"
        yield Live(found[1].rstrip("/"), process)
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout:
            process.stdout.close()
