"""``sextant export``: the graph in the formats that other tools read, byte for byte the same for the same knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.knowledge.build import load, load_knowledge

FORMATS: Final = ("turtle", "trig", "jsonld", "owl")
PREFIXES: Final = {
    "def": ids.DEF,
    "id": ids.ID,
    "graph": ids.GRAPH,
    "dcterms": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_RDF: Final = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "jsonld": ox.RdfFormat.JSON_LD}


def exported(root: Path, cache: Path | None, name: str) -> bytes:
    """The knowledge under ``root`` in the format ``name``: TriG and JSON-LD keep the named graphs, Turtle joins them.

    ``owl`` gives the conditions alone, as an ontology in OWL 2 DL (RDF/XML).
    """
    if name == "owl":
        from kg_service.owl.ontology import owl_document

        return owl_document(load_knowledge(root, cache))
    form = _RDF[name]
    store = load(root, cache).store
    quads = list(ox.parse(store.dump(), format=ox.RdfFormat.N_QUADS))
    if not form.supports_datasets:
        triples = {ox.Triple(quad.subject, quad.predicate, quad.object) for quad in quads}
        return ox.serialize(sorted(triples, key=str), format=form, prefixes=PREFIXES) or b""
    quads.sort(key=lambda quad: (str(quad.graph_name), str(quad)))
    return ox.serialize(quads, format=form, prefixes=PREFIXES) or b""
