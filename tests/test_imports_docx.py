"""Own policies in DOCX: files written by python-docx, so that another's hand made what is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.document import Document as Word
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt, RGBColor

from kg_service.errors import DocumentError
from kg_service.imports.docx import Docx
from kg_service.imports.docx_numbers import shown
from kg_service.imports.hidden import without_invisible
from kg_service.imports.model import Document, UnitKind, UnitPath
from kg_service.imports.registry import importer_for


def _bytes(word: Word) -> bytes:
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


def _read(word: Word) -> Document:
    return without_invisible(Docx().parse(_bytes(word), "policy.docx"))


def _policy() -> Word:
    word = docx.Document()
    word.core_properties.title = "AI use policy"
    word.core_properties.version = "3.0"
    word.add_heading("AI use policy", 0)
    word.add_heading("1 Scope", 1)
    word.add_paragraph("This policy applies to all models.")
    word.add_paragraph("1.1 It does not apply to toys.")
    word.add_heading("2 Roles", 1)
    word.add_heading("The owner", 2)
    word.add_paragraph("keeps the inventory", style="List Number")
    word.add_paragraph("reports", style="List Number")
    word.add_paragraph("to the board", style="List Bullet 2")
    table = word.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("Control", "Owner"), ("Log", "IT")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    return word


def _numbered(word: Word, levels: list[tuple[str, str]]) -> str:
    """A list of the given formats in the document's numbering part; gives its id."""
    part = word.part.numbering_part.element
    inside = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for at, (kind, text) in enumerate(levels)
    )
    part.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{inside}</w:abstractNum>'))
    part.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    return "77"


def _listed(word: Word, text: str, number: str, level: int, style: str = "Normal") -> None:
    paragraph = word.add_paragraph(text, style=style)
    properties = paragraph._p.get_or_add_pPr()
    properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'))


def test_units_are_those_of_the_document() -> None:
    """Title, headings, numbered paragraphs, lists and tables have their addresses in the order of the file."""
    document = _read(_policy())
    assert [unit.path for unit in document.units] == [
        "act-title",
        "section-1",
        "section-1-1",
        "section-2",
        "section-2/section-the-owner",
        "section-2/section-the-owner/pt-1",
        "section-2/section-the-owner/pt-2",
        "section-2/section-the-owner/pt-2/indent-1",
        "section-2/section-the-owner/table-1",
    ]
    assert document.identity.title == "AI use policy"
    assert document.version.id == "3.0"
    assert document.units[-1].text == "Control\tOwner\nLog\tIT"


def test_numbers_are_those_that_word_prints() -> None:
    """Numbers of headings and lists, stored nowhere, are counted as Word counts them: a deeper level starts again."""
    word = docx.Document()
    number = _numbered(word, [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("lowerRoman", "(%4)")])
    for text, level, style in (
        ("Scope", 0, "Heading 1"),
        ("Models", 1, "Heading 2"),
        ("own", 2, "Normal"),
        ("bought", 2, "Normal"),
        ("as a service", 3, "Normal"),
        ("Roles", 0, "Heading 1"),
        ("Owner", 1, "Heading 2"),
        ("keeps logs", 2, "Normal"),
    ):
        _listed(word, text, number, level, style)
    assert [(unit.path, unit.extras["printed"]) for unit in _read(word).units] == [
        ("section-1", "1."),
        ("section-1-1", "1.1"),
        ("section-1-1/pt-a", "(a)"),
        ("section-1-1/pt-b", "(b)"),
        ("section-1-1/pt-b/pt-i", "(i)"),
        ("section-2", "2."),
        ("section-2-1", "2.1"),
        ("section-2-1/pt-a", "(a)"),
    ]


@pytest.mark.parametrize(
    ("number", "kind", "printed"),
    [
        (4, "lowerRoman", "iv"),
        (1994, "upperRoman", "MCMXCIV"),
        (27, "lowerLetter", "aa"),
        (3, "decimalZero", "03"),
        (12, "decimal", "12"),
    ],
)
def test_figures_and_letters(number: int, kind: str, printed: str) -> None:
    """Roman numbers subtract, letters double after z."""
    assert shown(number, kind) == printed


def _vanish(word: Word) -> None:
    word.paragraphs[-1].add_run("SECRET").font.hidden = True


