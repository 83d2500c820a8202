"""Documents of a dossier: complete, readable by other programs, the same each time, and harmless whatever was typed into them."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pyoxigraph as ox
import pypdf
import pytest
from dossier_exports_sample import HEAD, full, hostile
from dossier_sample import Desk, desk
from markdown_it import MarkdownIt

from kg_service import ids
from kg_service.applicability.evaluate import IN_EFFECT, Evaluator, Status
from kg_service.decisions.coverage import ASKS
from kg_service.decisions.finance import cents
from kg_service.exports.blocks import clean
from kg_service.exports.dossier_content import Content, gathered
from kg_service.exports.dossier_document import NOTICE
from kg_service.exports.dossiers import DOSSIER_FORMATS
from kg_service.exports.links import web_address

ROOT = Path(__file__).resolve().parent.parent
SHEETS = {"Summary", "Obligations", "Controls", "Risks", "Evidence", "ROI", "Pathways", "Timeline"}


@pytest.fixture(scope="module")
def content(evaluator: Evaluator) -> Content:
    return _content(full(evaluator))


@pytest.fixture(scope="module")
def bad(evaluator: Evaluator) -> Content:
    return _content(hostile(evaluator))


@pytest.fixture(scope="module")
def files(content: Content) -> dict[str, bytes]:
    return {name: one.written(content) for name, one in DOSSIER_FORMATS.items()}


def _content(made: Desk) -> Content:
    return gathered(made.dossier, made.ground, ROOT, HEAD)


def _expected(content: Content) -> set[str]:
    """The obligations, straight from the engine's verdicts."""
    statuses = (*IN_EFFECT, Status.UNDETERMINED)
    return {one.norm.id for one in content.assessment.verdicts if one.norm.kind in ASKS and one.status in statuses}


def _word(document: bytes) -> Any:
    return docx.Document(io.BytesIO(document))


def _texts(word: Any) -> Iterator[str]:
    yield from (paragraph.text for paragraph in word.paragraphs)
    for table in word.tables:
        for row in table._tbl.tr_lst:
            yield from ("".join(node.text or "" for node in cell.iter() if node.tag.endswith("}t")) for cell in row.tc_lst)


def test_word_has_headings_in_order_for_the_navigation(files: dict[str, bytes]) -> None:
    """Chapters are of the style Heading 1 in reading order, so that the navigation pane works."""
    word = _word(files["docx"])
    chapters = [one.text for one in word.paragraphs if one.style.name == "Heading 1"]
    assert chapters[0] == "Executive summary"
    assert [one.split(":")[0] for one in chapters if one.startswith("Decision")] == [f"Decision {n}" for n in range(1, 7)]
    assert chapters[-1] == "Annex C: bibliography"
    levels = [int(one.style.name[-1]) for one in word.paragraphs if one.style.name.startswith("Heading")]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_word_says_once_what_it_is_and_what_it_rests_on(files: dict[str, bytes], content: Content) -> None:
    """The notice stands once; owner, day, knowledge version and head of the audit trail stand on the title page."""
    text = "\n".join(_texts(_word(files["docx"])))
    assert text.count("not legal advice") == 1
    assert NOTICE in text
    for told in (content.dossier.owner, content.day.isoformat(), content.assessment.knowledge_version, HEAD[1]):
        assert told in text


def test_word_numbers_its_pages_and_repeats_the_heads_of_tables(files: dict[str, bytes]) -> None:
    """The footer computes page and pages; each table's first row stands again on the next page."""
    word = _word(files["docx"])
    footer = word.sections[0].footer._element.xml
    assert "PAGE" in footer
    assert "NUMPAGES" in footer
    long = [table for table in word.tables if len(table.rows) > 8]
    assert len(long) > 5
    heads = [table for table in long if "w:tblHeader" in table.rows[0]._tr.xml]
    assert len(heads) >= len(long) - 1  # the heat maps and the title's list have no head


def test_word_holds_every_obligation_with_its_official_link(files: dict[str, bytes], content: Content) -> None:
    """Annex A names each obligation of the engine exactly once, linked to the official text."""
    word = _word(files["docx"])
    tables = [table for table in word.tables if table._tbl.tr_lst[0].xml.count("<w:t ") and _head(table)[:2] == ["Norm", "Kind"]]
    listed = [_cells(row)[0] for table in tables for row in table._tbl.tr_lst[1:]]
    knowledge = content.knowledge
    wanted = []
    for name in _expected(content):
        norm = knowledge.norms[next(n for n in knowledge.norms if n == name)]
        wanted.append(f"{knowledge.instruments[norm.instrument].short_title}, {norm.provision}: {norm.title}")
    assert sorted(listed) == sorted(map(clean, wanted))
    linked = {rel.target_ref for rel in word.part.rels.values() if rel.is_external}
    assert {knowledge.norms[name].url for name in knowledge.norms if name in _expected(content)} <= linked


def _head(table: Any) -> list[str]:
    return _cells(table._tbl.tr_lst[0])


