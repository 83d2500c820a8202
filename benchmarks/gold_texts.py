"""Official texts for the gold set, and whether a quote stands in their files, by the bare characters of the file itself."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from kg_service.imports.registry import read
from kg_service.model import Instrument, InstrumentId
from kg_service.texts.library import open_library
from kg_service.texts.quotes import Quotes
from kg_service.texts.record import record_of

OFFICIAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "official" / "eu"
FILES = {
    "eu-ai-act": "AI-Act_02024R1689-20260727.html",
    "eu-gdpr": "GDPR_02016R0679-20160504.html",
    "eu-dora": "DORA_32022R2554_oj.xhtml",
    "eu-ccd2": "CCD2_32023L2225_oj.xhtml",
}
_NOW = datetime(2026, 11, 23, tzinfo=UTC)
_AROUND = re.compile(r"<(?:script|style|head)\b.*?</(?:script|style|head)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_BETWEEN = re.compile(r"[^0-9a-z]+")
_FOOTNOTE = re.compile(r"\(\s*\d+\s*\)")


def official_quotes(instruments: Mapping[InstrumentId, Instrument], folder: Path) -> Quotes:
    """Quotes from the four official files, loaded into ``folder``."""
    library = open_library(folder)
    for instrument, name in FILES.items():
        document = read((OFFICIAL / name).read_bytes(), name)
        library.shelf.put(*record_of(document, InstrumentId(instrument), instrument, _NOW))
    return Quotes(library, instruments)


def verbatim(instrument: str, quote: str) -> bool:
    """Whether every line of ``quote`` stands in the official file, letter by letter and number by number."""
    name = FILES.get(instrument)
    return name is not None and all(_bare(line) in _file(name) for line in quote.splitlines())


@cache
def _file(name: str) -> str:
    return _bare(html.unescape(_AROUND.sub(" ", (OFFICIAL / name).read_text(encoding="utf-8"))))


def _bare(text: str) -> str:
    return _BETWEEN.sub("", _FOOTNOTE.sub("", text).lower())
