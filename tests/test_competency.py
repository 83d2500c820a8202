"""Each competency question has the rows that its header derives from the law; one test id per question."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pyoxigraph
import pytest

QUERIES = sorted((Path(__file__).resolve().parent.parent / "ontology" / "queries" / "competency").glob("*.rq"))


def rows_of(solutions: pyoxigraph.QuerySolutions) -> list[list[str]]:
    names = [variable.value for variable in solutions.variables]
    found = [["" if value is None else value.value for value in solution] for solution in solutions]
    return [names, *found]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_question_has_the_expected_rows(path: Path, law_graph: pyoxigraph.Store) -> None:
    """The graph answers the question with the rows that were reasoned from the law, in order."""
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file))
    found = law_graph.query(path.read_text(encoding="utf-8"), use_default_graph_as_union=True)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    assert rows_of(found) == expected


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_header_says_question_decision_and_derivation(path: Path) -> None:
    """A reader learns from the head of the file what is asked, for which decision, and where the rows come from."""
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert re.fullmatch(r"# question: .+\?", head[0])
    assert head[1] == f"# decision: {path.stem[0]}"
    assert head[2].startswith("# expected rows: ")
    assert path.with_suffix(".csv").is_file()


def test_every_decision_has_three_questions() -> None:
    """The six decisions have at least three competency questions each."""
    asked = Counter(path.stem[0] for path in QUERIES)
    assert {number: asked[number] >= 3 for number in "123456"} == dict.fromkeys("123456", True)