def _cells(row: Any) -> list[str]:
    return ["".join(node.text or "" for node in cell.iter() if node.tag.endswith("}t")) for cell in row.tc_lst]


def test_workbook_has_the_sheets_with_filters_and_frozen_heads(files: dict[str, bytes], content: Content) -> None:
    """The sheets that the issue names are there; tables can be filtered and their head stays."""
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    assert set(book.sheetnames) >= SHEETS
    for name in SHEETS - {"ROI"}:
        assert book[name].freeze_panes == "B2", name
        assert book[name].auto_filter.ref, name
    assert book["Obligations"].max_row - 1 == len(_expected(content))
    assert book["Evidence"].max_row - 1 == len(content.dossier.evidence)


def test_workbook_reckons_with_formulas_and_shows_our_figures_without(files: dict[str, bytes], content: Content) -> None:
    """Formulas stand on the sheet of cash flows alone; what they showed last is what we computed."""
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    formulas = {name: [c for row in book[name].iter_rows() for c in row if c.data_type == "f"] for name in book.sheetnames}
    assert {name for name, found in formulas.items() if found} == {"ROI"}
    shown = openpyxl.load_workbook(io.BytesIO(files["xlsx"]), data_only=True)["ROI"]
    values = [row[1].value for row in shown.iter_rows() if row[0].value == "Net present value"]
    assert content.roi is not None
    assert [cents(Decimal(repr(value))) for value in values] == [cents(one.npv) for one in content.roi[1]]


