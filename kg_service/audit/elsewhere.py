"""Wherever a text that is erased from the audit trail stands besides it: what it was about, kept answers, kept conversations."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from kg_service.audit.erasing import ERASED_TEXT, Elsewhere
from kg_service.database.tables import DEPLOYMENTS, PEOPLE_KEYS, REQUESTS_ONCE, WATCH_DELIVERIES, WATCH_SUBSCRIPTIONS
from kg_service.dossiers.erasing import erase_in_dossier
from kg_service.durable import remove_file, write_file
from kg_service.errors import DatabaseError

CONVERSATIONS: Final = "conversations"  # the folder of SEXTANT_DATA in which the assistant keeps them
_ASIDE: Final = "deployments.imported"  # what an earlier version kept of stored deployments
_CUT: Final = 1_000  # characters; a kept question so long may be the beginning of a longer one
_Eraser: TypeAlias = Callable[[sa.Connection, str, Collection[str]], None]


def everywhere(data: Path) -> Elsewhere:
    """What takes texts out of wherever this installation holds them; ``data`` is its ``SEXTANT_DATA``."""

    def erase(connection: sa.Connection, subject: str, texts: frozenset[str]) -> None:
        kind, _, rest = subject.partition("/")
        eraser = _ERASERS.get(kind)
        if eraser is not None:
            eraser(connection, rest.partition("/")[0], texts)
        _in_kept_answers(connection, texts)
        try:
            if kind == "answer":
                _in_conversations(data / CONVERSATIONS, texts)
            if kind == "deployment":
                remove_file(data / _ASIDE / f"{rest}.json")
        except OSError as error:
            raise DatabaseError(f"{error.filename or data} cannot be written: {error.strerror}; nothing was erased.") from error

    return erase


def _in_deployment(connection: sa.Connection, name: str, texts: Collection[str]) -> None:
    where = DEPLOYMENTS.c.id == name
    content = connection.execute(sa.select(DEPLOYMENTS.c.content).where(where)).scalar()
    record = None if content is None else json.loads(content)
    if record is not None and record.get("name") in texts:
        written = json.dumps(record | {"name": ERASED_TEXT}, indent=2, ensure_ascii=False)
        connection.execute(DEPLOYMENTS.update().where(where).values(content=written))


def _in_key(connection: sa.Connection, name: str, texts: Collection[str]) -> None:
    where = sa.and_(PEOPLE_KEYS.c.id == name, PEOPLE_KEYS.c.name.in_(texts))
    connection.execute(PEOPLE_KEYS.update().where(where).values(name=ERASED_TEXT))


def _in_subscription(connection: sa.Connection, name: str, texts: Collection[str]) -> None:
    """The address is gone, so nothing is sent there any more."""
    table = WATCH_SUBSCRIPTIONS.c
    where = sa.and_(table.id == name, table.url.in_(texts))
    if connection.execute(WATCH_SUBSCRIPTIONS.update().where(where).values(url=ERASED_TEXT)).rowcount:
        waiting = WATCH_DELIVERIES.update().where(WATCH_DELIVERIES.c.subscription == name)
        connection.execute(waiting.values(due=None, problem=None))


_ERASERS: Final[Mapping[str, _Eraser]] = {
    "dossier": erase_in_dossier,
    "deployment": _in_deployment,
    "key": _in_key,
    "subscription": _in_subscription,
}


def _in_kept_answers(connection: sa.Connection, texts: Collection[str]) -> None:
    """Answers that are given again to who repeats a request (``Idempotency-Key``)."""
    table = REQUESTS_ONCE.c
    for row in connection.execute(sa.select(table.actor, table.key, table.answer)).all():
        status, headers, body = json.loads(row.answer)
        told = json.dumps(_cleaned(json.loads(body), texts), ensure_ascii=False)
        if told != json.dumps(json.loads(body), ensure_ascii=False):
            where = sa.and_(table.actor == row.actor, table.key == row.key)
            connection.execute(REQUESTS_ONCE.update().where(where).values(answer=json.dumps([status, headers, told])))


def _cleaned(value: Any, texts: Collection[str]) -> Any:
    if isinstance(value, str):
        return ERASED_TEXT if value in texts else value
    if isinstance(value, dict):
        return {_cleaned(key, texts): _cleaned(part, texts) for key, part in value.items()}
    return [_cleaned(part, texts) for part in value] if isinstance(value, list) else value


def _in_conversations(folder: Path, texts: Collection[str]) -> None:
    """A question that was erased is gone from every kept conversation, and so are the answers from there on: they may repeat it.

    May raise ``OSError``.
    """
    asked = {_folded(text) for text in texts}
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            kept = json.loads(file.read_bytes())
            if _without_question(kept, asked):
                write_file(file, json.dumps(kept, ensure_ascii=False).encode())
        except (ValueError, TypeError, AttributeError):
            continue  # no conversation; the assistant tells whoever asks for it


def _without_question(kept: Any, asked: Collection[str]) -> bool:
    found = False
    for turn in kept.get("turns", []):
        question = _folded(turn.get("question", ""))
        match = question in asked or (len(question) >= _CUT and any(text.startswith(question) for text in asked))
        found = found or match
        if match:
            turn["question"] = ERASED_TEXT
        if found:
            turn["answer"] = ERASED_TEXT
    return found


def _folded(text: str) -> str:
    return " ".join(text.split())
