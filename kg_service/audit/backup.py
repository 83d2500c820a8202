"""One file with everything that cannot be rebuilt, and back. The form is the same for SQLite and PostgreSQL.

A tar: ``manifest.json`` first, which names every other member with its size and SHA-256; ``tables/*.jsonl``, all of one moment;
``checkpoints.jsonl``; ``data/...``, the files of ``SEXTANT_DATA``. The private key that signs checkpoints is not in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import sqlalchemy as sa

from kg_service.audit.checkpoints import SecondPlace
from kg_service.audit.event import Draft, Event
from kg_service.audit.export import checkpoint_lines
from kg_service.audit.journal import Head, Journal, head
from kg_service.audit.keys import KEY_FILE, PUBLIC_FILE
from kg_service.audit.opening import CHECKPOINTS_FILE, DATABASE_FILE
from kg_service.audit.verify import verify
from kg_service.database import dump, schema
from kg_service.database.engine import Database
from kg_service.durable import write_file
from kg_service.errors import InputError, Problem
from kg_service.people.model import Principal

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_MOST_MANIFEST: Final = 50_000_000
_NOT_DATA: Final = (DATABASE_FILE, KEY_FILE, PUBLIC_FILE, CHECKPOINTS_FILE, "restored-over")


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup holds."""

    head: Head
    rows: int
    files: int
    size: int