def test_contents_name_the_page_of_each_chapter(files: dict[str, bytes], tmp_path: Path) -> None:
    """In LibreOffice's PDF each chapter of the list begins on the page that the list says."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed here")
    (tmp_path / "dossier.docx").write_bytes(files["docx"])
    command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "dossier.docx")], check=True, capture_output=True, timeout=240
    )
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "dossier.pdf").pages]
    listed = re.findall(r"(?m)^(.+?)\.{3,} ?(\d+)$", pages[1])
    chapters = [one.text for one in _word(files["docx"]).paragraphs if one.style.name == "Heading 1"]
    assert [chapter for chapter, _ in listed] == chapters
    assert [chapter for chapter, page in listed if f"{chapter}\n" not in pages[int(page) - 1]] == []


def test_spreadsheet_reckons_the_same_to_the_cent(files: dict[str, bytes], content: Content, tmp_path: Path) -> None:
    """LibreOffice Calc, given the formulas without what they showed, finds our net present values and rates of return."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed here")
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(io.BytesIO(files["xlsx"])) as given, zipfile.ZipFile(bare, "w") as written:
        for part in given.infolist():
            text = given.read(part)
            if part.filename.startswith("xl/worksheets/"):
                text = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", text)
            written.writestr(part, text)
    command = [
        office,
        "--headless",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run([*command, "--outdir", str(tmp_path / "out"), str(bare)], check=True, capture_output=True, timeout=240)
    sheet = openpyxl.load_workbook(tmp_path / "out" / "bare.xlsx", data_only=True)["ROI"]
    assert content.roi is not None
    results = content.roi[1]
    rows = list(sheet.iter_rows(values_only=True))
    worth = [row[1] for row in rows if row[0] == "Net present value"]
    rates = [row[1] for row in rows if row[0] == "Internal rate of return"]
    assert [cents(Decimal(repr(one))) for one in worth] == [cents(one.npv) for one in results]
    assert rates == [pytest.approx(float(one.rates.rates[0]), abs=1e-12) for one in results]


def test_same_dossier_gives_the_same_document(files: dict[str, bytes], content: Content) -> None:
    """Written twice, Markdown, JSON-LD and XLSX are the same bytes, and DOCX has the same parts."""
    for name in ("markdown", "jsonld", "xlsx"):
        assert DOSSIER_FORMATS[name].written(content) == files[name], name
    again = DOSSIER_FORMATS["docx"].written(content)
    assert _parts(again) == _parts(files["docx"])


def _parts(document: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_json_ld_speaks_the_terms_of_the_ontology(files: dict[str, bytes], content: Content) -> None:
    """Another parser reads it; every term of ours that it uses is defined; the verdicts are those of the engine."""
    quads = list(ox.parse(files["jsonld"], format=ox.RdfFormat.JSON_LD))
    used = {q.predicate.value for q in quads} | {
        q.object.value for q in quads if q.predicate.value.endswith("#type") and isinstance(q.object, ox.NamedNode)
    }
    ours = {one.removeprefix(ids.DEF) for one in used if one.startswith(ids.DEF)}
    defined = set(
        re.findall(r"^sx:(\w+) a owl:", "\n".join(p.read_text() for p in (ROOT / "ontology").glob("*.ttl")), re.MULTILINE)
    )
    assert ours
    assert ours <= defined
    on = {q.subject.value: q.object.value for q in quads if q.predicate.value == ids.term("onNorm")}
    status = {on[q.subject.value]: q.object.value for q in quads if q.predicate.value == ids.term("status")}
    verdicts = {ids.norm(one.norm.id): ids.value("status", one.status) for one in content.assessment.verdicts}
    assert status == {ids.norm(name): verdicts[ids.norm(name)] for name in _expected(content)}


def test_markdown_reads_as_tables_and_headings(files: dict[str, bytes]) -> None:
    """A Markdown parser finds the six decisions as headings and dozens of tables, each row with all its cells."""
    tokens = MarkdownIt("commonmark").enable("table").parse(files["markdown"].decode())
    heads = [tokens[i + 1].content for i, one in enumerate(tokens) if one.type == "heading_open" and one.tag == "h2"]
    assert sum(one.startswith("Decision") for one in heads) == 6
    assert sum(one.type == "table_open" for one in tokens) > 25


def test_hostile_words_stay_words_in_markdown(bad: Content) -> None:
    """Nothing that was typed becomes HTML, a link that runs, or a heading."""
    text = DOSSIER_FORMATS["markdown"].written(bad).decode()
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for one in tokens for child in [one, *(one.children or ())]]
    assert not [one for one in flat if one.type.startswith("html")]
    links = {str(one.attrs["href"]) for one in flat if one.type == "link_open"}
    assert links
    assert all(link.startswith(("https://", "http://")) for link in links)
    assert not [link for link in links if "x.example" in link]
    assert "\u202e" not in text


def test_hostile_words_stay_words_in_a_workbook(bad: Content) -> None:
    """A name that begins with an equals sign is text; the only formulas are ours."""
    book = openpyxl.load_workbook(io.BytesIO(DOSSIER_FORMATS["xlsx"].written(bad)))
    found = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert found
    assert all(re.fullmatch(r"=(SUM|NPV|IRR)\([$A-Z0-9:,]+\)(\+[A-Z]+[0-9]+)?", str(one)) for one in found)
    assert book["About"]["A1"].value.startswith("=1+1")
    assert book["About"]["A1"].data_type == "s"


def test_hostile_words_stay_words_in_word(bad: Content) -> None:
    """The file opens, the words stand there, and control characters and reversed text are gone."""
    text = "\n".join(_texts(_word(DOSSIER_FORMATS["docx"].written(bad))))
    assert "<script>alert(1)</script>" in text
    assert not set(text) & set("\x07\u202e\ud800")


def test_hostile_words_stay_words_in_json(bad: Content) -> None:
    """JSON-LD holds the words as a literal."""
    (node,) = [one for one in json.loads(DOSSIER_FORMATS["jsonld"].written(bad))["@graph"] if "schema:version" in one]
    assert node["dcterms:title"].startswith("=1+1")


@pytest.mark.parametrize("name", DOSSIER_FORMATS)
def test_new_dossier_has_a_document_too(evaluator: Evaluator, name: str) -> None:
    """A dossier with nothing but facts can be written in every format."""
    assert DOSSIER_FORMATS[name].written(_content(desk(evaluator)))


def test_input_that_can_no_longer_be_read_is_told(evaluator: Evaluator) -> None:
    """Where a tool refuses what the dossier holds, the document says so among the open questions."""
    made = full(evaluator)
    made.dossier = replace(made.dossier, inputs={**made.dossier.inputs, "roi": {"currency": "EUR"}})
    found = _content(made)
    assert found.roi is None
    assert "missing" in found.problems["roi"]
    assert "roi" in DOSSIER_FORMATS["markdown"].written(found).decode().split("## Open questions")[1]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "https://a b", "file:///etc/passwd", "https://x/<y>", "", "//x", None]
)
def test_only_addresses_of_the_web_become_links(link: str | None) -> None:
    """Nothing that runs or reads files, and nothing that breaks out of its quotes, is made a link."""
    assert web_address(link) is None
    assert web_address("https://eur-lex.europa.eu/eli/reg/2024/1689/oj#art_26") is not None


# Word refuses a file whose parts stand in another order than its schema says (ECMA-376, part 1, annex A).
_ORDER = {
    "tblPr": ("tblStyle", "tblW", "jc", "tblBorders", "shd", "tblLayout", "tblCellMar", "tblLook"),
    "tcPr": ("tcW", "gridSpan", "vMerge", "tcBorders", "shd", "vAlign"),
    "pPr": ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "tabs", "spacing", "ind", "jc", "rPr"),
    "rPr": ("rStyle", "rFonts", "b", "i", "color", "sz", "szCs"),
}


@pytest.mark.parametrize("parent", _ORDER)
def test_parts_stand_in_the_order_that_word_asks_for(files: dict[str, bytes], parent: str) -> None:
    """Properties of tables, cells, paragraphs and runs come in the order of the schema, and none is there that we do not know."""
    order = _ORDER[parent]
    found = 0
    for node in _word(files["docx"]).element.body.iter(
        f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{parent}"
    ):
        names = [child.tag.rpartition("}")[2] for child in node]
        known = [order.index(name) for name in names if name != "sectPr"]
        assert known == sorted(known), names
        found += 1
    assert found
