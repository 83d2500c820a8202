"""The document as DOCX: real heading styles, headers, footers with page numbers, tables whose head is repeated on each page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from xml.sax.saxutils import escape

import docx
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section as Pages
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph as Line

from kg_service.exports.blocks import Bars, Block, Bullets, Cell, Column, Document, Flows, Heat, Paragraph, Table, clean
from kg_service.exports.links import web_address

INK: Final = RGBColor(0x1F, 0x2A, 0x44)
GREY: Final = RGBColor(0x5B, 0x64, 0x73)
FILL: Final = {
    "good": "D5ECD9", "fair": "E8F1D8", "warn": "FFF0C2", "bad": "F8D3CF", "muted": "ECEEF1",
    "very low": "D5ECD9", "low": "E8F1D8", "moderate": "FFF0C2", "high": "FAD7B5", "very high": "F4B6AE",
}  # fmt: skip
HEAD_FILL: Final = "1F2A44"
BAR_FILL: Final = "5B7DB1"
_WIDTH: Final = 17.0  # centimetres between the margins of a page that stands upright
_WIDE: Final = 25.7
_MOST_BARS: Final = 20
_SIDES: Final = ("top", "left", "bottom", "right", "insideH", "insideV")
_EDGES: Final = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="C9CED6"/>' for side in _SIDES)
_BORDERS: Final = f"<w:tblBorders>{_EDGES}</w:tblBorders>"


def as_docx(document: Document) -> bytes:
    """The document as a file of Word; the same document gives the same parts."""
    word = docx.Document()
    _styles(word)
    _properties(word, document)
    _upright(word.sections[0])
    _running(word.sections[0], document)
    _title_page(word, document)
    wide, marks = False, 0
    for section in document.sections:
        turned = section.wide != wide
        if turned:
            pages = word.add_section(WD_SECTION.NEW_PAGE)
            pages.different_first_page_header_footer = False
            _across(pages) if section.wide else _upright(pages)
            wide = section.wide
        heading = word.add_heading(section.heading, section.level)
        if section.level == 1:
            heading.paragraph_format.page_break_before = not turned
            marks += 1
            _mark(heading, marks)
        for block in section.blocks:
            _block(word, block, _WIDE if wide else _WIDTH)
    out = io.BytesIO()
    word.save(out)
    return out.getvalue()


def _styles(word: Word) -> None:
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10)
    normal.paragraph_format.space_after = Pt(6)
    for name, size, before in (("Heading 1", 18, 14), ("Heading 2", 13, 12), ("Heading 3", 11, 8)):
        style = word.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.color.rgb = "Calibri", Pt(size), True, INK
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(4)
        style.paragraph_format.keep_with_next = True
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:hAnsi"), "Calibri")
    for name, size in (("Title", 30), ("Subtitle", 14)):
        style = word.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), INK if name == "Title" else GREY
        borders = style.element.get_or_add_pPr().find(qn("w:pBdr"))
        if borders is not None:
            style.element.pPr.remove(borders)


def _properties(word: Word, document: Document) -> None:
    core = word.core_properties
    core.title, core.subject, core.author = document.title[:255], document.subtitle, "Sextant"
    core.keywords, core.language, core.comments = ", ".join(document.keywords)[:255], document.language, ""
    core.created = core.modified = datetime.fromisoformat(document.created).replace(tzinfo=None)
    core.last_modified_by = "Sextant"


def _upright(pages: Pages) -> None:
    pages.orientation = WD_ORIENT.PORTRAIT
    pages.page_width, pages.page_height = Cm(21), Cm(29.7)
    pages.left_margin = pages.right_margin = Cm(2)
    pages.top_margin, pages.bottom_margin = Cm(2.2), Cm(2)


def _across(pages: Pages) -> None:
    pages.orientation = WD_ORIENT.LANDSCAPE
    pages.page_width, pages.page_height = Cm(29.7), Cm(21)
    pages.left_margin = pages.right_margin = Cm(2)
    pages.top_margin, pages.bottom_margin = Cm(2), Cm(1.8)


def _running(pages: Pages, document: Document) -> None:
    """Header and footer; later sections go on with them. The title page has none."""
    pages.different_first_page_header_footer = True
    head = pages.header.paragraphs[0]
    head.text = f"{document.title[:90]}   |   {document.subtitle}"
    foot = pages.footer.paragraphs[0]
    foot.text = f"{dict(document.about).get('Assessed for', '')}   |   page "
    _field(foot, "PAGE")
    foot.add_run(" of ")
    _field(foot, "NUMPAGES")
    for line in (head, foot):
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT if line is foot else WD_ALIGN_PARAGRAPH.LEFT
        for run in line.runs:
            run.font.size, run.font.color.rgb = Pt(8), GREY


def _field(line: Line, code: str, shown: str = "1") -> None:
    """A field that the reader's program computes, such as PAGE."""
    _part(line, "begin", dirty=code.startswith("PAGEREF"))
    _part(line, code)
    _part(line, "separate")
    line.add_run(shown)
    _part(line, "end")


def _part(line: Line, what: str, *, dirty: bool = False) -> None:
    """The beginning, middle or end of a field, or what it computes; where it is ``dirty`` it is computed when it is opened."""
    run = line.add_run()
    if what in ("begin", "separate", "end"):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), what)
        if dirty:
            mark.set(qn("w:dirty"), "true")
        run._r.append(mark)
    else:
        instruction = OxmlElement("w:instrText")
        instruction.set(qn("xml:space"), "preserve")
        instruction.text = what
        run._r.append(instruction)


def _title_page(word: Word, document: Document) -> None:
    for _ in range(5):
        word.add_paragraph()
    word.add_paragraph(document.title, style="Title")
    word.add_paragraph(document.subtitle, style="Subtitle")
    word.add_paragraph()
    table = word.add_table(rows=0, cols=2)
    table.autofit = False
    for name, text in document.about:
        left, right = table.add_row().cells
        left.width, right.width = Cm(4.5), Cm(12.5)
        left.paragraphs[0].add_run(name).font.color.rgb = GREY
        right.paragraphs[0].add_run(text)
    word.add_paragraph()
    notice = word.add_paragraph().add_run(document.notice)
    notice.italic, notice.font.size, notice.font.color.rgb = True, Pt(9), GREY
    _contents(word, [section.heading for section in document.sections if section.level == 1])


def _contents(word: Word, chapters: Sequence[str]) -> None:
    """A list of the chapters with their pages, which the reader's program counts when it opens the document.

    Lines of our own, for LibreOffice counts page references by itself, but fills a field TOC only when it is asked to.
    """
    title = word.add_paragraph()
    title.paragraph_format.page_break_before = True
    run = title.add_run("Contents")
    run.bold, run.font.size, run.font.color.rgb = True, Pt(18), INK
    for place, chapter in enumerate(chapters, start=1):
        line = word.add_paragraph()
        line.paragraph_format.space_after = Pt(3)
        line.paragraph_format.tab_stops.add_tab_stop(Cm(_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        _jump(line, chapter, place)


def _mark(line: Line, number: int) -> None:
    """A bookmark round the words of ``line``."""
    for kind in ("bookmarkStart", "bookmarkEnd"):
        mark = OxmlElement(f"w:{kind}")
        mark.set(qn("w:id"), str(number))
        if kind == "bookmarkStart":
            mark.set(qn("w:name"), f"chapter{number}")
            line._p.insert(1 if line._p.pPr is not None else 0, mark)
        else:
            line._p.append(mark)


def _jump(line: Line, text: str, number: int) -> None:
    """Words that lead to a bookmark, and its page."""
    there = len(line.runs)
    line.add_run(f"{text}\t").font.size = Pt(11)
    _field(line, f"PAGEREF chapter{number} \\h", " ")
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), f"chapter{number}")
    for run in line.runs[there:]:
        link.append(run._r)
    line._p.append(link)


def _block(word: Word, block: Block, width: float) -> None:
    match block:
        case Paragraph(text, kind):
            run = word.add_paragraph().add_run(text)
            if kind == "lead":
                run.font.size = Pt(11.5)
            elif kind == "note":
                run.font.size, run.font.color.rgb = Pt(8.5), GREY
        case Bullets(items):
            for item in items:
                word.add_paragraph(item, style="List Bullet").paragraph_format.space_after = Pt(3)
        case Table():
            _table(word, block, width)
        case Heat():
            _heat(word, block)
        case Bars():
            _bars(word, block, width)
        case Flows():
            _flows(word, block, width)


def _caption(word: Word, text: str) -> None:
    run = word.add_paragraph().add_run(text)
    run.italic, run.font.size, run.font.color.rgb = True, Pt(8.5), GREY


def _table(word: Word, table: Table, width: float) -> None:
    """The table, written out as one piece: cell by cell the library takes seconds for an annex."""
    if table.caption:
        _caption(word, table.caption)
    total = sum(column.width for column in table.columns)
    widths = [Cm(width * column.width / total).twips for column in table.columns]
    head = tuple(Cell(column.name, bold=True) for column in table.columns)
    rows = [_row(word, head, table.columns, widths, heading=True)]
    rows += [_row(word, row, table.columns, widths) for row in table.rows]
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in widths)
    text = (
        f'<w:tbl {nsdecls("w", "r")}><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>{_BORDERS}'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )
    word.element.body.insert_element_before(parse_xml(text), "w:sectPr")
    _gap(word)


def _row(word: Word, row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int], *, heading: bool = False) -> str:
    """A row that is not broken over two pages; the heading stands again on each."""
    cells = []
    for cell, column, width in zip(row, columns, widths, strict=True):
        fill = HEAD_FILL if heading else FILL.get(cell.shade or "")
        shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
        side = '<w:jc w:val="right"/>' if column.number else ""
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>'
            f'<w:p><w:pPr><w:spacing w:after="0"/>{side}</w:pPr>{_words(word, cell, heading=heading)}</w:p></w:tc>'
        )
    mark = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{mark}</w:trPr>{''.join(cells)}</w:tr>"


