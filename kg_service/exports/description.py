"""What the graph says of one IRI: its statements, and the statements of others that name it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg_service import ids
from kg_service.exports.formats import Form, written
from kg_service.store.protocol import Bindings, GraphStore, Term

MOST_INCOMING: Final = 10_000  # statements that name an IRI; a description says when there are more

_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_REPLACED: Final = "http://purl.org/dc/terms/isReplacedBy"
_LABELS: Final = """
  OPTIONAL { ?%(of)s <http://www.w3.org/2004/02/skos/core#prefLabel> ?name FILTER (LANG(?name) = "en") }
  OPTIONAL { ?%(of)s <http://purl.org/dc/terms/title> ?title FILTER (LANG(?title) = "en") }
  BIND (COALESCE(?name, ?title) AS ?label)"""
_OUT: Final = "SELECT ?s ?p ?o ?label WHERE { ?s ?p ?o %s }" % (_LABELS % {"of": "o"})
_IN: Final = "SELECT ?s ?p ?o ?label WHERE { { SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT %d } %s }"
_LEXICON: Final = f"""SELECT ?s ?label ?definition WHERE {{
  GRAPH <{ids.graph("ontology")}> {{ ?s <{_SKOS}prefLabel> ?label FILTER (LANG(?label) = "en")
    OPTIONAL {{ ?s <{_SKOS}definition> ?definition FILTER (LANG(?definition) = "en") }} }} }}"""


@dataclass(frozen=True, slots=True)
class Value:
    """What stands at an end of a statement: a thing with its label, or words."""

    text: str
    is_thing: bool
    label: str | None = None
    language: str | None = None
    datatype: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """All that the graph says of ``iri``: ``values`` and ``incoming`` by property; ``cut`` where more points to it than this."""

    iri: str
    values: Mapping[str, tuple[Value, ...]]
    incoming: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    cut: bool = False

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(value.text for value in self.values.get(_TYPE, ()))

    @property
    def label(self) -> str:
        """The name in English; the last part of the IRI where it has none."""
        for named in (_SKOS + "prefLabel", "http://purl.org/dc/terms/title"):
            for value in self.values.get(named, ()):
                if value.language in ("en", None):
                    return value.text
        return self.iri.rstrip("/").rpartition("/")[2]

    @property
    def replaced_by(self) -> str | None:
        """The IRI that took the place of this one, which is an old name."""
        return next((value.text for value in self.values.get(_REPLACED, ())), None)


def describe(store: GraphStore, iri: str) -> Description | None:
    """The description of ``iri``; None where the graph says nothing of it."""
    node = _node(iri)
    if node is None:
        return None
    out = _grouped((row[1], row[2], row[3]) for row in _rows(store, _OUT, {"s": node}))
    if not out:
        return None
    rows = _rows(store, _IN % (MOST_INCOMING + 1, _LABELS % {"of": "s"}), {"o": node})
    found = _grouped((row[1], row[0], row[3]) for row in rows)
    return Description(iri, out, found, sum(map(len, found.values())) > MOST_INCOMING)


def document(store: GraphStore, iri: str, form: Form) -> bytes | None:
    """The statements of :func:`describe` in ``form``; None where there are none."""
    node = _node(iri)
    if node is None:
        return None
    query = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
    rows = list(_rows(store, query, {"s": node}))
    if not rows:
        return None
    rows += _rows(store, f"{query} LIMIT {MOST_INCOMING}", {"o": node})
    return written((ox.Quad(*row) for row in rows), form)  # type: ignore[arg-type]


def graph_document(store: GraphStore, graph: str, form: Form) -> bytes | None:
    """What stands in a named graph, in ``form``, with what is said of the graph itself; None where there is no such graph."""
    node = _node(graph)
    if node is None:
        return None
    own = list(store.quads(graph))
    about = [ox.Quad(*row) for row in _rows(store, "SELECT ?s ?p ?o WHERE { ?s ?p ?o }", {"s": node})]  # type: ignore[arg-type]
    if not own and not about:
        return None
    return written([*own, *(quad for quad in about if quad.triple not in {one.triple for one in own})], form)


def members(store: GraphStore, graph: str) -> Mapping[str, tuple[Value, ...]]:
    """What a named graph describes, by class."""
    query = """SELECT ?g ?s ?p ?label WHERE { GRAPH ?g { ?s a ?p } %s }""" % (_LABELS % {"of": "s"})
    node = _node(graph)
    return {} if node is None else _grouped((row[2], row[1], row[3]) for row in _rows(store, query, {"g": node}))


def contents(store: GraphStore, graph: str) -> tuple[Description, ...]:
    """Everything that a named graph describes, by IRI, from that graph alone; what points to it is left out."""
    query = """SELECT ?g ?s ?p ?o ?label WHERE { GRAPH ?g { ?s ?p ?o } %s }""" % (_LABELS % {"of": "o"})
    node = _node(graph)
    rows: dict[str, list[tuple[Term | None, ...]]] = {}
    for row in _rows(store, query, {"g": node}) if node is not None else ():
        rows.setdefault(_text(row[1]), []).append(row[2:])
    return tuple(Description(iri, _grouped((row[0], row[1], row[2]) for row in rows[iri])) for iri in sorted(rows))


def lexicon(store: GraphStore) -> Mapping[str, tuple[str, str | None]]:
    """Label and definition of every term and value of the ontology, by IRI."""
    rows = store.select(_LEXICON).rows
    return {_text(row[0]): (_text(row[1]), None if row[2] is None else _text(row[2])) for row in rows}


def subjects(store: GraphStore) -> tuple[str, ...]:
    """Every IRI of ours of which the graph says something, sorted."""
    query = f'SELECT DISTINCT ?s WHERE {{ ?s ?p ?o FILTER (STRSTARTS(STR(?s), "{ids.BASE}")) }}'
    return tuple(sorted(_text(row[0]) for row in store.select(query).rows))


def _rows(store: GraphStore, query: str, bindings: Bindings) -> Iterator[tuple[Term | None, ...]]:
    yield from store.select(query, bindings).rows


def _node(iri: str) -> ox.NamedNode | None:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


def _grouped(rows: Iterable[tuple[Term | None, Term | None, Term | None]]) -> dict[str, tuple[Value, ...]]:
    found: dict[str, dict[Value, None]] = {}
    for predicate, term, label in rows:
        found.setdefault(_text(predicate), {})[_value(term, label)] = None
    return {name: tuple(sorted(values, key=_order)) for name, values in sorted(found.items())}


def _order(value: Value) -> tuple[str, str, str]:
    return (value.language or "", (value.label or value.text).casefold(), value.text)


def _value(term: Term | None, label: Term | None) -> Value:
    if isinstance(term, ox.Literal):
        return Value(term.value, False, None, term.language, term.datatype.value)
    return Value(_text(term), True, None if label is None else _text(label))


def _text(term: Term | None) -> str:
    return "" if term is None else term.value
