"""Loaded texts on disk: whole or not at all, the same once, damage told, the version of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from official_texts import EU, needs_official_files
from texts_sample import act

from kg_service.errors import DocumentError, InputError, NotFoundError, StoreError
from kg_service.imports import registry
from kg_service.imports.isolation import Reader
from kg_service.imports.model import Document
from kg_service.model import InstrumentId, Knowledge
from kg_service.texts.library import Library, at, last_day, open_library, required
from kg_service.texts.loading import Choices, Outcome, files_of, load_files
from kg_service.texts.recognise import instrument_named, instrument_of
from kg_service.texts.record import LoadedText, from_json, record_of, to_json

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AI_ACT = InstrumentId("eu-ai-act")


class InProcess:
    """Reads without a child process; the child has tests of its own."""

    def read(self, content: bytes, name: str, importer: str | None = None) -> Document:
        return registry.read(content, name, importer)


def kept(library: Library, document: Document) -> LoadedText:
    record, named = record_of(document, AI_ACT, "AI Act", NOW)
    library.shelf.put(record, named)
    return record


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return open_library(tmp_path)


def test_text_comes_back_as_it_was(library: Library) -> None:
    """What was put on the shelf is read again by another process, unit for unit."""
    document = act("2026-07-27", date(2026, 7, 27), ("art-1", "It applies.", "Start"), ("art-1/par-2", "More."))
    record = kept(library, document)
    again = Library(library.shelf.__class__(library.shelf._path))
    assert again.all() == {record.key: record}
    assert again.document(record).units == document.units


def test_record_keeps_every_field() -> None:
    """A record survives its own form as JSON."""
    record, _ = record_of(act("oj", date(2024, 7, 12), ("art-1", "x")), AI_ACT, "AI Act", NOW)
    assert from_json(to_json(record, "00")) == (record, "00")


def test_damaged_text_is_told(library: Library) -> None:
    """A single changed byte of the units is found by the hash."""
    record = kept(library, act("oj", date(2024, 7, 12), ("art-1", "It applies.")))
    (file,) = (library.shelf._path).glob("*.text")
    file.write_bytes(file.read_bytes().replace(b"applies", b"applied"))
    with pytest.raises(StoreError, match="damaged"):
        library.document(record)


def test_file_that_is_no_record_is_left_out(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    """A file that cannot be read is told in the log and hides no other."""
    record = kept(library, act("oj", date(2024, 7, 12), ("art-1", "It applies.")))
    (library.shelf._path / "a~b.text").write_bytes(b"{}\n")
    assert list(library.all()) == [record.key]
    assert "a~b.text" in caplog.text


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2024, 7, 11), None),
        (date(2024, 7, 12), "oj"),
        (date(2026, 7, 26), "oj"),
        (date(2026, 7, 27), "2026-07-27"),
        (date(2030, 1, 1), "2026-07-27"),
    ],
)
def test_version_of_a_day(library: Library, day: date, version: str | None) -> None:
    """Regulation (EU) 2026/1744 applies from 27 July 2026: the day before, the text of 2024 is the text."""
    for name, start in (("2026-07-27", date(2026, 7, 27)), ("oj", date(2024, 7, 12))):
        kept(library, act(name, start, ("art-1", name)))
    versions = library.versions(AI_ACT)
    found = at(versions, day)
    assert (found and found.version) == version
    assert [last_day(versions, each) for each in versions] == [date(2026, 7, 26), None]


def test_ended_version_is_not_the_text_of_later_days(library: Library) -> None:
    """Where a text says when it ends and no other follows, no text is known for later days."""
    record, _ = record_of(act("oj", date(2024, 7, 12), ("art-1", "x")), AI_ACT, "AI Act", NOW)
    ended = LoadedText(**{name: getattr(record, name) for name in record.__slots__} | {"valid_until": date(2025, 1, 1)})
    assert at((ended,), date(2025, 1, 1)) == ended
    assert at((ended,), date(2025, 1, 2)) is None


def test_text_that_is_not_loaded_is_told(library: Library) -> None:
    """Asking for an instrument without a text names those that have one."""
    kept(library, act("oj", date(2024, 7, 12), ("art-1", "x")))
    with pytest.raises(NotFoundError, match="eu-ai-act"):
        required(library, InstrumentId("eu-ai-atc"))


@needs_official_files
def test_loading_twice_changes_nothing(library: Library, law: Knowledge) -> None:
    """The same file again leaves every byte on the shelf as it was; another file of the same version is not taken instead."""
    file, other = EU / "GDPR_02016R0679-20160504.fmx4.xml", EU / "GDPR_02016R0679-20160504.html"

    def load(path: Path, **more: bool) -> list[Outcome]:
        return [one.outcome for one in load_files([path], law, library.shelf, InProcess(), Choices(**more), NOW)]

    assert load(file) == [Outcome.NEW]
    before = {path: path.read_bytes() for path in library.shelf._path.iterdir()}
    assert load(file) == [Outcome.SAME]
    assert load(other) == [Outcome.KEPT]
    assert {path: path.read_bytes() for path in library.shelf._path.iterdir()} == before
    assert load(other, replace=True) == [Outcome.REPLACED]


@needs_official_files
@pytest.mark.parametrize("cut", [100, 50_000, -400])
def test_broken_file_leaves_nothing_behind(library: Library, law: Knowledge, tmp_path: Path, cut: int) -> None:
    """A file that breaks off is refused with its name, and the shelf is as it was before."""
    broken = tmp_path / "broken.xml"
    broken.write_bytes((EU / "GDPR_02016R0679-20160504.fmx4.xml").read_bytes()[:cut])
    with Reader() as reader:
        (found,) = load_files([broken], law, library.shelf, reader, Choices(), NOW)
    assert found.outcome is Outcome.REFUSED
    assert isinstance(found.error, DocumentError)
    assert "broken.xml" in str(found.error)
    assert library.all() == {}
    assert not library.shelf._path.exists() or list(library.shelf._path.iterdir()) == []


def test_failed_write_leaves_nothing_behind(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk refuses in the middle, no part of the text stays."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        kept(library, act("oj", date(2024, 7, 12), ("art-1", "x")))
    assert list(library.shelf._path.iterdir()) == []


def test_instrument_is_recognised_by_celex(law: Knowledge) -> None:
    """CELEX 32024R1689 is the AI Act, under whichever version."""
    assert instrument_of(act("oj", date(2024, 7, 12), ("art-1", "x")), law).id == AI_ACT
    assert instrument_named("32016R0679", law).id == "eu-gdpr"


def test_stranger_is_refused_with_its_name(law: Knowledge) -> None:
    """A text of no instrument of the registry is named by its CELEX number."""
    document = act("oj", date(2024, 7, 12), ("art-1", "x"))
    stranger = Document(**{**vars(document), "identity": type(document.identity)("32024R0903", "Interoperable", "32024R0903")})
    with pytest.raises(InputError, match="32024R0903"):
        instrument_of(stranger, law)


def test_folder_gives_its_files_without_hidden_ones(tmp_path: Path) -> None:
    """A folder is read with what is below it; names that begin with a full stop are left out."""
    for name in ("b.html", "a/c.xml", ".hidden", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in files_of([tmp_path, tmp_path / "b.html"])] == ["c.xml", "b.html"]
    with pytest.raises(InputError, match="no file"):
        list(files_of([tmp_path / "absent"]))


@pytest.mark.parametrize(
    ("file", "instrument"),
    [
        ("uk/PRA-SS1-23.html", "pra-ss1-23"),
        ("uk/PRA-SS2-21.html", "pra-ss2-21"),
        ("us/regml-1002/2017-20417_20180101.xml", "us-reg-b"),
        ("eu/Omnibus-AI_32026R1744_oj.xhtml", "eu-digital-omnibus-ai"),
    ],
)
def test_official_files_are_recognised(shared: Path, law: Knowledge, file: str, instrument: str) -> None:
    """Supervisory statements by their number, rules of the CFPB by their citation, acts of the Union by CELEX."""
    path = shared / "data" / "official" / file
    assert instrument_of(registry.read(path.read_bytes(), path.name), law).id == instrument
