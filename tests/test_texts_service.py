"""Loaded texts in the running service and on the command line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from official_texts import EU, document, needs_official_files

from kg_service import cli, ids
from kg_service.app import create_app
from kg_service.model import InstrumentId
from kg_service.settings import Settings
from kg_service.texts.library import open_library
from kg_service.texts.record import record_of

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 23, tzinfo=UTC)
FILES = {
    "eu-ai-act": ("AI-Act_32024R1689_oj.xhtml", "AI-Act_02024R1689-20260727.html"),
    "eu-gdpr": ("GDPR_32016R0679_oj.xhtml",),
    "eu-dora": ("DORA_32022R2554_oj.xhtml",),
}
pytestmark = needs_official_files


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the AI Act in two versions, the GDPR and DORA."""
    folder = tmp_path_factory.mktemp("data")
    library = open_library(folder)
    for instrument, names in FILES.items():
        for name in names:
            library.shelf.put(*record_of(document(name), InstrumentId(instrument), instrument, NOW))
    return folder


@pytest.fixture(scope="module")
def client(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(root=ROOT, cache=tmp_path_factory.mktemp("cache"), data=data)
    with TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False) as found:
        yield found


def credit(client: TestClient, day: str, **params: str) -> dict[str, dict]:  # type: ignore[type-arg]
    """The verdicts on the EU credit example on a day, by norm."""
    body = json.loads((ROOT / "examples/credit-assessment-eu-vendor.json").read_text()) | {"as_of": day}
    answer = client.post("/api/v1/assessments", json=body, params=params)
    assert answer.status_code == 200, answer.text
    return {verdict["norm"]: verdict for verdict in answer.json()["verdicts"]}


def test_credit_example_shows_exact_words(client: TestClient) -> None:
    """Every verdict on the three acts has the words of the text in force on the day, found again in that text."""
    verdicts = credit(client, "2026-11-23", quotes="true")
    for verdict in verdicts.values():
        citation = verdict["citation"]
        if citation["instrument"] not in FILES:
            assert citation["quote"] is None
            continue
        assert citation["quote"], citation
        assert len(citation["text_sha256"]) == 64
    oversight = verdicts["eu-ai-act/art-26-par-2"]["citation"]
    assert oversight["version"] == "2026-07-27"
    assert "human oversight to natural persons who have the necessary competence" in oversight["quote"]
    assert oversight["text_iri"] == ids.text_unit("32024R1689", "2026-07-27", "art-26/par-2")
    assert "2 December 2027" in verdicts["eu-ai-act/art-26-par-2"]["applies_from_set_by"]["quote"]


def test_day_decides_over_the_version(client: TestClient) -> None:
    """On 26 July 2026 the words are those of 2024; without the parameter there are none."""
    assert credit(client, "2026-07-26", quotes="true")["eu-ai-act/art-26-par-2"]["citation"]["version"] == "oj"
    assert "quote" not in credit(client, "2026-07-26")["eu-ai-act/art-26-par-2"]["citation"]


def test_texts_are_listed_with_their_joins(client: TestClient) -> None:
    """The list names every version with its days; one instrument tells how our citations join."""
    listed = client.get("/api/v1/texts").json()
    assert {(item["instrument"], item["version"]) for item in listed["items"]} == {
        ("eu-ai-act", "oj"), ("eu-ai-act", "2026-07-27"), ("eu-gdpr", "oj"), ("eu-dora", "oj"),
    }  # fmt: skip
    one = client.get("/api/v1/texts/eu-ai-act").json()
    assert [text["last_day"] for text in one["versions"]] == ["2026-07-26", None]
    assert one["joins"]["missed"] == []
    assert client.get("/api/v1/texts/eu-mica").status_code == 404


def test_diff_tells_the_moved_dates(client: TestClient) -> None:
    """Over HTTP, too, Article 113(c) moves from 2 August 2027 to 2 December 2027 and 2 August 2028."""
    found = client.get("/api/v1/texts/eu-ai-act/diff", params={"from": "2024-08-01", "to": "2026-07-27"}).json()
    units = {unit["path"]: unit["words"] for change in found["changes"] for unit in change["units"]}
    lost = "".join(piece["text"] for piece in units["art-113/subpar-3/pt-c"] if piece["op"] == "gone")
    assert "2 August 2027" in lost
    assert "2 December 2027" in units["art-113/subpar-3/pt-c/pt-i"][0]["text"]
    assert found["left_out"] == ["recital"]
    page = client.get("/api/v1/texts/eu-ai-act/diff", params={"from": "2024-08-01", "to": "2026-07-27", "format": "html"}).text
    assert "<del>" in page
    assert "<ins>(ii) 2 August 2028 as regards" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("texts/eu-ai-act/diff?from=2020-01-01&to=2026-07-27", 422),
        ("texts/eu-ai-act/diff?from=2024-08-01", 422),
        ("texts/nothing/diff?from=2024-08-01&to=2026-07-27", 404),
        ("texts/eu-ai-act/quote?provision=Art%206(2)&date=yesterday", 422),
        ("texts/eu-gdpr/suggestions?date=1999-01-01", 422),
    ],
)
def test_wrong_question_is_told(client: TestClient, path: str, status: int) -> None:
    """A day without a text, a missing parameter or an unknown instrument is a problem document."""
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_quote_and_suggestions_answer(client: TestClient) -> None:
    """One provision's words on one day; suggestions name bearer and action and no covered provision."""
    found = client.get("/api/v1/texts/eu-gdpr/quote", params={"provision": "Art 22(1)", "date": "2026-11-23"}).json()
    assert found["quote"].startswith("1. The data subject shall have the right not to be subject to a decision based solely")
    rows = client.get("/api/v1/texts/eu-gdpr/suggestions", params={"date": "2026-11-23"}).json()["suggestions"]
    assert rows
    assert not any(row["norms"] for row in rows)
    assert not any(row["provision"].startswith("Art 22") for row in rows)


