"""Own policies in Markdown: sections by their numbers, items by their marks, nothing that the rendered page would not show."""

from __future__ import annotations

import pytest

from kg_service.errors import DocumentError
from kg_service.imports.hidden import without_invisible
from kg_service.imports.markdown import Markdown
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.registry import importer_for

POLICY = """\
---
title: AI use policy
version: 2.1
date: 2026-03-01
lang: en
---
# AI Use Policy

Introduction with *emphasis* and `code`.

## 1. Scope

1.1 This policy applies to all models.

1.2 It does not apply to:

a) toys;

b) games.

## 2 Roles

- The owner:
  1. keeps the inventory;
  2. reports.

  Once a year.
- The board approves.

| Control | Owner |
|---|---|
| Log | IT |

### Exceptions

> None.

## Annex A: List

Text.
"""


def _read(text: str, name: str = "policy.md") -> Document:
    return without_invisible(Markdown().parse(text.encode(), name))


def test_units_are_those_of_the_text() -> None:
    """Numbered sections and paragraphs, items, tables and annexes each have their address, in the order of the text."""
    assert [unit.path for unit in _read(POLICY).units] == [
        "section-ai-use-policy",
        "section-1",
        "section-1-1",
        "section-1-2",
        "section-1-2/pt-a",
        "section-1-2/pt-b",
        "section-2",
        "section-2/indent-1",
        "section-2/indent-1/pt-1",
        "section-2/indent-1/pt-2",
        "section-2/indent-1/block-1",
        "section-2/indent-2",
        "section-2/table-1",
        "section-2/section-exceptions",
        "annex-a",
    ]


def test_front_matter_names_the_document() -> None:
    """Title, version, day and language are taken from the front matter, which is no text."""
    document = _read(POLICY)
    assert document.identity.title == "AI use policy"
    assert (document.version.id, str(document.version.published), document.language) == ("2.1", "2026-03-01", "en")
    assert not any("2026-03-01" in unit.text for unit in document.units)


def test_offsets_hold_the_text() -> None:
    """The bytes at a unit's offset begin with what the unit prints."""
    content, document = POLICY.encode(), _read(POLICY)
    unit = document.by_path[UnitPath("section-1-2/pt-b")]
    assert unit.offset is not None
    assert content[slice(*unit.offset)] == b"b) games.\n"


def test_a_new_section_moves_no_other() -> None:
    """Sections without a number are named by their headings: the address of one does not change when another comes before it."""
    before = _read("# Policy\n\n## Logging\n\nKeep logs.\n")
    after = _read("# Policy\n\n## Access\n\nAsk.\n\n## Logging\n\nKeep logs.\n")
    path = UnitPath("section-policy/section-logging")
    assert before.by_path[path].text == after.by_path[path].text == "Keep logs."


@pytest.mark.parametrize(
    "hiding",
    [
        "<!-- SECRET -->",
        "<span style='display: none'>SECRET</span>",
        "<span style='visibility:hidden'>SECRET</span>",
        "<span hidden>SECRET</span>",
        "<span aria-hidden='true'>SECRET</span>",
        "<span style='font-size:0'>SECRET</span>",
        "<span style='position:absolute; left:-9999px'>SECRET</span>",
        "<span style='opacity: 0'>SECRET</span>",
        "<span style='color:#FFFFFF'>SECRET</span>",
        "<font color='white'>SECRET</font>",
        "<span class='sr-only'>SECRET</span>",
        "<style>.x { display: none }</style><span class='x'>SECRET</span>",
    ],
)
def test_hidden_html_is_taken_out_and_reported(hiding: str) -> None:
    """What a rendered page would not show is not in the text; a finding shows it with its line."""
    document = _read(f"# Policy\n\nShown {hiding} words.\n")
    assert document.units[0].text == "Shown words."
    found = [finding for finding in document.findings if finding.code == "hidden_text"]
    assert len(found) == 1
    assert "SECRET" in found[0].message
    assert "line 3" in found[0].message


@pytest.mark.parametrize("character", ["\u200b", "\u202e", "\u2066", "\U000e0041", "\ufeff", "\u00ad", "\u200d"])
def test_characters_without_a_shape_are_taken_out_and_reported(character: str) -> None:
    """Zero-width characters, direction marks, tags and soft hyphens are no text."""
    document = _read(f"# Policy\n\nApp{character}rove.\n")
    assert document.units[0].text == "Approve."
    assert [(finding.code, finding.at) for finding in document.findings] == [("hidden_characters", "section-policy")]


@pytest.mark.parametrize("text", ["نمی\u200cخواهم", "👩\u200d💻", "naïve — “quoted” €5"])
def test_characters_that_shape_words_stay(text: str) -> None:
    """Joiners that Persian or an emoji needs, and letters of any script, are left as they are."""
    assert _read(f"# Policy\n\n{text}\n").units[0].text == text


def test_white_letters_on_a_dark_ground_stay() -> None:
    """White on blue can be read."""
    document = _read("# P\n\n<span style='color:white; background:#003366'>Seen</span>\n")
    assert document.units[0].text == "Seen"


def test_recognised_by_headings_or_name() -> None:
    """Text with headings is Markdown under any name; text without is so by its name."""
    assert importer_for(POLICY.encode(), "policy").name == "markdown"
    assert importer_for(b"Keep logs.", "policy.md").name == "markdown"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"# a\n\xff\xfe", "encoding"), (b"# a\n\0", "not_text"), (b"", "empty"), (b"<!-- only -->", "empty")],
    ids=["not UTF-8", "NUL", "empty", "a comment alone"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A file that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        Markdown().parse(content, "policy.md")
    assert refused.value.problems[0].code == code


def test_deep_nesting_ends() -> None:
    """Thousands of nested quotes or lists neither exhaust the stack nor lose the text after them."""
    assert "end" in _read("# P\n\n" + ">" * 5000 + " x\n\n# End\n\nend\n").units[-1].text
    assert _read("# P\n\n" + "".join("  " * depth + "- x\n" for depth in range(200))).of_kind(UnitKind.INDENT)
