"""Conversations accumulate facts, give them back, and can be kept and deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.answer import Assistant
from assistant.answering.shelf import Shelf
from assistant.compose import PlainComposer
from assistant.conversation import ConversationStore, begun, continued, from_plain, to_plain, withdrawn
from assistant.model import Conversation
from assistant.passages import passages_of
from assistant.understanding import Reader
from kg_service.applicability.evaluate import Evaluator
from kg_service.errors import DocumentError, InputError, NotFoundError, StoreError
from kg_service.model import FactId, Knowledge, TermId

DAY = date(2026, 11, 23)
BANK = (
    "We are a German bank and want GPT through a US cloud to help loan officers judge consumer credit applications. What applies?"
)


@pytest.fixture(scope="module")
def assistant(law: Knowledge, evaluator: Evaluator, root: Path) -> Assistant:
    return Assistant(evaluator, Reader(law), Shelf(passages_of(law, root)), PlainComposer(evaluator), today=lambda: DAY)


@pytest.fixture(scope="module")
def talk(assistant: Assistant) -> Conversation:
    return continued(begun(), assistant.ask(BANK))


def test_ids_cannot_be_guessed() -> None:
    """Two conversations have nothing in common; an id holds 24 random bytes."""
    ids = {begun().id for _ in range(50)}
    assert len(ids) == 50
    assert min(map(len, ids)) >= 32


def test_facts_accumulate_over_turns(assistant: Assistant, talk: Conversation) -> None:
    """What was said before still holds when more is said."""
    later = continued(talk, assistant.ask("The borrowers live in Germany and France. What applies?", conversation=talk))
    assert later.facts[FactId("institution")] == talk.facts[FactId("institution")]
    assert TermId("fr") in later.facts[FactId("persons_in")]  # type: ignore[operator]
    assert len(later.turns) == 2
    assert len(talk.turns) == 1


def test_what_was_asked_back_is_remembered_until_it_is_answered(assistant: Assistant, talk: Conversation) -> None:
    """The facts asked for stay listed; those answered since do not."""
    assert 1 <= len(talk.asked) <= 3
    assert not set(talk.asked) & set(talk.facts)


def test_facts_can_be_taken_back(talk: Conversation) -> None:
    """After a withdrawal nothing is known of the fact, and the older conversation is what it was."""
    fact = FactId("hosting")
    less = withdrawn(talk, [fact])
    assert fact in talk.facts
    assert fact not in less.facts


def test_words_take_facts_back(assistant: Assistant, talk: Conversation) -> None:
    """ "Forget what I said about hosting" leaves the rest."""
    answer = assistant.ask("Forget what I said about hosting in the US, that is not decided.", conversation=talk)
    assert FactId("hosting_in") in talk.facts
    assert FactId("hosting_in") not in answer.facts
    assert answer.facts[FactId("institution")] == talk.facts[FactId("institution")]


def test_conversation_survives_json(talk: Conversation, law: Knowledge) -> None:
    """What is written is read again: id, facts, day, questions, words and answers."""
    again = from_plain(json.loads(json.dumps(to_plain(replace(talk, as_of=DAY)))), law)
    assert (again.id, dict(again.facts), again.as_of, tuple(again.asked)) == (talk.id, dict(talk.facts), DAY, tuple(talk.asked))
    assert [(turn.question, turn.answer) for turn in again.turns] == [(turn.question, turn.answer) for turn in talk.turns]


@pytest.mark.parametrize("raw", [None, [], {}, {"id": 5}, {"id": "../../etc/passwd"}, {"id": "x" * 30, "turns": 5}])
def test_what_is_no_conversation_is_refused(raw: object, law: Knowledge) -> None:
    """Wrong shapes and ids that are paths are no conversations."""
    with pytest.raises(DocumentError):
        from_plain(raw, law)


def test_facts_of_a_stored_conversation_are_checked(law: Knowledge) -> None:
    """An unknown term in a stored conversation is an error that names it."""
    with pytest.raises(InputError, match="bankk"):
        from_plain({"id": "x" * 30, "facts": {"institution": ["bankk"]}}, law)


def test_conversations_are_kept_and_deleted(tmp_path: Path, talk: Conversation, law: Knowledge) -> None:
    """What was saved is found; what was deleted is gone; the file is its owner's alone."""
    store = ConversationStore(tmp_path / "talks", law)
    store.save(talk)
    assert store.load(talk.id).facts == dict(talk.facts)
    file = next((tmp_path / "talks").iterdir())
    assert file.stat().st_mode & 0o077 == 0
    store.delete(talk.id)
    assert list((tmp_path / "talks").iterdir()) == []
    with pytest.raises(NotFoundError):
        store.load(talk.id)


@pytest.mark.parametrize("name", ["../secret", "a/b", "", "short", "x" * 100])
def test_ids_never_become_other_paths(name: str, tmp_path: Path, law: Knowledge) -> None:
    """An id that is a path, or no id at all, names no conversation."""
    store = ConversationStore(tmp_path, law)
    for act in (store.load, store.delete):
        with pytest.raises(NotFoundError):
            act(name)


def test_damaged_file_says_so(tmp_path: Path, talk: Conversation, law: Knowledge) -> None:
    """A file that is no JSON any more is named as damaged, and can be deleted."""
    store = ConversationStore(tmp_path, law)
    store.save(talk)
    next(tmp_path.iterdir()).write_bytes(b"{")
    with pytest.raises(StoreError, match="damaged"):
        store.load(talk.id)
    store.delete(talk.id)