def _vanish_by_style(word: Word) -> None:
    base = word.styles.add_style("Unseen", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    base.font.hidden = True
    derived = word.styles.add_style("Derived", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    derived.base_style = base
    word.paragraphs[-1].add_run("SECRET", style="Derived")


def _white(word: Word) -> None:
    word.paragraphs[-1].add_run("SECRET").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)


def _tiny(word: Word) -> None:
    word.paragraphs[-1].add_run("SECRET").font.size = Pt(1)


def _hidden_row(word: Word) -> None:
    table = word.add_table(rows=1, cols=1)
    table.rows[0].cells[0].text = "SECRET"
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:hidden"))


@pytest.mark.parametrize("hide", [_vanish, _vanish_by_style, _white, _tiny, _hidden_row])
def test_hidden_text_is_taken_out_and_reported(hide: Callable[[Word], None]) -> None:
    """Hidden runs, also by a style's base, white and tiny letters and hidden rows are no text; a finding shows them."""
    word = docx.Document()
    word.add_heading("Scope", 1)
    word.add_paragraph("Shown.")
    hide(word)
    document = _read(word)
    assert "SECRET" not in document.text(UnitPath("section-scope"))
    assert [(finding.code, "SECRET" in finding.message) for finding in document.findings] == [("hidden_text", True)]


def test_white_letters_on_a_dark_ground_stay() -> None:
    """White letters in a shaded cell or under a highlight can be read."""
    word = docx.Document()
    table = word.add_table(rows=1, cols=1)
    cell = table.rows[0].cells[0]
    cell.paragraphs[0].add_run("Seen").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    cell._tc.get_or_add_tcPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="1F3864"/>'))
    document = _read(word)
    assert document.units[0].text == "Seen"
    assert document.findings == ()


def test_a_run_may_undo_what_its_style_hides() -> None:
    """A run that says it is not hidden is seen, whatever its style says."""
    word = docx.Document()
    word.styles.add_style("Unseen", docx.enum.style.WD_STYLE_TYPE.CHARACTER).font.hidden = True
    word.add_paragraph().add_run("Seen", style="Unseen").font.hidden = False
    assert _read(word).units[0].text == "Seen"


def test_deleted_text_is_left_out_and_inserted_text_read() -> None:
    """With changes tracked, the text is the one that accepting them gives; what was deleted is reported."""
    word = docx.Document()
    paragraph = word.add_paragraph("Firms ")
    for tag, inner, text in (("del", "delText", "may"), ("ins", "t", "must")):
        run = f"<w:r><w:{inner}>{text}</w:{inner}></w:r>"
        paragraph._p.append(parse_xml(f'<w:{tag} {nsdecls("w")} w:id="1" w:author="a">{run}</w:{tag}>'))
    document = _read(word)
    assert document.units[0].text == "Firms must"
    assert [finding.code for finding in document.findings] == ["deleted_text"]


def test_running_heads_are_kept_apart() -> None:
    """What stands at the head of each page is read once and belongs to no section."""
    word = _policy()
    word.sections[0].header.paragraphs[0].text = "Internal"
    document = _read(word)
    assert document.by_path[UnitPath("running-head-1")].text == "Internal"
    assert document.by_path[UnitPath("running-head-1")].parent is None


def test_no_paragraph_is_lost() -> None:
    """Every paragraph that python-docx reads is in the text."""
    word = _policy()
    document = _read(docx.Document(io.BytesIO(_bytes(word))))
    said = " ".join(" ".join((unit.extras["printed"], unit.heading or "", unit.text)) for unit in document.units)
    said = " ".join(said.split())
    assert all(paragraph.text in said for paragraph in word.paragraphs)


def test_recognised_by_content() -> None:
    """A package with a Word part is DOCX under any name."""
    assert importer_for(_bytes(_policy()), "unnamed").name == "docx"


def _package(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, held in parts.items():
            package.writestr(name, held)
    return stream.getvalue()


DECLARED = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:body>&x;</w:body></w:document>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04", "not_zip"),
        (_package({"a.txt": b"x"}), "wrong_format"),
        (_package({"word/document.xml": DECLARED}), "doctype"),
        (_package({"word/document.xml": b"<w:document xmlns:w='w'>"}), "not_xml"),
        (_package({"word/document.xml": b"<w:document xmlns:w='w'><w:body/></w:document>"}), "empty"),
        (_package({"word/document.xml": b"<d><body>" + b" " * 30_000_000 + b"</body></d>"}), "zip_bomb"),
        (_package({f"word/{n}.xml": b"" for n in range(5000)}), "zip_bomb"),
        (_package({"word/document.xml": b"<d>" * 500 + b"</d>" * 500}), "too_deep"),
    ],
    ids=["damaged", "no Word part", "entity", "not XML", "no text", "ratio", "members", "nesting"],
)
def test_hostile_packages_are_refused(content: bytes, code: str) -> None:
    """Damaged, declared, packed or nested beyond bounds: refused with name and reason."""
    with pytest.raises(DocumentError) as refused:
        Docx().parse(content, "policy.docx")
    assert refused.value.problems[0].code == code
    assert refused.value.problems[0].where.startswith("policy.docx")


def test_outside_references_are_reported_and_not_followed() -> None:
    """A template on another's server is named in a finding."""
    word = _policy()
    word.part.rels.get_or_add_ext_rel("http://schemas.example.org/attachedTemplate", "http://evil.example/t.dotm")
    findings = [finding for finding in _read(word).findings if finding.code == "external_reference"]
    assert len(findings) == 1
    assert "http://evil.example/t.dotm" in findings[0].message


def test_list_levels_are_kinds_of_points() -> None:
    """Numbered items are points, bullets indents."""
    kinds = {unit.path: unit.kind for unit in _read(_policy()).units}
    assert kinds[UnitPath("section-2/section-the-owner/pt-1")] is UnitKind.POINT
    assert kinds[UnitPath("section-2/section-the-owner/pt-2/indent-1")] is UnitKind.INDENT
