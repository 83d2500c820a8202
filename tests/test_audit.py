"""The audit trail: events with their changes, a chain that RFC 8785 and SHA-256 define, notes that can go, readings beside."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_service.audit import standalone
from kg_service.audit.canonical import canonical, parse
from kg_service.audit.checkpoints import SecondPlace
from kg_service.audit.erasing import erase
from kg_service.audit.event import Draft, Event
from kg_service.audit.export import checkpoint_lines, lines
from kg_service.audit.journal import Journal, Versions, events, get, head, notes_of
from kg_service.audit.keeper import Keeper
from kg_service.audit.keys import open_signer
from kg_service.audit.verify import Verified, verify
from kg_service.database.engine import Database
from kg_service.database.tables import AUDIT_EVENTS, AUDIT_NOTES
from kg_service.errors import DatabaseError, InputError, NotFoundError
from kg_service.people.model import LOCAL, Principal, Role

NOW = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)
ANNA = Principal("anna", "Anna A.", frozenset({Role.ANALYST}))


class Clock:
    """Shows what it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(database: Database, clock: Clock) -> Journal:
    return Journal(database, Versions("k" * 64, "0.1.0+test"), clock)


@pytest.fixture
def kept(journal: Journal, tmp_path: Path) -> Iterator[Journal]:
    """A journal with readings and checkpoints beside it; the second place is ``checkpoints.jsonl``."""
    keeper = Keeper(journal, open_signer(tmp_path), SecondPlace(tmp_path / "checkpoints.jsonl"))
    journal.attach(keeper)
    journal.record(LOCAL, Draft("key.introduced", "key/own", after={"public": open_signer(tmp_path).public}))
    keeper.start()
    yield journal
    journal.close()


def verified(journal: Journal, folder: Path) -> Verified:
    with journal.database.reading() as connection:
        return verify(connection, SecondPlace(folder / "checkpoints.jsonl"), [open_signer(folder).public])


def rows(journal: Journal) -> list[Any]:
    with journal.database.reading() as connection:
        return list(connection.execute(sa.select(AUDIT_EVENTS).order_by(AUDIT_EVENTS.c.seq)))


def test_hash_is_sha256_of_rfc_8785(journal: Journal) -> None:
    """The stored hash is SHA-256 over the RFC 8785 form of the content, and the next event holds it."""
    for number in range(3):
        journal.record(ANNA, Draft("thing.changed", "thing/1", {"n": number}, {"n": number + 0.5}, {"file": "sha256:ab"}))
    previous = "0" * 64
    for row in rows(journal):
        content = json.loads(row.content)
        assert row.content.encode() == rfc8785.dumps(content)
        assert row.hash == hashlib.sha256(rfc8785.dumps(content)).hexdigest()
        assert content["previous"] == previous
        previous = row.hash


def test_event_says_who_when_what_and_with_which_versions(journal: Journal) -> None:
    """All that the caller and the journal know stands in the event that comes back and in the one read later."""
    made = journal.record(ANNA, Draft("fact.set", "dossier/a", {"v": None}, {"v": ["x"]}, {"policy": "sha256:00"}, {"why": "ö"}))
    with journal.database.reading() as connection:
        assert get(connection, 1) == made
    assert (made.seq, made.at, made.actor, made.action, made.subject) == (1, NOW, "anna", "fact.set", "dossier/a")
    assert (made.before, made.after, made.inputs) == ({"v": None}, {"v": ["x"]}, {"policy": "sha256:00"})
    assert (made.knowledge_version, made.code_version) == ("k" * 64, "0.1.0+test")


