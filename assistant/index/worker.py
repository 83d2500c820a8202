"""The child process that builds an index, and the one that opens it on trial: what dies in there takes nothing with it.

``build DIRECTORY`` finds ``passages.jsonl`` and ``job.json`` there and makes the version that they name. It says ``p DONE OF``
for each step, and in the end ``ok`` or ``no`` with the reason. ``probe KIND DIRECTORY COUNT`` says the same of a store.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from assistant.index import bm25, codec, registry
from assistant.index.embedding import Embedder, Encoding, embedder_of
from assistant.index.entries import TAGS, embedded_text, entry_of
from assistant.index.home import BM25, Home, arrays_of
from assistant.index.kept import Kept, key_of
from assistant.model import Passage
from kg_service.errors import SextantError, StoreError

_PACK: Final = 256


def main(arguments: Sequence[str]) -> int:
    """0 once it is done; 1 with the reason on the last line of standard output."""
    try:
        if arguments[0] == "build":
            build(Path(arguments[1]))
        else:
            registry.probe(arguments[1], Path(arguments[2]), int(arguments[3]))
    except (SextantError, OSError, MemoryError) as error:
        say(f"no {_told(error)}".replace("\n", " ")[:2000])
        return 1
    say("ok")
    return 0


def _told(error: BaseException) -> str:
    if isinstance(error, OSError):
        return error.strerror or f"the disk may be full: {error}."  # numpy counts bytes and names no cause
    return str(error) or type(error).__name__


def build(directory: Path) -> None:
    """The version that the job in ``directory`` names is whole, in its place and pointed to; the directory is gone."""
    job: dict[str, Any] = json.loads((directory / "job.json").read_bytes())
    home, version = Home(Path(job["cache"])), str(job["version"])
    with _alone(home.directory / "building.lock"):
        content = (directory / "passages.jsonl").read_bytes()
        passages = codec.loaded(content)
        embedder = embedder_of(job["embeddings"], int(job["threads"]))
        try:
            if home.read(version, embedder.name, len(passages)) is None or job["again"]:
                _build(home, version, passages, content, embedder, job["dense"])
        except StoreError:
            home.discard(version)
            _build(home, version, passages, content, embedder, job["dense"])
        home.tidy(version)
    shutil.rmtree(directory, ignore_errors=True)


def _build(home: Home, version: str, passages: tuple[Passage, ...], content: bytes, embedder: Embedder, dense: str) -> None:
    part = home.part(version)
    try:
        arrays = arrays_of(_encoded(home, passages, embedder))
        home.write(part, content, arrays)
        bm25.build([entry_of(passage) for passage in passages], TAGS, part / BM25)
        registry.write(dense, part, arrays.vectors)
        home.seal(part, version, embedder.name, len(passages))
        home.switch(part, version)
    except BaseException:  # an interrupt, too, leaves nothing behind
        shutil.rmtree(part, ignore_errors=True)
        raise


def _encoded(home: Home, passages: Sequence[Passage], embedder: Embedder) -> list[Encoding]:
    kept = Kept(home.vectors, embedder.name)
    texts = [embedded_text(passage) for passage in passages]
    wanted = {key_of(text): text for text in texts}
    found = kept.read(wanted)
    missing = [key for key in wanted if key not in found]
    for start in range(0, len(missing), _PACK):
        keys = missing[start : start + _PACK]
        fresh: dict[str, Encoding] = {}
        for key, one in zip(keys, embedder.encode([wanted[key] for key in keys]), strict=True):
            fresh[key] = one
            if len(fresh) % 16 == 0 or len(fresh) == len(keys):
                say(f"p {start + len(fresh)} {len(missing)}")
        kept.write(fresh)
        found |= fresh
    kept.keep_only(wanted)
    return [found[key_of(text)] for text in texts]


def say(line: str) -> None:
    """The parent reads it, if it is still there."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)  # noqa: T201 -- the protocol with the parent


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """No other process builds in this cache meanwhile; waits for one that does."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        while True:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.2)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
