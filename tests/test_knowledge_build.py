"""The build: the same bytes everywhere, kept by the hash of its content, and never trusted when damaged."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kg_service.knowledge.build import build, load, unpacked
from kg_service.knowledge.codec import from_json, to_json
from kg_service.knowledge.version import content_version
from kg_service.model import Knowledge

REAL = Path(__file__).resolve().parent.parent
FILES = {
    "jurisdictions.yaml": "xx: {label: Nowhere}\n",
    "facts.yaml": "agentic: {kind: flag, label: Agentic, ask: Does it act by itself?}\n",
    "events.yaml": "complaint: {label: Complaint}\n",
    "bearers.yaml": "deployer: {label: Deployer}\n",
    "risks.yaml": "[]\n",
    "xx/xx-test/instrument.yaml": """\
id: xx-test
short_title: Test
title: A law for a test
jurisdiction: xx
issuer: nobody
type: act
url: https://example.org/law
status: in_force
certainty: memory
dates: [{date: 2026-01-01, set_by: Art 1}]
""",
    "xx/xx-test/art-1.yaml": """\
provision: {id: art-1, number: Art 1}
norms:
  - id: xx-test/one
    provision: Art 1
    title: A duty
    summary: One must.
    kind: duty
    bindingness: law
    bearers: [deployer]
    applies_when: {agentic: true}
    legal_status: in_force
    applies_from: 2026-01-01
    decisions: [3]
    certainty: memory
""",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A root with a law of one norm, beside the real ontology."""
    root = tmp_path / "root"
    shutil.copytree(REAL / "ontology", root / "ontology")
    for name, text in FILES.items():
        path = root / "regulations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_build_is_the_same_to_the_byte_whatever_the_hash_seed() -> None:
    """Two fresh processes with different hash seeds give the same knowledge and the same graph."""
    code = (
        "import hashlib, sys; from pathlib import Path; from kg_service.knowledge.build import build;"
        "print(hashlib.sha256(build(Path(sys.argv[1]))[1].packed()).hexdigest())"
    )
    digests = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code, str(REAL)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_knowledge_survives_its_json(law: Knowledge) -> None:
    """The whole law, written as JSON and read back, is equal to itself."""
    assert from_json(to_json(law)) == law


@pytest.mark.parametrize("junk", [b"", b"null", b"[]", b"{}", b"[1,2]", b'"x"', b"[" * 2000, b"\xff", b"nonsense"])
def test_junk_is_no_knowledge(junk: bytes) -> None:
    """What is not knowledge is refused with a plain ValueError."""
    with pytest.raises(ValueError, match=r"."):
        from_json(junk)


def test_kept_build_equals_the_build(small: Path, tmp_path: Path) -> None:
    """What is loaded from the cache is what was built, and the second load writes nothing."""
    first = load(small, tmp_path / "cache")
    [entry] = (tmp_path / "cache").iterdir()
    stamp = entry.stat().st_mtime_ns
    second = load(small, tmp_path / "cache")
    assert second.knowledge == first.knowledge
    assert second.store.dump() == first.store.dump() == b"".join(sorted(build(small)[1].graph.splitlines(keepends=True)))
    assert entry.stat().st_mtime_ns == stamp


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut at a line": lambda content: b"\n".join(content.split(b"\n")[:-3]) + b"\n",
    "one bit": lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
    "other header": lambda content: b'["x"]\n' + content,
    "pickle": lambda content: pickle.dumps({"knowledge": 1}),
    "binary": lambda content: os.urandom(1000),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_entry_is_built_again(
    damage: Callable[[bytes], bytes], small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A damaged entry is reported, replaced, and never believed."""
    cache = tmp_path / "cache"
    first = load(small, cache)
    [entry] = cache.iterdir()
    sound = entry.read_bytes()
    entry.write_bytes(damage(sound))
    with caplog.at_level(logging.WARNING):
        again = load(small, cache)
    assert again.knowledge == first.knowledge
    assert again.store.dump() == first.store.dump()
    assert "built again" in caplog.text
    assert entry.read_bytes() == sound


def test_cache_that_cannot_be_written_costs_a_warning(small: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The knowledge is there though nothing can be kept."""
    (tmp_path / "file").write_text("not a directory", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        built = load(small, tmp_path / "file" / "cache")
    assert len(built.knowledge.norms) == 1
    assert "cannot be kept" in caplog.text


def test_any_changed_byte_is_another_version(small: Path, tmp_path: Path) -> None:
    """Law and ontology count, also a comment; the place on the disk, hidden files and leavings of editors do not."""
    version = content_version(small)
    moved = tmp_path / "elsewhere"
    shutil.copytree(small, moved)
    (moved / "regulations" / ".hidden.yaml").write_text("x", encoding="utf-8")
    (moved / "regulations" / "facts.yaml~").write_text("x", encoding="utf-8")
    assert content_version(moved) == version
    for name in ("regulations/facts.yaml", "ontology/sextant.ttl"):
        with (moved / name).open("a", encoding="utf-8") as file:
            file.write("# one comment\n")
        changed = content_version(moved)
        assert changed != version
        version = changed


def test_file_moved_between_folders_is_another_version(small: Path) -> None:
    """The same bytes under another name are other content."""
    version = content_version(small)
    (small / "ontology" / "sextant.ttl").rename(small / "ontology" / "moved.ttl")
    assert content_version(small) != version


def test_changed_law_is_not_answered_from_the_cache(small: Path, tmp_path: Path) -> None:
    """After a change of the files the next load sees it, and only a few old builds are kept."""
    facts = small / "regulations" / "facts.yaml"
    for number in range(6):
        facts.write_text(FILES["facts.yaml"] + f"extra{number}: {{kind: flag, label: Extra, ask: Extra?}}\n", encoding="utf-8")
        assert f"extra{number}" in load(small, tmp_path / "cache").knowledge.facts
    assert 0 < len(list((tmp_path / "cache").iterdir())) <= 4


def test_packed_parts_come_back(small: Path) -> None:
    """Packing and unpacking are inverse."""
    _, parts = build(small)
    assert unpacked(parts.packed()) == parts
