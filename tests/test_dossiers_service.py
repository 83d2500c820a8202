"""Dossiers on SQLite and PostgreSQL: one event a change, nothing half done, two people at once, files whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dossier_sample import ANA, ARI, EXAMPLE, PIA, ROOT

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import plain_facts
from kg_service.audit.journal import Journal, Versions
from kg_service.database.engine import Database
from kg_service.deployment import read_deployment
from kg_service.dossiers.changes import Changes, patched
from kg_service.dossiers.codec import plain
from kg_service.dossiers.commands import AddEvidence, AnswerCriterion, Archive, CreateDossier, SetFacts
from kg_service.dossiers.model import Dossier, EvidenceKind, Met
from kg_service.dossiers.repository import Answer
from kg_service.dossiers.service import Dossiers, Once, read_rules
from kg_service.dossiers.shelf import Shelf
from kg_service.dossiers.shown import Shown
from kg_service.errors import DatabaseError, DocumentError, InputError, NotFoundError, VersionError
from kg_service.store.oxigraph import OxigraphStore


@pytest.fixture
def dossiers(database: Database, evaluator: Evaluator, tmp_path: Path) -> Dossiers:
    journal = Journal(database, Versions(evaluator.knowledge.version, "test"))
    return Dossiers(database, journal, evaluator, read_rules(ROOT, tmp_path), Shelf(tmp_path / "evidence", 10_000))


@pytest.fixture
def loans(dossiers: Dossiers) -> Dossier:
    facts = plain_facts(read_deployment(EXAMPLE, dossiers.evaluator.knowledge).facts)
    return made(dossiers.create(ANA, CreateDossier("", "Loan assessment", facts=facts, because="from the plan")))


def made(found: Dossier | Answer) -> Dossier:
    assert isinstance(found, Dossier)
    return found


def test_what_is_stored_is_what_was_made(dossiers: Dossiers, loans: Dossier) -> None:
    """A dossier reads back as it was, under an id that tells nothing of its name."""
    assert loans.id == "dossier-1"
    assert dossiers.get("dossier-1") == loans


def test_ids_do_not_collide(dossiers: Dossiers, loans: Dossier) -> None:
    """Whoever asks for no id gets a free one; an id asked for that is taken is refused."""
    made(dossiers.create(ANA, CreateDossier("dossier-3", "Loan assessment")))
    assert made(dossiers.create(ANA, CreateDossier("", "Loan assessment"))).id == "dossier-4"
    with pytest.raises(InputError) as refused:
        dossiers.create(ANA, CreateDossier("dossier-3", "Another"))
    assert refused.value.problems[0].code == "id-taken"


def test_trail_rebuilds_the_dossier(dossiers: Dossiers, loans: Dossier) -> None:
    """Every change has one event, and the events with their notes are the whole dossier."""
    dossiers.change(ANA, loans.id, SetFacts({"agentic": True, "automation": None}, "the plan changed"), 1)
    dossiers.change(ARI, loans.id, AddEvidence(EvidenceKind.NOTE, "Baseline", text="forty minutes"), 2)
    dossiers.change(ARI, loans.id, AnswerCriterion(1, "stated-problem", Met.MET, "see e1", ("e1",)), 3)
    dossiers.change(ARI, loans.id, AnswerCriterion(1, "stated-problem", Met.NOT_MET), 4)
    state: Any = {}
    trail = dossiers.trail(loans.id)
    for event, notes in trail:
        state = patched(state, Changes(event.before or {}, event.after or {}, notes))
    assert state == plain(dossiers.get(loans.id))
    assert [event.action for event, _ in trail] == [
        "dossier.created",
        "fact.set",
        "evidence.added",
        "criterion.answered",
        "criterion.answered",
    ]
    assert all("forty minutes" not in str(event.after) and "plan" not in str(event.after) for event, _ in trail)


def test_refused_change_leaves_neither_state_nor_event(dossiers: Dossiers, loans: Dossier) -> None:
    """What is refused is not in the trail."""
    for command, error in ((SetFacts({"nonsense": True}), InputError), (AnswerCriterion(1, "x", Met.MET), InputError)):
        with pytest.raises(error):
            dossiers.change(ANA, loans.id, command, 1)
    with pytest.raises(NotFoundError):
        dossiers.change(ANA, "loan-asessment", Archive(), 1)
    assert dossiers.get(loans.id) == loans
    assert len(dossiers.trail(loans.id)) == 1


def test_no_event_no_change(dossiers: Dossiers, loans: Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the trail cannot be written, the change does not happen either, and reading goes on."""

    def full(*_: object) -> None:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(dossiers.journal, "append", full)
        with pytest.raises(DatabaseError):
            dossiers.change(ANA, loans.id, SetFacts({"agentic": True}), 1)
    assert dossiers.get(loans.id) == loans


def test_two_people_at_once(dossiers: Dossiers, loans: Dossier) -> None:
    """Of twelve changes to the same version one is made; the others are told that somebody was first."""

    def change(number: int) -> bool:
        try:
            dossiers.change(ANA, loans.id, SetFacts({"individuals_count": number}), 1)
        except VersionError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(change, range(1, 13))) == 1
    assert dossiers.get(loans.id).version == 2
    assert len(dossiers.trail(loans.id)) == 2


