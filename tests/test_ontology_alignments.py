"""Alignments: every foreign name exists in its vocabulary's own file, every name of ours in the graph, nothing is imported."""

from __future__ import annotations

import csv
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import NamedNode, RdfFormat

from kg_service import ids
from kg_service.knowledge.graph.ontology import core_files

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"
ALIGNMENTS = sorted((ONTOLOGY / "alignments").glob("*.ttl"))
OWL = "http://www.w3.org/2002/07/owl#"
LANGUAGE = (OWL, "http://www.w3.org/2000/01/rdf-schema#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
TITLE, REFERENCES = "http://purl.org/dc/terms/title", "http://purl.org/dc/terms/references"

# Namespace -> the files under ../shared/data/rdf that must mention each name used from it.
HELD = {
    "https://w3id.org/dpv#": ("dpv/dpv.ttl",),
    "https://w3id.org/dpv/ai#": ("dpv/ai.ttl",),
    "https://w3id.org/dpv/risk#": ("dpv/risk.ttl",),
    "https://w3id.org/dpv/tech#": ("dpv/tech.ttl",),
    "https://w3id.org/dpv/legal/eu/gdpr#": ("dpv/eu-gdpr.ttl",),
    "https://w3id.org/dpv/legal/eu/aiact#": ("dpv/eu-aiact.ttl",),
    "https://w3id.org/dpv/sector/finance#": ("dpv/sector-finance.ttl",),
    "https://w3id.org/airo#": ("airo/airo.ttl",),
    "https://w3id.org/vair#": ("vair/vair.ttl",),
    "http://www.w3.org/ns/dcat#": ("dcat/dcat3.ttl",),
    "http://www.w3.org/ns/odrl/2/": ("odrl/odrl-core-profile-22.ttl",),
    "https://spec.edmcouncil.org/fibo/ontology/": ("fibo",),
    "https://www.omg.org/spec/Commons/": ("fibo",),
}
TRUSTED = ("http://data.europa.eu/eli/ontology#", "http://www.w3.org/ns/prov#", "http://www.w3.org/2004/02/skos/core#")


def names_in(path: Path) -> set[str]:
    """Every IRI in subject, predicate or object of a file, or of a folder's files, without what a file refers to as a whole."""
    if path.is_dir():
        return set().union(*(names_in(file) for file in path.iterdir()))
    kind = RdfFormat.RDF_XML if path.suffix == ".rdf" else RdfFormat.TURTLE
    found = (quad.triple for quad in pyoxigraph.parse(path=path, format=kind) if quad.predicate.value != REFERENCES)
    return {node.value for triple in found for node in triple if isinstance(node, NamedNode)}


def foreign(path: Path) -> set[str]:
    return {name for name in names_in(path) if not name.startswith((ids.BASE, *LANGUAGE))}


@pytest.fixture(scope="module")
def held(shared: Path) -> dict[str, set[str]]:
    """The names that the real vocabulary files mention, by namespace."""
    folder = shared / "data" / "rdf"
    if not folder.is_dir():
        pytest.skip("the vocabularies under ../shared/data/rdf are absent")
    return {base: set().union(*(names_in(folder / name) for name in names)) for base, names in HELD.items()}


@pytest.mark.parametrize("path", ALIGNMENTS, ids=lambda path: path.stem)
def test_foreign_names_exist(path: Path, held: dict[str, set[str]]) -> None:
    """Each name of DPV, AIRO, VAIR, FIBO, DCAT and ODRL stands in that vocabulary's own file."""
    wrong = {name for name in foreign(path) for base, known in held.items() if name.startswith(base) and name not in known}
    assert wrong == set()


@pytest.mark.parametrize("path", ALIGNMENTS, ids=lambda path: path.stem)
def test_other_names_are_trusted(path: Path) -> None:
    """Each name of ELI, PROV-O and SKOS stands in the one list of terms that we are sure of."""
    with (ONTOLOGY / "alignments" / "trusted.csv").open(encoding="utf-8", newline="") as file:
        trusted = {row["iri"] for row in csv.DictReader(file)}
    assert {name for name in foreign(path) if name.startswith(TRUSTED)} <= trusted


@pytest.mark.parametrize("path", ALIGNMENTS, ids=lambda path: path.stem)
def test_no_name_comes_from_an_unchecked_vocabulary(path: Path) -> None:
    """Every foreign name belongs to a vocabulary that one of the two tests above checks; the file's own title is Dublin Core."""
    assert {name for name in foreign(path) if not name.startswith((*HELD, *TRUSTED))} == {TITLE}


@pytest.mark.parametrize("path", ALIGNMENTS, ids=lambda path: path.stem)
def test_our_names_exist(path: Path, law_graph: pyoxigraph.Store) -> None:
    """Each thing of ours that is aligned is described in the graph."""
    ours = {name for name in names_in(path) if name.startswith((ids.DEF, ids.ID))}
    missing = {name for name in ours if next(law_graph.quads_for_pattern(NamedNode(name), None, None, None), None) is None}
    assert missing == set()


def test_core_imports_nothing() -> None:
    """The core imports nothing, and of the aligned vocabularies it uses SKOS and DCAT alone, for words about itself."""
    names = set().union(*(names_in(path) for path in core_files(ONTOLOGY)))
    assert f"{OWL}imports" not in names
    assert not any(name.startswith(ids.ONTOLOGY + "/alignment") for name in names)
    own = ("http://www.w3.org/ns/dcat#", "http://www.w3.org/2004/02/skos/core#")
    assert not any(name.startswith((*HELD, *TRUSTED)) and not name.startswith(own) for name in names)


def test_trusted_list_holds_nothing_unused() -> None:
    """The list of trusted terms names what the alignments use and no more."""
    used = set().union(*(foreign(path) for path in ALIGNMENTS))
    with (ONTOLOGY / "alignments" / "trusted.csv").open(encoding="utf-8", newline="") as file:
        assert {row["iri"] for row in csv.DictReader(file)} <= used
