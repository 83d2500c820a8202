"""Tables for spreadsheets: CSV, TSV and XLSX from plain rows. No cell is a formula, and the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import xlsxwriter

from kg_service.store.saved import Plain

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_CELL: Final = 32_767  # what a cell of a spreadsheet holds at most
_ROWS: Final = 1_048_575
_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zone


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Plain]]) -> bytes:
    """A table as RFC 4180 has it, in UTF-8; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_guarded(value) for value in row] for row in rows)
    return out.getvalue().encode()


def as_tsv(columns: Sequence[str], rows: Iterable[Sequence[Plain]]) -> bytes:
    """A table with one line for each row; tabs and line ends inside a text become spaces."""
    lines = ["\t".join(columns)]
    lines += ["\t".join(" ".join(_guarded(value).split()) for value in row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def as_xlsx(columns: Sequence[str], rows: Sequence[Sequence[Plain]], about: Sequence[tuple[str, str]]) -> bytes:
    """A workbook: the rows with a filter on each column, and a sheet that says where they come from."""
    out = io.BytesIO()
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(out, safe) as book:
        book.set_properties({"created": _EPOCH})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("rows")
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, min(len(rows), _ROWS), max(len(columns) - 1, 0))
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, bold)
            widest = max((len(str(row[place])) for row in rows[:200] if row[place] is not None), default=0)
            sheet.set_column(place, place, min(max(len(column), widest) + 2, 60))
        for number, row in enumerate(rows[:_ROWS], start=1):
            for place, value in enumerate(row):
                match value:
                    case None:
                        pass
                    case bool():
                        sheet.write_boolean(number, place, value)
                    case int() | float():
                        sheet.write_number(number, place, value)
                    case _:
                        sheet.write_string(number, place, value[:_CELL])
        notes = book.add_worksheet("about")
        notes.set_column(0, 0, 24)
        notes.set_column(1, 1, 100)
        for number, (name, text) in enumerate(about):
            notes.write_string(number, 0, name[:_CELL], bold)
            notes.write_string(number, 1, text[:_CELL])
    return out.getvalue()


def _guarded(value: Plain) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case _:
            return str(value)
