"""YAML as plain trees with positions, and everything that a hostile file may try."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kg_service.errors import DocumentError
from kg_service.knowledge.document import Limits, parse_yaml, pointer, read_yaml

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"

HOSTILE = {
    "billion laughs": (LAUGHS, "alias", 1),
    "cyclic": ("a: &a\n  - *a\n", "alias", 1),
    "alias alone": ("ok: 1\na: *b\n", "alias", 2),
    "object tag": ("a: !!python/object/apply:os.system [ls]\n", "tag", 1),
    "own tag": ("ok: 1\na: !include /etc/passwd\n", "tag", 2),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3),
    "duplicate key below": ("x:\n  a: 1\n  a: 1\n", "duplicate-key", 3),
    "key is a list": ("? [a, b]\n: 1\n", "not-a-key", 1),
    "key is a mapping": ("{{a: 1}: 1}\n", "not-a-key", 1),
    "second document": ("a: 1\n---\nb: 2\n", "second-document", 2),
    "deep flow": ("[" * 500_000, "too-deep", 1),
    "deep block": ("- " * 200_000, "too-deep", 1),
    "deep mapping": ("".join(" " * n + "a:\n" for n in range(600)), "too-deep", 41),
    "too large": ("a: " + "x" * 2_000_000, "too-large", 1),
    "too many": ("- 1\n" * 150_000, "too-many-values", 100_000),
    "no YAML": ("a: [1, 2\nb: 3\n", "not-yaml", 2),
    "tab": ("a:\n\tb: 1\n", "not-yaml", 2),
    "control character": ("a: 1\nb: \x07\n", "unprintable", 2),
    "escaped NUL": ('a: "\\0"\n', "unprintable", 1),
    "escaped NUL in a key": ('ok: 1\n"\\0": 1\n', "unprintable", 2),
    "lone surrogate": ("a: \ud800\n", "unprintable", 1),
    "escaped surrogate": ('a: "\\ud800"\n', "not-yaml", 1),
    "not UTF-8": (b"a: 1\nb: \xff\xfe\n", "not-utf-8", 2),
    "UTF-16": ("a: 1\n".encode("utf-16"), "not-utf-8", 1),
    "directive": ("%YAML 3.0\n---\na: 1\n", "not-yaml", 1),
}


@pytest.mark.parametrize(("text", "code", "line"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused_at_its_line(text: str | bytes, code: str, line: int) -> None:
    """Nothing is expanded and nothing recurses: a clear problem names the place."""
    with pytest.raises(DocumentError) as caught:
        parse_yaml(text, "deployment.yaml")
    [problem] = caught.value.problems
    assert (problem.code, problem.where) == (code, f"deployment.yaml:{line}")


def test_scalars_stay_as_they_are_written() -> None:
    """No guess is made: Norway stays no, a day stays text, and only nothing is None."""
    text = "a: no\nb: 2026-11-23\nc: 007\nd: .nan\ne:\nf: ~\ng: 'null'\nh: null\ni: 1e3\nj: <<\nk: ''\n"
    root = parse_yaml(text, "x").root
    assert root == {
        "a": "no", "b": "2026-11-23", "c": "007", "d": ".nan", "e": None, "f": None,
        "g": "null", "h": None, "i": "1e3", "j": "<<", "k": "",
    }  # fmt: skip


def test_lines_are_those_of_keys_and_items() -> None:
    """An entry stands where its key stands, also where its value begins lines later."""
    tree = parse_yaml("facts:\n  a/b:\n    - x\n    - y: >\n        long\n        text\n", "f.yaml")
    assert {at: line for at, line in tree.lines.items() if at} == {
        "/facts": 1, "/facts/a~1b": 2, "/facts/a~1b/0": 3, "/facts/a~1b/1": 4, "/facts/a~1b/1/y": 4,
    }  # fmt: skip
    assert tree.where("/facts/a~1b/7/unheard/of") == "f.yaml:2"


def test_empty_file_is_nothing() -> None:
    """An empty document is no error: the schema says what is missing."""
    assert parse_yaml("", "x").root is None
    assert parse_yaml("# only a comment\n", "x").root is None


def test_byte_order_mark_is_no_part_of_the_text() -> None:
    """Editors that write a BOM do not change the first key."""
    assert parse_yaml(b"\xef\xbb\xbfa: 1\n", "x").root == {"a": "1"}


def test_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A file of 50 MB is refused by its size."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(DocumentError, match="larger than 1,000,000 bytes"):
        read_yaml(path, "large.yaml")


def test_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    """A missing file and a directory are named, not raised as they come."""
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(DocumentError, match="cannot be read"):
            read_yaml(path, "none.yaml")


def test_pointer_escapes_as_rfc_6901_says() -> None:
    """~ is written ~0 and / is written ~1."""
    assert pointer(["m~n", "a/b", 0]) == "/m~0n/a~1b/0"


plain = st.recursive(
    st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/~: é漢", min_size=1, max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    """The reader agrees with PyYAML's own writer on every tree of strings."""
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=None)
    assert parse_yaml(text, "x").root == value


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    """No input raises anything but a document error."""
    with contextlib.suppress(DocumentError):
        parse_yaml(text, "x", Limits(size=150, depth=5, values=20))