def test_request_with_a_key_is_carried_out_once(dossiers: Dossiers, loans: Dossier) -> None:
    """The same key gives the same answer and no second change; with another request it is refused."""

    def once(fingerprint: str) -> Once:
        return Once("k1", fingerprint, lambda dossier: Answer(200, (), f"version {dossier.version}"))

    command = AddEvidence(EvidenceKind.NOTE, "Baseline", text="x")
    dossiers.change(ANA, loans.id, command, 1, once("a"))
    assert dossiers.change(ANA, loans.id, command, 1, once("a")) == Answer(200, (), "version 2")
    assert dossiers.get(loans.id).version == 2
    with pytest.raises(InputError) as refused:
        dossiers.change(ANA, loans.id, command, 2, once("b"))
    assert refused.value.problems[0].code == "key-reused"
    assert made(dossiers.change(PIA, loans.id, command, 2, once("b"))).version == 3  # another person's key is another key


def test_archived_is_not_listed_and_not_lost(dossiers: Dossiers, loans: Dossier) -> None:
    """An archived dossier leaves the list and can still be read."""
    dossiers.change(ANA, loans.id, Archive(), 1)
    assert dossiers.entries() == ()
    assert [entry.id for entry in dossiers.entries(archived=True)] == [loans.id]
    assert dossiers.get(loans.id).archived


def test_follower_hears_of_changes(dossiers: Dossiers, loans: Dossier) -> None:
    """Who follows is told after each change, and not of what changed nothing."""
    heard: list[int] = []
    dossiers.follow(lambda dossier: heard.append(dossier.version))
    dossiers.change(ANA, loans.id, SetFacts({"agentic": True}), 1)
    dossiers.change(ANA, loans.id, SetFacts({"agentic": True}), 2)
    assert heard == [2]


def test_file_is_kept_by_its_hash_once(dossiers: Dossiers) -> None:
    """Two files with the same content are one; it reads back as it was."""
    content = b"x" * 9_000
    first, second = dossiers.shelf.put([content[:5000], content[5000:]]), dossiers.shelf.put([content])
    assert first == second
    assert first.sha256 == hashlib.sha256(content).hexdigest()
    assert dossiers.shelf.open(first.sha256).read_bytes() == content
    assert len(list(dossiers.shelf.all())) == 1


def files(shelf: Shelf) -> list[Path]:
    return [path for path in shelf.folder.rglob("*") if path.is_file()] if shelf.folder.is_dir() else []


def test_too_large_file_leaves_nothing(dossiers: Dossiers) -> None:
    """A gigabyte is refused as soon as the limit is passed: no more is taken, and nothing of it stays."""
    taken = 0

    def gigabyte() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1_000_000):
            taken += 1
            yield b"x" * 1_000

    with pytest.raises(DocumentError) as refused:
        dossiers.shelf.put(gigabyte())
    assert refused.value.problems[0].code == "too-large"
    assert taken == 11
    assert files(dossiers.shelf) == []
    with pytest.raises(DocumentError):
        dossiers.shelf.put([])


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_full_disk_leaves_nothing(dossiers: Dossiers, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full while a file is kept, it says so and nothing of the file stays."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DatabaseError, match="No space left"):
        dossiers.shelf.put([b"content"])
    monkeypatch.undo()
    assert files(dossiers.shelf) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "ab", ""])
def test_no_other_file_is_ever_opened(dossiers: Dossiers, name: str) -> None:
    """Only hashes name files."""
    with pytest.raises(NotFoundError):
        dossiers.shelf.open(name)


def test_wrong_files_of_the_institution_are_told_by_line(tmp_path: Path) -> None:
    """criteria.yaml and policy.yaml are checked as a whole, with file and line."""
    (tmp_path / "policy.yaml").write_text("own_approval: forbidden\nsigners:\n  '1': boss\n")
    with pytest.raises(InputError) as refused:
        read_rules(ROOT, tmp_path)
    assert [problem.where for problem in refused.value.problems] == [f"{tmp_path / 'policy.yaml'}:3"]
    (tmp_path / "criteria.yaml").write_text(
        "criteria:\n  - {id: stated-problem, decision: 1, label: A, definition: B, met_when: C}\n  - {id: x}\n"
    )
    with pytest.raises(InputError) as refused:
        read_rules(ROOT, tmp_path)
    assert {problem.code for problem in refused.value.problems} == {"id-taken", "missing-key"}
    assert {problem.where.rpartition(":")[2] for problem in refused.value.problems} == {"2", "3"}


def test_graph_catches_up_with_other_processes(dossiers: Dossiers, loans: Dossier) -> None:
    """A dossier that another process changed, made or archived stands in the graph of this one after it caught up."""
    store = OxigraphStore()
    shown = Shown(dossiers, store)
    shown.open()
    assert shown.catch_up() == 0
    other = Dossiers(dossiers.database, dossiers.journal, dossiers.evaluator, dossiers.rules, dossiers.shelf)
    other.change(ANA, loans.id, SetFacts({"agentic": True}), 1)
    other.create(ANA, CreateDossier("second", "Second"))
    query = "SELECT ?v WHERE { GRAPH ?g { ?d <https://schema.org/version> ?v } } ORDER BY ?v"
    assert shown.catch_up() == 2
    assert [str(row[0].value) for row in store.select(query).rows if row[0] is not None] == ["1", "2"]
    other.change(ANA, "second", Archive(), 1)
    assert shown.catch_up() == 1
    assert [str(row[0].value) for row in store.select(query).rows if row[0] is not None] == ["2"]
    assert shown.catch_up() == 0
