"""Whoever has the files can change them, but not unnoticed: neither by our verifier nor by the one that stands alone."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import tampering
from benchmarks.tampering import Tally, Trail
from kg_service.audit import standalone

SCRIPT = Path(standalone.__file__)


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    return tampering.make(tmp_path_factory.mktemp("trail"), 40)


def rolled(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def test_untouched_trail_is_whole(trail: Trail, scratch: Path) -> None:
    """Both verifiers call it whole, and the checkpoint at its end confirms every event."""
    assert standalone.verify(trail.events, trail.checkpoints, [trail.key]) == (41, 41, [], [])
    assert tampering.is_whole_ours(trail, lambda _: None, scratch)


@pytest.mark.parametrize(
    ("change", "count"),
    [(tampering.flips, 40), (tampering.cuts, 8)],
    ids=["flipped bits", "cut tails"],
)
def test_change_is_found(
    trail: Trail, scratch: Path, change: Callable[[Trail, random.Random, int, Path], Tally], count: int
) -> None:
    """Each one, by both verifiers."""
    tally = change(trail, rolled(1), count, scratch)
    assert tally.missed == []
    assert tally.seen == {"ours": count, "standalone": count}


def test_rearrangements_are_found(trail: Trail, scratch: Path) -> None:
    """Events taken out, put in and exchanged, the gap closed or not: each is found by both verifiers."""
    for tally in tampering.rearrangements(trail, rolled(2), 10, scratch).values():
        assert (tally.made, tally.missed) == (10, [])


def test_damage_to_the_file_is_found(trail: Trail, scratch: Path) -> None:
    """A bit of the database's file is either found or changes nothing that is stored."""
    tally, harmless = tampering.raw_flips(trail, rolled(3), 25, scratch)
    assert tally.missed == []
    assert tally.made + harmless == 25


def test_first_bad_event_is_named(trail: Trail) -> None:
    """The number that is told is that of the event that was changed."""
    changed = trail.events[16].replace(b'"number":', b'"numbor":')
    _, _, flaws, _ = standalone.verify([*trail.events[:16], changed, *trail.events[17:]], trail.checkpoints, [trail.key])
    assert [seq for seq, _ in flaws] == [17]


def test_rewritten_trail_is_found(trail: Trail, tmp_path: Path) -> None:
    """A whole new trail with a key of its own does not pass under the key that was told otherwise."""
    other = tampering.make(tmp_path / "other", 10)
    assert standalone.verify(other.events, other.checkpoints, [other.key])[2] == []
    assert standalone.verify(other.events, other.checkpoints, [trail.key])[2] != []
    assert standalone.verify(other.events, trail.checkpoints, [trail.key])[2] != []


def run_script(trail: Trail, folder: Path, events: list[bytes]) -> subprocess.CompletedProcess[str]:
    for name, content in (("trail", b"".join(events)), ("checkpoints", b"".join(trail.checkpoints)), ("key", trail.key.encode())):
        (folder / name).write_bytes(content)
    script = folder / "verify.py"
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(script), "trail", "checkpoints", "--key", "key"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_script_runs_without_any_package(trail: Trail, tmp_path: Path) -> None:
    """Copied away and run by a bare interpreter, with its own Ed25519, it says what it found by words and by exit code."""
    whole = run_script(trail, tmp_path, trail.events)
    assert (whole.returncode, "whole" in whole.stdout, whole.stderr) == (0, True, "")
    cut = run_script(trail, tmp_path, trail.events[:-1])
    assert cut.returncode == 1
    assert "the end was cut off" in cut.stdout


def test_script_names_nothing_of_ours() -> None:
    """What is given out imports the standard library, and `cryptography` where it is there."""
    imported = [
        line.split()[1].split(".")[0] for line in SCRIPT.read_text().splitlines() if line.lstrip().startswith(("import", "from"))
    ]
    assert set(imported) - set(sys.stdlib_module_names) <= {"cryptography"}


@pytest.mark.parametrize("words", [[], ["nowhere.jsonl"], ["--key"]])
def test_script_told_nonsense_shows_how(words: list[str]) -> None:
    """Exit code 2 with the usage, and no trace."""
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "python3 verify.py TRAIL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[" * 5000 + b"\n", b"\xff\n", b'{"seq":1}\n', b"1e999\n"])
def test_nonsense_in_a_trail_is_a_flaw(trail: Trail, line: bytes) -> None:
    """Whatever stands in a line, the verifier goes on and names it."""
    flaws = standalone.verify([*trail.events[:3], line, *trail.events[4:]], [line, *trail.checkpoints], [trail.key])[2]
    assert flaws[0][0] == 4
    assert any("checkpoint 1" in why for _, why in flaws)
