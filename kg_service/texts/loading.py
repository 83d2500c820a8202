"""Loading files: each is read in a child process, recognised, and kept whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from kg_service.errors import DocumentError, InputError, Problem, SextantError
from kg_service.imports.model import Document
from kg_service.imports.protocol import MAX_BYTES
from kg_service.model import Knowledge
from kg_service.texts.recognise import instrument_named, instrument_of
from kg_service.texts.record import LoadedText, record_of
from kg_service.texts.shelf import Shelf

_MOST_FILES: Final = 2_000


class Reads(Protocol):
    """What reads a file: :class:`kg_service.imports.isolation.Reader`."""

    def read(self, content: bytes, name: str, importer: str | None = None) -> Document: ...


class Outcome(StrEnum):
    NEW = "new"
    SAME = "same"
    REPLACED = "replaced"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one file. ``KEPT``: another file of the same version was there and stays; ``text`` is that one."""

    file: str
    outcome: Outcome
    text: LoadedText | None = None
    document: Document | None = None
    error: SextantError | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What whoever loads decides: whose text it is, since when it holds, and whether it takes the place of another file."""

    instrument: str | None = None
    policy: str | None = None
    importer: str | None = None
    valid_from: date | None = None
    replace: bool = False


def load_files(
    paths: Iterable[Path],
    knowledge: Knowledge,
    shelf: Shelf,
    reader: Reads,
    choices: Choices,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Loaded]:
    """What became of each file, in order. A file that is refused leaves nothing behind and stops no other.

    Raises:
        InputError: where a path does not exist, or there are too many files.
        StoreError: where nothing can be written.
    """
    files = list(files_of(paths))
    for number, file in enumerate(files, 1):
        tell(f"{number}/{len(files)} {file.name} ...")
        try:
            yield _load(file, knowledge, shelf, reader, choices, now)
        except (InputError, OSError) as error:
            told = error if isinstance(error, InputError) else _unreadable(file, error)
            yield Loaded(str(file), Outcome.REFUSED, error=told)


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files at ``paths``; of a folder every file in and below it whose name does not begin with a full stop.

    Raises:
        InputError: where there is nothing at a path, or more files than are read in one go.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file())
            found.update((one, None) for one in inside if not any(part.startswith(".") for part in one.relative_to(path).parts))
        elif path.is_file():
            found[path] = None
        else:
            raise InputError([Problem(str(path), "no-file", "there is no file or folder of this name.")])
        if len(found) > _MOST_FILES:
            raise InputError([Problem(str(path), "too-many-files", f"more than {_MOST_FILES} files are not loaded in one go.")])
    yield from found


def _load(file: Path, knowledge: Knowledge, shelf: Shelf, reader: Reads, choices: Choices, now: datetime) -> Loaded:
    content = _content(file)
    document = reader.read(content, file.name, choices.importer)
    if not any(unit.text for unit in document.units):
        raise DocumentError([Problem(file.name, "no-text", "there is no text in the file.")])
    if choices.policy is not None:
        record, document = record_of(document, None, choices.policy, now, choices.valid_from)
    else:
        chosen = instrument_named(choices.instrument, knowledge) if choices.instrument else instrument_of(document, knowledge)
        record, document = record_of(document, chosen.id, chosen.short_title, now, choices.valid_from)
    held = shelf.all().get(record.key)
    if held is not None and _same(held, record):
        return Loaded(str(file), Outcome.SAME, held, document)
    if held is not None and not choices.replace:
        return Loaded(str(file), Outcome.KEPT, held, document)
    shelf.put(record, document)
    return Loaded(str(file), Outcome.NEW if held is None else Outcome.REPLACED, record, document)


def _same(held: LoadedText, record: LoadedText) -> bool:
    return (held.sha256, held.instrument, held.valid_from, held.format) == (
        record.sha256,
        record.instrument,
        record.valid_from,
        record.format,
    )


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DocumentError([Problem(file.name, "too-large", f"the file is larger than the {MAX_BYTES:,} bytes that are read.")])
    return content


def _unreadable(file: Path, error: OSError) -> InputError:
    return DocumentError([Problem(str(file), "unreadable", f"it cannot be read: {error.strerror or error}.")])
