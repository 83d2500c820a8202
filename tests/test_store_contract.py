"""What every graph store of the registry must do; one run of all cases for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from rdflib.compare import isomorphic
from sparql_server import serving

from kg_service.errors import DeadlineError, QueryError, StoreError, UnavailableError
from kg_service.knowledge.build import Built, load
from kg_service.store.conversion import to_rdflib
from kg_service.store.protocol import GraphStore
from kg_service.store.registry import STORES, Access, open_store

EX = "https://example.org/"
A, B, P, Q = (NamedNode(EX + name) for name in "abpq")
G, H = EX + "g", EX + "h"
DATA = f"""\
<{EX}a> <{EX}p> <{EX}b> <{G}> .
<{EX}a> <{EX}q> "x\\ny \\"z\\" 漢"@en <{G}> .
<{EX}b> <{EX}q> "1.5"^^<http://www.w3.org/2001/XMLSchema#decimal> <{H}> .
_:n <{EX}q> "plain" <{H}> .
""".encode()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving("--union-default-graph") as address:
        yield address


@pytest.fixture(params=[*sorted(STORES), "server with updates", "server with graphs"])
def store(request: pytest.FixtureRequest) -> Iterator[GraphStore]:
    """An empty store of each kind: those in this process, and a real server written to in both ways."""
    if request.param in STORES:
        opened = open_store(request.param)
    else:
        address = request.getfixturevalue("server")
        graphs = f"{address}/store" if request.param.endswith("graphs") else ""
        opened = open_store(f"{address}/query", Access(update=f"{address}/update", graphs=graphs))
        for name in opened.graphs():
            opened.drop(name)
    yield opened
    opened.close()


@pytest.fixture
def filled(store: GraphStore) -> GraphStore:
    store.load(DATA)
    return store


def test_new_store_is_empty(store: GraphStore) -> None:
    """Nothing is in a store before something is loaded."""
    assert (store.size(), store.graphs(), store.dump(), store.ask("ASK {?s ?p ?o}")) == (0, (), b"", False)


def test_loaded_statements_are_there(filled: GraphStore) -> None:
    """Statements are counted whole and by graph; loading adds to what was there, once."""
    filled.load(b"\n".join(line for line in DATA.splitlines() if not line.startswith(b"_:")) + b"\n")
    assert filled.graphs() == (G, H)
    assert (filled.size(), filled.size(G), filled.size(H), filled.size(EX + "none")) == (4, 2, 2, 0)


def test_dump_is_sorted_and_loads_again(filled: GraphStore) -> None:
    """A dump gives the same store again, and equal content gives equal bytes."""
    dump = filled.dump()
    assert dump.splitlines() == sorted(dump.splitlines())
    other = open_store("oxigraph")
    other.load(dump)
    assert rdflib_of(other, H) == rdflib_of(filled, H)
    assert other.dump(G) == filled.dump(G)
    assert filled.dump(G).count(b"\n") == 2


def test_query_sees_all_named_graphs_together_and_each_alone(filled: GraphStore) -> None:
    """The default graph of a query is the union of the named ones."""
    both = filled.select(f"SELECT ?o {{ <{EX}a> <{EX}p>/<{EX}q> ?o }}")
    assert both.rows == ((Literal("1.5", datatype=NamedNode(str(rdflib.XSD.decimal))),),)
    assert filled.select(f"SELECT ?s {{ GRAPH <{G}> {{ ?s <{EX}p> ?o }} }}").column("s") == (A,)


def test_table_keeps_the_order_of_its_variables_and_shows_what_is_unbound(filled: GraphStore) -> None:
    """Columns come as the query names them; an unbound one is None; text keeps its language and its characters."""
    table = filled.select(f"SELECT ?o ?none ?s {{ ?s <{EX}q> ?o FILTER(lang(?o) = 'en') OPTIONAL {{ ?s <{EX}none> ?none }} }}")
    assert table.variables == ("o", "none", "s")
    assert table.rows == ((Literal('x\ny "z" 漢', language="en"), None, A),)


def test_bound_value_is_never_read_as_query(filled: GraphStore) -> None:
    """A value that looks like SPARQL is a value."""
    evil = Literal('" } ; DROP ALL ; #')
    assert filled.select("SELECT ?s ?value { ?s ?p ?value }", {"value": evil}).rows == ()
    assert filled.select("SELECT ?s ?o { ?s ?p ?o }", {"o": B}).column("s") == (A,)
    assert filled.ask("ASK { ?s ?p ?o }", {"s": A, "o": B})
    assert not filled.ask("ASK { ?s ?p ?o }", {"s": B, "o": A})
    assert filled.size() == 4


def test_bound_variable_reaches_filters_and_must_be_projected(filled: GraphStore) -> None:
    """A value holds everywhere in the query; one that would have no effect is refused, not ignored."""
    table = filled.select("SELECT ?s ?least { ?s ?p ?o FILTER(isNumeric(?o) && ?o >= ?least) }", {"least": Literal(1)})
    assert table.column("s") == (B,)
    with pytest.raises(QueryError, match="limit"):
        filled.select("SELECT ?s { ?s ?p ?o }", {"limit": Literal(1)})


def test_construct_gives_statements(filled: GraphStore) -> None:
    """A CONSTRUCT query gives triples."""
    found = filled.construct(f"CONSTRUCT {{ ?o <{EX}q> ?s }} WHERE {{ ?s <{EX}p> ?o }}")
    assert found == (Triple(B, Q, A),)


def test_replaced_graph_holds_exactly_what_is_new(filled: GraphStore) -> None:
    """Replacing leaves nothing of the old graph and touches no other."""
    before = filled.dump(H)
    filled.replace(G, [Triple(A, Q, Literal("new\n'\"\\ }")), Triple(BlankNode("x"), P, A)])
    assert filled.size(G) == 2
    assert filled.ask(f"ASK {{ GRAPH <{G}> {{ ?s <{EX}q> ?o }} }}", {"o": Literal("new\n'\"\\ }")})
    assert filled.dump(H) == before
    filled.replace(G, [])
    assert filled.graphs() == (H,)


def test_dropped_graph_is_gone(filled: GraphStore) -> None:
    """Dropping a graph twice is as good as once."""
    filled.drop(G)
    filled.drop(G)
    assert (filled.graphs(), filled.size()) == ((H,), 2)


@pytest.mark.parametrize("graph", ["", "no iri", EX + "a b", f"{EX}x> {{}} }} ; DROP ALL #"])
def test_name_that_is_no_iri_is_refused(graph: str, filled: GraphStore) -> None:
    """A graph name cannot carry an update with it."""
    with pytest.raises(StoreError, match="cannot name a graph"):
        filled.drop(graph)
    with pytest.raises(StoreError, match="cannot name a graph"):
        filled.replace(graph, [])
    assert filled.size() == 4


def test_wrong_query_names_line_and_column(filled: GraphStore) -> None:
    """A query that cannot be parsed says where."""
    with pytest.raises(QueryError) as caught:
        filled.select("SELECT ?s\nWHERE { ?s ?p }")
    assert caught.value.line == 2
    assert caught.value.column in (15, 16)


def test_query_of_another_form_is_refused(filled: GraphStore) -> None:
    """Each call takes its own form of query."""
    for call, query in ((filled.select, "ASK {}"), (filled.ask, "SELECT ?s {?s ?p ?o}"), (filled.construct, "ASK {}")):
        with pytest.raises(QueryError, match="no "):
            call(query)


def test_update_is_no_query(filled: GraphStore) -> None:
    """Nothing can be changed through a query."""
    with pytest.raises(QueryError):
        filled.select("DROP ALL")
    assert filled.size() == 4


def test_what_is_no_nquads_is_refused(store: GraphStore) -> None:
    """Text in another form is a store error."""
    with pytest.raises(StoreError, match="N-Quads"):
        store.load(b"this is no statement")


def test_late_query_is_a_deadline_error(store: GraphStore) -> None:
    """The caller of a runaway query gets an error at the deadline; a quick query is not touched by one."""
    store.load(b"".join(f"<{EX}s{n}> <{EX}p> {n} .\n".replace(f" {n} .", f' "{n}" <{G}> .').encode() for n in range(120)))
    assert store.ask("ASK {?s ?p ?o}", seconds=30)
    with pytest.raises(DeadlineError, match=r"0\.05 s"):
        store.select("SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(?x > ?y && ?y > ?z) }", seconds=0.05)
    with pytest.raises(QueryError):
        store.ask("nonsense", seconds=30)


def test_unknown_store_is_named_with_those_that_exist() -> None:
    """A wrong setting says what may stand there."""
    with pytest.raises(UnavailableError, match="Did you mean 'oxigraph'"):
        open_store("oxigrapf")


def rdflib_of(store: GraphStore, graph: str) -> rdflib.Graph:
    return to_rdflib(store.quads(graph)).graph(rdflib.URIRef(graph))


@pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning")
def test_rdflib_dataset_is_what_rdflib_itself_would_parse(filled: GraphStore) -> None:
    """The conversion agrees with rdflib's own N-Quads parser, graph by graph."""
    converted, parsed = to_rdflib(filled.quads()), rdflib.Dataset()
    parsed.parse(data=DATA.decode(), format="nquads")
    for name in (rdflib.URIRef(G), rdflib.URIRef(H)):
        assert isomorphic(converted.graph(name), parsed.graph(name))
        assert len(converted.graph(name)) == 2


@pytest.fixture(scope="module")
def built(root: object, tmp_path_factory: pytest.TempPathFactory) -> Built:
    from pathlib import Path

    assert isinstance(root, Path)
    return load(root, tmp_path_factory.mktemp("cache"))


def test_the_law_converts_without_loss(built: Built) -> None:
    """Every statement of the real graph arrives in rdflib, in its graph."""
    dataset = to_rdflib(built.store.quads())
    sizes = {str(graph.identifier): len(graph) for graph in dataset.graphs() if len(graph)}
    assert sizes == {name: built.store.size(name) for name in built.store.graphs()}
