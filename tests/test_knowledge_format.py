"""One way to write the law's files, and nothing lost on the way."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kg_service.errors import DocumentError
from kg_service.knowledge import schema
from kg_service.knowledge.document import parse_yaml
from kg_service.knowledge.format import WIDTH, changes, formatted, main, shape_of

REAL = Path(__file__).resolve().parent.parent
SAMPLE = (
    "facts.yaml", "jurisdictions.yaml", "bearers.yaml", "risks.yaml", "controls", "frameworks", "qualifications",
    "eu/eu-ai-act", "eu/eu-gdpr", "us/us-reg-b", "uk/uk-gdpr", "sg/sg-feat",
)  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part of the real law after it was formatted, beside the part as it was."""
    root = tmp_path_factory.mktemp("law")
    for name in SAMPLE:
        source = REAL / "regulations" / name
        for place in ("before", "after"):
            target = root / place / "regulations" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for path, text in list(changes(root / "after")):
        path.write_text(text, encoding="utf-8")
    return root


def test_formatted_files_read_as_before(copy: Path) -> None:
    """Every file holds the same tree before and after, whatever its lines look like."""
    files = sorted((copy / "before").rglob("*.yaml"))
    assert len(files) > 100
    for path in files:
        after = copy / "after" / path.relative_to(copy / "before")
        assert parse_yaml(after.read_bytes(), path.name).root == parse_yaml(path.read_bytes(), path.name).root


def test_formatted_files_stay_as_they_are(copy: Path) -> None:
    """Formatting twice is formatting once."""
    assert list(changes(copy / "after")) == []


def test_lines_end_before_the_margin(copy: Path) -> None:
    """No line is longer than the margin unless it is one word or carries the name of a control."""
    for path in (copy / "after").rglob("*.yaml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            word = re.fullmatch(r"\s*(- )?([a-z_]+: )?\S+", line)
            assert len(line) <= WIDTH or word or "  # " in line, f"{path.name}: {line}"


ARTICLE = """\
# Read on a Monday.
# By two people.

norms:
  - title: A duty
    id: xx-test/one
    controls: [sec-access, sec-unknown]
    applies_from: '2026-01-01'
    decisions:
      - '3'
    on_event: null
    note: 'no'
provision:
  number: "1"
  id: art-1
"""
WRITTEN = """\
# Read on a Monday.
# By two people.

provision:
  id: art-1
  number: '1'
norms:
  - id: xx-test/one
    title: A duty
    on_event: null
    applies_from: 2026-01-01
    decisions: [3]
    controls:
      - sec-access  # Access control
      - sec-unknown
    note: 'no'
"""


def test_article_is_written_in_the_order_of_the_schema() -> None:
    """Keys are ordered, days and numbers are plain, text that looks like something else is quoted, controls get their names."""
    written = formatted(ARTICLE, schema.ArticleRecord, {"sec-access": "Access control"})
    assert written == WRITTEN
    assert formatted(written, schema.ArticleRecord, {"sec-access": "Control of access"}) == WRITTEN.replace(
        "Access control", "Control of access"
    )


@pytest.mark.parametrize("line", ["    note: a  # aside", "    # aside", "  - id: b  # aside", "    controls: []  # aside"])
def test_comment_that_would_be_lost_is_refused(line: str) -> None:
    """A person's comment below the head is named with its line, not dropped."""
    with pytest.raises(DocumentError) as caught:
        formatted(f"norms:\n  - id: a\n{line}\n", schema.ArticleRecord, {"sec-access": "Access control"}, "f.yaml")
    [problem] = caught.value.problems
    assert (problem.where, problem.code) == ("f.yaml:3", "stray-comment")


def test_number_sign_inside_text_is_no_comment() -> None:
    """A # in a quoted text, in a word or in a folded line is text."""
    text = "title: 'a # b'\nid: a#b\nnote: one\n  two#three\n"
    assert formatted(text, schema.NormRecord, {}) == "id: a#b\ntitle: 'a # b'\nnote: one two#three\n"


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]), max_size=300)


@given(
    st.dictionaries(st.sampled_from(["title", "note", "summary"]), words | st.lists(words, min_size=1, max_size=3), min_size=1)
)
def test_any_text_survives(record: dict[str, str | list[str]]) -> None:
    """Whatever people write comes back as text, for this reader and for one that guesses types."""
    source = yaml.safe_dump(record, allow_unicode=True)
    written = formatted(source, schema.NormRecord, {})
    assert parse_yaml(written, "x").root == record
    guessed = yaml.safe_load(written)
    days_and_flags = re.compile(r"\d{4}-\d{2}-\d{2}|true|false")
    for name, value in record.items():
        flat, back = (value, guessed[name]) if isinstance(value, list) else ([value], [guessed[name]])
        assert all(one == other or days_and_flags.fullmatch(one) for one, other in zip(flat, back, strict=True))


def test_check_changes_nothing_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--check`` ends with 1 and names the file; without it the file is rewritten; then all is well; bad YAML ends with 2."""
    path = tmp_path / "regulations" / "xx" / "xx-test" / "art-1.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(ARTICLE, encoding="utf-8")
    assert main(["--check", str(tmp_path)]) == 1
    assert path.read_text(encoding="utf-8") == ARTICLE
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{word} regulations/xx/xx-test/art-1.yaml" for word in ("would rewrite", "rewrote")
    ]
    path.write_text("a: [", encoding="utf-8")
    assert main(["--check", str(tmp_path)]) == 2
    assert "art-1.yaml:" in capsys.readouterr().err


def test_every_file_of_the_law_has_a_shape() -> None:
    """No file under regulations/ escapes the formatter."""
    law = REAL / "regulations"
    assert [path for path in law.rglob("*.yaml") if shape_of(path.relative_to(law).parts) is None] == []
