"""Every document about an IRI of ours: what the graph says of it, a named graph, the ontology, the reading in OWL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import pyoxigraph as ox

from kg_service import ids
from kg_service.errors import nearest
from kg_service.exports.description import Description, describe, document, graph_document, lexicon, subjects
from kg_service.exports.formats import Form, written
from kg_service.model import Knowledge
from kg_service.store.protocol import GraphStore

ONTOLOGY_GRAPH = ids.graph("ontology")
CONDITIONS = ids.term("applicability")
_VERSION = "http://www.w3.org/2002/07/owl#versionIRI"


class Documents:
    """Documents over one store and its knowledge. What is slow to make is made once, when it is first asked for."""

    def __init__(self, store: GraphStore, knowledge: Knowledge) -> None:
        self._store, self._knowledge = store, knowledge
        self._conditions: dict[str, bytes] = {}

    def of(self, iri: str, form: Form) -> bytes | None:
        """What is known of ``iri`` in ``form``; None where nothing is."""
        if iri in (ids.ONTOLOGY, self.ontology_version):
            return written((ox.Quad(*quad.triple) for quad in self._store.quads(ONTOLOGY_GRAPH)), form)
        if iri.startswith(ids.GRAPH):
            return graph_document(self._store, iri, form)
        if iri in (CONDITIONS, self.conditions_version):
            return self.conditions(form)
        found = document(self._store, iri, form)
        return self._reading(iri, form) if found is None else found

    def describe(self, iri: str) -> Description | None:
        """The description of ``iri`` by the graph; None where it says nothing."""
        return describe(self._store, ids.ONTOLOGY if iri == self.ontology_version else iri)

    def conditions(self, form: Form) -> bytes:
        """All conditions as an OWL 2 DL ontology; takes seconds the first time."""
        if form.name not in self._conditions:
            from kg_service.exports.reading import conditions

            self._conditions[form.name] = written(conditions(self._knowledge, self.conditions_version), form)
        return self._conditions[form.name]

    def nearest(self, iri: str) -> tuple[str, ...]:
        """IRIs like ``iri`` that answer, best first: of its own kind, and of its own instrument where that is known."""
        parts = iri[len(ids.BASE) :].split("/")
        for depth in (3, 2, 1):
            start = ids.BASE + "/".join(parts[:depth]) + "/"
            kin = [name for name in self.subjects if name.startswith(start)]
            if len(parts) > depth and kin:
                found = nearest(parts[-1][:80], {name.rpartition("/")[2]: name for name in kin})
                return tuple(name for last in found for name in kin if name.endswith("/" + last))[:3]
        return nearest(iri, [*self._spaces, ids.ONTOLOGY])

    @cached_property
    def lexicon(self) -> Mapping[str, tuple[str, str | None]]:
        """Label and definition of every term and value of the ontology, by IRI."""
        return lexicon(self._store)

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """Every IRI of ours of which the graph said something when this was first asked for."""
        return subjects(self._store)

    @property
    def conditions_version(self) -> str:
        """The version IRI of the ontology of conditions."""
        return f"{CONDITIONS}/{self._knowledge.version[:16]}"

    @cached_property
    def ontology_version(self) -> str:
        """The version IRI of the ontology."""
        found = describe(self._store, ids.ONTOLOGY)
        return found.values[_VERSION][0].text if found is not None and _VERSION in found.values else ids.ONTOLOGY

    @cached_property
    def _spaces(self) -> tuple[str, ...]:
        return tuple(sorted({"/".join(name.split("/")[:-1]) for name in self.subjects}))

    def _reading(self, iri: str, form: Form) -> bytes | None:
        from kg_service.exports.reading import reading

        found = reading(self._knowledge, iri)
        return None if found is None else written(found, form)