def test_change_and_event_are_one(journal: Journal) -> None:
    """Where the change fails after its event was appended, there is neither."""

    def change() -> None:
        with journal.database.changing() as connection:
            journal.append(connection, LOCAL, Draft("thing.changed", "thing/1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert rows(journal) == []


def test_event_outside_a_change_is_a_bug(journal: Journal) -> None:
    """An event cannot be appended where it might be committed without its change."""
    with journal.database.reading() as connection, pytest.raises(RuntimeError):
        journal.append(connection, LOCAL, Draft("thing.changed", "thing/1"))


def test_clock_that_jumps_back_is_noted(journal: Journal, clock: Clock) -> None:
    """The order is that of the numbers; how far the clock stood behind is in the event."""
    journal.record(LOCAL, Draft("thing.changed", "thing/1"))
    clock.now -= timedelta(minutes=5)
    second = journal.record(LOCAL, Draft("thing.changed", "thing/1"))
    assert (second.seq, second.at, second.clock_behind_ms) == (2, clock.now, 300_000)


@pytest.mark.parametrize(
    "draft",
    [
        Draft("Thing", "thing/1"),
        Draft("thing.changed", ""),
        Draft("thing.changed", "a\nb"),
        Draft("thing.changed", "thing/1", after={"n": float("nan")}),
        Draft("thing.changed", "thing/1", after={"n": 2**60}),
        Draft("thing.changed", "thing/1", after="\ud800"),
        Draft("thing.changed", "thing/1", notes={"why": "a\0b"}),
        Draft("thing.changed", "thing/1", notes={"why": "\udfff"}),
        Draft("thing.changed", "thing/1", notes={"a b": "text"}),
    ],
    ids=lambda draft: repr(draft)[:40],
)
def test_what_cannot_be_written_is_told(journal: Journal, draft: Draft) -> None:
    """Bad content is refused before anything is written."""
    with pytest.raises(InputError):
        journal.record(LOCAL, draft)
    assert rows(journal) == []


def test_note_is_chained_by_its_keyed_hash_alone(journal: Journal) -> None:
    """The text stands in no content; HMAC-SHA256 with the key beside it gives what is chained; equal texts differ in hash."""
    for _ in range(2):
        journal.record(LOCAL, Draft("thing.changed", "thing/1", notes={"why": "Mr Smith asked"}))
    contents = [json.loads(row.content) for row in rows(journal)]
    assert "Smith" not in json.dumps(contents)
    with journal.database.reading() as connection:
        notes = list(connection.execute(sa.select(AUDIT_NOTES).order_by(AUDIT_NOTES.c.seq)))
    made = [hmac.new(bytes.fromhex(note.key), note.text.encode(), "sha256").hexdigest() for note in notes]
    assert [content["notes"]["why"] for content in contents] == [f"hmac-sha256:{one}" for one in made]
    assert made[0] != made[1]


def test_erased_text_is_gone_and_the_chain_whole(kept: Journal, tmp_path: Path) -> None:
    """After an erasure the text is in no file, both verifiers call the trail whole, and an event tells who and why."""
    secret = "Frau Müller, Zimmer 12"
    event = kept.record(ANNA, Draft("thing.changed", "thing/1", notes={"why": secret, "more": "harmless"}))
    told = erase(kept, ANNA, event.seq, ["why"], "asked for under Art 17")
    assert (told.action, told.actor, told.after) == ("note.erased", "anna", {"seq": event.seq, "fields": ["why"]})
    with kept.database.reading() as connection:
        assert notes_of(connection, event.seq) == {"more": "harmless"}
        exported = list(lines(connection))
    kept.close()
    assert verified(kept, tmp_path).flaws == ()
    assert standalone.verify(exported, [], [])[2] == []
    if kept.database.file is not None:
        files = [file for file in kept.database.file.parent.iterdir() if file.name.startswith(kept.database.file.name)]
        assert not any(secret.encode() in file.read_bytes() for file in files)


def test_text_that_vanishes_without_an_erasure_is_found(kept: Journal, tmp_path: Path) -> None:
    """A note deleted past the journal is a flaw of its event."""
    event = kept.record(ANNA, Draft("thing.changed", "thing/1", notes={"why": "x"}))
    with kept.database.changing() as connection:
        connection.execute(AUDIT_NOTES.delete())
    kept.close()
    assert [flaw.seq for flaw in verified(kept, tmp_path).flaws] == [event.seq]


@pytest.mark.parametrize(("seq", "fields", "reason"), [(1, [], " "), (9, [], "x"), (1, ["whi"], "x"), (2, [], "x")])
def test_wrong_erasure_is_told(journal: Journal, seq: int, fields: list[str], reason: str) -> None:
    """No reason, no such event, no such note: refused, and nothing is erased."""
    journal.record(ANNA, Draft("thing.changed", "thing/1", notes={"why": "x"}))
    journal.record(ANNA, Draft("thing.changed", "thing/1"))
    with pytest.raises((InputError, NotFoundError)):
        erase(journal, ANNA, seq, fields, reason)
    with journal.database.reading() as connection:
        assert notes_of(connection, 1) == {"why": "x"}


def test_events_are_found_by_subject_action_and_person(journal: Journal) -> None:
    """A subject finds what lies under it, and not what only begins alike."""
    subjects = ("dossier/a", "dossier/a/decision/2", "dossier/ab", "dossier/a%", "dossier/b")
    for actor, subject in zip((ANNA, LOCAL, ANNA, LOCAL, ANNA), subjects, strict=True):
        journal.record(actor, Draft("thing.changed", subject))
    journal.record(ANNA, Draft("thing.removed", "dossier/a"))

    def found(**words: Any) -> list[int]:
        with journal.database.reading() as connection:
            return [event.seq for event in events(connection, **words)]

    assert found(subject="dossier/a") == [1, 2, 6]
    assert found(subject="dossier/a%") == [4]
    assert found(actor="anna", action="thing.changed") == [1, 3, 5]
    assert found(after=2, limit=2) == [3, 4]
    assert found(limit=2, newest=True) == [6, 5]


def until(done: Callable[[], bool]) -> None:
    """Waits for the thread beside; fails after a generous time."""
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_readings_are_written_beside(kept: Journal) -> None:
    """Readings come into the chain without the caller's waiting, in the order in which they were noted."""
    assert all(kept.note_reading(ANNA, Draft("assessment.run", f"assessment/{n}")) for n in range(700))
    kept.close()
    assert [row.subject for row in rows(kept)][1:] == [f"assessment/{n}" for n in range(700)]


def test_reading_that_cannot_be_written_spares_the_others(kept: Journal) -> None:
    """One bad reading is missed and counted by an event; those beside it are written."""
    for value in (1, float("inf"), 2):
        kept.note_reading(ANNA, Draft("assessment.run", "assessment/1", after=value))
    until(lambda: len(rows(kept)) >= 3)
    kept.note_reading(ANNA, Draft("assessment.run", "assessment/1", after=3))
    kept.close()
    found = [json.loads(row.content) for row in rows(kept)][1:]
    assert [(one["action"], one["after"]) for one in found] == [
        ("assessment.run", 1),
        ("assessment.run", 2),
        ("reading.missed", {"count": 1}),
        ("assessment.run", 3),
    ]


def test_readings_go_on_where_the_log_cannot_be_written(kept: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change is refused, a reading is not; when the log can be written again the readings are in it."""
    if kept.database.file is None:
        pytest.skip("a file that is gone is SQLite's trouble")
    file, aside = kept.database.file, kept.database.file.with_name("aside")
    file.rename(aside)
    with pytest.raises(DatabaseError, match="nothing is written"):
        kept.record(LOCAL, Draft("thing.changed", "thing/1"))
    assert kept.note_reading(ANNA, Draft("assessment.run", "assessment/1"))
    aside.rename(file)
    kept.close()
    assert [row.action for row in rows(kept)] == ["key.introduced", "assessment.run"]


def test_noting_without_a_keeper_never_raises(journal: Journal) -> None:
    """A journal alone writes at once, and says where it could not."""
    assert journal.note_reading(ANNA, Draft("assessment.run", "assessment/1"))
    assert not journal.note_reading(ANNA, Draft("assessment.run", "assessment/1", after=float("nan")))
    assert len(rows(journal)) == 1


def test_closing_leaves_a_checkpoint_of_the_head(kept: Journal, tmp_path: Path) -> None:
    """The last event is confirmed in both places, by a signature that the public key verifies."""
    kept.record(LOCAL, Draft("thing.changed", "thing/1"))
    kept.close()
    found = verified(kept, tmp_path)
    assert (found.events, found.confirmed, found.flaws, found.remarks) == (2, 2, (), ())
    with kept.database.reading() as connection:
        stored = list(checkpoint_lines(connection, SecondPlace(tmp_path / "nowhere")))
    assert stored[-1] == (tmp_path / "checkpoints.jsonl").read_bytes().splitlines(keepends=True)[-1]


def test_checkpoint_is_signed_as_the_standard_says(kept: Journal, tmp_path: Path) -> None:
    """Ed25519 over the RFC 8785 form of the checkpoint without its signature."""
    kept.close()
    found = json.loads((tmp_path / "checkpoints.jsonl").read_bytes().splitlines()[-1])
    signature = bytes.fromhex(found.pop("signature"))
    public = bytes.fromhex(open_signer(tmp_path).public)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(public).verify(signature, rfc8785.dumps(found))


def test_another_trail_with_another_key_is_found(kept: Journal, tmp_path: Path) -> None:
    """Who writes the whole trail anew, with a key of their own, is found by whoever has the public key."""
    kept.close()
    with kept.database.reading() as connection:
        found = verify(connection, SecondPlace(tmp_path / "checkpoints.jsonl"), ["ab" * 32])
    assert any("key that you trust" in flaw.why for flaw in found.flaws)


def test_key_is_private_and_made_once(tmp_path: Path) -> None:
    """Two that open the key get the same one, and nobody else can read it."""
    one, two = open_signer(tmp_path), open_signer(tmp_path)
    assert one.public == two.public
    assert (tmp_path / "audit-key.pem").stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in repr(one) + (tmp_path / "audit-key.pub").read_text()


def test_damaged_key_is_told(tmp_path: Path) -> None:
    """A key that cannot be read stops the start, with what to do."""
    (tmp_path / "audit-key.pem").write_text("nothing")
    with pytest.raises(DatabaseError, match="put it aside"):
        open_signer(tmp_path)


def test_second_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The setting is named before anything starts."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="SEXTANT_AUDIT_CHECKPOINTS"):
        SecondPlace(tmp_path / "file" / "checkpoints.jsonl").require_writable()


def test_line_that_a_crash_left_unfinished_goes(kept: Journal, tmp_path: Path) -> None:
    """A torn line at the end of the second place is replaced by the next checkpoint."""
    second = tmp_path / "checkpoints.jsonl"
    second.write_bytes(b'{"at":"2026')
    kept.record(LOCAL, Draft("thing.changed", "thing/1"))
    kept.close()
    assert verified(kept, tmp_path).flaws == ()


# RFC 8032, section 7.1, test 3; RFC 8785, appendix B.
def test_plain_ed25519_follows_rfc_8032() -> None:
    """The verifier without packages accepts the RFC's signature, and none with a bit changed."""
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert standalone.signed_plainly(public, bytes.fromhex("af82"), signature)
    assert not standalone.signed_plainly(public, bytes.fromhex("af83"), signature)
    for bit in range(0, 512, 7):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not standalone.signed_plainly(public, bytes.fromhex("af82"), bytes(changed))


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=200))
def test_plain_ed25519_agrees_with_the_package(content: bytes) -> None:
    """What `cryptography` signs, the plain verifier accepts."""
    key = Ed25519PrivateKey.generate()
    assert standalone.signed_plainly(key.public_key().public_bytes_raw(), content, key.sign(content))


jsons = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(jsons)
def test_plain_canonical_json_agrees_with_the_package(value: object) -> None:
    """The verifier's own RFC 8785 writing gives the same bytes as the package's, for any JSON."""
    try:
        expected = rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError:
        return
    assert standalone.canonical(standalone.read(expected)) == expected == canonical(parse(expected))


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000001", "9007199254740994"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_the_appendix_of_rfc_8785_has_them(bits: str, text: str) -> None:
    """Samples of the RFC's appendix B."""
    import struct

    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert standalone.canonical(number) == text.encode()


def test_large_numbers_come_back(kept: Journal, tmp_path: Path) -> None:
    """A number of 20 digits, which RFC 8785 writes without an exponent, is verified as it was written."""
    made = kept.record(LOCAL, Draft("thing.changed", "thing/1", after={"cost": 1e20, "small": 1e-9, "edge": 2.0**53}))
    kept.close()
    assert verified(kept, tmp_path).flaws == ()
    with kept.database.reading() as connection:
        assert get(connection, made.seq).after == {"cost": 1e20, "small": 1e-9, "edge": 2.0**53}
        assert standalone.verify(list(lines(connection)), [])[2] == []


def test_first_event_has_the_genesis(journal: Journal) -> None:
    """An empty trail has head 0; the first event holds sixty-four zeros."""
    with journal.database.reading() as connection:
        assert (head(connection).seq, head(connection).hash) == (0, "0" * 64)
    made: Event = journal.record(LOCAL, Draft("thing.changed", "thing/1"))
    assert made.previous == "0" * 64
