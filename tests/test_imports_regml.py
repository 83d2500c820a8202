"""RegML: every section, paragraph and comment against the CFPB's own parse of the same file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from imports_words import kept, of_markup, words

from kg_service.errors import DocumentError
from kg_service.imports.model import Document, Unit, UnitKind, UnitPath
from kg_service.imports.registry import importer_for
from kg_service.imports.regml import RegMl

FILES = ("regml-1002/2011-31714", "regml-1002/2017-20417_20180101", "regml-1022/2011-31728")


def _content(shared: Path, name: str) -> bytes:
    return (shared / "data/official/us" / f"{name}.xml").read_bytes()


@cache
def _read(shared: Path, name: str) -> Document:
    return RegMl().parse(_content(shared, name), f"{name}.xml")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node["children"]:
        yield from _nodes(child)


def _truth(shared: Path, name: str, *types: str) -> dict[str, dict[str, Any]]:
    top = json.loads((shared / "data/official/us" / f"{name}.json").read_text(encoding="utf-8"))
    return {"-".join(node["label"]): node for node in _nodes(top) if node["node_type"] in types}


def _by_label(document: Document) -> dict[str, Unit]:
    return {unit.extras["label"]: unit for unit in document.units if "label" in unit.extras}


def _letters(text: str) -> str:
    """Letters and digits alone, since the CFPB's parse sets no space after a key term; the designation may follow it there."""
    bare = "".join(re.findall(r"[^\W_]", text))
    return "".join(sorted(bare[:200])) + bare[200:]


@pytest.mark.parametrize("name", FILES)
def test_sections_and_comments_are_those_of_the_cfpb(shared: Path, name: str) -> None:
    """The labels of the regulation's text and of its commentary are the same, none more and none less."""
    stated = set(_truth(shared, name, "regtext", "interp"))
    ours = {
        label
        for label, unit in _by_label(_read(shared, name)).items()
        if not _in_appendix(label) and unit.kind is not UnitKind.SUBPART
    }
    assert ours == stated


def _in_appendix(label: str) -> bool:
    parts = label.split("-")
    return len(parts) > 1 and parts[1].isalpha() and parts[1].isupper() and "Interp" not in parts


@pytest.mark.parametrize("name", FILES)
def test_texts_are_those_of_the_cfpb(shared: Path, name: str) -> None:
    """Designation, heading and text of each section, paragraph and comment are letter by letter the same."""
    ours = _by_label(_read(shared, name))
    for label, node in _truth(shared, name, "regtext", "interp").items():
        unit = ours[label]
        mark = unit.extras["printed"] if node["node_type"] == "regtext" else ""
        assert _letters(f"{mark} {unit.heading or ''} {unit.text}") == _letters(f"{node.get('title') or ''} {node['text']}"), (
            label
        )


@pytest.mark.parametrize("name", FILES)
def test_appendices_hold_the_words_of_the_cfpb(shared: Path, name: str) -> None:
    """Each appendix has the words that the CFPB reads in it, images aside."""
    document, ours = _read(shared, name), ""
    for unit in document.units:
        ours += (
            f" {unit.extras.get('printed', '')} {unit.heading or ''} {unit.text}"
            if _in_appendix(unit.extras.get("label", ""))
            else ""
        )
    stated = " ".join(f"{node.get('title') or ''} {node['text']}" for node in _truth(shared, name, "appendix").values())
    stated = re.sub(r"!\[[^\]]*\]\([^)]*\)|_", " ", stated)
    lost = words(stated) - words(ours.replace("_", " "))
    assert lost.total() <= 0.005 * words(stated).total()


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_lost(shared: Path, name: str) -> None:
    """At least 99.5 % of the words outside of the metadata and of the addresses of images are in the document."""
    without = frozenset({"fdsys", "preamble", "graphic", "url"})
    assert kept(of_markup(_content(shared, name), without), _read(shared, name)) >= 0.995


@pytest.mark.parametrize("name", FILES)
def test_file_is_recognised(shared: Path, name: str) -> None:
    """Content alone tells the format."""
    assert importer_for(_content(shared, name), "unnamed").name == "regml"


def test_addresses_of_regulation_b(shared: Path) -> None:
    """12 CFR 1002.9(a)(1)(i) and comment 9(b)(2)-1 are found as lawyers cite them; the effective date names the version."""
    document = _read(shared, FILES[1])
    assert document.version.id == "2018-01-01"
    assert document.identity.work == "12 CFR 1002"
    assert document.by_path[UnitPath("section-1002-9/pt-a/pt-1/pt-i")].extras["printed"] == "(i)"
    comment = document.by_path[UnitPath("comment-9-b-2/pt-1")]
    assert comment.kind is UnitKind.COMMENTARY
    assert document.by_path[UnitPath("comment-9-b-2")].extras["on"] == "1002-9-b-2"
    assert document.by_path[UnitPath("section-1002-2/pt-l")].extras["term"] == "creditor"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<regulation xmlns="eregs"/>', "wrong_format"),
        (b'<regulation xmlns="eregs"><part label="1002"/></regulation>', "empty"),
        (b'<regulation xmlns="eregs"><part/></regulation>', "no_number"),
    ],
    ids=["no part", "no text", "no number"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A file that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        RegMl().parse(content, "reg.xml")
    assert refused.value.problems[0].code == code