def write_backup(database: Database, second: SecondPlace, data: Path, file: Path) -> Made:
    """``file`` holds the state of one moment, while others go on writing. It is whole or not there.

    Raises:
        InputError: where the file is there already or cannot be written.
        DatabaseError: where the database cannot be read.
    """
    if file.exists():
        raise _problem(file, "exists", "there is such a file already; name another.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".sextant-backup-", dir=file.parent) as scratch:
            made = _write(database, second, data, Path(scratch), file)
    except OSError as error:
        raise _problem(file, "unwritable", f"it cannot be written: {error.strerror or error}.") from error
    return made


def _write(database: Database, second: SecondPlace, data: Path, scratch: Path, file: Path) -> Made:
    members: dict[str, Path] = {}
    counts: dict[str, int] = {}
    with database.reading() as connection:
        found = head(connection)
        for table in dump.tables():
            part = scratch / f"{table.name}.jsonl"
            with part.open("wb") as opened:
                counts[table.name] = sum(bool(opened.write(line)) for line in dump.rows(connection, table))
            members[f"tables/{table.name}.jsonl"] = part
        part = scratch / CHECKPOINTS_FILE
        part.write_bytes(b"".join(checkpoint_lines(connection, second)))
        members[CHECKPOINTS_FILE] = part
    kept = list(_data_files(data))  # after the rows: what they speak of is there
    members |= {f"data/{one.relative_to(data).as_posix()}": one for one in kept}
    manifest = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(),
        "schema": schema.head(),
        "head": {"seq": found.seq, "hash": found.hash},
        "rows": counts,
        "members": {name: {"size": path.stat().st_size, "sha256": _hash(path)} for name, path in members.items()},
    }
    aside = scratch / "whole.tar"
    with tarfile.open(aside, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, MANIFEST, json.dumps(manifest, indent=1).encode())
        for name, path in members.items():
            archive.add(path, name, recursive=False, filter=_plain)
    with aside.open("rb") as opened:
        os.fsync(opened.fileno())
    aside.chmod(0o600)
    os.link(aside, file)  # fails where the name was taken meanwhile
    return Made(found, sum(counts.values()), len(kept), file.stat().st_size)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and what it replaced."""

    head: Head
    before: Head
    rows: int
    files: int
    event: Event


def restore_backup(journal: Journal, second: SecondPlace, data: Path, file: Path, actor: Principal, *, force: bool) -> Restored:
    """The database holds what the backup holds, and one event more that says so; all or nothing.

    The chain of the backup is verified before anything is replaced. Checkpoints of what was replaced are put aside.

    Raises:
        InputError: where the file is no backup or is damaged, its chain is not whole, or something is there and ``force`` is not
            given.
        DatabaseError: where the database cannot be written.
    """
    try:
        with tarfile.open(file, "r:") as archive, tempfile.TemporaryDirectory(prefix="sextant-restore-") as scratch:
            unpacked = _unpack(archive, Path(scratch), file)
            return _restore(journal, second, data, file, actor, unpacked, force=force)
    except tarfile.TarError as error:
        raise _problem(file, "not-a-backup", "it is no backup: 'sextant backup' writes them.") from error
    except OSError as error:
        raise _problem(file, "unreadable", f"it cannot be read or put back: {error.strerror or error}.") from error


def _restore(
    journal: Journal, second: SecondPlace, data: Path, file: Path, actor: Principal, unpacked: _Unpacked, *, force: bool
) -> Restored:
    part = SecondPlace(unpacked.folder / CHECKPOINTS_FILE)
    with journal.database.changing() as connection:
        before = head(connection)
        if not force and not _is_new(connection):
            told = f"the database holds {before.seq} events already; --force replaces them, after a backup of them."
            raise InputError([Problem("--force", "not-empty", told)])
        dump.empty(connection)
        try:
            count = sum(dump.fill(connection, table, unpacked.lines(table.name)) for table in dump.tables())
        except (ValueError, KeyError, sa.exc.IntegrityError, sa.exc.DataError) as error:
            raise _problem(file, "not-a-backup", f"its rows do not fit this version: {str(error)[:120]}.") from error
        found = verify(connection, part)
        if found.flaws:
            raise _problem(file, "chain-broken", f"its audit trail is not whole, so nothing was replaced: {found.flaws[0]}.")
        restored = head(connection)
        second_before = second.file.read_bytes() if second.file.exists() else b""
        draft = Draft(
            "database.restored",
            "database",
            before={"seq": before.seq, "hash": before.hash},
            after={"seq": restored.seq, "hash": restored.hash},
            inputs={"backup": f"sha256:{_hash(file)}"},
        )
        event = journal.append(connection, actor, draft)
        for name in unpacked.data:
            write_file(data / name, (unpacked.folder / "data" / name).read_bytes())
    if second_before and second_before != part.file.read_bytes():
        aside = second.file.with_name(f"{second.file.name}.until-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        write_file(aside, second_before)
    write_file(second.file, part.file.read_bytes())
    return Restored(restored, before, count, len(unpacked.data), event)


def _is_new(connection: sa.Connection) -> bool:
    """Whether nobody has done anything yet: but for the event of the key, the tables are empty."""
    for table in dump.tables():
        most = 1 if table.name in ("audit_events", "audit_checkpoints") else 0
        if (connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()) > most:
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Unpacked:
    folder: Path
    data: tuple[str, ...]

    def lines(self, table: str) -> Iterator[bytes]:
        part = self.folder / "tables" / f"{table}.jsonl"
        if part.exists():  # a table that came with a later version is empty
            with part.open("rb") as opened:
                yield from opened


def _unpack(archive: tarfile.TarFile, folder: Path, file: Path) -> _Unpacked:
    """The members that the manifest names, each as its hash says; no name leads out of ``folder``."""
    first = archive.next()
    if first is None or first.name != MANIFEST or first.size > _MOST_MANIFEST:
        raise _problem(file, "not-a-backup", "it is no backup: 'sextant backup' writes them.")
    try:
        manifest: Any = json.loads(_opened(archive, first, file).read())
        named = {str(name): (int(one["size"]), str(one["sha256"])) for name, one in manifest["members"].items()}
        wrote, form = str(manifest["schema"]), int(manifest["format"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _problem(file, "not-a-backup", "its manifest cannot be read.") from error
    if form != FORMAT or wrote > schema.head():
        raise _problem(file, "too-new", f"a newer version wrote it (schema {wrote}, this one knows {schema.head()}).")
    missing = dict(named)
    while (member := archive.next()) is not None:
        path = PurePosixPath(member.name)
        if member.name not in missing or not member.isreg() or path.is_absolute() or ".." in path.parts:
            raise _problem(file, "damaged", f"it has a member that its manifest does not name: {member.name[:100]!a}.")
        size, digest = missing.pop(member.name)
        target = folder.joinpath(*path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as opened:
            total = _copy(_opened(archive, member, file), opened)
        if member.size != size or total != digest:
            raise _problem(file, "damaged", f"its member {member.name[:100]!a} is not as its manifest says.")
    if missing:
        raise _problem(file, "damaged", f"its member {next(iter(missing))[:100]!a} is missing.")
    return _Unpacked(folder, tuple(name.removeprefix("data/") for name in named if name.startswith("data/")))


def _data_files(data: Path) -> Iterator[Path]:
    """The files of the installation besides the database; what is being written at the moment begins with a dot."""
    if not data.is_dir():
        return
    for path in sorted(data.rglob("*")):
        parts = path.relative_to(data).parts
        hidden = any(part.startswith(".") for part in parts) or parts[0].startswith(_NOT_DATA)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> IO[bytes]:
    opened = archive.extractfile(member)
    if opened is None:
        raise _problem(file, "damaged", f"its member {member.name[:100]!a} is no file.")
    return opened


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    total = hashlib.sha256()
    while chunk := source.read(1 << 20):
        total.update(chunk)
        target.write(chunk)
    return total.hexdigest()


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _problem(file: Path, code: str, told: str) -> InputError:
    return InputError([Problem(str(file), code, told)])
