"""The document as Markdown, with every text escaped: what was said of an initiative is shown and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kg_service.exports.blocks import Bars, Block, Bullets, Cell, Document, Flows, Heat, Paragraph, Table
from kg_service.exports.links import web_address

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~&!{}])")
_START: Final = re.compile(r"^(\s*)([-+=:]|\d+[.)])")
_LINK: Final = re.compile(r"[()\s]")


def as_markdown(document: Document) -> bytes:
    """The document in CommonMark with the tables of GitHub."""
    lines = [f"# {_plain(document.title)}", "", _plain(document.subtitle), ""]
    lines += [f"- {name}: {_plain(text)}" for name, text in document.about]
    lines += ["", f"*{_plain(document.notice)}*", ""]
    for section in document.sections:
        lines += [f"{'#' * (section.level + 1)} {_plain(section.heading)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text, _):
            yield _plain(text)
        case Bullets(items):
            yield from (f"- {_plain(item)}" for item in items)
        case Table():
            if block.caption:
                yield from (_plain(block.caption), "")
            yield "| " + " | ".join(_plain(column.name) or " " for column in block.columns) + " |"
            yield "|" + "|".join("---:" if column.number else "---" for column in block.columns) + "|"
            yield from ("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in block.rows)
        case Heat():
            yield from (_plain(block.caption), "", "| likelihood \\\\ impact | 1 | 2 | 3 | 4 | 5 |", "|---|---|---|---|---|---|")
            for likelihood in range(5, 0, -1):
                row = block.marks[likelihood - 1]
                yield f"| {likelihood} | " + " | ".join(" ".join(field) or " " for field in row) + " |"
        case Bars():
            yield from (_plain(block.caption), "")
            yield from (f"- {_plain(bar.label)}: {_plain(bar.text)}" for bar in block.bars)
        case Flows():
            yield from _flows(block)


def _flows(flows: Flows) -> Iterator[str]:
    years = len(flows.lines[0].amounts) if flows.lines else 1
    yield f"| {_plain(flows.name)}, {flows.currency} | " + " | ".join(f"Year {year}" for year in range(years)) + " |"
    yield "|---|" + "---:|" * years
    for one in flows.lines:
        yield f"| {_plain(one.name)} | " + " | ".join(f"{amount:,.2f}" for amount in one.amounts) + " |"
    rate = "no single one" if flows.irr is None else f"{flows.irr * 100:.4f} %"
    yield ""
    yield f"Net present value at {flows.rate * 100:f} %: {flows.npv:,.2f} {flows.currency}. Internal rate of return: {rate}."


def _cell(cell: Cell) -> str:
    text = _plain(cell.text) or " "
    address = web_address(cell.link)
    if address is not None and not _LINK.search(address):
        return f"[{text}](<{address}>)"
    return f"**{text}**" if cell.bold and text.strip() else text


def _plain(text: str) -> str:
    """``text`` on one line, with nothing that Markdown or HTML would take for its own."""
    words = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _START.sub(r"\1\\\2", words) if not words[:1].isdigit() else re.sub(r"^(\d+)([.)])", r"\1\\\2", words)
