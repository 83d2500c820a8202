"""Running text out of markup: white space folded, line breaks between blocks and table rows, tabs between cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from kg_service.imports.markup import elements, folded, local

_BREAK: Final = "\n"
_CELL: Final = "\t"
_LEAD: Final = " \v"
NOTE: Final = "\f"  # where the call of a note stood: two words on either side of it stay two


def _never(_: etree._Element) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Flow:
    """How the elements of a dialect flow: those of ``blocks`` stand on lines of their own, ``cells`` are parted by tabs.

    ``skip`` leaves out an element with all in it; ``cut`` names elements that are handed over as they are; what follows one of
    ``leads`` (a number) stays on its line.
    """

    blocks: frozenset[str]
    cells: frozenset[str] = frozenset({"td", "th"})
    breaks: frozenset[str] = frozenset({"br"})
    cut: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()
    skip: Callable[[etree._Element], bool] = _never

    def text(self, element: etree._Element, without: frozenset[str] = frozenset()) -> str:
        """All text of ``element``, that of cut elements included but for those named."""
        whole = replace(self, cut=without)
        return lines(piece for piece in whole.pieces(element) if isinstance(piece, str))

    def pieces(self, element: etree._Element) -> Iterator[str | etree._Element]:
        """The content of ``element``: text with the marks of lines and cells, and cut elements, in the order of the source."""
        yield element.text or ""
        for child in elements(element):
            yield from self.around(child)
            yield child.tail or ""

    def around(self, element: etree._Element) -> Iterator[str | etree._Element]:
        """``element`` itself as pieces, without what follows it."""
        name = local(element)
        if self.skip(element):
            return
        if name in self.cut:
            yield element
        elif name in self.breaks:
            yield _BREAK
        elif name in self.cells:
            # Blocks inside a cell do not part its row.
            yield _CELL
            yield from (" " if piece == _BREAK else piece for piece in self.pieces(element))
            yield _CELL
        elif name in self.blocks:
            yield _BREAK
            yield from self.pieces(element)
            yield _BREAK
        else:
            yield from self.pieces(element)
            if name in self.leads:
                yield _LEAD


def lines(pieces: Iterable[str]) -> str:
    """The pieces as folded lines without empty ones; marks of lines and cells are told from white space of the source."""
    rows: list[list[str]] = [[""]]
    led = called = False
    for piece in pieces:
        if piece is _LEAD or (led and not piece.strip()):
            led = True
            rows[-1][-1] += " "
            continue
        led = False
        if piece is NOTE:
            called = True
            continue
        if called and piece[:1].isalnum() and rows[-1][-1][-1:].isalnum():
            rows[-1][-1] += " "
        called = called and not piece
        if piece is _BREAK:
            rows.append([""])
        elif piece is _CELL:
            rows[-1].append("")
        else:
            rows[-1][-1] += piece
    shown = (_row([folded(cell) for cell in row]) for row in rows)
    return "\n".join(row for row in shown if row)


def _row(cells: list[str]) -> str:
    # Between two cells there are the end of one and the start of the next: a tab for every pair.
    if len(cells) == 1:
        return cells[0]
    inner = cells[1::2]
    outside = [cell for cell in cells[::2] if cell]
    return "\t".join(outside + inner).rstrip("\t")
