"""Importers by name, one line each; a file goes to the one that is surest of it. The contract test finds each here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg_service.errors import UnavailableError, nearest
from kg_service.imports.akoma_ntoso import AkomaNtoso
from kg_service.imports.docx import Docx
from kg_service.imports.ecfr import Ecfr
from kg_service.imports.eurlex_html import EurlexHtml
from kg_service.imports.formex import Formex
from kg_service.imports.markdown import Markdown
from kg_service.imports.model import Document
from kg_service.imports.oscal import Oscal
from kg_service.imports.pdf import Pdf
from kg_service.imports.pra_html import PraHtml
from kg_service.imports.protocol import HEAD, MAX_BYTES, Importer, refusal
from kg_service.imports.regml import RegMl
from kg_service.imports.uslm import Uslm

_ALL: Final[tuple[Importer, ...]] = (
    EurlexHtml(),
    Formex(),
    AkomaNtoso(),
    Uslm(),
    Ecfr(),
    RegMl(),
    Oscal(),
    PraHtml(),
    Markdown(),
    Docx(),
    Pdf(),
)
IMPORTERS: Final[Mapping[str, Importer]] = {importer.name: importer for importer in _ALL}


def importer_for(content: bytes, name: str) -> Importer:
    """The importer that is surest that ``content`` is of its kind.

    Raises:
        DocumentError: none recognises it; the message names the formats that are read.
    """
    sure = [(importer.recognises(content[:HEAD], name), importer) for importer in IMPORTERS.values()]
    best, chosen = max(sure, key=lambda pair: pair[0], default=(0.0, None))
    if chosen is None or best <= 0:
        formats = "; ".join(importer.title for importer in IMPORTERS.values())
        raise refusal(name, None, "unknown_format", f"the file is none of the formats that are read: {formats}")
    return chosen


def named(importer: str) -> Importer:
    """The importer of that name.

    Raises:
        UnavailableError: naming the importers that there are.
    """
    found = IMPORTERS.get(importer)
    if found is None:
        near = nearest(importer, IMPORTERS)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnavailableError(f"there is no importer {importer!r}; known: {', '.join(IMPORTERS)}.{hint}")
    return found


def read(content: bytes, name: str, importer: str | None = None) -> Document:
    """The document in ``content``, read by the importer named, or by the one that recognises it; in this process.

    Raises:
        DocumentError: no importer knows the file, or the one that does refuses it.
        UnavailableError: there is no importer of that name.
    """
    if len(content) > MAX_BYTES:
        raise refusal(name, None, "too_large", f"the file has {len(content)} bytes; at most {MAX_BYTES} are read")
    chosen = named(importer) if importer is not None else importer_for(content, name)
    return chosen.parse(content, name)
