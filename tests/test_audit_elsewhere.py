"""What an erasure takes out of kept conversations, and what it leaves there."""

from __future__ import annotations

import json
from pathlib import Path

from kg_service.audit.elsewhere import CONVERSATIONS, everywhere
from kg_service.database.engine import open_database, sqlite_url

LONG = "We lend to small firms. " * 60


def test_only_the_erased_question_and_what_followed_it_go_from_conversations(tmp_path: Path) -> None:
    """A question that another one merely begins with is somebody else's and stays; the kept beginning of a very long one goes."""
    folder = tmp_path / CONVERSATIONS
    folder.mkdir()
    asked = {"other": "What applies?", "same": "What applies? We are Anna's bank.", "cut": LONG}
    for name, question in asked.items():
        turns = [{"question": "Hello", "answer": "a"}, {"question": question, "answer": "b"}, {"question": "And?", "answer": "c"}]
        (folder / f"{name}.json").write_text(json.dumps({"turns": turns}), encoding="utf-8")
    database = open_database(sqlite_url(tmp_path / "sextant.db"))
    with database.changing() as connection:
        everywhere(tmp_path)(connection, "answer/1", frozenset({"What applies? We are Anna's bank.", LONG + "And more of it."}))
    database.close()
    left = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["turns"] for name in asked}
    assert [turn["question"] for turn in left["other"]] == ["Hello", "What applies?", "And?"]
    assert [turn["answer"] for turn in left["other"]] == ["a", "b", "c"]
    for name in ("same", "cut"):
        assert [turn["question"] for turn in left[name]] == ["Hello", "[erased]", "And?"]
        assert [turn["answer"] for turn in left[name]] == ["a", "[erased]", "[erased]"]
