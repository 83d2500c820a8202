"""Personal text that is erased from the trail is gone from the dossier too, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from dossier_sample import ANA, ROOT

from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.erasing import erase
from kg_service.audit.journal import Journal, Versions, events
from kg_service.database.engine import Database
from kg_service.dossiers.commands import CreateDossier, SetFacts
from kg_service.dossiers.erasing import ERASED, erase_in_dossier
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.service import Dossiers, read_rules
from kg_service.dossiers.shelf import Shelf

SECRET = "Ms Example told us on the phone"


@pytest.fixture
def dossiers(database: Database, evaluator: Evaluator, tmp_path: Path) -> Dossiers:
    journal = Journal(database, Versions(evaluator.knowledge.version, "test"))
    return Dossiers(database, journal, evaluator, read_rules(ROOT, tmp_path), Shelf(tmp_path / "evidence", 10_000))


def test_erased_text_is_gone_from_the_dossier(dossiers: Dossiers) -> None:
    """It says that it was erased; all else stands, the version moves on, and no byte of the text is in the database."""
    made = dossiers.create(ANA, CreateDossier("", "Loans"))
    assert isinstance(made, Dossier)
    before = dossiers.change(ANA, made.id, SetFacts({"hosting": "on_premises"}, because=SECRET))
    assert isinstance(before, Dossier)
    with dossiers.database.reading() as connection:
        [event] = events(connection, action="fact.set")
    erase(dossiers.journal, ANA, event.seq, [], "she asked for it", erase_in_dossier)
    after = dossiers.get(made.id)
    assert [fact.because for fact in after.facts.values()] == [ERASED]
    assert after.plain_facts == before.plain_facts
    assert after.version == before.version + 1
    file = dossiers.database.file
    if file is not None:
        assert all(SECRET.encode() not in part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
