"""``sextant sparql`` and ``sextant publish``: saved queries and files on the command line, within a deadline, without a trace."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from sparql_server import serving

from kg_service import ids
from kg_service.model import Knowledge

ROOT = Path(__file__).resolve().parent.parent
Sextant = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def sextant(tmp_path_factory: pytest.TempPathFactory) -> Sextant:
    """Runs the command line in a process of its own, with a cache and a data directory of its own."""
    environ = {
        "PATH": "",
        "COLUMNS": "200",
        "SEXTANT_CACHE": str(tmp_path_factory.mktemp("cache")),
        "SEXTANT_DATA": str(tmp_path_factory.mktemp("data")),
    }

    def run(*words: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kg_service", *words]
        return subprocess.run(
            command, cwd=ROOT, env={**environ, **more}, input=stdin, capture_output=True, text=True, check=False, timeout=300
        )

    return run


@pytest.fixture
def rq(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "mine.rq"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_saved_query_by_name(sextant: Sextant, law: Knowledge) -> None:
    """A saved query takes its parameters and gives its rows in each format."""
    asked = ("sparql", "norms-of-instrument", "--param", "instrument=eu-dora")
    norms = {ids.norm(norm.id) for norm in law.norms.values() if norm.instrument == "eu-dora"}
    assert {row["norm"] for row in csv.DictReader(io.StringIO(sextant(*asked, "--format", "csv").stdout))} == norms
    view = json.loads(sextant(*asked, "--format", "json").stdout)
    assert {row["norm"] for row in view["rows"]} == norms
    assert (view["total"], view["knowledge"]) == (len(norms), law.version)
    table = sextant(*asked)
    assert (table.returncode, table.stderr) == (0, "")
    assert f"{len(norms)} rows" in table.stdout
    assert "eu-dora/art-28-par-8" in table.stdout


def test_workbook_goes_into_a_file(sextant: Sextant, tmp_path: Path) -> None:
    """A workbook is written where --output says, and refused on a terminal."""
    file = tmp_path / "rows.xlsx"
    assert sextant("sparql", "facts-by-reach", "--format", "xlsx", "--output", str(file)).returncode == 0
    assert openpyxl.load_workbook(file)["rows"].max_row > 10
    assert "--output" in sextant("sparql", "facts-by-reach", "--format", "xlsx").stderr


def test_nothing_lists_the_library(sextant: Sextant) -> None:
    """Without a query the names are listed with what they give."""
    listed = sextant("sparql").stdout
    assert "deployments-under-norm" in listed
    assert len(listed.splitlines()) >= 25


def test_file_of_any_form(sextant: Sextant, rq: Callable[[str], str]) -> None:
    """SELECT, ASK and CONSTRUCT from a file or from standard input."""
    instrument = ids.instrument("eu-dora")
    asked = sextant("sparql", rq(f"ASK {{ <{instrument}> ?p ?o }}"), "--format", "json")
    assert json.loads(asked.stdout) == {"boolean": True}
    count = sextant("sparql", "-", "--format", "csv", stdin=f"SELECT (COUNT(*) AS ?n) {{ <{instrument}> ?p ?o }}")
    assert int(count.stdout.splitlines()[1]) > 5
    made = sextant("sparql", rq(f"CONSTRUCT {{ <{instrument}> a <https://e.org/C> }} WHERE {{ <{instrument}> a ?c }}"))
    assert "https://e.org/C" in made.stdout


def test_file_with_a_header_has_parameters(sextant: Sextant, rq: Callable[[str], str]) -> None:
    """A query of one's own takes typed parameters as those of the library do."""
    lines = ("summary: S", "description: D.", "params:", "  norm:", "    type: norm", "    description: N.", "    example: x")
    header = "".join(f"#+ {line}\n" for line in lines)
    file = rq(header + "SELECT ?title ?norm { ?norm <http://www.w3.org/2004/02/skos/core#prefLabel> ?title }")
    found = sextant("sparql", file, "-p", "norm=eu-dora/art-28-par-8", "--format", "csv")
    assert found.stdout.splitlines()[0] == "title"
    assert len(found.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (["sparql", "norms-of-instruments"], "", "norms-of-instrument"),
        (["sparql", "norms-of-instrument"], "", "--param instrument: this parameter is needed"),
        (["sparql", "norms-of-instrument", "-p", "instrument=eu-dorra"], "", "eu-dora"),
        (["sparql", "norms-of-instrument", "-p", "instrument"], "", "name=value"),
        (["sparql", "-"], "SELECT ?s {", "error"),
        (["sparql", "-", "-p", "a=b"], "ASK {}", "no header"),
        (["sparql", "-"], "INSERT DATA { <a:a> <a:b> <a:c> }", "update"),
        (["sparql", "-"], "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        (["sparql", "-"], "SELECT * " + "{" * 5000, "nested"),
        (["sparql", "-"], "#+ summary: x\nASK {}", "stdin.rq"),
        (["sparql", "-", "--seconds", "0.2"], "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "within 0.2 s"),
        (["sparql", "-", "--format", "pdf"], "ASK {}", "--format"),
        (["publish"], "", "SEXTANT_STORE"),
    ],
)
def test_bad_input_ends_with_a_message(sextant: Sextant, words: list[str], text: str, told: str) -> None:
    """Exit code 2, a message that says what is wrong, and no trace."""
    said = sextant(*words, stdin=text)
    assert (said.returncode, said.stdout) == (2, "")
    assert told in said.stderr
    assert "Traceback" not in said.stderr


def test_published_knowledge_answers_from_the_server(sextant: Sextant, law: Knowledge) -> None:
    """After `sextant publish` the server gives the same rows; a second publication writes nothing."""
    with serving("--union-default-graph") as address:
        remote = {"SEXTANT_STORE": f"{address}/query", "SEXTANT_STORE_UPDATE": f"{address}/update"}
        early = sextant("sparql", "prohibitions", **remote)
        assert early.returncode == 2
        assert "sextant publish" in early.stderr
        first = sextant("publish", **remote)
        assert first.stdout.startswith(f"knowledge {law.version} is published at {address}/query: ")
        assert "graph/instrument/eu-dora: " in first.stderr
        assert "nothing was written" in sextant("publish", **remote).stdout
        asked = ("sparql", "prohibitions", "-p", "as_of=2026-11-23", "--format", "csv")
        assert sextant(*asked, **remote).stdout == sextant(*asked).stdout != ""
