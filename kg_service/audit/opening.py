"""The database and the journal of an installation, opened as its settings say."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kg_service import __version__
from kg_service.audit.checkpoints import SecondPlace
from kg_service.audit.event import Draft
from kg_service.audit.journal import Journal, Versions, events
from kg_service.audit.keeper import Keeper
from kg_service.audit.keys import Signer, open_signer
from kg_service.database.engine import Database, open_database, sqlite_url
from kg_service.people.model import SYSTEM
from kg_service.settings import Settings

DATABASE_FILE: Final = "sextant.db"
CHECKPOINTS_FILE: Final = "checkpoints.jsonl"
_PACKAGES: Final = ("kg_service", "assistant")  # what answers


def database_url(settings: Settings) -> str:
    """Where the database is: ``SEXTANT_DATABASE``, else a file in ``SEXTANT_DATA``."""
    return settings.database or sqlite_url(settings.data / DATABASE_FILE)


def second_place(settings: Settings) -> SecondPlace:
    """Where checkpoints are written besides: ``SEXTANT_AUDIT_CHECKPOINTS`` (a folder or a file), else ``SEXTANT_DATA``."""
    given = settings.audit_checkpoints
    if not given:
        return SecondPlace(settings.data / CHECKPOINTS_FILE)
    path = Path(given).expanduser()
    return SecondPlace(path / CHECKPOINTS_FILE if path.is_dir() or given.endswith("/") else path)


def open_of(settings: Settings, *, create: bool = True) -> Database:
    """The database of this installation.

    Raises:
        DatabaseError: where it cannot be used.
    """
    return open_database(database_url(settings), create=create)


def open_journal(settings: Settings, database: Database, knowledge_version: str) -> Journal:
    """The journal with what runs beside it; :meth:`Journal.close` ends it. The first one makes the key that signs.

    Raises:
        DatabaseError: where the key or the place of the checkpoints cannot be used.
    """
    signer = open_signer(settings.data)
    second = second_place(settings)
    second.require_writable()
    journal = Journal(database, Versions(knowledge_version, code_version()))
    _introduce(journal, signer)
    keeper = Keeper(journal, signer, second)
    journal.attach(keeper)
    keeper.start()
    return journal


def _introduce(journal: Journal, signer: Signer) -> None:
    """The chain names the public key, so that checkpoints of several installations on one database can be told apart."""
    subject = f"key/{signer.id}"
    with journal.database.reading() as connection:
        if next(events(connection, subject=subject, action="key.introduced", limit=1), None) is not None:
            return
    journal.record(SYSTEM, Draft("key.introduced", subject, after={"algorithm": "Ed25519", "public": signer.public}))


@cache
def code_version() -> str:
    """The version of the package and the first digits of a hash of its sources: what ran is named exactly."""
    total = hashlib.sha256()
    for package in _PACKAGES:
        found = find_spec(package)
        for place in (found.submodule_search_locations or []) if found else []:
            folder = Path(place)
            for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
                content = path.read_bytes()
                total.update(b"%d " % len(content))
                total.update(content)
    return f"{__version__}+{total.hexdigest()[:12]}"
