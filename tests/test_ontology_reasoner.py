"""HermiT on the ontology with a sample of the law: consistent, every class can have a member, contradictions are found."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest

from kg_service import ids
from kg_service.errors import UnavailableError
from kg_service.knowledge.graph.ontology import core_triples
from kg_service.owl.reasoner import InconsistentError, Reasoner, open_reasoner

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"
SAMPLE = ("eu-gdpr-procedure", "eu-dora-rts-incident-reporting", "us-mrm-2011", "us-mrm-2026")
RDF_TYPE = pyoxigraph.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
CLASS = pyoxigraph.NamedNode("http://www.w3.org/2002/07/owl#Class")
XSD_DATE = "http://www.w3.org/2001/XMLSchema#date"


@pytest.fixture(scope="module")
def hermit() -> Reasoner:
    try:
        return open_reasoner()
    except UnavailableError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def sample(law_graph: pyoxigraph.Store) -> str:
    """The core with the graphs of a few instruments; days are left out, for OWL 2 DL has no datatype of days."""
    graphs = [pyoxigraph.NamedNode(ids.graph(f"instrument/{name}")) for name in SAMPLE]
    quads = [quad for graph in graphs for quad in law_graph.quads_for_pattern(None, None, None, graph)]
    assert len(quads) > 200
    plain = [q.triple for q in quads if not (isinstance(q.object, pyoxigraph.Literal) and q.object.datatype.value == XSD_DATE)]
    core = [pyoxigraph.Triple(*triple) for triple in core_triples(ONTOLOGY)]
    return "".join(f"{triple} .\n" for triple in (*core, *plain))


def test_every_class_can_have_a_member(hermit: Reasoner, sample: str) -> None:
    """The axioms and the data do not contradict each other, and no class is empty by definition."""
    classes = [subject.value for subject, link, value in core_triples(ONTOLOGY) if link == RDF_TYPE and value == CLASS]
    answers = hermit.satisfiable([sample], classes)[0]
    assert [name for name, possible in answers.items() if not possible] == []


@pytest.mark.parametrize(
    "statement",
    [
        f"<{ids.norm('us-mrm-2011/whole')}> <{RDF_TYPE.value}> <{ids.term('Permission')}> .",
        f"<{ids.control('x')}> <{ids.term('mitigates')}> <{ids.norm('us-mrm-2011/whole')}> .",
        f"<{ids.norm('us-mrm-2011/whole')}> <{RDF_TYPE.value}> <{ids.term('Term')}> .",
    ],
    ids=["an expectation that is a permission", "a norm as a risk", "a norm as a term"],
)
def test_contradiction_is_found(hermit: Reasoner, sample: str, statement: str) -> None:
    """A statement against the disjointness of classes makes the whole inconsistent."""
    with pytest.raises(InconsistentError):
        hermit.satisfiable([sample + statement + "\n"], [ids.term("Norm")])
