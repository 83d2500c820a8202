"""What changed between two versions, by provision and by word."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from official_texts import document, needs_official_files
from texts_sample import act

from kg_service.texts.changes import Kind, ProvisionChange, difference
from kg_service.texts.naming import name_of
from kg_service.texts.words import Op, Piece, compared, shortened

OLD, NEW = date(2024, 7, 12), date(2026, 7, 27)
WORDS = st.lists(st.sampled_from(["the", "provider", "shall", "may", "(a)", "Article 5(1),", "not", "keep;"]), max_size=30).map(
    " ".join
)


def changes(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> dict[str, str]:
    """The kind of change of each unit by its address."""
    found = difference(act("oj", OLD, *old), act("2026-07-27", NEW, *new))
    return {unit.path: unit.kind for change in found.changes for unit in change.units}


@given(WORDS, WORDS)
def test_pieces_give_both_texts(old: str, new: str) -> None:
    """Without what came the pieces are the old text, without what went the new one."""
    pieces = compared(old, new)
    assert "".join(piece.text for piece in pieces if piece.op is not Op.NEW) == old
    assert "".join(piece.text for piece in pieces if piece.op is not Op.GONE) == new


@given(WORDS)
def test_same_text_has_no_change(text: str) -> None:
    """A text compared with itself stayed."""
    assert all(piece.op is Op.SAME for piece in compared(text, text))


def test_insertion_keeps_brackets_together() -> None:
    """What was inserted into a list of articles is told with both of its brackets."""
    pieces = compared("Article 11(3), Article 43(5) and (6)", "Article 11(3), Article 30(2), Article 43(5) and (6)")
    assert [piece.text for piece in pieces if piece.op is Op.NEW] == [", Article 30(2)"]


def test_long_sameness_is_cut() -> None:
    """Around a change some words stay, and an ellipsis stands for the rest."""
    words = " ".join(f"w{n}" for n in range(200))
    cut = shortened((Piece(Op.SAME, words), Piece(Op.NEW, "new"), Piece(Op.SAME, words)), around=3)
    assert [piece.text for piece in cut] == ["… w197 w198 w199", "new", "w0 w1 w2 …"]


def test_added_and_removed_units_are_told_whole() -> None:
    """A paragraph that came is told with its points; one that went likewise."""
    old = [("art-1", "", "Scope"), ("art-1/par-1", "Same.")]
    new = [*old, ("art-1/par-2", "It holds:"), ("art-1/par-2/pt-a", "here;")]
    assert changes(old, new) == {"art-1/par-2": Kind.ADDED}
    assert changes(new, old) == {"art-1/par-2": Kind.REMOVED}


def test_typesetting_is_no_change() -> None:
    """Quotation marks and spaces do not count; a comma is told apart from words."""
    assert changes([("art-1", "the ‘system’  means")], [("art-1", "the 'system' means")]) == {}
    assert changes([("art-1", "one, two;")], [("art-1", "one, two.")]) == {"art-1": Kind.PUNCTUATION}


def test_text_that_moved_is_told_once() -> None:
    """A paragraph that stands elsewhere in almost the same words has moved, with its words compared."""
    text = "providers of such systems may exceptionally process special categories of personal data to find bias in them"
    old = [("art-10", ""), ("art-10/par-5", text), ("art-11", "Rest.")]
    new = [("art-10", ""), ("art-11", "Rest."), ("art-12", ""), ("art-12/par-1", f"{text} in the output")]
    found = difference(act("oj", OLD, *old), act("2026-07-27", NEW, *new))
    moved = [unit for change in found.changes for unit in change.units if unit.kind is Kind.MOVED]
    assert [(unit.from_path, unit.path) for unit in moved] == [("art-10/par-5", "art-12/par-1")]


def test_missing_recitals_are_left_out() -> None:
    """A consolidated text carries no recitals: they are not told as removed."""
    found = difference(act("oj", OLD, ("recital-1", "Whereas."), ("art-1", "x")), act("2026-07-27", NEW, ("art-1", "x")))
    assert (found.changes, found.left_out) == ((), ("recital",))


@pytest.fixture(scope="module")
def omnibus() -> dict[str, ProvisionChange]:
    """What Regulation (EU) 2026/1744 changed in the AI Act, by provision."""
    found = difference(document("AI-Act_32024R1689_oj.xhtml"), document("AI-Act_02024R1689-20260727.html"))
    return {change.path: change for change in found.changes}


@needs_official_files
def test_moved_dates_of_article_113(omnibus: dict[str, ProvisionChange]) -> None:
    """Article 113: point (c) no longer says 2 August 2027; (c)(i) says 2 December 2027, (c)(ii) 2 August 2028, (d) is new."""
    units = {unit.path: unit for unit in omnibus["art-113"].units}
    start = "art-113/subpar-3"
    assert "2 August 2027" in "".join(piece.text for piece in units[f"{start}/pt-c"].pieces if piece.op is Op.GONE)
    assert "2 December 2027" in units[f"{start}/pt-c/pt-i"].came
    assert "2 August 2028" in units[f"{start}/pt-c/pt-ii"].came
    assert "2 December 2026" in units[f"{start}/pt-a"].came
    assert units[f"{start}/pt-d"].kind is Kind.ADDED
    assert f"{start}/pt-b" not in units


@needs_official_files
def test_omnibus_changes_what_its_article_1_says(omnibus: dict[str, ProvisionChange]) -> None:
    """Articles and annexes that Regulation (EU) 2026/1744 inserts are told as added, and Article 10(5) as moved to 4a."""
    added = {path for path, change in omnibus.items() if change.units[0].kind is Kind.ADDED and change.units[0].path == path}
    assert added == {"art-4a", "art-60a", "art-75a", "art-75b", "art-75c", "art-75d", "annex-xiv"}
    moved = {(unit.from_path, unit.path) for change in omnibus.values() for unit in change.units if unit.kind is Kind.MOVED}
    assert moved == {("art-4", "art-4/par-1"), ("art-10/par-5", "art-4a/par-1")}
    assert not {"art-9", "art-14", "art-26", "annex-iii"} & set(omnibus)


@needs_official_files
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GDPR_02016R0679-20160504.html", "GDPR_02016R0679-20160504.fmx4.xml"),
        ("AI-Act_02024R1689-20260727.html", "AI-Act_02024R1689-20260727.fmx4.xml"),
    ],
)
def test_two_forms_of_one_version_differ_in_nothing(one: str, other: str) -> None:
    """HTML and Formex of the same text show no change of words."""
    found = difference(document(one), document(other))
    assert [
        (unit.path, unit.kind) for change in found.changes for unit in change.units if unit.kind is not Kind.PUNCTUATION
    ] == []


@needs_official_files
def test_names_are_those_of_lawyers() -> None:
    """Addresses read as they are cited."""
    text = document("AI-Act_02024R1689-20260727.html")
    names = {
        "art-113/subpar-3/pt-c/pt-i": "Art 113, third subparagraph, point (c)(i)",
        "art-6/par-2": "Art 6(2)",
        "art-5/par-1/pt-ba": "Art 5(1)(ba)",
        "annex-iii/pt-5/pt-b": "Annex III, point 5(b)",
    }
    assert {path: name_of(text, path) for path in names} == names  # type: ignore[arg-type]


def test_long_texts_are_compared_by_sentence() -> None:
    """A table of thousands of words is still told sentence by sentence, and both texts come back."""
    old = "; ".join(f"row {n} holds {n * 7} of these" for n in range(900))
    new = old.replace("row 450 holds", "row 450 had")
    pieces = compared(old, new)
    assert "".join(piece.text for piece in pieces if piece.op is not Op.GONE) == new
    assert "".join(piece.text for piece in pieces if piece.op is Op.NEW).strip() == "row 450 had 3150 of these;"
