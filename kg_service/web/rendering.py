"""Templates and the links in them: what is ours is linked on this service, what is not only where it is a web address."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from kg_service import ids

_WELL_KNOWN: Final = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#type": "type",
    "http://www.w3.org/2000/01/rdf-schema#label": "label",
    "http://www.w3.org/2000/01/rdf-schema#subClassOf": "kind of",
    "http://www.w3.org/2000/01/rdf-schema#subPropertyOf": "narrower than the property",
    "http://www.w3.org/2000/01/rdf-schema#domain": "domain",
    "http://www.w3.org/2000/01/rdf-schema#range": "range",
    "http://www.w3.org/2000/01/rdf-schema#isDefinedBy": "defined by",
    "http://www.w3.org/2002/07/owl#disjointWith": "disjoint with",
    "http://www.w3.org/2002/07/owl#Class": "Class",
    "http://www.w3.org/2002/07/owl#ObjectProperty": "Property to things",
    "http://www.w3.org/2002/07/owl#DatatypeProperty": "Property to values",
    "http://www.w3.org/2002/07/owl#FunctionalProperty": "with at most one value",
    "http://www.w3.org/2002/07/owl#TransitiveProperty": "transitive",
    "http://www.w3.org/2002/07/owl#SymmetricProperty": "symmetric",
    "http://www.w3.org/2002/07/owl#NamedIndividual": "Named value",
    "http://www.w3.org/2002/07/owl#Ontology": "Ontology",
    "http://www.w3.org/2002/07/owl#versionIRI": "version",
    "http://www.w3.org/2002/07/owl#versionInfo": "version number",
    "http://www.w3.org/2001/XMLSchema#string": "text",
    "http://www.w3.org/2001/XMLSchema#boolean": "yes or no",
    "http://www.w3.org/2001/XMLSchema#integer": "whole number",
    "http://www.w3.org/2001/XMLSchema#double": "number",
    "http://www.w3.org/2000/01/rdf-schema#Literal": "text or value",
    "http://www.w3.org/2004/02/skos/core#prefLabel": "name",
    "http://www.w3.org/2004/02/skos/core#altLabel": "other name",
    "http://www.w3.org/2004/02/skos/core#definition": "definition",
    "http://www.w3.org/2004/02/skos/core#example": "example",
    "http://www.w3.org/2004/02/skos/core#scopeNote": "note on use",
    "http://purl.org/dc/terms/identifier": "identifier",
    "http://purl.org/dc/terms/title": "title",
    "http://purl.org/dc/terms/description": "description",
    "http://purl.org/dc/terms/source": "source",
    "http://purl.org/dc/terms/rights": "rights",
    "http://purl.org/dc/terms/conformsTo": "conforms to",
    "http://purl.org/dc/terms/isReplacedBy": "is replaced by",
    "http://rdfs.org/ns/void#triples": "statements",
    "http://rdfs.org/ns/void#subset": "graph in it",
    "http://rdfs.org/ns/void#vocabulary": "vocabulary",
    "http://rdfs.org/ns/void#uriSpace": "IRIs begin with",
    "http://rdfs.org/ns/void#Dataset": "Data set",
    "http://www.w3.org/ns/dcat#Dataset": "Data set (DCAT)",
    "http://www.w3.org/ns/dcat#version": "version",
    "http://purl.org/vocab/vann/preferredNamespacePrefix": "usual prefix",
    "http://purl.org/vocab/vann/preferredNamespaceUri": "namespace",
}


def path_of(iri: str) -> str | None:
    """Where ``iri`` is found: a path on this service, a web address elsewhere, or None where it cannot be linked."""
    if iri.startswith(ids.BASE):
        return "/" + quote(iri[len(ids.BASE) :], safe="/-._~:@!$&'()*+,;=")
    return iri if urlsplit(iri).scheme in ("http", "https") else None


def local_name(iri: str) -> str:
    """The end of ``iri`` that tells it from its kin: ``eu-ai-act/art-26-par-1``, ``Norm``."""
    for base in (ids.ID, ids.DEF, ids.GRAPH):
        if iri.startswith(base) and len(iri) > len(base):
            rest = iri[len(base) :]
            return rest.partition("/")[2] or rest if base == ids.ID else rest
    return re.split(r"[/#]", iri.rstrip("/#"))[-1] or iri


def plain_name(iri: str) -> str:
    """A name for a term that is not ours."""
    return _WELL_KNOWN.get(iri) or local_name(iri)


def shown_name(iri: str) -> str:
    """A name for a thing without a label: its end if it is ours, a well-known name, or the address itself."""
    return iri.rstrip("/").rpartition("/")[2] if iri.startswith(ids.BASE) else _WELL_KNOWN.get(iri, iri)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("kg_service.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"path": path_of, "local_name": local_name, "plain_name": plain_name, "shown_name": shown_name}
    made.globals["ids"] = ids
    return made


_TEMPLATES: Final = _environment()


def render(template: str, **values: object) -> str:
    """The page that ``template`` makes of ``values``."""
    return _TEMPLATES.get_template(template).render(**values)
