"""``python -m kg_service.imports.child``: reads documents that arrive on standard input, behind the fences, until the input ends.

A request is a line of JSON (``name``, ``importer``, ``size``, ``seconds``) and then ``size`` bytes. An answer is a line of JSON
(``size``, ``ok``) and then ``size`` bytes of JSON: the document, or the problems for which it was refused.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import BinaryIO, Final

import orjson

from kg_service.errors import DocumentError, Problem, UnavailableError
from kg_service.imports import fence, registry, wire
from kg_service.imports.hidden import without_invisible
from kg_service.imports.protocol import refusal

# lxml raises these where libxml2 gives up for want of memory or depth; anything else is a fault of ours and ends the process.
_EXHAUSTED: Final = (MemoryError, RecursionError)


def main() -> int:
    """Answers every request; returns when the input ends. ``--memory BYTES`` bounds the address space."""
    fence.leave_network()
    logging.disable()  # parsers warn of what strangers wrote; nobody reads it here
    size = int(sys.argv[sys.argv.index("--memory") + 1])
    requests, answers = sys.stdin.buffer, _own_output()
    fence.limit_memory(size)
    fence.close_gates()
    while line := requests.readline(65_536):
        request = orjson.loads(line)
        content = requests.read(request["size"])
        fence.limit_processor(request["seconds"])
        ok, answer = _read(content, request["name"], request["importer"])
        answers.write(orjson.dumps({"size": len(answer), "ok": ok}) + b"\n")
        answers.write(answer)
        answers.flush()
    return 0


def _own_output() -> BinaryIO:
    """The pipe to the parent; what a library prints goes nowhere near it."""
    pipe = sys.stdout.buffer
    sys.stdout = sys.stderr
    return pipe


def _read(content: bytes, name: str, importer: str | None) -> tuple[bool, bytes]:
    try:
        return True, wire.dump(without_invisible(registry.read(content, name, importer)))
    except DocumentError as error:
        return False, _problems(error)
    except UnavailableError as error:
        return False, _problems(refusal(name, None, "unknown_importer", str(error)))
    except _EXHAUSTED as error:
        what = "memory" if isinstance(error, MemoryError) else "depth"
        return False, _problems(refusal(name, None, f"out_of_{what}", f"reading the file takes more {what} than is allowed"))


def _problems(error: DocumentError) -> bytes:
    whole = [_plain(problem) for problem in error.problems]
    return orjson.dumps(whole)


def _plain(problem: Problem) -> dict[str, object]:
    values = (problem.where, problem.code, problem.message)
    where, code, message = (value.encode("utf-8", "replace").decode("utf-8")[:2_000] for value in values)
    return {"where": where, "code": code, "message": message, "nearest": list(problem.nearest)}


if __name__ == "__main__":
    # No clean-up at the end: there is nothing to keep, and a parser's destructor cannot hang it.
    status = main()
    sys.stdout.flush()
    os._exit(status)
