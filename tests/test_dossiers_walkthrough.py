"""The walk-through of docs/dossiers.md, as pasted: an example through all six decisions, from the command line and over HTTP."""

from __future__ import annotations

import json
import re
import shlex
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from fastapi.testclient import TestClient

from kg_service import cli
from kg_service.app import create_app
from kg_service.applicability.evaluate import Evaluator
from kg_service.dossiers.criteria import guides, parse_own
from kg_service.dossiers.policy import Policy, parse_policy
from kg_service.knowledge.criteria import read_decisions
from kg_service.model import LegalStatus
from kg_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/dossiers.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
THEN = "2027-12-03"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(words: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, code: int = 0) -> str:
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    out = capfd.readouterr()
    assert (caught.value.code or 0) == code, out.err
    return out.out


def begins_by_then(evaluator: Evaluator, words: list[dict[str, Any]]) -> None:
    """The obligations said to begin are exactly those whose day in the law's files lies in between."""
    norms = evaluator.knowledge.norms
    for one in words:
        norm = norms[one["norm"]]
        assert norm.applies_from is not None
        assert norm.legal_status is LegalStatus.IN_FORCE
        assert "2026-11-23" < norm.applies_from.day.isoformat() <= THEN
    assert "eu-ai-act/art-27-par-1" in {one["norm"] for one in words}


def test_walk_from_the_command_line(
    cache: Path, tmp_path: Path, evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each command of the page works as pasted, and ends with six closed decisions, a document, and what is coming."""
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.setenv("SEXTANT_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    lines = [line for line in LINES if line.startswith("sextant ")]
    states = []
    for line in lines:
        words = shlex.split(line)
        run(words, capfd, monkeypatch)
        if words[2:3] == ["sign"]:
            shown = json.loads(run(["sextant", "dossier", "show", "loans", "-f", "json"], capfd, monkeypatch))
            states.append([one["state"] for one in shown["decisions"]])
    assert states == [["passed"] * done + ["open"] * (6 - done) for done in range(1, 7)]
    with zipfile.ZipFile(tmp_path / "loans.docx") as document:
        assert "Consumer loan assessment" in document.read("word/document.xml").decode()
    then = json.loads(run(["sextant", "dossier", "show", "loans", "--as-of", THEN, "-f", "json"], capfd, monkeypatch))
    begins_by_then(evaluator, then["until"]["begins"])
    # the last line of the page: a transfer without a mechanism
    now = json.loads(run(["sextant", "dossier", "show", "loans", "-f", "json"], capfd, monkeypatch))
    reopened = {one["number"]: one["reopened"]["cause"] for one in now["decisions"] if one["state"] == "open"}
    assert reopened[2] == "facts"
    assert reopened[6] in ("facts", "earlier")
    trail = json.loads(run(["sextant", "dossier", "timeline", "loans", "-f", "json"], capfd, monkeypatch))
    assert len(trail["past"]) == now["version"]


def test_refusal_on_the_command_line_says_what_to_do(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Signing too early, an unknown dossier and a misspelt fact end with code 2 and a message that helps."""
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.setenv("SEXTANT_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(ROOT)
    run(shlex.split("sextant dossier new examples/uk-lender-affordability.yaml --id uk"), capfd, monkeypatch)
    for line, told in {
        "sextant dossier sign uk 6": "decision 1 is open: pass or waive it first",
        "sextant dossier show ukk": "Did you mean 'uk'?",
        "sextant dossier set uk agentik=true": "agentic",
        "sextant dossier set uk": "name a fact",
        "sextant dossier waive uk 5 --reason later --until 2020-01-01": "a waiver ends after today",
        "sextant dossier criterion uk 1 stated-problm met": "stated-problem",
        "sextant dossier evidence uk /nowhere/at/all": "cannot be read",
        "sextant dossier input uk roi examples/uk-lender-affordability.yaml": "currency",
        "sextant dossier pilot uk start p1": "There is no pilot",
    }.items():
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 2
        assert told in capfd.readouterr().err, line


@pytest.fixture
def client(cache: Path, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(root=ROOT, cache=cache, data=tmp_path / "data")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8321", client=("127.0.0.1", 50000)) as client:
        yield client


def sent(client: TestClient, line: str) -> Any:
    """What curl would send."""
    words = shlex.split(line)[1:]
    method, headers, body, form, url = "GET", {}, None, [], ""
    while words:
        word = words.pop(0)
        if word in ("-X", "-H", "-d", "-F", "-o"):
            value = words.pop(0)
            if word == "-X":
                method = value
            elif word == "-H":
                name, _, said = value.partition(": ")
                headers[name] = said
            elif word == "-d":
                body = (ROOT / value[1:]).read_bytes() if value.startswith("@") else value.encode()
            elif word == "-F":
                form.append(value.partition("="))
        elif word.startswith("http"):
            url = word
    parts = urlsplit(url)
    address = parts.path + (f"?{parts.query}" if parts.query else "")
    if not form:
        return client.request(method, address, headers=headers, content=body)
    with ExitStack() as stack:
        files = {name: stack.enter_context((ROOT / value[1:]).open("rb")) for name, _, value in form if value.startswith("@")}
        fields = {name: value for name, _, value in form if not value.startswith("@")}
        return client.request(method, address, headers=headers, files=files, data=fields)


def test_walk_over_http(client: TestClient, evaluator: Evaluator) -> None:
    """Each request of the page works as pasted, and ends where the command line ends."""
    answers = []
    for line in LINES:
        if line.startswith("curl "):
            answer = sent(client, line)
            assert answer.status_code in (200, 201), f"{line}\n{answer.text[:2000]}"
            answers.append(answer)
    assert answers[-1].content.startswith(b"PK")
    now, then = (client.get(f"/api/v1/dossiers/cards{more}").json() for more in ("", f"?as_of={THEN}"))
    assert [one["state"] for one in now["decisions"]] == ["passed"] * 6
    begins_by_then(evaluator, then["until"]["begins"])
    query = "PREFIX s: <https://schema.org/> SELECT ?n WHERE { GRAPH <https://w3id.org/sextant/graph/dossier/cards> { "
    query += "?part <https://w3id.org/sextant/def/decision> ?n ; s:status 'passed' } } ORDER BY ?n"
    found = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"}).text.split()
    assert found[1:] == [f"https://w3id.org/sextant/id/decision/{number}" for number in range(1, 7)]


def test_json_and_yaml_examples_are_the_same() -> None:
    """What the page sends over HTTP is what it gives to the command line."""
    pairs = {
        "dossiers/credit-assessment.json": "dossiers/credit-assessment.yaml",
        "dossiers/necessity.json": "necessity/credit-assessment.yaml",
        "dossiers/roi.json": "roi/credit-assessment.yaml",
    }
    for one, other in pairs.items():
        left = json.loads((ROOT / "examples" / one).read_text())
        right = yaml.safe_load((ROOT / "examples" / other).read_text())
        right = right.get("answers", right)
        if "criteria" in right:
            right = {"criteria": {str(number): said for number, said in right["criteria"].items()}}
        assert left == json.loads(json.dumps(right, default=str))


def test_files_of_the_institution_on_the_page_are_valid() -> None:
    """The criteria shown are read, and the policy shown is the default."""
    criteria, policy = (yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    assert [one.id for one in parse_own(criteria, guides(read_decisions(ROOT)))] == ["model-committee"]
    assert parse_policy(policy) == Policy()
