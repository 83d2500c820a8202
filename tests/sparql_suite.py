"""The W3C suite of SPARQL 1.1 as data: one case for each entry of its manifests, with its files, and answers made comparable."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.compare import isomorphic

BASE = "http://suite.example/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_ENTRIES = f"""
PREFIX mf: <{MF}> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> PREFIX qt: <{QT}>
SELECT ?case ?type ?action ?query ?result {{
  ?manifest mf:entries/rdf:rest*/rdf:first ?case . ?case a ?type ; mf:action ?action .
  OPTIONAL {{ ?action qt:query ?query }} OPTIONAL {{ ?case mf:result ?result }}
}}"""
_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = {_XSD + name for name in ("integer", "decimal", "double", "float")}


@dataclass(frozen=True)
class Case:
    id: str
    type: str
    folder: Path
    query: Path
    data: tuple[Path, ...]
    named: tuple[Path, ...]
    result: Path | None

    @property
    def base(self) -> str:
        return BASE + f"{self.folder.name}/{self.query.name}"

    @property
    def text(self) -> str:
        return self.query.read_text(encoding="utf-8")

    def nquads(self) -> bytes:
        """The dataset of the case. A document stands under its address too, for queries that name it in FROM."""
        store = ox.Store()
        for path in self.data:
            _load(store, path, None)
            if "FROM" in self.text.upper():
                _load(store, path, _address(path))
        for path in self.named:
            _load(store, path, _address(path))
        return store.dump(format=ox.RdfFormat.N_QUADS) or b""


def _address(path: Path) -> str:
    return f"{BASE}{path.parent.name}/{path.name}"


def _load(store: ox.Store, path: Path, graph: str | None) -> None:
    kind = ox.RdfFormat.RDF_XML if path.suffix == ".rdf" else ox.RdfFormat.TURTLE
    name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
    store.load(path.read_bytes(), format=kind, base_iri=_address(path), to_graph=name)


def cases(suite: Path, folders: tuple[str, ...]) -> Iterator[Case]:
    """The cases of those folders, by name: the same order in every process."""
    for folder in (suite / name for name in folders):
        store = ox.Store()
        _load(store, folder / "manifest.ttl", None)

        def files(subject: object, name: str, store: ox.Store = store, folder: Path = folder) -> tuple[Path, ...]:
            found = store.quads_for_pattern(subject, ox.NamedNode(QT + name), None)  # type: ignore[arg-type]
            return tuple(folder / quad.object.value.rpartition("/")[2] for quad in found)  # type: ignore[union-attr]

        for row in sorted(store.query(_ENTRIES), key=lambda row: str(row["case"])):  # type: ignore[union-attr,arg-type]
            action = row["query"] or row["action"]
            yield Case(
                id=f"{folder.name}/{row['case'].value.rpartition('#')[2]}",
                type=row["type"].value.rpartition("#")[2],
                folder=folder,
                query=folder / action.value.rpartition("/")[2],
                data=files(row["action"], "data"),
                named=files(row["action"], "graphData"),
                result=folder / row["result"].value.rpartition("/")[2] if row["result"] is not None else None,
            )


def same_graph(found: bytes, expected: Path) -> bool:
    """Whether the N-Triples are the graph in that file, whatever the names of blank nodes."""
    ours, theirs = rdflib.Graph(), rdflib.Graph()
    ours.parse(data=found, format="nt")
    theirs.parse(expected, publicID=_address(expected))
    return isomorphic(ours, theirs)


def same_table(found: bytes, kind: ox.QueryResultsFormat, expected: Path, ordered: bool) -> bool:
    """Whether both are the same solutions (or the same yes or no), whatever the names of blank nodes."""
    ours = _read(found, kind)
    theirs = _expected(expected)
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours == theirs
    if set(ours[0]) != set(theirs[0]) or len(ours[1]) != len(theirs[1]):
        return False
    if not any(isinstance(term, ox.BlankNode) for row in ours[1] + theirs[1] for term in row.values()):
        left, right = ([_values(row) for row in rows] for rows in (ours[1], theirs[1]))
        return left == right if ordered else Counter(left) == Counter(right)
    return isomorphic(_as_graph(ours[1]), _as_graph(theirs[1]))


Rows = list[dict[str, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]]


def _read(content: bytes, kind: ox.QueryResultsFormat) -> bool | tuple[list[str], Rows]:
    parsed = ox.parse_query_results(content, format=kind)
    if isinstance(parsed, ox.QueryBoolean):
        return bool(parsed)
    names = [variable.value for variable in parsed.variables]
    return names, [{name: term for name in names if (term := row[name]) is not None} for row in parsed]


def _expected(path: Path) -> bool | tuple[list[str], Rows]:
    kinds = {
        ".srx": ox.QueryResultsFormat.XML,
        ".srj": ox.QueryResultsFormat.JSON,
        ".tsv": ox.QueryResultsFormat.TSV,
    }
    if path.suffix in kinds:
        return _read(path.read_bytes(), kinds[path.suffix])
    store = ox.Store()
    _load(store, path, None)
    names = [quad.object.value for quad in store.quads_for_pattern(None, ox.NamedNode(RS + "resultVariable"), None)]  # type: ignore[union-attr]
    rows: Rows = []
    for solution in store.quads_for_pattern(None, ox.NamedNode(RS + "solution"), None):
        row = {}
        for binding in store.quads_for_pattern(solution.object, ox.NamedNode(RS + "binding"), None):  # type: ignore[arg-type]
            parts = {quad.predicate.value: quad.object for quad in store.quads_for_pattern(binding.object, None, None)}  # type: ignore[arg-type]
            row[parts[RS + "variable"].value] = parts[RS + "value"]  # type: ignore[union-attr]
        rows.append(row)
    return names, rows


def _values(row: dict[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((name, _value(term)) for name, term in row.items()))


def _value(term: object) -> str:
    """A term by its value: numbers that are equal are the same, however they are written."""
    if isinstance(term, ox.Literal) and term.datatype.value == _XSD + "boolean":
        return {"1": "true", "0": "false"}.get(term.value, term.value) + "^^boolean"
    if isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS:
        try:
            number = Decimal(term.value)
        except InvalidOperation:
            return str(term)
        if term.datatype.value in (_XSD + "double", _XSD + "float"):
            return f"{float(number)!r}^^{term.datatype.value}"
        return f"{number.normalize()}^^{term.datatype.value}"
    return str(term)


def _as_graph(rows: Rows) -> rdflib.Graph:
    graph = rdflib.Graph()
    for row in rows:
        subject = rdflib.BNode()
        for name, term in row.items():
            value = rdflib.BNode(term.value) if isinstance(term, ox.BlankNode) else rdflib.Literal(_value(term))
            graph.add((subject, rdflib.URIRef(f"x:{name}"), value))
    return graph


def same_csv(found: bytes, expected: Path) -> bool:
    """CSV keeps no types: the cells are compared as text, numbers by value, blank nodes as such."""

    def rows(content: bytes) -> tuple[list[str], Counter[tuple[str, ...]]]:
        head, *body = csv.reader(io.StringIO(content.decode("utf-8")))
        return head, Counter(tuple(_cell(cell) for cell in row) for row in body)

    return rows(found) == rows(expected.read_bytes())


def _cell(cell: str) -> str:
    if cell.startswith("_:"):
        return "_:"
    try:
        return str(Decimal(cell).normalize())
    except InvalidOperation:
        return cell
