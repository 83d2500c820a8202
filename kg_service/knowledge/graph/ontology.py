"""The files of the ontology as triples, with what no hand writes: label, defining ontology, version IRI."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from kg_service import ids
from kg_service.errors import KnowledgeError, Problem
from kg_service.knowledge.graph.terms import OWL, PREF_LABEL, RDFS, Triple, node

_ONTOLOGY: Final = NamedNode(ids.ONTOLOGY)
_VERSION_IRI: Final = NamedNode(OWL + "versionIRI")
_LABEL: Final = NamedNode(RDFS + "label")
_DEFINED_BY: Final = NamedNode(RDFS + "isDefinedBy")


def core_files(folder: Path) -> tuple[Path, ...]:
    """The Turtle files of the core, in order of name; shapes, alignments and queries lie in folders below."""
    return tuple(sorted(folder.glob("*.ttl")))


def core_triples(folder: Path) -> tuple[Triple, ...]:
    """What the core's files say and nothing more; every problem of every file is reported at once."""
    files = core_files(folder)
    if not files:
        raise KnowledgeError([Problem(str(folder), "no-ontology", "There is no Turtle file of the ontology here.")])
    problems: list[Problem] = []
    triples: list[Triple] = []
    for file in files:
        try:
            for quad in parse(path=file, format=RdfFormat.TURTLE):
                if not isinstance(quad.subject, NamedNode) or not isinstance(quad.object, NamedNode | Literal):
                    what = "a blank node" if isinstance(quad.subject, BlankNode) else f"a blank node after {quad.predicate}"
                    problems.append(Problem(file.name, "blank-node", f"The core names everything, but here is {what}."))
                    continue
                triples.append((quad.subject, quad.predicate, quad.object))
        except SyntaxError as error:
            problems.append(Problem(f"{file.name}:{error.lineno}", "bad-turtle", str(error.msg)))
        except OSError as error:
            problems.append(Problem(file.name, "unreadable", str(error)))
    if problems:
        raise KnowledgeError(problems)
    return tuple(dict.fromkeys(triples))


def version_iri(core: tuple[Triple, ...]) -> str:
    """An IRI that changes when, and only when, what the core says changes."""
    lines = sorted(" ".join(map(str, triple)) for triple in core)
    return f"{ids.ONTOLOGY}/{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"


def ontology_triples(folder: Path) -> Iterator[Triple]:
    """The core with generated labels, ``rdfs:isDefinedBy`` and version IRI."""
    core = core_triples(folder)
    yield from core
    yield _ONTOLOGY, _VERSION_IRI, node(version_iri(core))
    for subject, predicate, value in core:
        if predicate == PREF_LABEL:
            yield subject, _LABEL, value
    for subject in dict.fromkeys(subject for subject, _, _ in core):
        if subject.value.startswith((ids.DEF, ids.ID)):
            yield subject, _DEFINED_BY, _ONTOLOGY
