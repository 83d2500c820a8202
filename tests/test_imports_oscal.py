"""OSCAL: counts and words against a plain walk over the JSON, insertions against the NIST publication's way of printing them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from imports_words import of_document, words

from kg_service.errors import DocumentError
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.oscal import Oscal
from kg_service.imports.registry import importer_for

REV4 = "NIST_SP-800-53_rev4_catalog-min.json"
PRIVACY = "NIST_SP-800-53_rev5_PRIVACY-baseline-resolved-profile_catalog.json"
FILES = (
    REV4,
    PRIVACY,
    "NIST_SP-800-53_rev5_MODERATE-baseline-resolved-profile_catalog-min.json",
    "NIST_SP-800-53_rev5_HIGH-baseline-resolved-profile_catalog-min.json",
)
INSERT = re.compile(r"\{\{.*?\}\}")


def _content(shared: Path, name: str) -> bytes:
    return (shared / "data/official/oscal" / name).read_bytes()


@cache
def _read(shared: Path, name: str) -> Document:
    return Oscal().parse(_content(shared, name), name)


def _found(node: Any, key: str) -> Iterator[Any]:
    """Every value at ``key`` anywhere below a node."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _found(value, key)
    elif isinstance(node, list):
        for each in node:
            yield from _found(each, key)


@pytest.mark.parametrize("name", FILES)
def test_counts_are_those_of_the_file(shared: Path, name: str) -> None:
    """There are as many groups, controls with their enhancements, and statement items as in the JSON."""
    raw, document = json.loads(_content(shared, name)), _read(shared, name)
    controls = sum(len(each) for each in _found(raw, "controls"))
    items = sum(part["name"] == "item" for parts in _found(raw, "parts") for part in parts)
    assert len(document.of_kind(UnitKind.CONTROL)) == controls
    assert len(document.of_kind(UnitKind.POINT)) == items
    assert sum(bool(re.fullmatch(r"group-[^/]+", unit.path)) for unit in document.units) == sum(
        len(each) for each in _found(raw, "groups")
    )


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_lost(shared: Path, name: str) -> None:
    """At least 99.5 % of the words of all prose, titles, choices and guidelines are in the document."""
    catalogue = json.loads(_content(shared, name))["catalog"]
    texts = [*_found(catalogue["groups"], "prose"), *_found(catalogue["groups"], "title"), *_found(catalogue, "text")]
    texts += [choice for choices in _found(catalogue["groups"], "choice") for choice in choices]
    stated = words(INSERT.sub(" ", " ".join(texts)))
    lost = stated - of_document(_read(shared, name))
    assert lost.total() <= 0.005 * stated.total()


@pytest.mark.parametrize("name", FILES)
def test_file_is_recognised(shared: Path, name: str) -> None:
    """Content alone tells the format."""
    assert importer_for(_content(shared, name), "unnamed").name == "oscal"


@pytest.mark.parametrize("name", FILES)
def test_every_parameter_is_inserted(shared: Path, name: str) -> None:
    """No placeholder is left in any text."""
    assert not any("{{" in f"{unit.text}{unit.heading}" for unit in _read(shared, name).units)


def test_controls_read_as_nist_prints_them(shared: Path) -> None:
    """SP 800-53 Revision 4 prints assignments and selections in brackets in the statement of a control."""
    document = _read(shared, REV4)
    statement = document.by_path[UnitPath("control-ac-1/pt-a")]
    assert statement.text.endswith("disseminates to [Assignment: organization-defined personnel or roles]:")
    assert "[Selection: removes; disables]" in document.text(UnitPath("control-ac-2-2"))
    assert document.by_path[UnitPath("control-ac-2-2")].parent == "control-ac-2"
    assert document.by_path[UnitPath("control-ac-1")].heading == "Access Control Policy and Procedures"


def test_a_profile_names_what_it_selects_and_changes() -> None:
    """Imports are listed and not fetched; settings and additions are kept."""
    profile = {
        "uuid": "1",
        "metadata": {"title": "Our baseline", "version": "1", "oscal-version": "1.1.2"},
        "imports": [{"href": "https://example.org/catalog.json", "include-controls": [{"with-ids": ["ac-1", "ac-2"]}]}],
        "modify": {
            "set-parameters": [{"param-id": "ac-1_prm_2", "values": ["yearly"]}],
            "alters": [{"control-id": "ac-2", "adds": [{"parts": [{"name": "guidance", "prose": "Ask the data office."}]}]}],
        },
    }
    document = Oscal().parse(json.dumps({"profile": profile}).encode(), "profile.json")
    assert document.kind == "profile"
    assert [unit.number for unit in document.of_kind(UnitKind.CONTROL)] == ["ac-1", "ac-2", "ac-2"]
    assert [finding.code for finding in document.findings] == ["external_part"]
    assert "yearly" in document.by_path[UnitPath("parameter-ac-1-prm-2")].text
    assert "Ask the data office." in document.text(UnitPath("change-ac-2"))


def _catalogue(**more: Any) -> bytes:
    return json.dumps({"catalog": {"metadata": {"title": "x", "version": "1"}, **more}}).encode()


def _nested(depth: int) -> dict[str, Any]:
    control: dict[str, Any] = {"id": "a"}
    for _ in range(depth):
        control = {"id": "a", "controls": [control]}
    return control


def test_parameters_that_hold_each_other_end() -> None:
    """Choices that insert parameters whose choices insert parameters are cut or refused, not expanded for ever."""
    params = [{"id": f"p{n}", "select": {"choice": [f"{{{{ insert: param, p{(n + 1) % 5} }}}}" * 90] * 90}} for n in range(5)]
    control = {"id": "a", "params": params, "parts": [{"name": "statement", "prose": "{{ insert: param, p0 }}"}]}
    with pytest.raises(DocumentError) as refused:
        Oscal().parse(_catalogue(controls=[control]), "bomb.json")
    assert refused.value.problems[0].code == "too_large"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not_json"),
        (b"[]", "wrong_type"),
        (b'{"profiles": {}}', "wrong_format"),
        (_catalogue(), "empty"),
        (_catalogue(controls={}), "wrong_type"),
        (_catalogue(controls=[{"id": "a", "parts": [{"name": "item", "prose": 3}]}]), "wrong_type"),
        (_catalogue(controls=[_nested(100)]), "too_deep"),
    ],
    ids=["cut off", "a list", "another format", "no control", "controls are no list", "prose is a number", "too deep"],
)
def test_broken_files_are_refused(content: bytes, code: str) -> None:
    """A file that cannot be read is refused with its name and the place in it."""
    with pytest.raises(DocumentError) as refused:
        Oscal().parse(content, "catalog.json")
    assert refused.value.problems[0].code == code
