"""One way to write Turtle: same graph, same bytes the second time, head comments kept, nothing lost in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic

from kg_service.errors import InputError
from kg_service.knowledge.turtle import formatted, main

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"
SAMPLE = """# Head, kept.
#
@prefix unused: <https://e.org/unused#> .
@prefix e: <https://e.org/> .
e:s e:p "b", "a"@en, 1, true, 1.50, "2"^^e:t ; a e:C ;
  e:q [ e:p ( 1 "x" [ e:p e:s ] ) ] , _:shared . e:t e:p _:shared, "tab\\t and \\"quote\\" \\\\ and é" .
_:shared e:p "two\\nlines" . e:a-b.c e:p <https://e.org/path/deep>, () .
"""


def test_graph_stays_the_same() -> None:
    """Writing anew changes no statement: lists, shared and nested blank nodes, languages, datatypes."""
    assert isomorphic(Graph().parse(data=SAMPLE, format="turtle"), Graph().parse(data=formatted(SAMPLE), format="turtle"))


def test_second_time_changes_nothing() -> None:
    """The form is canonical: what it wrote, it would write again."""
    assert formatted(formatted(SAMPLE)) == formatted(SAMPLE)


def test_head_comment_stays_and_unused_prefix_goes() -> None:
    """The comment at the top is kept; a prefix that nothing uses is not."""
    lines = formatted(SAMPLE).splitlines()
    assert lines[:3] == ["# Head, kept.", "#", "@prefix e: <https://e.org/> ."]


def test_type_first_and_words_last() -> None:
    """The type opens a block; label, definition and example close it."""
    text = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix e: <https://e.org/> .\n"
    text += 'e:s skos:example "x" ; skos:definition "d" ; e:zz 1 ; skos:prefLabel "l" ; a e:C .'
    block = formatted(text).split("\n\n")[1]
    assert [line.split()[0] for line in block.replace("e:s a", "a").splitlines()] == [
        "a",
        "e:zz",
        "skos:prefLabel",
        "skos:definition",
        "skos:example",
    ]


def test_comment_inside_is_refused() -> None:
    """A comment below the head would be lost, so the file is refused and not rewritten."""
    with pytest.raises(InputError, match="comment"):
        formatted("@prefix e: <https://e.org/> .\n# lost\ne:s e:p e:o .")


def test_number_sign_in_words_and_names_is_no_comment() -> None:
    """A # inside a literal or an IRI is content."""
    assert "#5" in formatted('<https://e.org/a#b> <https://e.org/p> "item #5", """\n# not a comment\n""" .')


def test_broken_file_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A syntax error is reported with file and line; the exit code says bad input and the file stays."""
    broken = tmp_path / "broken.ttl"
    broken.write_text("<https://e.org/a>\n;;; .", encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    assert f"{broken}:2" in capsys.readouterr().out
    assert broken.read_text(encoding="utf-8").endswith(";;; .")


def test_check_says_what_would_change_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--check`` exits 1 and leaves the file; without it the file is rewritten and the next check passes."""
    file = tmp_path / "a.ttl"
    file.write_text(SAMPLE, encoding="utf-8")
    assert main(["--check", str(tmp_path)]) == 1
    assert file.read_text(encoding="utf-8") == SAMPLE
    assert (main([str(tmp_path)]), main(["--check", str(tmp_path)])) == (0, 0)
    assert "would change" in capsys.readouterr().out


def test_our_files_are_in_form() -> None:
    """Every Turtle file of the ontology is written in the one way."""
    assert main(["--check", str(ONTOLOGY)]) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["", "en"])))
)
def test_any_words_survive(rows: list[tuple[str, str, str]]) -> None:
    """Whatever a literal holds, quotes, control characters and line ends too, is read back as it was."""
    graph = Graph()
    for name, words, language in rows:
        graph.add((URIRef(f"https://e.org/{name}"), URIRef("https://e.org/p"), Literal(words, lang=language or None)))
    again = Graph().parse(data=formatted(graph.serialize(format="nt")), format="turtle")
    assert set(again) == set(graph)
