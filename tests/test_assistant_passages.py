"""Passages: every thing of the knowledge can be found and cited, under an id that lasts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from texts_sample import act

from assistant.model import Passage, PassageKind, Trust
from assistant.passages import passages_of, text_passages
from kg_service.errors import KnowledgeError
from kg_service.imports.registry import read
from kg_service.knowledge.decisions import read_decisions
from kg_service.model import InstrumentId, Knowledge
from kg_service.store.oxigraph import OxigraphStore
from kg_service.texts.library import Library, open_library
from kg_service.texts.record import record_of
from kg_service.texts.register import Texts

NOW = datetime(2026, 11, 23, tzinfo=UTC)
POLICY = b"# Model risk policy\n\n## Human review\n\nEach refusal of credit is reviewed by a person who may change it.\n"


@pytest.fixture(scope="module")
def passages(law: Knowledge, root: Path) -> dict[str, Passage]:
    return {one.id: one for one in passages_of(law, root)}


def test_everything_has_a_passage(law: Knowledge, root: Path, passages: dict[str, Passage]) -> None:
    """Each thing of each kind that the knowledge holds, and the decisions with their criteria."""
    count = Counter(one.kind for one in passages.values())
    decisions = read_decisions(root)
    assert count == {
        PassageKind.NORM: len(law.norms),
        PassageKind.PROVISION: len(law.provisions),
        PassageKind.INSTRUMENT: len(law.instruments),
        PassageKind.QUALIFICATION: len(law.qualifications),
        PassageKind.INTERPRETATION: len(law.interpretations),
        PassageKind.CONTROL: len(law.controls),
        PassageKind.RISK: len(law.risks),
        PassageKind.DECISION: len(decisions) + sum(len(one.criteria) for one in decisions),
        PassageKind.FRAMEWORK_CONTROL: sum(len(one.controls) for one in law.frameworks.values()),
    }
    assert all(f"norm:{norm}" in passages for norm in law.norms)


def test_ids_are_unique_and_lasting(law: Knowledge, root: Path, passages: dict[str, Passage]) -> None:
    """An id is the kind and the thing's own id, stands once, and comes in the same order each time."""
    again = [one.id for one in passages_of(law, root)]
    assert again == list(passages)
    assert len(again) == len(set(again))
    assert all(re.fullmatch(r"[a-z_]+:[a-z0-9][a-z0-9._/-]*", one) for one in again)


def test_passages_agree_with_their_norms(law: Knowledge, passages: dict[str, Passage]) -> None:
    """Summary, instrument, jurisdiction, days, decisions and link are those of the norm; what does not bind is guidance."""
    for norm in law.norms.values():
        one = passages[f"norm:{norm.id}"]
        assert norm.summary in one.text
        assert (one.instrument, one.provision, one.official_url) == (norm.instrument, norm.provision, norm.url)
        assert one.jurisdiction == law.instruments[norm.instrument].jurisdiction
        assert one.applies_from == (norm.applies_from.day if norm.applies_from else None)
        assert one.decisions == norm.decisions
        assert (one.trust is Trust.GUIDANCE) == (norm.bindingness in ("guidance", "guideline", "standard"))


def test_links_lead_somewhere(law: Knowledge, passages: dict[str, Passage]) -> None:
    """Every neighbour is a passage, never the passage itself; norms link to their provision, controls and qualifications."""
    for one in passages.values():
        assert set(one.neighbours) <= set(passages), one.id
        assert one.id not in one.neighbours
    for norm in law.norms.values():
        linked = passages[f"norm:{norm.id}"].neighbours
        assert f"provision:{norm.instrument}/{norm.article}" in linked
        assert {f"control:{control}" for control in norm.controls} <= set(linked)


def test_interpretations_are_found_by_every_wording(law: Knowledge, passages: dict[str, Passage]) -> None:
    """The first English wording is the title; the others, in every language, are what it is also found by."""
    for one in law.interpretations.values():
        passage = passages[f"interpretation:{one.id}"]
        asked = {wording for wordings in one.questions.values() for wording in wordings}
        assert {passage.title, *passage.also} >= asked


def test_decisions_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A missing or broken ontology is named with its file."""
    with pytest.raises(KnowledgeError, match=r"decisions\.ttl"):
        read_decisions(tmp_path)
    (tmp_path / "ontology").mkdir()
    (tmp_path / "ontology" / "decisions.ttl").write_text("this is no turtle")
    with pytest.raises(KnowledgeError, match=r"decisions\.ttl"):
        read_decisions(tmp_path)


def _texts(library: Library, law: Knowledge) -> Texts:
    return Texts(library, law, OxigraphStore())


def test_official_texts_are_passages_of_their_days(law: Knowledge, tmp_path: Path) -> None:
    """A unit has its exact words, its instrument's jurisdiction, the days of its version and the norms that rest on it."""
    library = open_library(tmp_path)
    first = act("oj", date(2024, 7, 12), ("art-26", "", "Deployers"), ("art-26/par-1", "Deployers obey the words of the maker."))
    second = act("2026-07-27", date(2026, 7, 27), ("art-26", "", "Deployers"), ("art-26/par-1", "Deployers heed the maker."))
    for one in (first, second):
        library.shelf.put(*record_of(one, InstrumentId("eu-ai-act"), "eu-ai-act", NOW))
    found = text_passages(_texts(library, law), law)
    old = next(one for one in found if "obey the words" in one.text)
    assert (old.trust, old.jurisdiction, old.instrument) == (Trust.LAW, "eu", "eu-ai-act")
    assert (old.applies_from, old.applies_until) == (date(2024, 7, 12), date(2026, 7, 26))
    assert "norm:eu-ai-act/art-26-par-1" in old.neighbours
    assert len({one.id for one in found}) == len(found)
    assert "obey the words of the maker." in " ".join(one.text for one in found)


def test_own_policies_stand_apart(law: Knowledge, tmp_path: Path) -> None:
    """A section of an own policy is of its own class of trust and of no instrument."""
    library = open_library(tmp_path)
    document = read(POLICY, "policy.md")
    library.shelf.put(*record_of(document, None, "Model risk policy", NOW))
    found = text_passages(_texts(library, law), law)
    assert {one.trust for one in found} == {Trust.OWN_POLICY}
    assert {one.kind for one in found} == {PassageKind.POLICY}
    assert all(one.instrument is None and one.id.startswith("policy:") for one in found)


def test_damaged_text_is_left_out(law: Knowledge, tmp_path: Path) -> None:
    """A loaded file that is cut off costs its own passages and no others."""
    library = open_library(tmp_path)
    for name in ("Policy one", "Policy two"):
        library.shelf.put(*record_of(read(POLICY, "policy.md"), None, name, NOW))
    file = next(tmp_path.rglob("*one*.text"))
    file.write_bytes(file.read_bytes()[:-20])
    found = text_passages(_texts(open_library(tmp_path), law), law)
    assert {one.context for one in found} == {"Policy two"}
