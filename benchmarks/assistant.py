"""Questions in plain words over HTTP, without a model: how long an answer takes, and memory: ``python -m benchmarks.assistant``.

Aims: first answer under 400 ms (p50), the whole service under 1 GB.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.clock import row, times_ms
from benchmarks.service import Service, running_service

QUESTIONS = (
    (
        "We are a German bank and want GPT through a US cloud to help loan officers judge consumer credit applications. "
        "What applies?"
    ),
    "Does fraud detection fall under Annex III of the AI Act?",
    "What does Article 26 of the AI Act ask of a deployer?",
    "A French insurer wants an open model on its own servers to triage motor claims. What changes until 2028?",
    "Which controls do I need for DORA Article 28?",
    "Our US national bank uses a vendor chatbot for card customers in Texas and California.",
    "What is the best recipe for pancakes?",
)
DAY = "2026-11-23"
P50_MS, MEMORY_MB = 400, 1024


def body(question: str) -> bytes:
    return json.dumps({"question": question, "as_of": DAY}).encode()


def first_claim_ms(port: int, question: str) -> float:
    """How long until the first verified claim of a stream is there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.perf_counter()
    connection.request("POST", "/api/v1/chat", body(question), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    seen = b""
    while b"event: claim" not in seen and (part := answer.read1(65536)):
        seen += part
    taken = (time.perf_counter() - start) * 1000
    answer.read()
    connection.close()
    return taken


def processor_ms(service: Service, question: str, times: int = 10) -> float:
    """Processor time of the service for one answer: what is left of it when others use the machine too."""

    def used() -> float:
        fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    before = used()
    for _ in range(times):
        service.post("/api/v1/ask", body(question))
    return (used() - before) / times


def cold_seconds() -> float:
    """How long ``sextant ask`` takes from nothing, with the knowledge built before."""
    command = [str(Path(sys.executable).with_name("sextant")), "ask", QUESTIONS[0]]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def measure(service: Service) -> None:
    facts = json.loads(service.post("/api/v1/ask", body(QUESTIONS[0])))["facts"]
    plain = json.dumps({"facts": {one["fact"]: one["value"] for one in facts}, "as_of": DAY}).encode()
    floor = times_ms(lambda: service.post("/api/v1/assessments", plain), seconds=2.0)
    exact = floor[len(floor) // 2]
    row("POST /api/v1/assessments, the same facts (p50)", exact, "ms")
    medians = []
    for question in QUESTIONS:
        taken = times_ms(lambda asked=question: service.post("/api/v1/ask", body(asked)), seconds=1.5)  # type: ignore[misc]
        medians.append(taken[len(taken) // 2])
        row(question[:56], medians[-1], "ms", "of an assessment", medians[-1] / exact)
    middle = sorted(medians)[len(medians) // 2]
    row("POST /api/v1/ask, median question (p50)", middle, "ms", f"of the aim of {P50_MS} ms", middle / P50_MS)
    row("processor time of one answer to the first question", processor_ms(service, QUESTIONS[0]), "ms")
    first = sorted(first_claim_ms(service.port, QUESTIONS[0]) for _ in range(9))[4]
    row("POST /api/v1/chat, until the first claim (p50)", first, "ms", f"of the aim of {P50_MS} ms", first / P50_MS)


def main() -> None:
    with running_service() as service:
        row("service ready after", service.started_in, "s")
        start = time.perf_counter()
        service.post("/api/v1/ask", body(QUESTIONS[0]))
        row("the very first answer", (time.perf_counter() - start) * 1000, "ms")
        measure(service)
        memory = service.memory_mb()
        row("memory of the service and its children (PSS)", memory, "MB", f"of the aim of {MEMORY_MB} MB", memory / MEMORY_MB)
    row("sextant ask, from nothing", sorted(cold_seconds() for _ in range(3))[1], "s")


if __name__ == "__main__":
    main()
