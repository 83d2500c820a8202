"""The house: settings, locks, make, continuous integration, and the wheel."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

import kg_service
from assistant.settings import AssistantSettings
from kg_service.errors import InputError
from kg_service.settings import Settings, data_root, read_settings, strangers, variable

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-owlapi.lock")


def test_settings_and_their_page_agree() -> None:
    """docs/settings.md has one row for each setting, with its variable, its default and its meaning."""
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(SEXTANT_\w+)` \| (.*?) \| (.*) \|$", page, re.MULTILINE)
    defaults = {"root": "the checkout, or the installed package"} | {
        name: f"the user's {name} directory" for name in ("cache", "data")
    }
    expected = [
        (variable(item.name), defaults.get(item.name, f"`{item.default}`"), item.metadata["doc"])
        for item in fields(AssistantSettings)
    ]
    assert rows == expected


def test_command_line_wins_over_environment() -> None:
    """A value given beats the environment, which beats the default; None gives nothing."""
    environ = {"SEXTANT_PORT": "9000", "SEXTANT_HOST": "::1"}
    read = read_settings(Settings, environ, port=9001, host=None)
    assert (read.port, read.host, read.store) == (9001, "::1", "oxigraph")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "tcp://10.0.0.1:8321"),
        ("PORT", "٨"),
        ("STORE", "mongo"),
        ("STORE", "file:///etc/passwd"),
        ("REQUEST_SECONDS", "nan"),
        ("QUERY_SECONDS", "0"),
        ("BODY_BYTES", "-1"),
        ("LOG_LEVEL", "loud"),
        ("HOST", "a\x1bb"),
    ],
)
def test_wrong_setting_is_told_by_its_variable(name: str, value: str) -> None:
    """A wrong setting is refused and named as it stands in the environment."""
    with pytest.raises(InputError) as caught:
        read_settings(Settings, {f"SEXTANT_{name}": value})
    assert [problem.where for problem in caught.value.problems] == [f"SEXTANT_{name}"]


def test_all_wrong_settings_are_told_at_once() -> None:
    """Two wrong settings are two problems in one error."""
    with pytest.raises(InputError) as caught:
        read_settings(Settings, {"SEXTANT_PORT": "x", "SEXTANT_STORE": "x"})
    assert len(caught.value.problems) == 2


def test_misspelt_setting_is_told_with_the_nearest() -> None:
    """A variable that looks like a setting and is none is reported; foreign ones are not."""
    found = strangers(Settings, {"SEXTANT_PROT": "1", "PATH": "", "SEXTANT_PORT": "1", "SEXTANT_REQUIRE_JAVA": "1"})
    assert [(problem.where, "SEXTANT_PORT" in problem.nearest) for problem in found] == [("SEXTANT_PROT", True)]


def test_settings_are_frozen() -> None:
    """Nothing changes a setting after it was read."""
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_root_holds_the_law_and_the_ontology() -> None:
    """The data root of a checkout holds both folders."""
    assert (data_root() / "regulations").is_dir()
    assert (data_root() / "ontology").is_dir()


def _pins(name: str) -> dict[str, tuple[str, int]]:
    """Each requirement of a lock: its version with marker, and how many hashes it has."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {line.split("==")[0]: (line.split("--hash")[0].strip(), line.count("--hash=sha256:")) for line in lines}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_by_hash_and_names_no_place(name: str) -> None:
    """Every requirement has an exact version and a hash, and the file names no index, host or path."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert all("==" in pin and hashes for pin, hashes in _pins(name).values())
    assert not re.search(r"https?:|file:|://|index|find-links|(^|\s)/\w", text)
    assert "make lock" in text.splitlines()[1]


def test_development_lock_holds_the_running_one() -> None:
    """What runs is what is tested: the same versions in both locks."""
    running, development = _pins(LOCKS[0]), _pins(LOCKS[1])
    assert {name: development.get(name, ("",))[0] for name in running} == {name: pin for name, (pin, _) in running.items()}


def test_locks_hold_what_pyproject_asks_for() -> None:
    """Every dependency that pyproject.toml names is pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = {
        LOCKS[0]: project["dependencies"],
        LOCKS[1]: [*project["dependencies"], *extras["dev"], *extras["owl"], *extras["build"]],
    }
    for lock, wanted in named.items():
        names = {re.split(r"[\[<>=!~; ]", text)[0].lower() for text in wanted} - {"sextant-kg"}
        assert names - set(_pins(lock)) == set()


def test_version_stands_once() -> None:
    """The package and its metadata say the same version, and the changelog knows it or has it as unreleased."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert kg_service.__version__ == project["version"]
    assert re.search(rf"^## \[(Unreleased|{re.escape(project['version'])})\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_make_has_the_words() -> None:
    """The commands that the documentation names exist."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"serve", "test", "check", "fmt", "bench", "referee", "lock", "wheel"} <= targets


def test_ci_runs_make_test_with_java() -> None:
    """Continuous integration is a bash script that calls the same words and does not let the referee skip."""
    script = ROOT / ".ci/run"
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert script.stat().st_mode & stat.S_IXUSR
    assert "make test" in text
    assert "SEXTANT_REQUIRE_JAVA=1" in text


def test_failing_test_makes_make_fail(tmp_path: Path) -> None:
    """A failing test ends `make test` with an error, so that CI cannot be green by mistake."""
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_it():\n    assert False\n")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (*LOCKS, "pyproject.toml", "setup.py"):
        (tmp_path / name).touch()
    binaries = tmp_path / ".venv/bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(sys.executable)
    keyed = ["sh", "-c", "cat requirements-dev.lock requirements-owlapi.lock pyproject.toml setup.py | cksum | tr ' ' -"]
    key = subprocess.run(keyed, cwd=tmp_path, capture_output=True, text=True, check=True)
    (tmp_path / f".venv/.dev-{key.stdout.strip()}").touch()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(["make", "test"], cwd=tmp_path, capture_output=True, text=True, env=environ, check=False)
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    assert done.returncode != 0


def test_wheel_works_outside_a_checkout(tmp_path: Path) -> None:
    """A wheel carries the law and the ontology: installed alone, it assesses a deployment file from an empty directory."""
    source = tmp_path / "source"
    for name in ("kg_service", "assistant", "regulations", "ontology"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    made = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path / "dist"), str(source)]
    subprocess.run(made, check=True, capture_output=True, timeout=300)
    (wheel,) = (tmp_path / "dist").glob("sextant_kg-*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)], check=True, capture_output=True
    )
    example = ROOT / "examples/hong-kong-securities-research.yaml"
    script = "import kg_service; assert 'site' in kg_service.__file__; from assistant.cli import main; main()"
    environ = {**os.environ, "PYTHONPATH": str(site), "SEXTANT_CACHE": str(tmp_path / "cache")}
    environ.pop("SEXTANT_ROOT", None)
    command = [sys.executable, "-c", script, "assess", str(example)]
    done = subprocess.run(command, cwd=empty, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "SFC" in done.stdout
    question = [sys.executable, "-c", script, "ask", "We are a German bank and want a chatbot for consumers. What applies?"]
    asked = subprocess.run(question, cwd=empty, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert asked.returncode == 0, asked.stderr
    assert "Sources" in asked.stdout
