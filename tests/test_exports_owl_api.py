"""The ontology and the conditions as the OWL API reads them: whole, in OWL 2 DL, each alone and both together.

Protégé rests on the OWL API. Without Java or without the archives these tests skip, except where SEXTANT_REQUIRE_JAVA is 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib import OWL, RDF

from kg_service import ids
from kg_service.errors import UnavailableError
from kg_service.exports.graph import exported

CASES = [(content, name) for content in ("ontology", "conditions") for name in ("turtle", "rdfxml")]


@pytest.fixture(scope="module")
def check() -> Callable[..., dict[str, Any]]:
    """Asks the OWL API."""
    try:
        import owl_api

        owl_api.archives()
        owl_api.java_home()
    except (ImportError, UnavailableError) as missing:
        if os.environ.get("SEXTANT_REQUIRE_JAVA") == "1":
            raise
        pytest.skip(str(missing))
    return owl_api.check


@pytest.fixture(scope="module")
def files(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("owl")
    found = {}
    for content, name in CASES:
        found[content, name] = folder / f"{content}.{name}"
        found[content, name].write_bytes(exported(root, folder, content, name))
    return found


@pytest.fixture(scope="module")
def told(check: Callable[..., dict[str, Any]], files: dict[tuple[str, str], Path]) -> dict[str, Any]:
    """What the OWL API says of every file, and of all merged into one ontology."""
    return check(*files.values())


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_owl_api_reads_all_of_it(told: dict[str, Any], files: dict[tuple[str, str], Path], case: tuple[str, str]) -> None:
    """The format is recognised, no statement is left over, nothing had to be guessed, nothing is imported."""
    one = told["files"][CASES.index(case)]
    assert one["format"] == {"turtle": "Turtle Syntax", "rdfxml": "RDF/XML Syntax"}[case[1]]
    assert (one["unparsed"], one["guessed"], one["imports"]) == (0, 0, [])
    assert one["iri"] == (ids.ONTOLOGY if case[0] == "ontology" else ids.term("applicability"))
    assert one["version"].startswith(one["iri"] + "/")
    graph = rdflib.Graph().parse(files[case], format={"turtle": "turtle", "rdfxml": "xml"}[case[1]])
    declared = {name for name in graph.subjects(RDF.type, OWL.Class) if isinstance(name, rdflib.URIRef)}
    assert one["classes"] == len(declared | {OWL.Thing for _ in graph.triples((None, None, OWL.Thing))})


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_it_is_owl_2_dl(told: dict[str, Any], case: tuple[str, str]) -> None:
    """The checker of the OWL API for the profile OWL 2 DL finds no violation."""
    assert told["files"][CASES.index(case)]["violations"] == []


def test_both_together_are_owl_2_dl(told: dict[str, Any]) -> None:
    """Whoever opens the conditions beside the ontology stays in OWL 2 DL: no name is used in two ways."""
    assert told["merged"]["violations"] == []
    assert told["merged"]["axioms"] > max(one["axioms"] for one in told["files"])


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ('def:x a owl:NamedIndividual, def:Norm ; def:note "2026-11-23"^^<http://www.w3.org/2001/XMLSchema#date> .', "date"),
        ("def:Norm rdfs:subClassOf def:Undeclared .", "Undeclared"),
        ("def:partOf a owl:FunctionalProperty .", "partOf"),
    ],
    ids=["a day, for which OWL 2 has no datatype", "a class that nobody declares", "transitive and functional"],
)
def test_violation_is_found(
    check: Callable[..., dict[str, Any]], files: dict[tuple[str, str], Path], tmp_path: Path, statement: str, rule: str
) -> None:
    """The checker can fail: a statement outside OWL 2 DL is reported."""
    head = f"@prefix owl: <{OWL}> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix def: <{ids.DEF}> .\n"
    broken = tmp_path / "broken.ttl"
    broken.write_text(files["ontology", "turtle"].read_text(encoding="utf-8") + head + statement, encoding="utf-8")
    assert rule in " ".join(check(broken)["files"][0]["violations"])
