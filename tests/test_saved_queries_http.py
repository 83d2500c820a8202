"""The saved queries over HTTP: one answer in every format, every mistake a problem document, nothing a formula or markup."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from fastapi.testclient import TestClient

from kg_service import ids
from kg_service.app import create_app
from kg_service.exports.tables import as_csv, as_tsv, as_xlsx
from kg_service.knowledge.queries import SavedQuery, read_library
from kg_service.model import Knowledge
from kg_service.rest.assessments import EU_CREDIT
from kg_service.settings import Settings

LIBRARY = Path(__file__).resolve().parent.parent / "ontology" / "queries" / "library"


@pytest.fixture(scope="module")
def library() -> Mapping[str, SavedQuery]:
    return read_library(LIBRARY)


@pytest.fixture(scope="module")
def client(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(root=root, cache=tmp_path_factory.mktemp("cache"), data=tmp_path_factory.mktemp("data"))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


DORA = "/queries/norms-of-instrument?instrument=eu-dora"


def test_list_names_every_query_with_its_parameters(client: TestClient, library: Mapping[str, SavedQuery]) -> None:
    """A client learns from the list alone what to ask and how."""
    items = {one["name"]: one for one in client.get("/queries").json()["items"]}
    assert set(items) == set(library)
    months = next(one for one in items["upcoming-norms"]["parameters"] if one["name"] == "months")
    assert (months["type"], months["default"], months["minimum"], months["maximum"]) == ("integer", "12", 0, 600)
    for name, query in library.items():
        assert [one["name"] for one in items[name]["parameters"]] == list(query.parameters)
        assert items[name]["columns"] == list(query.columns)


def test_rows_are_the_same_in_every_format(client: TestClient, law: Knowledge) -> None:
    """JSON, CSV, TSV, the workbook and the page hold the same rows."""
    json = client.get(DORA).json()
    norms = [row["norm"] for row in json["rows"]]
    assert set(norms) == {ids.norm(n.id) for n in law.norms.values() if n.instrument == "eu-dora"}
    assert json["parameters"] == {"instrument": ids.instrument("eu-dora")}
    rows = list(csv.DictReader(io.StringIO(client.get(f"{DORA}&format=csv").text)))
    assert [row["norm"] for row in rows] == norms
    assert [row["until"] for row in rows] == [row["until"] or "" for row in json["rows"]]
    lines = client.get(DORA, headers={"Accept": "text/tab-separated-values"}).text.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["norm", *norms]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{DORA}&format=xlsx").content))
    assert [row[0] for row in book["rows"].iter_rows(min_row=2, values_only=True)] == norms
    assert ("knowledge", law.version) in list(book["about"].iter_rows(values_only=True))
    page = client.get(DORA, headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(f'href="/id/norm/{iri.removeprefix(ids.norm(""))}"' in page.text for iri in norms)


def test_numbers_and_booleans_are_such_in_json(client: TestClient) -> None:
    """A count is a number, a yes is true: nobody has to read them out of a text."""
    rows = client.get("/queries/rests-on-qualification?qualification=eu-dora/critical-ict-service").json()["rows"]
    assert {type(row["direct"]) for row in rows} == {bool}
    assert all(isinstance(row["norms"], int) for row in client.get("/queries/facts-by-reach").json()["rows"])


def test_today_is_the_default_day(client: TestClient) -> None:
    """Without a day the present one is meant, and the answer says which."""
    assert client.get("/queries/prohibitions").json()["parameters"]["as_of"] == datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/queries/norms-of-instrument", 422, "is needed"),
        ("/queries/norms-of-instrument?instrument=eu-dorra", 422, "eu-dora"),
        ("/queries/norms-of-instrument?instrumnt=eu-dora", 422, "instrument"),
        ("/queries/norms-of-instruments?instrument=eu-dora", 404, "norms-of-instrument"),
        (f"{DORA}&format=pdf", 406, "xlsx"),
        (f"{DORA}&format=csv&format=json", 422, "given twice"),
        ("/queries?name=x", 422, "no parameter but"),
        ("/queries/prohibitions?as_of=%00", 422, "YYYY-MM-DD"),
        ("/queries/prohibitions?as_of=%ff", 422, "YYYY-MM-DD"),
        ("/queries/..%2f..%2fetc%2fpasswd", 404, ""),
    ],
)
def test_bad_request_is_a_problem_document(client: TestClient, path: str, status: int, told: str) -> None:
    """What is wrong is told as everywhere: place, code, message and the nearest valid choice."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert told in answer.text


def test_client_that_has_the_rows_is_told_so(client: TestClient) -> None:
    """The tag of an answer changes with its rows."""
    tag = client.get(DORA).headers["etag"]
    assert client.get(DORA, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"{DORA}&format=csv", headers={"If-None-Match": tag}).status_code == 200


def test_browser_gets_a_form_before_the_rows(client: TestClient) -> None:
    """Somebody who opens a query that needs a value is asked for it."""
    page = client.get("/queries/norms-of-instrument", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert 'name="instrument"' in page.text
    listed = client.get("/queries", headers={"Accept": "text/html"}).text
    assert all(f'href="/queries/{name}?format=html"' in listed for name in read_library(LIBRARY))


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1+cmd", "@x", "\tx", "<script>alert(1)</script>"])
def test_stored_name_is_no_formula_and_no_markup(client: TestClient, text: str) -> None:
    """What a user wrote as a name is a text in every table."""
    body = {"name": f"{text}", "facts": EU_CREDIT, "as_of": "2026-11-23"}
    answer = client.post("/api/v1/assessments?store=true", json=body)
    assert answer.status_code == 201
    name, norm = text.strip(), answer.json()["verdicts"][0]["norm"]
    path = f"/queries/deployments-under-norm?norm={norm}"
    assert name in [row["name"] for row in client.get(path).json()["rows"]]
    cells = [row["name"] for row in csv.DictReader(io.StringIO(client.get(f"{path}&format=csv").text))]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{path}&format=xlsx").content))
    kinds = {cell.data_type for row in book["rows"].iter_rows(min_row=2) for cell in row}
    assert "f" not in kinds
    assert "<script>" not in client.get(f"{path}&format=html").text


def test_workbook_has_the_same_bytes_for_the_same_rows() -> None:
    """A table can be compared by its hash."""
    made = [as_xlsx(("a", "b"), ((1, "x"), (None, True)), [("query", "q")]) for _ in range(2)]
    assert made[0] == made[1]
    assert as_csv(("a", "b"), [(None, 1), (True, 1.5), ("-x", -1)]) == b"a,b\r\n,1\r\ntrue,1.5\r\n'-x,-1\r\n"
    assert as_tsv(("a", "b"), [("x\ty\nz", -1)]) == b"a\tb\nx y z\t-1\n"
