"""What the documentation says is true: its commands run, its files parse, its links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from assistant import cli
from kg_service.app import create_app
from kg_service.deployment import KEYS, read_deployment, read_text
from kg_service.model import Knowledge, NormKind
from kg_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODES = {"check": {0, 1, 3}, "verify": {0, 1}, "pilot": {0, 1, 3}}


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


COMMANDS = [
    line for page in (ROOT / "README.md", ROOT / "docs/cli.md") for block in _blocks(page, "sh") for line in block.splitlines()
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("line", dict.fromkeys(COMMANDS))
def test_command_of_the_documentation_works(
    line: str, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every command on the pages runs as pasted, from the root of the repository."""
    words = shlex.split(line)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert (caught.value.code or 0) in CODES.get(words[1], {0}), capfd.readouterr().err


def test_curl_and_command_line_give_the_same_verdicts(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The README's request and its first command name the same norms with the same status."""
    (curl,) = re.findall(r"^curl .*assessments.*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    words = shlex.split(curl)
    body = (ROOT / words[words.index("-d") + 1].removeprefix("@")).read_bytes()
    header = words[words.index("-H") + 1].split(": ")
    url = next(word for word in words if word.startswith("http"))
    with TestClient(create_app(Settings(root=ROOT, cache=cache))) as client:
        answer = client.post(urlsplit(url).path, content=body, headers={header[0]: header[1]}).json()
    first = next(line for line in COMMANDS if line.startswith("sextant assess"))
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.setattr(sys, "argv", [*shlex.split(first), "--format", "json", "--as-of", answer["as_of"]])
    with pytest.raises(SystemExit):
        cli.main()
    said = json.loads(capfd.readouterr().out)
    assert answer["verdicts"] == said["verdicts"]
    assert answer["counts"] == said["counts"]


def test_first_query_of_the_architect_works_as_pasted(cache: Path, law: Knowledge) -> None:
    """The README's SPARQL query finds exactly the duties of the AI Act that the law's files date after that day."""
    query = (ROOT / "README.md").read_text().split("--data-urlencode 'query=")[1].split("'\n```")[0]
    with TestClient(create_app(Settings(root=ROOT, cache=cache))) as client:
        answer = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
    found = {line.split(",")[0].rsplit("/norm/")[1] for line in answer.text.splitlines()[1:]}
    dated = {norm.id: norm.applies_from for norm in law.norms.values() if norm.kind is NormKind.DUTY}
    late = {name for name, since in dated.items() if since is not None and since.day > date(2026, 11, 23)}
    assert found == {name for name in late if name.startswith("eu-ai-act/")} != set()


def test_json_example_is_the_yaml_example(law: Knowledge) -> None:
    """The body that the README sends holds the facts of the file beside it."""
    found = [read_deployment(ROOT / f"examples/credit-assessment-eu-vendor.{end}", law).facts for end in ("json", "yaml")]
    assert found[0] == found[1]


def test_deployment_files_on_the_pages_are_valid(law: Knowledge) -> None:
    """The form that the page shows is the form that is read, and every key of a file is shown."""
    blocks = _blocks(ROOT / "docs/deployment-files.md", "yaml")
    for block in blocks:
        read_text(block.encode(), "page.yaml", law)
    assert all(re.search(rf"^{key}:", blocks[0], re.MULTILINE) for key in KEYS)


def test_every_command_is_documented() -> None:
    """docs/cli.md has a row for each command or group of them, and none for one that is not there."""
    rows = re.findall(r"^\| `(\w+)", (ROOT / "docs/cli.md").read_text(), re.MULTILINE)
    commands = [info.name or (info.callback.__name__ if info.callback else "") for info in cli.app.registered_commands]
    assert sorted(rows) == sorted([*commands, *(str(group.name) for group in cli.app.registered_groups)])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file of the repository."""
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_words_exist(page: Path) -> None:
    """A `make` command that a page names is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets
