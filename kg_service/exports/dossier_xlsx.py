"""The document as a workbook: each table on its sheet with filters; cash flows whose value a spreadsheet reckons anew.

Texts are written as texts: none becomes a formula, a link of its own or a number. The only formulas are ours.
"""

from __future__ import annotations

import io
import math
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from kg_service.decisions.finance import npv
from kg_service.exports.blocks import Cell, Document, Flows, Table
from kg_service.exports.links import web_address

_CELL: Final = 32_767
_WIDEST: Final = 60
_LINE: Final = 13.5
_LINKS: Final = 60_000  # a worksheet holds 65,530 at most
FILL: Final = {
    "good": "#D5ECD9", "fair": "#E8F1D8", "warn": "#FFF0C2", "bad": "#F8D3CF", "muted": "#ECEEF1",
    "very low": "#D5ECD9", "low": "#E8F1D8", "moderate": "#FFF0C2", "high": "#FAD7B5", "very high": "#F4B6AE",
}  # fmt: skip
MONEY: Final = "#,##0.00;[Red]-#,##0.00"


def as_xlsx(document: Document, more: tuple[Table, ...] = ()) -> bytes:
    """The workbook of the document's tables that name a sheet, of ``more``, and of its cash flows."""
    out = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(out, safe) as book:
        created = datetime.fromisoformat(document.created).replace(tzinfo=None)
        book.set_properties({"title": document.title[:255], "author": "Sextant", "created": created})
        formats = _Formats(book)
        blocks = [block for section in document.sections for block in section.blocks]
        tables = [*(block for block in blocks if isinstance(block, Table) and block.sheet), *more]
        flows = [block for block in blocks if isinstance(block, Flows)]
        order = ("Summary", "Obligations", "Controls", "Risks", "Evidence", "Pathways", "Timeline")
        tables.sort(key=lambda one: order.index(one.sheet) if one.sheet in order else len(order))
        _about(book, formats, document)
        for table in tables:
            _table(book, formats, table)
        if flows:
            _cash(book, formats, flows)
    return out.getvalue()


class _Formats:
    """The formats of one workbook, made when first needed."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def of(self, **wanted: Any) -> Any:
        key = tuple(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"font_name": "Calibri", "font_size": 10, "valign": "top", **wanted})
        return self._made[key]

    def head(self) -> Any:
        return self.of(bold=True, font_color="#FFFFFF", bg_color="#1F2A44", text_wrap=True)


def _about(book: Any, formats: _Formats, document: Document) -> None:
    sheet = book.add_worksheet("About")
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, document.title[:_CELL], formats.of(bold=True, font_size=16, font_color="#1F2A44"))
    sheet.write_string(1, 0, document.subtitle, formats.of(font_color="#5B6473"))
    for row, (name, text) in enumerate((*document.about, ("Notice", document.notice)), start=3):
        sheet.write_string(row, 0, name, formats.of(bold=True))
        sheet.write_string(row, 1, text[:_CELL], formats.of(text_wrap=True))


def _table(book: Any, formats: _Formats, table: Table) -> None:
    sheet = book.add_worksheet((table.sheet or "Table")[:31])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    links = 0
    widths = []
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.name or " ", formats.head())
        widest = max((len(row[place].text) for row in table.rows[:300]), default=0)
        widths.append(min(max(len(column.name) + 4, widest + 2, 8), _WIDEST))
        sheet.set_column(place, place, widths[-1])
    for number, row in enumerate(table.rows, start=1):
        lines = max(_lines(cell.text, width) for cell, width in zip(row, widths, strict=True))
        sheet.set_row(number, _LINE * min(max(lines, 1), 20))
        for place, cell in enumerate(row):
            links += _put(sheet, formats, number, place, cell, links < _LINKS)


def _lines(text: str, width: int) -> int:
    """How many lines ``text`` takes in a column of that width, about."""
    return 1 if len(text) < width else math.ceil(len(text) * 1.1 / width)


def _put(sheet: Any, formats: _Formats, row: int, place: int, cell: Cell, links: bool) -> bool:
    """Writes one cell; True where it became a link."""
    wanted: dict[str, Any] = {"text_wrap": len(cell.text) > _WIDEST - 4}
    if cell.bold:
        wanted["bold"] = True
    if cell.shade in FILL:
        wanted["bg_color"] = FILL[cell.shade]
    if cell.number is not None:
        sheet.write_number(row, place, float(cell.number), formats.of(**wanted))
        return False
    address = web_address(cell.link)
    if address is not None and links:
        sheet.write_url(row, place, address, formats.of(font_color="#1A4F9C", **wanted), cell.text[:_CELL])
        return True
    sheet.write_string(row, place, cell.text[:_CELL], formats.of(**wanted))
    return False


def _cash(book: Any, formats: _Formats, options: list[Flows]) -> None:
    """One sheet with each option's flows by year, and the present value and the rate as formulas over them."""
    sheet = book.add_worksheet("ROI")
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 60, 16)
    sheet.freeze_panes(0, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    row = 0
    for flows in options:
        years = len(flows.lines[0].amounts) if flows.lines else 1
        sheet.write_string(row, 0, f"{flows.name}, {flows.currency}"[:_CELL], formats.of(bold=True, font_size=13))
        sheet.write_string(row + 1, 0, "Discount rate", formats.of(bold=True))
        sheet.write_number(row + 1, 1, float(flows.rate), formats.of(num_format="0.00%", bg_color="#FFF0C2"))
        rate = xl_rowcol_to_cell(row + 1, 1, row_abs=True, col_abs=True)
        for year in range(years):
            sheet.write_string(row + 2, year + 1, f"Year {year}", formats.head())
        sheet.write_string(row + 2, 0, "Line", formats.head())
        sheet.write_string(row + 2, years + 1, "Present value", formats.head())
        first = row + 3
        for place, line in enumerate(flows.lines):
            here = first + place
            sheet.write_string(here, 0, line.name[:_CELL], formats.of())
            for year, amount in enumerate(line.amounts):
                sheet.write_number(here, year + 1, float(amount), formats.of(num_format=MONEY))
            worth = float(npv(flows.rate, line.amounts))
            sheet.write_formula(here, years + 1, f"={_worth(rate, here, years)}", formats.of(num_format=MONEY), worth)
        last = first + len(flows.lines) - 1
        total = last + 1
        sheet.write_string(total, 0, "Net cash flow", formats.of(bold=True, top=1))
        for year in range(years):
            column = f"{xl_rowcol_to_cell(first, year + 1)}:{xl_rowcol_to_cell(last, year + 1)}"
            added = float(sum((line.amounts[year] for line in flows.lines), Decimal(0)))
            sheet.write_formula(total, year + 1, f"=SUM({column})", formats.of(num_format=MONEY, bold=True, top=1), added)
        found = (
            ("Net present value", f"={_worth(rate, total, years)}", MONEY, float(flows.npv)),
            ("as computed by Sextant", None, MONEY, float(round(flows.npv, 2))),
            ("Internal rate of return", f"=IRR({_range(total, 1, years)})" if flows.irr is not None else None, "0.000000%",
             None if flows.irr is None else float(flows.irr)),
            ("as computed by Sextant", None, "0.000000%", None if flows.irr is None else float(flows.irr)),
        )  # fmt: skip
        for place, (name, formula, form, value) in enumerate(found, start=total + 1):
            sheet.write_string(place, 0, name, formats.of(bold=formula is not None))
            if formula is not None:
                sheet.write_formula(place, 1, formula, formats.of(num_format=form, bold=True), value)
            elif value is not None:
                sheet.write_number(place, 1, value, formats.of(num_format=form))
            else:
                sheet.write_string(place, 1, "no single rate", formats.of())
        row = total + 6


def _worth(rate: str, row: int, years: int) -> str:
    """The present value of the flows in ``row``: the function takes its first flow to lie a year ahead, so year 0 is added."""
    now = xl_rowcol_to_cell(row, 1)
    return f"NPV({rate},{_range(row, 2, years)})+{now}" if years > 1 else now


def _range(row: int, first: int, years: int) -> str:
    return f"{xl_rowcol_to_cell(row, first)}:{xl_rowcol_to_cell(row, years)}"