def test_units_are_in_the_graph_and_answer(client: TestClient) -> None:
    """A unit has its number, its words and the article above it, by SPARQL and at its IRI."""
    unit = ids.text_unit("32024R1689", "2026-07-27", "art-113/subpar-3/pt-c/pt-i")
    query = f"""PREFIX sx: <{ids.DEF}>
        SELECT ?words ?number ?article {{ <{unit}> sx:words ?words ; sx:unitNumber ?number ; sx:partOf+ ?article .
            ?article sx:unitKind "article" . FILTER NOT EXISTS {{ ?article sx:unitNumber ?number }} }}"""
    answer = client.post("/sparql", content=query, headers={"content-type": "application/sparql-query"})
    (row,) = answer.json()["results"]["bindings"]
    assert row["words"]["value"].startswith("2 December 2027 as regards AI systems")
    assert row["article"]["value"] == ids.text_unit("32024R1689", "2026-07-27", "art-113")
    page = client.get(unit.removeprefix(ids.BASE.rstrip("/")), headers={"accept": "text/turtle"})
    assert page.status_code == 200
    assert "2 December 2027" in page.text
    cited = f"ASK {{ <{unit}> <{ids.term('wordingOf')}> <{ids.provision('eu-ai-act', 'Art 113(c)(i)')}> }}"
    assert client.post("/sparql", content=cited, headers={"content-type": "application/sparql-query"}).json()["boolean"] is True


def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["sextant", *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capfd.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def test_load_and_ask_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Load a good and a broken file, see both told, and get the words of the good one with the verdict."""
    monkeypatch.setenv("SEXTANT_DATA", str(tmp_path / "data"))
    broken = tmp_path / "broken.html"
    broken.write_bytes(b"<html>" + b"\xff" * 10)
    code, out, err = run(monkeypatch, capfd, "load", str(EU / FILES["eu-gdpr"][0]), str(broken))
    assert code == 2
    joins = re.search(r"eu-gdpr: (\d+) of (\d+) citations join", out)
    assert joins is not None
    assert joins[1] == joins[2]
    assert "refused: broken.html" in out
    assert "1/2 GDPR" in err
    code, out, _ = run(monkeypatch, capfd, "texts")
    assert "eu-gdpr" in out
    assert "broken" not in out
    file = str(ROOT / "examples/credit-assessment-eu-vendor.yaml")
    code, out, _ = run(monkeypatch, capfd, "assess", file, "--explain", "eu-gdpr/art-22-par-3")
    assert "the right to obtain human intervention" in " ".join(out.split())
    code, out, _ = run(monkeypatch, capfd, "assess", file, "--quotes", "--format", "csv")
    assert code == 0
    assert "obtain human intervention" in out
    code, out, _ = run(monkeypatch, capfd, "suggest", "eu-gdpr", "--format", "csv")
    assert out.startswith("provision,heading,force,bearer,action,condition")


def test_diff_on_the_command_line(data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """`sextant diff --text` marks words so that they can be read without colour, and refuses what makes no sense."""
    monkeypatch.setenv("SEXTANT_DATA", str(data))
    days = ("--from", "2024-08-01", "--to", "2026-07-27")
    code, out, _ = run(monkeypatch, capfd, "diff", "--text", "eu-ai-act", *days)
    flat = " ".join(out.split())
    assert code == 0
    assert "{+(i) 2 December 2027 as regards AI systems classified as high-risk pursuant to Article 6(2)" in flat
    assert "Art 4a(1), moved from Art 10(5)" in flat
    assert "Norms whose days are set by a changed provision" in flat
    code, out, _ = run(monkeypatch, capfd, "diff", "--text", "eu-gdpr", "--from", "2020-01-01", "--to", "2026-01-01")
    assert "Nothing changed" in " ".join(out.split())
    code, _, err = run(monkeypatch, capfd, "diff", *days)
    assert code == 2
    assert "--text" in err
    code, _, err = run(monkeypatch, capfd, "diff", "--text", "eu-ai-atc", *days)
    assert "eu-ai-act" in err
