"""The real law as typed values, held against the files themselves and the law."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kg_service.applicability.facts import parse_facts
from kg_service.errors import KnowledgeError
from kg_service.knowledge.read import read
from kg_service.knowledge.scenarios import read_scenarios
from kg_service.knowledge.version import content_version
from kg_service.model import FactKind, Knowledge, LegalStatus


def test_norms_and_qualifications_know_their_place(law: Knowledge, root: Path) -> None:
    """The file and line of each norm and qualification show its id."""
    records = [*law.norms.values(), *law.qualifications.values()]
    lines = {file: (root / file).read_text(encoding="utf-8").splitlines() for file in {record.file for record in records}}
    assert [record.id for record in records if not lines[record.file][record.line - 1].endswith(f"id: {record.id}")] == []


def test_every_instrument_folder_was_read(law: Knowledge, root: Path) -> None:
    """There is one instrument for each folder, and one provision for each article file."""
    folders = {path.parent.name for path in (root / "regulations").glob("*/*/instrument.yaml")}
    articles = {
        (path.parent.name, path.stem)
        for path in (root / "regulations").glob("*/*/*.yaml")
        if path.name not in ("instrument.yaml", "qualifications.yaml", "interpretations.yaml")
    }
    assert set(law.instruments) == folders
    assert {key for key, found in law.provisions.items() if not found.file.endswith("instrument.yaml")} == articles


@pytest.mark.parametrize(
    ("norm", "day", "instrument", "pinpoint"),
    [
        ("eu-ai-act/art-26-par-1", date(2027, 12, 2), "eu-ai-act", "Art 113"),
        ("eu-dora/art-28-par-8", date(2025, 1, 17), "eu-dora", "Art 64"),
        ("eu-gdpr/art-22-par-3", date(2018, 5, 25), "eu-gdpr", "Art 99(2)"),
    ],
)
def test_start_is_the_day_that_the_law_sets(norm: str, day: date, instrument: str, pinpoint: str, law: Knowledge) -> None:
    """Regulation (EU) 2024/1689 Art 113, Regulation (EU) 2022/2554 Art 64 and GDPR Art 99(2) set these days."""
    found = next((one for one in law.norms.values() if one.id == norm), None)
    assert found is not None
    assert found.applies_from is not None
    assert found.applies_from.day == day
    assert found.applies_from.set_by.instrument == instrument
    assert found.applies_from.set_by.pinpoint.startswith(pinpoint)


def test_a_pending_norm_has_no_day(law: Knowledge) -> None:
    """What is only proposed begins on no day, and what is in force begins on one."""
    for norm in law.norms.values():
        assert (norm.applies_from is None) is (norm.legal_status is LegalStatus.PENDING)


def test_places_are_shared_by_all_facts_that_ask_for_places(law: Knowledge) -> None:
    """A fact with ``terms: jurisdictions`` is answered by every jurisdiction, with the same tree."""
    asking = [fact for fact in law.facts.values() if fact.jurisdictions]
    assert {"established_in", "persons_in"} <= {fact.id for fact in asking}
    assert all(fact.terms == law.jurisdictions and fact.kind is FactKind.TERMS for fact in asking)


def test_old_ids_resolve_in_facts(law: Knowledge) -> None:
    """An answer under an old name of a term means what the new one means."""
    for fact in law.facts.values():
        for old, new in fact.term_aliases.items():
            assert parse_facts(law.facts, {fact.id: old}) == parse_facts(law.facts, {fact.id: new})


def test_version_is_that_of_the_content(law: Knowledge, root: Path) -> None:
    """Knowledge names the hash of the files that it was read from."""
    assert law.version == content_version(root)


def test_scenarios_are_read_with_their_facts(law: Knowledge, root: Path) -> None:
    """Every scenario file gives a scenario whose norms all exist."""
    found = read_scenarios(root, law.facts)
    assert len(found) == len(list((root / "regulations").glob("*/*/scenarios/*.yaml"))) >= 40
    known = set(law.norms) | {alias for norm in law.norms.values() for alias in norm.aliases}
    assert {norm for scenario in found for norms in scenario.expected.values() for norm in norms} <= known


def test_broken_scenario_is_refused(law: Knowledge, tmp_path: Path) -> None:
    """A scenario with a wrong answer names its line and the nearest term."""
    path = tmp_path / "regulations" / "xx" / "xx-test" / "scenarios" / "one.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("id: one\ntitle: T\nas_of: 2026-11-23\nfacts:\n  institution: insurrer\nexpected: {}\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"one\.yaml:5: .*Did you mean 'insurer'"):
        read_scenarios(tmp_path, law.facts)


def test_facts_of_a_wrong_root_are_an_error(tmp_path: Path) -> None:
    """An empty folder 'regulations' is told file by file what is missing."""
    (tmp_path / "regulations").mkdir()
    with pytest.raises(KnowledgeError) as caught:
        read(tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"missing-file"}
    assert len(caught.value.problems) == 5