def _words(word: Word, cell: Cell, *, heading: bool) -> str:
    """The words of a cell as a run, or as a link where it has an address of the web."""
    address = web_address(cell.link)
    colour = "FFFFFF" if heading else "1A4F9C" if address else None
    look = ("<w:b/>" if cell.bold else "") + (f'<w:color w:val="{colour}"/>' if colour else "") + '<w:sz w:val="17"/>'
    lines = [f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in clean(cell.text).split("\n")]
    run = f"<w:r><w:rPr>{look}</w:rPr>{'<w:br/>'.join(lines)}</w:r>"
    if address is None:
        return run
    relation = word.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    return f'<w:hyperlink r:id="{relation}">{run}</w:hyperlink>'


def _fill(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _thin(table: Any) -> None:
    """Hair lines in grey."""
    properties = table._tbl.tblPr
    borders = parse_xml(_BORDERS.replace("<w:tblBorders>", f"<w:tblBorders {nsdecls('w')}>"))
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")


def _together(row: Any) -> None:
    """The row is not broken over two pages."""
    mark = OxmlElement("w:cantSplit")
    mark.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(mark)


def _gap(word: Word) -> None:
    """A little room after a table."""
    line = word.add_paragraph()
    line.paragraph_format.space_after = Pt(0)
    line.add_run(" ").font.size = Pt(5)


def _heat(word: Word, heat: Heat) -> None:
    caption = word.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    run = caption.add_run(heat.caption)
    run.bold, run.font.size = True, Pt(9.5)
    made = word.add_table(rows=6, cols=6)
    made.style, made.autofit = "Table Grid", False
    _thin(made)
    for row in range(6):
        _together(made.rows[row]._tr)
        likelihood = 5 - row
        for place in range(6):
            cell = made.rows[row].cells[place]
            cell.width = Cm(2.2 if place == 0 else 2.95)
            line = cell.paragraphs[0]
            line.paragraph_format.space_after = Pt(0)
            line.paragraph_format.keep_with_next = row < 5
            if row == 5:
                text = "" if place == 0 else f"impact {place}"
            elif place == 0:
                text = f"likelihood {likelihood}"
            else:
                text = " ".join(heat.marks[likelihood - 1][place - 1])
                _fill(cell, FILL[heat.levels[likelihood - 1][place - 1]])
            mark = line.add_run(text)
            mark.font.size = Pt(8)
            if row == 5 or place == 0:
                mark.font.color.rgb = GREY
    _gap(word)


def _bars(word: Word, bars: Bars, width: float) -> None:
    _caption(word, bars.caption)
    most = max((bar.value for bar in bars.bars), default=0.0) or 1.0
    made = word.add_table(rows=0, cols=3)
    made.autofit = False
    for bar in bars.bars:
        cells = made.add_row().cells
        for cell, text, share in zip(cells, (bar.label, "", bar.text), (0.24, 0.42, 0.34), strict=True):
            cell.width = Cm(width * share)
            line = cell.paragraphs[0]
            line.paragraph_format.space_after = Pt(1)
            line.add_run(text).font.size = Pt(8.5)
        length = max(1, round(_MOST_BARS * bar.value / most))
        run = cells[1].paragraphs[0].add_run("\N{FULL BLOCK}" * length)
        run.font.size, run.font.color.rgb = Pt(8.5), RGBColor.from_string(BAR_FILL)
    _gap(word)


def _flows(word: Word, flows: Flows, width: float) -> None:
    years = len(flows.lines[0].amounts) if flows.lines else 1
    columns = (Column(f"{flows.name}, {flows.currency}", 26), *(Column(f"Year {year}", 11, True) for year in range(years)))
    rows = [(Cell(one.name), *(_amount(amount) for amount in one.amounts)) for one in flows.lines]
    total = [sum((one.amounts[year] for one in flows.lines), start=type(flows.npv)(0)) for year in range(years)]
    rows.append((Cell("Net cash flow", bold=True), *(_amount(amount, bold=True) for amount in total)))
    if years <= 9:
        _table(word, Table(columns, tuple(rows)), width)
    else:  # too many years for one page: the first and the last stand here, all of them in the spreadsheet
        kept: Sequence[int] = (*range(7), years)
        _table(word, Table(tuple(columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows)), width)
    rate = "no single one" if flows.irr is None else f"{flows.irr * 100:.4f} %"
    run = word.add_paragraph().add_run(
        f"Net present value at {flows.rate * 100:f} %: {flows.npv:,.2f} {flows.currency}. Internal rate of return: {rate}."
    )
    run.font.size = Pt(9)


def _amount(amount: Any, bold: bool = False) -> Cell:
    return Cell(f"{round(amount) or 0:,}", number=amount, bold=bold)
