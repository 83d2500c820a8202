"""Personal text that is erased from the trail is gone from the dossier too, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dossier_sample import ANA, PIA, ROOT
from hypothesis import given
from hypothesis import strategies as st

from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.elsewhere import everywhere
from kg_service.audit.erasing import ERASED_TEXT, erase
from kg_service.audit.journal import Journal, Versions, events
from kg_service.database.engine import Database
from kg_service.dossiers.commands import AddOption, CreateDossier, SetFacts, SetInput, Waive
from kg_service.dossiers.model import Dossier, State
from kg_service.dossiers.service import Dossiers, read_rules
from kg_service.dossiers.shelf import Shelf
from kg_service.dossiers.words import FORMS, joined, parted

SECRET = "Ms Example told us on the phone"


@pytest.fixture
def dossiers(database: Database, evaluator: Evaluator, tmp_path: Path) -> Dossiers:
    journal = Journal(database, Versions(evaluator.knowledge.version, "test"))
    return Dossiers(database, journal, evaluator, read_rules(ROOT, tmp_path), Shelf(tmp_path / "evidence", 10_000))


def test_erased_text_is_gone_from_the_dossier(dossiers: Dossiers, tmp_path: Path) -> None:
    """It says that it was erased; all else stands, the version moves on, and no byte of the text is in the database."""
    made = dossiers.create(ANA, CreateDossier("", "Loans"))
    assert isinstance(made, Dossier)
    before = dossiers.change(ANA, made.id, SetFacts({"hosting": "on_premises"}, because=SECRET))
    assert isinstance(before, Dossier)
    with dossiers.database.reading() as connection:
        [event] = events(connection, action="fact.set")
    erase(dossiers.journal, ANA, event.seq, [], "she asked for it", everywhere(tmp_path))
    after = dossiers.get(made.id)
    assert [fact.because for fact in after.facts.values()] == [ERASED_TEXT]
    assert after.plain_facts == before.plain_facts
    assert after.version == before.version + 1
    file = dossiers.database.file
    if file is not None:
        assert all(SECRET.encode() not in part.read_bytes() for part in file.parent.glob(f"{file.name}*"))


def test_what_was_decided_still_stands(dossiers: Dossiers, tmp_path: Path) -> None:
    """Words of an option and of a tool's input are erased; the decisions that rest on them stay closed, numbers stay."""
    made = dossiers.create(ANA, CreateDossier("", "Loans"))
    assert isinstance(made, Dossier)
    roi = {"quantities": {SECRET: {"unit": "EUR", "value": 7}}, "costs": [{"name": "Pay", "of": SECRET, "when": "once"}]}
    dossiers.change(ANA, made.id, AddOption(1, SECRET, {"by": [SECRET, 3]}, chosen=True))
    dossiers.change(ANA, made.id, SetInput("roi", roi))
    until = dossiers.ground().today + timedelta(days=30)
    for number in (1, 5):
        dossiers.change(PIA, made.id, Waive(number, "in the meantime", until))
    with dossiers.database.reading() as connection:
        found = [event for action in ("option.added", "input.set") for event in events(connection, action=action)]
    assert SECRET not in str(found)
    for event in found:
        erase(dossiers.journal, ANA, event.seq, [], "she asked for it", everywhere(tmp_path))
    after = dossiers.get(made.id)
    assert [after.decision(number).state for number in (1, 5)] == [State.WAIVED, State.WAIVED]
    assert SECRET not in str(after)
    ((name, quantity),) = after.inputs["roi"]["quantities"].items()
    assert (after.inputs["roi"]["costs"][0]["of"], quantity["value"]) == (name, 7)


words = st.text(max_size=6) | st.sampled_from([":0", ":12", "name", "value", "metrics", "yearly"])
anything: st.SearchStrategy[Any] = st.recursive(
    words | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(words, inner)
)


@given(form=st.sampled_from(sorted(FORMS)), value=anything)
def test_words_are_taken_out_and_put_back(form: str, value: Any) -> None:
    """Whatever stands where people type comes back as it was, even what looks like a place; the places are all different."""
    skeleton, found = parted(form, value)
    assert len(set(found)) == len(found)
    if form == "values":
        assert joined(skeleton, dict(enumerate(found))) == value
