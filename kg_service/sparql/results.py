"""Answers to bytes, in a worker: pyoxigraph's serialisers behind a bound, and a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import pyoxigraph as ox
import xlsxwriter

from kg_service.sparql import negotiate
from kg_service.sparql.negotiate import Format

Found: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples

_TABLES: Final[Mapping[Format, ox.QueryResultsFormat]] = {
    negotiate.JSON: ox.QueryResultsFormat.JSON,
    negotiate.XML: ox.QueryResultsFormat.XML,
    negotiate.CSV: ox.QueryResultsFormat.CSV,
    negotiate.TSV: ox.QueryResultsFormat.TSV,
}
_GRAPHS: Final[Mapping[Format, ox.RdfFormat]] = {
    negotiate.TURTLE: ox.RdfFormat.TURTLE,
    negotiate.JSON_LD: ox.RdfFormat.JSON_LD,
    negotiate.RDF_XML: ox.RdfFormat.RDF_XML,
    negotiate.N_TRIPLES: ox.RdfFormat.N_TRIPLES,
    negotiate.TRIG: ox.RdfFormat.TRIG,
    negotiate.N_QUADS: ox.RdfFormat.N_QUADS,
}
_ABBREVIATES: Final = (negotiate.TURTLE, negotiate.TRIG, negotiate.RDF_XML)
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS: Final = frozenset(
    _XSD + name
    for name in ("integer", "decimal", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger")
)
_CELL: Final = 32_767  # characters that a cell of a spreadsheet holds
_ROWS: Final = 1_048_575
_EXACT: Final = 2**53


class TooLargeError(Exception):
    """The answer exceeds the bound. Known to the worker alone, which turns it into a refusal."""


class _Bounded(io.BytesIO):
    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._most:
            raise TooLargeError
        return super().write(data)


def write(found: Found, wanted: Format, most: int, prefixes: Mapping[str, str]) -> bytes:
    """The whole answer in that format.

    Args:
        most: bytes; a longer answer raises :class:`TooLargeError` and is not built any further.
        prefixes: abbreviations for formats that have such.
    """
    output = _Bounded(most)
    if isinstance(found, ox.QueryTriples):
        if wanted in _ABBREVIATES:
            ox.serialize(found, output, _GRAPHS[wanted], prefixes=_valid(prefixes))
        else:
            found.serialize(output, _GRAPHS[wanted])
    elif wanted is negotiate.XLSX and isinstance(found, ox.QuerySolutions):
        _write_sheet(found, output, most)
    else:
        found.serialize(output, _TABLES[wanted])
    return output.getvalue()


def _valid(prefixes: Mapping[str, str]) -> dict[str, str]:
    """Those that a serialiser takes: absolute IRIs."""
    kept = {}
    for name, iri in prefixes.items():
        try:
            ox.NamedNode(iri)
        except ValueError:
            continue
        kept[name] = iri
    return kept


def _write_sheet(found: ox.QuerySolutions, output: io.BytesIO, most: int) -> None:
    """One row per solution. Text is always text: a value that looks like a formula stays a value."""
    book = xlsxwriter.Workbook(output, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False})
    sheet = book.add_worksheet("results")
    bold = book.add_format({"bold": True})
    for column, variable in enumerate(found.variables):
        sheet.write_string(0, column, variable.value, bold)
    size = 0
    for number, solution in enumerate(found, 1):
        if number > _ROWS:
            raise TooLargeError
        for column, term in enumerate(solution):
            if term is None:
                continue
            cell = _cell(term)
            size += len(cell) if isinstance(cell, str) else 8
            if size > most:
                raise TooLargeError
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            else:
                sheet.write_number(number, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofit()
    book.close()


def _cell(term: Any) -> str | float:
    """What a spreadsheet shows of a term: numbers as numbers where none of it is lost, all else as text."""
    if isinstance(term, ox.Literal):
        if term.datatype.value in _NUMBERS:
            try:
                number = float(term.value)
            except ValueError:
                return term.value[:_CELL]
            if abs(number) < _EXACT:
                return number
        return term.value[:_CELL]
    if isinstance(term, ox.NamedNode):
        return term.value[:_CELL]
    return str(term)[:_CELL]
