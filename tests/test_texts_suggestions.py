"""Likely obligations by grammar, and what own policies speak of."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from official_texts import document, needs_official_files
from texts_sample import act

from kg_service.imports.model import Document, UnitPath
from kg_service.model import InstrumentId, Knowledge
from kg_service.texts.joining import cited, covering
from kg_service.texts.likeness import Index
from kg_service.texts.modals import Force, obligations
from kg_service.texts.policies import Linker, by_control, sections
from kg_service.texts.record import LoadedText, record_of
from kg_service.texts.suggestions import recalls, suggestions

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "force", "bearer", "action", "condition"),
    [
        ("The lender shall keep records.", Force.DUTY, "lender", "keep records.", ""),
        (
            "Where a model fails, the operator shall stop it.",
            Force.DUTY,
            "operator",
            "stop it.",
            "Where a model fails",
        ),
        (
            "A creditor must not ask for it unless the law demands it.",
            Force.PROHIBITION,
            "creditor",
            "ask for it",
            "unless the law demands it",
        ),
        ("The customer shall have the right to an answer.", Force.RIGHT, "customer", "to an answer.", ""),
        ("Firms should test their models.", Force.EXPECTATION, "Firms", "test their models.", ""),
        ("Records shall be kept for six years.", Force.DUTY, "", "be kept for six years.", ""),
    ],
)
def test_sentence_is_taken_apart(sentence: str, force: Force, bearer: str, action: str, condition: str) -> None:
    """Force, bearer, action and condition of a sentence as one would mark them by hand."""
    (found,) = obligations(sentence)
    named = "" if found.bearer.startswith("Records") else found.bearer
    assert (found.force, named, found.action, found.condition) == (force, bearer, action, condition)


@pytest.mark.parametrize(
    "sentence",
    [
        "This Regulation shall apply from 2 August 2026.",
        "‘Provider’ shall mean a person who develops a system.",
        "This Regulation shall not affect national law.",
        "The model is tested once a year.",
        "Member States may provide otherwise.",
    ],
)
def test_sentence_that_obliges_nobody_is_left_out(sentence: str) -> None:
    """Scope, definitions, statements of fact and permissions are no obligations."""
    assert list(obligations(sentence)) == []


def test_authorities_are_told_apart() -> None:
    """What a supervisor must do is marked, so that it can be left out."""
    found = [
        one.to_authority
        for one in obligations("The competent authority shall inform the firm. The firm shall inform the authority.")
    ]
    assert found == [True, False]


def test_covered_provisions_are_left_out() -> None:
    """Only provisions on which no norm rests are suggested; headings that only define are never."""
    text = act(
        "oj", date(2024, 7, 12),
        ("art-1", "", "Scope"), ("art-1/par-1", "The firm shall read this."),
        ("art-2", "", "Duties"), ("art-2/par-1", "The firm shall test."), ("art-2/par-2", "The firm shall record."),
    )  # fmt: skip
    found = suggestions(text, {UnitPath("art-2/par-1"): ("x/test",)})
    assert [one.name for one in found] == ["Art 2(2)"]
    every = suggestions(text, {UnitPath("art-2/par-1"): ("x/test",)}, all_=True)
    assert {one.name: one.norms for one in every} == {"Art 2(1)": ("x/test",), "Art 2(2)": ()}


@needs_official_files
@pytest.mark.parametrize(
    ("name", "instrument"), [("GDPR_32016R0679_oj.xhtml", "eu-gdpr"), ("AI-Act_02024R1689-20260727.html", "eu-ai-act")]
)
def test_detector_finds_what_lawyers_found(law: Knowledge, name: str, instrument: str) -> None:
    """Of the provisions that carry duties, prohibitions and rights of ours, at least 95 % are flagged."""
    text = document(name)
    kinds = ("duty", "prohibition", "right")
    norms = frozenset(norm.id for norm in law.norms.values() if norm.kind in kinds)
    found = recalls(text, covering(cited(law), InstrumentId(instrument), text), norms)
    assert len(found) > 30
    assert sum(found.values()) / len(found) >= 0.95


def policy(*lines: tuple[str, str] | tuple[str, str, str]) -> tuple[LoadedText, Document]:
    return record_of(act("oj", date(2026, 1, 1), *lines), None, "Model policy", NOW)


def test_section_that_names_a_control_is_linked(law: Knowledge) -> None:
    """The name of a control in a section leads to it, with the name as the reason."""
    control = law.controls[next(iter(law.controls))]
    record, text = policy(
        ("art-1", f"This section describes how we live up to {control.name} in each of our branches.", "Practice")
    )
    found = by_control(Linker(law).links(record, text))
    assert found[control.id][0].because == (control.name,)


def test_section_in_the_words_of_a_control_is_linked(law: Knowledge) -> None:
    """Its own objective, told without its name, leads back to a control for at least nine in ten controls."""
    linker = Linker(law)
    hits = 0
    for control in law.controls.values():
        record, text = policy(("art-1", f"{control.objective} {control.test}", "Practice"))
        hits += control.id in by_control(linker.links(record, text))
    assert hits / len(law.controls) >= 0.9


def test_section_about_something_else_is_not_linked(law: Knowledge) -> None:
    """The canteen speaks of no control."""
    record, text = policy(("art-1", "The canteen serves warm meals at noon; guests pay in cash at the till.", "Canteen"))
    assert list(Linker(law).links(record, text)) == []


def test_policy_has_no_instrument() -> None:
    """An own policy is kept under its own name and version, apart from the law."""
    record, text = policy(("art-1", "We test every model before it is used by anybody at all.", "Tests"))
    assert (record.is_policy, record.work, record.version) == (True, "policy-model-policy", "2026-01-01")
    assert [section.heading for section in sections(text)] == ["Tests"]


def test_likeness_says_by_which_words() -> None:
    """Of two things the one that shares the rarer words is nearer, and these words are named."""
    index = Index({"a": (("encryption keys rotate yearly", 1),), "b": (("the customer complains by letter", 1),)})
    (found,) = index.like("Keys for encryption are kept apart", 1)
    assert (found.name, set(found.words)) == ("a", {"encryption", "key"})
